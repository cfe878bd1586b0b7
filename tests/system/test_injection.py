"""Strings that reach libvirt's XML, qemu-img and the host's files: they stay what they are, or are refused."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import libvirt
import pytest
import pywbem

pytestmark = pytest.mark.lab

INVALID = pywbem.CIM_ERR_INVALID_PARAMETER
NASTY = {
    "markup": "a</name><uuid>x</uuid><name>b",
    "command line": """x"/><qemu:commandline><qemu:arg value='-S'/></qemu:commandline><x a=\"""",
    "entity": "&lt;&xxe;&#0;",
    "CDATA": "]]><![CDATA[<evil/>",
    "comment": "<!-- a -- b -->",
    "instruction": "<?xml version='1.0'?>",
    "quotes": """a'b"c`d""",
    "shell": "$(id);`id`|id&&id ${HOME} %s {0} {v.host}",
    "options": "a,readonly=on,file=b,,c=d",
    "wide": "é ключ 机器 \U0001f600 \u202e",
}
CONTROLS = {
    "NUL-like": "\u0001",
    "newline": "a\nb",
    "return": "a\rb",
    "tab": "a\tb",
    "C1": "a\u0085b",
    "line": "a\u2028b",
}


@pytest.fixture
def server(on_qemu, hypervisor):
    """The domains that a failed test leaves are gone afterwards."""
    yield on_qemu
    assert on_qemu.mishaps() == []


@pytest.fixture
def manager(server):
    with server.manager() as connected:
        yield connected


def _xml(hypervisor, system):
    return ET.fromstring(hypervisor.lookupByUUIDString(system["Name"]).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))


def test_names_and_descriptions_come_back_as_they_were_sent(manager, hypervisor):
    for text in NASTY.values():
        name = text.replace("/", "|")
        system = manager.define(name, Description=text)
        xml = _xml(hypervisor, system)
        assert xml.findtext("name") == name
        assert xml.findtext("description") == text
        assert {child.tag for child in xml} <= PLAIN
        shown = manager.systems()[system["Name"]]
        assert (shown["ElementName"], shown["Description"]) == (name, text)
        [setting] = manager.conn.Associators(system, AssocClass="CIM_SettingsDefineState")
        setting["ElementName"], setting["Description"] = f"{name} 2", f"{text} 2"
        manager.conn.ModifyInstance(setting, PropertyList=["ElementName", "Description"])
        xml = _xml(hypervisor, system)
        assert (xml.findtext("name"), xml.findtext("description")) == (f"{name} 2", f"{text} 2")
        assert {child.tag for child in xml} <= PLAIN
        assert manager.destroy(system) == 0


PLAIN = {"name", "uuid", "description", "memory", "currentMemory", "vcpu", "os", "features", "cpu", "clock", "devices"}
PLAIN |= {"on_poweroff", "on_reboot", "on_crash"}
"""What stands in a ``<domain>`` that was made here."""


def test_paths_come_back_as_they_were_sent(manager, hypervisor, server):
    for number, text in enumerate(NASTY.values()):
        name = f"{text.replace('/', '|')}.img"
        (server.images / name).write_bytes(bytes(512))
        made = f"made {name}"
        system = manager.define(
            f"path-{number}",
            manager.disk(name),
            manager.disk(made, VirtualQuantity=2**20, VirtualQuantityUnits="byte"),
        )
        disks = _xml(hypervisor, system).findall("devices/disk")
        assert [disk.find("source").attrib for disk in disks] == [
            {"file": str(server.images / name)},
            {"file": str(server.images / made)},
        ]
        assert {disk.find("driver").get("type") for disk in disks} == {"raw"}
        assert (server.images / made).stat().st_size == 2**20


