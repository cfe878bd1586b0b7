"""How libvirt-cim refuses paths with wrong and missing keys: the code, and a text that its clients compare.

The rows say what is changed in the path of an instance that there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from tests.system.libvirt_cim.classes import DEVICES, POOLS, SERVICES, SETTINGS

FAILED, NOT_FOUND = 1, 6
GET: Final = None
"""In place of an association: the instance itself is asked for."""
WRONG: Final = "wrong"
MISSING: Final = None
"""In place of a value: the key is left out."""


@dataclass(frozen=True)
class Refused:
    class_name: str
    association: str | None
    key: str
    value: str | None
    status: int
    text: str


def _rows(
    classes: Iterable[str],
    associations: Iterable[str | None],
    keys: str,
    values: Iterable[str | None],
    status: int,
    text: str,
) -> Iterator[Refused]:
    """``text`` may name the ``{key}``."""
    for class_name in classes:
        for association in associations:
            for key in keys.split():
                for value in values:
                    yield Refused(class_name, association, key, value, status, text.format(key=key))


ID: Final = "InstanceID"
SCREEN, GUEST, HOST, WHOLE = "KVMRedirectionSAP", "ComputerSystem", "HostSystem", "VirtualSystemSettingData"
CAPABILITIES, PROFILE, STATES = "AllocationCapabilities", "RegisteredProfile", "EnabledLogicalElementCapabilities"
SINGLETONS: Final = (*SERVICES.values(), "VirtualSystemMigrationSettingData")
CLASS_KEYS: Final = "CreationClassName SystemCreationClassName"
EITHER: Final = (WRONG, MISSING)
NO_KEY: Final = "No such instance ({key})"
NO_DOMAIN: Final = "Referenced domain `wrong' does not exist: Domain not found"
AT_DEVICES: Final = ("ElementAllocatedFromPool", "SettingsDefineState", "SystemDevice")
AT_POOLS: Final = (
    "HostedResourcePool",
    "ElementAllocatedFromPool",
    "ResourceAllocationFromPool",
    "ElementCapabilities",
)
AT_SETTINGS: Final = ("ElementSettingData", "SettingsDefineState", "VirtualSystemSettingDataComponent")
AT_HOST: Final = ("HostedDependency", "HostedService", "HostedResourcePool", "ElementCapabilities", "HostedAccessPoint")
REFUSED: Final = (
    *_rows(DEVICES, (GET,), f"SystemName {CLASS_KEYS}", (WRONG,), NOT_FOUND, NO_KEY),
    *_rows(DEVICES, (GET,), "DeviceID", (WRONG,), NOT_FOUND, "No such instance (bad id wrong)"),
    *_rows((SCREEN, *SERVICES), (GET,), f"SystemName {CLASS_KEYS}", (WRONG,), NOT_FOUND, NO_KEY),
    *_rows(SERVICES, (GET,), "Name", (WRONG,), NOT_FOUND, NO_KEY),
    *_rows((GUEST,), (GET, "ElementCapabilities", "ElementConformsToProfile"), "Name", (WRONG,), NOT_FOUND, NO_DOMAIN),
    *_rows((GUEST,), (GET,), "CreationClassName", (WRONG,), NOT_FOUND, NO_KEY),
    *_rows((HOST,), (GET, *AT_HOST), "Name CreationClassName", EITHER, NOT_FOUND, NO_KEY),
    *_rows(SINGLETONS, (GET,), ID, (WRONG,), NOT_FOUND, NO_KEY),
    *_rows(SERVICES.values(), ("ElementCapabilities",), ID, (WRONG,), NOT_FOUND, NO_KEY),
    *_rows(SINGLETONS[-1:], ("SettingsDefineCapabilities",), ID, (WRONG,), NOT_FOUND, NO_KEY),
    *_rows((CAPABILITIES,), (GET,), ID, (WRONG,), NOT_FOUND, "Instance not found"),
    *_rows((*SETTINGS, WHOLE, PROFILE, STATES), (GET,), ID, (WRONG,), NOT_FOUND, "No such instance"),
    *_rows((SCREEN,), (GET,), "Name", ("invalid_nameport",), FAILED, "Unable to determine console port for guest"),
    *_rows(POOLS.values(), AT_POOLS, ID, (MISSING,), FAILED, "Missing InstanceID"),
    *_rows(POOLS.values(), AT_POOLS, ID, (WRONG,), NOT_FOUND, "No such instance (wrong) - resource pool type mismatch"),
    *_rows(("MemoryPool",), AT_POOLS, ID, ("DiskPool/0",), NOT_FOUND, "(DiskPool/0) - resource pool type mismatch"),
    *_rows(DEVICES, AT_DEVICES, "DeviceID", (MISSING,), FAILED, "No DeviceID specified"),
    *_rows(DEVICES, AT_DEVICES, "DeviceID", (WRONG,), NOT_FOUND, "No such instance (bad id wrong)"),
    *_rows(DEVICES, AT_DEVICES, f"SystemName {CLASS_KEYS}", EITHER, NOT_FOUND, NO_KEY),
    *_rows(SETTINGS, (*AT_SETTINGS, "ResourceAllocationFromPool"), ID, (MISSING,), FAILED, "Missing InstanceID"),
    *_rows(SETTINGS, AT_SETTINGS, ID, (WRONG,), NOT_FOUND, "No such instance (wrong)"),
    *_rows(SETTINGS, ("ResourceAllocationFromPool",), ID, (WRONG,), NOT_FOUND, "No such instance"),
    *_rows((CAPABILITIES,), ("SettingsDefineCapabilities",), ID, (MISSING,), FAILED, "Missing InstanceID"),
    *_rows((CAPABILITIES,), ("SettingsDefineCapabilities",), ID, (WRONG,), NOT_FOUND, "No such instance"),
    *_rows((WHOLE,), ("VirtualSystemSettingDataComponent",), ID, EITHER, NOT_FOUND, NO_KEY),
    *_rows((PROFILE,), ("ElementConformsToProfile", "ReferencedProfile"), ID, (MISSING,), FAILED,
        "No InstanceID specified"),
    *_rows((PROFILE,), ("ElementConformsToProfile", "ReferencedProfile"), ID, (WRONG,), NOT_FOUND, "No such instance"),
    *_rows((GUEST,), ("ElementConformsToProfile",), "CreationClassName", EITHER, NOT_FOUND, "No such instance"),
    *_rows((GUEST,), ("ElementConformsToProfile",), "Name", (MISSING,), FAILED, "No domain name specified"),
    *_rows(SERVICES, ("HostedService",), "Name CreationClassName", (MISSING,), NOT_FOUND, NO_KEY),
)  # fmt: skip
