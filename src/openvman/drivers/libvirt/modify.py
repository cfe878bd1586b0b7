"""Modification of configurations: the defined one, which the next activation uses, and the active system itself.

Each function blocks and raises ModelError, or the binding's own error, which the connection translates.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any, Final

import libvirt
from lxml import etree

from openvman.drivers.libvirt import boot, container_xml, device_tuning, devices, domain_xml, medium, tuning, xml
from openvman.drivers.libvirt.act import lookup, must_be_free
from openvman.drivers.libvirt.domain_xml import KIB
from openvman.drivers.libvirt.errors import problem_of, reason_of
from openvman.drivers.libvirt.xml import Element
from openvman.messages import hypervisor, hypervisor_devices, resources
from openvman.messages.problem import Problem
from openvman.model.allocation import (
    Allocation,
    DeviceAllocation,
    DiskAllocation,
    DiskKind,
    MemoryAllocation,
    NicAllocation,
    ProcessorAllocation,
)
from openvman.model.errors import ModelError
from openvman.model.host import HostFacts
from openvman.model.live import check_live, check_live_password
from openvman.model.spec import DeviceSpec, DiskSpec, MemorySpec, NicSpec, ProcessorSpec, ResourceSpec, SystemSpec
from openvman.model.system import ConfigurationKind

BALLOON_SECONDS: Final = 3.0
"""How long a guest may take to begin to move its balloon."""

_DEFINED: Final = libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE

_ALLOCATIONS: Final[dict[type[ResourceSpec], type[Allocation]]] = {
    ProcessorSpec: ProcessorAllocation,
    MemorySpec: MemoryAllocation,
    DiskSpec: DiskAllocation,
    NicSpec: NicAllocation,
}


def modify_system(connection: Any, system_id: str, spec: SystemSpec, facts: HostFacts, host_id: str) -> None:
    """Change what ``spec`` says of the defined configuration, all or nothing; a new name needs an inactive system."""
    domain = lookup(connection, system_id)
    if spec.host_id is not None and spec.host_id != host_id:
        raise ModelError(hypervisor.BY_MIGRATION_ONLY, "host_id")
    if spec.hypervisor is not None and spec.hypervisor not in facts.hypervisors:
        raise ModelError(
            hypervisor.OTHER_HYPERVISOR, "hypervisor", hypervisors=facts.hypervisors, asked=spec.hypervisor
        )
    renamed = spec.name is not None and spec.name != domain.name()
    if renamed and domain.isActive():
        raise ModelError(hypervisor.RENAMED_ACTIVE, "name")
    if spec.description is not None:
        domain_xml.clean(spec.description, "description", lines=True)
    if spec.name is not None:
        domain_xml.clean_name(spec.name)
    with changing(connection, domain) as (root, undo):
        _patch_system(root, spec)
        redefine(connection, root)
        if spec.autostart is not None:
            before = domain.autostart()
            domain.setAutostart(int(spec.autostart))
            undo.callback(domain.setAutostart, before)
        if spec.description is not None and domain.isActive():
            domain.setMetadata(
                libvirt.VIR_DOMAIN_METADATA_DESCRIPTION,
                spec.description or None,
                None,
                None,
                libvirt.VIR_DOMAIN_AFFECT_LIVE,
            )
        if renamed:
            must_be_free(connection, str(spec.name))
            domain.rename(spec.name, 0)


def _patch_system(root: Element, spec: SystemSpec) -> None:
    if spec.hypervisor is not None:
        root.set("type", spec.hypervisor)
    if spec.description is not None:
        _set_text(root, "description", spec.description)
    if spec.on_crash is not None:
        _set_text(root, "on_crash", spec.on_crash.value)
    for setting in ("kernel", "initrd", "command_line", "init"):
        domain_xml.clean(getattr(spec, setting) or "", setting)
    boot.patch(root, spec)
    domain_xml.set_features(root, spec)
    if spec.machine is not None:
        type = root.find("os/type")
        if type is None:
            raise ModelError(hypervisor.NO_MACHINE_TYPE, "machine")
        type.set("machine", domain_xml.clean(spec.machine, "machine"))


def _set_text(root: Element, name: str, value: str) -> None:
    found = root.find(name)
    if found is None:
        found = etree.SubElement(root, name)
    found.text = value
    if not value:
        root.remove(found)


def modify_resource(
    connection: Any, system_id: str, kind: ConfigurationKind, spec: ResourceSpec, facts: HostFacts
) -> None:
    """Change one allocation of the configuration of ``kind``. NOT_SUPPORTED names what cannot be changed."""
    domain = lookup(connection, system_id)
    local = domain_xml.local_id(system_id, kind, spec)
    if kind is ConfigurationKind.STATE:
        _modify_live(domain, local, spec, facts)
    else:
        _modify_defined(connection, domain, local, spec)


def _modify_defined(connection: Any, domain: Any, local: str, spec: ResourceSpec) -> None:
    with changing(connection, domain) as (root, _undo):
        match spec:
            case MemorySpec() if local == "memory":
                _set_memory(domain, root, spec)
                if _tunes(spec, "size", "maximum"):
                    after = _defined(domain)
                    tuning.put_memory(after, spec)
                    redefine(connection, after)
            case ProcessorSpec() if local == "processor":
                _set_processors(connection, domain, root, spec)
                if _tunes(spec, "count", "maximum"):
                    after = _defined(domain)
                    tuning.put_processor(after, spec, xml.number(xml.text(after, "vcpu"), 1))
                    redefine(connection, after)
            case DiskSpec() if local.startswith("disk:"):
                domain_xml.patch_disk(root, local, spec)
                redefine(connection, root)
            case NicSpec() if local.startswith("nic:"):
                if tuning.is_container(root):
                    container_xml.refuse([spec])
                domain_xml.patch_nic(root, local, spec)
                redefine(connection, root)
            case DeviceSpec():
                devices.patch(root, local, spec, domain_xml.clean)
                redefine(connection, root)
            case _:
                raise _unfit(local, spec)


def _tunes(spec: ResourceSpec, *others: str) -> bool:
    """Whether the spec says something beside these settings."""
    return not set(_said(spec)) <= {*others}


def _unfit(local: str, spec: ResourceSpec) -> ModelError:
    return ModelError(hypervisor_devices.UNFIT_SPEC, local, allocation=local, spec=type(spec).__name__)


def _set_memory(domain: Any, root: Element, spec: MemorySpec) -> None:
    # libvirt's own calls keep NUMA cells and the like in step, which a patch of the XML would not.
    maximum_now = xml.size(root.find("memory")) or 0
    size_now = xml.size(root.find("currentMemory")) or maximum_now
    maximum = maximum_now if spec.maximum is None else spec.maximum
    size = min(size_now, maximum) if spec.size is None else spec.size
    if not 0 < size <= maximum:
        raise ModelError(hypervisor_devices.MEMORY_SIZE, "size", size=size, maximum=maximum)
    if maximum != maximum_now:
        domain.setMemoryFlags(_kib(maximum), libvirt.VIR_DOMAIN_AFFECT_CONFIG | libvirt.VIR_DOMAIN_MEM_MAXIMUM)
    domain.setMemoryFlags(_kib(size), libvirt.VIR_DOMAIN_AFFECT_CONFIG)


def _kib(size: int) -> int:
    return -(-size // KIB)


def _set_processors(connection: Any, domain: Any, root: Element, spec: ProcessorSpec) -> None:
    maximum_now = xml.number(xml.text(root, "vcpu"), 1)
    count_now = xml.number(xml.attribute(root, "vcpu", "current"), maximum_now)
    maximum = maximum_now if spec.maximum is None else spec.maximum
    count = min(count_now, maximum) if spec.count is None else spec.count
    if not 0 < count <= maximum:
        raise ModelError(hypervisor_devices.PROCESSOR_COUNT, "count", count=count, maximum=maximum)
    if tuning.is_container(root):
        _number_processors(connection, root, count, maximum)
        return
    if maximum != maximum_now:
        if count < count_now:
            domain.setVcpusFlags(count, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
        domain.setVcpusFlags(maximum, libvirt.VIR_DOMAIN_AFFECT_CONFIG | libvirt.VIR_DOMAIN_VCPU_MAXIMUM)
    domain.setVcpusFlags(count, libvirt.VIR_DOMAIN_AFFECT_CONFIG)


def _number_processors(connection: Any, root: Element, count: int, maximum: int) -> None:
    """For what libvirt has no call for: a container's."""
    vcpu = root.find("vcpu")
    assert vcpu is not None, "a domain has virtual processors"
    vcpu.text = str(maximum)
    vcpu.set("current", str(count))
    redefine(connection, root)


