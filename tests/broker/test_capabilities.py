"""Allocation capabilities (DSP1043): the default is accepted as it is, and the range is the one that rules."""

from __future__ import annotations

import pytest

from openvman.cim.errors import CIMError
from openvman.cim.names import NameMap
from openvman.cim.status import Status
from openvman.cim.values import Instance, InstancePath, Property
from openvman.model.choice import usual_formats

MOST = 2**63
NOT_SUPPORTED = 1
RANGES = {1: "minimum", 2: "maximum", 3: "increment"}
POOLS = ("processor", "memory", "disk", "cdrom", "floppy", "network", "serial")
DEVICES = (
    *("graphics", "video", "input", "sound", "rng", "tpm", "watchdog", "balloon", "channel", "console", "parallel"),
    *("redirection", "hub", "smartcard", "panic", "vsock"),
    *("scsi-controller", "usb-controller", "virtio-serial-controller", "sata-controller"),
)


async def _settings(client, offer: str) -> dict[str, Instance]:
    """The settings of a pool or of a kind of device of the first host, by what they stand for."""
    host = min(client.inventory.generation.hosts)
    part = "pool" if offer in POOLS else "devices"
    key = ("InstanceID", f"VMAN:{host}/{part}/{offer}/capabilities")
    return await _told(client, InstancePath("VMAN_AllocationCapabilities", NameMap([key]), "root/vman"))


async def _told(client, capabilities: InstancePath) -> dict[str, Instance]:
    found = {}
    for plan, link in await client.ask(
        "References", ObjectName=capabilities, ResultClass="CIM_SettingsDefineCapabilities"
    ):
        reference = plan.instance(link)
        setting = await client.get(reference.get("PartComponent"))
        assert reference.get("PropertyPolicy") == int(
            (setting.get("Shareable") is True and setting.get("Format") == "raw")
            or (setting.get("DirectMode") is not None and reference.get("ValueRole") == 3)
        )
        kind = (reference.get("ValueRole"), reference.get("ValueRange"))
        point = "default" if kind == (0, 0) else RANGES.get(kind[1], setting.get("InstanceID").partition("/supp")[2])
        assert point
        assert point == "default" or kind[0] == 3
        assert point not in found
        found[point] = setting
    return found


async def _call_define(client, *settings: Instance, **system: str):
    host = min(client.inventory.generation.hosts)
    paths = await client.paths("VMAN_VirtualSystemManagementService")
    service = next(p for p in paths if p.keys["SystemName"] == host)
    words = Instance.of("VMAN_VirtualSystemSettingData", [Property(n, "string", v) for n, v in system.items()])
    return await client.invoke(service, "DefineSystem", SystemSettings=words, ResourceSettings=settings)


async def _define(client, *settings: Instance, **system: str):
    answer = await _call_define(client, *settings, **system)
    assert answer.return_value == 0
    return client.inventory.generation.system(answer.outputs[0].value.keys["Name"])


def _with(setting: Instance, **changes) -> Instance:
    kept = [p for p in setting.properties.values() if p.name not in changes and p.name != "InstanceID"]
    return Instance.of(setting.class_name, [*kept, *(Property(name, None, value) for name, value in changes.items())])


async def _shown(client, system) -> list[Instance]:
    found = await client.instances("CIM_ResourceAllocationSettingData")
    return [s for s in found if _of(s, system) and not s.class_name.endswith("Range")]


@pytest.mark.parametrize("offer", [*POOLS, *DEVICES])
async def test_the_default_is_accepted_unchanged_and_given_as_it_says(client, offer):
    default = (await _settings(client, offer))["default"]
    system = await _define(client, default)
    said = {p.name: p.value for p in default.properties.values() if p.value is not None}
    assert said.pop("InstanceID").endswith("/default")
    del said["ElementName"]
    assert any(
        said.items() <= {p.name: p.value for p in s.properties.values()}.items() for s in await _shown(client, system)
    )


@pytest.mark.parametrize("offer", ["disk", "cdrom", "floppy", "network", "graphics", "video", "rng", "tpm", "sound"])
async def test_each_kind_that_is_supported_can_be_had_and_others_are_refused(client, offer):
    settings = await _settings(client, offer)
    kinds = {s.get("ResourceSubType") for point, s in settings.items() if point.startswith("orted:")} - {None}
    assert settings["default"].get("ResourceSubType") in kinds
    for kind in kinds:
        system = await _define(client, _with(settings["default"], ResourceSubType=kind))
        assert kind in [s.get("ResourceSubType") for s in await _shown(client, system)]
    before = set(client.inventory.generation.systems)
    try:
        answer = await _call_define(client, _with(settings["default"], ResourceSubType="no such"))
    except CIMError as error:
        assert error.status in {Status.INVALID_PARAMETER, Status.NOT_SUPPORTED}  # noqa: PT017 - one of two ways
    else:
        assert answer.return_value == NOT_SUPPORTED
    assert set(client.inventory.generation.systems) == before


