"""What is asked for by settings of the classes of templates: networks, storage pools and volumes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, ip_interface
from typing import Any, Final, TypeVar

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Write
from openvman.messages import compatible
from openvman.model.errors import ModelError
from openvman.model.network import AddressRange, Forward, NetworkAddress, NetworkSpec
from openvman.model.storage import StoragePoolSpec, VolumeSpec
from openvman.profiles.units import in_unit

_FORWARDS: Final = {0: Forward.ISOLATED, 1: Forward.NAT, 2: Forward.ROUTE}
_POOLS: Final = {1: "dir", 2: "fs", 3: "netfs", 4: "disk", 5: "iscsi", 6: "logical", 7: "scsi"}
_FORMATS: Final = {1: "raw", 2: "qcow2"}
_UNITS: Final = {"k": "KiloBytes", "m": "MegaBytes", "g": "GigaBytes", "t": "TeraBytes"}

T = TypeVar("T")
Row = tuple[Callable[..., Any], Mapping[str, Write]]


# --- networks ---------------------------------------------------------------------------------------------------------


def _address(address: Value, values: NameMap[Value]) -> NetworkAddress:
    """The host's own, with the mask and the range beside it."""
    mask, first, last = (values.get(name) for name in ("Netmask", "IPRangeStart", "IPRangeEnd"))
    if (first is None) is not (last is None):
        raise ValueError("IPRangeStart and IPRangeEnd are given together")
    found = ip_interface(address)
    prefix = found.network.prefixlen if mask is None else IPv4Network(f"0.0.0.0/{mask}").prefixlen
    ranges = () if first is None else (AddressRange(str(first), str(last)),)
    return NetworkAddress(address=str(found.ip), prefix=prefix, ranges=ranges)


def _forward(mode: Value, _values: NameMap[Value]) -> Forward:
    return _of(_FORWARDS, mode)


def _network(address: NetworkAddress | None = None, **said: Any) -> NetworkSpec:
    return NetworkSpec(name="", addresses=() if address is None else (address,), **said)


# --- storage pools ----------------------------------------------------------------------------------------------------


def _type(type: Value, _values: NameMap[Value]) -> str:
    return _of(_POOLS, type)


def _devices(paths: Value, _values: NameMap[Value]) -> tuple[str, ...]:
    return tuple(str(path) for path in paths)


def _port(name: Value, _values: NameMap[Value]) -> None:
    if name:
        raise ValueError("a pool is made of an adapter of the host, named by AdapterName")


def _storage_pool(*, autostart: bool = False, port: None = None, **said: Any) -> StoragePoolSpec:
    del port  # there is none
    return StoragePoolSpec(name="", autostart=autostart, **said)


# --- volumes ----------------------------------------------------------------------------------------------------------


def _format(type: Value, _values: NameMap[Value]) -> str:
    found = _FORMATS.get(type)
    if found is None:
        raise ValueError(f"Unable to generate XML for new resource: use {_known(_FORMATS)}")
    return found


def _capacity(quantity: Value, values: NameMap[Value]) -> int:
    units = str(values.get("AllocationUnits") or "Bytes")
    return in_unit(int(quantity), _UNITS.get(units.lower(), units), "byte")


def _volume(name: str = "", capacity: int = 0, format: str | None = None) -> VolumeSpec:
    return VolumeSpec(name=name, capacity=capacity, format=format)


def _path(path: str = "") -> str:
    if not path:
        raise ModelError(compatible.NO_ADDRESS, "Address")
    return path


def _of(table: Mapping[int, T], code: Value) -> T:
    if code not in table:
        raise ValueError(f"use {_known(table)}")
    return table[code]


def _known(table: Mapping[int, object]) -> str:
    return ", ".join(f"{code} ({meaning})" for code, meaning in table.items())


_BESIDE: Final = Write(None)
"""It is read with another property."""
MADE_FROM: Final[Mapping[str, Row]] = {
    "NetPool": (
        _network,
        {
            "Address": Write("address", _address),
            "Netmask": _BESIDE,
            "IPRangeStart": _BESIDE,
            "IPRangeEnd": _BESIDE,
            "ForwardMode": Write("forward", _forward),
            "ForwardDevice": Write("forward_device"),
        },
    ),
    "DiskPool": (
        _storage_pool,
        {
            "Type": Write("type", _type),
            "Path": Write("folder"),
            "Autostart": Write("autostart", lambda value, _values: bool(value)),
            "DevicePaths": Write("devices", _devices),
            "Host": Write("server"),
            "SourceDirectory": Write("export"),
            "AdapterName": Write("adapter"),
            "NodeName": Write("port", _port),
            "PortName": Write("port", _port),
        },
    ),
    "StorageVolume": (
        _volume,
        {
            "VolumeName": Write("name"),
            "FormatType": Write("format", _format),
            "Capacity": Write("capacity", _capacity),
            "AllocationUnits": _BESIDE,
        },
    ),
    "Disk": (_path, {"Address": Write("path")}),
}
"""What a setting's properties say, and what they make; a disk names the volume that has its path."""
