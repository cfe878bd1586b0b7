"""Definitions become domain XML: golden files, and strings that would like to be XML."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from openvman.drivers.libvirt import container_xml, domain_xml, xml
from openvman.drivers.libvirt.address import parse
from openvman.drivers.libvirt.read import configuration_of
from openvman.messages.problem import Problem
from openvman.model.allocation import DeviceKind, DiskKind, NicConnection
from openvman.model.errors import ModelError
from openvman.model.spec import Definition, DeviceSpec, DiskSpec, MemorySpec, NicSpec, ProcessorSpec, SerialSpec
from openvman.model.system import BootDevice, ConfigurationKind, Firmware, OnCrash

DATA = Path(__file__).parent / "data" / "define"
LOGS = Path("/lab/log/console")
SCHEMAS = Path("/usr/share/libvirt/schemas")
MIB = 1 << 20

MINIMAL = Definition(
    id="3f0f6f8b-0d3c-4b7e-9a50-6f2d5f5f0b11",
    host_id="host",
    name="minimal",
    hypervisor="qemu",
    description=None,
    autostart=False,
    on_crash=OnCrash.DESTROY,
    machine=None,
    processor=ProcessorSpec(count=1),
    memory=MemorySpec(size=32 * MIB),
    disks=(),
    nics=(),
    console_log=False,
)
FULL = replace(
    MINIMAL,
    name="full",
    hypervisor="kvm",
    description="a <b> & 'c'\n\"d\"",
    on_crash=OnCrash.PRESERVE,
    machine="q35",
    processor=ProcessorSpec(count=2, maximum=4),
    memory=MemorySpec(size=48 * MIB + 1, maximum=64 * MIB),
    disks=(
        DiskSpec(target="vda", kind=DiskKind.DISK, bus="virtio", source="/images/a.qcow2", format="qcow2"),
        DiskSpec(kind=DiskKind.DISK, bus="virtio", source="/images/b & c.img", format="raw", shareable=True),
        DiskSpec(kind=DiskKind.DISK, bus="scsi", source="/dev/sdb", format="raw", read_only=True),
        DiskSpec(kind=DiskKind.CDROM, bus="sata", source="/images/d.iso"),
        DiskSpec(kind=DiskKind.CDROM, bus="sata"),
        DiskSpec(kind=DiskKind.FLOPPY, bus="fdc", source=""),
    ),
    nics=(
        NicSpec(mac="52:54:00:00:00:01", connection=NicConnection.NETWORK, source="default", model="virtio"),
        NicSpec(mac="52:54:00:00:00:02", connection=NicConnection.BRIDGE, source="br0"),
        NicSpec(connection=NicConnection.USER, model="e1000"),
        NicSpec(
            mac="52:54:00:00:00:03",
            connection=NicConnection.DIRECT,
            source="eth0",
            mode="vepa",
            target="vtap3",
            vsi_manager=11,
            vsi_type=1193047,
            vsi_version=2,
            vsi_instance="09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f",
        ),
        NicSpec(
            mac="52:54:00:00:00:04", connection=NicConnection.DIRECT, source="eth1", mode="bridge", profile="finance"
        ),
        NicSpec(mac="52:54:00:00:00:05", connection=NicConnection.ETHERNET, target="vtap5"),
    ),
    console_log=True,
    boot_order=tuple(BootDevice),
    firmware=Firmware.UEFI,
    kernel="/boot/vmlinuz",
    initrd="/boot/initrd",
    command_line="console=ttyS0 a=<b>",
    serials=(SerialSpec(port=1),),
    devices=(
        DeviceSpec(kind=DeviceKind.INPUT, type="tablet", bus="usb"),
        DeviceSpec(kind=DeviceKind.TPM, type="tpm-crb", backend="passthrough", source="/dev/tpm0"),
        DeviceSpec(kind=DeviceKind.CHANNEL, type="virtio", backend="unix", target="org.qemu.guest_agent.0"),
        DeviceSpec(kind=DeviceKind.WATCHDOG, type="i6300esb", action="reset"),
        DeviceSpec(kind=DeviceKind.CONTROLLER, type="pcie-root-port", bus="pci", address="1"),
        DeviceSpec(kind=DeviceKind.GRAPHICS, type="vnc", address="127.0.0.1", keymap="de", password="a<b>'c"),
    ),
)
CONTAINER = replace(
    MINIMAL,
    name="container",
    hypervisor="lxc",
    description="a <b>",
    firmware=None,
    init="/bin/sh",
    processor=ProcessorSpec(count=1, maximum=2, weight=200, limit=50_000),
    memory=MemorySpec(size=48 * MIB, maximum=64 * MIB, reservation=16 * MIB),
    nics=(NicSpec(mac="52:54:00:00:00:02", connection=NicConnection.BRIDGE, source="br0"),),
    devices=(
        DeviceSpec(kind=DeviceKind.FILE_SYSTEM, type="mount", source="/srv/root & more", target="/"),
        DeviceSpec(kind=DeviceKind.FILE_SYSTEM, type="mount", source="/srv/data", target="/data", read_only=True),
    ),
)
XEN = replace(
    MINIMAL,
    name="xen",
    hypervisor="xen",
    machine="xenfv",
    processor=ProcessorSpec(count=1, maximum=2),
    disks=(
        DiskSpec(kind=DiskKind.DISK, bus="xen", source="/images/a.qcow2", format="qcow2"),
        DiskSpec(kind=DiskKind.CDROM, bus="ide"),
    ),
    nics=(NicSpec(mac="00:16:3e:00:00:01", connection=NicConnection.BRIDGE, source="xenbr0", model="netfront"),),
    serials=(SerialSpec(port=0),),
)
XEN_PV = replace(
    XEN,
    name="xen-pv",
    machine="xenpv",
    firmware=None,
    acpi=False,
    apic=False,
    kernel="/srv/boot/vmlinuz",
    initrd="/srv/boot/initrd",
    command_line="root=/dev/xvda1",
    disks=(DiskSpec(kind=DiskKind.DISK, bus="xen", source="/dev/store/weir", format="raw"),),
    serials=(),
    console_log=False,
    devices=(
        DeviceSpec(kind=DeviceKind.GRAPHICS, type="vnc"),
        DeviceSpec(kind=DeviceKind.VIDEO, type="xen"),
        DeviceSpec(kind=DeviceKind.INPUT, type="mouse", bus="xen"),
    ),
)
CASES = {"minimal": MINIMAL, "full": FULL, "container": CONTAINER, "xen": XEN, "xen_pv": XEN_PV}


def build(definition: Definition) -> xml.Element:
    if definition.hypervisor == "lxc":
        return container_xml.build(definition, architecture="x86_64", machine=None, console_logs=None)
    return domain_xml.build(definition, architecture="x86_64", machine="pc-i440fx-7.2", console_logs=LOGS)


@pytest.mark.parametrize("case", CASES)
def test_golden(case, golden) -> None:
    golden(DATA / f"{case}.xml", xml.print_(build(CASES[case])))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.skipif(not SCHEMAS.is_dir(), reason="libvirt's schemas are not here")
def test_libvirts_own_schema_accepts_it(case) -> None:
    """Also for hypervisors that no test machine has."""
    schema = etree.RelaxNG(etree.parse(SCHEMAS / "domain.rng"))
    schema.assertValid(build(CASES[case]))


def read_back(definition: Definition) -> Any:
    root = xml.parse(xml.print_(build(definition)))
    address = parse(f"qemu:///system?console_logs={LOGS}")
    return root, configuration_of(root, "host", ConfigurationKind.DEFINED, address, autostart=False)


def shape(root: xml.Element) -> list[tuple[str, list[str]]]:
    """The elements and their attributes' names, without any value."""
    return [(str(each.tag), sorted(map(str, each.keys()))) for each in root.iter()]


