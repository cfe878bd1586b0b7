"""The rules that a request must keep, as tables: the settings a rule is about, the rule, and what to say when broken.

Rules are pure. They see a value and its :class:`Surroundings`; a message may use ``{v}`` (the value) and ``{s}`` (the
surroundings). A modification is held only to the rules about settings that it changes, so that what exists already,
however odd, does not stand in the way of something else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from string import Formatter
from typing import Any, Final, Generic, TypeVar

from openvman.model.allocation import DeviceKind, DiskKind, NicConnection
from openvman.model.defaults import DISK_BUSES, OTHER_PREFIX, SUFFIX_OF_FORMAT, TARGET_PREFIXES
from openvman.model.endpoint import parse_endpoint
from openvman.model.errors import ModelError, Problem
from openvman.model.host import Host
from openvman.model.ranges import Range, range_of
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
    """What messages begin with: the system, and the device where there is one."""
    macs: AbstractSet[str] = frozenset()
    """MAC addresses of the other systems on the host."""

    @property
    def processor(self) -> Range | None:
        """What messages tell of: the amounts that the host takes, by the names of the kinds."""
        return range_of(self.host, ResourceKind.PROCESSOR)

    @property
    def memory(self) -> Range | None:
        return range_of(self.host, ResourceKind.MEMORY)

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


class _Words(Formatter):
    """Prints what a message may name: a list as words."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, tuple):
            return ", ".join(map(repr, value)) or "none"
        return str(super().format_field(value, format_spec))


@dataclass(frozen=True, slots=True)
class Rule(Generic[V]):
    """``settings`` names the fields that the rule is about; the first one is the subject of the error."""

    settings: tuple[str, ...]
    holds: Callable[[V, Surroundings], bool]
    message: str
    problem: Problem = Problem.INVALID_PARAMETER

    def check(self, value: V, surroundings: Surroundings) -> None:
        """Raise a ModelError when the value breaks the rule."""
        if not self.holds(value, surroundings):
            said = _Words().format(self.message, v=value, s=surroundings)
            raise ModelError(self.problem, f"{surroundings.of}: {said}" if surroundings.of else said, self.settings[0])


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
    Rule(("name",), lambda v, _: bool(_name(v)), "the name is empty; give one, or none to have one made"),
    Rule(
        ("name",),
        lambda v, _: len(_name(v).encode("utf-8", "replace")) <= MAXIMUM_NAME,
        f"the name is too long; it may have {MAXIMUM_NAME} bytes in UTF-8",
    ),
    Rule(
        ("name",),
        lambda v, _: is_text(_name(v)) and _name(v) == _name(v).strip(),
        "the name {v.name!r} has control characters or space at an end; leave them out",
    ),
    Rule(
        ("name",),
        lambda v, _: "/" not in _name(v) and _name(v) not in {".", ".."} and not _name(v).startswith("-"),
        "the name {v.name!r} cannot be used: it may not hold '/', begin with '-', or be '.' or '..'",
    ),
    Rule(
        ("description",),
        lambda v, _: len(v.description or "") <= MAXIMUM_DESCRIPTION and bool(_LINES.fullmatch(v.description or "")),
        f"the description has control characters or more than {MAXIMUM_DESCRIPTION} characters; shorten or clean it",
    ),
    Rule(
        ("hypervisor",),
        lambda v, s: _offers(v.hypervisor, s.host.facts.hypervisors),
        "host {s.host.name!r} has no hypervisor {v.hypervisor!r}; it has {s.host.facts.hypervisors}",
    ),
    Rule(
        ("machine",),
        lambda v, s: (v.machine is None and not s.host.facts.machines) or _offers(v.machine, s.host.facts.machines),
        "host {s.host.name!r} has no machine type {v.machine!r}; leave it out to get its default",
    ),
    Rule(
        ("autostart",),
        lambda v, s: s.host.facts.can_autostart or not v.autostart,
        "host {s.host.name!r} cannot start systems by itself; leave autostart out",
        Problem.NOT_SUPPORTED,
    ),
    Rule(
        ("boot_order",),
        lambda v, _: len(set(v.boot_order or ())) == len(v.boot_order or ()),
        "a boot device is named twice; name each once",
    ),
    Rule(
        ("firmware",),
        lambda v, s: v.firmware is None or v.firmware in s.host.facts.firmwares,
        "host {s.host.name!r} has no {v.firmware} firmware; it has {s.host.facts.firmwares}",
        Problem.NOT_SUPPORTED,
    ),
    *(
        Rule(
            (path,),
            lambda v, _, path=path: not getattr(v, path) or (getattr(v, path)[0] == "/" and is_path(getattr(v, path))),  # type: ignore[misc]
            f"the {path} {{v.{path}!r}} cannot be used: an absolute path on the host without '..' is needed",
        )
        for path in ("kernel", "initrd")
    ),
    Rule(
        ("command_line",),
        lambda v, _: len(v.command_line or "") <= MAXIMUM_COMMAND_LINE and is_text(v.command_line or ""),
        f"the command line has control characters or more than {MAXIMUM_COMMAND_LINE} characters",
    ),
    Rule(
        ("kernel", "initrd", "command_line"),
        lambda v, _: bool(v.kernel) or not (v.initrd or v.command_line),
        "an initrd or a command line goes with a kernel; give the kernel too",
    ),
)

