"""Whether a definition or a change may be: the tables of ``model.validation`` against the inventory and the policy.

Pure: it looks at the generation given and at nothing else. What has to be looked at on the host is in ``images``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Container
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from openvman.inventory.generation import Generation
from openvman.messages import pools as pools_rows
from openvman.messages import systems as systems_rows
from openvman.model.actor import Actor
from openvman.model.allocation import OF_DIRECT
from openvman.model.container_rules import CONTAINER_RULES, FILE_SYSTEM_RULES, SERIAL_PORT_RULES, TARGET_RULES
from openvman.model.device_rules import DEVICE_RULES
from openvman.model.device_tuning_rules import BANDWIDTH_RULES, DISK_TUNING_RULES
from openvman.model.direct_rules import DIRECT_RULES
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.pool import pools_of
from openvman.model.spec import (
    Definition,
    DeviceSpec,
    DiskSpec,
    MemorySpec,
    NicSpec,
    ProcessorSpec,
    ResourceSpec,
    SerialSpec,
    SystemSpec,
)
from openvman.model.tuning_rules import MEMORY_TUNING_RULES, PROCESSOR_TUNING_RULES
from openvman.model.validation import (
    DISK_RULES,
    MEMORY_RULES,
    NIC_RULES,
    PROCESSOR_RULES,
    SERIAL_RULES,
    SYSTEM_RULES,
    TOGETHER_RULES,
    Devices,
    Surroundings,
    check,
)
from openvman.operations.policy import Policy
from openvman.operations.specs import local_id, resource_kind
from openvman.operations.tuning import check_dedicated

_SHOWN = 80
"""Characters of a name that a message repeats before anything is known of the name."""


@dataclass(frozen=True, slots=True)
class MacsInUse(Container[str]):
    """The MAC addresses of the host's systems, without those of ``but``."""

    generation: Generation
    host: Host
    but: str | None = None

    def __contains__(self, mac: object) -> bool:
        return any(id != self.but for id in self.generation.has_mac(self.host.id, str(mac)))


def check_definition(
    definition: Definition, host: Host, generation: Generation, macs: Container[str], actor: Actor, policy: Policy
) -> None:
    """Refuse a definition that breaks a rule, or whose name or id is taken."""
    system = SystemSpec(
        name=definition.name,
        description=definition.description,
        hypervisor=definition.hypervisor,
        machine=definition.machine,
        autostart=definition.autostart,
        boot_order=definition.boot_order,
        firmware=definition.firmware,
        kernel=definition.kernel,
        initrd=definition.initrd,
        command_line=definition.command_line,
        init=definition.init,
        acpi=definition.acpi,
        apic=definition.apic,
        pae=definition.pae,
    )
    check_system(system, definition.name, host)
    check_name_free(generation, host, definition.name)
    holder = generation.system(definition.id)
    if holder is not None:
        raise ModelError(systems_rows.UUID_TAKEN, definition.id, id=definition.id, holder=holder)
    devices = Devices(
        disks=definition.disks, nics=definition.nics, serials=definition.serials, others=definition.devices
    )
    check_devices(devices, definition.name, host)
    specs: tuple[ResourceSpec, ...] = (
        definition.processor,
        definition.memory,
        *definition.disks,
        *definition.nics,
        *definition.serials,
        *definition.devices,
    )
    for spec in specs:
        check_resource(spec, definition.name, host, macs, actor, policy)
    check_dedicated(generation, host, definition.id, definition.processor, label(definition.name))


def check_system(system: SystemSpec, name: str, host: Host, changed: AbstractSet[str] | None = None) -> None:
    """The settings of the system as a whole, of which all is said; with ``changed``, only what these are about."""
    check(CONTAINER_RULES + SYSTEM_RULES, system, Surroundings(host=host, of=label(name)), changed)