def _modify_live(domain: Any, local: str, spec: ResourceSpec, facts: HostFacts) -> None:
    if not domain.isActive():
        raise ModelError(hypervisor.NOT_ACTIVE, local, system=domain.UUIDString())
    _refuse_fixed(local, spec, facts)
    match spec:
        case MemorySpec() if local == "memory":
            _refuse_maximum(local, spec.maximum, lambda: domain.info()[1] * KIB)
            with contextlib.ExitStack() as undo:
                tuning.tune_memory(domain, spec, undo)
                if spec.size is not None:
                    _balloon(domain, spec.size, answers=not facts.is_for_containers)
                undo.pop_all()
        case ProcessorSpec() if local == "processor":
            _refuse_maximum(local, spec.maximum, lambda: _maximum_processors(domain))
            with contextlib.ExitStack() as undo:
                tuning.tune_processor(domain, spec, undo)
                if spec.count is not None:
                    _plug(domain, spec.count)
                undo.pop_all()
        case DiskSpec() if local.startswith("disk:"):
            root = xml.parse(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE))
            disk = domain_xml.find_disk(root, local)
            _modify_live_disk(domain, root, disk, local, spec)
        case NicSpec() if local.startswith("nic:"):
            root = xml.parse(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE))
            nic = domain_xml.find_nic(root, local)
            check_live(NicAllocation, local, _said(spec))
            domain_xml.patch_nic(root, local, spec)
            domain.updateDeviceFlags(xml.print_(nic), libvirt.VIR_DOMAIN_AFFECT_LIVE)
        case DeviceSpec():
            check_live(DeviceAllocation, local, [name for name in _said(spec) if name != "has_password"])
            _modify_live_graphics(domain, local, spec)
        case _:
            raise _unfit(local, spec)


