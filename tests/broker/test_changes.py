"""Methods and ModifyInstance through the broker: permissions, parameters, return codes, results."""

from __future__ import annotations

import pytest

from openvman.cim.errors import CIMError
from openvman.cim.names import NameMap
from openvman.cim.operations import OPERATIONS, Argument
from openvman.cim.status import Status
from openvman.cim.values import ClassPath, Instance, InstancePath, Property
from openvman.model.actor import Role

_SETTINGS = "VMAN_VirtualSystemSettingData"
_STORAGE = "CIM_StorageAllocationSettingData"
_RASD = "CIM_ResourceAllocationSettingData"


def _instance(class_name, path=None, **values):
    return Instance.of(class_name, [Property(n, None, v) for n, v in values.items()], path)


async def _service(client):
    return (await client.paths("VMAN_VirtualSystemManagementService"))[0]


async def _define(client, settings=(), **system):
    system.setdefault("ElementName", "new")
    answer = await client.invoke(
        await _service(client),
        "DefineSystem",
        SystemSettings=_instance(_SETTINGS, **system),
        ResourceSettings=tuple(settings),
    )
    assert answer.return_value == 0
    return next(o.value for o in answer.outputs if o.name == "ResultingSystem")


async def _fails(awaitable):
    with pytest.raises(CIMError) as caught:
        await awaitable
    return caught.value


async def test_define_gives_the_system_on_the_host_of_the_service(client):
    path = await _define(client)
    assert path.namespace == "root/vman"
    [host] = await client.associators(path, AssocClass="VMAN_HostedDependency")
    assert host.get("Name") == (await _service(client)).keys["SystemName"]
    assert (await client.get(path)).get("EnabledState") == 3


async def test_settings_are_taken_as_asked(client, images):
    path = await _define(
        client,
        [
            _instance("CIM_ProcessorAllocationSettingData", VirtualQuantity=3),
            _instance(
                "CIM_ResourceAllocationSettingData", ResourceType=4, VirtualQuantity=96, AllocationUnits="MegaBytes"
            ),
            _instance(
                "CIM_StorageAllocationSettingData", HostResource=("disk.img",), Access=1, ResourceSubType="virtio"
            ),
            _instance("CIM_EthernetPortAllocationSettingData", Address="52:54:00:AA:bb:01", Connection=("user",)),
        ],
    )
    [setting] = await client.associators(path, AssocClass="CIM_SettingsDefineState")
    parts = await client.associators(setting.path, AssocClass="CIM_VirtualSystemSettingDataComponent")
    by_type = {p.get("ResourceType"): p for p in parts}
    assert by_type[3].get("VirtualQuantity") == 3
    assert by_type[4].get("VirtualQuantity") == 96 * 1024
    assert by_type[17].get("HostResource") == (str(images / "disk.img"),)
    assert by_type[17].get("Access") == 1
    assert by_type[10].get("Address") == "52:54:00:aa:bb:01"
    assert by_type[10].get("Connection") == ("user",)


async def test_text_forms_of_embedded_instances_are_taken(client):
    service = await _service(client)
    mof = 'instance of VMAN_VirtualSystemSettingData { ElementName = "by \\"mof\\""; };'
    answer = await client.invoke(service, "DefineSystem", SystemSettings=mof)
    assert (await client.get(answer.outputs[0].value)).get("ElementName") == 'by "mof"'
    xml = (
        '<INSTANCE CLASSNAME="VMAN_VirtualSystemSettingData"><PROPERTY NAME="ElementName" TYPE="string">'
        "<VALUE>by xml</VALUE></PROPERTY></INSTANCE>"
    )
    answer = await client.invoke(service, "DefineSystem", SystemSettings=xml)
    assert (await client.get(answer.outputs[0].value)).get("ElementName") == "by xml"


