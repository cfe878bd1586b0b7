"""What may be changed of an allocation that there is (DSP1043): said, and then done or refused as it was said."""

from __future__ import annotations

import pytest

from openvman.cim.errors import CIMError
from openvman.cim.names import NameMap
from openvman.cim.values import Instance, InstancePath, Property

MIB = 1024
NOT_SUPPORTED = 1
RANGES = {1: "minimum", 2: "maximum", 3: "increment"}


CLASSES = {1: "VMAN_ResourceAllocationSettingData", 4: "VMAN_MemoryAllocationSettingData"}
"""Of the settings with properties of our own."""


def _setting(code, **said):
    return Instance.of(
        CLASSES.get(code, "CIM_ResourceAllocationSettingData"),
        [Property("ResourceType", "uint16", code), *(Property(n, None, v) for n, v in said.items())],
    )


@pytest.fixture
async def system(client):
    """An active system with a bit of everything; its path."""
    service = (await client.paths("VMAN_VirtualSystemManagementService"))[0]
    settings = (
        _setting(3, VirtualQuantity=2),
        _setting(4, VirtualQuantity=256 * MIB, MaximumVirtualQuantity=512 * MIB),
        _setting(17, VirtualQuantity=2**30),
        _setting(17, VirtualQuantity=2**30),
        _setting(15),
        _setting(10),
        _setting(1, OtherResourceType="sound"),
        _setting(24, ResourceSubType="vnc"),
    )
    answer = await client.invoke(service, "DefineSystem", ResourceSettings=settings)
    path = answer.outputs[0].value
    assert (await client.invoke(path, "RequestStateChange", RequestedState=2)).return_value == 0
    return path


async def _setting_of(client, system, configuration, local):
    [found] = [
        s
        for s in await client.instances("CIM_ResourceAllocationSettingData")
        if s.get("InstanceID") == f"VMAN:{system.keys['Name']}/{configuration}/{local}"
    ]
    return found


async def _mutability(client, element):
    [found] = await client.associators(element, AssocClass="CIM_ElementCapabilities", ResultRole="Capabilities")
    assert found.class_name == "VMAN_AllocationMutability"
    return found


async def _told(client, mutability):
    """The settings, the ranges by what they stand for and the kinds in a list."""
    ranges, kinds = {}, []
    for plan, link in await client.ask(
        "References", ObjectName=mutability.path, ResultClass="CIM_SettingsDefineCapabilities"
    ):
        reference = plan.instance(link)
        setting = await client.get(reference.get("PartComponent"))
        assert reference.get("ValueRole") == 3
        if reference.get("ValueRange") == 0:
            kinds.append(setting)
        else:
            ranges[RANGES[reference.get("ValueRange")]] = setting
    return ranges, kinds


async def _modify(client, setting, **changes):
    service = (await client.paths("VMAN_VirtualSystemManagementService"))[0]
    said = [setting.properties["InstanceID"], *(Property(n, None, v) for n, v in changes.items())]
    request = Instance.of(setting.class_name, said)
    return (await client.invoke(service, "ModifyResourceSettings", ResourceSettings=(request,))).return_value


@pytest.mark.parametrize(("local", "most"), [("processor", 2), ("memory", 512 * MIB)])
async def test_what_an_active_system_can_be_given_is_what_it_was_started_with(client, system, local, most):
    setting = await _setting_of(client, system, "state", local)
    ranges, kinds = await _told(client, await _mutability(client, setting.path))
    low, high, step = (ranges[p].get("VirtualQuantity") for p in ("minimum", "maximum", "increment"))
    assert high == most
    assert [_said(kind) for kind in kinds] == ([{"MappingBehavior": 2}] if local == "processor" else [])
    assert all(
        each.get("MaximumVirtualQuantity") is None for each in ranges.values()
    )  # it is fixed until the next start
    for quantity in (low, high):
        assert await _modify(client, setting, VirtualQuantity=quantity) == 0
    for quantity in (low - 1, high + step):
        with pytest.raises(CIMError):
            await _modify(client, setting, VirtualQuantity=quantity)


async def test_the_defined_configuration_takes_what_the_pool_gives(client, system):
    host = client.inventory.generation.host(client.inventory.generation.system(system.keys["Name"]).host_id)
    setting = await _setting_of(client, system, "defined", "memory")
    ranges, _ = await _told(client, await _mutability(client, setting.path))
    assert (
        ranges["maximum"].get("VirtualQuantity")
        == ranges["maximum"].get("MaximumVirtualQuantity")
        == host.memory // 1024
    )
    assert ranges["minimum"].get("VirtualQuantity") == MIB
    assert await _modify(client, setting, VirtualQuantity=ranges["maximum"].get("VirtualQuantity")) == 0
    with pytest.raises(CIMError, match="in steps of 1024"):
        await _modify(client, setting, VirtualQuantity=ranges["maximum"].get("VirtualQuantity") + 1)


