"""Whatever the bytes are: a message, a protocol error or a request error, soon."""

from __future__ import annotations

import codecs
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openvman.wire.cimxml.decode import Message, decode_request
from openvman.wire.cimxml.document import Limits
from openvman.wire.cimxml.errors import ProtocolError, RequestError

VALID = (
    b'<?xml version="1.0" encoding="utf-8"?><CIM CIMVERSION="2.0" DTDVERSION="2.0">'
    b'<MESSAGE ID="1" PROTOCOLVERSION="1.0"><SIMPLEREQ><METHODCALL NAME="Do"><LOCALINSTANCEPATH>'
    b'<LOCALNAMESPACEPATH><NAMESPACE NAME="root"/><NAMESPACE NAME="v"/></LOCALNAMESPACEPATH>'
    b'<INSTANCENAME CLASSNAME="C"><KEYBINDING NAME="K"><KEYVALUE VALUETYPE="numeric">1</KEYVALUE></KEYBINDING>'
    b'</INSTANCENAME></LOCALINSTANCEPATH><PARAMVALUE NAME="P" PARAMTYPE="uint32"><VALUE>7</VALUE></PARAMVALUE>'
    b'<PARAMVALUE NAME="Q" PARAMTYPE="string" EmbeddedObject="instance"><VALUE>&lt;INSTANCE CLASSNAME="I"/&gt;</VALUE>'
    b'</PARAMVALUE><PARAMVALUE NAME="R" PARAMTYPE="datetime"><VALUE.ARRAY><VALUE>20261123101112.000000+060</VALUE>'
    b"<VALUE.NULL/></VALUE.ARRAY></PARAMVALUE></METHODCALL></SIMPLEREQ></MESSAGE></CIM>"
)
BARE = VALID.partition(b"?>")[2]


def outcome(body: bytes, charset: str | None = None) -> Message | ProtocolError | RequestError:
    try:
        return decode_request(body, charset=charset)
    except (ProtocolError, RequestError) as error:
        return error


def not_well_formed(body: bytes, charset: str | None = None) -> str:
    error = outcome(body, charset)
    assert isinstance(error, ProtocolError)
    assert (error.http_status, error.cim_error) == (400, "request-not-well-formed")
    return error.message


def test_the_document_that_is_mutated_below_is_valid() -> None:
    assert isinstance(outcome(VALID), Message)
    assert isinstance(outcome(BARE), Message)


@given(st.binary(max_size=400))
def test_any_bytes(body) -> None:
    assert outcome(body)


@given(st.data())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_mutation(data) -> None:
    body = bytearray(VALID)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(body) - 1))
        match data.draw(st.sampled_from(["set", "cut", "copy", "insert"])):
            case "set":
                body[place] = data.draw(st.integers(0, 255))
            case "cut":
                del body[place : place + data.draw(st.integers(1, 60))]
            case "copy":
                start = data.draw(st.integers(0, len(body) - 1))
                body[place:place] = body[start : start + data.draw(st.integers(1, 200))]
            case _:
                body[place:place] = data.draw(
                    st.sampled_from([b"<", b"&", b"]]>", b'"', b"\0", b"<VALUE/>", b"<!--", b"<?"])
                )
        if not body:
            break
    assert outcome(bytes(body))


def test_elements_in_any_order() -> None:
    """Well-formed documents of CIM-XML's own elements and attributes."""
    tags = sorted({part.split(b" ")[0].strip(b"/>").decode() for part in BARE.split(b"<")[1:]})
    names = ["NAME", "CLASSNAME", "TYPE", "PARAMTYPE", "EmbeddedObject", "ID", "VALUETYPE"]
    chance = random.Random(7)

    def element(depth: int) -> str:
        tag = chance.choice(tags)
        attributes = "".join(
            f' {name}="{chance.choice(["x", "uint8", "instance"])}"' for name in names if chance.random() < 0.5
        )
        inner = (
            "".join(element(depth - 1) for _ in range(chance.randrange(4))) if depth else chance.choice(["", "1", "x"])
        )
        return f"<{tag}{attributes}>{inner}</{tag}>"

    start, end = BARE.split(b"<SIMPLEREQ>")[0] + b"<SIMPLEREQ>", b"</SIMPLEREQ></MESSAGE></CIM>"
    local = '<LOCALNAMESPACEPATH><NAMESPACE NAME="r"/></LOCALNAMESPACEPATH>'
    target = f'<LOCALCLASSPATH>{local}<CLASSNAME NAME="C"/></LOCALCLASSPATH>'
    for _ in range(2000):
        inner = "".join(f'<PARAMVALUE NAME="P{i}">{element(3)}</PARAMVALUE>' for i in range(3))
        assert outcome(start + f'<METHODCALL NAME="Do">{target}{inner}</METHODCALL>'.encode() + end)


