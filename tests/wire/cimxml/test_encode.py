"""Responses of every shape, read back by pywbem and by an XML parser."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import replace

import pytest
import pywbem
from lxml import etree

from openvman.cim.datetime import CIMDateTime
from openvman.cim.declarations import (
    Class,
    MethodDeclaration,
    ParameterDeclaration,
    PropertyDeclaration,
    Qualifier,
    QualifierType,
)
from openvman.cim.errors import CIMError
from openvman.cim.names import NameMap
from openvman.cim.operations import Answer, MethodAnswer, MethodCall, Output
from openvman.cim.plan import Column, InstancePlan
from openvman.cim.values import ClassPath, Instance, InstancePath, Property
from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem
from openvman.wire.cimxml.decode import Message
from openvman.wire.cimxml.encode import CHUNK, Encoder, encode_error

FAILED = ErrorMessage(1, "{reason}")
HOSTILE = "a\"b'&<>]]> é€😀\t\n\r{0}%s%b"
ELSEWHERE = InstancePath("VMAN_Y", NameMap({"Id": HOSTILE, "N": -3, "F": True}), "root/other", "far:5988")
INNER = Instance.of("VMAN_I", [Property("Text", "string", HOSTILE), Property("Deep", "string", None)])
OUTER = Instance.of("VMAN_O", [Property("Inner", "string", INNER, embedded="instance")])
SAMPLE = Instance.of(
    "VMAN_X",
    [
        Property("Name", "string", HOSTILE, class_origin="CIM_Base", propagated=True),
        Property("Number", "uint64", 2**64 - 1),
        Property("Flag", "boolean", False),
        Property("Signed", "sint8", -128),
        Property("Ratio", "real32", 0.25),
        Property("Huge", "real64", 1e300),
        Property("Letter", "char16", "<"),
        Property("When", "datetime", CIMDateTime.parse("20261123101112.000000+060")),
        Property("Ref", "reference", ELSEWHERE, reference_class="VMAN_Y"),
        Property("Class", "reference", ClassPath("VMAN_Y", "root/other"), reference_class="VMAN_Y"),
        Property("Embedded", "string", OUTER, embedded="instance"),
        Property("Texts", "string", (HOSTILE, None, ""), is_array=True),
        Property("Flags", "boolean", (True, False), is_array=True),
        Property("Codes", "uint16", (2, 5), is_array=True),
        Property("Times", "datetime", (CIMDateTime.parse("00000001000002.000000:000"),), is_array=True),
        Property("Inners", "string", (INNER, INNER), is_array=True, embedded="instance"),
        Property("Nothing", "uint32", None),
        Property("NoArray", "string", None, is_array=True),
        Property("NoRef", "reference", None),
        Property("Empty", "uint8", (), is_array=True),
    ],
    InstancePath("VMAN_X", NameMap({"Name": 1, "Number": 1, "Flag": 1, "When": 1, "Ref": 1}), "root/vman"),
)


def pywbem_path(path: InstancePath | ClassPath):
    if isinstance(path, ClassPath):
        return pywbem.CIMClassName(path.class_name, path.host, path.namespace)
    keys = {name: pywbem_value(value) for name, value in path.keys.items()}
    return pywbem.CIMInstanceName(path.class_name, keys, path.host, path.namespace)


def pywbem_value(value):
    if isinstance(value, InstancePath | ClassPath):
        return pywbem_path(value)
    if isinstance(value, CIMDateTime):
        return pywbem.CIMDateTime(str(value))
    if isinstance(value, Instance):
        return pywbem_instance(value)
    return [pywbem_value(item) for item in value] if isinstance(value, tuple) else value


def pywbem_instance(instance: Instance, path=None, *, with_class_origin: bool = False):
    made = pywbem.CIMInstance(
        instance.class_name,
        [
            pywbem.CIMProperty(
                p.name,
                pywbem_value(p.value),
                type=p.type,
                is_array=p.is_array,
                embedded_object=p.embedded,
                reference_class=p.reference_class,
                class_origin=p.class_origin if with_class_origin else None,
                propagated=p.propagated,
            )
            for p in instance.properties.values()
        ],
    )
    made.path = path
    return made


@pytest.fixture
def plan(plan_of) -> InstancePlan:
    return plan_of(SAMPLE)


@pytest.fixture
def path(plan):
    """The sample's path as pywbem has it, without a place."""
    return pywbem_path(replace(plan.path(SAMPLE), namespace=None))


@pytest.fixture
def here(path):
    """The same in the namespace asked for."""
    path.namespace = "root/vman"
    return path


