"""A fleet from counts: the same address always gives the same hosts and systems."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final
from uuid import UUID, uuid5

from openvman.drivers.simulated.address import Fleet
from openvman.drivers.simulated.configure import FACTS, HYPERVISOR, activated, configure, own_mac
from openvman.drivers.simulated.hypervisor import Hypervisor
from openvman.drivers.simulated.images import FOLDER
from openvman.drivers.simulated.networks import first_filters, first_networks
from openvman.drivers.simulated.storage import first_pool
from openvman.model.allocation import DeviceKind, DiskKind, NicConnection
from openvman.model.defaults import NETWORK
from openvman.model.host import Attachment, Controller, ControllerKind, Host, PassableDevice, Port
from openvman.model.spec import Definition, DeviceSpec, DiskSpec, MemorySpec, NicSpec, ProcessorSpec
from openvman.model.states import State
from openvman.model.system import BootDevice, OnCrash, VirtualSystem

_NAMESPACE: Final = UUID("7c1f8a52-92b4-5d0e-8f0a-6d2a61f4c3b7")
_GIB: Final = 1 << 30
_SIZES: Final = ((1, 1, 8), (1, 2, 20), (2, 4, 40), (4, 8, 80))
"""Processors, GiB of memory and GiB of disk of the kinds of systems in a fleet."""

_DEVICES: Final = (
    PassableDevice(
        attachment=Attachment.PCI,
        address="0000:41:00.0",
        vendor=0x1AF4,
        product=0x1050,
        vendor_name="Red Hat, Inc.",
        product_name="Virtio 1.0 GPU",
    ),
    PassableDevice(
        attachment=Attachment.PCI,
        address="0000:42:00.1",
        vendor=0x8086,
        product=0x10CA,
        vendor_name="Intel Corporation",
        product_name="82576 Virtual Function",
    ),
    PassableDevice(
        attachment=Attachment.USB,
        address="001/004",
        vendor=0x0627,
        product=0x0001,
        vendor_name="Adomax Technology Co., Ltd",
        product_name="QEMU Tablet",
    ),
)
"""What every simulated host has to pass through."""
_MAKER: Final = "Simulated Works"
_CONTROLLERS: Final = (
    Controller(name="0000:00:00.0", kind=ControllerKind.PCI, vendor_name=_MAKER, product_name="Host Bridge"),
    Controller(name="0000:00:01.1", kind=ControllerKind.IDE, vendor_name=_MAKER, product_name="PIIX4 IDE"),
    Controller(name="0000:00:1d.0", kind=ControllerKind.USB, vendor_name=_MAKER, product_name="UHCI", interface=0),
    Controller(name="0000:00:1d.7", kind=ControllerKind.USB, vendor_name=_MAKER, product_name="EHCI", interface=0x20),
    Controller(name="0000:00:1f.2", kind=ControllerKind.SATA, vendor_name=_MAKER, product_name="AHCI Controller"),
    Controller(name="0000:03:00.0", kind=ControllerKind.NVME, vendor_name=_MAKER, product_name="NVMe SSD"),
    Controller(
        name="0000:41:00.0", kind=ControllerKind.DISPLAY, vendor_name="Red Hat, Inc.", product_name="Virtio 1.0 GPU"
    ),
    Controller(name="0000:51:00.0", kind=ControllerKind.SAS, vendor_name=_MAKER, product_name="SAS3008"),
    Controller(name="scsi_host7", kind=ControllerKind.SCSI),
)
"""What every simulated host's devices are attached to."""


