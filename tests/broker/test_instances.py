"""Reads of instances and associations through the broker."""

from __future__ import annotations

import pytest

from openvman.cim.errors import CIMError
from openvman.cim.names import NameMap
from openvman.cim.status import Status
from openvman.cim.values import ClassPath, InstancePath
from openvman.model.states import State


async def test_every_system_is_enumerated_once_with_its_own_identity(client):
    systems = await client.instances("VMAN_ComputerSystem")
    assert {i.get("Name") for i in systems} == set(client.inventory.generation.systems)
    assert {i.class_name for i in systems} == {"VMAN_ComputerSystem"}


async def test_a_base_class_gives_hosts_and_systems_under_their_own_classes(client):
    found = await client.paths("CIM_ComputerSystem")
    assert {p.class_name for p in found} == {"VMAN_HostSystem", "VMAN_ComputerSystem"}
    assert len(found) == 2 + 6


async def test_each_enumerated_path_can_be_got_and_gives_the_same_instance(client):
    for instance in await client.instances("CIM_ManagedElement"):
        assert instance.path is not None
        assert await client.get(instance.path) == instance


async def test_state_is_shown_as_enabled_state(client):
    expected = {State.ACTIVE: 2, State.DEFINED: 3, State.PAUSED: 9, State.SUSPENDED: 6}
    systems = client.inventory.generation.systems
    shown = {i.get("Name"): i.get("EnabledState") for i in await client.instances("VMAN_ComputerSystem")}
    assert shown == {i: expected[s.state] for i, s in systems.items()}
    assert set(shown.values()) >= {2, 3}


async def test_property_list_limits_the_properties_and_ignores_unknown_names(client):
    for instance in await client.instances("VMAN_ComputerSystem", PropertyList=("elementname", "Nonsense")):
        assert list(instance.properties) == ["ElementName"]
    for instance in await client.instances("VMAN_ComputerSystem", PropertyList=()):
        assert list(instance.properties) == []


async def test_without_deep_inheritance_only_the_properties_of_the_class_asked_for_come(client, schema):
    [first, *_] = await client.instances("CIM_ManagedElement", DeepInheritance=False)
    assert set(first.properties) == set(schema["CIM_ManagedElement"].properties)
    [first, *_] = await client.instances("CIM_ManagedElement")
    assert len(first.properties) > len(schema["CIM_ManagedElement"].properties)


@pytest.mark.parametrize(
    ("operation", "arguments", "status"),
    [
        ("EnumerateInstances", {"ClassName": "CIM_Nothing"}, Status.INVALID_CLASS),
        ("EnumerateInstances", {}, Status.INVALID_PARAMETER),
        ("GetInstance", {"InstanceName": InstancePath("CIM_Nothing")}, Status.INVALID_CLASS),
        (
            "GetInstance",
            {"InstanceName": InstancePath("VMAN_EnabledLogicalElementCapabilities", NameMap({"InstanceID": "x"}))},
            Status.NOT_FOUND,
        ),
        ("GetInstance", {"InstanceName": InstancePath("VMAN_ComputerSystem")}, Status.INVALID_PARAMETER),
        ("CreateClass", {"NewClass": None}, Status.NOT_SUPPORTED),
        ("SetQualifier", {"QualifierDeclaration": None}, Status.NOT_SUPPORTED),
        ("DeleteClass", {"ClassName": "CIM_System"}, Status.NOT_SUPPORTED),
        ("Associators", {"ObjectName": InstancePath("CIM_Nothing")}, Status.INVALID_PARAMETER),
        ("Associators", {"ObjectName": ClassPath("CIM_System"), "AssocClass": "No_Such"}, Status.INVALID_PARAMETER),
        ("ExecQuery", {"QueryLanguage": "SQL", "Query": "x"}, Status.QUERY_LANGUAGE_NOT_SUPPORTED),
        ("ExecQuery", {"QueryLanguage": "WQL", "Query": "SELECT"}, Status.INVALID_QUERY),
    ],
)
async def test_bad_requests_get_the_standard_status(client, operation, arguments, status):
    if operation in ("CreateClass", "SetQualifier"):
        arguments = {next(iter(arguments)): "something"}
    with pytest.raises(CIMError) as caught:
        await client.ask(operation, **arguments)
    assert caught.value.status is status
    assert caught.value.description


async def test_a_single_key_may_come_without_its_name(client):
    [setting, *_] = await client.paths("VMAN_VirtualSystemSettingData")
    unnamed = InstancePath(setting.class_name, NameMap({"": setting.keys["InstanceID"]}))
    assert (await client.get(unnamed)).path == setting


async def test_an_unknown_namespace_is_named(client):
    with pytest.raises(CIMError) as caught:
        await client.within("root/none").ask("EnumerateInstanceNames", ClassName="CIM_System")
    assert caught.value.status is Status.INVALID_NAMESPACE
    assert "root/none" in caught.value.description
    assert "root/vman" in caught.value.description


async def test_an_alias_namespace_shows_the_same_instances_in_its_own_name(client):
    here = await client.paths("VMAN_ComputerSystem")
    there = await client.within("root/cimv2").paths("VMAN_ComputerSystem")
    assert [p.within("root/cimv2") for p in here] == there