def _of(setting: Instance, system) -> bool:
    return setting.get("InstanceID").startswith(f"VMAN:{system.id}/")


async def test_what_nobody_says_is_the_default(client):
    system = await _define(client)
    assert system.effective.processor.count == (await _settings(client, "processor"))["default"].get("VirtualQuantity")
    memory = (await _settings(client, "memory"))["default"]
    assert system.effective.memory.size == memory.get("VirtualQuantity") * 1024


@pytest.mark.parametrize("pool", ["processor", "memory", "disk"])
async def test_the_ends_of_the_range_are_accepted_and_all_beside_it_is_refused(client, pool):
    settings = await _settings(client, pool)
    low, high, step = (settings[p].get("VirtualQuantity") for p in ("minimum", "maximum", "increment"))
    assert (high - low) % step == 0
    for quantity in {low, high} if pool != "disk" else {low, low + step}:
        system = await _define(client, _with(settings["default"], VirtualQuantity=quantity))
        shown = await _shown(client, system)
        assert quantity in [s.get("VirtualQuantity") for s in shown if s.get("PoolID") == pool]
    before = set(client.inventory.generation.systems)
    unit = 1024 if pool == "memory" else 1
    said = [{"VirtualQuantity": quantity} for quantity in (low - 1, high + step, 0, MOST)]
    if step * unit > 1:  # there is something between two steps
        between = (low * unit) + step * unit // 2
        said.append({"VirtualQuantity": between, "VirtualQuantityUnits": "byte"})
    for wrong in said:
        with pytest.raises(
            CIMError, match=rf"from {low * unit} to {high * unit} .* in steps of {step * unit}"
        ) as refused:
            await _define(client, _with(settings["default"], **wrong))
        assert refused.value.status is Status.INVALID_PARAMETER
    assert set(client.inventory.generation.systems) == before


async def test_a_host_names_the_capabilities_of_its_own_pools_and_devices(client):
    [host, *_] = await client.paths("VMAN_HostSystem")
    found = await client.associators(
        host, AssocClass="CIM_ElementCapabilities", ResultClass="CIM_AllocationCapabilities"
    )
    offers = {c.get("InstanceID").split("/")[2] for c in found}
    assert offers == {*POOLS, *DEVICES, "hostdev", "filesystem"}
    types = {(c.get("ResourceType"), c.get("OtherResourceType")) for c in found}
    assert {(3, None), (17, None), (24, None), (1, "watchdog"), (1, "memory balloon")} <= types


async def test_what_a_request_has_to_name_is_said(client):
    said = {
        c.get("InstanceID").split("/")[2]: (c.get("RequestTypesSupported"), c.get("SharingMode"))
        for c in await client.instances("VMAN_AllocationCapabilities")
    }
    assert said["hostdev"] == (2, 2)  # a device of the host is named, and is then nobody else's
    assert said["disk"] == (4, 2)  # an image, or a new one
    assert said["processor"] == (3, 3)


async def test_states_in_which_a_system_gets_more_of_it(client):
    for capabilities in await client.instances("VMAN_AllocationCapabilities"):
        offer = capabilities.get("InstanceID").split("/")[2]
        states = capabilities.get("SupportedAddStates"), capabilities.get("SupportedRemoveStates")
        if offer in {"processor", "memory"}:
            assert states == ((), ()), "every system has them"
        elif offer in {"disk", "network"} or offer.startswith("storage:"):
            assert states == ((2, 3, 9, 11), (2, 3))
        elif offer in {"cdrom", "floppy", "serial", "graphics", "console", "filesystem"}:
            assert states == ((3,), (3,)), "it is found when the system starts"


def _said(setting: Instance) -> dict:
    """What a setting says of an allocation, beside what it is of and in what units."""
    apart = {"InstanceID", "ElementName", "PoolID", "ResourceType", "OtherResourceType"}
    apart |= {"AllocationUnits", "VirtualQuantityUnits"}
    return {p.name: p.value for p in setting.properties.values() if p.value is not None and p.name not in apart}


