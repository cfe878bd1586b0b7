"""What libvirt-cim's clients change at a real QEMU host, as they send it: MOF text, class paths, references."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import libvirt
import pytest
import pywbem
from tests.lab import lab

pytestmark = pytest.mark.lab

NETWORK = "<network><name>methods-net</name><bridge name='methods-br'/></network>"
SERVICE = pywbem.CIMClassName("KVM_VirtualSystemManagementService", namespace="root/virt")
NAME = "domU1"
MAC = "00:11:22:33:44:55"
SYSTEM = f"""instance of KVM_VirtualSystemSettingData {{ InstanceID = "KVM:{NAME}"; Caption = "Virtual System";
  Description = "Virtual System"; VirtualSystemIdentifier = "{NAME}"; ElementName = "{NAME}"; VirtualSystemType = "KVM";
  CreationClassName = "KVM_VirtualSystemSettingData"; AutomaticShutdownAction = 2; AutomaticRecoveryAction = 2;
  isFullVirt = true; BootDevice = "hd"; EnablePAE = true; EnableACPI = false; EnableAPIC = false; }};"""


def reference(class_name: str, **keys: str) -> pywbem.CIMInstanceName:
    return pywbem.CIMInstanceName(f"KVM_{class_name}", keys, namespace="root/virt")


GUEST = reference("ComputerSystem", CreationClassName="KVM_ComputerSystem", Name=NAME)
SETTINGS = reference(
    "VirtualSystemSettingData", InstanceID=f"KVM:{NAME}", CreationClassName="KVM_VirtualSystemSettingData"
)


def setting(kind: str, **values: object) -> str:
    def literal(value: object) -> str:
        return f'"{value}"' if isinstance(value, str) else str(value).lower()

    said = " ".join(f"{name} = {literal(value)};" for name, value in values.items())
    return f"instance of KVM_{kind}ResourceAllocationSettingData {{ {said} }};"


def of_guest(kind: str, local: str) -> pywbem.CIMInstanceName:
    return reference(f"{kind}ResourceAllocationSettingData", InstanceID=f"{NAME}/{local}")


def allocated(image: str) -> list[str]:
    return [
        setting("Disk", ResourceType=17, VirtualDevice="vda", InstanceID=f"{NAME}/vda", Address=image, EmulatedType=0),
        setting("Disk", ResourceType=17, VirtualDevice="hdc", EmulatedType=1, Address=""),
        setting("Proc", ResourceType=3, VirtualQuantity=2, InstanceID=f"{NAME}/proc"),
        setting("Mem", ResourceType=4, VirtualQuantity=64, AllocationUnits="MegaBytes", InstanceID=f"{NAME}/mem"),
        setting("Net", ResourceType=10, NetworkType="network", PoolID="NetworkPool/methods-net", Address=MAC),
        setting("Graphics", ResourceType=24, ResourceSubType="vnc", KeyMap="en-us", IsIPv6Only=False),
        setting("Input", ResourceType=13, ResourceSubType="mouse", BusType="ps2"),
        setting("Controller", ResourceType=32771, ResourceSubType="pci", Index=0, Model="pci-root"),
    ]


@pytest.fixture(scope="module")
def place(private_host: lab.PrivateHost) -> Iterator[Any]:
    """A connection to the host itself, with a network; and a folder with images of guests."""
    connection = libvirt.open(private_host.libvirt_uri)
    network = connection.networkCreateXML(NETWORK)
    folder = private_host.images / "methods"
    folder.mkdir()
    first = lab.boot_sector_image(folder, name="one.img")
    shutil.copy(first, folder / "two.img")
    yield connection, folder
    network.destroy()
    connection.close()


@pytest.fixture
def conn(place, on_qemu) -> Iterator[pywbem.WBEMConnection]:
    """Of a client; its guest is gone afterwards."""
    connection = on_qemu.connection("root/virt")
    yield connection
    connection.close()
    for domain in place[0].listAllDomains():
        if domain.name() == NAME:
            if domain.isActive():
                domain.destroy()
            domain.undefine()


@pytest.fixture
def guest(conn, place) -> libvirt.virDomain:
    """The guest as libvirt has it, once it was defined."""
    _connection, folder = place
    change(conn, "DefineSystem", SystemSettings=SYSTEM, ResourceSettings=allocated(str(folder / "one.img")))
    return place[0].lookupByName(NAME)


def change(conn, method: str, **parameters: Any) -> dict[str, Any]:
    code, told = conn.InvokeMethod(method, SERVICE, **parameters)
    assert code == 0
    return dict(told)


def request(conn, state: int) -> None:
    never = pywbem.CIMDateTime("00000000000000.000000:000")
    code, _ = conn.InvokeMethod("RequestStateChange", GUEST, RequestedState=pywbem.Uint16(state), TimeoutPeriod=never)
    assert code == 0


def test_a_definition_is_libvirts(conn, guest):
    xml = guest.XMLDesc()
    assert "<pae/>" in xml
    assert "<acpi/>" not in xml
    assert "machine='pc-" in xml
    assert f"<mac address='{MAC}'/>" in xml
    assert guest.maxMemory() == 65536
    for kind, local, expected in (
        ("Proc", "proc", {"VirtualQuantity": 2}),
        ("Mem", "mem", {"VirtualQuantity": 65536, "AllocationUnits": "KiloBytes"}),
        ("Disk", "vda", {"EmulatedType": 0, "BusType": "virtio", "VirtualQuantity": 1 << 20}),
        ("Disk", "hdc", {"EmulatedType": 1, "BusType": "ide", "Address": ""}),
        ("Net", MAC, {"NetworkType": "network", "PoolID": "NetworkPool/methods-net"}),
        ("Graphics", "vnc", {"Address": "127.0.0.1:-1"}),
        ("Input", "mouse:ps2", {"BusType": "ps2"}),
        ("Controller", "controller:pci:0", {"Model": "pci-root"}),
    ):
        found = conn.GetInstance(of_guest(kind, local))
        assert {name: found[name] for name in expected} == expected


def test_states(conn, guest):
    for asked, enabled, active in (
        (2, 2, True),
        (9, 9, True),
        (2, 2, True),
        (10, 2, True),
        (11, 2, True),
        (3, 3, False),
    ):
        request(conn, asked)
        now = conn.GetInstance(GUEST)
        assert (now["EnabledState"], now["RequestedState"], bool(guest.isActive())) == (enabled, asked, active)


def test_a_start_that_fails_says_what_libvirt_says(conn, guest, place):
    _connection, folder = place
    (folder / "one.img").rename(folder / "away.img")
    try:
        with pytest.raises(pywbem.CIMError, match=r"Unable to start domain: .*one\.img") as refused:
            request(conn, 2)
    finally:
        (folder / "away.img").rename(folder / "one.img")
    assert refused.value.status_code == pywbem.CIM_ERR_FAILED


def test_allocations_are_modified(conn, guest, place):
    _connection, folder = place
    for asked, kind, local, expected in (
        (setting("Proc", InstanceID=f"{NAME}/proc", ResourceType=3, VirtualQuantity=1), "Proc", "proc", 1),
        (setting("Mem", InstanceID=f"{NAME}/mem", ResourceType=4, VirtualQuantity=32768), "Mem", "mem", 32768),
    ):
        told = change(conn, "ModifyResourceSettings", ResourceSettings=[asked])
        assert told["ResultingResourceSettings"] == [of_guest(kind, local)]
        assert conn.GetInstance(of_guest(kind, local))["VirtualQuantity"] == expected
    more = setting("Mem", InstanceID=f"{NAME}/mem", VirtualQuantity=131072, AllocationUnits="MegaBytes")
    change(conn, "ModifyResourceSettings", ResourceSettings=[more])
    assert guest.maxMemory() == 131072 * 1024  # which the host need not have
    new = "00:11:22:33:44:66"
    asked = setting("Net", InstanceID=f"{NAME}/{MAC}", ResourceType=10, NetworkType="network", Address=new)
    told = change(conn, "ModifyResourceSettings", ResourceSettings=[asked])
    assert told["ResultingResourceSettings"] == [of_guest("Net", new)]
    two = str(folder / "two.img")
    change(conn, "ModifyResourceSettings", ResourceSettings=[setting("Disk", InstanceID=f"{NAME}/vda", Address=two)])
    assert two in guest.XMLDesc()


def test_a_medium_changes_while_the_guest_runs_and_while_not(conn, guest, place):
    _connection, folder = place
    two = str(folder / "two.img")
    for state in (2, 3):
        request(conn, state)
        for address in (two, ""):
            medium = setting("Disk", InstanceID=f"{NAME}/hdc", ResourceType=17, EmulatedType=1, Address=address)
            change(conn, "ModifyResourceSettings", ResourceSettings=[medium])
            assert conn.GetInstance(of_guest("Disk", "hdc"))["Address"] == address


def test_devices_come_and_go_now_and_for_good(conn, guest, place):
    _connection, folder = place
    # Without ACPI nothing can be plugged into a machine of this type.
    change(conn, "ModifySystemSettings", SystemSettings=SYSTEM.replace("EnableACPI = false", "EnableACPI = true"))
    request(conn, 2)
    more = "00:11:22:33:44:77"
    for kind, local, asked in (
        ("Net", more, setting("Net", ResourceType=10, NetworkType="bridge", NetworkName="methods-br", Address=more)),
        ("Disk", "vdb", setting("Disk", ResourceType=17, VirtualDevice="vdb", Address=str(folder / "two.img"))),
    ):
        told = change(conn, "AddResourceSettings", AffectedConfiguration=SETTINGS, ResourceSettings=[asked])
        assert told["ResultingResourceSettings"] == [of_guest(kind, local)]
    active, defined = guest.XMLDesc(), guest.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    assert more in active
    assert more in defined
    assert "two.img" in defined
    request(conn, 3)
    gone = [of_guest("Net", more), of_guest("Disk", "vdb"), of_guest("Graphics", "vnc")]
    for one in (*gone, of_guest("Controller", "controller:pci:0"), of_guest("Controller", "controller:usb:0")):
        change(conn, "RemoveResourceSettings", ResourceSettings=[one])
    for one in gone:
        with pytest.raises(pywbem.CIMError, match="No such instance"):
            conn.GetInstance(one)


def test_the_settings_of_the_whole(conn, guest):
    whole = conn.GetInstance(SETTINGS)
    known = {name: each for name, each in whole.properties.items() if each.value is not None}
    changed = pywbem.CIMInstance(whole.classname, known)
    changed["AutoStart"] = pywbem.Uint16(1)
    changed["AutomaticRecoveryAction"] = pywbem.Uint16(3)
    change(conn, "ModifySystemSettings", SystemSettings=changed)
    assert guest.autostart() == 1
    assert "<on_crash>restart</on_crash>" in guest.XMLDesc()
    now = conn.GetInstance(SETTINGS)
    assert (now["AutoStart"], now["AutomaticRecoveryAction"]) == (1, 3)
    change(conn, "ModifySystemSettings", SystemSettings=SYSTEM.replace("EnableACPI = false", "EnableACPI = true"))
    assert "<acpi/>" in guest.XMLDesc()


def test_templates_are_given_back_as_they_are(conn, place):
    """What clients do: take the defaults of the pools, change a little, and define."""
    defaults = []
    for pool in ("ProcessorPool/0", "MemoryPool/0", "NetworkPool/methods-net"):
        capabilities = reference("AllocationCapabilities", InstanceID=pool)
        rows = conn.Associators(capabilities, AssocClass="KVM_SettingsDefineCapabilities")
        defaults.append(next(row for row in rows if row["InstanceID"] == "Default"))
    texts = [row.tomof() for row in defaults]
    texts = ["\n".join(line for line in text.splitlines() if "NULL" not in line) for text in texts]
    memory = texts[1].replace("262144", "65536")
    change(conn, "DefineSystem", SystemSettings=SYSTEM, ResourceSettings=[texts[0], memory, texts[2]])
    assert conn.GetInstance(of_guest("Mem", "mem"))["VirtualQuantity"] == 65536