def _said(setting) -> dict:
    """What a setting says of an allocation, beside what it is of and in what units."""
    apart = {"InstanceID", "ElementName", "PoolID", "ResourceType", "OtherResourceType"}
    apart |= {"AllocationUnits", "VirtualQuantityUnits"}
    return {p.name: p.value for p in setting.properties.values() if p.value is not None and p.name not in apart}


@pytest.mark.parametrize("prefix", ["processor", "memory", "disk:vda", "disk:sda", "nic:", "sound:"])
@pytest.mark.parametrize("configuration", ["defined", "state"])
async def test_each_change_that_is_told_can_be_made(client, system, configuration, prefix):
    found = client.inventory.generation.system(system.keys["Name"])
    there = found.defined if configuration == "defined" else found.current
    [allocation] = [a for a in there.allocations() if a.local_id.startswith(prefix)]
    setting = await _setting_of(client, system, configuration, allocation.local_id)
    ranges, kinds = await _told(client, await _mutability(client, setting.path))
    choices = [_said(kind) for kind in kinds]
    assert all(len(choice) == 1 for choice in choices)
    ends = [
        {name: value}
        for point in ("minimum", "maximum")
        for name, value in (_said(ranges[point]) if ranges else {}).items()
        if name not in {"VirtualQuantity", "MaximumVirtualQuantity"}
    ]
    assert (choices + ends == []) == (prefix == "sound:" and configuration == "state")
    for change in choices:
        assert await _modify(client, setting, **change) == 0, change
    for end in ends:
        [(name, value)] = end.items()
        if (name, configuration, prefix) == ("ReceiveBandwidthLimit", "defined", "nic:"):
            assert await _modify(client, setting, Connection=("network:default",)) == 0
        assert await _modify(client, setting, **end) == 0, end
        assert ((await client.get(setting.path)).get(name) or 0) == value
        assert await _modify(client, setting, **{name: 0}) == 0  # the whole of a limit is not said with its parts


LIVE = {
    "disk:vda": {"BytesPerSecondLimit", "OperationsPerSecondLimit"},
    "nic:": {"ReceiveBandwidthLimit", "TransmitBandwidthLimit", "Connection", "LinkUp"},
    "processor": {"VirtualQuantity", "Limit", "Reservation", "Weight", "MappingBehavior"},
    "memory": {"VirtualQuantity", "Limit", "Reservation"},
}


@pytest.mark.parametrize("prefix", LIVE)
async def test_what_reaches_a_running_guest_is_told(client, system, prefix):
    there = client.inventory.generation.system(system.keys["Name"]).current
    [allocation] = [a for a in there.allocations() if a.local_id.startswith(prefix)]
    setting = await _setting_of(client, system, "state", allocation.local_id)
    ranges, kinds = await _told(client, await _mutability(client, setting.path))
    told = {name for each in (*ranges.values(), *kinds) for name in _said(each)}
    assert LIVE[prefix] <= told
    never = {"MaximumVirtualQuantity", "ResourceSubType", "CacheMode", "Access", "HugePageSize"}
    assert told.isdisjoint(never)


async def test_a_running_guest_gets_no_other_hardware(client, system):
    changes = {"disk:vda": {"CacheMode": "none"}, "sound:0": {"ResourceSubType": "ac97"}, "graphics:vnc": {}}
    for local, change in changes.items():
        setting = await _setting_of(client, system, "state", local)
        ranges, kinds = await _told(client, await _mutability(client, setting.path))
        told = {name for each in (*ranges.values(), *kinds) for name in _said(each)}
        assert told.isdisjoint(change)
        if change:
            assert await _modify(client, setting, **change) == NOT_SUPPORTED
        assert (await client.get(setting.path)) == setting


async def test_what_can_be_removed_when(client, system):
    async def states(configuration, local):
        setting = await _setting_of(client, system, configuration, local)
        return (await _mutability(client, setting.path)).get("SupportedRemoveStates")

    assert await states("state", "disk:vda") == ()  # the guest was booted from it
    assert await states("state", "disk:vdb") == (2,)
    assert await states("state", "disk:sda") == ()  # a drive stays where it is while the guest runs
    assert await states("defined", "disk:vda") == (2, 3, 6, 9, 11, 12)
    assert await states("state", "memory") == await states("defined", "memory") == ()


async def test_a_device_leads_to_what_can_change_of_its_allocation_in_force(client, system):
    devices = await client.associators(system, AssocClass="CIM_SystemDevice")
    assert len(devices) > 8
    for device in devices:
        [allocation] = await client.associators(device.path, AssocClass="CIM_SettingsDefineState")
        mutability = await _mutability(client, device.path)
        assert mutability == await _mutability(client, allocation.path)
        elements = await client.associators(mutability.path, ResultRole="ManagedElement")
        assert {device.path, allocation.path} <= {element.path for element in elements}
        assert allocation.get("InstanceID").startswith(f"VMAN:{system.keys['Name']}/state/")
        assert allocation.get("ResourceType") == mutability.get("ResourceType")


