"""libvirt-cim's view: names, values, associations, and one truth with the standard view."""

from __future__ import annotations

import re

import pytest
from tests.broker.associations.brute_force import BruteForce, Filters
from tests.broker.associations.questions import ASSOCIATORS, REFERENCES, check
from tests.views.conftest import VIEWS, path

from openvman.cim.errors import CIMError
from openvman.cim.operations import Argument
from openvman.cim.status import Status
from openvman.cim.values import ClassPath, InstancePath
from openvman.model.actor import Role

GUEST = r"vm-0000[1-3]"
MAC = r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}"
NAMES = {
    "KVM_ComputerSystem": GUEST,
    "KVM_EnabledLogicalElementCapabilities": GUEST,
    "KVM_VirtualSystemSettingData": f"KVM:{GUEST}",
    "KVM_HostSystem": "sim-001",
    "KVM_ProcResourceAllocationSettingData": f"{GUEST}/proc",
    "KVM_MemResourceAllocationSettingData": f"{GUEST}/mem",
    "KVM_DiskResourceAllocationSettingData": f"{GUEST}/vda",
    "KVM_NetResourceAllocationSettingData": f"{GUEST}/{MAC}",
    "KVM_GraphicsResourceAllocationSettingData": f"{GUEST}/vnc",
    "KVM_Processor": rf"{GUEST}/\d",
    "KVM_Memory": f"{GUEST}/mem",
    "KVM_LogicalDisk": f"{GUEST}/vda",
    "KVM_NetworkPort": f"{GUEST}/{MAC}",
    "KVM_DisplayController": f"{GUEST}/vnc",
    "KVM_KVMRedirectionSAP": r"-?\d+:(0|-1)",
    "KVM_ProcessorPool": "ProcessorPool/0",
    "KVM_MemoryPool": "MemoryPool/0",
    "KVM_GraphicsPool": "GraphicsPool/0",
    "KVM_InputPool": "InputPool/0",
    "KVM_ControllerPool": "ControllerPool/0",
    "KVM_NetworkPool": "NetworkPool/(0|default|isolated)",
    "KVM_DiskPool": r"DiskPool/(0|\w+)",
    "KVM_AllocationCapabilities": r"\w+Pool/\w+",
    "KVM_VirtualSystemManagementService": "Management Service",
    "KVM_ResourcePoolConfigurationService": "RPCS",
    "KVM_VirtualSystemMigrationService": "MigrationService",
    "KVM_VirtualSystemSnapshotService": "SnapshotService",
    "KVM_ConsoleRedirectionService": "ConsoleRedirectionService",
    "KVM_VirtualSystemManagementCapabilities": "ManagementCapabilities",
    "KVM_VirtualSystemMigrationCapabilities": "MigrationCapabilities",
    "KVM_VirtualSystemMigrationSettingData": "MigrationSettingData",
    "KVM_VirtualSystemSnapshotServiceCapabilities": "SnapshotCapabilities",
    "KVM_ResourcePoolConfigurationCapabilities": "RPCC",
    "KVM_ConsoleRedirectionServiceCapabilities": "ConsoleRedirectionCapabilities",
}
ONE = {name for name, pattern in NAMES.items() if not re.search(r"[\\(\[{]", pattern)}
"""Classes that have exactly one instance."""


AT_TEMPLATES = {
    "KVM_AllocationCapabilities",
    "KVM_VirtualSystemMigrationCapabilities",
    "KVM_VirtualSystemMigrationSettingData",
}


def _name(of: InstancePath) -> str:
    for key in ("InstanceID", "DeviceID", "Name"):
        if key in of.keys:
            return str(of.keys[key])
    raise AssertionError(of)


@pytest.mark.parametrize("class_name", NAMES)
async def test_things_have_libvirt_cims_names(client, class_name):
    paths = [p for p in await client.paths(class_name) if p.class_name == class_name]
    found = [_name(p) for p in paths]
    assert found
    assert [name for name in found if not re.fullmatch(NAMES[class_name], name)] == []
    assert len(found) == 1 or class_name not in ONE
    assert all(p.keys.get("CreationClassName", class_name) == class_name for p in paths)


