"""The message registry as XML, in the form of DSP0228: :func:`registry_xml`."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from lxml import etree

from openvman.cim.status import Status
from openvman.messages.message import (
    CRITICAL,
    INFORMATION,
    MAJOR,
    MINOR,
    OWNING_ENTITY,
    PREFIX,
    AlertMessage,
    ErrorMessage,
    Message,
    parts,
    readable,
)
from openvman.messages.registry import SUBJECTS, kind_of, rows

NAMESPACE: Final = "http://schemas.dmtf.org/wbem/messageregistry/1"
LANGUAGE: Final = "en"
_DEFAULT: Final[Any] = {None: NAMESPACE}  # the stubs know no default namespace
_SEVERITIES: Final = {INFORMATION: "Information", MINOR: "Minor", MAJOR: "Major", CRITICAL: "Critical"}

_Element: TypeAlias = etree._Element  # noqa: SLF001 - lxml's name for the type of an element


def registry_xml(version: str) -> bytes:
    """The whole registry in UTF-8; ``version`` is the server's, in three numbers."""
    entries = (
        _message(f"{subject.__name__.rpartition('.')[2]}.{name}", row)
        for subject in SUBJECTS
        for name, row in rows(subject).items()
    )
    root = _element(
        "REGISTRY",
        _element(
            "REGISTRY_DECLARATION",
            _element(
                "IDENTIFICATION",
                ID=OWNING_ENTITY,
                NAME=f"{OWNING_ENTITY} Message Registry",
                VERSION=version,
                LANGUAGE=LANGUAGE,
            ),
            _element("OWNING_ENTITY", OWNING_ENTITY),
        ),
        _element("REGISTRY_ENTRIES", *entries),
    )
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _message(name: str, row: Message) -> _Element:
    kind = "ERROR" if isinstance(row, ErrorMessage) else "INDICATION"
    return _element(
        "MESSAGE",
        _element("MESSAGE_ID", PREFIX=PREFIX, SEQUENCE_NUMBER=f"{row.number:04}"),
        _element("MESSAGE_DESCRIPTION", f"{kind_of(row).capitalize()}: {readable(row.text)}"),
        _element("MESSAGE_COMPONENTS", *_components(row.text)),
        _element("FIXED_MESSAGE_INSTANCE_VALUES", *_values(row), TYPE=kind),
        NAME=name,
    )


def _components(template: str) -> list[_Element]:
    found: list[_Element] = []
    for text, field in parts(template):
        if text:
            found.append(_element("STATIC_ELEMENT", text))
        if field is not None:
            found.append(_element("DYNAMIC_ELEMENT", NAME=field.word, DATATYPE="string"))
    return found


def _values(row: Message) -> list[_Element]:
    """What is the same in every CIM_Error, or CIM_AlertIndication, of a message; codes are those of its ValueMaps."""
    severity = row.severity if isinstance(row, AlertMessage) else MAJOR
    found = [_value("PERCEIVED_SEVERITY", severity, _SEVERITIES[severity])]
    if isinstance(row, ErrorMessage):
        status = Status(row.kind.status)
        found += [
            _value("ERROR_TYPE", row.kind.type),
            _value("PROBABLE_CAUSE", row.kind.cause),
            _value("CIMSTATUSCODE", status, f"CIM_ERR_{status.name}"),
        ]
    elif isinstance(row, AlertMessage):
        found += [_value("ALERT_TYPE", row.type), _value("PROBABLE_CAUSE", row.cause)]
    if row.action:
        found.append(_element("RECOMMENDED_ACTION", _element("DESCRIPTION", readable(row.action))))
    return found


def _value(name: str, code: int, word: str = "") -> _Element:
    words = (_element("DESCRIPTION", word),) if word else ()
    return _element(name, *words, VALUE=str(int(code)))


def _element(name: str, *content: _Element | str, **attributes: str) -> _Element:
    made = etree.Element(f"{{{NAMESPACE}}}{name}", attributes, nsmap=_DEFAULT)
    for each in content:
        if isinstance(each, str):
            made.text = each
        else:
            made.append(each)
    return made