LAUGHS = (
    b'<!DOCTYPE CIM [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">'
    b'<!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;"><!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;">]>'
)


@pytest.mark.parametrize(
    "prolog",
    [
        b"<!DOCTYPE CIM>",
        b'<!DOCTYPE CIM SYSTEM "file:///etc/passwd">',
        b'<!DOCTYPE CIM PUBLIC "x" "http://127.0.0.1:1/x.dtd">',
        b'<!DOCTYPE CIM [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE CIM [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]>',
        LAUGHS,
        b"<!-- <CIM> -->" + LAUGHS,
        b"\n<?pi <CIM ?>\n<!DOCTYPE CIM>",
    ],
)
@pytest.mark.parametrize("text", [b"7", b"&x;", b"&f;&f;&f;"])
def test_document_types(prolog, text) -> None:
    body = b'<?xml version="1.0"?>' + prolog + BARE.replace(b"<VALUE>7<", b"<VALUE>" + text + b"<")
    not_well_formed(body)
    not_well_formed(body.decode().encode("utf-16"))


def test_the_parser_does_not_see_a_document_type() -> None:
    assert "document type" in not_well_formed(b"<?xml version='1.0'?><!DOCTYPE CIM [ <!ENTITY")


def test_entities_in_attributes() -> None:
    not_well_formed(b"<!-- <CIM> -->" + LAUGHS + BARE.replace(b'ID="1"', b'ID="&f;&f;&f;&f;"'))


def test_a_document_type_in_a_value_is_text() -> None:
    message = outcome(
        VALID.replace(b'PARAMTYPE="uint32"><VALUE>7<', b'PARAMTYPE="string"><VALUE><![CDATA[<!DOCTYPE x>]]><')
    )
    assert isinstance(message, Message)
    assert message.request.arguments["P"].value == "<!DOCTYPE x>"


def test_comments_and_instructions_inside_a_value_are_left_out() -> None:
    message = outcome(VALID.replace(b"<VALUE>7<", b"<VALUE>1<!-- 5 -->2<?x 6?>3<"))
    assert isinstance(message, Message)
    assert message.request.arguments["P"].value == 123


def test_depth() -> None:
    depth = 100_000
    not_well_formed(BARE.replace(b"<VALUE>7</VALUE>", b"<VALUE>" * depth + b"</VALUE>" * depth))
    not_well_formed(BARE.replace(b"<VALUE>7</VALUE>", b"<VALUE>" * 300 + b"</VALUE>" * 300))


def test_nested_references() -> None:
    text = b'<INSTANCENAME CLASSNAME="C"/>'
    for _ in range(60):
        text = (
            b'<INSTANCENAME CLASSNAME="C"><KEYBINDING NAME="K"><VALUE.REFERENCE>'
            + text
            + b"</VALUE.REFERENCE></KEYBINDING></INSTANCENAME>"
        )
    argument = b"<VALUE.REFERENCE>" + text + b"</VALUE.REFERENCE>"
    message = outcome(BARE.replace(b'"uint32"><VALUE>7</VALUE>', b'"reference">' + argument))
    assert isinstance(message, Message)
    assert hash(message.request.arguments["P"].value)


def test_attributes() -> None:
    flood = b"".join(b' a%d="1"' % number for number in range(200_000))
    assert outcome(BARE.replace(b"<SIMPLEREQ>", b"<SIMPLEREQ" + flood + b">"))
    assert "attributes" in not_well_formed(BARE.replace(b"<SIMPLEREQ>", b"<SIMPLEREQ" + flood * 2 + b">"))


@pytest.mark.parametrize(
    "tag", [b"<VALUE/>", b"&lt;A/>", b"&amp;amp;lt;A/>", b"&#60;A/>", b"&#x3c;A/>", b"&amp;#60;A/>"]
)
def test_elements(tag) -> None:
    assert "elements" in not_well_formed(BARE.replace(b">7<", b">" + tag * 100_000 + b"<"))


