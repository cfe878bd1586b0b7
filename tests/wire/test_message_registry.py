"""The registry as XML says of each message what its row says."""

import pytest
from lxml import etree

from openvman.messages.message import MAJOR, AlertMessage, ErrorMessage, parts
from openvman.messages.registry import MESSAGES
from openvman.wire.message_registry import NAMESPACE, registry_xml

NAMES = {"r": NAMESPACE}


@pytest.fixture(scope="module")
def registry():
    return etree.fromstring(registry_xml("1.2.3"))


def code(message, name: str) -> int | None:
    found = message.find(f"r:FIXED_MESSAGE_INSTANCE_VALUES/r:{name}", NAMES)
    return None if found is None else int(found.get("VALUE"))


def test_it_says_whose_it_is(registry):
    assert registry.tag == f"{{{NAMESPACE}}}REGISTRY"
    assert registry.find("r:REGISTRY_DECLARATION/r:IDENTIFICATION", NAMES).get("VERSION") == "1.2.3"
    assert registry.findtext("r:REGISTRY_DECLARATION/r:OWNING_ENTITY", namespaces=NAMES) == "openvman"


def test_every_message_is_there_once_by_its_id(registry):
    ids = registry.findall(".//r:MESSAGE/r:MESSAGE_ID", NAMES)
    assert [i.get("PREFIX") + i.get("SEQUENCE_NUMBER") for i in ids] == [row.id for row in MESSAGES.values()]
    names = [message.get("NAME") for message in registry.iter(f"{{{NAMESPACE}}}MESSAGE")]
    assert len(set(names)) == len(names) == len(MESSAGES)


def test_texts_are_put_together_of_fixed_and_varying_parts(registry):
    for row, message in zip(MESSAGES.values(), registry.iter(f"{{{NAMESPACE}}}MESSAGE"), strict=True):
        found = [
            element.text if element.tag.endswith("STATIC_ELEMENT") else ("", element.get("NAME"))
            for element in message.find("r:MESSAGE_COMPONENTS", NAMES)
        ]
        wanted = [
            part
            for text, field in parts(row.text)
            for part in (text, None if field is None else ("", field.word))
            if part
        ]
        assert found == wanted, row.id


def test_what_is_fixed_is_that_of_the_row(registry):
    for row, message in zip(MESSAGES.values(), registry.iter(f"{{{NAMESPACE}}}MESSAGE"), strict=True):
        if isinstance(row, ErrorMessage):
            kind = row.kind
            wanted = (MAJOR, kind.type, kind.cause, kind.status, None)
        else:
            assert isinstance(row, AlertMessage)
            wanted = (row.severity, None, row.cause, None, row.type)
        names = ("PERCEIVED_SEVERITY", "ERROR_TYPE", "PROBABLE_CAUSE", "CIMSTATUSCODE", "ALERT_TYPE")
        assert tuple(code(message, name) for name in names) == wanted, row.id
        action = message.findtext(".//r:RECOMMENDED_ACTION/r:DESCRIPTION", namespaces=NAMES)
        assert (action is not None) == bool(row.action), row.id
