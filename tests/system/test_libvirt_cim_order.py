"""The order of what libvirt-cim's clients are shown of several guests: clients compare one list with another."""

from __future__ import annotations

from collections.abc import Iterator

import libvirt
import pytest
import pywbem
from tests.lab import lab

pytestmark = pytest.mark.lab

NAMES = ("kiwi", "apple", "plum", "fig", "cherry", "banana")
DOMAIN = """<domain type='qemu'><name>{name}</name><memory unit='MiB'>16</memory><vcpu>2</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices><graphics type='vnc' autoport='yes'/><input type='tablet' bus='usb'/></devices></domain>"""
AFFECTED = ("KVM_ComputerSystem", "KVM_PointingDevice", "KVM_DisplayController")
JOINED = (
    ("KVM_HostSystem", "KVM_HostedDependency", ("KVM_ComputerSystem",)),
    ("KVM_HostSystem", "KVM_HostedAccessPoint", ("KVM_KVMRedirectionSAP",)),
    ("KVM_ConsoleRedirectionService", "KVM_ServiceAffectsElement", AFFECTED),
    ("KVM_ProcessorPool", "KVM_ElementAllocatedFromPool", ("KVM_Processor",)),
    ("KVM_InputPool", "KVM_ResourceAllocationFromPool", ("KVM_InputResourceAllocationSettingData",)),
    ("KVM_MemoryPool", "KVM_ResourceAllocationFromPool", ("KVM_MemResourceAllocationSettingData",)),
)


@pytest.fixture
def host(private_host: lab.PrivateHost) -> Iterator[libvirt.virConnect]:
    """Other guests that are there are there for all tests, and in the order as well."""
    connection = libvirt.open(private_host.libvirt_uri)
    yield connection
    for domain in connection.listAllDomains():
        if domain.name() in NAMES:
            if domain.isActive():
                domain.destroy()
            domain.undefine()
    connection.close()


@pytest.fixture
def conn(host, on_qemu) -> Iterator[pywbem.WBEMConnection]:
    connection = on_qemu.connection("root/virt")
    yield connection
    connection.close()


def shown(path: pywbem.CIMInstanceName) -> tuple[str, ...]:
    """The path without what only the one or the other answer says of its place."""
    return path.classname, *sorted(map(str, path.keybindings.values()))


def check_orders(conn) -> None:
    for class_name, association, far in JOINED:
        [near] = conn.EnumerateInstanceNames(class_name)
        joined = [shown(path) for path in conn.AssociatorNames(near, AssocClass=association)]
        assert joined == [shown(one.path) for one in conn.Associators(near, AssocClass=association)]
        for each in far:
            there = [shown(path) for path in conn.EnumerateInstanceNames(each)]
            assert len(there) >= len(NAMES) - 1
            assert [one for one in joined if one[0] == each] == there, (association, each)
            assert [shown(one.path) for one in conn.EnumerateInstances(each)] == there
    [service] = conn.EnumerateInstanceNames("KVM_ConsoleRedirectionService")
    of_guests: dict[str, list[str]] = {}
    for path in conn.AssociatorNames(service, AssocClass="KVM_ServiceAffectsElement"):
        of_guests.setdefault(path.get("SystemName") or path["Name"], []).append(path.classname)
    for classes in of_guests.values():
        assert classes == sorted(classes, key=AFFECTED.index)


def test_guests_are_in_one_order_whatever_happened_to_them(conn, host):
    for name in NAMES:
        host.defineXML(DOMAIN.format(name=name))
    check_orders(conn)
    host.lookupByName("fig").create()
    check_orders(conn)
    host.lookupByName("apple").undefine()
    check_orders(conn)
    host.defineXML(DOMAIN.format(name="apple"))
    host.lookupByName("plum").rename("zucchini")
    host.lookupByName("zucchini").rename("plum")
    check_orders(conn)
    guests = [path["Name"] for path in conn.EnumerateInstanceNames("KVM_ComputerSystem")]
    assert [name for name in guests if name in NAMES] == sorted(NAMES)