async def test_a_paused_guest_takes_no_change(client, system):
    assert (await client.invoke(system, "RequestStateChange", RequestedState=9)).return_value == 0
    setting = await _setting_of(client, system, "state", "memory")
    assert await _told(client, await _mutability(client, setting.path)) == ({}, [])


async def _defined(client, *settings):
    service = (await client.paths("VMAN_VirtualSystemManagementService"))[0]
    return (await client.invoke(service, "DefineSystem", ResourceSettings=settings)).outputs[0].value


async def test_what_is_alike_has_one_mutability_and_all_of_it_takes_what_that_tells(client):
    systems = [
        await _defined(
            client,
            _setting(3, VirtualQuantity=count),
            _setting(4, VirtualQuantity=amount * MIB, MaximumVirtualQuantity=512 * MIB),
            _setting(17, VirtualQuantity=size),
            _setting(10),
        )
        for count, amount, size in ((1, 64, 2**30), (2, 192, 2**20))
    ]
    parts = {"processor": "processor", "memory": "memory", "disk:vda": "disk"}
    for local, kind in parts.items():
        settings = [await _setting_of(client, each, "defined", local) for each in systems]
        mutability, other = [await _mutability(client, setting.path) for setting in settings]
        assert mutability == other, kind
        elements = await client.associators(mutability.path, ResultClass="CIM_ResourceAllocationSettingData")
        assert {setting.path for setting in settings} <= {element.path for element in elements}
        ranges, kinds = await _told(client, mutability)
        said = [_said(each) for each in (*kinds, *(ranges[point] for point in ("minimum", "maximum")))]
        for setting in settings:
            for name, value in ((name, value) for each in said for name, value in each.items()):
                quantity = {"VirtualQuantity": value} if name == "MaximumVirtualQuantity" else {}
                assert await _modify(client, setting, **{name: value}, **quantity) == 0, (kind, name, value)
                before = {each: setting.get(each) for each in (name, *quantity)}
                none = None if isinstance(value, bool) else 0
                assert await _modify(client, setting, **{n: none if v is None else v for n, v in before.items()}) == 0


APART = {
    "with a limit of its own": ("processor", _setting(3, Limit=50_000)),
    "with another maximum": ("memory", _setting(4, VirtualQuantity=64 * MIB, MaximumVirtualQuantity=256 * MIB)),
    "without room for the larger pages": (
        "memory",
        _setting(4, VirtualQuantity=63 * MIB, MaximumVirtualQuantity=512 * MIB),
    ),
    "on another bus": ("disk:sda", _setting(17, VirtualQuantity=2**30, ResourceSubType="scsi")),
}


@pytest.mark.parametrize("what", APART)
async def test_what_is_not_alike_has_not(client, what):
    local, setting = APART[what]
    usual = await _defined(
        client,
        _setting(4, VirtualQuantity=64 * MIB, MaximumVirtualQuantity=512 * MIB),
        _setting(17, VirtualQuantity=2**30),
    )
    other = await _defined(client, setting)
    kind = local.partition(":")[0]
    [usual_setting] = [
        found
        for found in await client.instances("CIM_ResourceAllocationSettingData")
        if found.get("InstanceID", "").startswith(f"VMAN:{usual.keys['Name']}/defined/{kind}")
    ]
    other_setting = await _setting_of(client, other, "defined", local)
    first, second = [await _mutability(client, each.path) for each in (usual_setting, other_setting)]
    assert first.path != second.path
    assert await _told(client, first) != await _told(client, second)


async def test_a_mutability_is_there_as_long_as_something_has_it(client):
    before = set(await client.paths("VMAN_AllocationMutability"))
    system = await _defined(client, _setting(4, VirtualQuantity=48 * MIB, MaximumVirtualQuantity=49 * MIB))
    setting = await _setting_of(client, system, "defined", "memory")
    mutability = await _mutability(client, setting.path)
    assert mutability.path not in before
    [change, *_] = (await _told(client, mutability))[0].values()
    assert await client.get(mutability.path) == mutability
    assert await client.get(change.path) == change
    assert await _modify(client, setting, MaximumVirtualQuantity=50 * MIB) == 0
    for gone in (mutability, change):
        with pytest.raises(CIMError, match="no instance"):
            await client.get(gone.path)
    assert (await _mutability(client, setting.path)).path in await client.paths("VMAN_AllocationMutability")
    assert len(await client.paths("VMAN_AllocationMutability")) == len(before | {mutability.path})


@pytest.mark.parametrize("wrong", ["", "/", "/more", "/minimum/more", ":removable"])
async def test_an_id_that_is_nearly_one_names_nothing(client, system, wrong):
    setting = await _setting_of(client, system, "defined", "memory")
    mutability = await _mutability(client, setting.path)
    for path in (mutability.path, next(iter((await _told(client, mutability))[0].values())).path):
        keys = {
            "InstanceID": f"{path.keys['InstanceID']}{wrong}" if wrong else "VMAN:nothing/mutability/defined:memory"
        }
        with pytest.raises(CIMError, match="no instance"):
            await client.get(InstancePath(path.class_name, NameMap(keys), path.namespace))
