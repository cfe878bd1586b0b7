"""Export messages (DSP0200 5.4.3.1 ExportIndication, DSP0201 5.2.6.5): an indication for a listener, and its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from openvman.cim.values import Instance, Property
from openvman.wire.cimxml.document import Element, NotWellFormedError, parse_document
from openvman.wire.cimxml.encode_values import property_element
from openvman.wire.cimxml.escape import quote

METHOD: Final = "ExportIndication"
HEADERS: Final = (
    ("Content-Type", 'application/xml; charset="utf-8"'),
    ("CIMExport", "MethodRequest"),
    ("CIMExportMethod", METHOD),
)
"""The headers of the request (DSP0200 6.3.8, 6.3.9), beside what HTTP wants."""

_HEAD: Final = (
    '<?xml version="1.0" encoding="utf-8"?>\n<CIM CIMVERSION="2.0" DTDVERSION="2.4">'
    '<MESSAGE ID="{id}" PROTOCOLVERSION="1.0"><SIMPLEEXPREQ><EXPMETHODCALL NAME="ExportIndication">'
    '<EXPPARAMVALUE NAME="NewIndication">'
)
_TAIL: Final = b"</INSTANCE></EXPPARAMVALUE></EXPMETHODCALL></SIMPLEEXPREQ></MESSAGE></CIM>\n"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an indication gets for one destination: through which filter, and its place in the sequence."""

    filter_name: str
    context: str
    number: int


def begin_indication(indication: Instance) -> bytes:
    """The INSTANCE element as far as it is the same for every destination: without its end tag."""
    properties = "".join(map(property_element, indication.properties.values()))
    return f'<INSTANCE CLASSNAME="{quote(indication.class_name)}">{properties}'.encode()


def export_request(message_id: str, begun: bytes, stamp: Stamp) -> bytes:
    """The whole request for one destination."""
    properties = (
        Property("IndicationFilterName", "string", stamp.filter_name),
        Property("SequenceContext", "string", stamp.context),
        Property("SequenceNumber", "sint64", stamp.number),
    )
    stamped = "".join(map(property_element, properties)).encode()
    return b"".join((_HEAD.format(id=quote(message_id)).encode(), begun, stamped, _TAIL))


def refusal(body: bytes) -> str | None:
    """Why the listener did not take the indication, from its response; None when it did."""
    try:
        root = parse_document(body, None)
    except NotWellFormedError as error:
        return f"the answer is no CIM-XML: {error}"
    response = root.find("./MESSAGE/SIMPLEEXPRSP/EXPMETHODRESPONSE")
    if response is None:
        return "the answer holds no EXPMETHODRESPONSE"
    failure = response.find("ERROR")
    return None if failure is None else _told(failure)


def _told(error: Element) -> str:
    return f"CIM status {error.get('CODE')}: {error.get('DESCRIPTION') or 'no description'}"
