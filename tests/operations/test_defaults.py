"""Whatever is asked for and whatever the host offers: a refusal with reason, or a definition in which all is said."""

from __future__ import annotations

import re
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvman.inventory.generation import Generation
from openvman.messages.problem import Problem
from openvman.model.actor import Actor, Role
from openvman.model.allocation import DiskKind, NicConnection
from openvman.model.defaults import TARGET_PREFIXES
from openvman.model.errors import ModelError
from openvman.model.host import Host, HostFacts
from openvman.model.network import VirtualNetwork
from openvman.model.spec import Definition, DiskSpec, MemorySpec, NicSpec, ProcessorSpec, ResourceSpec, SystemSpec
from openvman.model.system import OnCrash
from openvman.operations.defaults import fill, format_of, normal_mac
from openvman.operations.policy import Policy
from openvman.operations.specs import sort
from openvman.operations.validate import check_definition

GIB = 1 << 30


def host(**facts) -> Host:
    offered = {
        "hypervisors": ("kvm", "qemu"),
        "architecture": "x86_64",
        "machines": ("q35", "pc"),
        "maximum_processors": 8,
        "disk_buses": ("sata", "virtio", "fdc"),
        "nic_models": ("e1000", "virtio"),
    }
    return Host(
        id="6f0ae2a8-9a3c-4f39-95b5-2f1c38d8a1aa",
        name="node",
        platform="sim://",
        hypervisor_name="sim",
        hypervisor_version="1",
        processors=4,
        processor_model=None,
        processor_mhz=None,
        memory=8 * GIB,
        facts=HostFacts(**(offered | facts)),
        networks=tuple(
            VirtualNetwork(host_id="6f0ae2a8-9a3c-4f39-95b5-2f1c38d8a1aa", uuid=name, name=name, active=True)
            for name in ("default", "other")
        ),
    )


def filled(host: Host, *resources: ResourceSpec, macs=frozenset(), named=lambda _: False, **system):
    numbers = count(1)
    return fill(
        SystemSpec(**system),
        sort(resources),
        host,
        macs=macs,
        named=named,
        new_id=lambda: "11111111-2222-3333-4444-555555555555",
        new_mac=lambda: f"52:54:00:00:00:{next(numbers):02x}",
    )


def some(strategy):
    return st.none() | strategy


_text = st.text(max_size=8) | st.sampled_from(["web", "a/b", "-x", "\x00", "../x", "x" * 300])
_number = st.integers(-2, 10) | st.sampled_from([512, 1000, GIB, 16 * GIB, 1 << 70])
_disks = st.builds(
    DiskSpec,
    target=some(st.sampled_from(["vda", "sda", "sdb", "hda", "fda", "fdz", "vdaa", "x", ""])),
    kind=some(st.sampled_from(DiskKind)),
    bus=some(st.sampled_from([*TARGET_PREFIXES, "nvme", ""])),
    source=some(st.sampled_from(["", "/a/b.img", "c.qcow2", "../x", "-x", "a\x00"])),
    format=some(st.sampled_from(["raw", "qcow2", "vmdk", ""])),
    capacity=some(_number),
    read_only=some(st.booleans()),
    shareable=some(st.booleans()),
)
_nics = st.builds(
    NicSpec,
    mac=some(st.sampled_from(["52:54:00:00:00:01", "525400000002", "53:54:00:00:00:01", "x", "", "0" * 12])),
    model=some(st.sampled_from(["virtio", "e1000", "cable", ""])),
    connection=some(st.sampled_from(NicConnection)),
    source=some(st.sampled_from(["default", "other", "br0", "", "no\nwhere"])),
)
_processors = st.builds(ProcessorSpec, count=some(_number), maximum=some(_number))
_memories = st.builds(MemorySpec, size=some(_number), maximum=some(_number))
_systems = st.fixed_dictionaries(
    {},
    optional={
        "system_id": st.sampled_from(["", "x", "0B5E6F1C-5A1B-4E43-9D5D-0A4C2F1F7A11", "0" * 32]),
        "name": _text,
        "hypervisor": st.sampled_from(["kvm", "xen", ""]),
        "description": _text,
        "autostart": st.booleans(),
        "on_crash": st.sampled_from(OnCrash),
        "machine": st.sampled_from(["q35", "vax", ""]),
    },
)
_offers = st.fixed_dictionaries(
    {},
    optional={
        "hypervisors": st.sampled_from([(), ("kvm",)]),
        "machines": st.sampled_from([(), ("virt",)]),
        "disk_buses": st.lists(st.sampled_from([*TARGET_PREFIXES, "nvme"]), unique=True).map(tuple),
        "nic_models": st.sampled_from([(), ("cable",)]),
        "has_networks": st.booleans(),
        "can_autostart": st.booleans(),
        "has_console_log": st.booleans(),
    },
)


def _tried(host, system, resources) -> Definition | ModelError:
    try:
        made = filled(host, *resources, **system)
        check_definition(made, host, Generation(), frozenset(), Actor("operator", Role.OPERATOR), Policy())
    except ModelError as error:
        return error
    return made


