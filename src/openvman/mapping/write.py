"""Writing: an instance given by a client becomes the spec of its class map, by the same rows that read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from openvman.cim.convert import convert
from openvman.cim.errors import CIMError
from openvman.cim.names import NameMap
from openvman.cim.values import Instance, Value
from openvman.mapping.bind import BoundClass, BoundEdge, BoundView, Node
from openvman.mapping.declare import ClassMap, WriteOnly
from openvman.mapping.methods import Purpose
from openvman.messages import requests


class Writer:
    def __init__(self, view: BoundView) -> None:
        self.view = view

    def spec(
        self,
        instance: Instance,
        maps: tuple[ClassMap, ...],
        purpose: Purpose,
        current: Callable[[BoundClass, NameMap[Value]], Node | None],
    ) -> Any:
        """The spec that an embedded instance asks for.

        ``current`` finds the existing object that a modification means, from its typed values. A property that cannot
        be set is refused when the instance asks for something else than what is there; a template's or a read
        instance's own unchanged values are welcome. Raises CIMError INVALID_CLASS, INVALID_PARAMETER, TYPE_MISMATCH,
        NOT_FOUND.
        """
        if instance.class_name not in self.view.graph:
            raise CIMError(requests.CLASS_OF_INSTANCE, name=instance.class_name)
        lenient = any(self.view.space_of(classmap).manners.ignores_surplus for classmap in maps)
        values = self._typed(instance, lenient=lenient)
        bound = self._bound(instance.class_name, values, maps)
        node = current(bound, values) if purpose is Purpose.MODIFY else None
        if purpose is Purpose.MODIFY and node is None:
            identity = tuple(f"{key}={values.get(key)!r}" for key in bound.map.keys)
            raise CIMError(requests.NOT_IDENTIFIED, class_name=instance.class_name, identity=identity)
        assert bound.map.spec is not None
        fields = self._fields(bound, values, purpose, None if node is None else node.obj)
        if node is not None and bound.map.identity is not None:
            fields |= bound.map.identity(node.subject)
        return bound.map.spec(**fields)

    def link(self, instance: Instance, bound: BoundEdge, purpose: Purpose, data: Any = None) -> dict[str, Any]:
        """What the instance of an association says beside its ends; ``data`` is the pair's third item, if it exists.

        Raises CIMError as :meth:`spec`.
        """
        roles = {bound.edge.left.role.lower(), bound.edge.right.role.lower()}
        values = NameMap((name, v) for name, v in self._typed(instance).items() if name.lower() not in roles)
        return self._fields(bound, values, purpose, data)

    def _fields(
        self, bound: BoundClass | BoundEdge, values: NameMap[Value], purpose: Purpose, current: Any
    ) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for name, value in values.items():
            if value is None:
                continue
            source = bound.sources.get(bound.declaration.properties.spelling(name))
            write = source.write if source is not None else None
            if write is not None:
                if not (write.defining if purpose is Purpose.DEFINE else write.modifying):
                    continue
                try:
                    if write.into is not None:
                        fields[write.into] = write.parse(value, values)
                except ValueError as exc:
                    what = f"{bound.class_name}.{name}"
                    if isinstance(source, WriteOnly):
                        raise CIMError(requests.SECRET_REFUSED, what=what, type="other text") from None
                    raise CIMError(requests.VALUE_REFUSED, what=what, value=repr(value), reason=exc) from None
            else:
                self._check_unwritable(bound, name, value, current, purpose)
        return fields

    def _typed(self, instance: Instance, *, lenient: bool = False) -> NameMap[Value]:
        declared = self.view.graph[instance.class_name].properties
        typed: list[tuple[str, Value]] = []
        for name, given in instance.properties.items():
            declaration = declared.get(name)
            if declaration is None and lenient:
                continue
            if declaration is None:
                raise CIMError(requests.PROPERTY_OF_INSTANCE, class_name=instance.class_name, name=name)
            what = f"{instance.class_name}.{declaration.name}"
            try:
                value = convert(given.value, declaration.type, is_array=declaration.is_array, what=what)
            except CIMError:
                if not self._is_hidden(instance.class_name, declaration.name):
                    raise
                raise CIMError(requests.SECRET_REFUSED, what=what, type=declaration.type) from None
            typed.append((declaration.name, value))
        return NameMap(typed)

    def _is_hidden(self, class_name: str, name: str) -> bool:
        """Whether nobody may read the property, not even in the message of an error."""
        classes = (b for b in self.view.bound.values() if b.class_name.lower() == class_name.lower())
        return any(isinstance(bound.map.sources.get(name), WriteOnly) for bound in classes)

    def _bound(self, class_name: str, values: NameMap[Value], maps: tuple[ClassMap, ...]) -> BoundClass:
        """The class map meant: by the class itself, or by what a base class's instance says of itself."""
        graph = self.view.graph
        for classmap in maps:
            bound = self.view.bound[classmap]
            if bound.class_name.lower() == class_name.lower() and classmap.accepts(values):
                return bound
        for classmap in maps:
            bound = self.view.bound[classmap]
            exact = graph.is_a(class_name, classmap.cim)
            if (exact or graph.is_a(bound.class_name, class_name)) and classmap.accepts(values):
                return bound
        raise CIMError(requests.NOT_TAKEN, class_name=class_name, taken=tuple(map(self.view.name_of, maps)))

    def _check_unwritable(
        self, bound: BoundClass | BoundEdge, name: str, value: Value, current: Any, purpose: Purpose
    ) -> None:
        known = name in bound.sources
        if isinstance(bound, BoundClass) and bound.space.manners.ignores_surplus:
            return
        if purpose is Purpose.MODIFY:
            now = bound.view.getter(bound.sources[name], bound).get(current) if known else None
            if _plain(now) == _plain(value):
                return
        elif known:
            return
        row = requests.NOT_SET if purpose is Purpose.DEFINE else requests.NOT_CHANGED
        raise CIMError(row, class_name=bound.class_name, name=name)


def _plain(value: Value) -> Value:
    return tuple(value) if isinstance(value, list) else value