@pytest.mark.parametrize(
    ("settings", "status", "named"),
    [
        ("nonsense", Status.INVALID_PARAMETER, ""),
        ('#pragma include ("/etc/passwd")', Status.INVALID_PARAMETER, ""),
        (_instance("CIM_Nothing"), Status.INVALID_CLASS, "CIM_Nothing"),
        (_instance("CIM_Processor"), Status.INVALID_PARAMETER, "CIM_Processor"),
        (_instance(_SETTINGS, Nonsense=1), Status.INVALID_PARAMETER, "Nonsense"),
        (
            _instance(_SETTINGS, SwapFileDataRoot="/x"),
            Status.INVALID_PARAMETER,
            "SwapFileDataRoot",
        ),
        (_instance(_SETTINGS, AutomaticStartupAction=99999), Status.INVALID_PARAMETER, "uint16"),
        (_instance(_SETTINGS, AutomaticStartupAction="x"), Status.TYPE_MISMATCH, "uint16"),
        (_instance(_SETTINGS, AutomaticStartupAction=3), Status.INVALID_PARAMETER, "always"),
        (_instance(_SETTINGS, AutomaticRecoveryAction=4), Status.INVALID_PARAMETER, "not one of"),
        (
            _instance(_SETTINGS, VirtualSystemType="DMTF:Xen"),
            Status.INVALID_PARAMETER,
            "DMTF:KVM",
        ),
        (_instance(_SETTINGS, VirtualSystemIdentifier="x"), Status.INVALID_PARAMETER, "UUID"),
    ],
)
async def test_bad_settings_are_refused_and_nothing_is_defined(client, settings, status, named):
    before = set(await client.paths("VMAN_ComputerSystem"))
    error = await _fails(client.invoke(await _service(client), "DefineSystem", SystemSettings=settings))
    assert error.status is status
    assert named in error.description
    assert set(await client.paths("VMAN_ComputerSystem")) == before


async def test_a_name_that_is_taken_is_refused(client):
    await _define(client, ElementName="twice")
    error = await _fails(_define(client, ElementName="twice"))
    assert error.status is Status.ALREADY_EXISTS
    assert "twice" in error.description


async def test_a_template_may_be_sent_back_and_read_only_values_may_not_change(client):
    path = await _define(client)
    service = await _service(client)
    [setting] = await client.associators(path, AssocClass="CIM_SettingsDefineState")
    answer = await client.invoke(service, "ModifySystemSettings", SystemSettings=setting)
    assert answer.return_value == 0
    changed = _instance(
        setting.class_name, InstanceID=setting.get("InstanceID"), ConfigurationID="another", ElementName="new"
    )
    error = await _fails(client.invoke(service, "ModifySystemSettings", SystemSettings=changed))
    assert error.status is Status.INVALID_PARAMETER
    assert "ConfigurationID" in error.description


async def test_a_modification_of_nothing_is_not_found(client):
    gone = _instance(_SETTINGS, InstanceID="VMAN:nothing/defined", ElementName="x")
    error = await _fails(client.invoke(await _service(client), "ModifySystemSettings", SystemSettings=gone))
    assert error.status is Status.NOT_FOUND


async def test_modify_instance_runs_the_same_operation(client):
    path = await _define(client)
    [setting] = await client.associators(path, AssocClass="CIM_SettingsDefineState")
    change = _instance(setting.class_name, setting.path, Description="told", AutomaticStartupAction=4)
    await client.ask("ModifyInstance", ModifiedInstance=change, PropertyList=("Description",))
    now = await client.get(setting.path)
    assert now.get("Description") == "told"
    assert now.get("AutomaticStartupAction") == 2, "the property list left it out"
    await client.ask("SetProperty", InstanceName=setting.path, PropertyName="AutomaticStartupAction", NewValue="4")
    assert (await client.ask("GetProperty", InstanceName=setting.path, PropertyName="automaticstartupaction")) == 4


async def test_state_changes_and_their_return_codes(client):
    path = await _define(client)

    async def request(state, **more):
        return (await client.invoke(path, "RequestStateChange", RequestedState=state, **more)).return_value

    async def state():
        return (await client.get(path)).get("EnabledState")

    for requested, shown in ((2, 2), (9, 9), (2, 2), (11, 2), (10, 2), (6, 6), (2, 2), (3, 3)):
        assert await request(requested) == 0, requested
        assert await state() == shown, requested
        assert (await client.get(path)).get("RequestedState") == requested
    assert await request(9) == 4097
    assert await request(7) == 1
    assert await request(8) == 1
    assert (await client.get(path)).get("AvailableRequestedStates") == (2,)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ({}, Status.INVALID_PARAMETER),
        ({"RequestedState": "two"}, Status.TYPE_MISMATCH),
        ({"RequestedState": 70000}, Status.INVALID_PARAMETER),
        ({"RequestedState": 2, "TimeoutPeriod": "20200101000000.000000+000"}, Status.INVALID_PARAMETER),
        ({"RequestedState": 2, "Nonsense": 1}, Status.INVALID_PARAMETER),
    ],
)
async def test_bad_arguments(client, arguments, status):
    path = await _define(client)
    assert (await _fails(client.invoke(path, "RequestStateChange", **arguments))).status is status