HOSTILE = (
    "</name><devices><emulator>/bin/sh</emulator></devices><name>",
    "'/><qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><qemu:arg value='-S'/>",
    '"/><source file="',
    "]]><!-- &lt; &#x41; <?xml?>",
    "&amp;&entity;%p; ${x} $(id)",
    "ü\N{SNOWMAN}\N{GRINNING FACE}\u202e",
)
BAD = ("a\0b", "a\x1bb", "a\x7fb", "a\x85b", "a\ud800b", "a\ufffeb")


def with_nic(place: int, **changes: str) -> dict[str, Any]:
    nics = list(FULL.nics)
    nics[place] = replace(nics[place], **changes)
    return {"nics": tuple(nics)}


GRAPHICS = len(FULL.devices) - 1


def with_device(place: int, **changes: str) -> dict[str, Any]:
    devices = list(FULL.devices)
    devices[place] = replace(devices[place], **changes)
    return {"devices": tuple(devices)}


SETTINGS = {
    "name": lambda value: {"name": value.replace("/", "")},
    "id": lambda value: {"id": value},
    "hypervisor": lambda value: {"hypervisor": value},
    "description": lambda value: {"description": value},
    "machine": lambda value: {"machine": value},
    "disk target": lambda value: {"disks": (replace(FULL.disks[0], target=value), *FULL.disks[1:])},
    "disk bus": lambda value: {"disks": (replace(FULL.disks[0], bus=value), *FULL.disks[1:])},
    "disk source": lambda value: {"disks": (replace(FULL.disks[0], source="/" + value), *FULL.disks[1:])},
    "disk format": lambda value: {"disks": (replace(FULL.disks[0], format=value), *FULL.disks[1:])},
    "disk cache": lambda value: {"disks": (replace(FULL.disks[0], cache=value), *FULL.disks[1:])},
    "disk discard": lambda value: {"disks": (replace(FULL.disks[0], discard=value), *FULL.disks[1:])},
    "volume": lambda value: {"disks": (replace(FULL.disks[0], source=f"volume:lab/{value}"), *FULL.disks[1:])},
    "nic mac": lambda value: {"nics": (replace(FULL.nics[0], mac=value), *FULL.nics[1:])},
    "nic model": lambda value: {"nics": (replace(FULL.nics[0], model=value), *FULL.nics[1:])},
    "nic filter": lambda value: {"nics": (replace(FULL.nics[0], filter=value), *FULL.nics[1:])},
    **{
        f"nic {name}": lambda value, place=place, name=name: with_nic(place, **{name: value})
        for place, name in ((3, "mode"), (3, "target"), (3, "vsi_instance"), (4, "profile"))
    },
    "kernel": lambda value: {"kernel": "/" + value},
    "initrd": lambda value: {"initrd": "/" + value},
    "command_line": lambda value: {"command_line": value},
    "device type": lambda value: with_device(0, type=value),
    "device bus": lambda value: with_device(0, bus=value),
    "device source": lambda value: with_device(1, source="/" + value),
    "device backend": lambda value: with_device(1, backend=value),
    "device target": lambda value: with_device(2, target=value),
    "device action": lambda value: with_device(3, action=value),
    "device address": lambda value: with_device(4, address=value),
    "device keymap": lambda value: with_device(GRAPHICS, keymap=value),
    "device password": lambda value: with_device(GRAPHICS, password=value),
    "nic source": lambda value: {"nics": (replace(FULL.nics[0], source=value), *FULL.nics[1:])},
}


