"""Requests as other clients write them, and requests that are wrong."""

from __future__ import annotations

import pytest

from openvman.cim.datetime import CIMDateTime
from openvman.cim.errors import CIMError
from openvman.cim.names import NameMap
from openvman.cim.operations import Argument, Call, MethodCall
from openvman.cim.status import Status
from openvman.cim.values import ClassPath, Instance, InstancePath, Property
from openvman.wire.cimxml.decode import decode_embedded, decode_request
from openvman.wire.cimxml.errors import ProtocolError, RequestError

# Captured from wbemcli 1.6.3: wbemcli gi 'http://…/root/virt:KVM_X.Name="a b",N=5,B=TRUE'
WBEMCLI = b"""<?xml version="1.0" encoding="utf-8" ?>
<CIM CIMVERSION="2.0" DTDVERSION="2.0">
<MESSAGE ID="4711" PROTOCOLVERSION="1.0"><SIMPLEREQ><IMETHODCALL NAME="GetInstance"><LOCALNAMESPACEPATH>\
<NAMESPACE NAME="root"></NAMESPACE><NAMESPACE NAME="virt"></NAMESPACE></LOCALNAMESPACEPATH>
<IPARAMVALUE NAME="LocalOnly"><VALUE>FALSE</VALUE></IPARAMVALUE>
<IPARAMVALUE NAME="IncludeQualifiers"><VALUE>FALSE</VALUE></IPARAMVALUE>
<IPARAMVALUE NAME="IncludeClassOrigin"><VALUE>TRUE</VALUE></IPARAMVALUE>
<IPARAMVALUE NAME="InstanceName"><INSTANCENAME CLASSNAME="KVM_X"><KEYBINDING NAME="Name">\
<KEYVALUE VALUETYPE="string">a b</KEYVALUE></KEYBINDING><KEYBINDING NAME="N"><KEYVALUE VALUETYPE="numeric">5\
</KEYVALUE></KEYBINDING><KEYBINDING NAME="B"><KEYVALUE VALUETYPE="boolean">TRUE</KEYVALUE></KEYBINDING>\
</INSTANCENAME></IPARAMVALUE>
</IMETHODCALL></SIMPLEREQ>
</MESSAGE></CIM> """


def refused(body: bytes) -> CIMError:
    with pytest.raises(RequestError) as raised:
        decode_request(body)
    return raised.value.error


def read(body: bytes) -> Call:
    request = decode_request(body).request
    assert isinstance(request, Call)
    return request


def argument(body: bytes, name: str = "P") -> Argument:
    request = decode_request(body).request
    assert isinstance(request, MethodCall)
    return request.arguments[name]


def test_a_request_of_wbemcli() -> None:
    message = decode_request(WBEMCLI, charset="utf-8")
    assert (message.id, message.protocol_version) == ("4711", "1.0")
    call = message.request
    assert isinstance(call, Call)
    assert (call.operation.name, call.namespace) == ("GetInstance", "root/virt")
    assert call.argument("InstanceName") == InstancePath("KVM_X", NameMap({"Name": "a b", "N": 5, "B": True}))
    assert call.argument("IncludeClassOrigin") is True
    assert call.argument("LocalOnly") is False


# --- envelopes that are no message: HTTP answers (DSP0200 7.3) -------------------------------------------------------


def envelope(**changed: str) -> bytes:
    given = {"cim": "2.0", "dtd": "2.0", "protocol": "1.0", "content": "<SIMPLEREQ/>"} | changed
    return (
        f'<CIM CIMVERSION="{given["cim"]}" DTDVERSION="{given["dtd"]}">'
        f'<MESSAGE ID="1" PROTOCOLVERSION="{given["protocol"]}">{given["content"]}</MESSAGE></CIM>'
    ).encode()