async def test_every_path_names_the_instance_that_associations_show(client):
    for top in ("CIM_ManagedSystemElement", "CIM_SettingData", "CIM_Capabilities"):
        for one in await client.paths(top):
            whole = await client.get(one)
            assert whole.path == one
            for near in await client.associators(one, AssocClass="KVM_SettingsDefineState"):
                for back in await client.associators(near.path, AssocClass="KVM_SettingsDefineState"):
                    if back.path == one:
                        assert back == whole


async def test_associations_answer_both_ways_what_enumerations_show(client):
    """Templates are told by their pool alone: many have the same path, so they are left out."""
    templates = frozenset({"KVM_SettingsDefineCapabilities"})
    for namespace in ("root/virt", "root/interop"):
        asking = client.within(namespace)
        picture = await BruteForce.of(asking, templates if namespace == "root/virt" else frozenset())
        sources = [p for p in picture.nodes if p.class_name.startswith("KVM_")]
        assert sources
        for source in sources:
            if source.class_name in AT_TEMPLATES:
                continue
            for operation in (ASSOCIATORS[0], REFERENCES[0]):
                await check(asking, picture, source, Filters(), operation)


async def test_the_guest_is_the_antecedent_of_its_host(client):
    """Where libvirt-cim's roles are not the standard's, each view has its own."""
    [link] = [
        i
        for i in await client.instances("KVM_HostedDependency")
        if i.get("Antecedent").keys["Name"] == "vm-00001" and i.class_name == "KVM_HostedDependency"
    ]
    assert link.get("Dependent").class_name == "KVM_HostSystem"
    for right in await client.within("root/vman").instances("VMAN_HostedDependency"):
        if right.class_name == "VMAN_HostedDependency":
            assert right.get("Antecedent").class_name == "VMAN_HostSystem"


async def test_both_views_tell_the_same(client):
    systems = {i.get("ElementName"): i for i in await client.within("root/vman").instances("VMAN_ComputerSystem")}
    guests = await client.instances("KVM_ComputerSystem")
    assert len(guests) == 3
    for guest in guests:
        system = systems[guest.get("Name")]
        assert guest.get("EnabledState") == system.get("EnabledState")
        assert guest.get("UUID") == system.get("Name")
        standard = client.within("root/vman")
        [processors] = await standard.associators(system.path, ResultClass="VMAN_Memory")
        [memory] = await client.associators(guest.path, ResultClass="KVM_Memory")
        for name in ("BlockSize", "NumberOfBlocks", "ConsumableBlocks"):
            assert memory.get(name) == processors.get(name)
        counted = await standard.associators(system.path, ResultClass="CIM_Processor", AssocClass="CIM_SystemDevice")
        assert len(await client.associators(guest.path, ResultClass="KVM_Processor")) == len(counted)
        [settings] = await client.associators(guest.path, ResultClass="KVM_VirtualSystemSettingData")
        [own] = await standard.associators(system.path, AssocClass="VMAN_SettingsDefineState")
        assert settings.get("AutomaticRecoveryAction") == own.get("AutomaticRecoveryAction")
        assert settings.get("Machine") == own.get("MachineType")


async def test_revision_by_which_clients_decide(client):
    [service] = await client.instances("KVM_VirtualSystemManagementService")
    assert service.get("Revision") == "1347"
    assert service.get("Changeset")
    assert service.get("Caption").endswith(" 1.0.0")


async def test_what_may_be_asked_of_pools_in_libvirt_cims_numbers(client):
    counts = {}
    for capabilities in await client.paths("KVM_AllocationCapabilities"):
        rows = await client.associators(capabilities, AssocClass="KVM_SettingsDefineCapabilities")
        counts[capabilities.keys["InstanceID"]] = len(rows)
        points = {row.get("InstanceID") for row in rows}
        assert not points or any("Default" in point for point in points)
    assert counts["ProcessorPool/0"] == counts["MemoryPool/0"] == 4
    assert counts["NetworkPool/default"] == 40
    assert counts["NetworkPool/0"] == 20
    assert counts["DiskPool/0"] == 28
    assert counts["GraphicsPool/0"] == 20
    assert counts["InputPool/0"] == 12
    assert counts["ControllerPool/0"] == 0


