"""What libvirt-cim's associations join: once for both ways, by the names of what is at the ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from tests.system.libvirt_cim.classes import (
    DEVICES,
    ENTRIES,
    POOLS,
    PROFILES,
    SERVICES,
    SETTING,
    SETTINGS,
)
from tests.system.libvirt_cim.place import FILTER, NESTED, NETWORK, POOL

Relation = Callable[[str, str], bool]
"""Whether two names are of what an association joins, that at its left end first."""


@dataclass(frozen=True)
class Join:
    """With ``one_way`` the left end is found from the right only by who says the role."""

    association: str
    left: str
    right: str
    relation: Relation
    one_way: bool = False


def every(_left: str, _right: str) -> bool:
    return True


def same(left: str, right: str) -> bool:
    return left == right


def of_guest(left: str, right: str) -> bool:
    return _guest(left) == _guest(right)


def _guest(name: str) -> str:
    """``guest``, ``guest/what``, ``KVM:guest`` and ``5900:0 of guest`` name the same guest."""
    return name.rpartition(" of ")[2].partition("/")[0].rpartition(":")[2]


def from_pool(pool: str, name: str) -> bool:
    """The disk with an image is of the storage pool, each guest's first adapter of the network."""
    kind, _, which = pool.partition("/")
    own = {"DiskPool": (POOL, "/vda"), "NetworkPool": (NETWORK, ":00")}.get(kind)
    return own is None or which == (own[0] if name.endswith(own[1]) else "0")


def conforms(class_name: str) -> Relation:
    return lambda profile, _element: class_name in PROFILES[profile]


def references(antecedent: str, dependent: str) -> bool:
    return antecedent != dependent == next(iter(PROFILES))


def has_entry(filters: str, entry: str) -> bool:
    return entry.partition(":")[0] == filters


def nests(outer: str, inner: str) -> bool:
    return (outer, inner) == (FILTER, NESTED)


def is_applied(adapter: str, filters: str) -> bool:
    """Both first adapters of machines are filtered."""
    return filters == FILTER and adapter.endswith((":01:00:00", ":01:01:00"))


def _each(association: str, left: Iterable[str], right: Iterable[str], relation: Relation) -> list[Join]:
    return [Join(association, one, other, relation) for one in left for other in right]


_HOST: Final = ("HostSystem",)
_GUEST: Final = ("ComputerSystem",)
_CENTRAL: Final = dict.fromkeys(name for central in PROFILES.values() for name in central)
JOINS: Final = (
    *_each("HostedDependency", _GUEST, _HOST, every),
    *_each("SystemDevice", _GUEST, DEVICES, of_guest),
    *_each("SettingsDefineState", _GUEST, ("VirtualSystemSettingData",), of_guest),
    *(
        Join("SettingsDefineState", device, f"{kind}{SETTING}", of_guest if device == "Processor" else same)
        for device, kind in DEVICES.items()
    ),
    *_each("VirtualSystemSettingDataComponent", ("VirtualSystemSettingData",), SETTINGS, of_guest),
    *(Join("ElementSettingData", name, name, same) for name in ("VirtualSystemSettingData", *SETTINGS)),
    *(Join("ElementAllocatedFromPool", POOLS[device], device, from_pool) for device in DEVICES),
    *(
        Join("ResourceAllocationFromPool", POOLS[device], f"{kind}{SETTING}", from_pool)
        for device, kind in DEVICES.items()
    ),
    *_each("HostedResourcePool", _HOST, POOLS.values(), every),
    *_each("HostedService", _HOST, SERVICES, every),
    *_each(
        "ElementCapabilities",
        _HOST,
        (
            "VirtualSystemManagementCapabilities",
            "VirtualSystemMigrationCapabilities",
            "ConsoleRedirectionServiceCapabilities",
            "AllocationCapabilities",
        ),
        every,
    ),
    *(Join("ElementCapabilities", service, capabilities, every) for service, capabilities in SERVICES.items()),
    *_each("ElementCapabilities", _GUEST, ("EnabledLogicalElementCapabilities",), same),
    *_each("ElementCapabilities", POOLS.values(), ("AllocationCapabilities",), same),
    *_each(
        "SettingsDefineCapabilities",
        ("VirtualSystemMigrationCapabilities",),
        ("VirtualSystemMigrationSettingData",),
        every,
    ),
    *(Join("ElementConformsToProfile", "RegisteredProfile", name, conforms(name)) for name in _CENTRAL),
    *_each("ReferencedProfile", ("RegisteredProfile",), ("RegisteredProfile",), references),
    *_each("HostedAccessPoint", _HOST, ("KVMRedirectionSAP",), every),
    *_each("ServiceAccessBySAP", ("ConsoleRedirectionService",), ("KVMRedirectionSAP",), every),
    *_each("SAPAvailableForElement", ("KVMRedirectionSAP",), _GUEST, of_guest),
    *_each(
        "ServiceAffectsElement",
        ("ComputerSystem", "PointingDevice", "DisplayController"),
        ("ConsoleRedirectionService",),
        every,
    ),
    *_each("EntriesInFilterList", ("FilterList",), ENTRIES, has_entry),
    Join("NestedFilterList", "FilterList", "FilterList", nests, one_way=True),
    *_each("AppliedFilterList", ("NetworkPort",), ("FilterList",), is_applied),
    *_each("HostedFilterList", _HOST, ("FilterList",), every),
)
