"""The tables of rules: their form, and the texts and paths that they let through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvman.model import defaults, validation
from openvman.model.allocation import DiskKind
from openvman.model.device_rules import DEVICE_RULES
from openvman.model.host import Host, HostFacts
from openvman.model.spec import DeviceSpec, DiskSpec, MemorySpec, NicSpec, ProcessorSpec, SerialSpec, SystemSpec

TABLES = {
    SystemSpec: validation.SYSTEM_RULES,
    ProcessorSpec: validation.PROCESSOR_RULES,
    MemorySpec: validation.MEMORY_RULES,
    DiskSpec: validation.DISK_RULES,
    NicSpec: validation.NIC_RULES,
    SerialSpec: validation.SERIAL_RULES,
    DeviceSpec: DEVICE_RULES,
}


@pytest.fixture
def surroundings() -> validation.Surroundings:
    facts = HostFacts(
        hypervisors=("kvm",),
        architecture="x86_64",
        machines=("q35",),
        maximum_processors=8,
        disk_buses=("virtio", "sata"),
        nic_models=(),
    )
    host = Host(
        id="h",
        name="node",
        platform="sim://",
        hypervisor_name="sim",
        hypervisor_version="1",
        processors=4,
        processor_model=None,
        processor_mhz=None,
        memory=1 << 30,
        facts=facts,
    )
    return validation.Surroundings(host=host, of="Virtual system 'web'")


@pytest.mark.parametrize("spec", TABLES, ids=lambda spec: spec.__name__)
def test_rules_are_about_settings_that_there_are(spec):
    for rule in TABLES[spec]:
        assert rule.settings
        assert set(rule.settings) <= set(spec.__dataclass_fields__)


@pytest.mark.parametrize("spec", TABLES, ids=lambda spec: spec.__name__)
def test_every_message_can_be_said(spec, surroundings):
    """Of a value of which nothing is said, too."""
    for rule in TABLES[spec]:
        said = str(rule.said(spec(), surroundings))
        assert said
        assert "{" not in said


def test_the_message_names_the_object_and_lists_what_there_is(surroundings):
    disk = DiskSpec(kind=DiskKind.DISK, bus="nvme", target="sda", capacity=512)
    with pytest.raises(validation.ModelError) as caught:
        validation.check(validation.DISK_RULES, disk, surroundings)
    assert caught.value.message == ("Virtual system 'web': host 'node' has no disk bus 'nvme'; it has 'virtio', 'sata'")
    assert caught.value.subject == "bus"


def test_the_way_out_is_told_apart_from_what_is_wrong(surroundings):
    with pytest.raises(validation.ModelError) as caught:
        validation.check(validation.SYSTEM_RULES, SystemSpec(name=""), surroundings)
    said = caught.value.said
    assert (said.text, said.action) == (
        "Virtual system 'web': the name is empty.",
        "Give one, or none to have one made.",
    )
    assert caught.value.message == f"{said.text} {said.action}"


def test_only_what_changes_is_held_to_the_rules(surroundings):
    disk = DiskSpec(kind=DiskKind.DISK, bus="nvme", target="sda", capacity=512)
    validation.check(validation.DISK_RULES, disk, surroundings, {"target"})
    with pytest.raises(validation.ModelError):
        validation.check(validation.DISK_RULES, disk, surroundings, {"target", "bus"})


def test_every_bus_that_a_kind_of_disk_prefers_has_a_prefix():
    preferred = {bus for buses in defaults.DISK_BUSES.values() for bus in buses}
    assert preferred == set(defaults.TARGET_PREFIXES)


def test_what_the_suffix_says_can_be_used():
    assert {*defaults.FORMAT_OF_SUFFIX.values(), defaults.UNKNOWN_FORMAT, defaults.IMAGE_FORMAT} <= set(
        defaults.SUFFIX_OF_FORMAT
    )
    for format, suffix in defaults.SUFFIX_OF_FORMAT.items():
        assert defaults.FORMAT_OF_SUFFIX[suffix] == format


@given(st.text())
def test_text_that_passes_can_be_written_as_xml(text):
    if validation.is_text(text):
        text.encode()
        assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or ord(c) in {0x2028, 0x2029} for c in text)
        assert not any(0xD800 <= ord(c) < 0xE000 or ord(c) in {0xFFFE, 0xFFFF} for c in text)


@given(st.text(alphabet="a./-\x00\n:,é"))
def test_paths_that_pass(path):
    if validation.is_path(path):
        assert ".." not in path.split("/")
        assert path[0] != "-"
        assert "\x00" not in path
        assert "\n" not in path


@pytest.mark.parametrize("path", ["/a/b c,d.img", "a..b", "é.img", "x" * 4096])
def test_usual_paths(path):
    assert validation.is_path(path)


@pytest.mark.parametrize("path", ["", "..", "a/..", "/../a", "-a", "a\x7f", "x" * 4097, "é" * 2049])
def test_unusual_paths(path):
    assert not validation.is_path(path)
