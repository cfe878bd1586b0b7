"""What a query must select, worked out from nothing but what an enumeration shows; and random conditions to ask for.

Independent of the server's own engine: a condition is a tree that can be written as a query, and evaluated over an
instance with three truth values (None is unknown). Its values are taken from the instances, as they are and slightly
wrong, so that conditions hold for some of them.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from openvman.cim.datetime import CIMDateTime, format_datetime
from openvman.cim.declarations import Class
from openvman.cim.values import Instance

ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
FOUND_BY = ("Name", "ElementName", "InstanceID", "SystemName", "DeviceID", "VirtualSystemIdentifier", "ConfigurationID")
"""Properties that servers have reason to find instances by."""
COUNT = 20
Truth = bool | None


@dataclass(frozen=True)
class Asked:
    """A condition as text, and as what it says of an instance."""

    text: str
    holds: Callable[[Instance], Truth]


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return _quoted(value) if isinstance(value, str) else str(value)


def _plain(value: Any) -> Any:
    """A value as it is written in a query: datetimes are text there."""
    return format_datetime(value) if isinstance(value, CIMDateTime | datetime | timedelta) else value


def _compared(op: str, left: Any, right: Any, type: str) -> Truth:
    if left is None or right is None:
        return None
    if type == "datetime":
        moments = [CIMDateTime.parse(_plain(value)) for value in (left, right)]
        left, right = (m.to_timedelta() if m.is_interval else m.to_datetime() for m in moments)
        if isinstance(left, timedelta) != isinstance(right, timedelta):
            return {"=": False, "<>": True}.get(op)
    return ORDER[op](left, right)


def _not(one: Truth) -> Truth:
    return None if one is None else not one


def _all(many: list[Truth]) -> Truth:
    return False if False in many else None if None in many else True


def _value(instance: Instance, name: str) -> Any:
    found = instance.properties.get(name)
    return None if found is None else found.value


class Conditions:
    """Makes random conditions on a class, of which ``instances`` are all."""

    def __init__(self, random: Random, cls: Class, instances: list[Instance]) -> None:
        self.random = random
        self.cls = cls
        self.instances = instances
        self.scalars = [p for p in cls.properties.values() if not p.is_array and p.reference_class is None]
        self.arrays = [p for p in cls.properties.values() if p.is_array]
        self.first = [p for p in self.scalars if p.name in FOUND_BY]
        """They are asked for more often than others."""

    def make(self, depth: int = 3) -> Asked:
        kind = self.random.choice(("and", "and", "or", "not", "leaf")) if depth else "leaf"
        if kind == "leaf":
            return self.leaf()
        if kind == "not":
            inner = self.make(depth - 1)
            return Asked(f"NOT ({inner.text})", lambda i: _not(inner.holds(i)))
        parts = [self.make(depth - 1) for _ in range(self.random.randint(1, 3))]
        word = kind.upper() if self.random.random() < 0.5 else kind
        text = f" {word} ".join(f"({p.text})" if self.random.random() < 0.9 else f"(({p.text}))" for p in parts)
        if kind == "and":
            return Asked(text, lambda i: _all([p.holds(i) for p in parts]))
        return Asked(text, lambda i: _not(_all([_not(p.holds(i)) for p in parts])))

    def leaf(self) -> Asked:
        kind = self.random.choice(("equal", "equal", "equal", "order", "null", "like", "pair", "array", "isa"))
        return getattr(self, f"_{kind}")()

    # Each kind of comparison

    def _equal(self) -> Asked:
        declared = self.random.choice(self.first or self.scalars)
        return self._against(declared, "=")

    def _order(self) -> Asked:
        declared = self.random.choice(self.scalars)
        return self._against(declared, self.random.choice(("=", "<>") if declared.type == "boolean" else tuple(ORDER)))

    def _against(self, declared: Any, op: str) -> Asked:
        name, value = declared.name, self._sample(declared)
        mirrored = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
        if self.random.random() < 0.2:
            text = f"{_written(value)} {mirrored.get(op, op)} {self._spelt(name)}"
        else:
            shown = "!=" if op == "<>" and self.random.random() < 0.5 else op
            text = f"{self._spelt(name)} {shown} {_written(value)}"
        return Asked(text, lambda i: _compared(op, _value(i, name), value, declared.type))

    def _null(self) -> Asked:
        name, negated = self.random.choice(self.scalars).name, self.random.random() < 0.5
        text = f"{self._spelt(name)} IS {'NOT ' if negated else ''}NULL"
        return Asked(text, lambda i: (_value(i, name) is None) != negated)

    def _like(self) -> Asked:
        texts = [p for p in self.scalars if p.type == "string"]
        if not texts:
            return self._equal()
        declared = self.random.choice(texts)
        name, value = declared.name, self._sample(declared)
        pattern = "".join(self.random.choice("%_" + c * 6) for c in value)[: self.random.randint(1, 60)]
        pattern = pattern + "%" if self.random.random() < 0.5 else pattern
        meant = "".join({"%": ".*", "_": "."}.get(c, re.escape(c)) for c in pattern)
        found = re.compile(meant, re.DOTALL)

        def holds(instance: Instance) -> Truth:
            value = _value(instance, name)
            return None if value is None else found.fullmatch(value) is not None

        return Asked(f"{self._spelt(name)} LIKE {_quoted(pattern)}", holds)

    def _pair(self) -> Asked:
        one = self.random.choice(self.scalars)
        other = self.random.choice([p for p in self.scalars if p.type == one.type])
        op = self.random.choice(("=", "<>"))
        text = f"{self._spelt(one.name)} {op} {self._spelt(other.name)}"
        return Asked(text, lambda i: _compared(op, _value(i, one.name), _value(i, other.name), one.type))

    def _array(self) -> Asked:
        if not self.arrays:
            return self._equal()
        declared = self.random.choice(self.arrays)
        name, value, op = declared.name, self._sample(declared), self.random.choice(("=", "<>"))
        if self.random.random() < 0.5:
            text = f"ANY {self._spelt(name)} {op} {_written(value)}"
            return Asked(
                text, lambda i: any(_compared(op, each, value, declared.type) for each in _value(i, name) or ())
            )
        place = self.random.randint(0, 2)

        def item(instance: Instance) -> Any:
            return next(iter((_value(instance, name) or ())[place : place + 1]), None)

        text = f"{self._spelt(name)}[{place}] {op} {_written(value)}"
        return Asked(text, lambda i: _compared(op, item(i), value, declared.type))

    def _isa(self) -> Asked:
        name = self.random.choice(self.instances).class_name if self.instances else self.cls.name
        return Asked(f"{self.cls.name} ISA {name}", lambda i: i.class_name == name)

    # Their words

    def _spelt(self, name: str) -> str:
        return self.random.choice((name, name, name.lower(), name.upper(), f"{self.cls.name}.{name}"))

    def _sample(self, declared: Any) -> Any:
        """A value that some instance has, or nearly."""
        found = [_value(i, declared.name) for i in self.instances]
        if declared.is_array:
            found = [each for many in found if many is not None for each in many]
        found = [_plain(value) for value in found if value is not None]
        if not found or self.random.random() < 0.1:
            return {"string": "none", "boolean": True, "datetime": "20260101000000.000000+000", "char16": "x"}.get(
                declared.type, 2
            )
        value = self.random.choice(found)
        if isinstance(value, str) and declared.type == "string" and value and self.random.random() < 0.15:
            return self.random.choice((value.swapcase(), value + " ", value[:-1], f"{value}'"))
        return value


async def check(client: Any, class_name: str, seed: int | str) -> None:
    """Ask for random conditions in each of the ways, and compare."""
    random = Random(seed)
    instances = await client.instances(class_name, LocalOnly=False)
    cls = await client.ask("GetClass", ClassName=class_name, LocalOnly=False)
    conditions = Conditions(random, cls, instances)
    hits = 0
    for _ in range(COUNT):
        asked = conditions.make()
        expected = {i.path: i for i in instances if asked.holds(i) is True}
        found = await _selected(client, random, f"SELECT * FROM {class_name} WHERE {asked.text}")
        assert sorted(map(str, (i.path for i in found))) == sorted(map(str, expected)), asked.text
        for instance in found:
            assert instance == expected[instance.path], asked.text
        column = random.choice(list(cls.properties))
        for instance in await _selected(client, random, f"SELECT {column} FROM {class_name} WHERE {asked.text}"):
            assert list(instance.properties) == [column], asked.text
            assert instance.get(column) == expected[instance.path].get(column), asked.text
        hits += bool(expected)
    assert hits, "no condition held for any instance"


async def _selected(client: Any, random: Random, query: str) -> list[Instance]:
    if random.random() < 0.5:
        rows = await client.ask("ExecQuery", QueryLanguage=random.choice(("WQL", "DMTF:CQL")), Query=query)
    else:
        rows = await client.ask(
            "OpenQueryInstances", FilterQueryLanguage="DMTF:CQL", FilterQuery=query, MaxObjectCount=100_000
        )
    return [plan.instance(obj) for plan, obj in rows]


async def check_each(client: Any, class_name: str) -> None:
    """Ask for some instances by what they may be found by, also beside what is not so, and in alternatives."""
    instances = await client.instances(class_name, LocalOnly=False)
    declared = (await client.ask("GetClass", ClassName=class_name, LocalOnly=False)).properties
    names = [name for name in declared if name in FOUND_BY]
    for instance in Random(class_name).sample(instances, min(8, len(instances))):
        for name in names:
            value = instance.get(name)
            if value is None:
                continue
            condition = f"{name} = '{value}'"
            other = f"{name} = 'none of them' OR ({condition}) OR {condition}"
            same = sorted(str(i.path) for i in instances if i.get(name) == value)
            for text in (condition, other, f"({condition}) AND NOT {name} IS NULL"):
                rows = await client.ask(
                    "ExecQuery", QueryLanguage="WQL", Query=f"SELECT * FROM {class_name} WHERE {text}"
                )
                assert sorted(str(plan.path(obj)) for plan, obj in rows) == same, text