def test_no_vcpu_and_no_share_of_a_container_is_0() -> None:
    """Containers do not start with either."""
    root = build(replace(CONTAINER, processor=ProcessorSpec(count=1, weight=0, limit=0)))
    assert root.find("vcpu").text == "1"
    assert root.find("cputune") is None


@pytest.mark.parametrize("value", HOSTILE)
def test_an_init_stays_a_text(value) -> None:
    root = xml.parse(xml.print_(build(replace(CONTAINER, init=value))))
    assert root.find("os/init").text == value
    assert shape(root) == shape(xml.parse(xml.print_(build(CONTAINER))))


@pytest.mark.parametrize("value", BAD)
def test_control_characters_in_an_init_are_refused(value) -> None:
    with pytest.raises(ModelError, check=lambda error: error.problem is Problem.INVALID_PARAMETER):
        build(replace(CONTAINER, init=value))


def test_every_string_of_a_definition_is_tried() -> None:
    """A new text setting wants a row above."""
    strings = {
        f"{kind}{name}".removeprefix(" ")
        for kind, spec in (("", Definition), ("disk ", DiskSpec), ("nic ", NicSpec), ("device ", DeviceSpec))
        for name, field in spec.__dataclass_fields__.items()
        if "str" in str(field.type)
    }
    elsewhere = {f"{kind} {name}" for kind in ("disk", "nic", "device") for name in ("allocation_id", "pool")}
    assert strings - elsewhere - {"host_id", "init"} == set(SETTINGS) - {"volume"}


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_string_stays_a_string(setting, value) -> None:
    hostile = replace(FULL, **SETTINGS[setting](value))
    plain = replace(FULL, **SETTINGS[setting]("kvm" if setting == "hypervisor" else "plain"))
    (root, found), (expected, _) = read_back(hostile), read_back(plain)
    if setting == "hypervisor":  # another hypervisor has no QEMU devices
        assert found.hypervisor == value
    else:
        assert shape(root) == shape(expected)
    texts = [text for each in root.iter() for text in (each.text, *each.values()) if text]
    assert any(value.replace("/", "") in text.replace("/", "") for text in texts)


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("setting", SETTINGS)
def test_control_characters_are_refused(setting, value) -> None:
    with pytest.raises(ModelError) as caught:
        build(replace(FULL, **SETTINGS[setting](value)))
    assert caught.value.problem is Problem.INVALID_PARAMETER