@pytest.mark.parametrize("text", CONTROLS.values(), ids=CONTROLS.keys())
def test_control_characters_are_refused_wherever_they_come(manager, hypervisor, server, text):
    """As MOF, which can say characters that XML cannot."""
    escaped = "".join(f"\\x{ord(character):04X}" if not character.isprintable() else character for character in text)

    def settings(class_name, **values):
        body = "".join(f"{name} = {value};\n" for name, value in values.items())
        return f"instance of {class_name} {{\n{body}}};"

    images, quoted = sorted(server.images.iterdir()), f'"{escaped}"'
    disk, nic = "VMAN_StorageAllocationSettingData", "VMAN_EthernetPortAllocationSettingData"
    attempts = [
        ({"ElementName": quoted}, []),
        ({"VirtualSystemIdentifier": quoted}, []),
        ({"VirtualSystemType": quoted}, []),
        ({}, [settings(disk, HostResource="{" + quoted + "}")]),
        ({}, [settings(disk, HostResource=f'{{"{server.images}/{escaped}"}}', VirtualQuantity=1048576)]),
        ({}, [settings(disk, AddressOnParent=quoted, VirtualQuantity=1048576)]),
        ({}, [settings(disk, ResourceSubType=quoted, VirtualQuantity=1048576)]),
        ({}, [settings(nic, Connection=f'{{"network:{escaped}"}}')]),
        ({}, [settings(nic, Connection=f'{{"bridge:{escaped}"}}')]),
        ({}, [settings(nic, Connection='{"user"}', Address=quoted)]),
        ({}, [settings(nic, Connection='{"user"}', ResourceSubType=quoted)]),
    ]
    for system, resources in attempts:
        with pytest.raises(pywbem.CIMError) as caught:
            manager.conn.InvokeMethod(
                "DefineSystem",
                manager.service,
                SystemSettings=settings("VMAN_VirtualSystemSettingData", **system),
                ResourceSettings=resources or None,
            )
        assert caught.value.status_code in {INVALID, pywbem.CIM_ERR_NOT_FOUND}, (system, resources)
    assert hypervisor.listAllDomains() == []
    assert sorted(server.images.iterdir()) == images


def test_a_description_may_have_lines_and_no_other_control(manager, hypervisor):
    system = manager.define("described", Description="one\ttab\nnext line\n")
    assert _xml(hypervisor, system).findtext("description") == "one\ttab\nnext line\n"
    for text in ("a\u0001b", "a\u001bb", "a\u0085b", "a\ufffeb"):
        escaped = "".join(f"\\x{ord(c):04X}" for c in text)
        with pytest.raises(pywbem.CIMError) as caught:
            manager.conn.InvokeMethod(
                "DefineSystem",
                manager.service,
                SystemSettings=f'instance of VMAN_VirtualSystemSettingData {{ Description = "{escaped}"; }};',
            )
        assert caught.value.status_code == INVALID, text
    assert manager.names() == ["described"]


def test_the_line_ends_of_other_systems_become_ours(manager, hypervisor):
    manager.conn.InvokeMethod(
        "DefineSystem",
        manager.service,
        SystemSettings=r'instance of VMAN_VirtualSystemSettingData { Description = "one\r\ntwo\rthree"; };',
    )
    [system] = manager.systems().values()
    assert system["Description"] == "one\ntwo\nthree"
    assert _xml(hypervisor, system.path).findtext("description") == "one\ntwo\nthree"


def test_names_that_no_system_may_have(manager, hypervisor):
    names = ["", " ", " a", "a ", ".", "..", "../a", "/etc/passwd", "a/b", "-a", "--help", "a" * 201, "é" * 101]
    for name in names:
        with pytest.raises(pywbem.CIMError) as caught:
            manager.define(name, manager.disk(VirtualQuantity=2**20, VirtualQuantityUnits="byte"))
        assert caught.value.status_code == INVALID, name
    assert hypervisor.listAllDomains() == []


def test_the_longest_name_works_in_every_state(manager, server):
    """The hypervisor makes file names of it: sockets, saved memory, logs."""
    name = "é" * 100
    system = manager.define(name, manager.disk(VirtualQuantity=2**20, VirtualQuantityUnits="byte"))
    for state in (2, 6, 2, 3):
        assert manager.request(system, state) == 0
    assert manager.destroy(system) == 0
    assert [path.stat().st_size for path in server.images.iterdir() if name in path.name] != []


def test_addresses_and_models_are_checked(manager, hypervisor):
    attempts = [
        manager.nic(Connection=["user"], Address='52:54:00:00:00:01"/><x y="'),
        manager.nic(Connection=["user"], Address="52:54:00:00:00"),
        manager.nic(Connection=["user"], Address="01:00:5e:00:00:01"),
        manager.nic(Connection=["user"], ResourceSubType="virtio'/><x y='"),
        manager.nic(Connection=["user:x"]),
        manager.nic(Connection=["bridge:br0'/><x y='"]),
        manager.nic(Connection=["network:x'/><x y='"]),
        manager.nic(Connection=["hostdev:0000:00:00.0"]),
        manager.nic(Connection=["user", "user"]),
        manager.disk(AddressOnParent="vda'/><x y='", VirtualQuantity=2**20, VirtualQuantityUnits="byte"),
        manager.disk(ResourceSubType="virtio'/><x y='", VirtualQuantity=2**20, VirtualQuantityUnits="byte"),
    ]
    for number, attempt in enumerate(attempts):
        with pytest.raises(pywbem.CIMError) as caught:
            manager.define(f"attempt-{number}", attempt)
        assert caught.value.status_code in {INVALID, pywbem.CIM_ERR_NOT_FOUND, pywbem.CIM_ERR_NOT_SUPPORTED}, attempt
    assert hypervisor.listAllDomains() == []
