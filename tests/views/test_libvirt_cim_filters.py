"""Network filters in libvirt-cim's view: lists, their entries, what refers to what, and what is applied."""

from __future__ import annotations

import pytest
from tests.views.conftest import path

from openvman.cim.errors import CIMError
from openvman.cim.status import Status
from openvman.cim.values import Instance, InstancePath, Property
from openvman.model.actor import Role
from openvman.model.network_filter import FilterAction, FilterDirection, FilterRule, NetworkFilterSpec

RULES = (
    FilterRule(action=FilterAction.DROP, direction=FilterDirection.INOUT, priority=1000),
    FilterRule(
        action=FilterAction.ACCEPT,
        direction=FilterDirection.OUT,
        protocol="ip",
        match=(
            ("source_address", "10.0.0.1"),
            ("source_mask", "24"),
            ("destination_address", "$IP"),
            ("ip_protocol", "udp"),
            ("source_port_first", "68"),
            ("destination_port_first", "0x43"),
        ),
    ),
    FilterRule(
        action=FilterAction.REJECT,
        direction=FilterDirection.IN,
        protocol="tcp-ipv6",
        match=(("destination_address", "ff02::1:2"), ("destination_mask", "10"), ("source_first", "::1")),
    ),
    FilterRule(
        action=FilterAction.RETURN,
        direction=FilterDirection.IN,
        protocol="mac",
        match=(("destination_mac", "ff:ff:ff:ff:ff:ff"), ("source_mac", "$MAC"), ("ether_type", "rarp")),
    ),
    FilterRule(
        action=FilterAction.CONTINUE, direction=FilterDirection.IN, protocol="arp", match=(("source_mac", "$MAC"),)
    ),
)
SHOWN = (
    ("FilterEntry", {"Action": 2, "Direction": 3, "Priority": 1000}),
    (
        "IPHeadersFilter",
        {
            "Action": 1,
            "Direction": 2,
            "HdrIPVersion": 4,
            "HdrSrcAddress": (10, 0, 0, 1),
            "HdrSrcMask": (255, 255, 255, 0),
            "HdrDestAddress": None,
            "HdrProtocolID": 17,
            "HdrSrcPortStart": 68,
            "HdrSrcPortEnd": None,
            "HdrDestPortStart": 67,
        },
    ),
    (
        "IPHeadersFilter",
        {
            "Action": 3,
            "HdrIPVersion": 6,
            "HdrProtocolID": 6,
            "HdrDestAddress": (255, 2, *[0] * 11, 1, 0, 2),
            "HdrDestMask": (255, 192, *[0] * 14),
            "HdrSrcAddress": (*[0] * 15, 1),
        },
    ),
    (
        "Hdr8021Filter",
        {"Action": 4, "HdrDestMACAddr8021": (255,) * 6, "HdrSrcMACAddr8021": None, "HdrProtocolID8021": 32821},
    ),
    ("Hdr8021Filter", {"Action": 5, "HdrProtocolID8021": None}),
)


def listed(name: str) -> InstancePath:
    return path(
        "KVM_FilterList",
        SystemCreationClassName="KVM_HostSystem",
        SystemName="sim-001",
        CreationClassName="KVM_FilterList",
        Name=name,
    )


def joining(association: str, antecedent: InstancePath, dependent: InstancePath) -> InstancePath:
    return path(f"KVM_{association}", Antecedent=antecedent, Dependent=dependent)


async def create_list(client, name: str) -> InstancePath:
    return await client.ask("CreateInstance", NewInstance=made("KVM_FilterList", Name=name))


def made(class_name: str, **values: object) -> Instance:
    return Instance.of(class_name, [Property(name, None, value) for name, value in values.items()])


async def join(client, association: str, antecedent: InstancePath, dependent: InstancePath) -> InstancePath:
    new = made(f"KVM_{association}", Antecedent=antecedent, Dependent=dependent)
    return await client.ask("CreateInstance", NewInstance=new)


async def near(client, one: InstancePath, **wanted: str) -> list[InstancePath]:
    return [each.path for each in await client.associators(one, **wanted)]