@pytest.mark.parametrize(
    ("body", "status", "token"),
    [
        (b"", 400, "request-not-well-formed"),
        (b"<CIM", 400, "request-not-well-formed"),
        (b"<HTML/>", 400, "request-not-valid"),
        (b"<CIM/>", 400, "request-not-valid"),
        (b'<CIM CIMVERSION="2.0" DTDVERSION="2.0"><DECLARATION/></CIM>', 400, "request-not-valid"),
        (b'<CIM CIMVERSION="2.0" DTDVERSION="2.0"><MESSAGE PROTOCOLVERSION="1.0"/></CIM>', 400, "request-not-valid"),
        (envelope(), 400, "request-not-valid"),
        (envelope(content=""), 400, "request-not-valid"),
        (envelope(content="<SIMPLERSP/>"), 400, "request-not-valid"),
        (envelope(content="<SIMPLEREQ><EXPMETHODCALL/></SIMPLEREQ>"), 400, "request-not-valid"),
        (envelope(content="<SIMPLEREQ><IMETHODCALL/></SIMPLEREQ>"), 400, "request-not-valid"),
        (envelope(content="<MULTIREQ><SIMPLEREQ/><SIMPLEREQ/></MULTIREQ>"), 501, "multiple-requests-unsupported"),
        (envelope(cim="3.0"), 501, "unsupported-cim-version"),
        (envelope(dtd="1.0"), 501, "unsupported-dtd-version"),
        (envelope(protocol="2.0"), 501, "unsupported-protocol-version"),
    ],
)
def test_what_is_no_message(body, status, token) -> None:
    with pytest.raises(ProtocolError) as raised:
        decode_request(body)
    assert (raised.value.http_status, raised.value.cim_error) == (status, token)
    assert raised.value.message.isprintable()


@pytest.mark.parametrize("version", ["2.0", "2.4", "2.33", "2.3.1"])
def test_minor_versions_are_taken(version, intrinsic) -> None:
    body = intrinsic("EnumerateClassNames").replace(b'CIMVERSION="2.0"', f'CIMVERSION="{version}"'.encode())
    assert read(body.replace(b'DTDVERSION="2.0"', f'DTDVERSION="{version}"'.encode())).namespace == "root/vman"


# --- messages whose operation is wrong: ERROR elements ---------------------------------------------------------------


def test_the_answer_to_a_wrong_operation_can_be_addressed(intrinsic, extrinsic) -> None:
    with pytest.raises(RequestError) as raised:
        decode_request(intrinsic("Frobnicate"))
    error = raised.value
    assert (error.message_id, error.method, error.is_extrinsic) == ("1", "Frobnicate", False)
    assert error.error.status is Status.NOT_SUPPORTED
    with pytest.raises(RequestError) as raised:
        decode_request(extrinsic("<IPARAMVALUE/>"))
    assert (raised.value.method, raised.value.is_extrinsic) == ("Do", True)


NAME = '<INSTANCENAME CLASSNAME="VMAN_X"/>'