@pytest.fixture
def full(here, peer):
    """The same with the server's name."""
    found = here.copy()
    found.host = peer.host
    return found


# --- shapes made of rows ---------------------------------------------------------------------------------------------


def test_instance(peer, plan, here) -> None:
    peer.answer = Answer((plan, SAMPLE))
    assert peer.connection.GetInstance(here) == pywbem_instance(SAMPLE, here)


def test_class_origin_is_shown_when_the_plan_says_so(peer, plan_of, here) -> None:
    peer.answer = Answer((plan_of(SAMPLE, with_class_origin=True), SAMPLE))
    assert peer.connection.GetInstance(here) == pywbem_instance(SAMPLE, here, with_class_origin=True)


def test_named_instances(peer, plan, here) -> None:
    peer.answer = Answer(iter([(plan, SAMPLE), (plan, SAMPLE)]))
    assert peer.connection.EnumerateInstances("VMAN_X") == [pywbem_instance(SAMPLE, here)] * 2


def test_instance_names(peer, plan, here) -> None:
    peer.answer = Answer([(plan, SAMPLE)])
    assert peer.connection.EnumerateInstanceNames("VMAN_X") == [here]


def test_objects_with_path(peer, plan, plan_of, full) -> None:
    small = replace(INNER, path=InstancePath("VMAN_I", NameMap({"Text": "t"})))
    other = plan_of(small, namespace="root/with %b & <more>")
    peer.answer = Answer([(plan, SAMPLE), (other, small), (plan, SAMPLE)])
    place = pywbem.CIMInstanceName("VMAN_I", {"Text": HOSTILE}, peer.host, "root/with %b & <more>")
    expected = [pywbem_instance(SAMPLE, full), pywbem_instance(INNER, place), pywbem_instance(SAMPLE, full)]
    assert peer.connection.Associators(full) == expected
    assert peer.connection.References(full) == expected


def test_object_paths(peer, plan, full) -> None:
    peer.answer = Answer([(plan, SAMPLE)])
    assert peer.connection.AssociatorNames(full) == [full]
    assert peer.connection.ReferenceNames(full) == [full]


def test_query_objects(peer, plan) -> None:
    peer.answer = Answer([(plan, SAMPLE)])
    [found] = peer.connection.ExecQuery("WQL", "SELECT * FROM VMAN_X")
    assert found.properties == pywbem_instance(SAMPLE).properties


def test_pulled_instances(peer, plan, full) -> None:
    peer.answer = Answer([(plan, SAMPLE)], "context <1>", end_of_sequence=False)
    opened = peer.connection.OpenEnumerateInstances("VMAN_X")
    assert (opened.instances, opened.eos) == ([pywbem_instance(SAMPLE, full)], False)
    assert opened.context == ("context <1>", "root/vman")
    peer.answer = Answer([], None, end_of_sequence=True)
    pulled = peer.connection.PullInstancesWithPath(opened.context, 10)
    assert (pulled.instances, pulled.eos, pulled.context) == ([], True, None)


def test_pulled_paths(peer, plan, full) -> None:
    peer.answer = Answer([(plan, SAMPLE)], None, end_of_sequence=True)
    assert peer.connection.OpenEnumerateInstancePaths("VMAN_X").paths == [full]
    assert peer.connection.PullInstancePaths(("c", "root/vman"), 1).paths == [full]


def test_pulled_query(peer, plan) -> None:
    peer.answer = Answer([(plan, SAMPLE)], None, True, Class("VMAN_X", None, NameMap(), NameMap()))
    opened = peer.connection.OpenQueryInstances("DMTF:CQL", "SELECT * FROM VMAN_X", ReturnQueryResultClass=True)
    assert [found.properties for found in opened.instances] == [pywbem_instance(SAMPLE).properties]
    assert opened.query_result_class == pywbem.CIMClass("VMAN_X")
    [found] = peer.connection.PullInstances(("c", "root/vman"), 1).instances
    assert found.properties == pywbem_instance(SAMPLE).properties


# --- other shapes ----------------------------------------------------------------------------------------------------


def test_void_and_new_path(peer) -> None:
    assert peer.connection.DeleteInstance(pywbem.CIMInstanceName("VMAN_X", {"K": 1})) is None
    peer.answer = Answer(replace(ELSEWHERE, namespace=None, host=None))
    created = peer.connection.CreateInstance(pywbem.CIMInstance("VMAN_Y"))
    assert created == pywbem_path(replace(ELSEWHERE, namespace="root/vman", host=None))


