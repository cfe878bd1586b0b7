"""libvirt-cim's own classes of indications: what they tell of, each with the class that it derives from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from openvman.mapping.declare import ClassMap, IndicationClass
from openvman.views.libvirt_cim.devices import SETTING, Kind
from openvman.views.libvirt_cim.systems import Systems

_EVENTS: Final = (
    ("Created", "CIM_InstCreation", "There is a new {0}."),
    ("Modified", "CIM_InstModification", "A {0} has changed."),
    ("Deleted", "CIM_InstDeletion", "A {0} is gone."),
)


def indications(systems: Systems, kinds: Sequence[Kind]) -> Iterator[IndicationClass]:
    """The family's: of guests and of what they are given. Those of migrations are known, and never sent."""
    rows: tuple[tuple[str, tuple[ClassMap, ...], str], ...] = (
        ("ComputerSystem", (systems.guest,), "guest"),
        (SETTING, tuple(kind.setting for kind in kinds), "thing that a guest is given"),
        ("ComputerSystemMigrationJob", (), "migration of a guest"),
    )
    for name, of, called in rows:
        for event, cim, said in _EVENTS:
            yield IndicationClass(f"{name}{event}Indication", cim, of, said.format(called))
