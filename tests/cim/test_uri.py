"""Object paths as text: DSP0207 and DSP0004 8.2.5, with pywbem as peer."""

from __future__ import annotations

from typing import Any

import pytest
import pywbem
from hypothesis import given
from hypothesis import strategies as st

from openvman.cim.datetime import CIMDateTime
from openvman.cim.names import NameMap
from openvman.cim.uri import PathError, PathForm, format_path, parse_path
from openvman.cim.values import ClassPath, InstancePath

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True)
NAMESPACES = st.none() | st.lists(NAMES, min_size=1, max_size=3).map("/".join)
HOSTS = st.none() | st.sampled_from(["h", "host.example.com:5989", "10.0.0.1", "[::1]:5988"])
SCALARS = st.one_of(st.text(max_size=12), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False))
KEYS = st.dictionaries(NAMES, SCALARS, min_size=1, max_size=3).map(NameMap)
PATHS = st.builds(InstancePath, NAMES, KEYS, NAMESPACES, HOSTS)
FORMS = st.sampled_from(["standard", "historical"])


def keys(**items: Any) -> NameMap[Any]:
    return NameMap(items)


@given(PATHS, FORMS)
def test_instance_paths_round_trip(path: InstancePath, form: PathForm) -> None:
    assert parse_path(format_path(path, form=form)) == path


@given(st.builds(ClassPath, NAMES, NAMESPACES, HOSTS), FORMS)
def test_class_paths_round_trip(path: ClassPath, form: PathForm) -> None:
    assert parse_path(format_path(path, form=form)) == path


@given(PATHS, PATHS)
def test_a_reference_key_comes_back_as_its_text(outer: InstancePath, inner: InstancePath) -> None:
    path = InstancePath(outer.class_name, NameMap({"Antecedent": inner}), outer.namespace, outer.host)
    parsed = parse_path(format_path(path))
    assert isinstance(parsed, InstancePath)
    assert parsed.keys["Antecedent"] == format_path(inner)


def peer(path: InstancePath) -> pywbem.CIMInstanceName:
    bindings = [(name, peer(v) if isinstance(v, InstancePath) else v) for name, v in path.keys.items()]
    return pywbem.CIMInstanceName(path.class_name, bindings, path.host, path.namespace)


@given(PATHS, FORMS)
def test_pywbem_writes_the_same(path: InstancePath, form: PathForm) -> None:
    assert format_path(path, form=form) == peer(path).to_wbem_uri(form)


@given(PATHS, PATHS, FORMS)
def test_pywbem_writes_reference_keys_the_same(outer: InstancePath, inner: InstancePath, form: PathForm) -> None:
    path = InstancePath(outer.class_name, NameMap({"Dependent": inner}), outer.namespace, outer.host)
    assert format_path(path, form=form) == peer(path).to_wbem_uri(form)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('https://h:5989/root/virt:CIM_A.Name="x"', InstancePath("CIM_A", keys(Name="x"), "root/virt", "h:5989")),
        ("//host/ns:CIM_A", ClassPath("CIM_A", "ns", "host")),
        ("//host/CIM_A", ClassPath("CIM_A", None, "host")),
        ("/root/virt:CIM_A", ClassPath("CIM_A", "root/virt")),
        ("root/virt:CIM_A", ClassPath("CIM_A", "root/virt")),
        ("https:/root/virt:CIM_A", ClassPath("CIM_A", "root/virt")),
        (":CIM_A", ClassPath("CIM_A")),
        ("/:CIM_A", ClassPath("CIM_A")),
        ("CIM_A", ClassPath("CIM_A")),
        ("ns:CIM_A=@", InstancePath("CIM_A", NameMap(), "ns")),
        ("CIM_A.K=TRUE,L=0x1F,M=101b,N=-1.5e3", InstancePath("CIM_A", keys(K=True, L=31, M=5, N=-1500.0))),
        (r'CIM_A.K="a\\b\"c,d=e"', InstancePath("CIM_A", keys(K='a\\b"c,d=e'))),
        ("CIM_A.K='\\''", InstancePath("CIM_A", keys(K="'"))),
        (
            "CIM_A.K=20260102030405.000000+000",
            InstancePath("CIM_A", keys(K="20260102030405.000000+000")),
        ),
    ],
)
def test_forms(text: str, path: InstancePath | ClassPath) -> None:
    assert parse_path(text) == path


def test_datetime_keys_are_quoted() -> None:
    path = InstancePath("CIM_A", keys(T=CIMDateTime("00000001000000.000000:000")))
    assert format_path(path) == '/:CIM_A.T="00000001000000.000000:000"'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "class name"),
        ("ns:", "class name"),
        ("//host", "'//' wants a host"),
        ("///ns:CIM_A", "'//' wants a host"),
        ("//host/ns/CIM_A", "class name"),
        ("a//b:CIM_A", "not a namespace"),
        ("CIM_A.", "character 7"),
        ("CIM_A.K", "character 7"),
        ('CIM_A.K="x', "key K"),
        ('CIM_A.K="x"y', "',' is expected at character 12"),
        ('CIM_A.K="x",', "character 13"),
        ("CIM_A.K=x", "key K"),
        ("CIM_A.K='xy'", "one character"),
        ("CIM_A.K=1,k=2", "twice"),
    ],
)
def test_what_is_no_path_says_why(text: str, reason: str) -> None:
    with pytest.raises(PathError, match=reason):
        parse_path(text)


@given(st.text("aA_.:/\\\"'=,@0 \n", max_size=40))
def test_any_text_is_a_path_or_a_path_error(text: str) -> None:
    try:
        path = parse_path(text)
    except PathError:
        return
    assert parse_path(format_path(path)) == path
