"""What is told of hosts whose hypervisor is not on this machine: by the answers that libvirt gives there."""

from __future__ import annotations

from pathlib import Path

import libvirt
import pytest
from lxml import etree

from openvman.drivers.libvirt.address import parse
from openvman.drivers.libvirt.host import read_host
from openvman.model.allocation import Affinity, DeviceKind, MemoryAllocation, NicAllocation, NicConnection
from openvman.model.capability import offers_of
from openvman.model.host import Host
from openvman.model.system import Firmware

DATA = Path(__file__).parent / "data" / "host"


class NoSupport(libvirt.libvirtError):
    def __init__(self) -> None:
        super().__init__("this function is not supported by the connection driver")

    def get_error_code(self) -> int:
        return libvirt.VIR_ERR_NO_SUPPORT


class Connection:
    """Answers as the file says; what it has no answer for, the hypervisor does not have."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._answers = etree.parse(str(DATA / f"{name}.xml")).getroot()

    def _answer(self, name: str) -> str:
        found = self._answers.find(name)
        if found is None:
            raise NoSupport
        return etree.tostring(found, encoding="unicode")

    def getCapabilities(self) -> str:  # noqa: N802 - libvirt's names
        return self._answer("capabilities")

    def getDomainCapabilities(self, *_asked: object) -> str:  # noqa: N802
        return self._answer("domainCapabilities")

    def getMaxVcpus(self, _kind: str) -> int:  # noqa: N802
        raise NoSupport

    def getInfo(self) -> list[object]:  # noqa: N802
        return ["x86_64", 16384, 8, 2400, 1, 1, 4, 2]

    def getHostname(self) -> str:  # noqa: N802
        return "elsewhere"

    def getType(self) -> str:  # noqa: N802
        return self._name.capitalize()

    def getVersion(self) -> int:  # noqa: N802
        return 4_017_000

    def getLibVersion(self) -> int:  # noqa: N802
        return 9_000_000

    def _none(self, _flags: int) -> list[object]:
        return []

    listAllNetworks = listAllDevices = listAllStoragePools = listAllNWFilters = _none  # noqa: N815


def told(address: str) -> Host:
    return read_host(Connection(address.partition("+")[0]), parse(address))


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
    assert facts.machines == ("xenfv",)
    assert facts.maximum_processors == 128
    assert facts.disk_buses == ("scsi", "ide", "xen")
    assert facts.nic_models == ("netfront", "e1000", "rtl8139")
    assert facts.firmwares == (Firmware.BIOS,)
    assert facts.device_types[DeviceKind.VIDEO] == ("vga", "cirrus", "xen")
    assert not facts.is_for_containers


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
