"""What a client gave to a method, as the keyword arguments of an operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from openvman.broker.context import Context
from openvman.cim.convert import convert
from openvman.cim.declarations import ParameterDeclaration
from openvman.cim.errors import CIMError
from openvman.cim.mof import parse_instance
from openvman.cim.names import NameMap
from openvman.cim.operations import Argument
from openvman.cim.values import Instance, InstancePath, Value
from openvman.mapping.bind import BoundClass, Node
from openvman.mapping.declare import Unfound
from openvman.mapping.methods import CodedInput, Input, ObjectInput, PlainInput, SpecInput
from openvman.messages import requests


class UnsupportedCodeError(CIMError):
    """A code of the ValueMap that this server has no meaning for."""


class MissingArgumentError(CIMError):
    """A parameter that the method needs was not given."""


class ArgumentReader:
    """``decode_embedded`` turns the text of an INSTANCE element into an instance."""

    def __init__(self, decode_embedded: Callable[[str], Instance]) -> None:
        self._decode_embedded = decode_embedded

    def read(self, ctx: Context, name: str, declared: ParameterDeclaration, given: Argument | None, how: Input) -> Any:
        """The value for ``how.keyword``; None when nothing was given.

        Raises CIMError; :class:`UnsupportedCodeError` for a known code without meaning here,
        :class:`MissingArgumentError`.
        """
        value = None if given is None else given.value
        required = not isinstance(how, PlainInput) and how.required
        if value is None or (isinstance(value, tuple) and not value and isinstance(how, SpecInput | ObjectInput)):
            if required:
                raise MissingArgumentError(requests.PARAMETER_NEEDED, name, name=name)
            return None
        match how:
            case PlainInput(_, parse):
                typed = convert(value, declared.type, is_array=declared.is_array, what=name)
                try:
                    return parse(typed)
                except ValueError as exc:
                    raise CIMError(requests.VALUE_REFUSED, what=name, value=typed, reason=exc) from None
            case CodedInput(_, codes):
                code = convert(value, declared.type, what=name)
                if code not in codes:
                    raise UnsupportedCodeError(requests.CODE_REFUSED, name=name, code=code, known=sorted(codes))
                return codes[code]
            case ObjectInput(_, maps):
                return self._objects(ctx, name, declared, value, maps)
            case SpecInput():
                return self._specs(ctx, name, declared, value, how)

    def _objects(
        self, ctx: Context, name: str, declared: ParameterDeclaration, value: Value, maps: tuple[Any, ...]
    ) -> Any:
        if not declared.is_array:
            return self._object(ctx, name, value, maps)
        items = value if isinstance(value, tuple) else (value,)
        return [self._object(ctx, name, item, maps) for item in items]

    def _object(self, ctx: Context, name: str, value: Value, maps: tuple[Any, ...]) -> Any:
        path = _path(name, value)
        ctx.known_class(path.class_name, requests.CLASS_OF_PARAMETER)
        node = ctx.reader.find_node(path, ctx.namespace, ctx.picture)
        if node.bound.map not in maps:
            wanted = tuple(map(ctx.view.name_of, maps))
            raise CIMError(requests.WRONG_OBJECT, name=name, wanted=wanted, given=node.bound.class_name)
        return node.subject

    def _specs(self, ctx: Context, name: str, declared: ParameterDeclaration, value: Value, how: SpecInput) -> Any:
        assert declared.embedded is not None, f"parameter {name} is declared with EmbeddedInstance"
        items = value if isinstance(value, tuple) else (value,)
        if len(items) > 1 and not declared.is_array:
            raise CIMError(requests.NOT_ONE_INSTANCE, name=name, count=len(items))
        current = current_finder(ctx)
        instances = [self._instance(ctx, name, item, how) for item in items]
        try:
            specs = [ctx.writer.spec(instance, how.maps, how.purpose, current) for instance in instances]
        except CIMError as error:
            raise ctx.view.space_of(how.maps[0]).manners.words.unacceptable(error) or error from None
        return specs if declared.is_array else specs[0]

    def _instance(self, ctx: Context, name: str, item: Value, how: SpecInput) -> Instance:
        """Instances come as such, or as text: MOF or an INSTANCE element."""
        if isinstance(item, Instance):
            return item
        if not isinstance(item, str):
            raise CIMError(requests.NOT_EMBEDDED, name=name)
        if item.lstrip().startswith("<"):
            return self._decode_embedded(item)
        try:
            return parse_instance(item, ctx.view.graph)
        except CIMError as error:
            raise ctx.view.space_of(how.maps[0]).manners.words.unreadable(error) or error from None


def current_finder(ctx: Context) -> Callable[[BoundClass, NameMap[Value]], Node | None]:
    """Finds what a modification means by the keys in the instance; raises what the space has to say of others."""

    def find(bound: BoundClass, values: NameMap[Value]) -> Node | None:
        keys = NameMap((key, value) for key in bound.map.keys if (value := values.get(key)) is not None)
        obj = bound.map.find(ctx.picture, keys) if len(keys) == len(bound.map.keys) else None
        if obj is not None and bound.plan(ctx.namespace).path(obj).keys == keys:
            return Node(bound, obj)
        unfound = Unfound(bound.map, bound.class_name, keys, association=None, follows=False, picture=ctx.picture)
        refused = bound.space.manners.words.unfound(unfound)
        if refused is not None:
            raise refused
        return None

    return find


def _path(name: str, value: Value) -> InstancePath:
    path = convert(value, "reference", what=name)
    if not isinstance(path, InstancePath):
        raise CIMError(requests.NOT_A_REFERENCE, name=name)
    return path
