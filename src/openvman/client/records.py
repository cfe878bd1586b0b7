"""What the client tells of hosts and virtual machines: plain values read out of CIM instances.

Texts are the server's and the guests', and may hold anything: whoever shows them escapes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from openvman.client import devices
from openvman.client.devices import Device
from openvman.client.tuning import Tuned, tuned_of
from openvman.client.units import bytes_per_unit

STATES: Final = {
    0: "unknown",
    2: "active",
    3: "defined",
    4: "stopping",
    6: "suspended",
    9: "paused",
    10: "starting",
}
"""CIM_EnabledLogicalElement.EnabledState of a virtual system, in the words of DSP1057 7.1."""


class Action(StrEnum):
    """What can be asked of a virtual machine's state, in the words of the command line."""

    START = "start"
    FORCE_STOP = "stop --force"
    STOP = "stop"
    SUSPEND = "suspend"
    PAUSE = "pause"
    REBOOT = "reboot"
    RESET = "reset"


REQUESTED_STATES: Final = {
    Action.START: 2,
    Action.FORCE_STOP: 3,
    Action.STOP: 4,
    Action.SUSPEND: 6,
    Action.PAUSE: 9,
    Action.REBOOT: 10,
    Action.RESET: 11,
}
"""RequestedState of CIM_ComputerSystem.RequestStateChange (DSP1057 8.2.1)."""
ACTIONS: Final = {code: action for action, code in REQUESTED_STATES.items()}

PROCESSOR: Final = 3
MEMORY: Final = 4
FLOPPY: Final = 14
CDROM: Final = 15
DISK: Final = 17
NIC: Final = 10
SERIAL: Final = 21
_RECORDED: Final = frozenset({PROCESSOR, MEMORY, FLOPPY, CDROM, DISK, NIC})
"""The types of those that have a record of their own, or numbers in the configuration's."""
READ_ONLY: Final = 1
READ_WRITE: Final = 3
START_NEVER: Final = 2
START_ALWAYS: Final = 4
_ONLINE: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host. ``id`` is its UUID; ``hypervisor`` is a name and version; ``platform`` how the server reaches it."""

    id: str
    name: str
    hypervisor: str
    platform: str
    online: bool
    path: Any = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A registered profile (DSP1033)."""

    name: str
    version: str
    caption: str