def text_of(chunks) -> str:
    root = etree.fromstring(b"".join(chunks))
    return "".join(etree.tostring(child, encoding="unicode") for child in root.find(".//IMETHODRESPONSE"))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""),
        ("<a>", "<VALUE>&lt;a&gt;</VALUE>"),
        (7, "<VALUE>7</VALUE>"),
        (True, "<VALUE>TRUE</VALUE>"),
        (1.5, "<VALUE>1.5</VALUE>"),
        ((None, 1), "<VALUE.ARRAY><VALUE.NULL/><VALUE>1</VALUE></VALUE.ARRAY>"),
        ((), "<VALUE.ARRAY/>"),
        (ClassPath("C"), '<VALUE.REFERENCE><CLASSNAME NAME="C"/></VALUE.REFERENCE>'),
        (Instance.of("I", []), '<VALUE>&lt;INSTANCE CLASSNAME="I"&gt;&lt;/INSTANCE&gt;</VALUE>'),
    ],
)
def test_property_values(message, value, written) -> None:
    expected = f"<IRETURNVALUE>{written}</IRETURNVALUE>" if written else ""
    assert text_of(Encoder("h").encode_response(message("GetProperty"), Answer(value))) == expected


def test_enumeration_count(message) -> None:
    found = text_of(Encoder("h").encode_response(message("EnumerationCount"), Answer(12)))
    assert found == "<IRETURNVALUE><VALUE>12</VALUE></IRETURNVALUE>"


KEY = Qualifier("Key", "boolean", True, overridable=False, tosubclass=True)
VALUES = Qualifier("Values", "string", ("<a>", "b"), is_array=True, propagated=True, translatable=True)
DECLARED = Class(
    "VMAN_X",
    "CIM_Y",
    NameMap(
        (p.name, p)
        for p in (
            PropertyDeclaration(
                "Name", "string", class_origin="CIM_Z", propagated=True, qualifiers=NameMap({"Key": KEY})
            ),
            PropertyDeclaration("States", "uint16", True, 4, (1, 2), qualifiers=NameMap({"Values": VALUES})),
            PropertyDeclaration("Other", "reference", reference_class="CIM_Y"),
        )
    ),
    NameMap(
        {
            "Do": MethodDeclaration(
                "Do",
                "uint32",
                NameMap(
                    (p.name, p)
                    for p in (
                        ParameterDeclaration("A", "string", qualifiers=NameMap({"Values": VALUES})),
                        ParameterDeclaration("B", "uint8", True, 3),
                        ParameterDeclaration("C", "reference", reference_class="CIM_Y"),
                        ParameterDeclaration("D", "reference", True, reference_class="CIM_Y"),
                    )
                ),
                "VMAN_X",
                qualifiers=NameMap({"Key": KEY}),
            )
        }
    ),
    NameMap({"Association": Qualifier("Association", "boolean", True)}),
)


def pywbem_class() -> pywbem.CIMClass:
    key = pywbem.CIMQualifier("Key", True, type="boolean", overridable=False, tosubclass=True)
    values = pywbem.CIMQualifier("Values", ["<a>", "b"], type="string", propagated=True, translatable=True)
    return pywbem.CIMClass(
        "VMAN_X",
        superclass="CIM_Y",
        qualifiers=[pywbem.CIMQualifier("Association", True, type="boolean")],
        properties=[
            pywbem.CIMProperty("Name", None, "string", class_origin="CIM_Z", propagated=True, qualifiers=[key]),
            pywbem.CIMProperty("States", [1, 2], "uint16", is_array=True, array_size=4, qualifiers=[values]),
            pywbem.CIMProperty("Other", None, "reference", reference_class="CIM_Y"),
        ],
        methods=[
            pywbem.CIMMethod(
                "Do",
                "uint32",
                [
                    pywbem.CIMParameter("A", "string", qualifiers=[values]),
                    pywbem.CIMParameter("B", "uint8", is_array=True, array_size=3),
                    pywbem.CIMParameter("C", "reference", reference_class="CIM_Y"),
                    pywbem.CIMParameter("D", "reference", reference_class="CIM_Y", is_array=True),
                ],
                "VMAN_X",
                qualifiers=[key],
            )
        ],
    )


def assert_class(peer) -> None:
    """The class in the last answer, as pywbem would have written it (reading adds defaults to qualifiers)."""
    sent = etree.fromstring(peer.received[-1]).find(".//CLASS")
    expected = etree.fromstring(pywbem_class().tocimxml().toxml())
    assert etree.tostring(sent, method="c14n") == etree.tostring(expected, method="c14n")