@pytest.mark.parametrize(
    ("name", "parameters", "hint"),
    [
        ("EnumerateInstances", "", "needs the parameter ClassName"),
        ("EnumerateInstances", '<IPARAMVALUE NAME="ClassName"/>', "needs the parameter ClassName"),
        ("EnumerateClassNames", '<IPARAMVALUE NAME="Colour"/>', "no parameter Colour"),
        ("EnumerateClassNames", '<IPARAMVALUE NAME="ClassName"/><IPARAMVALUE NAME="classname"/>', "twice"),
        ("EnumerateClassNames", "<IPARAMVALUE/>", "NAME"),
        ("EnumerateClassNames", "<PARAMVALUE/>", "IPARAMVALUE is expected"),
        ("EnumerateClassNames", '<IPARAMVALUE NAME="DeepInheritance"><VALUE.NULL/></IPARAMVALUE>', "VALUE is expected"),
        ("GetClass", '<IPARAMVALUE NAME="PropertyList"><VALUE>A</VALUE></IPARAMVALUE>', "VALUE.ARRAY is expected"),
        ("EnumerateClassNames", '<IPARAMVALUE NAME="ClassName">CIM_X</IPARAMVALUE>', "outside of a VALUE"),
        (
            "EnumerateClassNames",
            '<IPARAMVALUE NAME="ClassName"><VALUE>C</VALUE></IPARAMVALUE>',
            "CLASSNAME is expected",
        ),
        (
            "EnumerateClassNames",
            '<IPARAMVALUE NAME="DeepInheritance"><VALUE>perhaps</VALUE></IPARAMVALUE>',
            "TRUE or FALSE",
        ),
        (
            "EnumerateClassNames",
            '<IPARAMVALUE NAME="DeepInheritance"><VALUE>TRUE</VALUE><VALUE>TRUE</VALUE></IPARAMVALUE>',
            "2 elements instead of one",
        ),
        ("GetInstance", '<IPARAMVALUE NAME="InstanceName"><CLASSNAME NAME="C"/></IPARAMVALUE>', "instance is expected"),
        (
            "GetInstance",
            (
                f'<IPARAMVALUE NAME="InstanceName">{NAME}</IPARAMVALUE>'
                '<IPARAMVALUE NAME="PropertyList"><VALUE.ARRAY><VALUE.NULL/></VALUE.ARRAY></IPARAMVALUE>'
            ),
            "NULL",
        ),
        (
            "CloseEnumeration",
            '<IPARAMVALUE NAME="EnumerationContext"><VALUE><B/></VALUE></IPARAMVALUE>',
            "instead of text",
        ),
        (
            "PullInstances",
            (
                '<IPARAMVALUE NAME="EnumerationContext"><VALUE>c</VALUE></IPARAMVALUE>'
                '<IPARAMVALUE NAME="MaxObjectCount"><VALUE>4294967296</VALUE></IPARAMVALUE>'
            ),
            "outside 0..4294967295",
        ),
        ("CreateInstance", f'<IPARAMVALUE NAME="NewInstance">{NAME}</IPARAMVALUE>', "INSTANCE is expected"),
        ("CreateInstance", '<IPARAMVALUE NAME="NewInstance"><INSTANCE/></IPARAMVALUE>', "CLASSNAME"),
        (
            "ModifyInstance",
            '<IPARAMVALUE NAME="ModifiedInstance"><INSTANCE CLASSNAME="C"/></IPARAMVALUE>',
            "VALUE.NAMEDINSTANCE is expected",
        ),
        ("CreateClass", '<IPARAMVALUE NAME="NewClass"><INSTANCE CLASSNAME="C"/></IPARAMVALUE>', "CLASS is expected"),
        ("SetQualifier", f'<IPARAMVALUE NAME="QualifierDeclaration">{NAME}</IPARAMVALUE>', "QUALIFIER.DECLARATION"),
    ],
)
def test_a_wrong_parameter(intrinsic, name, parameters, hint) -> None:
    error = refused(intrinsic(name, parameters))
    assert error.status is Status.INVALID_PARAMETER
    assert hint in error.description


@pytest.mark.parametrize(
    "path",
    ["", "<LOCALNAMESPACEPATH/>", '<NAMESPACE NAME="x"/>', '<LOCALNAMESPACEPATH><X NAME="a"/></LOCALNAMESPACEPATH>'],
)
def test_a_wrong_namespace(wrap, path) -> None:
    body = wrap(f'<IMETHODCALL NAME="EnumerateClassNames">{path}</IMETHODCALL>')
    assert refused(body).status is Status.INVALID_PARAMETER


SPACE = '<LOCALNAMESPACEPATH><NAMESPACE NAME="r"/></LOCALNAMESPACEPATH>'
TARGET = f'<LOCALCLASSPATH>{SPACE}<CLASSNAME NAME="C"/></LOCALCLASSPATH>'
NOWHERE = "<LOCALINSTANCEPATH><LOCALNAMESPACEPATH/><INSTANCENAME/></LOCALINSTANCEPATH>"