USUAL: Final = "default"
"""The mode of a disk that leaves it to the hypervisor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """``source`` is an image on the host, None for an empty drive; ``capacity`` in bytes."""

    target: str
    kind: str
    bus: str
    source: str | None
    capacity: int | None
    read_only: bool
    shareable: bool = False
    format: str | None = None
    pool: str = ""
    cache: str = USUAL
    discard: str = USUAL
    limits: Mapping[str, int] = field(default_factory=dict, hash=False)
    """Bytes and requests a second, by the names of :class:`openvman.client.wishes.DiskTuning`; only those there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nic:
    """``connection`` and ``mode`` as :class:`openvman.client.wishes.NicWish` has them."""

    mac: str
    model: str | None
    connection: str
    mode: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A configuration: the one in force, or the one that the next start uses. ``memory`` in bytes."""

    id: str
    kind: str
    """``defined`` or ``state``."""
    type: str
    """VirtualSystemType, for example ``DMTF:KVM``."""
    description: str | None
    autostart: bool
    cpus: int
    memory: int
    disks: tuple[Disk, ...]
    nics: tuple[Nic, ...]
    devices: tuple[Device, ...] = ()
    """Everything else: graphics, controllers, serial ports …"""
    tuned: Tuned = field(default_factory=Tuned)
    paths: tuple[Any, ...] = field(repr=False, compare=False, default=())
    """The setting data itself, then its parts."""

    def device(self, name: str) -> Any:
        """The path of the disk with this target, the network adapter with this MAC address, or the device with this id;
        or None."""
        wanted = {f"{self.id}/disk:{name}", f"{self.id}/nic:{name.lower()}", f"{self.id}/{name}"}
        return next((path for path in self.paths if path.get("InstanceID") in wanted), None)

    def path(self, class_suffix: str) -> Any:
        """The path of the part whose class name ends so, or None."""
        return next((path for path in self.paths if path.classname.endswith(class_suffix)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A virtual machine as lists show it: what it has now, or would have when started. ``memory`` in bytes."""

    id: str
    name: str
    state: str
    host_id: str | None
    host: str | None
    description: str | None = None
    cpus: int | None = None
    memory: int | None = None
    path: Any = field(repr=False, compare=False, default=None)
    possible: tuple[Action, ...] = field(compare=False, default=())
    """What can be asked of its state now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """A virtual machine with its configurations. ``current`` is None while it does not run."""

    system: System
    current: Configuration | None
    defined: Configuration | None


def host_of(instance: Any) -> Host:
    told = dict(
        zip(_texts(instance, "IdentifyingDescriptions"), _texts(instance, "OtherIdentifyingInfo"), strict=False)
    )
    return Host(
        id=_text(instance, "Name"),
        name=_text(instance, "ElementName") or _text(instance, "Name"),
        hypervisor=_text(instance, "Caption"),
        platform=told.get("openvman:Platform", ""),
        online=instance.get("EnabledState") == _ONLINE,
        path=instance.path,
    )


def profile_of(instance: Any) -> Profile:
    return Profile(
        name=_text(instance, "RegisteredName"),
        version=_text(instance, "RegisteredVersion"),
        caption=_text(instance, "Caption"),
    )


def system_of(instance: Any, host: Host | None, cpus: int | None = None, memory: int | None = None) -> System:
    codes: Iterable[Any] = instance.get("AvailableRequestedStates") or ()
    return System(
        id=_text(instance, "Name"),
        name=_text(instance, "ElementName"),
        state=STATES.get(int(instance.get("EnabledState") or 0), STATES[0]),
        host_id=host.id if host else None,
        host=host.name if host else None,
        description=instance.get("Description"),
        cpus=cpus,
        memory=memory,
        path=instance.path,
        possible=tuple(ACTIONS[int(code)] for code in codes if int(code) in ACTIONS),
    )


def configuration_of(setting: Any, parts: Iterable[Any]) -> Configuration:
    """A configuration from its VirtualSystemSettingData and the allocations that it aggregates."""
    parts = list(parts)
    by_type: dict[int, list[Any]] = {}
    for part in parts:
        by_type.setdefault(int(part.get("ResourceType") or 0), []).append(part)
    return Configuration(
        id=_text(setting, "InstanceID"),
        kind=_text(setting, "InstanceID").rpartition("/")[2],
        type=_text(setting, "VirtualSystemType"),
        description=setting.get("Description"),
        autostart=setting.get("AutomaticStartupAction") == START_ALWAYS,
        cpus=sum(count_of(part) for part in by_type.get(PROCESSOR, ())),
        memory=sum(size_of(part) or 0 for part in by_type.get(MEMORY, ())),
        disks=tuple(_disk(part) for kind in (DISK, CDROM, FLOPPY) for part in by_type.get(kind, ())),
        nics=tuple(_nic(part) for part in by_type.get(NIC, ())),
        devices=tuple(
            devices.device_of(part) for kind, some in by_type.items() if kind not in _RECORDED for part in some
        ),
        tuned=tuned_of(by_type.get(PROCESSOR, ()), by_type.get(MEMORY, ())),
        paths=tuple(instance.path for instance in (setting, *parts)),
    )


def device_of(instance: Any) -> Disk | Nic | Device:
    """A disk, drive, network adapter or other device from its allocation."""
    kind = int(instance.get("ResourceType") or 0)
    if kind not in _RECORDED:
        return devices.device_of(instance)
    return _nic(instance) if kind == NIC else _disk(instance)


def count_of(instance: Any) -> int:
    return int(instance.get("VirtualQuantity") or 0)


def size_of(instance: Any) -> int | None:
    """VirtualQuantity in bytes; None when it is not said, or not a size."""
    quantity = instance.get("VirtualQuantity")
    units = instance.get("VirtualQuantityUnits") or instance.get("AllocationUnits")
    if units == "count(fixed size block)":
        unit: int | None = int(instance.get("VirtualResourceBlockSize") or 1)
    else:
        unit = bytes_per_unit(units)
    return None if quantity is None or unit is None else int(quantity) * unit


def _disk(instance: Any) -> Disk:
    sources = _texts(instance, "HostResource")
    return Disk(
        target=_text(instance, "AddressOnParent"),
        kind={DISK: "disk", CDROM: "cdrom", FLOPPY: "floppy"}[int(instance["ResourceType"])],
        bus=_text(instance, "ResourceSubType"),
        source=sources[0] if sources else None,
        capacity=size_of(instance),
        read_only=instance.get("Access") == READ_ONLY,
        shareable=bool(instance.get("Shareable")),
        format=instance.get("Format"),
        pool=_text(instance, "PoolID"),
        cache=_text(instance, "CacheMode") or USUAL,
        discard=_text(instance, "DiscardMode") or USUAL,
        limits={field: int(instance.get(name) or 0) for field, name in LIMITS.items() if instance.get(name)},
    )


LIMITS: Final = {
    "bytes_limit": "BytesPerSecondLimit",
    "read_bytes_limit": "ReadBytesPerSecondLimit",
    "write_bytes_limit": "WriteBytesPerSecondLimit",
    "iops_limit": "OperationsPerSecondLimit",
    "read_iops_limit": "ReadOperationsPerSecondLimit",
    "write_iops_limit": "WriteOperationsPerSecondLimit",
}
"""Limits of a disk, and the properties that say them."""


def _nic(instance: Any) -> Nic:
    connections = _texts(instance, "Connection")
    return Nic(
        mac=_text(instance, "Address"),
        model=instance.get("ResourceSubType"),
        connection=connections[0] if connections else "",
        mode=instance.get("DirectMode"),
    )


def _text(instance: Any, name: str) -> str:
    return str(instance.get(name) or "")


def _texts(instance: Any, name: str) -> list[str]:
    return [str(item or "") for item in instance.get(name) or ()]