async def check_boot(policy: Policy, actor: Actor, system: SystemSpec | Definition) -> None:
    """Refuse a kernel or initrd that the actor may not reach, as for disks, or an init: ACCESS_DENIED."""
    policy.check_init(actor, system.init)
    for setting in ("kernel", "initrd"):
        path = getattr(system, setting)
        if path:
            await asyncio.to_thread(policy.check_path, actor, path, setting)


def check_name_free(generation: Generation, host: Host, name: str) -> None:
    """ALREADY_EXISTS when a system of the host has the name."""
    if generation.system_named(host.id, name) is not None:
        raise ModelError(systems_rows.NAME_TAKEN, name, name=name, host=host)


def check_devices(devices: Devices, name: str, host: Host, changed: AbstractSet[str] | None = None) -> None:
    """The devices of one configuration, as far as they concern each other."""
    check(TOGETHER_RULES + FILE_SYSTEM_RULES, devices, Surroundings(host=host, of=label(name)), changed)


def check_left(devices: tuple[DeviceSpec, ...], name: str, host: Host) -> None:
    """What is left of a configuration's devices when others are removed."""
    left = Devices(disks=(), nics=(), others=devices)
    check(FILE_SYSTEM_RULES, left, Surroundings(host=host, of=label(name)))


def check_resource(
    spec: ResourceSpec,
    name: str,
    host: Host,
    macs: Container[str],
    actor: Actor,
    policy: Policy,
    changed: AbstractSet[str] | None = None,
    *,
    beyond_host: bool = False,
) -> None:
    """One allocation, of which all is said; with ``changed``, only what these settings are about."""
    of = f"{label(name)}, {local_id(spec)[:_SHOWN]}"
    around = Surroundings(host=host, of=of, macs=macs, beyond_host=beyond_host)
    if changed is None or "pool" in changed:
        check_pool(spec, around.of, host)
    match spec:
        case ProcessorSpec():
            check(PROCESSOR_RULES, spec, around, changed)
            check(PROCESSOR_TUNING_RULES, spec, around, changed)
        case MemorySpec():
            check(MEMORY_RULES, spec, around, changed)
            check(MEMORY_TUNING_RULES, spec, around, changed)
        case DiskSpec():
            check(DISK_RULES + DISK_TUNING_RULES, spec, around, changed)
        case NicSpec():
            check(NIC_RULES + DIRECT_RULES + BANDWIDTH_RULES, spec, around, changed)
            if changed is None or changed & {"connection", "source", "target", *OF_DIRECT}:
                policy.check_nic(actor, spec)
        case SerialSpec():
            check(SERIAL_PORT_RULES + SERIAL_RULES, spec, around, changed)
            policy.check_serial(actor, spec)
        case DeviceSpec():
            check(DEVICE_RULES + TARGET_RULES, spec, around, changed)
            policy.check_device(actor, spec)


def check_pool(spec: ResourceSpec, of: str, host: Host) -> None:
    """Refuse the name of a pool that is not there, or that has other resources: INVALID_PARAMETER."""
    kind = resource_kind(spec)
    if spec.pool is None or spec.pool == kind:
        return
    names = [pool.name for pool in pools_of(host, lambda _: 0) if pool.kind is kind]
    if spec.pool in names:
        return
    if kind is None:
        return  # what it is was not said, which other rules refuse
    said = pools_rows.NO_SUCH_POOL.said(host=host, name=spec.pool[:_SHOWN], kind=kind.value, names=names)
    raise ModelError(said.within(of), "pool")


def label(name: str) -> str:
    """How messages call a system."""
    return f"Virtual system {name[:_SHOWN]!r}"


# What two changes may want at the same time, by the names of their turns


def name_turn(host_id: str, name: str) -> str:
    return f"name {name!r} on host {host_id}"


def mac_turn(host_id: str, nic: NicSpec) -> str:
    return f"MAC address {nic.mac} on host {host_id}"


def image_turn(host_id: str, path: str) -> str:
    return f"image {path!r} on host {host_id}"
