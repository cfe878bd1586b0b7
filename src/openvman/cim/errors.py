"""Failed operations: :class:`CIMError` for the client's status, and the CIM_Error that says more."""

from __future__ import annotations

from typing import Any, Final

from openvman.cim.status import Status
from openvman.cim.values import CIMType, Instance, Property, Value
from openvman.messages.message import MAJOR, OWNING_ENTITY, ErrorMessage, Said

LONGEST_DESCRIPTION: Final = 1000
"""Characters: what a client sent may stand in it."""

_OTHER_FORMAT: Final = 1


class CIMError(Exception):
    """An operation failed.

    ``subject`` is the id or name of the object at fault, where one is known.
    """

    def __init__(self, message: ErrorMessage | Said, subject: str | None = None, /, **values: Any) -> None:
        """``message`` is a row of the registry with the ``values`` of its fields, or has been said already."""
        self.said = message if isinstance(message, Said) else message.said(**values)
        self.subject = subject
        super().__init__(f"CIM_ERR_{self.status.name}: {self.description}")

    @property
    def status(self) -> Status:
        """The client sees ``CIM_ERR_<NAME>``."""
        return _status(self.said)

    @property
    def description(self) -> str:
        """A sentence or two for a person: the object, the rule broken and the way out."""
        return _cut(str(self.said))

    @property
    def errors(self) -> tuple[Instance, ...]:
        """What a client's program can read (DSP0201, ERROR)."""
        return (error_instance(self.said, self.subject),)

    def within(self, context: str) -> CIMError:
        """The same failure, of something in ``context``: ``the parameter X of Y``."""
        return CIMError(self.said.within(context), self.subject)


def error_instance(said: Said, subject: str | None) -> Instance:
    """The CIM_Error of a failure."""
    row = said.message
    assert isinstance(row, ErrorMessage), "alerts are no failures"
    values: tuple[tuple[str, CIMType, Value], ...] = (
        ("ErrorType", "uint16", row.kind.type),
        ("OwningEntity", "string", OWNING_ENTITY),
        ("MessageID", "string", row.id),
        ("Message", "string", _cut(" ".join((said.text, *said.notes)))),
        ("MessageArguments", "string", tuple(map(_cut, said.variables))),
        ("RecommendedActions", "string", (_cut(said.action),) if said.action else None),
        ("PerceivedSeverity", "uint16", MAJOR),
        ("ProbableCause", "uint16", row.kind.cause),
        ("ErrorSource", "string", subject),
        ("ErrorSourceFormat", "uint16", None if subject is None else _OTHER_FORMAT),
        ("OtherErrorSourceFormat", "string", None if subject is None else "openvman:id or setting"),
        ("CIMStatusCode", "uint32", int(_status(said))),
    )
    arrays = {"MessageArguments", "RecommendedActions"}
    return Instance.of("CIM_Error", (Property(name, type, value, name in arrays) for name, type, value in values))


def _status(said: Said) -> Status:
    assert isinstance(said.message, ErrorMessage), "alerts are no failures"
    return Status(said.message.kind.status)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_DESCRIPTION else f"{text[:LONGEST_DESCRIPTION]}..."
