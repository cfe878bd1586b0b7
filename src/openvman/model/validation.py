"""The rules that a request must keep, as tables: the settings a rule is about, the rule, and what to say when broken.

Rules are pure. They see a value and its :class:`Surroundings`. A modification is held only to the rules about settings
that it changes, so that what exists already, however odd, does not stand in the way of something else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, TypeVar

from openvman.messages import settings as settings_rows
from openvman.messages import tuning as tuning_rows
from openvman.messages.message import ErrorMessage, Said
from openvman.model.allocation import DeviceKind, DiskKind, NicConnection
from openvman.model.defaults import DISK_BUSES, OTHER_PREFIX, SUFFIX_OF_FORMAT, TARGET_PREFIXES
from openvman.model.endpoint import parse_endpoint
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.ranges import MAXIMUM_MEMORY, Range, range_of, tuning_ranges
from openvman.model.resource import ResourceKind
from openvman.model.spec import DeviceSpec, DiskSpec, MemorySpec, NicSpec, ProcessorSpec, SerialSpec, SystemSpec

V = TypeVar("V")

MAXIMUM_NAME: Final = 200
"""Bytes in UTF-8: hypervisors make file names of it, which take 255 with what they add."""
MAXIMUM_DESCRIPTION: Final = 8192
"""Characters."""
MAXIMUM_COMMAND_LINE: Final = 2048
"""Characters (Linux COMMAND_LINE_SIZE on most architectures)."""
MAXIMUM_PATH: Final = 4096
"""Bytes in UTF-8 (Linux PATH_MAX)."""
MAXIMUM_DISKS: Final = 64
MAXIMUM_NICS: Final = 32
MAXIMUM_SERIALS: Final = 4
MAXIMUM_DEVICES: Final = 128
_SINGLE: Final = (DeviceKind.TPM, DeviceKind.BALLOON, DeviceKind.VSOCK, DeviceKind.IOMMU)

_UNITS_OF_BUS: Final = {"ide": 4, "fdc": 2}
"""How many drives fit, where the bus itself sets the limit."""

# What XML 1.0 can carry without the control characters: everything ends up in some hypervisor's XML and in our own.
_TEXT: Final = re.compile(r"[ -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
_LINES: Final = re.compile(r"[\t\n -~\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
_MAC: Final = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,254}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a rule may look at beside the value: the host, and what its other systems hold."""

    host: Host
    of: str = ""
    """What a broken rule is said of: the system, and the device where there is one."""
    macs: Container[str] = frozenset()
    """MAC addresses of the other systems on the host."""
    beyond_host: bool = False
    """Memory may be more than the host has: it is for a definition, which may wait for another host."""

    @property
    def processor(self) -> Range | None:
        """What messages tell of: the amounts that the host takes, by the names of the kinds."""
        return range_of(self.host, ResourceKind.PROCESSOR)

    @property
    def memory(self) -> Range | None:
        found = range_of(self.host, ResourceKind.MEMORY)
        if found is None or not self.beyond_host:
            return found
        return replace(found, maximum=MAXIMUM_MEMORY).up_to(None)

    @property
    def disk(self) -> Range | None:
        return range_of(self.host, ResourceKind.DISK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """The devices of one configuration together."""

    disks: tuple[DiskSpec, ...]
    nics: tuple[NicSpec, ...]
    serials: tuple[SerialSpec, ...] = ()
    others: tuple[DeviceSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule(Generic[V]):
    """``settings`` names the fields that the rule is about; the first one is the subject of the error.

    The fields of a message are of ``spec`` (the value), ``setting`` (the subject) and ``value`` (what it would be),
    ``host`` and ``around`` (the surroundings), and of what is ``given`` here.
    """

    settings: tuple[str, ...]
    holds: Callable[[V, Surroundings], bool]
    message: ErrorMessage
    given: Mapping[str, Any] = field(default_factory=dict)
    """What the message asks for beside the value and the host; a function is asked with the surroundings."""

    def check(self, value: V, surroundings: Surroundings) -> None:
        """Raise a ModelError when the value breaks the rule."""
        if not self.holds(value, surroundings):
            raise ModelError(self.said(value, surroundings), self.settings[0])

    def said(self, value: V, surroundings: Surroundings) -> Said:
        """What is told when the value breaks the rule."""
        setting = self.settings[0]
        said = self.message.said(
            spec=value,
            setting=setting,
            value=getattr(value, setting, None),
            host=surroundings.host,
            around=surroundings,
            **{name: given(surroundings) if callable(given) else given for name, given in self.given.items()},
        )
        return said.within(surroundings.of)


def check(
    rules: tuple[Rule[V], ...], value: V, surroundings: Surroundings, changed: AbstractSet[str] | None = None
) -> None:
    """Hold ``value`` to the rules, in order; with ``changed``, only to those about a setting in it."""
    for rule in rules:
        if changed is None or not changed.isdisjoint(rule.settings):
            rule.check(value, surroundings)


def is_text(value: str) -> bool:
    """One line of text without control characters or line separators."""
    return _TEXT.fullmatch(value) is not None


def is_path(value: str) -> bool:
    """A path that can be handed on: no control character, no ``..``, no leading ``-``, not too long."""
    return (
        is_text(value)
        and 0 < len(value.encode()) <= MAXIMUM_PATH
        and not value.startswith("-")
        and ".." not in value.split("/")
    )


def is_uuid(value: str) -> bool:
    """As hypervisors write one: 36 lower-case characters."""
    return _UUID.fullmatch(value) is not None


def target_prefix(bus: str) -> str:
    """How the target of a disk on this bus begins."""
    return TARGET_PREFIXES.get(bus, OTHER_PREFIX)


def _has_port(address: str) -> bool:
    try:
        return parse_endpoint(address)[1] is not None
    except ValueError:
        return False


def _unit(target: str, bus: str) -> int | None:
    """The place on its bus that a target stands for (``vda`` is 0); None for what is no target of the bus."""
    prefix = target_prefix(bus)
    letters = target.removeprefix(prefix)
    if not target.startswith(prefix) or not re.fullmatch("[a-z]{1,2}", letters):
        return None
    unit = 0
    for letter in letters:
        unit = unit * 26 + ord(letter) - ord("a") + 1
    return unit - 1


def _target_fits(disk: DiskSpec, _: Surroundings) -> bool:
    unit = _unit(disk.target or "", disk.bus or "")
    return unit is not None and unit < _UNITS_OF_BUS.get(disk.bus or "", 26 * 27)


def _offers(value: str | None, offered: Collection[str]) -> bool:
    return value is not None and value in offered


def _name(system: SystemSpec) -> str:
    return system.name or ""


SYSTEM_RULES: Final[tuple[Rule[SystemSpec], ...]] = (
    Rule(("name",), lambda v, _: bool(_name(v)), settings_rows.NAME_EMPTY),
    Rule(
        ("name",),
        lambda v, _: len(_name(v).encode("utf-8", "replace")) <= MAXIMUM_NAME,
        settings_rows.NAME_TOO_LONG,
        {"maximum": MAXIMUM_NAME},
    ),
    Rule(
        ("name",),
        lambda v, _: is_text(_name(v)) and _name(v) == _name(v).strip(),
        settings_rows.NAME_HAS_CONTROLS,
    ),
    Rule(
        ("name",),
        lambda v, _: "/" not in _name(v) and _name(v) not in {".", ".."} and not _name(v).startswith("-"),
        settings_rows.NAME_UNUSABLE,
    ),
    Rule(
        ("description",),
        lambda v, _: len(v.description or "") <= MAXIMUM_DESCRIPTION and bool(_LINES.fullmatch(v.description or "")),
        settings_rows.DESCRIPTION,
        {"maximum": MAXIMUM_DESCRIPTION},
    ),
    Rule(
        ("hypervisor",),
        lambda v, s: _offers(v.hypervisor, s.host.facts.hypervisors),
        settings_rows.HYPERVISOR,
    ),
    Rule(
        ("machine",),
        lambda v, s: (v.machine is None and not s.host.facts.machines) or _offers(v.machine, s.host.facts.machines),
        settings_rows.MACHINE,
    ),
    Rule(
        ("machine", "kernel", "firmware"),
        lambda v, s: v.machine not in s.host.facts.kernel_machines or (bool(v.kernel) and v.firmware is None),
        settings_rows.NO_FIRMWARE,
    ),
    Rule(
        ("autostart",),
        lambda v, s: s.host.facts.can_autostart or not v.autostart,
        settings_rows.AUTOSTART,
    ),
    Rule(
        ("boot_order",),
        lambda v, _: len(set(v.boot_order or ())) == len(v.boot_order or ()),
        settings_rows.BOOT_ORDER,
    ),
    Rule(
        ("firmware",),
        lambda v, s: v.firmware is None or v.firmware in s.host.facts.firmwares,
        settings_rows.FIRMWARE,
    ),
    *(
        Rule(
            (path,),
            lambda v, _, path=path: not getattr(v, path) or (getattr(v, path)[0] == "/" and is_path(getattr(v, path))),  # type: ignore[misc]
            settings_rows.BOOT_FILE,
        )
        for path in ("kernel", "initrd")
    ),
    Rule(
        ("command_line",),
        lambda v, _: len(v.command_line or "") <= MAXIMUM_COMMAND_LINE and is_text(v.command_line or ""),
        settings_rows.COMMAND_LINE,
        {"maximum": MAXIMUM_COMMAND_LINE},
    ),
    Rule(
        ("kernel", "initrd", "command_line"),
        lambda v, _: bool(v.kernel) or not (v.initrd or v.command_line),
        settings_rows.NO_KERNEL,
    ),
)

TOGETHER_RULES: Final[tuple[Rule[Devices], ...]] = (
    Rule(
        ("disks",),
        lambda v, _: len(v.disks) <= MAXIMUM_DISKS,
        settings_rows.DISKS_TOO_MANY,
        {"maximum": MAXIMUM_DISKS},
    ),
    Rule(("nics",), lambda v, _: len(v.nics) <= MAXIMUM_NICS, settings_rows.NICS_TOO_MANY, {"maximum": MAXIMUM_NICS}),
    Rule(
        ("target", "disks"),
        lambda v, _: len({disk.target for disk in v.disks}) == len(v.disks),
        settings_rows.TARGET_TWICE,
    ),
    Rule(
        ("mac", "nics"),
        lambda v, _: len({nic.mac for nic in v.nics}) == len(v.nics),
        settings_rows.MAC_TWICE,
    ),
    Rule(
        ("port", "serials"),
        lambda v, _: len({serial.port for serial in v.serials}) == len(v.serials),
        settings_rows.PORT_TWICE,
    ),
    Rule(
        ("devices",),
        lambda v, _: len(v.others) <= MAXIMUM_DEVICES,
        settings_rows.DEVICES_TOO_MANY,
        {"maximum": MAXIMUM_DEVICES},
    ),
    Rule(
        ("devices",),
        lambda v, _: all(sum(device.kind is kind for device in v.others) <= 1 for kind in _SINGLE),
        settings_rows.DEVICE_TWICE,
        {"kinds": _SINGLE},
    ),
)
SERIAL_RULES: Final[tuple[Rule[SerialSpec], ...]] = (
    Rule(
        ("port",),
        lambda v, _: v.port is not None and 0 <= v.port < MAXIMUM_SERIALS,
        settings_rows.PORT,
        {"last": MAXIMUM_SERIALS - 1},
    ),
    Rule(
        ("address",),
        lambda v, _: v.address is None or _has_port(v.address),
        settings_rows.PORT_ADDRESS,
    ),
)


def _range(around: Surroundings, kind: ResourceKind) -> Range:
    found = around.memory if kind is ResourceKind.MEMORY else range_of(around.host, kind)
    assert found is not None, f"{kind} is a quantity"
    return found


def _amounts(*settings: str, kind: ResourceKind, message: ErrorMessage) -> tuple[Rule[Any], ...]:
    """Each of the settings is an amount that the host takes."""
    return tuple(
        Rule(
            (setting,),
            lambda v, s, setting=setting: _range(s, kind).takes(getattr(v, setting)),  # type: ignore[misc]
            message,
        )
        for setting in settings
    )


def tuned(*settings: str, kind: ResourceKind) -> tuple[Rule[Any], ...]:
    """Each of the settings is 0, which is none, or in its range; one without a range is another rule's affair."""

    def holds(value: Any, around: Surroundings, setting: str) -> bool:
        said, known = getattr(value, setting), tuning_ranges(around.host, kind).get(setting)
        return not said or known is None or known.takes(said)

    return tuple(
        Rule(
            (setting,),
            lambda v, s, setting=setting: holds(v, s, setting),  # type: ignore[misc]
            tuning_rows.OUT_OF_RANGE,
            {"range": lambda s, setting=setting: tuning_ranges(s.host, kind)[setting]},
        )
        for setting in settings
    )


PROCESSOR_RULES: Final[tuple[Rule[ProcessorSpec], ...]] = (
    *_amounts("count", "maximum", kind=ResourceKind.PROCESSOR, message=settings_rows.PROCESSORS),
    Rule(
        ("count", "maximum"),
        lambda v, _: (v.maximum or 0) >= (v.count or 0),
        settings_rows.PROCESSORS_ABOVE_MAXIMUM,
    ),
)

MEMORY_RULES: Final[tuple[Rule[MemorySpec], ...]] = (
    *_amounts("size", "maximum", kind=ResourceKind.MEMORY, message=settings_rows.MEMORY),
    Rule(
        ("size", "maximum"),
        lambda v, _: (v.maximum or 0) >= (v.size or 0),
        settings_rows.MEMORY_ABOVE_MAXIMUM,
    ),
)

DISK_RULES: Final[tuple[Rule[DiskSpec], ...]] = (
    Rule(
        ("bus",),
        lambda v, s: _offers(v.bus, s.host.facts.disk_buses),
        settings_rows.DISK_BUS,
    ),
    Rule(
        ("bus", "kind"),
        lambda v, _: v.bus not in TARGET_PREFIXES or v.bus in DISK_BUSES[v.kind or DiskKind.DISK],
        settings_rows.KIND_NOT_ON_BUS,
    ),
    Rule(
        ("target",),  # a disk that changes its bus keeps its target
        _target_fits,
        settings_rows.TARGET,
    ),
    Rule(
        ("source",),
        lambda v, _: len(v.source or "") <= MAXIMUM_PATH,
        settings_rows.SOURCE_TOO_LONG,
        {"maximum": MAXIMUM_PATH},
    ),
    Rule(
        ("source",),
        lambda v, _: not v.source or is_path(v.source),
        settings_rows.SOURCE_UNUSABLE,
    ),
    Rule(
        ("source",),
        lambda v, _: bool(v.source) or v.kind is not DiskKind.DISK or v.capacity is not None,
        settings_rows.NO_SOURCE,
    ),
    Rule(
        ("capacity",),
        lambda v, _: v.capacity is None or v.kind is DiskKind.DISK or bool(v.source),
        settings_rows.CAPACITY_OF_DRIVE,
    ),
    Rule(
        ("capacity",),
        # An image that is there has the size that it has.
        lambda v, s: v.capacity is None or bool(v.source) or _range(s, ResourceKind.DISK).takes(v.capacity),
        settings_rows.CAPACITY,
    ),
    Rule(
        ("format",),
        lambda v, _: v.format is None or v.format in SUFFIX_OF_FORMAT,
        settings_rows.FORMAT,
        {"formats": tuple(SUFFIX_OF_FORMAT)},
    ),
    Rule(
        ("read_only",),
        lambda v, _: v.kind is not DiskKind.CDROM or v.read_only is True,
        settings_rows.CDROM_WRITABLE,
    ),
)

NIC_RULES: Final[tuple[Rule[NicSpec], ...]] = (
    Rule(
        ("mac",),
        lambda v, _: _MAC.fullmatch(v.mac or "") is not None,
        settings_rows.NO_MAC,
    ),
    Rule(
        ("mac",),
        lambda v, _: not int((v.mac or "")[:2], 16) & 1 and v.mac != "00:00:00:00:00:00",
        settings_rows.MAC_OF_MANY,
    ),
    Rule(
        ("mac",),
        lambda v, s: v.mac not in s.macs,
        settings_rows.MAC_IN_USE,
    ),
    Rule(
        ("model",),
        lambda v, s: (v.model is None and not s.host.facts.nic_models) or _offers(v.model, s.host.facts.nic_models),
        settings_rows.NIC_MODEL,
    ),
    Rule(
        ("connection",),
        lambda v, _: v.connection not in {None, NicConnection.OTHER},
        settings_rows.CONNECTION,
    ),
    Rule(
        ("connection",),
        lambda v, s: v.connection in s.host.facts.nic_connections,
        settings_rows.NOT_CONNECTED_SO,
    ),
    Rule(
        ("source", "connection"),
        lambda v, _: v.connection is not NicConnection.NETWORK or bool(v.source),
        settings_rows.NETWORK_UNNAMED,
    ),
    Rule(
        ("source", "connection"),
        lambda v, s: (
            v.connection is not NicConnection.NETWORK
            or (s.host.facts.has_networks and _offers(v.source, s.host.network_names))
        ),
        settings_rows.NO_NETWORK,
    ),
    Rule(
        ("source", "connection"),
        lambda v, _: v.connection is not NicConnection.BRIDGE or bool(WORD.fullmatch(v.source or "")),
        settings_rows.NO_BRIDGE,
    ),
    Rule(
        ("source", "connection"),
        lambda v, _: v.connection is not NicConnection.USER or not v.source,
        settings_rows.SOURCE_OF_USER_MODE,
    ),
    Rule(
        ("filter",),
        lambda v, s: not v.filter or s.host.facts.has_nic_filters or not s.host.facts.has_filters,
        settings_rows.NIC_UNFILTERED,
    ),
    Rule(
        ("filter",),
        lambda v, s: not v.filter or v.filter in s.host.filter_names,
        settings_rows.NO_FILTER,
    ),
    Rule(
        ("filter", "connection"),
        lambda v, _: not v.filter or v.connection in {NicConnection.NETWORK, NicConnection.BRIDGE},
        settings_rows.FILTER_OF_USER_MODE,
    ),
)