@given(st.sampled_from(sorted(SETTINGS)), st.text(max_size=40))
def test_any_string_is_kept_or_refused(setting: str, value: str) -> None:
    try:
        made = build(replace(FULL, **SETTINGS[setting](value)))
    except ModelError as error:
        assert error.problem is Problem.INVALID_PARAMETER  # noqa: PT017 - it need not be refused
        return
    root = xml.parse(xml.print_(made))
    assert len(root.findall("devices/disk")) == len(FULL.disks)
    assert root.find("devices/emulator") is None


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"name": ".."}, "name"),
        ({"name": "a/b"}, "name"),
        ({"memory": MemorySpec()}, "size"),
        ({"processor": ProcessorSpec()}, "count"),
        ({"disks": (DiskSpec(bus="ide"),)}, "source"),
        ({"disks": (DiskSpec(source="/a"),)}, "bus"),
        ({"disks": (DiskSpec(bus="ide", source="a"),)}, "source"),
        ({"disks": (DiskSpec(bus="ide", source="nbd://host"),)}, "source"),
        ({"nics": (NicSpec(),)}, "connection"),
        ({"nics": (NicSpec(connection=NicConnection.BRIDGE),)}, "source"),
    ],
)
def test_what_is_missing_is_named(changes, setting) -> None:
    with pytest.raises(ModelError) as caught:
        build(replace(MINIMAL, **changes))
    assert (caught.value.problem, caught.value.subject) == (Problem.INVALID_PARAMETER, setting)


def test_targets_are_given_by_bus_around_those_taken() -> None:
    disks = (
        DiskSpec(bus="virtio", source="/a"),
        DiskSpec(target="vda", bus="virtio", source="/b"),
        DiskSpec(bus="ide", source="/c"),
        *(DiskSpec(bus="sata", source=f"/{number}") for number in range(28)),
    )
    found = [each.get("dev") for each in build(replace(MINIMAL, disks=disks)).iterfind("devices/disk/target")]
    assert found[:4] == ["vdb", "vda", "hda", "sda"]
    assert found[-3:] == ["sdz", "sdaa", "sdab"]


UNKNOWN = """<disk type='file' device='disk' snapshot='external'>
  <driver name='qemu' type='raw' cache='none' discard='unmap'/>
  <source file='/a'><encryption format='luks'><secret type='passphrase' uuid='x'/></encryption></source>
  <target dev='vda' bus='virtio' rotation_rate='1'/>
  <iotune><total_iops_sec>100</total_iops_sec></iotune><serial>S</serial>
  <address type='pci' slot='0x05'/>
</disk>"""


