"""Values of the system's settings that need more than a table to read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import Final, TypeVar
from uuid import UUID

from openvman.cim.datetime import CIMDateTime
from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.model.system import Configuration

E = TypeVar("E", bound=StrEnum)

SYSTEM_TYPES: Final = {"kvm": "DMTF:KVM", "lxc": "DMTF:Linux:LXC", "xen": "DMTF:XEN:HVM"}
"""VirtualSystemType of what the schema lists; every other way to execute a guest is ``openvman:<name>``."""
_XEN_WITHOUT_FIRMWARE: Final = "DMTF:XEN:PV"
_HYPERVISORS: Final = {
    **{text.lower(): name for name, text in SYSTEM_TYPES.items()},
    _XEN_WITHOUT_FIRMWARE.lower(): "xen",
}
"""What is said of both; whether a guest of Xen has firmware is its machine type's matter."""
_OWN_TYPE: Final = "openvman:"
_NEVER, _RESTART_IF_ACTIVE, _ALWAYS = 2, 3, 4


def system_type(configuration: Configuration) -> str:
    """The VirtualSystemType of a configuration."""
    if configuration.hypervisor == "xen" and configuration.firmware is None:
        return _XEN_WITHOUT_FIRMWARE
    return SYSTEM_TYPES.get(configuration.hypervisor, f"{_OWN_TYPE}{configuration.hypervisor}")


def hypervisor_of(system_type: Value, _values: NameMap[Value]) -> str | None:
    """The way to execute the guest that a VirtualSystemType names."""
    known = _HYPERVISORS.get(system_type.lower())
    if known is not None:
        return known
    if system_type.lower().startswith(_OWN_TYPE):
        return str(system_type[len(_OWN_TYPE) :])
    raise ValueError(f"use one of {', '.join(sorted(SYSTEM_TYPES.values()))} or {_OWN_TYPE}<hypervisor>")


def identifier_of(value: Value, _values: NameMap[Value]) -> str:
    """The UUID that a definition asks for."""
    try:
        return str(UUID(value))
    except ValueError:
        raise ValueError("a UUID is needed; the name goes into ElementName") from None


def lines_of(text: Value, _values: NameMap[Value]) -> str:
    """A Description with the line ends of this system, whichever the client's has: hypervisors keep no other."""
    return str(text).replace("\r\n", "\n").replace("\r", "\n")


def startup_is_automatic(action: Value, _values: NameMap[Value]) -> bool:
    if action == _RESTART_IF_ACTIVE:
        raise ValueError("restart of what was active is not supported; use 2 (none) or 4 (always)")
    if action not in (_NEVER, _ALWAYS):
        raise ValueError("use 2 (none) or 4 (always)")
    return bool(action == _ALWAYS)


def one_of(kinds: type[E]) -> Callable[[Value, NameMap[Value]], E]:
    """Reads a member of the enumeration by its value."""

    def parse(text: Value, _values: NameMap[Value]) -> E:
        try:
            return kinds(text.lower())
        except ValueError:
            raise ValueError(f"use one of {', '.join(kinds)}") from None

    return parse


def each_of(kinds: type[E]) -> Callable[[Value, NameMap[Value]], tuple[E, ...]]:
    """Reads members of the enumeration by their values."""
    parse = one_of(kinds)
    return lambda texts, values: tuple(parse(text or "", values) for text in texts)


def timeout_of(value: Value) -> timedelta | None:
    """A TimeoutPeriod; zero means no requirement, as NULL does."""
    if value is None:
        return None
    assert isinstance(value, CIMDateTime)
    if not value.is_interval:
        raise ValueError("an interval is needed, for example 00000000000020.000000:000")
    return value.to_timedelta() or None
