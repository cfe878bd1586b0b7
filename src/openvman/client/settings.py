"""The embedded instances that DefineSystem and the Modify methods take (DSP1042 8.2), made from wishes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pywbem

from openvman.client import records
from openvman.client.devices import DeviceWish, properties_of
from openvman.client.errors import ClientError, Reason
from openvman.client.tuning import DEDICATED, HARD, NOT_MAPPED, PERCENT, Tuning
from openvman.client.wishes import Change, DiskChange, DiskTuning, DiskWish, NicWish, SystemWish

_SETTING_DATA: Final = "VMAN_VirtualSystemSettingData"
_BYTE: Final = "byte"
_DISK_TYPES: Final = {"disk": records.DISK, "cdrom": records.CDROM, "floppy": records.FLOPPY}
_STARTUP_ACTIONS: Final = {None: None, True: records.START_ALWAYS, False: records.START_NEVER}


def system_settings(wish: SystemWish) -> Any:
    """The settings of a system to define."""
    return _instance(
        _SETTING_DATA,
        ElementName=wish.name,
        Description=wish.description,
        AutomaticStartupAction=_uint16(_STARTUP_ACTIONS[wish.autostart]),
        VirtualSystemType=wish.type,
        VirtualSystemIdentifier=wish.id,
    )


def changed_settings(change: Change, instance_id: str) -> Any:
    """The settings to modify in the configuration that ``instance_id`` names."""
    return _instance(
        _SETTING_DATA,
        InstanceID=instance_id,
        ElementName=change.name,
        Description=change.description,
        AutomaticStartupAction=_uint16(_STARTUP_ACTIONS[change.autostart]),
    )


def processor_settings(
    count: int | None, instance_id: str | None = None, tuning: Tuning | None = None, pins: Sequence[str] = ()
) -> Any:
    """``pins`` are the paths of the host's processors that the tuning names."""
    return _instance(
        "VMAN_ProcessorAllocationSettingData",
        InstanceID=instance_id,
        ResourceType=_uint16(records.PROCESSOR),
        VirtualQuantity=_uint64(count),
        **({} if tuning is None else _processor_properties(tuning, pins)),
    )


def memory_settings(size: int | None, instance_id: str | None = None, tuning: Tuning | None = None) -> Any:
    quantity = {} if size is None else {"AllocationUnits": _BYTE, "VirtualQuantityUnits": _BYTE}
    return _instance(
        "VMAN_MemoryAllocationSettingData",
        InstanceID=instance_id,
        ResourceType=_uint16(records.MEMORY),
        VirtualQuantity=_uint64(size),
        **{**quantity, **({} if tuning is None else _memory_properties(tuning))},
    )


def disk_settings(wish: DiskWish) -> Any:
    sized = wish.capacity is not None
    return _instance(
        "VMAN_StorageAllocationSettingData",
        ResourceType=_uint16(_DISK_TYPES[wish.kind]),
        ResourceSubType=wish.bus,
        AddressOnParent=wish.target,
        HostResource=None if wish.source is None else [wish.source],
        Access=_uint16(records.READ_ONLY if wish.read_only else records.READ_WRITE),
        VirtualQuantity=_uint64(wish.capacity),
        VirtualQuantityUnits=_BYTE if sized else None,
        AllocationUnits=_BYTE if sized else None,
        VirtualResourceBlockSize=_uint64(1) if sized else None,
        PoolID=wish.pool,
        Format=wish.format,
        Shareable=wish.shareable or None,
        **_tuning(wish.tuning),
    )


def changed_disk(change: DiskChange, instance_id: str) -> Any:
    """The settings to modify of the disk that ``instance_id`` names."""
    access = None if change.read_only is None else records.READ_ONLY if change.read_only else records.READ_WRITE
    return _instance(
        "VMAN_StorageAllocationSettingData",
        InstanceID=instance_id,
        Access=_uint16(access),
        Shareable=change.shareable,
        **_tuning(change.tuning),
    )