async def test_methods_that_are_not_there(client):
    system = await _define(client)
    assert (await _fails(client.invoke(system, "Fly"))).status is Status.METHOD_NOT_FOUND
    assert (await _fails(client.invoke(system, "SetPowerState"))).status is Status.METHOD_NOT_AVAILABLE
    by_class = client.invoke(ClassPath("VMAN_ComputerSystem", "root/vman"), "RequestStateChange", RequestedState=2)
    assert (await _fails(by_class)).status is Status.INVALID_PARAMETER
    nowhere = InstancePath("VMAN_ComputerSystem", NameMap({"Name": "x", "CreationClassName": "x"}), "root/vman")
    assert (await _fails(client.invoke(nowhere, "RequestStateChange"))).status is Status.NOT_FOUND


async def test_the_wrong_kind_of_object_is_refused(client):
    host = (await client.paths("VMAN_HostSystem"))[0]
    error = await _fails(client.invoke(await _service(client), "DestroySystem", AffectedSystem=host))
    assert error.status is Status.INVALID_PARAMETER
    assert "VMAN_ComputerSystem" in error.description


async def test_destroying_an_active_system_deactivates_it_first(client):
    path = await _define(client)
    await client.invoke(path, "RequestStateChange", RequestedState=2)
    answer = await client.invoke(await _service(client), "DestroySystem", AffectedSystem=path)
    assert answer.return_value == 0
    assert (await _fails(client.get(path))).status is Status.NOT_FOUND


async def test_the_console_is_read_line_by_line(client):
    path = await _define(client)
    await client.invoke(path, "RequestStateChange", RequestedState=2)
    [log] = await client.associators(path, AssocClass="CIM_UseOfMessageLog")
    answer = await client.invoke(log.path, "PositionToFirstRecord")
    position = {o.name: o.value for o in answer.outputs}["IterationIdentifier"]
    lines = []
    while True:
        answer = await client.invoke(log.path, "GetRecord", IterationIdentifier=position, PositionToNext=True)
        if answer.return_value != 0:
            break
        out = {o.name: o.value for o in answer.outputs}
        lines.append(bytes(out["RecordData"]).decode())
        position = out["IterationIdentifier"]
    assert answer.return_value == 2
    assert any("new" in line for line in lines)
    bad = client.invoke(log.path, "GetRecord", IterationIdentifier="-1", PositionToNext=True)
    assert (await _fails(bad)).status is Status.INVALID_PARAMETER


class _Untouchable:
    """Stands for anything that must not be looked at."""

    def __getattr__(self, name):
        raise AssertionError(f"{name} was looked at before the permission was decided")


async def test_a_viewer_reads_and_changes_nothing(client):
    system = await _define(client)
    viewer = client.acting(Role.VIEWER)
    assert await viewer.get(system)
    for target, method in (
        (system, "RequestStateChange"),
        (await _service(client), "DefineSystem"),
        (await _service(client), "DestroySystem"),
        (await _service(client), "ModifySystemSettings"),
        (await _service(client), "ModifyResourceSettings"),
    ):
        given = {name: Argument(_Untouchable()) for name in ("SystemSettings",) if method != "RequestStateChange"}
        error = await _fails(viewer.invoke(target, method, **given))
        assert error.status is Status.ACCESS_DENIED, method
    assert (await client.get(system)).get("EnabledState") == 3


_READS = ("Get", "Enumerat", "Assoc", "Refer", "Open", "Pull", "Close", "Exec")
CHANGES = [name for name in OPERATIONS if not name.startswith(_READS)]


@pytest.mark.parametrize("operation", CHANGES)
async def test_every_changing_operation_is_closed_to_viewers(client, operation):
    arguments = {p.name: _Untouchable() for p in OPERATIONS[operation].parameters.values() if p.required}
    error = await _fails(client.acting(Role.VIEWER).ask(operation, **arguments))
    assert error.status is Status.ACCESS_DENIED


async def _configuration(client, system):
    [setting] = await client.associators(system, AssocClass="CIM_SettingsDefineState")
    return setting.path


async def _parts(client, configuration):
    found = await client.associators(configuration, AssocClass="CIM_VirtualSystemSettingDataComponent")
    return {part.get("InstanceID").rpartition("/")[2]: part for part in found}


async def _add(client, configuration, *settings):
    return await client.invoke(
        await _service(client),
        "AddResourceSettings",
        AffectedConfiguration=configuration,
        ResourceSettings=tuple(settings),
    )