def _refuse_fixed(local: str, spec: ResourceSpec, facts: HostFacts) -> None:
    """Raise NOT_SUPPORTED for what other hypervisors could change and this one cannot."""
    fixed = facts.fixed_live.get(_ALLOCATIONS.get(type(spec), DeviceAllocation), frozenset())
    said = sorted(fixed.intersection(_said(spec)))
    if said:
        raise ModelError(resources.FIXED_WHILE_ACTIVE, said[0], setting=said[0], device=local)


def _modify_live_disk(domain: Any, root: Element, disk: Element, local: str, spec: DiskSpec) -> None:
    """Another medium, or other limits; when the second fails, the first is put back."""
    removable = disk.get("device") in {"cdrom", "floppy"}
    check_live(DiskAllocation, local, _said(spec), disk=None if removable else DiskKind.DISK)
    target = local.removeprefix("disk:")
    limits, now = device_tuning.limits_of(disk, spec), device_tuning.limits_of(disk, DiskSpec())
    other_medium = spec.source is not None or spec.format is not None
    with contextlib.ExitStack() as undo:
        if limits != now:
            domain.setBlockIoTune(target, limits, libvirt.VIR_DOMAIN_AFFECT_LIVE)
            undo.callback(domain.setBlockIoTune, target, now, libvirt.VIR_DOMAIN_AFFECT_LIVE)
        if other_medium:
            domain_xml.patch_disk(root, local, spec)
            medium.change(domain, disk)
        undo.pop_all()


