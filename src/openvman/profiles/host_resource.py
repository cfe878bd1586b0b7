"""HostResource of processors: object paths of the host's processors, which allocations are mapped to (DSP1041)."""

from __future__ import annotations

from typing import Final

from openvman.cim.names import NameMap
from openvman.cim.uri import PathError, format_path, parse_path
from openvman.cim.values import InstancePath, Value
from openvman.model.allocation import ProcessorAllocation
from openvman.model.host_device import processor_number

# The names of the standard view: a getter knows no other, and what is read must be what can be written.
_NAMESPACE: Final = "root/vman"
_CLASS: Final = "VMAN_HostProcessor"
_SYSTEM: Final = "VMAN_HostSystem"


def host_processors(allocation: ProcessorAllocation) -> Value:
    """The paths as untyped WBEM URIs; None for processors that are not mapped."""
    return tuple(map(_path, allocation.processors)) or None


def _path(device_id: str) -> str:
    keys = {
        "SystemCreationClassName": _SYSTEM,
        "SystemName": device_id.partition("/")[0],
        "CreationClassName": _CLASS,
        "DeviceID": device_id,
    }
    return format_path(InstancePath(_CLASS, NameMap(keys), _NAMESPACE))


def parse_host_processors(value: Value, _values: NameMap[Value]) -> tuple[str, ...]:
    """The ids that the paths name; a DeviceID alone will do. ValueError for what is no path of a host's processor."""
    return tuple(_device_id(item) for item in value)


def _device_id(text: str | None) -> str:
    said = text or ""
    if processor_number(said) is not None:
        return said
    try:
        path = parse_path(said)
    except PathError as error:
        raise ValueError(f"{said[:200]!r} is no object path: {error}") from None
    found = path.keys.get("DeviceID") if isinstance(path, InstancePath) else None
    if path.class_name.lower() != _CLASS.lower() or not isinstance(found, str) or processor_number(found) is None:
        raise ValueError(f"{said[:200]!r} is no path of a {_CLASS}")
    return found