async def test_resources_are_added_and_given_in_order(client, images):
    configuration = await _configuration(client, await _define(client))
    answer = await _add(
        client,
        configuration,
        _instance("CIM_EthernetPortAllocationSettingData", Address="52-54-00-00-00-09", Connection=("user",)),
        _instance(_RASD, ResourceType=17, HostResource=(str(images / "disk.img"),)),
    )
    assert answer.return_value == 0
    [output] = answer.outputs
    assert (output.name, output.is_array) == ("ResultingResourceSettings", True)
    shown = [await client.get(path) for path in output.value]
    assert [each.get("ResourceType") for each in shown] == [10, 17]
    parts = await _parts(client, configuration)
    assert {"nic:52:54:00:00:00:09", "disk:vda"} <= set(parts)
    assert [each.path for each in shown] == [parts["nic:52:54:00:00:00:09"].path, parts["disk:vda"].path]


async def test_resources_are_removed(client):
    configuration = await _configuration(client, await _define(client))
    nic = _instance("CIM_EthernetPortAllocationSettingData", Connection=("user",))
    drive = _instance(_RASD, ResourceType=15)
    added = (await _add(client, configuration, nic, drive)).outputs[0].value
    answer = await client.invoke(await _service(client), "RemoveResourceSettings", ResourceSettings=tuple(added))
    assert (answer.return_value, answer.outputs) == (0, ())
    assert set(await _parts(client, configuration)) == {"processor", "memory", "serial:0"}
    again = client.invoke(await _service(client), "RemoveResourceSettings", ResourceSettings=tuple(added))
    assert (await _fails(again)).status is Status.NOT_FOUND


async def test_an_active_system_gets_and_loses_resources_at_once(client, images):
    system = await _define(client, [_instance(_STORAGE, HostResource=("disk.img",))])
    await client.invoke(system, "RequestStateChange", RequestedState=2)
    current = await _configuration(client, system)
    assert current.keys["InstanceID"].endswith("/state")
    answer = await _add(client, current, _instance(_STORAGE, VirtualQuantity=1 << 20))
    assert (await client.get(answer.outputs[0].value[0])).get("AddressOnParent") == "vdb"
    (images / "disc.iso").write_bytes(bytes(512))
    drive = _instance(_RASD, ResourceType=15, HostResource=("disc.iso",))
    assert (await _add(client, current, drive)).return_value == 1, "a drive cannot be plugged"

    async def remove(*paths):
        return await client.invoke(await _service(client), "RemoveResourceSettings", ResourceSettings=paths)

    parts = await _parts(client, current)
    assert (await remove(parts["disk:vda"].path)).return_value == 5, "it was booted from this disk"
    assert (await remove(parts["serial:0"].path)).return_value == 1
    assert (await _fails(remove(parts["memory"].path))).status is Status.INVALID_PARAMETER
    assert (await remove(parts["disk:vdb"].path)).return_value == 0
    assert set(await _parts(client, current)) == {"processor", "memory", "serial:0", "disk:vda"}


async def test_what_is_on_another_host_is_another_services(client):
    first, second = await client.paths("VMAN_VirtualSystemManagementService")
    configuration = await _configuration(client, await _define(client))
    memory = (await _parts(client, configuration))["memory"].path
    nic = _instance("CIM_EthernetPortAllocationSettingData", Connection=("user",))
    assert first != second
    for method, arguments in (
        ("AddResourceSettings", {"AffectedConfiguration": configuration, "ResourceSettings": (nic,)}),
        ("RemoveResourceSettings", {"ResourceSettings": (memory,)}),
    ):
        error = await _fails(client.invoke(second, method, **arguments))
        assert error.status is Status.INVALID_PARAMETER
        assert "its own host" in error.description


@pytest.mark.parametrize("method", ["AddResourceSettings", "RemoveResourceSettings"])
async def test_nothing_given_and_no_right_to_it(client, method):
    service = await _service(client)
    for arguments in ({}, {"ResourceSettings": ()}):
        assert (await _fails(client.invoke(service, method, **arguments))).status is Status.INVALID_PARAMETER
    viewer = client.acting(Role.VIEWER)
    assert (await _fails(viewer.invoke(service, method))).status is Status.ACCESS_DENIED


async def test_the_capabilities_name_every_method(client):
    [capabilities, _] = await client.instances("VMAN_VirtualSystemManagementCapabilities")
    assert capabilities.get("SynchronousMethodsSupported") == (2, 3, 5, 6, 7, 10)