TOGETHER_RULES: Final[tuple[Rule[Devices], ...]] = (
    Rule(
        ("disks",),
        lambda v, _: len(v.disks) <= MAXIMUM_DISKS,
        f"too many disks; a system has {MAXIMUM_DISKS} at most",
    ),
    Rule(("nics",), lambda v, _: len(v.nics) <= MAXIMUM_NICS, f"too many NICs; a system has {MAXIMUM_NICS} at most"),
    Rule(
        ("target", "disks"),
        lambda v, _: len({disk.target for disk in v.disks}) == len(v.disks),
        "two disks have the same target; give each its own, or none to have one chosen",
    ),
    Rule(
        ("mac", "nics"),
        lambda v, _: len({nic.mac for nic in v.nics}) == len(v.nics),
        "two NICs have the same MAC address; give each its own, or none to have one chosen",
    ),
    Rule(
        ("port", "serials"),
        lambda v, _: len({serial.port for serial in v.serials}) == len(v.serials),
        "two serial ports have the same number; give each its own, or none to have one chosen",
    ),
    Rule(
        ("devices",),
        lambda v, _: len(v.others) <= MAXIMUM_DEVICES,
        f"too many devices; a system has {MAXIMUM_DEVICES} at most beside disks, NICs and serial ports",
    ),
    Rule(
        ("devices",),
        lambda v, _: all(sum(device.kind is kind for device in v.others) <= 1 for kind in _SINGLE),
        f"a system has only one each of {', '.join(_SINGLE)}; leave the others out",
    ),
)
SERIAL_RULES: Final[tuple[Rule[SerialSpec], ...]] = (
    Rule(
        ("port",),
        lambda v, _: v.port is not None and 0 <= v.port < MAXIMUM_SERIALS,
        f"there is no serial port {{v.port}}; they are numbered from 0 to {MAXIMUM_SERIALS - 1}",
    ),
    Rule(
        ("address",),
        lambda v, _: v.address is None or _has_port(v.address),
        "{v.address!r} is no place where a serial port can be reached; give an IP address and a port: 127.0.0.1:4555",
    ),
)


def _range(around: Surroundings, kind: ResourceKind) -> Range:
    found = range_of(around.host, kind)
    assert found is not None, f"{kind} is a quantity"
    return found


def _amounts(*settings: str, kind: ResourceKind) -> tuple[Rule[Any], ...]:
    """Each of the settings is an amount that the host takes."""
    return tuple(
        Rule(
            (setting,),
            lambda v, s, setting=setting: _range(s, kind).takes(getattr(v, setting)),  # type: ignore[misc]
            f"the {setting} cannot be {{v.{setting}}}; host {{s.host.name!r}} gives one system {{s.{kind}}}",
        )
        for setting in settings
    )


PROCESSOR_RULES: Final[tuple[Rule[ProcessorSpec], ...]] = (
    *_amounts("count", "maximum", kind=ResourceKind.PROCESSOR),
    Rule(
        ("count", "maximum"),
        lambda v, _: (v.maximum or 0) >= (v.count or 0),
        "{v.count} virtual processors are more than the maximum, {v.maximum}; raise the maximum, which an active "
        "system gets at its next start",
    ),
)

MEMORY_RULES: Final[tuple[Rule[MemorySpec], ...]] = (
    *_amounts("size", "maximum", kind=ResourceKind.MEMORY),
    Rule(
        ("size", "maximum"),
        lambda v, _: (v.maximum or 0) >= (v.size or 0),
        "{v.size} bytes of memory are more than the maximum, {v.maximum}; raise the maximum, which an active system "
        "gets at its next start",
    ),
)