async def test_another_hypervisors_family_is_empty(client):
    for class_name in ("LXC_ComputerSystem", "LXC_HostSystem", "LXC_AllocationCapabilities"):
        assert await client.paths(class_name) == []
    assert await client.within("root/interop").paths("LXC_RegisteredProfile") == []


async def test_profiles_in_interop(client):
    interop = client.within("root/interop")
    profiles = await interop.instances("KVM_RegisteredProfile")
    assert len(profiles) == 13
    [first] = [p for p in profiles if p.get("RegisteredName") == "System Virtualization"]
    referenced = await interop.associators(first.path, AssocClass="KVM_ReferencedProfile")
    assert len(referenced) == 12
    assert "DSP1057" in referenced[0].get("InstanceID")
    for profile in profiles:
        assert await interop.associators(profile.path, AssocClass="KVM_ElementConformsToProfile"), profile.path
        assert await interop.associators(profile.path, AssocClass="KVM_ReferencedProfile"), profile.path
    [guest, *_] = await client.paths("KVM_ComputerSystem")
    [of_guest] = await client.associators(guest, AssocClass="KVM_ElementConformsToProfile")
    assert of_guest.path.namespace == "root/interop"
    assert of_guest.get("RegisteredVersion") == "1.0.0a"
    # The standard view's profiles are there as well, and theirs are theirs.
    assert any(p.class_name == "VMAN_RegisteredProfile" for p in await interop.paths("CIM_RegisteredProfile"))


async def test_surplus_keys_are_passed_over_here_and_refused_there(client):
    more = path("KVM_VirtualSystemSettingData", InstanceID="KVM:vm-00001", CreationClassName="x", virt="KVM")
    assert (await client.get(more)).get("ElementName") == "vm-00001"
    [own, *_] = await client.within("root/vman").paths("VMAN_VirtualSystemSettingData")
    surplus = path("VMAN_VirtualSystemSettingData", "root/vman", InstanceID=own.keys["InstanceID"], virt="KVM")
    with pytest.raises(CIMError) as refused:
        await client.within("root/vman").get(surplus)
    assert refused.value.status is Status.INVALID_PARAMETER


# --- methods ----------------------------------------------------------------------------------------------------------

SERVICE = ClassPath("KVM_VirtualSystemManagementService", "root/virt")
SYSTEM = """instance of KVM_VirtualSystemSettingData {{
  InstanceID = "KVM:{0}"; VirtualSystemIdentifier = "{0}"; ElementName = "{0}"; VirtualSystemType = "KVM";
  CreationClassName = "KVM_VirtualSystemSettingData"; isFullVirt = true; BootDevice = "hd"; EnablePAE = false;
}};"""


def setting(kind: str, **values: object) -> str:
    said = "".join(f"{n} = {v if not isinstance(v, str) else chr(34) + v + chr(34)}; " for n, v in values.items())
    return f"instance of KVM_{kind}ResourceAllocationSettingData {{ {said}}};"


def _of_guest(said: str) -> str:
    return f'instance of KVM_VirtualSystemSettingData {{ InstanceID = "KVM:domU1"; {said} }};'


async def define(client, name, *settings):
    return await client.invoke(
        SERVICE,
        "DefineSystem",
        SystemSettings=Argument(SYSTEM.format(name), "string"),
        ResourceSettings=Argument(tuple(settings), "string", is_array=True),
    )


