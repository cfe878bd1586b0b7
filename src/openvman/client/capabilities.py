"""What may be asked of a pool or of a kind of device (DSP1043), read from the settings that say it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from openvman.client.session import Session
from openvman.client.units import quantity_of

_POINTS: Final = {(0, 0): "default", (3, 1): "minimum", (3, 2): "maximum", (3, 3): "increment"}
"""By ValueRole and ValueRange of CIM_SettingsDefineCapabilities."""
_QUANTITY: Final = "VirtualQuantity"
_KIND: Final = "ResourceSubType"
_APART: Final = frozenset(
    {
        *("InstanceID", "ElementName", "PoolID", "ResourceType", "OtherResourceType"),
        *("AllocationUnits", "VirtualQuantityUnits"),
    }
)
"""What tells of which resource a setting is and how it counts, and is nothing to choose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What one property of a request may be: its points as :class:`Capability` has them, in the property's own units
    (bytes of sizes), or the values to choose from.
    """

    points: dict[str, Any] = field(default_factory=dict)
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """What may be asked. ``pool`` is None for a device that the host gives beside its pools."""

    pool: str | None
    kind: str
    in_bytes: bool
    settings: dict[str, Choice]
    """By the names of the properties."""

    @property
    def points(self) -> dict[str, int | None]:
        """``default``, ``minimum``, ``maximum`` and ``increment`` of the quantity, as far as the server says them."""
        return self.settings.get(_QUANTITY, Choice()).points

    @property
    def kinds(self) -> tuple[str, ...]:
        """The buses, models or types to choose from."""
        return tuple(sorted(map(str, self.settings.get(_KIND, Choice()).values)))


def capability_of(
    session: Session, capabilities: Any, kind: str, *, pool: str | None = None, in_bytes: bool = False
) -> Capability:
    """Read the settings of one instance of CIM_AllocationCapabilities."""
    points = {
        str(reference["PartComponent"]["InstanceID"]): _POINTS.get(
            (int(reference["ValueRole"]), int(reference["ValueRange"]))
        )
        for reference in session.references(capabilities.path, "CIM_SettingsDefineCapabilities")
    }
    found: dict[str, Choice] = {}
    for setting in session.associators(capabilities.path, "CIM_SettingsDefineCapabilities"):
        point = points.get(str(setting.path["InstanceID"]))
        for name, value in _said(setting):
            before = found.get(name, Choice())
            if point is None:
                found[name] = Choice(points=before.points, values=(*before.values, value))
            else:
                found[name] = Choice(points={**before.points, point: value}, values=before.values)
    return Capability(pool=pool, kind=kind, in_bytes=in_bytes, settings=found)


_UNITS_OF: Final = {
    "Limit": "AllocationUnits",
    "Reservation": "AllocationUnits",
    _QUANTITY: "VirtualQuantityUnits",
    "MaximumVirtualQuantity": "VirtualQuantityUnits",
}


def _said(setting: Any) -> Iterator[tuple[str, Any]]:
    for name, value in setting.items():
        if value is None or name in _APART:
            continue
        if name in _UNITS_OF:
            yield name, quantity_of(setting, name, _UNITS_OF[name])
        elif isinstance(value, list):
            yield name, ", ".join(map(str, value))
        elif isinstance(value, bool | str):
            yield name, value
        else:
            yield name, int(value)
