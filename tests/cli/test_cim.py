from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import pywbem
from lxml import etree

from openvman.cli.cim_values import parse_path
from openvman.client.errors import ClientError, Reason
from openvman.client.session import MethodResult

PATH = pywbem.CIMInstanceName("VMAN_Host", {"Name": 'a "b"'}, namespace="root/vman", host="h:1")
HOST = pywbem.CIMInstance(
    "VMAN_Host",
    {
        "Name": 'a "b"',
        "ElementName": "x\x1b[31m",
        "Codes": [pywbem.Uint16(2)],
        "Nothing": pywbem.CIMProperty("Nothing", None, type="string"),
    },
    path=PATH,
)
METHOD = pywbem.CIMMethod(
    "Do",
    return_type="uint32",
    parameters=[
        pywbem.CIMParameter("Number", "uint16"),
        pywbem.CIMParameter("Flag", "boolean"),
        pywbem.CIMParameter("Ratio", "real32"),
        pywbem.CIMParameter("Texts", "string", is_array=True),
        pywbem.CIMParameter("Who", "reference", reference_class="VMAN_Host"),
    ],
)


class FakeSession:
    target = SimpleNamespace(namespace="root/vman")

    def __init__(self):
        self.instances = [HOST]
        self.asked = []
        self.return_value = 0

    def enumerate(self, class_name, properties=None, namespace=None):
        self.asked.append(("enumerate", class_name, properties))
        return self.instances

    def get(self, path, properties=None):
        self.asked.append(("get", path, properties))
        return HOST

    def associators(self, *arguments):
        self.asked.append(("associators", *arguments))
        return self.instances

    def invoke(self, method, path, parameters):
        self.asked.append((method, path, parameters))
        return MethodResult(pywbem.Uint32(self.return_value), {"Out": PATH})

    def class_names(self, class_name=None):
        return ["CIM_A", "CIM_B"]

    def get_class(self, class_name):
        return pywbem.CIMClass(class_name, methods={"Do": METHOD})


@pytest.fixture
def session(client):
    client.session = FakeSession()
    return client.session


def test_enum_prints_paths_and_what_is_said(vman, session):
    text = vman("cim", "enum", "VMAN_Host", "-p", "Name").stdout
    assert text.splitlines()[0] == 'VMAN_Host.Name="a \\"b\\""'
    assert "x\\x1b[31m" in text
    assert "Nothing" not in text
    assert session.asked == [("enumerate", "VMAN_Host", ["Name"])]


def test_enum_as_json(vman_json, session):
    (told,) = vman_json("cim", "enum", "VMAN_Host")
    assert told["class"] == "VMAN_Host"
    assert told["path"] == 'VMAN_Host.Name="a \\"b\\""'
    assert told["properties"] == {"Name": 'a "b"', "ElementName": "x\x1b[31m", "Codes": [2], "Nothing": None}


def test_the_namespace_is_the_targets(vman, session, targets):
    vman("cim", "enum", "CIM_RegisteredProfile", "-n", "interop")
    assert targets[0].namespace == "interop"


def test_printed_paths_can_be_given_back(vman, session):
    printed = vman("cim", "enum", "VMAN_Host", "--names").stdout.strip()
    assert vman("cim", "get", printed).exit_code == 0
    asked = session.asked[-1][1]
    assert (asked.classname, asked.keybindings, asked.namespace, asked.host) == (
        *("VMAN_Host", PATH.keybindings, "root/vman", None),
    )


def test_a_class_alone_means_its_only_instance(vman, session):
    assert vman("cim", "get", "VMAN_Host").exit_code == 0
    assert session.asked[-1][1] == PATH
    session.instances = [HOST, HOST]
    result = vman("cim", "get", "VMAN_Host")
    assert result.exit_code == 3
    assert "2 instances" in result.stderr


