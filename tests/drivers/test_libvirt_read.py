"""Domain XML becomes configurations: golden files, and XML that is not as it should be."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvman.drivers.libvirt import xml
from openvman.drivers.libvirt.address import parse
from openvman.drivers.libvirt.read import configuration_of
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.model.system import Configuration, ConfigurationKind

DATA = Path(__file__).parent / "data" / "read"
ADDRESS = parse("qemu:///system?console_logs=/lab/log/console")
CASES = sorted(path.stem for path in DATA.glob("*.xml"))


def read(text: str, kind: ConfigurationKind = ConfigurationKind.STATE) -> Configuration:
    return configuration_of(xml.read(text), "host", kind, ADDRESS, autostart=False)


@pytest.mark.parametrize("case", CASES)
def test_golden(case, golden) -> None:
    kind = ConfigurationKind.DEFINED if case == "qemu_defined" else ConfigurationKind.STATE
    found = asdict(read((DATA / f"{case}.xml").read_text(), kind))
    golden(DATA / f"{case}.json", json.dumps(found, indent=1) + "\n")


@pytest.mark.parametrize("case", CASES)
def test_every_allocation_has_an_id_of_its_own(case) -> None:
    found = read((DATA / f"{case}.xml").read_text())
    ids = [each.id for each in found.allocations()]
    assert len(set(ids)) == len(ids)


def test_defined_and_active_differ_only_where_they_should() -> None:
    """The captured domain was started as it is defined; the guest has no balloon driver, so it holds its maximum."""
    active, defined = (read((DATA / f"qemu_{name}.xml").read_text()) for name in ("active", "defined"))
    assert (active.memory.size, defined.memory.size) == (64 << 20, 32 << 20)
    assert replace(active, memory=defined.memory) == defined


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no xml",
        "<domain>",
        "<domain/>",
        "<domain><name>a</name></domain>",
        '<!DOCTYPE domain [<!ENTITY a SYSTEM "file:///etc/hostname">]><domain><uuid>&a;</uuid><name>&a;</name></domain>',
    ],
)
def test_what_is_no_domain_is_an_error_of_the_platform(text) -> None:
    with pytest.raises(ModelError) as caught:
        read(text)
    assert caught.value.problem is Problem.FAILED


TAGS = (
    "disk",
    "interface",
    "serial",
    "source",
    "target",
    "mac",
    "model",
    "log",
    "driver",
    "vcpu",
    "memory",
    "os",
    "type",
)
NAMES = ("type", "dev", "bus", "file", "address", "port", "unit", "current", "network", "bridge", "device")


def elements() -> st.SearchStrategy[str]:
    values = st.text("abz019-/:<&'", max_size=6)

    def make(tag: str, attributes: dict[str, str], inner: list[str]) -> str:
        element = xml.etree.Element(tag, attributes)
        text = xml.etree.tostring(element, encoding="unicode")
        return f"{text[:-2]}>{''.join(inner)}</{tag}>"

    def nest(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.builds(
            make, st.sampled_from(TAGS), st.dictionaries(st.sampled_from(NAMES), values), st.lists(children, max_size=4)
        )

    return st.recursive(nest(st.just("")), nest, max_leaves=12)


@given(st.lists(elements(), max_size=4), st.lists(elements(), max_size=4))
def test_any_domain_is_read(top: list[str], devices: list[str]) -> None:
    """Whatever stands in a domain with a name and a UUID: a configuration with ids of its own."""
    text = f"<domain><name>a</name><uuid>b</uuid>{''.join(top)}<devices>{''.join(devices)}</devices></domain>"
    found = read(text)
    assert found == configuration_of(xml.parse(text), "host", ConfigurationKind.STATE, ADDRESS, autostart=False)
    ids = [each.id for each in found.allocations()]
    assert len(set(ids)) == len(ids)
    assert found.processor.count <= found.processor.maximum
    assert found.memory.size >= 0
