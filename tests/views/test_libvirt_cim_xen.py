"""libvirt-cim's classes of Xen, over what libvirt tells of a Xen host: read, joined, defined and started.

No test machine has Xen, so the driver's own connection is replaced by one that answers as recorded.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import libvirt
import pytest
from lxml import etree
from tests.broker.conftest import Client
from tests.drivers.recorded import RecordedConnection
from tests.views.conftest import broker_over, path

from openvman.cim.errors import CIMError
from openvman.cim.graph import ClassGraph
from openvman.cim.status import Status
from openvman.cim.values import ClassPath, Instance, InstancePath
from openvman.drivers.libvirt import create, xml
from openvman.views.everything import VIEWS

DATA = Path(__file__).parent / "data"
SCHEMAS = Path("/usr/share/libvirt/schemas")
SERVICE = ClassPath("Xen_VirtualSystemManagementService", "root/virt")
SETTING = "ResourceAllocationSettingData"
GUESTS = {"mill": "xen_hvm", "weir": "xen_pv", "leat": "xen_pvh"}
"""The recorded domains: a whole machine that is active, and two that know Xen."""


@pytest.fixture
def hypervisor(monkeypatch: pytest.MonkeyPatch) -> RecordedConnection:
    recorded = RecordedConnection("xen", GUESTS.values())
    monkeypatch.setattr(libvirt, "openAuth", lambda *_arguments: recorded)
    return recorded


@pytest.fixture
async def client(schema: ClassGraph, tmp_path: Path, hypervisor: RecordedConnection) -> AsyncIterator[Client]:
    driver = create("xen:///system", state=tmp_path, deadline=20.0)
    async with broker_over(schema, tmp_path, driver, VIEWS) as made:
        yield made


def guest(name: str) -> InstancePath:
    return path("Xen_ComputerSystem", CreationClassName="Xen_ComputerSystem", Name=name)


def lines(instance: Instance) -> Iterator[str]:
    keys = ", ".join(f"{name}={value}" for name, value in sorted(instance.path.keys.items()))
    yield f"{instance.class_name} {keys}"
    for name in sorted(instance.properties):
        value = instance.get(name)
        if value is not None and name not in instance.path.keys and name not in VARYING:
            yield f"    {name}: {value}"


VARYING = {"Description", "Caption", "OtherIdentifyingInfo", "Changeset", "Revision"}
"""What tells of the machine that the tests run on, or of the version."""
SHOWN = (
    "ComputerSystem",
    "VirtualSystemSettingData",
    SETTING,
    "LogicalDevice",
    "KVMRedirectionSAP",
    "EnabledLogicalElementCapabilities",
)


async def test_what_is_shown_of_each_kind_of_guest(client, golden) -> None:
    """Every class of guests and of what they have; what is enumerated is what is got."""
    told = []
    for name in SHOWN:
        class_name = f"CIM_{name}" if name == "LogicalDevice" else f"Xen_{name}"
        for found in sorted(await client.paths(class_name), key=str):
            got = await client.get(found)
            assert got.path == found
            told += lines(got)
    golden(DATA / "xen_guests.txt", "\n".join(told) + "\n")


@pytest.mark.parametrize("name", GUESTS)
async def test_a_guest_its_devices_settings_and_pools_are_joined(client, name) -> None:
    """Both ways, and what is found is what is got."""

    async def joined(of: InstancePath, by: str) -> list[InstancePath]:
        found = await client.associators(of, AssocClass=f"Xen_{by}")
        for one in found:
            assert await client.get(one.path) == one
            back = await client.associators(one.path, AssocClass=f"Xen_{by}")
            assert of in [each.path for each in back]
        return [one.path for one in found]

    devices = await joined(guest(name), "SystemDevice")
    [settings] = await joined(guest(name), "SettingsDefineState")
    parts = await joined(settings, "VirtualSystemSettingDataComponent")
    of_devices = set()
    for device in devices:
        [part] = await joined(device, "SettingsDefineState")
        of_devices.add(part)
        [pool] = await joined(device, "ElementAllocatedFromPool")
        assert await joined(part, "ResourceAllocationFromPool") == [pool]
        assert await joined(part, "ElementSettingData") == [part]
    assert of_devices == set(parts)
    assert [each.class_name for each in await joined(guest(name), "HostedDependency")] == ["Xen_HostSystem"]
    assert len(await joined(guest(name), "ElementCapabilities")) == 1


async def test_what_is_enumerated_of_each_class_is_got(client) -> None:
    [family] = [view for view in VIEWS if view.prefix == "Xen"]
    seen = set()
    for declared in family.classes:
        for found in await client.paths(f"Xen_{declared.name}"):
            assert (await client.get(found)).path == found
            seen.add(found.class_name.removeprefix("Xen_"))
    assert seen >= {
        *("HostSystem", "ComputerSystem", "VirtualSystemSettingData", "AllocationCapabilities", "KVMRedirectionSAP"),
        *("ProcessorPool", "MemoryPool", "NetworkPool", "DiskPool", "GraphicsPool", "InputPool", "ControllerPool"),
        *("VirtualSystemManagementService", "VirtualSystemManagementCapabilities", "ConsoleRedirectionService"),
        *("ResourcePoolConfigurationService", "VirtualSystemMigrationService", "VirtualSystemSnapshotService"),
        *(f"{kind}{SETTING}" for kind in ("Proc", "Mem", "Disk", "Net", "Graphics", "Input", "Controller")),
        *("Processor", "Memory", "LogicalDisk", "NetworkPort", "DisplayController", "PointingDevice", "Controller"),
    }


async def test_only_xens_classes_have_instances(client) -> None:
    for name in ("ComputerSystem", "HostSystem", "DiskPool", "VirtualSystemManagementService"):
        assert await client.paths(f"Xen_{name}")
        assert await client.paths(f"KVM_{name}") == await client.paths(f"LXC_{name}") == []
    systems = {each.class_name for each in await client.paths("CIM_ComputerSystem")}
    assert systems == {"Xen_ComputerSystem", "Xen_HostSystem"}


async def test_both_views_agree(client) -> None:
    """Of who is there, in what state, and of which type the guest is."""
    standard = client.within("root/vman")
    shown = {each.get("ElementName"): each for each in await standard.instances("VMAN_ComputerSystem")}
    assert shown.keys() == GUESTS.keys()
    types = {}
    for name, right in shown.items():
        there = await client.get(guest(name))
        assert (there.get("UUID"), there.get("EnabledState")) == (right.get("Name"), right.get("EnabledState"))
        [settings] = await standard.associators(right.path, AssocClass="CIM_SettingsDefineState")
        types[name] = settings.get("VirtualSystemType")
    assert types == {"mill": "DMTF:XEN:HVM", "weir": "DMTF:XEN:PV", "leat": "DMTF:XEN:PV"}


def mof(class_name: str, **values: object) -> str:
    def literal(value: object) -> str:
        return f'"{value}"' if isinstance(value, str) else str(value).lower()

    said = " ".join(f"{name} = {literal(value)};" for name, value in values.items())
    return f"instance of Xen_{class_name} {{ {said} }};"


async def test_a_machine_is_defined(client, hypervisor, golden, tmp_path) -> None:
    image = tmp_path / "images/new.img"
    image.write_bytes(b"\0" * 512)
    made = await client.invoke(
        SERVICE,
        "DefineSystem",
        SystemSettings=mof(
            "VirtualSystemSettingData",
            InstanceID="Xen:new",
            VirtualSystemIdentifier="new",
            VirtualSystemType="Xen",
            isFullVirt=True,
            UUID="5a1c2f0e-71b0-4a7c-9d32-0f6f2b1a7c09",
        ),
        ResourceSettings=(
            mof(f"Proc{SETTING}", ResourceType=3, VirtualQuantity=2),
            mof(f"Mem{SETTING}", ResourceType=4, VirtualQuantity=256, AllocationUnits="MegaBytes"),
            mof(f"Disk{SETTING}", ResourceType=17, VirtualDevice="xvda", Address=str(image)),
            mof(f"Disk{SETTING}", ResourceType=17, VirtualDevice="hdc", EmulatedType=1, Address=""),
            mof(
                f"Net{SETTING}",
                ResourceType=10,
                NetworkType="bridge",
                NetworkName="xenbr0",
                Address="00:16:3e:00:00:09",
            ),
            mof(f"Graphics{SETTING}", ResourceType=24, ResourceSubType="vnc", Address="127.0.0.1:-1"),
            mof(f"Input{SETTING}", ResourceType=13, ResourceSubType="tablet", BusType="usb"),
        ),
    )
    assert made.return_value == 0
    text = hypervisor.lookupByName("new").text
    golden(DATA / "xen_defined.xml", text.replace(str(image), "/images/new.img"))
    valid_domain(text)
    assert (await client.get(guest("new"))).get("EnabledState") == 3


async def test_a_guest_that_knows_xen_is_defined(client, hypervisor, golden) -> None:
    """Through the standard view, which knows kernels; libvirt-cim's shows it then."""
    standard = client.within("root/vman")
    [service] = await standard.paths("VMAN_VirtualSystemManagementService")

    def asked(**more: str) -> str:
        values = {"ElementName": "new", "MachineType": "xenpv", "VirtualSystemType": "DMTF:XEN:PV", **more}
        said = " ".join(f'{name} = "{value}";' for name, value in values.items())
        return f"instance of VMAN_VirtualSystemSettingData {{ {said} }};"

    with pytest.raises(CIMError, match="has no firmware, and starts by a kernel"):
        await standard.invoke(service, "DefineSystem", SystemSettings=asked())
    kernel = {"Kernel": "/srv/boot/vmlinuz", "CommandLine": "console=hvc0"}
    uuid = "5a1c2f0e-71b0-4a7c-9d32-0f6f2b1a7c0a"
    made = await standard.invoke(service, "DefineSystem", SystemSettings=asked(**kernel, VirtualSystemIdentifier=uuid))
    assert made.return_value == 0
    text = hypervisor.lookupByName("new").text
    golden(DATA / "xen_pv_defined.xml", text)
    valid_domain(text)
    settings = await client.get(path("Xen_VirtualSystemSettingData", InstanceID="Xen:new"))
    assert settings.get("Machine") == "xenpv"