def test_assoc_passes_its_filters(vman, session):
    words = ("--assoc-class", "A", "--result-class", "R", "--role", "x", "--result-role", "y", "--names")
    assert vman("cim", "assoc", "VMAN_Host", *words).exit_code == 0
    assert session.asked[-1] == ("associators", PATH, "A", "R", "x", "y")


def test_invoke_types_its_parameters_by_the_class(vman, session):
    words = ("Number=0x10", "Flag=TRUE", "Ratio=0.5", "Texts=a=b", "Texts=c", 'Who=VMAN_Host.Name="z"')
    result = vman("cim", "invoke", "VMAN_Host", "Do", *words)
    assert result.exit_code == 0, result.output
    method, path, given = session.asked[-1]
    assert (method, path) == ("Do", PATH)
    values = dict(given)
    assert (values["Number"], values["Flag"], values["Ratio"], values["Texts"]) == (16, True, 0.5, ["a=b", "c"])
    assert isinstance(values["Number"], pywbem.Uint16)
    assert isinstance(values["Ratio"], pywbem.Real32)
    assert values["Who"].keybindings == {"Name": "z"}
    assert 'VMAN_Host.Name="a \\"b\\""' in result.stdout


@pytest.mark.parametrize("wrong", ["Number=x", "Number=99999", "Flag=perhaps", "Ratio=x", "Other=1", "Number"])
def test_invoke_refuses_what_the_class_does_not_declare(vman, session, wrong):
    assert vman("cim", "invoke", "VMAN_Host", "Do", wrong).exit_code == 2


def test_a_scalar_is_said_once(vman, session):
    assert vman("cim", "invoke", "VMAN_Host", "Do", "Number=1", "Number=2").exit_code == 2


def test_an_unknown_method(vman, session):
    assert vman("cim", "invoke", "VMAN_Host", "Undo").exit_code == 3


@pytest.mark.parametrize(("value", "code"), [(0, 0), (4096, 0), (4097, 1)])
def test_the_return_value_decides_the_exit_code(vman, session, value, code):
    session.return_value = value
    result = vman("cim", "invoke", "VMAN_Host", "Do", "--json")
    assert result.exit_code == code
    assert json.loads(result.stdout)[0]["return_value"] == value


def test_classes(vman, vman_json, session):
    assert vman("cim", "classes").stdout == "CIM_A\nCIM_B\n"
    assert vman_json("cim", "classes") == ["CIM_A", "CIM_B"]
    assert "class VMAN_Host {" in vman("cim", "classes", "VMAN_Host", "--mof").stdout
    assert vman("cim", "classes", "--mof").exit_code == 2


@pytest.mark.parametrize("text", ["x.y", "C.=1", 'C.Name="x', "ns:C.K"])
def test_what_is_no_path(text):
    with pytest.raises(ClientError) as raised:
        parse_path(FakeSession(), text)
    assert raised.value.reason is Reason.USAGE


def test_messages_are_printed_without_a_server(vman, vman_json):
    text = vman("cim", "messages").stdout
    assert "There is no instance <path>" in text
    told = vman_json("cim", "messages")
    assert len({row["id"] for row in told}) == len(told)
    assert {"id": "VMAN1001", "kind": "not found", "text": "There is no instance <path>", "action": ""} in told


def test_one_message_is_printed_by_its_id(vman, vman_json):
    assert "Use DMTF:FQL." in vman("cim", "messages", "vman1301").stdout
    (told,) = vman_json("cim", "messages", "VMAN9001")
    assert told["kind"] == "alert"
    missing = vman("cim", "messages", "VMAN0000")
    assert missing.exit_code == 3
    assert "VMAN0000" in missing.stderr


def test_the_registry_is_printed_as_xml(vman):
    assert etree.fromstring(vman("cim", "messages", "--xml").stdout_bytes).findall(".//{*}MESSAGE_ID")
    assert vman("cim", "messages", "--xml", "VMAN1001").exit_code == 2
