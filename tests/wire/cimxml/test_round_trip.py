"""Any value that is written is read as the same value, and the two ways of writing agree."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from openvman.cim.datetime import CIMDateTime
from openvman.cim.names import NameMap
from openvman.cim.operations import OPERATIONS, Answer, Call
from openvman.cim.plan import Column, InstancePlan
from openvman.cim.values import INTEGER_RANGES, ClassPath, Instance, InstancePath, Property
from openvman.wire.cimxml.decode import Message, decode_embedded
from openvman.wire.cimxml.encode import Encoder
from openvman.wire.cimxml.encode_values import instance as instance_text

NAMES = st.text("ABxyz_019", min_size=1, max_size=6)
HAS_NO_PLACE_IN_XML = {*map(chr, range(0x20)), "\ufffe", "\uffff"} - set("\t\n\r")
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters=HAS_NO_PLACE_IN_XML)
TEXTS = st.text(st.one_of(st.sampled_from("<>&\"' \r\n\t];"), CHARACTERS), max_size=20)
OFFSETS = st.integers(-999, 999).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
DATETIMES = st.one_of(
    st.datetimes(timezones=OFFSETS).map(CIMDateTime.from_datetime),
    st.timedeltas(dt.timedelta(0), dt.timedelta(99_999_999)).map(CIMDateTime.from_timedelta),
)
NAMESPACES = st.none() | st.lists(NAMES, min_size=1, max_size=3).map("/".join)
KEYS = st.one_of(TEXTS, st.integers(-(2**63), 2**64 - 1), st.booleans(), st.floats(allow_nan=False), DATETIMES)


def located(path, host):
    return path if path.namespace is None else type(path)(*(getattr(path, name) for name in path.__slots__[:-1]), host)


CLASS_PATHS = st.builds(ClassPath, NAMES, NAMESPACES)


def instance_paths(keys):
    return st.builds(
        InstancePath, NAMES, st.dictionaries(NAMES.map(str.lower), keys, max_size=3).map(NameMap), NAMESPACES
    )


PATHS = st.recursive(CLASS_PATHS | instance_paths(KEYS), lambda inner: instance_paths(KEYS | inner), max_leaves=4)
HOSTED = st.builds(located, PATHS, st.none() | st.just("host.example.com:5988"))
SCALARS = {
    "boolean": st.booleans(),
    "string": TEXTS,
    "char16": st.characters(exclude_categories=["Cs"], exclude_characters=HAS_NO_PLACE_IN_XML, max_codepoint=0xFFFD),
    "real32": st.floats(width=32, allow_nan=False),
    "real64": st.floats(allow_nan=False),
    "datetime": DATETIMES,
    **{type: st.integers(low, high) for type, (low, high) in INTEGER_RANGES.items()},
}


def properties(embedded):
    origins = st.none() | NAMES

    def plain(type):
        return st.builds(Property, NAMES, st.just(type), st.none() | SCALARS[type], class_origin=origins)

    def array(type):
        items = st.lists(st.none() | SCALARS[type], max_size=4).map(tuple)
        return st.builds(Property, NAMES, st.just(type), st.none() | items, st.just(True), class_origin=origins)

    kinds = st.sampled_from(["instance", "object"])
    return st.one_of(
        st.sampled_from(list(SCALARS)).flatmap(plain),
        st.sampled_from(list(SCALARS)).flatmap(array),
        st.builds(Property, NAMES, st.just("reference"), st.none() | HOSTED, reference_class=st.none() | NAMES),
        st.builds(Property, NAMES, st.just("string"), st.none() | embedded, st.just(False), kinds),
        st.builds(Property, NAMES, st.just("string"), st.lists(embedded, max_size=2).map(tuple), st.just(True), kinds),
    )


def instances(embedded):
    unique = st.lists(properties(embedded), max_size=6, unique_by=lambda p: p.name.lower())
    return st.builds(Instance.of, NAMES, unique)


INSTANCES = st.recursive(st.builds(Instance.of, NAMES, st.just([])), instances, max_leaves=5)


@given(INSTANCES)
def test_written_and_read(instance) -> None:
    found = decode_embedded(instance_text(instance))
    assert found == instance
    assert [p.name for p in found.properties.values()] == [p.name for p in instance.properties.values()]


@given(PATHS.filter(lambda path: isinstance(path, InstancePath)), INSTANCES)
@settings(max_examples=50)
def test_the_compiled_encoder_writes_what_the_plain_one_writes(path, instance) -> None:
    columns = [
        Column(
            p.name,
            p.type,
            lambda obj, name=p.name: obj.get(name),
            p.is_array,
            p.embedded,
            p.reference_class,
            p.class_origin,
        )
        for p in instance.properties.values()
    ]
    plan = InstancePlan(instance.class_name, "root/vman", (), tuple(columns), with_class_origin=True)
    message = Message("1", "1.0", Call(OPERATIONS["ExecQuery"], "root/vman", NameMap()))
    body = b"".join(Encoder("h").encode_response(message, Answer([(plan, instance)])))
    [written] = etree.fromstring(body).iter("VALUE.OBJECT")
    assert etree.tostring(written[0], method="c14n") == etree.canonicalize(instance_text(instance)).encode()
