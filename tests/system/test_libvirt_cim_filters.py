"""Network filters of a real QEMU host through libvirt-cim's classes, compared with what libvirt has."""

from __future__ import annotations

from collections.abc import Iterator

import libvirt
import pytest
import pywbem
from lxml import etree
from tests.lab import lab

pytestmark = pytest.mark.lab

FILTER = """<filter name='seen'>{0}
  <rule action='accept' direction='out' priority='100'>
    <ip srcipaddr='0.0.0.0' dstipaddr='255.255.255.255' protocol='udp' srcportstart='68' dstportstart='67'/></rule>
  <rule action='drop' direction='inout' priority='200'><ipv6 dstipaddr='ff00::' dstipmask='10'/></rule>
  <rule action='return' direction='in'><mac srcmacaddr='$MAC' protocolid='arp'/></rule>
  <rule action='reject' direction='in'><tcp dstportstart='80' dstportend='90'/></rule>
  <rule action='drop' direction='inout' priority='1000'/>
</filter>"""
OTHER = "<filter name='other'><rule action='accept' direction='in'><icmp/></rule></filter>"
GUEST = """<domain type='qemu'><name>filtered</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices><interface type='network'><mac address='00:11:22:33:44:5f'/><source network='filter-net'/></interface>
  </devices></domain>"""
NETWORK = "<network><name>filter-net</name><bridge name='filter-br'/></network>"
KINDS = {
    **dict.fromkeys(("mac", "arp", "rarp"), "KVM_Hdr8021Filter"),
    **dict.fromkeys(("ip", "ipv6", "tcp", "udp", "igmp", "icmp"), "KVM_IPHeadersFilter"),
    None: "KVM_FilterEntry",
}


@pytest.fixture
def host(private_host: lab.PrivateHost) -> Iterator[libvirt.virConnect]:
    """With a network and a guest on it; what the tests make is gone afterwards."""
    connection = libvirt.open(private_host.libvirt_uri)
    network = connection.networkCreateXML(NETWORK)
    guest = connection.defineXML(GUEST)
    yield connection
    guest.undefine()
    network.destroy()
    for each in ("seen", "other", "made"):
        if each in [filter.name() for filter in connection.listAllNWFilters()]:
            connection.nwfilterLookupByName(each).undefine()
    connection.close()


@pytest.fixture
def conn(host, on_qemu) -> Iterator[pywbem.WBEMConnection]:
    connection = on_qemu.connection("root/virt")
    yield connection
    connection.close()


def listed(conn, name: str) -> pywbem.CIMInstanceName:
    [found] = [path for path in conn.EnumerateInstanceNames("KVM_FilterList") if path["Name"] == name]
    found.host = None
    return found


def join(conn, association: str, antecedent, dependent) -> pywbem.CIMInstanceName:
    new = pywbem.CIMInstance(f"KVM_{association}", {"Antecedent": antecedent, "Dependent": dependent})
    return conn.CreateInstance(new)


def entries(conn, name: str) -> list[pywbem.CIMInstance]:
    return conn.Associators(listed(conn, name), ResultClass="CIM_FilterEntryBase")


def nested(conn, name: str) -> list[str]:
    return [one["Name"] for one in conn.Associators(listed(conn, name), AssocClass="KVM_NestedFilterList")]


def test_what_libvirt_has_is_there_at_once(conn, host):
    """libvirt tells nobody of filters: each question is answered from what there is when it comes."""

    def both() -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
        shown = {(one["InstanceID"], one["Name"]) for one in conn.EnumerateInstances("KVM_FilterList")}
        return shown, {(one.UUIDString(), one.name()) for one in host.listAllNWFilters()}

    assert both()[0] == both()[1]
    made = host.nwfilterDefineXML(FILTER.format(""))
    shown, there = both()
    assert shown == there
    assert "seen" in {name for _uuid, name in shown}
    assert len(entries(conn, "seen")) == 5
    host.nwfilterDefineXML(OTHER)
    host.nwfilterDefineXML(FILTER.format(f"<uuid>{made.UUIDString()}</uuid><filterref filter='other'/>"))
    assert nested(conn, "seen") == ["other"]
    made.undefine()
    shown, there = both()
    assert shown == there