def test_a_long_text() -> None:
    body = BARE.replace(b">7<", b">" + b"7" * 20_000_000 + b"<")
    assert "bytes" in not_well_formed(body)
    with pytest.raises(ProtocolError, match="not-well-formed"):
        decode_request(body, limits=Limits(bytes=len(body)))
    assert outcome(BARE.replace(b">7<", b">" + b"7" * 8_000_000 + b"<"))


def test_limits_can_be_set() -> None:
    with pytest.raises(ProtocolError):
        decode_request(VALID, limits=Limits(bytes=100))
    with pytest.raises(ProtocolError):
        decode_request(VALID, limits=Limits(elements=5))
    with pytest.raises(ProtocolError):
        decode_request(VALID, limits=Limits(attributes=5))
    with pytest.raises(RequestError):
        decode_request(VALID, limits=Limits(embedded_depth=0))


@pytest.mark.parametrize(
    "text", [b"\0", b"\x01", b"\x1b", b"&#0;", b"&#8;", b"&#xFFFF;", b"&#xD800;", b"\xef\xbf\xbf", b"&amp"]
)
def test_characters_that_xml_does_not_have(text) -> None:
    not_well_formed(VALID.replace(b">7<", b">" + text + b"<"))


# --- encodings (RFC 7303 3) ------------------------------------------------------------------------------------------

DECLARED = '<?xml version="1.0" encoding="{}"?>'


def in_encoding(codec: str, *, declared: str | None = None, mark: bytes = b"") -> bytes:
    head = "" if declared is None else DECLARED.format(declared)
    text = head + BARE.decode().replace('"uint32"><VALUE>7<', '"string"><VALUE>é€<')
    return mark + text.encode(codec)


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (in_encoding("utf-8"), None),
        (in_encoding("utf-8"), "UTF-8"),
        (in_encoding("utf-8", declared="UTF-8"), "utf8"),
        (in_encoding("utf-8", declared="utf-8", mark=codecs.BOM_UTF8), None),
        (in_encoding("utf-8", mark=codecs.BOM_UTF8), "utf-8"),
        (in_encoding("utf-16-le", declared="utf-16", mark=codecs.BOM_UTF16_LE), None),
        (in_encoding("utf-16-be", declared="UTF-16", mark=codecs.BOM_UTF16_BE), "utf-16"),
        (in_encoding("utf-16-le", declared="utf-16le"), None),
        (in_encoding("utf-16-le"), "utf-16le"),
        (in_encoding("utf-16-be"), "utf-16"),
        (in_encoding("utf-16-le", mark=codecs.BOM_UTF16_LE), "utf-16"),
    ],
)
def test_encodings(body, charset) -> None:
    message = outcome(body, charset)
    assert isinstance(message, Message), message
    assert message.request.arguments["P"].value == "é€"


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (in_encoding("utf-8"), "utf-16"),
        (in_encoding("utf-8", declared="utf-16"), "utf-8"),
        (in_encoding("utf-8", declared="utf-16"), None),
        (in_encoding("utf-8", mark=codecs.BOM_UTF8), "utf-16"),
        (in_encoding("utf-16-le", mark=codecs.BOM_UTF16_LE), "utf-8"),
        (in_encoding("utf-16-le", declared="utf-8"), None),
        (in_encoding("utf-16-le", mark=codecs.BOM_UTF16_LE) + b"x", None),
        (in_encoding("utf-8") .replace("é".encode(), b"\xe9"), None),
        (in_encoding("utf-8") .replace("é".encode(), b"\xed\xa0\x80"), None),
        (in_encoding("utf-8") .replace("é".encode(), b"\xc0\xbc"), None),
    ],
)  # fmt: skip
def test_contradictions_and_broken_encodings(body, charset) -> None:
    not_well_formed(body, charset)


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (VALID, "iso-8859-1"),
        (VALID, "utf-7"),
        (VALID, "base64"),
        (VALID, "x" * 300),
        (VALID, "utf-8\0"),
        (in_encoding("utf-8", declared="UTF-7"), None),
        (in_encoding("utf-8", declared="EBCDIC-CP-FR"), None),
        (in_encoding("utf-32-le", mark=codecs.BOM_UTF32_LE), None),
    ],
)
def test_encodings_that_are_not_read(body, charset) -> None:
    error = outcome(body, charset)
    assert isinstance(error, ProtocolError)
    assert error.http_status == 415