def test_classes(peer) -> None:
    peer.answer = Answer(DECLARED)
    assert peer.connection.GetClass("VMAN_X").superclass == "CIM_Y"
    assert_class(peer)
    peer.answer = Answer([DECLARED, DECLARED])
    assert [found.classname for found in peer.connection.EnumerateClasses()] == ["VMAN_X", "VMAN_X"]
    peer.answer = Answer(["CIM_A", "CIM_B"])
    assert peer.connection.EnumerateClassNames() == ["CIM_A", "CIM_B"]


def test_classes_with_path(peer) -> None:
    peer.answer = Answer([(ClassPath("VMAN_X"), DECLARED)])
    place = pywbem.CIMClassName("VMAN_X", peer.host, "root/vman")
    [(where, found)] = peer.connection.Associators("VMAN_X")
    assert where == place
    assert found.classname == "VMAN_X"
    assert_class(peer)
    peer.answer = Answer([ClassPath("VMAN_X")])
    assert peer.connection.AssociatorNames("VMAN_X") == [place]


def test_qualifier_declarations(peer) -> None:
    any_scope = QualifierType("Any", "string", False, "<x>", NameMap({"ANY": True}))
    some = QualifierType(
        "Max", "uint32", True, (1, 2), NameMap({"Property": True, "Class": False}), False, True, False, True
    )
    peer.answer = Answer([any_scope, some])
    first, second = peer.connection.EnumerateQualifiers()
    assert (first.value, set(first.scopes), all(first.scopes.values())) == (
        "<x>",
        {"CLASS", "ASSOCIATION", "REFERENCE", "PROPERTY", "METHOD", "PARAMETER", "INDICATION"},
        True,
    )
    assert (second.name, second.type, second.is_array, second.value) == ("Max", "uint32", True, [1, 2])
    assert dict(second.scopes) == {"PROPERTY": True, "CLASS": False}
    assert (second.overridable, second.tosubclass, second.toinstance, second.translatable) == (False, True, False, True)
    peer.answer = Answer(some)
    assert peer.connection.GetQualifier("Max") == second


# --- methods ---------------------------------------------------------------------------------------------------------


def test_method_answer(peer) -> None:
    when = CIMDateTime.parse("20261123101112.000000+060")
    peer.answer = MethodAnswer(
        "uint32",
        4096,
        (
            Output("Job", "reference", ELSEWHERE),
            Output("Jobs", "reference", (ELSEWHERE, ELSEWHERE), is_array=True),
            Output("Text", "string", HOSTILE),
            Output("When", "datetime", when),
            Output("Codes", "uint16", (1, None), is_array=True),
            Output("System", "string", OUTER, embedded="instance"),
            Output("Systems", "string", (OUTER, INNER), is_array=True, embedded="instance"),
            Output("Nothing", "string", None),
        ),
    )
    result, outputs = peer.connection.InvokeMethod("Do", pywbem.CIMInstanceName("VMAN_X", {"K": 1}))
    assert result == pywbem.Uint32(4096)
    assert dict(outputs) == {
        "Job": pywbem_path(ELSEWHERE),
        "Jobs": [pywbem_path(ELSEWHERE)] * 2,
        "Text": HOSTILE,
        "When": pywbem.CIMDateTime(str(when)),
        "Codes": [1, None],
        "System": pywbem_instance(OUTER),
        "Systems": [pywbem_instance(OUTER), pywbem_instance(INNER)],
        "Nothing": None,
    }


def test_a_method_that_returns_nothing(peer) -> None:
    peer.answer = MethodAnswer("uint32", None)
    result, outputs = peer.connection.InvokeMethod("Do", "VMAN_X")
    assert result is None
    assert not outputs