@pytest.mark.parametrize("ask", ["ExecQuery", "OpenQueryInstances"])
def test_a_query_shows_what_virsh_did_before_it(conn, host, private_host, tmp_path, ask):
    """Also of what libvirt sends no events of: a filter, and what starts with the host."""

    def found(query: str) -> list[pywbem.CIMInstance]:
        if ask == "ExecQuery":
            return conn.ExecQuery("WQL", query)
        return list(conn.OpenQueryInstances("DMTF:CQL", query, MaxObjectCount=1000).instances)

    file = tmp_path / "filter.xml"
    file.write_text(OTHER)
    private_host.virsh("nwfilter-define", str(file))
    [other] = found("SELECT * FROM KVM_FilterList WHERE Name = 'other'")
    assert other["InstanceID"] == host.nwfilterLookupByName("other").UUIDString()
    private_host.virsh("nwfilter-undefine", "other")
    assert found("SELECT * FROM KVM_FilterList WHERE Name = 'other'") == []
    for option, shown in ((), 1), (("--disable",), 0):
        private_host.virsh("autostart", "filtered", *option)
        [settings] = found("SELECT AutoStart FROM KVM_VirtualSystemSettingData WHERE InstanceID = 'KVM:filtered'")
        assert settings["AutoStart"] == shown


def test_rules_are_libvirts(conn, host):
    """Also of the filters that come with libvirt, where the host has them."""
    host.nwfilterDefineXML(FILTER.format(""))
    for filter in host.listAllNWFilters():
        xml = etree.fromstring(filter.XMLDesc())
        rules = xml.findall("rule")
        shown = entries(conn, filter.name())
        assert len(shown) + len(nested(conn, filter.name())) == len(rules) + len(xml.findall("filterref"))
        for rule, entry in zip(rules, shown, strict=True):
            protocol = rule[0].tag if len(rule) else None
            assert entry.classname == KINDS[protocol]
            assert entry["Priority"] == int(rule.get("priority"))
            assert conn.GetInstance(entry.path).properties == entry.properties
    first, second, third, fourth, last = entries(conn, "seen")
    assert list(first["HdrDestAddress"]) == [255] * 4
    assert (first["Action"], first["Direction"], first["HdrIPVersion"]) == (1, 2, 4)
    assert (first["HdrSrcPortStart"], first["HdrDestPortStart"]) == (68, 67)
    assert (list(second["HdrDestMask"]), second["HdrIPVersion"]) == ([255, 192] + [0] * 14, 6)
    assert (third["HdrProtocolID8021"], third["HdrSrcMACAddr8021"], third["Action"]) == (2054, None, 4)
    assert (fourth["HdrDestPortStart"], fourth["HdrDestPortEnd"], fourth["Action"]) == (80, 90, 3)
    assert (last["Action"], last["Direction"]) == (2, 3)


def test_lists_are_made_joined_and_deleted(conn, host):
    host.nwfilterDefineXML(OTHER)
    path = conn.CreateInstance(pywbem.CIMInstance("KVM_FilterList", {"Name": "made"}))
    made = host.nwfilterLookupByName("made")
    assert conn.GetInstance(path)["InstanceID"] == made.UUIDString()
    link = join(conn, "NestedFilterList", path, listed(conn, "other"))
    assert "<filterref filter='other'/>" in made.XMLDesc()
    conn.DeleteInstance(link)
    assert "filterref" not in made.XMLDesc()
    with pytest.raises(pywbem.CIMError):
        conn.DeleteInstance(link)
    conn.DeleteInstance(path)
    assert "made" not in [each.name() for each in host.listAllNWFilters()]
    with pytest.raises(pywbem.CIMError, match="No such instance"):
        conn.DeleteInstance(path)


@pytest.mark.parametrize("active", [False, True])
def test_a_list_is_applied_to_an_adapter(conn, host, active):
    guest = host.lookupByName("filtered")
    if active:
        guest.create()
    try:
        host.nwfilterDefineXML(OTHER)
        [port] = [p for p in conn.EnumerateInstanceNames("KVM_NetworkPort") if p["SystemName"] == "filtered"]
        link = join(conn, "AppliedFilterList", port, listed(conn, "other"))
        for flags in (0, libvirt.VIR_DOMAIN_XML_INACTIVE):
            assert "<filterref filter='other'/>" in guest.XMLDesc(flags)
        [found] = conn.Associators(port, AssocClass="KVM_AppliedFilterList")
        assert found["Name"] == "other"
        assert (
            conn.AssociatorNames(listed(conn, "other"), AssocClass="KVM_AppliedFilterList")[0]["DeviceID"]
            == port["DeviceID"]
        )
        conn.DeleteInstance(link)
        assert "filterref" not in guest.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
        with pytest.raises(pywbem.CIMError):
            conn.DeleteInstance(link)
    finally:
        if active:
            guest.destroy()