async def test_a_guest_from_mof_text_on_a_class_path(client):
    answer = await define(
        client,
        "domU1",
        setting("Proc", InstanceID="domU1/proc", ResourceType=3, VirtualQuantity=2, nonsense="x"),
        setting("Mem", InstanceID="Default", ResourceType=4, VirtualQuantity=128, AllocationUnits="MegaBytes"),
        setting(
            "Net", ResourceType=10, NetworkType="network", PoolID="NetworkPool/default", Address="00:11:22:33:44:AA"
        ),
        setting("Graphics", ResourceType=24, ResourceSubType="vnc", Address="127.0.0.1:5910"),
        setting("Input", ResourceType=13, ResourceSubType="mouse", BusType="ps2"),
    )
    assert answer.return_value == 0
    assert answer.outputs[0].value == path("KVM_ComputerSystem", CreationClassName="KVM_ComputerSystem", Name="domU1")
    of_guest = path("KVM_VirtualSystemSettingData", InstanceID="KVM:domU1")
    settings = await client.associators(of_guest, AssocClass="KVM_VirtualSystemSettingDataComponent")
    found = {s.get("InstanceID"): s for s in settings}
    assert found["domU1/proc"].get("VirtualQuantity") == 2
    assert found["domU1/mem"].get("VirtualQuantity") == 131072
    assert found["domU1/00:11:22:33:44:aa"].get("PoolID") == "NetworkPool/default"
    assert found["domU1/vnc"].get("Address") == "127.0.0.1:5910"
    [screen] = [p for p in await client.paths("KVM_KVMRedirectionSAP") if p.keys["SystemName"] == "domU1"]
    assert screen.keys["Name"] == "5910:-1"


async def test_states_are_reached_when_the_method_returns(client):
    await define(client, "domU1")
    guest = path("KVM_ComputerSystem", CreationClassName="KVM_ComputerSystem", Name="domU1")
    assert (await client.get(guest)).get("RequestedState") == 0
    for asked, enabled in ((2, 2), (9, 9), (2, 2), (10, 2), (11, 2), (9, 9), (11, 2), (3, 3)):
        answer = await client.invoke(guest, "RequestStateChange", RequestedState=asked)
        assert answer.return_value == 0
        now = await client.get(guest)
        assert (now.get("EnabledState"), now.get("RequestedState")) == (enabled, asked)
    for wrong, status, text in (
        (9, Status.FAILED, "Domain not running"),
        (6, Status.NOT_SUPPORTED, "State not supported"),
    ):
        with pytest.raises(CIMError, match=text) as refused:
            await client.invoke(guest, "RequestStateChange", RequestedState=wrong)
        assert refused.value.status is status


async def test_what_an_active_guest_gets_it_has_after_the_next_start(client):
    await define(client, "domU1")
    guest = path("KVM_ComputerSystem", CreationClassName="KVM_ComputerSystem", Name="domU1")
    settings = path("KVM_VirtualSystemSettingData", InstanceID="KVM:domU1")
    await client.invoke(guest, "RequestStateChange", RequestedState=2)
    new = setting(
        "Net", ResourceType=10, NetworkType="network", PoolID="NetworkPool/default", Address="00:11:22:33:44:cc"
    )
    added = await client.invoke(SERVICE, "AddResourceSettings", AffectedConfiguration=settings, ResourceSettings=(new,))
    reference = path("KVM_NetResourceAllocationSettingData", InstanceID="domU1/00:11:22:33:44:cc")
    assert added.outputs[0].value == (reference,)
    weight = setting("Proc", InstanceID="domU1/proc", ResourceType=3, Weight=77)
    modified = await client.invoke(SERVICE, "ModifyResourceSettings", ResourceSettings=(weight,))
    assert modified.outputs[0].value == (path("KVM_ProcResourceAllocationSettingData", InstanceID="domU1/proc"),)
    await client.invoke(guest, "RequestStateChange", RequestedState=3)
    assert (await client.get(reference)).get("NetworkType") == "network"
    [processors] = modified.outputs[0].value
    assert (await client.get(processors)).get("Weight") == 77
    await client.invoke(guest, "RequestStateChange", RequestedState=2)
    await client.invoke(SERVICE, "RemoveResourceSettings", ResourceSettings=(reference,))
    await client.invoke(guest, "RequestStateChange", RequestedState=3)
    with pytest.raises(CIMError, match=re.escape("(domU1/00:11:22:33:44:cc)")):
        await client.get(reference)