DISK_RULES: Final[tuple[Rule[DiskSpec], ...]] = (
    Rule(
        ("bus",),
        lambda v, s: _offers(v.bus, s.host.facts.disk_buses),
        "host {s.host.name!r} has no disk bus {v.bus!r}; it has {s.host.facts.disk_buses}",
    ),
    Rule(
        ("bus", "kind"),
        lambda v, _: v.bus not in TARGET_PREFIXES or v.bus in DISK_BUSES[v.kind or DiskKind.DISK],
        "a {v.kind} cannot be on bus {v.bus!r}; leave the bus out to have one chosen",
    ),
    Rule(
        ("target",),  # a disk that changes its bus keeps its target
        _target_fits,
        "the target {v.target!r} is no place on bus {v.bus!r}; leave the target out to have one chosen",
    ),
    Rule(
        ("source",),
        lambda v, _: len(v.source or "") <= MAXIMUM_PATH,
        f"the source is too long; a path may have {MAXIMUM_PATH} bytes in UTF-8",
    ),
    Rule(
        ("source",),
        lambda v, _: not v.source or is_path(v.source),
        "the source {v.source!r} cannot be used: '..', control characters and a leading '-' are refused; give the path "
        "itself",
    ),
    Rule(
        ("source",),
        lambda v, _: bool(v.source) or v.kind is not DiskKind.DISK or v.capacity is not None,
        "a disk needs a source, or a capacity to have a new image made",
    ),
    Rule(
        ("capacity",),
        lambda v, _: v.capacity is None or v.kind is DiskKind.DISK or bool(v.source),
        "no image can be made for a {v.kind}; give a source, or no capacity for an empty drive",
    ),
    Rule(
        ("capacity",),
        # An image that is there has the size that it has.
        lambda v, s: v.capacity is None or bool(v.source) or _range(s, ResourceKind.DISK).takes(v.capacity),
        "the capacity cannot be {v.capacity}; host {s.host.name!r} gives one disk {s.disk}",
    ),
    Rule(
        ("format",),
        lambda v, _: v.format is None or v.format in SUFFIX_OF_FORMAT,
        f"the format {{v.format!r}} is not supported; convert the image to one of {', '.join(SUFFIX_OF_FORMAT)}",
        Problem.NOT_SUPPORTED,
    ),
    Rule(
        ("read_only",),
        lambda v, _: v.kind is not DiskKind.CDROM or v.read_only is True,
        "a CD-ROM is read-only; leave it out",
    ),
)

NIC_RULES: Final[tuple[Rule[NicSpec], ...]] = (
    Rule(
        ("mac",),
        lambda v, _: _MAC.fullmatch(v.mac or "") is not None,
        "{v.mac!r} is no MAC address; write six pairs of hexadecimal digits with colons",
    ),
    Rule(
        ("mac",),
        lambda v, _: not int((v.mac or "")[:2], 16) & 1 and v.mac != "00:00:00:00:00:00",
        "the MAC address {v.mac} is a multicast or null address; leave it out to have one chosen",
    ),
    Rule(
        ("mac",),
        lambda v, s: v.mac not in s.macs,
        "the MAC address {v.mac} is in use on host {s.host.name!r} by another virtual system; leave it out to have one "
        "chosen",
        Problem.ALREADY_EXISTS,
    ),
    Rule(
        ("model",),
        lambda v, s: (v.model is None and not s.host.facts.nic_models) or _offers(v.model, s.host.facts.nic_models),
        "host {s.host.name!r} has no NIC model {v.model!r}; it has {s.host.facts.nic_models}",
    ),
    Rule(
        ("connection",),
        lambda v, _: v.connection in {NicConnection.NETWORK, NicConnection.BRIDGE, NicConnection.USER},
        "a NIC can be connected to a network, to a bridge, or get user-mode networking; say which",
        Problem.NOT_SUPPORTED,
    ),
    Rule(
        ("source", "connection"),
        lambda v, s: (
            v.connection is not NicConnection.NETWORK
            or (s.host.facts.has_networks and _offers(v.source, s.host.network_names))
        ),
        "host {s.host.name!r} has no network {v.source!r}; it has {s.host.network_names}",
        Problem.NOT_FOUND,
    ),
    Rule(
        ("source", "connection"),
        lambda v, _: v.connection is not NicConnection.BRIDGE or bool(WORD.fullmatch(v.source or "")),
        "{v.source!r} is no name of a bridge; give the bridge as source",
    ),
    Rule(
        ("source", "connection"),
        lambda v, _: v.connection is not NicConnection.USER or not v.source,
        "user-mode networking has no source, and {v.source!r} was given; leave it out, or say what it is",
    ),
    Rule(
        ("filter",),
        lambda v, s: not v.filter or v.filter in s.host.filter_names,
        "host {s.host.name!r} has no network filter {v.filter!r}; it has {s.host.filter_names}",
        Problem.NOT_FOUND,
    ),
    Rule(
        ("filter", "connection"),
        lambda v, _: not v.filter or v.connection in {NicConnection.NETWORK, NicConnection.BRIDGE},
        "the network filter {v.filter!r} works on a network or a bridge; take it from the NIC, or connect it to one",
    ),
)