async def test_what_is_offered_is_sent_as_libvirt_takes_it(client, hypervisor) -> None:
    """Each default and each choice of what a Xen host says that it gives, in a domain of its own."""
    standard = client.within("root/vman")
    [service] = await standard.paths("VMAN_VirtualSystemManagementService")
    tried, refused = set(), {}
    for capabilities in await standard.paths("VMAN_AllocationCapabilities"):
        offer = capabilities.keys["InstanceID"].split("/")[2]
        settings = await standard.associators(capabilities, AssocClass="CIM_SettingsDefineCapabilities")
        default = next((each for each in settings if each.get("InstanceID").endswith("/default")), None)
        chosen = [each for each in settings if "/supported:" in each.get("InstanceID")]
        for setting in () if default is None else (default, *chosen):
            values = {p.name: p for p in default.properties.values() if p.value is not None}
            values |= {p.name: p for p in setting.properties.values() if p.value is not None}
            asked = Instance.of(setting.class_name, [*values.values()])
            try:
                await standard.invoke(service, "DefineSystem", ResourceSettings=(asked,))
            except CIMError as error:
                refused[setting.get("InstanceID")] = str(error)
                continue
            tried.add(offer)
            try:
                valid_domain(hypervisor.domains[-1].text)
            except etree.DocumentInvalid as error:
                refused[setting.get("InstanceID")] = str(error)
    assert refused == {}
    assert tried >= {"processor", "memory", "disk", "cdrom", "serial", "graphics", "video", "input", "usb-controller"}


def valid_domain(text: str) -> None:
    """By libvirt's own schema, where it is."""
    if SCHEMAS.is_dir():
        etree.RelaxNG(etree.parse(SCHEMAS / "domain.rng")).assertValid(xml.parse(text))


async def test_a_guest_starts_pauses_and_stops(client, hypervisor) -> None:
    for requested, state in ((2, 2), (9, 9), (2, 2), (3, 3)):
        changed = await client.invoke(guest("weir"), "RequestStateChange", RequestedState=requested)
        assert changed.return_value == 0
        assert (await client.get(guest("weir"))).get("EnabledState") == state
    with pytest.raises(CIMError) as refused:
        await client.invoke(guest("mill"), "RequestStateChange", RequestedState=11)
    assert refused.value.status is Status.NOT_SUPPORTED, "Xen cannot reset a guest"
    assert hypervisor.lookupByName("mill").isActive()


async def test_a_guest_is_destroyed(client, hypervisor) -> None:
    for name in GUESTS:
        destroyed = await client.invoke(SERVICE, "DestroySystem", AffectedSystem=guest(name))
        assert destroyed.return_value == 0
    assert hypervisor.listAllDomains() == await client.paths("Xen_ComputerSystem") == []
