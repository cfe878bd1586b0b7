"""Requests that come again are decoded as those that come first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvman.wire.cimxml import repeated
from openvman.wire.cimxml.decode import decode_request
from openvman.wire.cimxml.errors import ProtocolError, RequestError
from openvman.wire.cimxml.repeated import RequestDecoder

WHERE = '<LOCALNAMESPACEPATH><NAMESPACE NAME="root"/><NAMESPACE NAME="{}"/></LOCALNAMESPACEPATH>'
GET = (
    f'<IMETHODCALL NAME="GetInstance">{WHERE}<IPARAMVALUE NAME="InstanceName"><INSTANCENAME CLASSNAME="A">'
    '<KEYBINDING NAME="Name"><KEYVALUE VALUETYPE="string">{}</KEYVALUE></KEYBINDING></INSTANCENAME></IPARAMVALUE>'
    "</IMETHODCALL>"
)
DELETE = GET.replace("GetInstance", "DeleteInstance")
NAMES = f'<IMETHODCALL NAME="EnumerateInstanceNames">{WHERE}<IPARAMVALUE NAME="ClassName"><CLASSNAME NAME="{{}}"/></IPARAMVALUE></IMETHODCALL>'  # noqa: E501
METHOD = f'<METHODCALL NAME="M"><LOCALCLASSPATH>{WHERE}<CLASSNAME NAME="{{}}"/></LOCALCLASSPATH></METHODCALL>'
NO_OPERATION = f'<IMETHODCALL NAME="Nothing">{WHERE}{{}}</IMETHODCALL>'


PLAIN = 'ID="{}" PROTOCOLVERSION="1.0"'


def document(call, space, value, *, id="1", other="9", before="", cim="", within="", message=PLAIN, encoding="utf-8"):
    """A request; ``other`` is an id in a place where it is none."""
    opening = f'<?xml version="1.0" encoding="{encoding}"?>' if encoding else ""
    before, cim, within = before.format(other), cim.format(other), within.format(other)
    text = (
        f'{opening}{before}<CIM CIMVERSION="2.0" DTDVERSION="2.0"{cim}>{within}<MESSAGE {message.format(id)}>'
        f"<SIMPLEREQ>{call.format(space, value)}</SIMPLEREQ></MESSAGE></CIM>"
    )
    return text.encode(encoding or "utf-8", "xmlcharrefreplace")


COMMENTS = ['<!--<MESSAGE ID="{}"-->', '<?a <MESSAGE ID="{}"?>', '<!-- <CIM><MESSAGE ID="{}"-->']
BETWEEN = ["", "\n", *COMMENTS]
SHAPES = st.fixed_dictionaries(
    {
        "call": st.sampled_from([GET, DELETE, NAMES, METHOD, NO_OPERATION]),
        "space": st.sampled_from(["vman", "virt", ""]),
        "value": st.sampled_from(["a", "&#97;", "<x/>", "<!--1-->", "\xe9"]),
        "before": st.sampled_from([*BETWEEN, '<!DOCTYPE CIM [<!ENTITY a "{}">]>']),
        "within": st.sampled_from([*BETWEEN, " x"]),
        "cim": st.sampled_from(["", "", ' X="{}"', ' X=">{}"', " X='&lt;MESSAGE ID=&quot;{}&quot;'"]),
        "message": st.sampled_from(
            [
                PLAIN,
                PLAIN,
                'PROTOCOLVERSION="1.0" ID="{}"',
                "ID='{}' PROTOCOLVERSION='1.0'",
                'ID="{}" PROTOCOLVERSION="2.0"',
                'ID="{}" ID="1" PROTOCOLVERSION="1.0"',
            ]
        ),
        "encoding": st.sampled_from(["utf-8", "utf-8", "utf-16", "ascii", ""]),
    }
)
IDS = st.sampled_from(["1", "2", "1001", "a:b", "", "&#49;", "<", "x" * 100, "1 2", "\xe9"])
CHARSETS = st.sampled_from([None, "utf-8", "utf-16", "ascii"])


def outcome(decode, body, charset):
    try:
        return decode(body, charset=charset)
    except ProtocolError as error:
        return (error.http_status, error.cim_error, error.message)
    except RequestError as error:
        return (error.message_id, error.method, error.error.status, error.error.description)


@given(SHAPES, st.lists(st.tuples(IDS, IDS, CHARSETS), max_size=8), st.sampled_from([1, 2, 100]))
def test_each_of_documents_that_are_much_alike_is_what_it_would_be_alone(shape, many, most):
    decoder = RequestDecoder(most)
    for id, other, charset in many:
        body = document(**shape, id=id, other=other)
        assert outcome(decoder.decode, body, charset) == outcome(decode_request, body, charset)


@pytest.mark.parametrize("comment", COMMENTS)
@pytest.mark.parametrize("place", ["before", "within"])
def test_the_id_is_the_messages_own_whatever_a_comment_holds(place, comment):
    decoder = RequestDecoder()
    for id, other in (("1", "1"), ("1", "2"), ("2", "1"), ("2", "2")):
        assert decoder.decode(document(GET, "vman", "a", id=id, other=other, **{place: comment}), None).id == id


def test_another_name_behind_the_same_id_is_another_request():
    decoder = RequestDecoder()
    for name in ("a", "b", "a"):
        asked = decoder.decode(document(GET, "vman", name), None).request
        assert asked.argument("InstanceName").keys["Name"] == name


@pytest.fixture
def decoded(monkeypatch):
    """What was decoded in full: there is no other sign of it."""
    bodies = []

    def decode(body, **given):
        bodies.append(body)
        return decode_request(body, **given)

    monkeypatch.setattr(repeated, "decode_request", decode)
    return bodies


def test_a_read_that_comes_again_with_another_id_is_decoded_once(decoded):
    decoder = RequestDecoder()
    messages = [decoder.decode(document(GET, "vman", "a", id=str(n)), "utf-8") for n in range(5)]
    assert [message.id for message in messages] == ["0", "1", "2", "3", "4"]
    assert len(decoded) == 1
    assert all(message.request is messages[0].request for message in messages)


@pytest.mark.parametrize("call", [DELETE, METHOD])
def test_changes_are_not_remembered(decoded, call):
    decoder = RequestDecoder()
    for _ in range(3):
        decoder.decode(document(call, "vman", "a"), None)
    assert len(decoded) == 3


def test_only_so_many_small_ones_are_remembered(decoded):
    decoder = RequestDecoder(most=10)
    for _ in range(2):
        for n in range(11):
            decoder.decode(document(GET, "vman", f"name-{n}"), None)
    assert len(decoded) == 22
    for _ in range(2):
        decoder.decode(document(GET, "vman", "long" * 2000), None)
    assert len(decoded) == 24
    assert len(decoder._known) == 10  # there is no public sign of it
