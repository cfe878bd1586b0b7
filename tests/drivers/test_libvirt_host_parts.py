"""Networks, filters and storage pools as libvirt's XML: golden files that its own schemas accept, and reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import libvirt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from tests.lab.lab import PrivateHost

from openvman.drivers.libvirt import filters, networks, storage, volumes, xml
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.model.network import AddressRange, Forward, NetworkAddress, NetworkSpec, PortGroup, Vlans
from openvman.model.network_filter import (
    MATCHES,
    FilterAction,
    FilterDirection,
    FilterReference,
    FilterRule,
    NetworkFilterSpec,
)
from openvman.model.storage import POOL_NEEDS, StoragePool, StoragePoolSpec

DATA = Path(__file__).parent / "data" / "define"
SCHEMAS = Path("/usr/share/libvirt/schemas")
UUID = "3f0f6f8b-0d3c-4b7e-9a50-6f2d5f5f0b11"
FOUR = NetworkAddress(address="192.168.122.1", prefix=24, ranges=(AddressRange("192.168.122.2", "192.168.122.254"),))
SIX = NetworkAddress(address="fd00:1::1", prefix=64)

POOLS = [
    StoragePoolSpec(name="images", uuid=UUID, type="dir", folder="/srv/a & b"),
    StoragePoolSpec(name="disk", uuid=UUID, type="fs", folder="/srv/disk", devices=("/dev/sda100",), format="ext4"),
    StoragePoolSpec(
        name="share", uuid=UUID, type="netfs", folder="/srv/share", server="nas.example.com", export="/exports/a"
    ),
    StoragePoolSpec(name="whole", uuid=UUID, type="disk", folder="/dev", devices=("/dev/sdb",), format="gpt"),
    StoragePoolSpec(
        name="target",
        uuid=UUID,
        type="iscsi",
        folder="/dev/disk/by-path",
        server="san.example.com",
        devices=("iqn.2013-06.com.example:pool",),
    ),
    StoragePoolSpec(
        name="group", uuid=UUID, type="logical", folder="/dev/group", source_name="group", devices=("/dev/sdc",)
    ),
    StoragePoolSpec(name="bus", uuid=UUID, type="scsi", folder="/dev/disk/by-path", adapter="host0"),
]
NETWORK = NetworkSpec(
    name="full",
    uuid=UUID,
    forward=Forward.NAT,
    forward_device="eth0",
    bridge="br<1>",
    addresses=(FOUR, SIX),
    vlans=Vlans(tags=(7,)),
    port_groups=(PortGroup(name="a", default=True, vlans=Vlans(tags=(1, 2), trunk=True)), PortGroup(name="b")),
    virtual_port="openvswitch",
)
FILTER = NetworkFilterSpec(
    name="full",
    uuid=UUID,
    chain="ipv4-mine",
    priority=-650,
    rules=(
        FilterRule(
            action=FilterAction.REJECT,
            direction=FilterDirection.OUT,
            priority=-10,
            protocol="tcp",
            match=(("source_address", "$IP"), ("destination_port_first", "22"), ("destination_port_last", "23")),
            negated=True,
            stateful=False,
        ),
        FilterRule(action=FilterAction.RETURN, direction=FilterDirection.INOUT),
    ),
    references=(FilterReference("other", (("IP", "10.0.0.1"),)),),
)
MADE = {
    **{f"pool_{spec.type}": (storage.build(spec), "storagepool") for spec in POOLS},
    "network_full": (networks.build(replace(NETWORK, bridge="virbr7")), "network"),
    "network_bridge": (
        networks.build(NetworkSpec(name="outside", uuid=UUID, forward=Forward.BRIDGE, bridge="br0")),
        "network",
    ),
    "filter_full": (filters.build(FILTER), "nwfilter"),
}


@pytest.mark.lab
@pytest.mark.parametrize("spec", POOLS, ids=lambda spec: spec.type)
def test_libvirt_takes_every_type_of_pool(private_host: PrivateHost, spec: StoragePoolSpec) -> None:
    """As it was built, by its own schema, and tells the same; it is not started, for few machines have all of them."""
    connection = libvirt.open(private_host.libvirt_uri)
    try:
        pool = connection.storagePoolDefineXML(storage.build(spec), libvirt.VIR_STORAGE_POOL_DEFINE_VALIDATE)
        try:
            found = storage.pools_of(connection, "host")
            assert found == (
                StoragePool(
                    host_id="host",
                    uuid=UUID,
                    name=spec.name,
                    type=spec.type,
                    capacity=0,
                    allocated=0,
                    folder=spec.folder,
                    active=False,
                ),
            )
            told = etree.fromstring(pool.XMLDesc())
            asked = etree.fromstring(storage.build(spec))
            for where in ("source/host", "source/dir", "source/device", "source/adapter", "source/name"):
                assert [dict(e.attrib) for e in told.iterfind(where)] == [dict(e.attrib) for e in asked.iterfind(where)]
                assert told.findtext(where) == asked.findtext(where)
        finally:
            pool.undefine()
    finally:
        connection.close()


def test_every_type_of_pool_is_tried() -> None:
    assert [spec.type for spec in POOLS] == list(POOL_NEEDS)


@pytest.mark.parametrize("name", MADE)
def test_what_is_written(name: str, golden) -> None:
    golden(DATA / f"{name}.xml", MADE[name][0])


@pytest.mark.parametrize("name", MADE)
@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="libvirt's schemas are not here")
def test_libvirts_own_schema_accepts_it(name: str) -> None:
    text, schema = MADE[name]
    validator = etree.RelaxNG(etree.parse(SCHEMAS / f"{schema}.rng"))
    validator.assertValid(etree.fromstring(text))


def test_what_is_written_is_read() -> None:
    found = networks.read(networks.build(NETWORK), "host", active=True, persistent=False, autostart=False)
    for setting in ("name", "uuid", "forward", "forward_device", "bridge", "addresses", "vlans", "port_groups"):
        assert getattr(found, setting) == getattr(NETWORK, setting)
    assert (found.id, found.virtual_port, found.persistent) == (f"host/network/{UUID}", "openvswitch", False)
    read = filters.read(filters.build(FILTER), "host")
    for setting in ("name", "uuid", "chain", "priority", "rules", "references"):
        assert getattr(read, setting) == getattr(FILTER, setting)
    assert read.id == f"host/filter/{UUID}"


@pytest.mark.parametrize(
    ("text", "forward", "device", "addresses"),
    [
        ("<ip address='10.0.0.1' netmask='255.255.0.0'/>", Forward.ISOLATED, None, [("10.0.0.1", 16)]),
        ("<forward/><ip address='10.0.0.1'/>", Forward.NAT, None, [("10.0.0.1", 32)]),
        ("<forward mode='none'/>", Forward.ISOLATED, None, []),
        ("<forward mode='route'><interface dev='eth1'/></forward>", Forward.ROUTE, "eth1", []),
        ("<forward mode='hostdev'><pf dev='eth3'/></forward>", Forward.HOSTDEV, None, []),
        ("<forward mode='teleport'/><ip address='10.0.0.1' netmask='nonsense'/>", Forward.OTHER, None, []),
        (
            "<ip family='ipv6' address='fd00::1' prefix='64'/><ip family='ipx' address='1'/>",
            *[Forward.ISOLATED, None],
            [("fd00::1", 64)],
        ),
    ],
)
def test_networks_of_others_are_read(text: str, forward: Forward, device: str | None, addresses: list) -> None:
    whole = f"<network><name>n</name><uuid>{UUID.upper()}</uuid>{text}</network>"
    found = networks.read(whole, "host", active=False, persistent=True, autostart=True)
    assert (found.uuid, found.forward, found.forward_device) == (UUID, forward, device)
    assert [(each.address, each.prefix) for each in found.addresses] == addresses


def test_a_netmask_is_told_of_an_address() -> None:
    assert (FOUR.netmask, SIX.netmask) == ("255.255.255.0", "ffff:ffff:ffff:ffff::")


@pytest.mark.parametrize("forward", [Forward.HOSTDEV, Forward.OTHER])
def test_networks_that_cannot_be_made_are_refused(forward: Forward) -> None:
    with pytest.raises(ModelError) as caught:
        networks.build(NetworkSpec(name="n", forward=forward))
    assert caught.value.problem is Problem.NOT_SUPPORTED


def test_a_volume_is_read_with_what_it_stands_on() -> None:
    found = volumes.read(
        "<volume type='file'><name>a.qcow2</name><key>/pool/a.qcow2</key><capacity unit='MiB'>5</capacity>"
        "<allocation unit='bytes'>7</allocation><target><path>/pool/a.qcow2</path><format type='qcow2'/></target>"
        "<backingStore><path>/pool/base.img</path><format type='raw'/></backingStore></volume>",
        "host",
        "pool",
    )
    assert (found.id, found.key, found.path) == ("host/volumes/pool/a.qcow2", "/pool/a.qcow2", "/pool/a.qcow2")
    assert (found.capacity, found.allocation, found.format, found.backing) == (5 << 20, 7, "qcow2", "/pool/base.img")


def test_every_match_has_a_name_of_libvirts() -> None:
    for name in MATCHES:
        rule = FilterRule(
            action=FilterAction.DROP, direction=FilterDirection.IN, protocol="ip", match=((name, "value"),)
        )
        spec = NetworkFilterSpec(name="n", rules=(rule,))
        assert filters.read(filters.build(spec), "host").rules == (rule,)


def _or_refused(make: Callable[[], str]) -> str | None:
    try:
        return make()
    except ModelError as error:
        return None if error.problem is Problem.INVALID_PARAMETER else pytest.fail(f"{error.problem}: {error}")


@given(st.text())
def test_no_string_becomes_xml_of_its_own(text: str) -> None:
    made = (
        lambda: filters.build(replace(FILTER, references=(FilterReference(text, ((text, text),)),))),
        lambda: filters.build(replace(FILTER, rules=(replace(FILTER.rules[0], match=(("comment", text),)),))),
        lambda: filters.build(replace(FILTER, rules=(replace(FILTER.rules[0], protocol=text or "ip"),))),
        lambda: networks.build(replace(NETWORK, bridge=text, forward_device=text, virtual_port=text)),
        lambda: storage.build(replace(POOLS[2], folder=text or "/", server=text or "a", format=text)),
    )
    for make in made:
        written = _or_refused(make)
        if written is None:
            continue
        tags = {str(each.tag) for each in xml.parse(written).iter()}
        assert len(tags & {"rule", "pool", "network"}) == 1