def _tuning(tuning: DiskTuning) -> dict[str, Any]:
    limits = {name: _uint64(getattr(tuning, field)) for field, name in records.LIMITS.items()}
    return {"CacheMode": tuning.cache, "DiscardMode": tuning.discard, **limits}


def medium_settings(source: str | None, instance_id: str) -> Any:
    """Another medium for a drive; None takes it out."""
    return _instance(
        "VMAN_StorageAllocationSettingData", InstanceID=instance_id, HostResource=["" if source is None else source]
    )


def screen_settings(password: str, instance_id: str) -> Any:
    """Another password for the screen that ``instance_id`` names; an empty one takes it away."""
    return _instance("VMAN_ResourceAllocationSettingData", InstanceID=instance_id, Password=password)


def device_settings(wish: DiskWish | NicWish | DeviceWish) -> Any:
    match wish:
        case DiskWish():
            return disk_settings(wish)
        case NicWish():
            return nic_settings(wish)
    name, said = properties_of(wish)
    return _instance(name, **{**said, "ResourceType": _uint16(said["ResourceType"])})


def nic_settings(wish: NicWish) -> Any:
    return _instance(
        "VMAN_EthernetPortAllocationSettingData",
        ResourceType=_uint16(records.NIC),
        ResourceSubType=wish.model,
        Address=wish.mac,
        Connection=[wish.connection],
        DirectMode=wish.mode,
    )


def resource_settings(wish: SystemWish, pins: Sequence[str] = ()) -> list[Any]:
    """One embedded instance a resource, in the order processor, memory, disks, network adapters."""
    found: list[Any] = []
    if wish.cpus is not None or (wish.tuning is not None and wish.tuning.of_processors):
        found.append(processor_settings(wish.cpus, tuning=wish.tuning, pins=pins))
    if wish.memory is not None or (wish.tuning is not None and wish.tuning.of_memory):
        found.append(memory_settings(wish.memory, tuning=wish.tuning))
    found += [disk_settings(disk) for disk in wish.disks]
    found += [nic_settings(nic) for nic in wish.nics]
    return found


def _processor_properties(tuning: Tuning, pins: Sequence[str]) -> dict[str, Any]:
    """Properties of the processors' setting; ``pins`` are the paths of the host's processors that are named."""
    found: dict[str, Any] = {}
    times = {"Limit": tuning.cpu_limit, "Reservation": tuning.cpu_reservation}
    units = {time.units for time in times.values() if time is not None and time.quantity}
    if len(units) > 1:
        raise ClientError(Reason.USAGE, "Say limit and reservation of processors both in percent, or both in MHz.")
    for name, time in times.items():
        if time is not None:
            found[name] = pywbem.Uint64(time.quantity)
            found["AllocationUnits"] = next(iter(units), PERCENT)
    if tuning.cpu_weight is not None:
        found["Weight"] = pywbem.Uint32(tuning.cpu_weight)
    if tuning.cpu_pin is not None:
        code = (DEDICATED if tuning.cpu_dedicated else HARD) if pins else NOT_MAPPED
        found["MappingBehavior"] = pywbem.Uint16(code)
        if pins:
            found["HostResource"] = list(pins)
    return found


def _memory_properties(tuning: Tuning) -> dict[str, Any]:
    """Properties of the memory's setting."""
    said = {
        "Limit": tuning.memory_limit,
        "Reservation": tuning.memory_reservation,
        "MaximumVirtualQuantity": tuning.memory_maximum,
        "HugePageSize": tuning.hugepages,
    }
    found: dict[str, Any] = {name: pywbem.Uint64(value) for name, value in said.items() if value is not None}
    return {**found, "AllocationUnits": _BYTE, "VirtualQuantityUnits": _BYTE} if found else {}


def _instance(class_name: str, **properties: Any) -> Any:
    """An instance with the properties that are said; what is not said is not sent."""
    said = {name: value for name, value in properties.items() if value is not None}
    return pywbem.CIMInstance(class_name, properties=said)


def _uint16(value: int | None) -> Any:
    return None if value is None else pywbem.Uint16(value)


def _uint64(value: int | None) -> Any:
    return None if value is None else pywbem.Uint64(value)