async def test_an_image_is_shared_by_definitions_and_not_by_active_guests(client, images):
    disk = setting("Disk", ResourceType=17, VirtualDevice="vda", Address=str(images / "disk.img"))
    more = disk.replace("vda", "vdb")
    for name in ("domU1", "domU2"):
        await define(client, name, disk)
    await define(client, "domU3")

    async def request(name: str, state: int) -> None:
        guest = path("KVM_ComputerSystem", CreationClassName="KVM_ComputerSystem", Name=name)
        await client.invoke(guest, "RequestStateChange", RequestedState=state)

    async def add() -> int:
        settings = path("KVM_VirtualSystemSettingData", InstanceID="KVM:domU3")
        asked = {"AffectedConfiguration": settings, "ResourceSettings": (more,)}
        return (await client.invoke(SERVICE, "AddResourceSettings", **asked)).return_value

    await request("domU1", 2)
    await request("domU3", 2)
    with pytest.raises(CIMError, match="in use by virtual system 'domU1'"):
        await add()
    await request("domU1", 3)
    assert await add() == 0


async def test_a_definition_may_ask_for_more_memory_than_the_host_has(client):
    await define(client, "domU1")
    memory = path("KVM_MemResourceAllocationSettingData", InstanceID="domU1/mem")
    asked = setting("Mem", InstanceID="domU1/mem", ResourceType=4, VirtualQuantity=2**50, AllocationUnits="Bytes")
    await client.invoke(SERVICE, "ModifyResourceSettings", ResourceSettings=(asked,))
    assert (await client.get(memory)).get("VirtualQuantity") == 2**40
    beyond = asked.replace(str(2**50), str(2**50 + 1024))
    with pytest.raises(CIMError):
        await client.invoke(SERVICE, "ModifyResourceSettings", ResourceSettings=(beyond,))


async def test_a_guest_is_destroyed_with_its_definition(client):
    await define(client, "domU1")
    guest = path("KVM_ComputerSystem", CreationClassName="KVM_ComputerSystem", Name="domU1")
    await client.invoke(guest, "RequestStateChange", RequestedState=2)
    assert (await client.invoke(SERVICE, "DestroySystem", AffectedSystem=guest)).return_value == 0
    assert "domU1" not in {p.keys["Name"] for p in await client.paths("KVM_ComputerSystem")}


async def test_the_settings_of_a_guest_can_be_given_back_whole(client):
    await define(client, "domU1")
    settings = path("KVM_VirtualSystemSettingData", InstanceID="KVM:domU1")
    whole = await client.get(settings)
    answer = await client.invoke(SERVICE, "ModifySystemSettings", SystemSettings=whole)
    assert answer.return_value == 0
    changed = _of_guest("AutomaticRecoveryAction = 3; AutoStart = 1;")
    await client.invoke(SERVICE, "ModifySystemSettings", SystemSettings=changed)
    now = await client.get(settings)
    assert (now.get("AutomaticRecoveryAction"), now.get("AutoStart")) == (3, 1)
    other = _of_guest('UUID = "0f0f6f8b-0d3c-4b7e-9a50-6f2d5f5f0b11";')
    with pytest.raises(CIMError):
        await client.invoke(SERVICE, "ModifySystemSettings", SystemSettings=other)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (("wrong",), "Unable to parse embedded object"),
        (("instance of what ever { dd = 3; //\\ ]&",), "Unable to parse embedded object"),
        ((setting("Net", ResourceType=10, NetworkType="bridge", NetworkName=""),), "Bridge name is empty"),
        ((setting("Net", ResourceType=10, NetworkType="bridge"),), "No Network bridge name specified"),
        ((setting("Net", ResourceType=10, NetworkType="network", PoolID="NetworkPool/nope"),), "Network not found"),
    ],
)
async def test_what_cannot_be_defined_is_error_1_and_nothing_is_defined(client, settings, text):
    with pytest.raises(CIMError, match=text) as refused:
        await define(client, "domU1", *settings)
    assert refused.value.status is Status.FAILED
    assert len(await client.paths("KVM_ComputerSystem")) == 3


SECRET = "pssst"


def screen(**said):
    return setting("Graphics", ResourceType=24, ResourceSubType="vnc", **said)


async def screen_of(client, guest="domU1"):
    instance = await client.get(path("KVM_GraphicsResourceAllocationSettingData", InstanceID=f"{guest}/vnc"))
    return {name: instance.get(name) for name in ("Password", "KeyMap", "Address")}