async def test_associations_agree_in_both_directions_for_every_instance(client):
    """The far end of each reference refers back by the same association."""
    checked = 0
    known: dict[InstancePath, set[tuple[str, frozenset]]] = {}

    async def back_from(end):
        if end not in known:
            back = await client.within(end.namespace).ask("ReferenceNames", ObjectName=end)
            known[end] = {(p.class_name, frozenset(p.path(o).keys.values())) for p, o in back}
        return known[end]

    for space in ("root/vman", "interop"):
        here = client.within(space)
        for path in await here.paths("CIM_ManagedElement"):
            for plan, link in await here.ask("References", ObjectName=path):
                reference = plan.instance(link)
                ends = [p.value for p in reference.properties.values() if p.type == "reference"]
                assert path in ends
                for end in ends:
                    assert (plan.class_name, frozenset(ends)) in await back_from(end)
                    checked += 1
    assert checked > 100


async def test_each_association_instance_can_be_enumerated_and_got(client):
    for name in ("CIM_HostedDependency", "CIM_ElementConformsToProfile", "CIM_VirtualSystemSettingDataComponent"):
        instances = await client.instances(name)
        assert instances, name
        for instance in instances:
            assert await client.get(instance.path) == instance


async def test_the_four_filters(client):
    host = (await client.paths("VMAN_HostSystem"))[0]
    hosted = {"AssocClass": "CIM_HostedDependency", "ResultClass": "CIM_System"}
    assert len(await client.associators(host, **hosted)) == 3
    assert len(await client.associators(host, **hosted, Role="antecedent")) == 3
    assert await client.associators(host, **hosted, Role="Dependent") == []
    assert len(await client.associators(host, **hosted, ResultRole="Dependent")) == 3
    assert await client.associators(host, **hosted, ResultRole="Antecedent") == []
    by_base = await client.associators(host, AssocClass="CIM_HostedDependency")
    services = await client.associators(host, AssocClass="CIM_HostedService")
    assert services
    points = await client.associators(host, AssocClass="CIM_HostedAccessPoint")
    assert points
    more = "CIM_HostedService and CIM_HostedAccessPoint are a CIM_HostedDependency too"
    assert len(by_base) == 3 + len(services) + len(points), more
    assert await client.associators(host, ResultClass="CIM_SettingData") == []
    services = await client.associators(host, ResultClass="CIM_Service")
    assert "VMAN_VirtualSystemManagementService" in {s.class_name for s in services}
    assert all(s.class_name.endswith("Service") for s in services)


async def test_hosted_dependency_scopes_the_guest_by_the_host(client):
    [link, *_] = await client.instances("VMAN_HostedDependency")
    assert link.get("Antecedent").class_name == "VMAN_HostSystem"
    assert link.get("Dependent").class_name == "VMAN_ComputerSystem"


async def test_associations_follow_changes(client):
    host = (await client.paths("VMAN_HostSystem"))[0]
    before = await client.associators(host, AssocClass="VMAN_HostedDependency")
    victim = before[0].path
    service = (await client.associators(host, ResultClass="CIM_VirtualSystemManagementService"))[0].path
    answer = await client.invoke(service, "DestroySystem", AffectedSystem=victim)
    assert answer.return_value == 0
    after = await client.associators(host, AssocClass="VMAN_HostedDependency")
    assert {i.path for i in before} - {i.path for i in after} == {victim}
    with pytest.raises(CIMError) as caught:
        await client.associators(victim)
    assert caught.value.status is Status.NOT_FOUND


async def test_class_level_associations_come_from_the_schema(client):
    answer = await client.ask(
        "AssociatorNames", ObjectName=ClassPath("VMAN_ComputerSystem"), AssocClass="CIM_SystemDevice"
    )
    assert [p.class_name for p in answer] == ["CIM_LogicalDevice"]
    names = await client.ask(
        "ReferenceNames", ObjectName=ClassPath("CIM_VirtualSystemSettingData"), Role="GroupComponent"
    )
    assert "CIM_VirtualSystemSettingDataComponent" in {p.class_name for p in names}


async def test_profiles_lead_to_their_central_instances_across_namespaces(client):
    interop = client.within("interop")
    profiles = {i.get("RegisteredName"): i.path for i in await interop.instances("CIM_RegisteredProfile")}
    central = await interop.associators(profiles["Virtual System"], AssocClass="CIM_ElementConformsToProfile")
    systems = [i for i in central if i.class_name == "VMAN_ComputerSystem"]
    assert {i.path.namespace for i in systems} == {"root/vman"}
    assert len(systems) == 6
    back = await client.associators(systems[0].path, AssocClass="CIM_ElementConformsToProfile")
    assert {i.path.namespace for i in back} == {"interop"}


async def test_a_systems_devices_lead_to_their_settings_and_back(client):
    for path in await client.paths("VMAN_ComputerSystem"):
        devices = await client.associators(path, AssocClass="CIM_SystemDevice")
        [setting] = await client.associators(path, AssocClass="CIM_SettingsDefineState")
        parts = await client.associators(setting.path, AssocClass="CIM_VirtualSystemSettingDataComponent")
        processors = sum(p.get("VirtualQuantity") for p in parts if p.get("ResourceType") == 3)
        assert len([d for d in devices if d.class_name == "VMAN_Processor"]) == processors
        for device in devices:
            assert device.get("SystemName") == path.keys["Name"]
            [of_device] = await client.associators(device.path, AssocClass="CIM_SettingsDefineState")
            assert of_device.path in {p.path for p in parts}
            [owner] = await client.associators(device.path, AssocClass="CIM_SystemDevice")
            assert owner.path == path