@pytest.mark.parametrize(
    "content",
    [
        "",
        NAME,
        f"{TARGET}<IPARAMVALUE/>",
        f"{TARGET}<PARAMVALUE/>",
        f'{TARGET}<PARAMVALUE NAME="A"/><PARAMVALUE NAME="a"/>',
        f'{TARGET}<PARAMVALUE NAME="A"><VALUE/><VALUE/></PARAMVALUE>',
        f'{TARGET}<PARAMVALUE NAME="A"><CLASS NAME="C"/></PARAMVALUE>',
        f'{TARGET}<PARAMVALUE NAME="A"><VALUE.REFARRAY><VALUE/></VALUE.REFARRAY></PARAMVALUE>',
        f'{TARGET}<PARAMVALUE NAME="A"><VALUE.REFERENCE>{NOWHERE}</VALUE.REFERENCE></PARAMVALUE>',
    ],
)
def test_a_wrong_method_call(wrap, content) -> None:
    assert refused(wrap(f'<METHODCALL NAME="Do">{content}</METHODCALL>')).status is Status.INVALID_PARAMETER


@pytest.mark.parametrize(
    "content",
    [
        '<PROPERTY NAME="A"/>',
        '<PROPERTY TYPE="uint8"/>',
        '<PROPERTY NAME="A" TYPE="uint8" PROPAGATED="maybe"/>',
        '<PROPERTY.ARRAY NAME="A" TYPE="uint8" ARRAYSIZE="-1"/>',
        '<PROPERTY NAME="A" TYPE="uint8"><VALUE>x</VALUE></PROPERTY>',
        '<METHOD NAME="M"><PARAMETER NAME="P"/></METHOD>',
        '<QUALIFIER NAME="Q"/>',
    ],
)
def test_a_wrong_class(intrinsic, content) -> None:
    body = intrinsic("CreateClass", f'<IPARAMVALUE NAME="NewClass"><CLASS NAME="C">{content}</CLASS></IPARAMVALUE>')
    assert refused(body).status is Status.INVALID_PARAMETER


def test_names_compare_without_case(intrinsic) -> None:
    body = intrinsic("enumerateclassnames", '<IPARAMVALUE NAME="CLASSNAME"><CLASSNAME NAME="C"/></IPARAMVALUE>')
    assert read(body).argument("ClassName") == "C"


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ("", None),
        ("<VALUE>&lt;text&gt; </VALUE>", "<text> "),
        ("<VALUE/>", ""),
        ("<VALUE.ARRAY><VALUE>1</VALUE><VALUE.NULL/></VALUE.ARRAY>", ("1", None)),
        (f"<VALUE.REFERENCE>{NAME}</VALUE.REFERENCE>", InstancePath("VMAN_X")),
        (
            f"<VALUE.REFARRAY><VALUE.REFERENCE>{NAME}</VALUE.REFERENCE><VALUE.NULL/></VALUE.REFARRAY>",
            (InstancePath("VMAN_X"), None),
        ),
    ],
)
def test_the_value_of_set_property_stays_untyped(intrinsic, content, value) -> None:
    body = intrinsic(
        "SetProperty",
        f'<IPARAMVALUE NAME="InstanceName">{NAME}</IPARAMVALUE>'
        '<IPARAMVALUE NAME="PropertyName"><VALUE>Caption</VALUE></IPARAMVALUE>'
        f'<IPARAMVALUE NAME="NewValue">{content}</IPARAMVALUE>',
    )
    assert read(body).argument("NewValue") == value


# --- paths -----------------------------------------------------------------------------------------------------------

NAMESPACE = '<LOCALNAMESPACEPATH><NAMESPACE NAME="root"/><NAMESPACE NAME="b"/></LOCALNAMESPACEPATH>'
HOSTED = f"<NAMESPACEPATH><HOST>h:5988</HOST>{NAMESPACE}</NAMESPACEPATH>"


