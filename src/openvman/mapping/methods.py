"""Methods and instance operations: which operation of the application each runs, and what becomes of its arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, TypeAlias

from openvman.cim.values import Value
from openvman.mapping.declare import ClassMap, Picture, UntoldParts, all_is_told


@dataclass(frozen=True, slots=True)
class PlainInput:
    """A value; ``parse`` may turn it into the domain's form and raises ValueError with the rule."""

    keyword: str
    parse: Callable[[Value], Any] = lambda value: value


@dataclass(frozen=True, slots=True)
class CodedInput:
    """A ValueMap code as a model enumeration. A code that the table lacks is "not supported"."""

    keyword: str
    codes: Mapping[int, Any]
    required: bool = True


@dataclass(frozen=True, slots=True)
class ObjectInput:
    """A reference (or an array of them): the model object that it names. NOT_FOUND when there is none."""

    keyword: str
    maps: tuple[ClassMap, ...]
    required: bool = True


@dataclass(frozen=True, slots=True)
class SpecInput:
    """An embedded instance (or an array of them) parsed into the spec of its class map."""

    keyword: str
    maps: tuple[ClassMap, ...]
    purpose: Purpose
    required: bool = False


class Purpose(Enum):
    DEFINE = auto()
    MODIFY = auto()


Input: TypeAlias = PlainInput | CodedInput | ObjectInput | SpecInput


@dataclass(frozen=True, slots=True)
class ObjectOutput:
    """A reference (or an array of them) to objects that the operation's result gives."""

    maps: tuple[ClassMap, ...]
    read: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class PlainOutput:
    read: Callable[[Any], Value]


@dataclass(frozen=True, slots=True)
class InstanceOutput:
    """An embedded instance (or an array of them), of objects that need not be anywhere else."""

    maps: tuple[ClassMap, ...]
    read: Callable[[Any], Any]


Output: TypeAlias = ObjectOutput | PlainOutput | InstanceOutput


@dataclass(frozen=True, slots=True)
class Choice:
    """The operation for an argument of a type, which it gets as ``keyword``."""

    type: type
    operation: str
    keyword: str


@dataclass(frozen=True, slots=True)
class ByType:
    """An operation is chosen by the type of the argument ``keyword``, of which the first choice that fits counts.

    The last choice fits everything that may come.
    """

    keyword: str
    choices: tuple[Choice, ...]

    def of(self, arguments: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The operation, and its arguments."""
        given = arguments[self.keyword]
        choice = next((choice for choice in self.choices if isinstance(given, choice.type)), None)
        if choice is None:
            raise TypeError(f"no operation of {self.choices} takes {type(given).__name__}")
        rest = {name: value for name, value in arguments.items() if name != self.keyword}
        return choice.operation, {**rest, choice.keyword: given}


@dataclass(frozen=True, slots=True, eq=False)
class MethodMap:
    """A CIM method runs an operation.

    ``operation`` names it, or says how it is chosen once ``arrange`` is done; ``permission`` is the least role (the
    application's own value) that may call it; ``target`` is the keyword that receives the object invoked on.
    ``arrange`` may rework the keyword arguments. ``returns`` gives the return code for a problem (the application's own
    values); a problem that is not there
    becomes a CIM error, which carries a message.
    """

    name: str
    operation: str | ByType
    permission: Any
    inputs: Mapping[str, Input]
    outputs: Mapping[str, Output] = field(default_factory=dict)
    returns: Mapping[Any, int] = field(default_factory=dict)
    success: Callable[[Any], int] = lambda _result: 0
    """Return code for a result."""
    unsupported_code: int | None = None
    """Return code for a code that a CodedInput lacks."""
    target: str | None = None
    arrange: Callable[[Any, dict[str, Any]], dict[str, Any]] = lambda _target, arguments: arguments
    untold: UntoldParts = all_is_told
    """Of what its parameters are compared with."""

    @property
    def operations(self) -> tuple[str, ...]:
        """All that it may run."""
        return (
            (self.operation,)
            if isinstance(self.operation, str)
            else tuple(choice.operation for choice in self.operation.choices)
        )

    def chosen(self, target: Any, arguments: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The operation to run on the object invoked on, and its keyword arguments."""
        arranged = self.arrange(target, arguments)
        return (self.operation, arranged) if isinstance(self.operation, str) else self.operation.of(arranged)


Arrange: TypeAlias = Callable[[Picture, dict[str, Any]], dict[str, Any]]
"""Makes the keyword arguments of an operation of those that a declaration names; it may raise as an operation does."""


@dataclass(frozen=True, slots=True)
class Modify:
    """ModifyInstance runs an operation with the spec parsed from the instance (in a list when ``many``)."""

    operation: str
    keyword: str
    permission: Any
    many: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """An instance operation runs an operation on what ``keyword`` receives; ``permission`` as in MethodMap."""

    operation: str
    keyword: str
    permission: Any
    arrange: Arrange = lambda _picture, arguments: arguments


@dataclass(frozen=True, slots=True)
class Join:
    """CreateInstance of an association: the operation gets the objects at both ends by these keywords, and what the
    properties' ``Write``s say; it returns the pair's third item."""

    operation: str
    left: str
    right: str
    permission: Any
    arrange: Arrange = lambda _picture, arguments: arguments
