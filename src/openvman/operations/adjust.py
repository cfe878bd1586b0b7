"""What a modification does not say, filled in: from a spec and what it is to change to the whole allocation. Pure."""

from __future__ import annotations

from dataclasses import replace

from openvman.messages import devices as devices_rows
from openvman.messages import resources as resources_rows
from openvman.model.allocation import IDENTITY, OF_DIRECT, DiskKind
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.resource import KIND_OF_DISK
from openvman.model.spec import DeviceSpec, DiskSpec, MemorySpec, NicSpec, ProcessorSpec, ResourceSpec, SerialSpec
from openvman.model.storage import storage_pool_name
from openvman.model.system import ConfigurationKind
from openvman.operations.defaults import connected, normal_mac
from openvman.operations.specs import changes, memory, merged, processors
from openvman.operations.tuning import in_parts
from openvman.operations.volumes import placed


def adjusted(spec: ResourceSpec, base: ResourceSpec, kind: ConfigurationKind, host: Host) -> ResourceSpec:
    """All that the allocation shall be; ``base`` says what it is.

    In a defined configuration, more processors or memory than the maximum raise the maximum; the maximum of an active
    system is fixed. Raises INVALID_PARAMETER for a spec of another kind than the allocation, NOT_SUPPORTED for what
    cannot be modified.
    """
    match spec, base:
        case ProcessorSpec(), ProcessorSpec():
            asked = in_parts(spec, host, base.affinity)
            return merged(asked, base) if kind is ConfigurationKind.STATE else processors(asked, base)
        case MemorySpec(), MemorySpec():
            return merged(spec, base) if kind is ConfigurationKind.STATE else memory(spec, base)
        case DiskSpec(), DiskSpec():
            return _disk(spec, base)
        case NicSpec(), NicSpec():
            return _nic(spec, base, host)
        case DeviceSpec(), DeviceSpec():
            return _device(spec, base)
        case _, SerialSpec():
            raise ModelError(resources_rows.SERIAL_FIXED, base.allocation_id, port=base.port)
    raise ModelError(resources_rows.OTHER_KIND, base.allocation_id, id=base.allocation_id)


def _device(spec: DeviceSpec, base: DeviceSpec) -> DeviceSpec:
    full = merged(spec, base)
    fixed = {"kind", *(IDENTITY.get(base.kind, ()) if base.kind is not None else ())} & changes(full, base)
    if fixed:
        setting = min(fixed)
        raise ModelError(devices_rows.IDENTITY, setting, setting=setting, kind=base.kind)
    return full


def _disk(spec: DiskSpec, base: DiskSpec) -> DiskSpec:
    full = merged(spec, base)
    if full.kind is not base.kind:
        raise ModelError(resources_rows.DISK_KEEPS_KIND, "kind", disk=base, wanted=full.kind)
    if full.source == base.source and spec.capacity not in {None, base.capacity}:
        raise ModelError(resources_rows.DISK_KEEPS_SIZE, "capacity", disk=base)
    if full.source == base.source:
        return placed(replace(full, capacity=None))
    # What is said of the image before it does not hold for the new one.
    is_ours = storage_pool_name(full.pool) is None and full.pool != KIND_OF_DISK[full.kind or DiskKind.DISK]
    pool = full.pool if is_ours else spec.pool
    return placed(replace(full, capacity=spec.capacity, format=spec.format, pool=pool))


def _nic(spec: NicSpec, base: NicSpec, host: Host) -> NicSpec:
    full = merged(replace(spec, mac=None if spec.mac is None else normal_mac(spec.mac)), base)
    if full.connection is not base.connection:
        of_new = {name: getattr(spec, name) for name in OF_DIRECT}
        full = connected(replace(full, source=spec.source, **of_new), host)
    elif spec.profile is not None and base.vsi_manager is not None:
        full = replace(full, vsi_manager=None, vsi_type=None, vsi_version=None, vsi_instance=None)
    elif spec.vsi_manager is not None:
        full = replace(full, profile=spec.profile)
    return replace(full, source=full.source or "")