def _modify_live_graphics(domain: Any, local: str, spec: DeviceSpec) -> None:
    """Another password. The hypervisor takes none where there was none, and keeps the old one when told to take it."""
    root = xml.parse(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE))
    graphics = devices.find(root, local)
    check_live_password(local, spec.has_password, has_one=graphics.get("passwd") is not None)
    if spec.password is not None:
        devices.patch(root, local, spec, domain_xml.clean)
        domain.updateDeviceFlags(xml.print_(graphics), libvirt.VIR_DOMAIN_AFFECT_LIVE)


def _said(spec: ResourceSpec) -> list[str]:
    names = (each.name for each in fields(spec) if each.name not in {"allocation_id", "pool"})
    return [name for name in names if getattr(spec, name) is not None]


def _maximum_processors(domain: Any) -> int:
    return xml.number(xml.text(xml.parse(domain.XMLDesc(0)), "vcpu"), 1)


def _refuse_maximum(local: str, asked: int | None, is_now: Callable[[], int]) -> None:
    if asked is not None and asked != is_now():
        raise ModelError(resources.FIXED_WHILE_ACTIVE, "maximum", setting="maximum", device=local)


def _balloon(domain: Any, size: int, *, answers: bool) -> None:
    """Ask the guest for memory, or give it back. A guest without a driver says nothing, so we look whether it moves.

    A container does not answer: its memory is limited from outside.
    """
    before, maximum = domain.info()[2], domain.info()[1]
    wanted = _kib(size)
    if not 0 < wanted <= maximum:
        raise ModelError(hypervisor_devices.MEMORY_SIZE, "size", size=size, maximum=maximum * KIB)
    if answers and wanted == before:
        return
    domain.setMemoryFlags(wanted, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    if not answers:
        return
    end = time.monotonic() + BALLOON_SECONDS
    while domain.info()[2] == before:
        if time.monotonic() > end:
            domain.setMemoryFlags(before, libvirt.VIR_DOMAIN_AFFECT_LIVE)
            raise ModelError(hypervisor_devices.BALLOON_SILENT, "size")
        time.sleep(0.05)


def _plug(domain: Any, count: int) -> None:
    maximum = _maximum_processors(domain)
    if not 0 < count <= maximum:
        raise ModelError(hypervisor_devices.PROCESSOR_COUNT, "count", count=count, maximum=maximum)
    try:
        domain.setVcpusFlags(count, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    except libvirt.libvirtError as error:
        if problem_of(error) in {Problem.TIMEOUT, Problem.FAILED, Problem.INVALID_STATE}:
            raise ModelError(hypervisor_devices.GUEST_UNWILLING, "count", reason=reason_of(error)) from error
        raise


@contextlib.contextmanager
def changing(connection: Any, domain: Any) -> Iterator[tuple[Element, contextlib.ExitStack]]:
    """The defined configuration, to be changed; on any failure it is put back as it was.

    With passwords (SECURE), or redefining would lose them; the text goes nowhere but back to the hypervisor.
    """
    if not domain.isPersistent():
        raise ModelError(hypervisor.TRANSIENT, domain.UUIDString(), system=domain.UUIDString())
    before = domain.XMLDesc(_DEFINED)
    with contextlib.ExitStack() as undo:
        undo.callback(_put_back, connection, domain, before)
        yield xml.parse(before), undo
        undo.pop_all()


def _put_back(connection: Any, domain: Any, before: str) -> None:
    if domain.XMLDesc(_DEFINED) != before:
        connection.defineXML(before)


def _defined(domain: Any) -> Element:
    return xml.parse(domain.XMLDesc(_DEFINED))


def redefine(connection: Any, root: Element) -> None:
    """Define the configuration anew, as :func:`changing` gave it and the caller changed it."""
    connection.defineXML(xml.print_(root))