def populate(hypervisor: Hypervisor, fleet: Fleet) -> None:
    """Fill an empty hypervisor."""
    random = Random(fleet.seed)  # noqa: S311 - sizes and states of a pretended fleet
    for number in range(1, fleet.hosts + 1):
        host_id = _id(fleet, f"host {number}")
        sizes = [random.choice(_SIZES) for _ in range(fleet.vms)]
        needed = sum(memory for _, memory, _ in sizes) * _GIB
        hypervisor.add_host(
            Host(
                id=host_id,
                name=f"{fleet.name or 'sim'}-{number:03d}",
                platform=fleet.uri,
                hypervisor_name=HYPERVISOR,
                hypervisor_version="1.0.0",
                processors=fleet.processors,
                processor_model="Simulated",
                processor_mhz=2000,
                memory=fleet.memory if fleet.memory is not None else max(64 * _GIB, 2 * needed),
                facts=FACTS,
                networks=first_networks(host_id),
                filters=first_filters(host_id),
                processor_maximum_mhz=3000,
                ports=tuple(_ports(host_id)),
                interfaces=tuple(port.name for port in _ports(host_id)),
                devices=_DEVICES,
                controllers=_CONTROLLERS,
                storage=(first_pool(host_id),),
            )
        )
        hypervisor.adopt(_systems(hypervisor, fleet, number, host_id, sizes, random))


def _ports(host_id: str) -> Iterator[Port]:
    """One with a link and one without."""
    for number, up in enumerate((True, False)):
        yield Port(name=f"eth{number}", mac=own_mac(host_id, number), speed=10**10 if up else None, up=up)


def _systems(
    hypervisor: Hypervisor, fleet: Fleet, number: int, host_id: str, sizes: list[tuple[int, int, int]], random: Random
) -> Iterator[VirtualSystem]:
    states = _states(fleet, random)
    free = hypervisor.hosts[host_id].memory
    for index, (processors, memory, disk) in enumerate(sizes):
        serial = (number - 1) * fleet.vms + index + 1
        name = f"vm-{serial:05d}"
        path = f"{FOLDER}/{name}.qcow2"
        hypervisor.images.add(host_id, path, "qcow2", disk * _GIB)
        definition = _definition(_id(fleet, f"system {serial}"), host_id, name, processors, memory, path)
        defined = configure(definition, lambda path: hypervisor.images.capacity(host_id, path))
        state = states[index]
        runs = state in (State.ACTIVE, State.PAUSED)
        if runs and memory * _GIB > free:
            state, runs = State.DEFINED, False  # the address gives the host less memory than the share would need
        free -= memory * _GIB if runs else 0
        yield VirtualSystem(
            id=definition.id,
            host_id=host_id,
            name=name,
            state=state,
            defined=defined,
            current=activated(defined) if runs else None,
            description=definition.description,
        )


def _states(fleet: Fleet, random: Random) -> list[State]:
    """One state for each system of a host, in the shares that the address asks for."""
    states: list[State] = []
    shares = ((State.ACTIVE, fleet.active), (State.PAUSED, fleet.paused), (State.SUSPENDED, fleet.suspended))
    for state, share in shares:
        states += [state] * round(share * fleet.vms)
    states = states[: fleet.vms] + [State.DEFINED] * (fleet.vms - len(states))
    random.shuffle(states)
    return states


def _definition(system_id: str, host_id: str, name: str, processors: int, memory: int, path: str) -> Definition:
    return Definition(
        id=system_id,
        host_id=host_id,
        name=name,
        hypervisor=HYPERVISOR,
        description=None,
        autostart=False,
        on_crash=OnCrash.DESTROY,
        machine=FACTS.machines[0],
        processor=ProcessorSpec(count=processors, maximum=processors * 2),
        memory=MemorySpec(size=memory * _GIB, maximum=memory * _GIB * 2),
        disks=(DiskSpec(target="vda", kind=DiskKind.DISK, bus="virtio", source=path, format="qcow2", read_only=False),),
        boot_order=(BootDevice.DISK, BootDevice.NETWORK),
        devices=(
            DeviceSpec(kind=DeviceKind.GRAPHICS, type="vnc", address="127.0.0.1"),
            DeviceSpec(kind=DeviceKind.VIDEO, type="virtio"),
        ),
        nics=(NicSpec(mac=own_mac(system_id, 0), model="virtio", connection=NicConnection.NETWORK, source=NETWORK),),
    )


def _id(fleet: Fleet, what: str) -> str:
    return str(uuid5(_NAMESPACE, f"{fleet.name}/{fleet.seed}/{what}"))
