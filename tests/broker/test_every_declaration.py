"""No declaration goes unseen: every property mapped shows a value somewhere, every association has an instance."""

from __future__ import annotations

import pytest

from openvman.cim.convert import convert
from openvman.cim.datetime import CIMDateTime, format_datetime
from openvman.cim.names import NameMap
from openvman.cim.values import Instance, InstancePath, Property
from openvman.mapping.declare import WriteOnly
from openvman.views.standard import STANDARD

# Mapped, and rightly NULL in a simulated fleet.
NULL_HERE = {
    ("ComputerSystem", "Description"),
    ("ComputerSystem", "TimeOfLastStateChange"),  # nothing changed since the server looked first
    ("VirtualSystemSettingData", "Description"),
    ("VirtualSystemSettingData", "InitPath"),  # of containers, and simulated systems are machines
}


def _code(code):
    return Property("ResourceType", "uint16", code)


def _words(**values):
    return [Property(name, "string", value) for name, value in values.items()]


def _other(name, **values):
    return [_code(1), *_words(OtherResourceType=name, **values)]


DEVICES = (
    [_code(24), *_words(ResourceSubType="spice", KeyMap="de")],
    [_code(13)],
    [_code(13), *_words(ResourceSubType="keyboard", Bus="usb")],
    [_code(5)],
    [_code(6), *_words(ResourceSubType="virtio-scsi")],
    [_code(23), *_words(ResourceSubType="qemu-xhci")],
    _other("PCI controller", ResourceSubType="pcie-root"),
    _other("SATA controller"),
    _other("watchdog"),
    _other("channel"),
    [
        *_other("file system", TargetName="shared"),
        Property("HostResource", "string", ("/srv/shared",), is_array=True),
        Property("ReadOnly", "boolean", value=True),
    ],
)


_TO_DEVICE = [_code(10), Property("Connection", "string", ("direct:eth0",), is_array=True)]
DIRECT = (
    [*_TO_DEVICE, *_words(NetworkPortProfileID="finance")],
    [
        *_TO_DEVICE,
        Property("ManagerID", "uint32", 11),
        Property("VSITypeID", "uint32", 1193047),
        Property("VSITypeIDVersion", "uint8", 2),
        *_words(PortCorrelationID="09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f"),
    ],
)
TUNED = (
    Instance.of(
        "VMAN_ProcessorAllocationSettingData",
        [Property(name, "uint64", 1000) for name in ("Reservation", "Limit")] + [Property("Weight", "uint32", 7)],
    ),
    Instance.of(
        "VMAN_MemoryAllocationSettingData",
        [
            *_words(AllocationUnits="byte*2^30", VirtualQuantityUnits="byte*2^30"),
            *(Property(name, "uint64", 1) for name in ("VirtualQuantity", "Reservation")),
            Property("Limit", "uint64", 2),
            Property("HugePageSize", "uint64", 2 << 20),
        ],
    ),
)