async def modify_screen(client, **said):
    asked = screen(InstanceID="domU1/vnc", **said)
    service = ClassPath("KVM_VirtualSystemManagementService", "root/virt")
    return await client.invoke(service, "ModifyResourceSettings", ResourceSettings=(asked,))


async def test_a_password_reads_as_a_mask_whatever_it_is(client):
    for guest, said in (("domU1", {"Password": SECRET}), ("domU2", {"Password": "x"}), ("domU3", {"Password": ""})):
        assert (await define(client, guest, screen(**said))).return_value == 0
    masks = [(await screen_of(client, f"domU{n}"))["Password"] for n in (1, 2, 3)]
    assert masks == ["********", "********", None]
    everything = list(await client.instances("CIM_ManagedElement"))
    assert SECRET not in str(everything)


async def test_what_is_read_may_be_written_back(client):
    await define(client, "domU1", screen(Password=SECRET, KeyMap="de"))
    now = await screen_of(client)
    assert now["KeyMap"] == "de"
    assert (await modify_screen(client, **{**now, "KeyMap": "fr"})).return_value == 0
    assert await screen_of(client) == {**now, "KeyMap": "fr"}
    assert (await modify_screen(client, Password="")).return_value == 0
    assert (await screen_of(client))["Password"] is None


@pytest.mark.parametrize(("password", "text"), [("********", "every password reads as"), ("123456789", "8 characters")])
async def test_a_password_that_is_none_is_refused_with_nothing_defined(client, password, text):
    with pytest.raises(CIMError, match=text):
        await define(client, "domU1", screen(Password=password))
    assert "domU1" not in {p.keys["Name"] for p in await client.paths("KVM_ComputerSystem")}


@pytest.mark.parametrize("name", ["Password", "pASSWORD"])
async def test_the_record_of_a_call_does_not_hold_it(client, name):
    """As MOF, and as XML, which may write any letter by its number."""
    mof = f'instance of KVM_GraphicsResourceAllocationSettingData {{ ResourceSubType = "vnc"; {name} = "{SECRET}"; }};'
    spelt = "".join(f"&#{ord(letter)};" for letter in name)
    xml = (
        '<INSTANCE CLASSNAME="KVM_GraphicsResourceAllocationSettingData"><PROPERTY NAME="ResourceSubType" '
        f'TYPE="string"><VALUE>vnc</VALUE></PROPERTY><PROPERTY NAME="{spelt}" TYPE="string"><VALUE>{SECRET}</VALUE>'
        "</PROPERTY></INSTANCE>"
    )
    for guest, asked in (("mof", mof), ("xml", xml)):
        assert (await define(client, guest, asked)).return_value == 0
        assert (await screen_of(client, guest))["Password"] == "********"
    jobs = await client.within("root/vman").instances("CIM_ConcreteJob")
    assert len(jobs) >= 2
    assert SECRET not in str(jobs)
    kept = repr(list(client.inventory.generation.jobs.values()))
    assert kept.count("(not shown)") == 2
    assert SECRET not in kept


async def test_who_may_only_look_changes_nothing(client):
    looking = client.acting(Role.VIEWER)
    assert len(await looking.paths("KVM_ComputerSystem")) == 3
    guest = path("KVM_ComputerSystem", CreationClassName="KVM_ComputerSystem", Name="vm-00001")
    for view in VIEWS[1:]:
        for classmap in view.classes if view.prefix == "KVM" else ():
            for method in classmap.methods:
                target = guest if classmap.name == "ComputerSystem" else ClassPath(f"KVM_{classmap.name}", "root/virt")
                with pytest.raises(CIMError) as refused:
                    await looking.invoke(target, method.name)
                assert refused.value.status is Status.ACCESS_DENIED, method.name


async def test_methods_that_libvirt_cim_has_not(client):
    pools = ClassPath("KVM_ResourcePoolConfigurationService", "root/virt")
    for method, status in (
        ("CreateResourcePool", Status.NOT_SUPPORTED),
        ("RemoveResourcesFromResourcePool", Status.NOT_SUPPORTED),
        ("AddResourcesToResourcePool", Status.FAILED),
    ):
        with pytest.raises(CIMError) as refused:
            await client.invoke(pools, method)
        assert refused.value.status is status
