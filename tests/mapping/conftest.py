"""A small world of its own: racks own shelves, shelves hold books; any CIM classes of the right shape will do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from openvman.cim.loader import load_schema
from openvman.mapping.bind import BoundView, View
from openvman.mapping.declare import Attr, Call, ClassMap, ClassName, Edge, End, Owner, Space, Write


@dataclass(frozen=True)
class Rack:
    id: str


@dataclass(frozen=True)
class Shelf:
    """Belongs to itself; stands in a rack."""

    id: str
    rack: str
    books: tuple[str, ...] = ()


@dataclass(frozen=True)
class World:
    racks: dict[str, Rack]
    shelves: dict[str, Shelf]


RACK = ClassMap(
    name="Rack",
    cim="CIM_ComputerSystem",
    description="A rack.",
    owner=Rack,
    extent=lambda p: p.racks.values(),
    find=lambda p, keys: p.racks.get(keys["Name"]),
    keys={"CreationClassName": ClassName(), "Name": Attr("id")},
    properties={},
)
SHELF = ClassMap(
    name="Shelf",
    cim="CIM_VirtualSystemSettingData",
    description="A shelf.",
    owner=Shelf,
    extent=lambda p: p.shelves.values(),
    find=lambda p, keys: p.shelves.get(keys["InstanceID"]),
    keys={"InstanceID": Attr("id", Write("id", defining=False))},
    properties={
        "ElementName": Attr("rack", Write("rack", lambda value, _all: value.upper())),
        "Notes": Attr("books"),
        "Caption": Call(lambda shelf: f"{len(shelf.books)} books"),
    },
    spec=lambda **fields: fields,
)
STANDS_IN = Edge(
    "CIM_ElementSettingData",
    End("ManagedElement", (RACK,)),
    End("SettingData", (SHELF,)),
    Shelf,
    lambda shelf, p: (((RACK, p.racks[shelf.rack]), (SHELF, shelf)),) if shelf.rack in p.racks else (),
    clause="Toy 1",
)
OWNERS = (
    Owner(Rack, lambda p: p.racks.values(), lambda p, i: p.racks.get(i), lambda p, r: p.racks.get(r.id)),
    Owner(Shelf, lambda p: p.shelves.values(), lambda p, i: p.shelves.get(i), lambda p, s: p.shelves.get(s.id)),
)
TOY = View(
    prefix="TOY",
    spaces=(Space(("root/toy",), "toys"), Space(("toy/interop",), "nothing")),
    classes=(RACK, SHELF),
    edges=(STANDS_IN,),
    owners=OWNERS,
)


@dataclass(frozen=True)
class Toy:
    """What the tests need of the small world."""

    rack: ClassMap = RACK
    shelf: ClassMap = SHELF
    edge: Edge = STANDS_IN
    view: View = TOY

    def bind(self, **changes: Any) -> BoundView:
        return BoundView((replace(self.view, **changes),), load_schema())

    def world(self, *shelves: Shelf, racks: tuple[str, ...] = ("a", "b")) -> World:
        return World({r: Rack(r) for r in racks}, {s.id: s for s in shelves})

    @property
    def make(self) -> Callable[..., Shelf]:
        return Shelf


@pytest.fixture
def toy() -> Toy:
    return Toy()