@given(
    st.builds(host) | _offers.map(lambda facts: host(**facts)),
    _systems,
    st.lists(_processors | _memories | _disks | _nics, max_size=5),
)
def test_a_refusal_or_a_whole_definition(host, system, resources):
    made = _tried(host, system, resources)
    if isinstance(made, ModelError):
        assert made.subject
        assert 20 < len(made.message) < 1000
        return
    facts = host.facts
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made.id)
    assert made.name
    assert made.hypervisor in facts.hypervisors
    assert made.machine in facts.machines if facts.machines else made.machine is None
    assert made.console_log is facts.has_console_log
    assert 1 <= made.processor.count <= made.processor.maximum <= facts.maximum_processors
    assert 1 << 20 <= made.memory.size <= made.memory.maximum <= host.memory
    assert made.memory.size % 1024 == 0
    assert len({disk.target for disk in made.disks}) == len(made.disks)
    for disk in made.disks:
        assert disk.bus in facts.disk_buses
        assert disk.source is None or (disk.source.strip() and ".." not in disk.source and "\x00" not in disk.source)
        assert disk.source or disk.capacity or disk.kind is not DiskKind.DISK
        assert (disk.read_only is not None, disk.shareable is not None) == (True, True)
        assert disk.target.startswith(TARGET_PREFIXES.get(disk.bus, "sd"))
    assert len({nic.mac for nic in made.nics}) == len(made.nics)
    for nic in made.nics:
        assert re.fullmatch("([0-9a-f]{2}:){5}[0-9a-f]{2}", nic.mac)
        assert nic.model in facts.nic_models if facts.nic_models else nic.model is None
        assert nic.connection in {NicConnection.USER, NicConnection.NETWORK}  # no bridge is open
        assert (nic.source in host.network_names) == (nic.connection is NicConnection.NETWORK)


@pytest.mark.parametrize(
    ("buses", "asked", "bus", "target"),
    [
        (("ide", "sata", "virtio"), {}, "virtio", "vda"),
        (("ide", "sata", "virtio"), {"target": "hdb"}, "ide", "hdb"),
        (("ide", "sata", "virtio"), {"target": "sdc"}, "sata", "sdc"),
        (("ide", "sata", "virtio"), {"kind": DiskKind.CDROM}, "sata", "sda"),
        (("ide", "virtio"), {"kind": DiskKind.CDROM}, "ide", "hda"),
        (("ide", "fdc"), {"kind": DiskKind.FLOPPY}, "fdc", "fda"),
        (("ide", "fdc"), {"bus": "fdc"}, "fdc", "fda"),
        (("xen",), {}, "xen", "xvda"),
        (("nvme",), {}, "nvme", "sda"),
        ((), {}, None, "sda"),
    ],
)
def test_the_bus_and_target_of_a_disk(buses, asked, bus, target):
    (disk,) = filled(host(disk_buses=buses), DiskSpec(capacity=GIB, **asked)).disks
    assert (disk.bus, disk.target) == (bus, target)


def test_targets_go_on_after_z():
    made = filled(host(), *[DiskSpec(capacity=GIB)] * 28)
    assert [disk.target for disk in made.disks][24:] == ["vdy", "vdz", "vdaa", "vdab"]


@pytest.mark.parametrize(
    ("spec", "values"),
    [
        (ProcessorSpec(), (1, 1)),
        (ProcessorSpec(count=3), (3, 3)),
        (ProcessorSpec(maximum=4), (1, 4)),
        (ProcessorSpec(count=0), (0, 0)),
    ],
)
def test_processors(spec, values):
    made = filled(host(), spec).processor
    assert (made.count, made.maximum) == values


@pytest.mark.parametrize(
    ("spec", "values"),
    [
        (MemorySpec(), (GIB // 2, GIB // 2)),
        (MemorySpec(size=GIB), (GIB, GIB)),
        (MemorySpec(maximum=2 * GIB), (GIB // 2, 2 * GIB)),
        (MemorySpec(maximum=GIB // 4), (GIB // 4, GIB // 4)),
        (MemorySpec(size=1), (1, 1)),
    ],
)
def test_memory(spec, values):
    made = filled(host(), spec).memory
    assert (made.size, made.maximum) == values


def test_a_made_name_is_not_one_that_is_taken():
    assert filled(host()).name == "vm-11111111"
    assert filled(host(), named=lambda name: name == "vm-11111111").name == "vm-11111111-2222-3333-4444-555555555555"


def test_a_made_address_is_not_one_that_is_taken():
    taken = frozenset({"52:54:00:00:00:01", "52:54:00:00:00:03"})
    nics = filled(host(), NicSpec(), NicSpec(), NicSpec(mac="52-54-00-00-00-04"), macs=taken).nics
    assert [nic.mac[-2:] for nic in nics] == ["02", "05", "04"]


def test_a_maker_of_addresses_that_repeats_itself_is_not_waited_for():
    with pytest.raises(ModelError) as caught:
        fill(
            SystemSpec(),
            sort([NicSpec(), NicSpec()]),
            host(),
            macs=frozenset(),
            named=lambda _: False,
            new_id=lambda: "11111111-2222-3333-4444-555555555555",
            new_mac=lambda: "52:54:00:00:00:01",
        )
    assert caught.value.problem is Problem.FAILED


def test_an_allocation_id_means_nothing_in_a_definition():
    """A client may send back what it read of another system."""
    made = filled(host(), ProcessorSpec(allocation_id="x/defined/processor"), DiskSpec(allocation_id="y", capacity=512))
    assert made.processor.allocation_id is None
    assert made.disks[0].allocation_id is None


@pytest.mark.parametrize("text", ["52:54:00:AB:CD:EF", "52-54-00-ab-cd-ef", "525400abcdef", "5254.00ab.cdef"])
def test_spellings_of_an_address(text):
    assert normal_mac(text) == "52:54:00:ab:cd:ef"


@pytest.mark.parametrize(
    ("path", "format"),
    [("/a/b.qcow2", "qcow2"), ("/a/B.QCOW2", "qcow2"), ("/a/b.img", "raw"), ("/a/b.qcow2.bak", "raw"), ("/a/b", "raw")],
)
def test_the_format_by_the_name(path, format):
    assert format_of(path) == format


def test_what_a_system_cannot_be_given():
    with pytest.raises(ModelError) as caught:
        sort([ResourceSpec()])
    assert caught.value.problem is Problem.NOT_SUPPORTED