def disk_of(text: str, spec: DiskSpec) -> xml.Element:
    root = xml.parse(f"<domain><devices>{text}</devices></domain>")
    domain_xml.patch_disk(root, "disk:vda", spec)
    found = root.find("devices/disk")
    assert found is not None
    return found


def test_a_change_touches_only_what_it_says() -> None:
    before = xml.parse(UNKNOWN)
    after = disk_of(UNKNOWN, DiskSpec(read_only=True))
    assert [str(each.tag) for each in after if each.tag != "readonly"] == [str(each.tag) for each in before]
    after.remove(next(iter(after.iterfind("readonly"))))
    assert xml.print_(after) == xml.print_(before)


def test_a_new_bus_has_new_places() -> None:
    after = disk_of(UNKNOWN, DiskSpec(bus="sata"))
    assert after.find("address") is None
    assert dict(after.find("target").attrib) == {"dev": "vda", "bus": "sata", "rotation_rate": "1"}


def test_a_new_source_keeps_the_drivers_options() -> None:
    stored = UNKNOWN.replace("<target", "<backingStore type='file'><source file='/old'/></backingStore><target")
    after = disk_of(stored, DiskSpec(source="/dev/sdb", format="qcow2"))
    assert after.find("backingStore") is None  # it describes the old image
    assert (after.get("type"), after.find("source").get("dev")) == ("block", "/dev/sdb")
    assert after.find("driver").get("cache") == "none"
    assert after.find("driver").get("type") == "qcow2"
    assert after.find("iotune") is not None


@pytest.mark.parametrize(
    ("spec", "setting"),
    [
        (DiskSpec(kind=DiskKind.CDROM), "kind"),
        (DiskSpec(target="vdb"), "target"),
        (DiskSpec(capacity=1), "capacity"),
    ],
)
def test_what_cannot_change_is_named(spec, setting) -> None:
    with pytest.raises(ModelError) as caught:
        disk_of(UNKNOWN, spec)
    assert (caught.value.problem, caught.value.subject) == (Problem.NOT_SUPPORTED, setting)


NIC = """<interface type='network'><mac address='52:54:00:00:00:01'/>
<source network='default' portgroup='blue'/><virtualport type='openvswitch'/><bandwidth/><model type='e1000'/>
</interface>"""


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (NicSpec(model="virtio"), ("network", {"network": "default", "portgroup": "blue"}, True)),
        (NicSpec(connection=NicConnection.NETWORK), ("network", {"network": "default", "portgroup": "blue"}, True)),
        (NicSpec(source="other"), ("network", {"network": "other"}, False)),
        (NicSpec(connection=NicConnection.BRIDGE, source="br0"), ("bridge", {"bridge": "br0"}, False)),
        (NicSpec(connection=NicConnection.USER), ("user", None, False)),
        (NicSpec(connection=NicConnection.USER, source=""), ("user", None, False)),
    ],
)
def test_a_nic_is_connected_elsewhere(spec, expected) -> None:
    root = xml.parse(f"<domain><devices>{NIC}</devices></domain>")
    domain_xml.patch_nic(root, "nic:52:54:00:00:00:01", spec)
    nic = root.find("devices/interface")
    source = nic.find("source")
    found = (nic.get("type"), None if source is None else dict(source.attrib), nic.find("virtualport") is not None)
    assert found == expected
    assert nic.find("bandwidth") is not None


@pytest.mark.parametrize(
    "spec",
    [
        NicSpec(connection=NicConnection.BRIDGE),
        NicSpec(connection=NicConnection.USER, source="default"),
        NicSpec(source=""),
    ],
)
def test_a_connection_that_cannot_be(spec) -> None:
    root = xml.parse(f"<domain><devices>{NIC}</devices></domain>")
    with pytest.raises(ModelError) as caught:
        domain_xml.patch_nic(root, "nic:52:54:00:00:00:01", spec)
    assert caught.value.problem is Problem.INVALID_PARAMETER