async def test_rules_are_entries_of_their_kind(client):
    """They are seen though nobody told of them."""
    [host] = [host for host in client.inventory.generation.hosts.values() if host.name == "sim-001"]
    driver = client.inventory.driver_of(host.id)
    await driver.create_filter(host.id, NetworkFilterSpec(name="all", rules=RULES))
    shown = await client.associators(listed("all"), ResultClass="CIM_FilterEntryBase")
    assert len(shown) == len(RULES)
    for place, (entry, (name, expected)) in enumerate(zip(shown, SHOWN, strict=True)):
        assert (entry.class_name, entry.get("Name")) == (f"KVM_{name}", f"all:{place}")
        assert {each: entry.get(each) for each in expected} == expected
        assert await client.get(entry.path) == entry
        assert await near(client, entry.path, AssocClass="KVM_EntriesInFilterList") == [listed("all")]


async def test_a_list_is_made_and_deleted(client):
    assert await create_list(client, "mine") == listed("mine")
    assert listed("mine") in await client.paths("KVM_FilterList")
    [host] = await client.paths("KVM_HostSystem")
    assert listed("mine") in await near(client, host, AssocClass="KVM_HostedFilterList")
    with pytest.raises(CIMError) as twice:
        await create_list(client, "mine")
    assert twice.value.status is Status.FAILED
    await client.ask("DeleteInstance", InstanceName=listed("mine"))
    with pytest.raises(CIMError, match="No such instance"):
        await client.ask("DeleteInstance", InstanceName=listed("mine"))


async def test_a_list_refers_to_others_and_is_asked_for_them_only(client):
    outer, inner = await create_list(client, "outer"), await create_list(client, "inner")
    link = await join(client, "NestedFilterList", outer, inner)
    assert link == joining("NestedFilterList", outer, inner)
    assert await near(client, outer, AssocClass="KVM_NestedFilterList") == [inner]
    assert await near(client, inner, AssocClass="KVM_NestedFilterList") == []
    assert await near(client, inner, AssocClass="KVM_NestedFilterList", Role="Dependent") == [outer]
    with pytest.raises(CIMError):
        await join(client, "NestedFilterList", inner, outer)  # in a circle
    with pytest.raises(CIMError):
        await client.ask("DeleteInstance", InstanceName=inner)  # which is in use
    await client.ask("DeleteInstance", InstanceName=link)
    assert await near(client, outer, AssocClass="KVM_NestedFilterList") == []
    with pytest.raises(CIMError):
        await client.ask("DeleteInstance", InstanceName=link)


async def test_a_list_is_applied_to_an_adapter(client):
    port = (await client.paths("KVM_NetworkPort"))[0]
    mine = await create_list(client, "mine")
    link = await join(client, "AppliedFilterList", port, mine)
    assert link == joining("AppliedFilterList", port, mine)
    assert await near(client, port, AssocClass="KVM_AppliedFilterList") == [mine]
    assert await near(client, mine, AssocClass="KVM_AppliedFilterList") == [port]
    with pytest.raises(CIMError):
        await join(client, "AppliedFilterList", port, mine)
    await client.ask("DeleteInstance", InstanceName=link)
    assert await near(client, mine, AssocClass="KVM_AppliedFilterList") == []
    with pytest.raises(CIMError):
        await client.ask("DeleteInstance", InstanceName=link)


async def test_who_may_only_look_makes_no_list(client):
    with pytest.raises(CIMError) as refused:
        await create_list(client.acting(Role.VIEWER), "mine")
    assert refused.value.status is Status.ACCESS_DENIED


@pytest.mark.parametrize(
    ("key", "text"), [("Name", "(Name)"), ("SystemName", "(SystemName)"), ("CreationClassName", "(CreationClassName)")]
)
async def test_a_wrong_key_is_named(client, key, text):
    keys = {**dict(listed("no-mac-spoofing").keys.items()), key: "wrong"}
    with pytest.raises(CIMError) as refused:
        await client.get(path("KVM_FilterList", **keys))
    assert (refused.value.status, text in str(refused.value)) == (Status.NOT_FOUND, True)
