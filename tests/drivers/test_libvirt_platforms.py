"""What is told of hosts whose hypervisor is not on this machine: by the answers that libvirt gives there."""

from __future__ import annotations

import pytest
from tests.drivers.recorded import RecordedConnection

from openvman.drivers.libvirt.address import parse
from openvman.drivers.libvirt.host import read_host
from openvman.model.allocation import Affinity, DeviceKind, MemoryAllocation, NicAllocation, NicConnection
from openvman.model.capability import offers_of
from openvman.model.host import Host
from openvman.model.system import Firmware


def told(address: str) -> Host:
    return read_host(RecordedConnection(address.partition("+")[0]), parse(address))


@pytest.fixture
def xen() -> Host:
    return told("xen+ssh://root@elsewhere/system")


@pytest.fixture
def containers() -> Host:
    return told("lxc+ssh://root@elsewhere/system")


def test_a_xen_host(xen) -> None:
    assert (xen.hypervisor_name, xen.hypervisor_version, xen.processors) == ("Xen", "4.17.0", 8)
    facts = xen.facts
    assert facts.hypervisors == ("xen",)
    assert (facts.machines, facts.kernel_machines) == (("xenfv", "xenpv"), ("xenpv",))
    assert facts.maximum_processors == 128
    assert facts.disk_buses == ("scsi", "ide", "xen")
    assert facts.nic_models == ("netfront", "e1000", "rtl8139")
    assert facts.firmwares == (Firmware.BIOS,)
    assert facts.device_types[DeviceKind.VIDEO] == ("vga", "cirrus", "xen")
    assert not facts.is_for_containers


def test_what_is_offered_to_xens_guests(xen) -> None:
    offered = {offer.name for offer in offers_of(xen)}
    assert offered == {
        *("pool processor", "pool memory", "pool disk", "pool cdrom", "pool network", "pool serial"),
        *("graphics", "video", "input", "sound", "balloon", "channel", "console", "hostdev", "redirection"),
        *("scsi controller", "usb controller", "virtio-serial controller", "sata controller"),
    }


def test_a_xen_host_has_no_control_groups_and_no_user_mode_networking(xen) -> None:
    facts = xen.facts
    assert (facts.weights, facts.can_limit_processors, facts.can_limit_memory) == (None, False, False)
    assert (facts.affinities, facts.page_sizes, facts.disk_caches) == ((Affinity.NONE,), (), ())
    assert NicConnection.USER not in facts.nic_connections
    assert "link_up" in facts.fixed_live[NicAllocation]


def test_a_host_of_containers(containers) -> None:
    facts = containers.facts
    assert facts.hypervisors == ("lxc",)
    assert facts.is_for_containers
    assert (facts.machines, facts.firmwares, facts.disk_buses, facts.nic_models) == ((), (), (), ())
    assert facts.maximum_processors == 8
    assert not facts.has_serial_ports
    assert facts.nic_connections == (NicConnection.NETWORK, NicConnection.BRIDGE)
    assert (facts.can_limit_processors, facts.can_limit_memory) == (True, False)
    assert "limit" in facts.fixed_live[MemoryAllocation]


def test_containers_and_machines_of_one_computer_are_two_hosts(containers) -> None:
    assert containers.id != "a86768f5-b446-427c-b48f-55065051b713"
    assert told("lxc+ssh://root@elsewhere/system").id == containers.id


def test_what_is_offered_to_containers(containers) -> None:
    offered = {offer.name for offer in offers_of(containers)}
    assert offered == {"pool processor", "pool memory", "pool network", "filesystem", "console"}