CHOICES = {
    "processor": {"MappingBehavior"},
    "memory": {"HugePageSize"},
    "disk": {
        *("Access", "CacheMode", "DiscardMode", "Format", "ResourceSubType", "Shareable"),
        "VirtualResourceBlockSize",
    },
    "cdrom": {"Access", "CacheMode", "DiscardMode", "ResourceSubType", "Shareable"},
    "network": {"Connection", "DirectMode", "LinkUp", "ResourceSubType"},
    "serial": set(),
    "graphics": {"ResourceSubType"},
    "rng": {"Backend", "ResourceSubType"},
    "watchdog": {"Action", "ResourceSubType"},
    "channel": {"Backend", "ResourceSubType"},
}
DISK_LIMITS = {f"{way}{what}PerSecondLimit" for way in ("", "Read", "Write") for what in ("Bytes", "Operations")}
TUNING = {
    "processor": {"MaximumVirtualQuantity", "Limit", "Reservation", "Weight"},
    "memory": {"MaximumVirtualQuantity", "Limit", "Reservation"},
    "disk": DISK_LIMITS,
    "cdrom": DISK_LIMITS,
    "floppy": DISK_LIMITS,
    "network": {"ReceiveBandwidthLimit", "ReceiveBandwidthReservation", "TransmitBandwidthLimit"},
}


@pytest.mark.parametrize("offer", CHOICES)
async def test_a_choice_is_one_property_and_every_choice_can_be_had(client, offer):
    settings = await _settings(client, offer)
    choices = [_said(setting) for point, setting in settings.items() if point.startswith("orted:")]
    assert {name for choice in choices for name in choice} == CHOICES[offer]
    for choice in choices:
        if choice.get("Shareable") and offer == "disk":
            assert choice.pop("Format") == "raw"
        also = {"Connection": choice.pop("Connection")} if "DirectMode" in choice else {}
        [(name, value)] = choice.items()
        if offer == "processor" and value in {3, 5}:
            continue  # it goes with the processors that it is to
        enough = {"VirtualQuantity": 2**20} if offer == "memory" else {}  # for whole pages of any size
        if choice.get("Shareable") and offer == "disk":
            assert (await _call_define(client, _with(settings["default"], **choice))).return_value == NOT_SUPPORTED
            choice["Format"] = "raw"
        system = await _define(client, _with(settings["default"], **enough, **also, **choice))
        assert value in [s.get(name) for s in await _shown(client, system)]


@pytest.mark.parametrize("offer", TUNING)
async def test_each_property_with_a_range_is_taken_at_both_ends_and_nowhere_beside(client, offer):
    settings = await _settings(client, offer)
    ranges = {point: _said(settings[point]) for point in ("minimum", "maximum", "increment")}
    assert all(said.keys() - {"VirtualQuantity"} == TUNING[offer] for said in ranges.values())
    for name in TUNING[offer]:
        low, high, step = (ranges[point][name] for point in ("minimum", "maximum", "increment"))
        small = {"VirtualQuantity": ranges["minimum"]["VirtualQuantity"]} if offer in {"processor", "memory"} else {}
        if name == "Reservation":
            small["MaximumVirtualQuantity"] = ranges["maximum"]["MaximumVirtualQuantity"]
        for end in (low, high):
            system = await _define(client, _with(settings["default"], **{**small, name: end}))
            assert end in [s.get(name) or 0 for s in await _shown(client, system)]
        before = set(client.inventory.generation.systems)
        beside = {high + step, low + step // 2} - {low} | ({low - 1} if low > 1 else set())
        for wrong in beside:
            with pytest.raises(CIMError, match=r"from \d+ to \d+ .* in steps of \d+") as refused:
                await _define(client, _with(settings["default"], **{**small, name: wrong}))
            assert refused.value.status is Status.INVALID_PARAMETER
        assert set(client.inventory.generation.systems) == before


async def test_the_hypervisors_own_pool_says_what_its_volumes_can_be(client):
    [native, *_] = [
        c for c in await client.instances("VMAN_AllocationCapabilities") if "/pool/storage:" in c.get("InstanceID")
    ]
    settings = await _told(client, native.path)
    assert {s.get("Format") for s in settings.values()} == {"qcow2", "raw", None}
    assert settings["default"].get("Format") == "qcow2"
    assert usual_formats("logical") == ("raw",)


async def test_who_lists_the_allocations_of_systems_gets_no_templates(client):
    systems = len(client.inventory.generation.systems)
    configurations = sum(1 for s in client.inventory.generation.systems.values() for _ in s.configurations())
    assert systems <= len(await client.paths("VMAN_MemoryAllocationSettingData")) == configurations


@pytest.mark.parametrize("code", [2, 28, 34, 40000])
async def test_an_unknown_type_of_resource_is_refused(client, code):
    setting = Instance.of("CIM_ResourceAllocationSettingData", [Property("ResourceType", "uint16", code)])
    with pytest.raises(CIMError) as refused:
        await _define(client, setting)
    assert refused.value.status is Status.INVALID_PARAMETER


async def test_a_unit_that_is_none_of_size_is_refused(client):
    default = (await _settings(client, "memory"))["default"]
    with pytest.raises(CIMError, match="hertz") as refused:
        await _define(client, _with(default, VirtualQuantityUnits="hertz*10^6"))
    assert refused.value.status is Status.INVALID_PARAMETER