def test_an_answer_of_the_wrong_kind_is_a_mistake_of_the_caller(message) -> None:
    with pytest.raises(TypeError, match="Answer"):
        list(Encoder("h").encode_response(message("GetInstance"), MethodAnswer("uint32", 0)))
    extrinsic = Message("1", "1.0", MethodCall("Do", ClassPath("C", "n"), NameMap()))
    with pytest.raises(TypeError, match="MethodAnswer"):
        list(Encoder("h").encode_response(extrinsic, Answer()))


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["GetInstance", "InvokeMethod"])
def test_an_error_with_its_instance(peer, name) -> None:
    row = ErrorMessage(2, "{first} of {second}", "Ask {whom}.", problem=Problem.INVALID_PARAMETER)
    peer.answer = CIMError(row, "here", first=HOSTILE, second=["x", "y"], whom="an admin")
    arguments = ("Do", "VMAN_X") if name == "InvokeMethod" else (pywbem.CIMInstanceName("VMAN_X", {"K": 1}),)
    with pytest.raises(pywbem.CIMError) as raised:
        getattr(peer.connection, name)(*arguments)
    said = f"{HOSTILE} of x, y"
    assert (raised.value.status_code, raised.value.status_description) == (4, f"{said} Ask an admin.")
    (why,) = raised.value.instances
    assert why == pywbem_instance(peer.answer.errors[0])
    assert (why["OwningEntity"], why["MessageID"], why["Message"]) == ("openvman", "VMAN0002", said)
    assert why["MessageArguments"] == [HOSTILE, "x, y"]
    assert why["RecommendedActions"] == ["Ask an admin."]
    assert (why["CIMStatusCode"], why["ErrorSource"]) == (4, "here")


def rows_then_error(plan, count):
    for _ in range(count):
        yield plan, SAMPLE
    raise CIMError(FAILED, reason="the hypervisor went away")


def test_an_error_before_the_first_chunk_is_the_whole_answer(message, plan) -> None:
    asked = message("EnumerateInstances", id='4"2')
    chunks = list(Encoder("h").encode_response(asked, Answer(rows_then_error(plan, 2))))
    assert chunks == [
        encode_error(
            '4"2', "EnumerateInstances", is_extrinsic=False, error=CIMError(FAILED, reason="the hypervisor went away")
        )
    ]
    root = etree.fromstring(chunks[0])
    assert root.find("MESSAGE").get("ID") == '4"2'
    assert root.find(".//ERROR").attrib == {"CODE": "1", "DESCRIPTION": "the hypervisor went away"}


def test_a_later_error_is_raised_after_what_was_out(message, plan) -> None:
    chunks = Encoder("h").encode_response(message("EnumerateInstances"), Answer(rows_then_error(plan, 1000)))
    assert len(next(chunks)) >= CHUNK
    with pytest.raises(CIMError, match="went away"):
        list(chunks)


def test_any_other_exception_is_raised(message, plan) -> None:
    broken = InstancePlan("C", "n", (), (Column("A", "string", lambda _object: 1),))
    with pytest.raises(AttributeError):
        list(Encoder("h").encode_response(message("EnumerateInstances"), Answer([(broken, SAMPLE)])))


# --- bytes -----------------------------------------------------------------------------------------------------------