@pytest.mark.parametrize(
    ("element", "path"),
    [
        (NAME, InstancePath("VMAN_X")),
        (f"<LOCALINSTANCEPATH>{NAMESPACE}{NAME}</LOCALINSTANCEPATH>", InstancePath("VMAN_X", namespace="root/b")),
        (f"<INSTANCEPATH>{HOSTED}{NAME}</INSTANCEPATH>", InstancePath("VMAN_X", NameMap(), "root/b", "h:5988")),
        ('<CLASSNAME NAME="C"/>', ClassPath("C")),
        (f'<LOCALCLASSPATH>{NAMESPACE}<CLASSNAME NAME="C"/></LOCALCLASSPATH>', ClassPath("C", "root/b")),
        (f'<CLASSPATH>{HOSTED}<CLASSNAME NAME="C"/></CLASSPATH>', ClassPath("C", "root/b", "h:5988")),
        (f"<OBJECTPATH><INSTANCEPATH>{HOSTED}{NAME}</INSTANCEPATH></OBJECTPATH>",
         InstancePath("VMAN_X", NameMap(), "root/b", "h:5988")),
    ],
)  # fmt: skip
def test_the_path_elements(intrinsic, extrinsic, element, path) -> None:
    body = intrinsic("ReferenceNames", f'<IPARAMVALUE NAME="ObjectName">{element}</IPARAMVALUE>')
    assert read(body).argument("ObjectName") == path
    body = extrinsic(f'<PARAMVALUE NAME="P"><VALUE.REFERENCE>{element}</VALUE.REFERENCE></PARAMVALUE>')
    assert argument(body) == Argument(path, "reference")


def key(intrinsic, content: str) -> bytes:
    return intrinsic(
        "GetInstance",
        f'<IPARAMVALUE NAME="InstanceName"><INSTANCENAME CLASSNAME="C">{content}</INSTANCENAME></IPARAMVALUE>',
    )


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ("<KEYVALUE> 1</KEYVALUE>", " 1"),
        ('<KEYVALUE VALUETYPE="string">TRUE</KEYVALUE>', "TRUE"),
        ('<KEYVALUE VALUETYPE="numeric">-0x1F</KEYVALUE>', -31),
        ('<KEYVALUE VALUETYPE="numeric">010</KEYVALUE>', 10),
        ('<KEYVALUE VALUETYPE="numeric">1.5e1</KEYVALUE>', 15.0),
        ('<KEYVALUE VALUETYPE="boolean">false</KEYVALUE>', False),
        ('<KEYVALUE TYPE="uint16" VALUETYPE="numeric">7</KEYVALUE>', 7),
        (
            '<KEYVALUE TYPE="datetime">00000001000002.000000:000</KEYVALUE>',
            CIMDateTime.parse("00000001000002.000000:000"),
        ),
        (f"<VALUE.REFERENCE>{NAME}</VALUE.REFERENCE>", InstancePath("VMAN_X")),
    ],
)
def test_key_values(intrinsic, content, value) -> None:
    named = read(key(intrinsic, f'<KEYBINDING NAME="K">{content}</KEYBINDING>')).argument("InstanceName")
    assert dict(named.keys) == {"K": value}
    assert type(named.keys["K"]) is type(value)
    unnamed = read(key(intrinsic, content)).argument("InstanceName")
    assert dict(unnamed.keys) == {"": value}


