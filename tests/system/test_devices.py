"""Every kind of device: what CIM says of a domain is what libvirt says, and what CIM says makes the domain again.

The domains in ``data/domains`` use every kind between them. They are defined on a private host by libvirt, read through
the server, defined again through the server from nothing but what was read, and compared as libvirt then shows them.
They are never started: most of what they name is not on the host. Each has a serial port and says what it shows, since
a system defined by the server gets the one, and without a word on the other shows nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import libvirt
import pytest
import pywbem
from lxml import etree
from tests.lab.lab import PrivateHost
from tests.system.conftest import Server, eventually

from openvman.model.allocation import DeviceKind

pytestmark = pytest.mark.lab

DOMAINS = sorted((Path(__file__).parent / "data" / "domains").glob("*.xml"))
SECTIONS = ("os", "devices/*")
IDLE = {"emulator", "address", "alias", "log"}
"""What libvirt chooses, or the server keeps for itself; where devices sit is compared by their controllers."""

# The element of each kind -> ResourceType, and what it says in the words of CIM: property -> XPath.
KINDS: dict[str, tuple[int, dict[str, str]]] = {
    "graphics": (24, {"ResourceSubType": "@type"}),
    "video": (24, {"ResourceSubType": "model/@type"}),
    "input": (13, {"ResourceSubType": "@type", "Bus": "@bus"}),
    "sound": (1, {"ResourceSubType": "@model"}),
    "rng": (1, {"ResourceSubType": "@model", "Backend": "backend/@model"}),
    "tpm": (1, {"ResourceSubType": "@model", "Backend": "backend/@type"}),
    "watchdog": (1, {"ResourceSubType": "@model", "Action": "@action"}),
    "memballoon": (1, {"ResourceSubType": "@model"}),
    "channel": (1, {"ResourceSubType": "target/@type", "Backend": "@type", "TargetName": "target/@name"}),
    "parallel": (22, {"Backend": "@type", "Address": "target/@port"}),
    "hostdev": (1, {"ResourceSubType": "@type"}),
    "filesystem": (1, {"ResourceSubType": "@type", "TargetName": "target/@dir", "HostResource": "source/@dir"}),
    "redirdev": (1, {"Bus": "@bus", "Backend": "@type"}),
    "hub": (1, {"ResourceSubType": "@type"}),
    "smartcard": (1, {"ResourceSubType": "@mode", "Backend": "@type"}),
    "panic": (1, {"ResourceSubType": "@model"}),
    "vsock": (1, {"ResourceSubType": "@model"}),
    "console": (1, {"ResourceSubType": "target/@type", "Backend": "@type"}),
    "iommu": (1, {"ResourceSubType": "@model"}),
    "controller": (0, {"ResourceSubType": "@model", "Bus": "@type", "Address": "@index"}),
}
TAGS = {DeviceKind.BALLOON: "memballoon", DeviceKind.REDIRECTION: "redirdev"}
"""Of the kinds that libvirt calls otherwise."""
CONTROLLERS = {"ide": 5, "scsi": 6, "usb": 23}


@pytest.fixture(scope="module")
def server(private_host: PrivateHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("devices") / "state", (private_host.uri,))
    made.start()
    yield made
    made.stop()


def told(domain: etree._Element) -> Counter[Any]:
    """What libvirt says of the devices, in the words of CIM."""
    found: Counter[Any] = Counter()
    for element in domain.iterfind("devices/*"):
        tag = str(element.tag)
        if tag not in KINDS or (tag == "console" and element.find("target").get("type") == "serial"):
            continue
        code, properties = KINDS[tag]
        code = code or CONTROLLERS.get(element.get("type"), 1)
        said = {name: next(iter(element.xpath(path)), None) for name, path in properties.items()}
        found[(code, *sorted(item for item in said.items() if item[1] is not None))] += 1
    return found


def shown(settings: list[pywbem.CIMInstance]) -> Counter[Any]:
    """What CIM says of the same."""
    found: Counter[Any] = Counter()
    names = sorted({name for _, properties in KINDS.values() for name in properties})
    for each in settings:
        if each.classname != "VMAN_ResourceAllocationSettingData":
            continue
        kind = each["InstanceID"].split("/", 2)[2].partition(":")[0]
        own = KINDS[TAGS.get(DeviceKind(kind), kind)][1]
        said = [(name, each[name]) for name in names if name in own and each[name] is not None]
        flat = [(name, value[0] if isinstance(value, list) else value) for name, value in said]
        found[(int(each["ResourceType"]), *sorted(flat))] += 1
    return found


def compared(domain: etree._Element) -> list[str]:
    """The domain's start and devices, without what libvirt chooses, in a canonical order."""
    for name in IDLE:
        for element in list(domain.iter(name)):
            if name != "address" or element.getparent().tag != "source":
                element.getparent().remove(element)
    for element in domain.iterfind("devices/controller/target"):
        element.getparent().remove(element)
    for element in domain.iterfind("os/nvram"):
        element.getparent().remove(element)
    elements = [element for path in SECTIONS for element in domain.iterfind(path)]
    return sorted(etree.tostring(element, method="c14n").decode() for element in elements)


def parsed(text: str) -> etree._Element:
    return etree.fromstring(text, etree.XMLParser(remove_blank_text=True))


@pytest.mark.parametrize("file", DOMAINS, ids=lambda file: file.stem)
def test_round_trip(
    file: Path, server: Server, hypervisor: libvirt.virConnect, private_host: PrivateHost, tmp_path: Path
) -> None:
    image = tmp_path / "disk.img"
    image.write_bytes(b"\0" * 512)
    domain = hypervisor.defineXML(file.read_text(encoding="utf-8").replace("{image}", str(image)))
    before, name, uuid = parsed(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)), domain.name(), domain.UUIDString()
    with server.manager() as manager:
        eventually("the server sees the domain", lambda: uuid in manager.systems())
        (system,) = [
            each
            for each in manager.conn.EnumerateInstances("VMAN_VirtualSystemSettingData")
            if each["InstanceID"] == f"VMAN:{uuid}/defined"
        ]
        settings = manager.conn.Associators(system.path, AssocClass="CIM_VirtualSystemSettingDataComponent")
        assert shown(settings) == told(before)
        ids = {each["InstanceID"] for each in settings}
        assert {each["Parent"] for each in settings if each["Parent"] is not None} <= ids

        domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_NVRAM)
        eventually("the server sees that it is gone", lambda: uuid not in manager.systems())
        code, out = manager.conn.InvokeMethod(
            "DefineSystem", manager.service, SystemSettings=system, ResourceSettings=settings
        )
        assert code == 0
        again = hypervisor.lookupByUUIDString(out["ResultingSystem"]["Name"])
        assert (again.name(), again.UUIDString()) == (name, uuid)
        after = parsed(again.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
        now, then = Counter(compared(after)), Counter(compared(before))
        assert (now - then, then - now) == (Counter(), Counter())
        again.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_NVRAM)
    assert server.mishaps() == []


def test_the_domains_use_every_kind() -> None:
    used = Counter(key for file in DOMAINS for key in _tags(file))
    assert {TAGS.get(kind, kind.value) for kind in DeviceKind} == KINDS.keys()
    assert KINDS.keys() <= used.keys()
    assert {"disk", "interface", "serial"} <= used.keys()
    assert len(DOMAINS) >= 12


def _tags(file: Path) -> Iterator[str]:
    """What is compared; a console that is the serial port is none of its own."""
    for element in etree.parse(file).iterfind("devices/*"):
        if element.find("target[@type='serial']") is None:
            yield str(element.tag)