def test_rows_are_read_as_chunks_are_asked_for(message, plan) -> None:
    read = 0

    def rows():
        nonlocal read
        while True:
            read += 1
            yield plan, SAMPLE

    chunks = Encoder("h").encode_response(message("EnumerateInstances"), Answer(rows()))
    first, second = next(chunks), next(chunks)
    assert CHUNK <= len(first) < 2 * CHUNK
    assert CHUNK <= len(second) < 2 * CHUNK
    assert read <= 2 * (CHUNK // 2000)
    chunks.close()


def test_canonical_form(message, plan_of) -> None:
    """The exact document, so that a change of the bytes is seen (a pull client may hash them)."""
    sample = Instance.of(
        "C",
        [
            Property("K", "string", "k<"),
            Property("N", "uint8", None),
            Property("A", "boolean", (True, None), is_array=True, class_origin="B", propagated=True),
        ],
        InstancePath("C", NameMap({"K": "k"})),
    )
    answer = Answer([(plan_of(sample), sample)], "c", end_of_sequence=False)
    body = b"".join(Encoder("h&").encode_response(message("OpenEnumerateInstances"), answer))
    assert etree.tostring(etree.fromstring(body), method="c14n").decode() == (
        '<CIM CIMVERSION="2.0" DTDVERSION="2.4"><MESSAGE ID="1001" PROTOCOLVERSION="1.0"><SIMPLERSP>'
        '<IMETHODRESPONSE NAME="OpenEnumerateInstances"><IRETURNVALUE><VALUE.INSTANCEWITHPATH><INSTANCEPATH>'
        "<NAMESPACEPATH><HOST>h&amp;</HOST><LOCALNAMESPACEPATH>"
        '<NAMESPACE NAME="root"></NAMESPACE><NAMESPACE NAME="vman"></NAMESPACE></LOCALNAMESPACEPATH></NAMESPACEPATH>'
        '<INSTANCENAME CLASSNAME="C"><KEYBINDING NAME="K"><KEYVALUE TYPE="string" VALUETYPE="string">k&lt;</KEYVALUE>'
        '</KEYBINDING></INSTANCENAME></INSTANCEPATH><INSTANCE CLASSNAME="C">'
        '<PROPERTY NAME="K" TYPE="string"><VALUE>k&lt;</VALUE></PROPERTY>'
        '<PROPERTY NAME="N" TYPE="uint8"></PROPERTY>'
        '<PROPERTY.ARRAY NAME="A" PROPAGATED="true" TYPE="boolean">'
        "<VALUE.ARRAY><VALUE>TRUE</VALUE><VALUE.NULL></VALUE.NULL></VALUE.ARRAY></PROPERTY.ARRAY>"
        "</INSTANCE></VALUE.INSTANCEWITHPATH></IRETURNVALUE>"
        '<PARAMVALUE NAME="EnumerationContext" PARAMTYPE="string"><VALUE>c</VALUE></PARAMVALUE>'
        '<PARAMVALUE NAME="EndOfSequence" PARAMTYPE="boolean"><VALUE>FALSE</VALUE></PARAMVALUE>'
        "</IMETHODRESPONSE></SIMPLERSP></MESSAGE></CIM>"
    )


def test_only_elements_that_never_have_content_have_empty_element_tags(message, plan) -> None:
    """What wbemcli 1.6.3 reads: it takes ``<PROPERTY .../>`` and ``<PARAMETER .../>`` for errors."""
    rows = [(plan, SAMPLE), (ClassPath("VMAN_X"), DECLARED)]
    body = b"".join(Encoder("h").encode_response(message("Associators"), Answer(rows)))
    assert set(re.findall(rb"<([A-Z.]+)[^<>]*/>", body)) == {b"NAMESPACE", b"CLASSNAME", b"VALUE.NULL"}


def test_python_times_are_datetimes(message) -> None:
    zone = dt.timezone(dt.timedelta(hours=1))
    plan = InstancePlan(
        "C",
        "n",
        (),
        (
            Column("When", "datetime", lambda _object: dt.datetime(2026, 11, 23, 10, 11, 12, tzinfo=zone)),
            Column("Span", "datetime", lambda _object: dt.timedelta(days=1, seconds=2)),
            Column("List", "uint8", lambda _object: [1, 2], is_array=True),
        ),
    )
    found = text_of(Encoder("h").encode_response(message("EnumerateInstances"), Answer([(plan, object())])))
    assert "<VALUE>20261123101112.000000+060</VALUE>" in found
    assert "<VALUE>00000001000002.000000:000</VALUE>" in found
    assert "<VALUE.ARRAY><VALUE>1</VALUE><VALUE>2</VALUE></VALUE.ARRAY>" in found


@pytest.mark.parametrize("bad", ["\0", "\x08", "\x1f", "\ufffe", "\uffff", chr(0xD800), chr(0xDFFF)])
def test_characters_that_xml_does_not_have(message, plan_of, bad) -> None:
    sample = Instance.of(
        "C",
        [Property("A", "string", f"x{bad}<"), Property("B", "string", (bad,), is_array=True)],
        InstancePath("C", NameMap({"A": bad})),
    )
    chunks = Encoder("h").encode_response(message("EnumerateInstances"), Answer([(plan_of(sample), sample)]))
    root = etree.fromstring(b"".join(chunks))
    assert [element.text for element in root.iter("VALUE", "KEYVALUE")] == ["x\ufffd<", "x\ufffd<", "\ufffd"]
    failed = etree.fromstring(encode_error("1", f"m{bad}", is_extrinsic=True, error=CIMError(FAILED, reason=f"d{bad}")))
    assert failed.find(".//ERROR").get("DESCRIPTION") == "d\ufffd"
    assert failed.findtext(".//PROPERTY.ARRAY[@NAME='MessageArguments']/VALUE.ARRAY/VALUE") == "d\ufffd"


@pytest.mark.parametrize(
    ("number", "text"),
    [(1e16, "1.0e+16"), (0.1, "0.1"), (5, "5.0"), (math.inf, "INF"), (-math.inf, "-INF"), (math.nan, "NaN")],
)
def test_reals(message, number, text) -> None:
    plan = InstancePlan("C", "n", (), (Column("A", "real64", lambda _object: number),))
    found = text_of(Encoder("h").encode_response(message("EnumerateInstances"), Answer([(plan, object())])))
    assert f"<VALUE>{text}</VALUE>" in found