@pytest.mark.parametrize(
    "content",
    [
        '<KEYBINDING NAME="K"/>',
        "<KEYBINDING><KEYVALUE/></KEYBINDING>",
        '<KEYBINDING NAME="K"><VALUE>1</VALUE></KEYBINDING>',
        '<KEYBINDING NAME="K"><KEYVALUE/><KEYVALUE/></KEYBINDING>',
        '<KEYBINDING NAME="K"><KEYVALUE/></KEYBINDING><KEYBINDING NAME="k"><KEYVALUE/></KEYBINDING>',
        '<KEYBINDING NAME="K"><KEYVALUE/></KEYBINDING><KEYVALUE/>',
        '<KEYVALUE VALUETYPE="numeric">seven</KEYVALUE>',
        '<KEYVALUE VALUETYPE="complex">1</KEYVALUE>',
        '<KEYVALUE TYPE="uint8">256</KEYVALUE>',
        '<KEYVALUE TYPE="number">1</KEYVALUE>',
        "<VALUE.REFERENCE/>",
        "<VALUE.REFERENCE><VALUE/></VALUE.REFERENCE>",
        f"<VALUE.REFERENCE><INSTANCEPATH>{NAMESPACE}{NAME}</INSTANCEPATH></VALUE.REFERENCE>",
        f"<VALUE.REFERENCE><LOCALINSTANCEPATH>{NAME}</LOCALINSTANCEPATH></VALUE.REFERENCE>",
    ],
)
def test_wrong_keys(intrinsic, content) -> None:
    assert refused(key(intrinsic, content)).status is Status.INVALID_PARAMETER


# --- typed values ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type", "text", "value"),
    [
        ("boolean", "True", True),
        ("uint8", " 255 ", 255),
        ("sint64", "-9223372036854775808", -(2**63)),
        ("uint32", "+0xFF", 255),
        ("real32", "INF", float("inf")),
        ("real64", "-1.5E-3", -0.0015),
        ("string", " a\n", " a\n"),
        ("char16", "\u20ac", "\u20ac"),
        ("datetime", "20261123101112.000000+060", CIMDateTime.parse("20261123101112.000000+060")),
    ],
)
def test_typed_values(extrinsic, type, text, value) -> None:
    body = extrinsic(f'<PARAMVALUE NAME="P" PARAMTYPE="{type}"><VALUE>{text}</VALUE></PARAMVALUE>')
    assert argument(body) == Argument(value, type)
    body = extrinsic(
        f'<PARAMVALUE NAME="P" TYPE="{type}"><VALUE.ARRAY><VALUE>{text}</VALUE></VALUE.ARRAY></PARAMVALUE>'
    )
    assert argument(body) == Argument((value,), type, is_array=True)


@pytest.mark.parametrize(
    ("type", "text"),
    [
        ("boolean", "1"),
        ("boolean", ""),
        ("uint8", "-1"),
        ("uint8", "256"),
        ("uint8", ""),
        ("uint8", "1_0"),
        ("uint8", "\u0661"),
        ("uint8", "1.0"),
        ("uint64", "9" * 5000),
        ("real32", "3.5e38"),
        ("real64", "1e400"),
        ("real64", "1" * 100_000),
        ("real64", "0x1p3"),
        ("char16", "ab"),
        ("char16", "\U0001f600"),
        ("datetime", "yesterday"),
        ("reference", "root/cimv2:X"),
        ("object", "x"),
    ],
)
def test_values_that_are_not_of_their_type(extrinsic, type, text) -> None:
    error = refused(extrinsic(f'<PARAMVALUE NAME="P" PARAMTYPE="{type}"><VALUE>{text}</VALUE></PARAMVALUE>'))
    assert error.status is Status.INVALID_PARAMETER
    assert len(error.description) < 200


def test_nan_is_a_real(extrinsic) -> None:
    value = argument(extrinsic('<PARAMVALUE NAME="P" PARAMTYPE="real64"><VALUE>NaN</VALUE></PARAMVALUE>')).value
    assert value != value


# --- embedded instances ----------------------------------------------------------------------------------------------

INNER = '<INSTANCE CLASSNAME="I"><PROPERTY NAME="A" TYPE="uint8"><VALUE>1</VALUE></PROPERTY></INSTANCE>'


def of_i(content: str) -> str:
    return f'<INSTANCE CLASSNAME="I">{content}</INSTANCE>'


DECODED = Instance.of("I", [Property("A", "uint8", 1)])


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