@pytest.fixture
async def furnished(client):
    """A fleet in which one system has every kind of device, and one host a child pool."""
    pools = (await client.paths("VMAN_ResourcePoolConfigurationService"))[0]
    parent = InstancePath(
        "VMAN_ResourcePool",
        NameMap([("InstanceID", f"VMAN:{pools.keys['SystemName']}/pool/processor")]),
        "root/vman",
    )
    share = Instance.of(
        "CIM_ResourceAllocationSettingData",
        [Property("ResourceType", "uint16", 3), Property("VirtualQuantity", "uint64", 1)],
    )
    made = await client.invoke(
        pools, "CreateChildResourcePool", ElementName="gold", Settings=(share,), ParentPool=(parent,)
    )
    assert made.return_value == 0
    parent = InstancePath(
        "VMAN_ResourcePool", NameMap([("InstanceID", f"VMAN:{pools.keys['SystemName']}/pool/rng")]), "root/vman"
    )
    share = Instance.of(
        "CIM_ResourceAllocationSettingData",
        [*_other("random number generator"), Property("VirtualQuantity", "uint64", 4)],
    )
    made = await client.invoke(
        pools, "CreateChildResourcePool", ElementName="entropy", Settings=(share,), ParentPool=(parent,)
    )
    assert made.return_value == 0
    service = (await client.paths("VMAN_VirtualSystemManagementService"))[0]
    settings = [Instance.of("CIM_ResourceAllocationSettingData", [_code(code)]) for code in (10, 14, 15)]
    settings += [Instance.of("VMAN_ResourceAllocationSettingData", properties) for properties in DEVICES]
    serial = [_code(21), Property("AddressOnParent", "string", "1"), *_words(Address="127.0.0.1:4555")]
    settings.append(Instance.of("VMAN_SerialAllocationSettingData", serial))
    for kind, source in (("pci", "0000:41:00.0"), ("usb", "001/004")):
        passed = Property("HostResource", "string", (source,), is_array=True)
        device = [*_other("host device", ResourceSubType=kind), passed]
        settings.append(Instance.of("VMAN_ResourceAllocationSettingData", device))
    settings += [Instance.of("VMAN_EthernetPortAllocationSettingData", properties) for properties in DIRECT]
    settings += TUNED
    system = Instance.of(
        "VMAN_VirtualSystemSettingData",
        _words(
            Kernel="/srv/vmlinuz",
            Initrd="/srv/initrd",
            CommandLine="console=ttyS0",
            Firmware="uefi",
            CloudInitUserData="#cloud-config",
        ),
    )
    answer = await client.invoke(service, "DefineSystem", SystemSettings=system, ResourceSettings=tuple(settings))
    assert answer.return_value == 0
    refused = await client.invoke(answer.outputs[0].value, "RequestStateChange", RequestedState=9)
    assert refused.return_value == 4097  # its job has an error to show
    for setting in await client.instances("VMAN_ProcessorAllocationSettingData"):
        if setting.get("Weight") == 7:
            host = pools.keys["SystemName"]
            mapped = Property("HostResource", "string", (f"{host}/device/processor:1",), is_array=True)
            words = [Property("InstanceID", "string", setting.get("InstanceID")), mapped]
            changed = Instance.of(setting.class_name, words)
            done = await client.invoke(service, "ModifyResourceSettings", ResourceSettings=(changed,))
            assert done.return_value == 0
    started = await client.invoke(answer.outputs[0].value, "RequestStateChange", RequestedState=2)
    assert started.return_value == 0  # its consoles are open now
    await _subscribe(client.within("interop"))
    return client


async def _subscribe(client):
    """To a filter of its own and to one that comes with the server, by both classes of destinations."""
    [collection, *_] = await client.paths("CIM_FilterCollection")
    query = "SELECT * FROM CIM_InstCreation"
    asked = _words(Name="f", ElementName="all", Query=query, QueryLanguage="DMTF:CQL", SourceNamespace="root/vman")
    made = await client.ask("CreateInstance", NewInstance=Instance.of("CIM_IndicationFilter", asked))
    for name in ("ListenerDestinationCIMXML", "IndicationHandlerCIMXML"):
        asked = _words(Name=name, ElementName=name, Destination="http://192.0.2.7:5990")
        handler = await client.ask("CreateInstance", NewInstance=Instance.of(f"CIM_{name}", asked))
        for kind, source in (("IndicationSubscription", made), ("FilterCollectionSubscription", collection)):
            ends = [Property("Filter", "reference", source), Property("Handler", "reference", handler)]
            await client.ask("CreateInstance", NewInstance=Instance.of(f"CIM_{kind}", ends))


def _name(instance):
    return instance.class_name.partition("_")[2]


async def _all_instances(client):
    for namespace in ("root/vman", "interop"):
        for instance in await client.within(namespace).instances("CIM_ManagedElement"):
            yield instance


async def test_every_mapped_property_shows_a_value_somewhere(furnished):
    shown = set()
    async for instance in _all_instances(furnished):
        name = _name(instance)
        shown |= {(name, p.name) for p in instance.properties.values() if p.value is not None}
    sources = {(m.name, p): source for m in STANDARD.classes for p, source in m.sources.items()}
    write_only = {mapped for mapped, source in sources.items() if isinstance(source, WriteOnly)}
    assert sources.keys() - shown - NULL_HERE - write_only == set()
    assert shown & write_only == set()


async def test_every_class_and_association_has_an_instance(furnished):
    client = furnished
    seen = {_name(i) async for i in _all_instances(client)}
    assert {m.name for m in STANDARD.classes} <= seen
    for edge in STANDARD.edges:
        rows = await client.ask("EnumerateInstances", ClassName=edge.cim)
        other = await client.within("interop").ask("EnumerateInstances", ClassName=edge.cim)
        assert [*rows, *other], edge.cim


async def test_every_value_has_its_declared_type(furnished):
    """What a getter gives converts to the declared type unchanged."""
    checked = 0
    async for instance in _all_instances(furnished):
        for prop in instance.properties.values():
            if prop.value is None or prop.type == "reference":
                continue
            value = CIMDateTime.parse(format_datetime(prop.value)) if prop.type == "datetime" else prop.value
            found = convert(value, prop.type, is_array=prop.is_array, embedded=prop.embedded, what=prop.name)
            assert found == value
            assert type(value) is not bool or prop.type == "boolean"
            checked += 1
    assert checked > 500