@pytest.mark.parametrize("spelling", ["EmbeddedObject", "EMBEDDEDOBJECT", "embeddedobject", "EmbeddedOBJECT"])
@pytest.mark.parametrize("kind", ["instance", "object", "Instance"])
def test_embedded_object_in_any_spelling(extrinsic, spelling, kind) -> None:
    body = extrinsic(f'<PARAMVALUE NAME="P" {spelling}="{kind}"><VALUE> {escaped(INNER)}\n</VALUE></PARAMVALUE>')
    assert argument(body) == Argument(DECODED, None, embedded=kind.lower())


def test_an_instance_element_as_a_parameter(extrinsic) -> None:
    assert argument(extrinsic(f'<PARAMVALUE NAME="P">{INNER}</PARAMVALUE>')).value == DECODED


def test_embedded_arrays_and_nothing(extrinsic) -> None:
    items = f"<VALUE>{escaped(INNER)}</VALUE><VALUE.NULL/><VALUE/>"
    body = extrinsic(
        '<PARAMVALUE NAME="P" PARAMTYPE="string" EmbeddedObject="instance">'
        f"<VALUE.ARRAY>{items}</VALUE.ARRAY></PARAMVALUE>"
    )
    assert argument(body) == Argument((DECODED, None, None), "string", is_array=True, embedded="instance")
    body = extrinsic('<PARAMVALUE NAME="P" EmbeddedObject="instance"/>')
    assert argument(body) == Argument(None, embedded="instance")


def test_text_without_the_attribute_stays_text_until_it_is_asked_for(extrinsic) -> None:
    found = argument(extrinsic(f'<PARAMVALUE NAME="P" PARAMTYPE="string"><VALUE>{escaped(INNER)}</VALUE></PARAMVALUE>'))
    assert found == Argument(INNER, "string")
    assert decode_embedded(found.value) == DECODED


def test_an_embedded_instance_with_its_path() -> None:
    text = f'<VALUE.NAMEDINSTANCE><INSTANCENAME CLASSNAME="I"/>{INNER}</VALUE.NAMEDINSTANCE>'
    assert decode_embedded(text).path == InstancePath("I")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "instance of I { A = 1; };",
        "<INSTANCE",
        "<INSTANCE/>",
        '<CLASS NAME="I"/>',
        "<VALUE.NAMEDINSTANCE/>",
        f"<!DOCTYPE INSTANCE>{INNER}",
        "\ud800<INSTANCE/>",
        of_i('<METHOD NAME="M"/>'),
        of_i('<PROPERTY NAME="A" TYPE="uint8"><VALUE>x</VALUE></PROPERTY>'),
        of_i('<PROPERTY NAME="A" TYPE="uint8"><VALUE>1</VALUE><VALUE>2</VALUE></PROPERTY>'),
        of_i('<PROPERTY NAME="A" TYPE="string"/><PROPERTY NAME="a" TYPE="string"/>'),
        of_i('<PROPERTY.ARRAY NAME="A" TYPE="string"><VALUE>1</VALUE></PROPERTY.ARRAY>'),
        of_i('<PROPERTY NAME="A" TYPE="string" EmbeddedObject="class"><VALUE/></PROPERTY>'),
    ],
)
def test_what_is_no_embedded_instance(text) -> None:
    with pytest.raises(CIMError) as raised:
        decode_embedded(text)
    assert raised.value.status is Status.INVALID_PARAMETER


def nested(levels: int) -> str:
    text = '<INSTANCE CLASSNAME="I"/>'
    for _ in range(levels):
        inner = escaped(text)
        text = (
            '<INSTANCE CLASSNAME="I"><PROPERTY NAME="A" TYPE="string" EmbeddedObject="instance">'
            f"<VALUE>{inner}</VALUE></PROPERTY></INSTANCE>"
        )
    return text


def test_embedded_instances_nest_to_a_bounded_depth() -> None:
    found = decode_embedded(nested(7))
    for _ in range(7):
        found = found.get("A")
    assert found == Instance.of("I", [])
    with pytest.raises(CIMError, match="deeper"):
        decode_embedded(nested(8))
