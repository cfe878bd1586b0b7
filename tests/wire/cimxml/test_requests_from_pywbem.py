"""Every operation as a real pywbem client asks for it."""

from __future__ import annotations

import datetime as dt

import pytest
import pywbem

from openvman.cim.datetime import CIMDateTime
from openvman.cim.errors import CIMError
from openvman.cim.names import NameMap
from openvman.cim.operations import OPERATIONS, Answer, Argument, Call, MethodAnswer, MethodCall, QualifierType
from openvman.cim.values import ClassPath, Instance, InstancePath, Property
from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem
from openvman.wire.cimxml.decode import decode_embedded

PYWBEM_PATH = pywbem.CIMInstanceName("VMAN_X", {"Name": 'a"b&<>é', "Number": pywbem.Uint32(7)})
PATH = InstancePath("VMAN_X", NameMap({"Name": 'a"b&<>é', "Number": 7}))
CLASS_NAME = {"ClassName": "VMAN_X"}
FLAGS = {"IncludeClassOrigin": True, "PropertyList": ["Name", "Caption"]}
ASSOCIATION = {"AssocClass": "CIM_A", "ResultClass": "CIM_R", "Role": "Antecedent", "ResultRole": "Dependent"}
REFERENCE = {"ResultClass": "CIM_R", "Role": "Antecedent"}
OPEN = {
    "FilterQueryLanguage": "DMTF:FQL",
    "FilterQuery": "Name = 'a<b'",
    "OperationTimeout": 30,
    "ContinueOnError": False,
    "MaxObjectCount": 100,
}
CONTEXT = ("context-1", "root/virt")


CASES = [
    ("EnumerateInstances", CLASS_NAME | {"DeepInheritance": False, "LocalOnly": False} | FLAGS, None),
    ("EnumerateInstanceNames", CLASS_NAME, None),
    ("GetInstance", {"InstanceName": PYWBEM_PATH, "LocalOnly": False} | FLAGS, {"InstanceName": PATH}),
    ("DeleteInstance", {"InstanceName": PYWBEM_PATH}, {"InstanceName": PATH}),
    ("Associators", {"ObjectName": PYWBEM_PATH} | ASSOCIATION | FLAGS, {"ObjectName": PATH}),
    ("Associators", {"ObjectName": "VMAN_X"} | ASSOCIATION, {"ObjectName": ClassPath("VMAN_X")}),
    ("AssociatorNames", {"ObjectName": PYWBEM_PATH} | ASSOCIATION, {"ObjectName": PATH}),
    ("References", {"ObjectName": PYWBEM_PATH} | REFERENCE | FLAGS, {"ObjectName": PATH}),
    ("ReferenceNames", {"ObjectName": "VMAN_X"} | REFERENCE, {"ObjectName": ClassPath("VMAN_X")}),
    ("ExecQuery", {"QueryLanguage": "WQL", "Query": "SELECT * FROM VMAN_X WHERE a < 1"}, None),
    ("GetClass", CLASS_NAME | {"LocalOnly": False, "IncludeQualifiers": True} | FLAGS, None),
    ("EnumerateClasses", CLASS_NAME | {"DeepInheritance": True}, None),
    ("EnumerateClasses", {}, None),
    ("EnumerateClassNames", CLASS_NAME | {"DeepInheritance": True}, None),
    ("DeleteClass", CLASS_NAME, None),
    ("EnumerateQualifiers", {}, None),
    ("GetQualifier", {"QualifierName": "Key"}, None),
    ("DeleteQualifier", {"QualifierName": "Key"}, None),
    ("OpenEnumerateInstances", CLASS_NAME | {"DeepInheritance": False} | FLAGS | OPEN, None),
    ("OpenEnumerateInstancePaths", CLASS_NAME | OPEN, None),
    ("OpenAssociatorInstances", {"InstanceName": PYWBEM_PATH} | ASSOCIATION | FLAGS | OPEN, {"InstanceName": PATH}),
    ("OpenAssociatorInstancePaths", {"InstanceName": PYWBEM_PATH} | ASSOCIATION | OPEN, {"InstanceName": PATH}),
    ("OpenReferenceInstances", {"InstanceName": PYWBEM_PATH} | REFERENCE | FLAGS | OPEN, {"InstanceName": PATH}),
    ("OpenReferenceInstancePaths", {"InstanceName": PYWBEM_PATH} | REFERENCE | OPEN, {"InstanceName": PATH}),
    ("OpenQueryInstances", OPEN | {"ReturnQueryResultClass": False}, None),
    ("CloseEnumeration", {"context": CONTEXT}, {"EnumerationContext": "context-1"}),
    ("PullInstancesWithPath", {"context": CONTEXT, "MaxObjectCount": 5}, {"EnumerationContext": "context-1"}),
    ("PullInstancePaths", {"context": CONTEXT, "MaxObjectCount": 5}, {"EnumerationContext": "context-1"}),
    ("PullInstances", {"context": CONTEXT, "MaxObjectCount": 5}, {"EnumerationContext": "context-1"}),
]


@pytest.mark.parametrize(("name", "given", "changed"), CASES, ids=[f"{c[0]}-{len(c[1])}" for c in CASES])
def test_operation(peer, name, given, changed) -> None:
    peer.answer = CIMError(ErrorMessage(1, 'no "such" <thing>', problem=Problem.NOT_FOUND))
    with pytest.raises(pywbem.CIMError) as raised:
        getattr(peer.connection, name)(**given)
    assert (raised.value.status_code, raised.value.status_description) == (6, 'no "such" <thing>')
    expected = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()} | (
        changed or {}
    )
    expected.pop("context", None)
    call = peer.request
    assert isinstance(call, Call)
    assert call.operation is OPERATIONS[name]
    assert call.namespace == ("root/virt" if "context" in given else "root/vman")
    assert dict(call.arguments) == expected


def test_every_operation_of_the_table_has_a_case() -> None:
    elsewhere = {"CreateInstance", "ModifyInstance", "CreateClass", "ModifyClass", "SetQualifier"}
    deprecated = {"GetProperty", "SetProperty", "EnumerationCount"}  # pywbem has them no more: see test_decode.py
    assert {case[0] for case in CASES} | elsewhere | deprecated == set(OPERATIONS)


VALUES = [
    ("Name", "a", "string", "a"),
    ("Flag", True, "boolean", True),
    ("Small", pywbem.Sint8(-128), "sint8", -128),
    ("Large", pywbem.Uint64(2**64 - 1), "uint64", 2**64 - 1),
    ("Share", pywbem.Real32(0.5), "real32", 0.5),
    ("Letter", pywbem.Char16("é"), "char16", "é"),
    (
        "When",
        pywbem.CIMDateTime("20261123101112.000000+060"),
        "datetime",
        CIMDateTime.parse("20261123101112.000000+060"),
    ),
    ("Span", dt.timedelta(days=1, seconds=2), "datetime", CIMDateTime.parse("00000001000002.000000:000")),
]


def pywbem_instance() -> pywbem.CIMInstance:
    properties = {name: pywbem.CIMProperty(name, value, type=type) for name, value, type, _ in VALUES}
    properties["Tags"] = pywbem.CIMProperty("Tags", ["a", None, ""], type="string")
    properties["None"] = pywbem.CIMProperty("None", [], type="uint8", is_array=True)
    properties["Gone"] = pywbem.CIMProperty("Gone", None, type="uint16")
    properties["GoneToo"] = pywbem.CIMProperty("GoneToo", None, type="string", is_array=True)
    properties["Ref"] = pywbem.CIMProperty("Ref", PYWBEM_PATH, type="reference", reference_class="VMAN_X")
    inner = pywbem.CIMInstance("VMAN_Inner", {"Text": "<deep & deeper>"})
    middle = pywbem.CIMInstance("VMAN_Middle", {"Inner": inner})
    properties["Embedded"] = pywbem.CIMProperty("Embedded", middle, embedded_object="instance")
    properties["Many"] = pywbem.CIMProperty("Many", [inner, inner], embedded_object="object", is_array=True)
    return pywbem.CIMInstance("VMAN_X", properties)


def our_instance(path: InstancePath | None = None) -> Instance:
    inner = Instance.of("VMAN_Inner", [Property("Text", "string", "<deep & deeper>")])
    middle = Instance.of("VMAN_Middle", [Property("Inner", "string", inner, embedded="instance")])
    return Instance.of(
        "VMAN_X",
        [
            *(Property(name, type, value) for name, _, type, value in VALUES),
            Property("Tags", "string", ("a", None, ""), is_array=True),
            Property("None", "uint8", (), is_array=True),
            Property("Gone", "uint16", None),
            Property("GoneToo", "string", None, is_array=True),
            Property("Ref", "reference", PATH, reference_class="VMAN_X"),
            Property("Embedded", "string", middle, embedded="instance"),
            Property("Many", "string", (inner, inner), is_array=True, embedded="object"),
        ],
        path,
    )


def test_create_instance(peer) -> None:
    peer.answer = Answer(PATH)
    assert peer.connection.CreateInstance(pywbem_instance()) == pywbem.CIMInstanceName(
        "VMAN_X", PYWBEM_PATH.keybindings, namespace="root/vman"
    )
    assert peer.request.arguments == NameMap({"NewInstance": our_instance()})


def test_modify_instance(peer) -> None:
    changed = pywbem_instance()
    changed.path = PYWBEM_PATH
    peer.connection.ModifyInstance(changed, PropertyList=["Name"], IncludeQualifiers=False)
    assert dict(peer.request.arguments) == {
        "ModifiedInstance": our_instance(PATH),
        "PropertyList": ("Name",),
        "IncludeQualifiers": False,
    }


def test_an_empty_property_list_is_not_an_absent_one(peer) -> None:
    peer.answer = Answer(())
    peer.connection.EnumerateInstances("VMAN_X", PropertyList=[])
    assert peer.request.argument("PropertyList") == ()
    peer.connection.EnumerateInstances("VMAN_X")
    assert peer.request.argument("PropertyList") is None
    assert "PropertyList" not in peer.request.arguments


def test_invoke_method(peer) -> None:
    peer.answer = MethodAnswer("uint32", 0)
    inner = pywbem.CIMInstance("VMAN_Inner", {"Text": "<deep & deeper>"})
    result, _ = peer.connection.InvokeMethod(
        "DefineSystem",
        PYWBEM_PATH,
        [
            *((name, value) for name, value, _, _ in VALUES),
            ("Reference", PYWBEM_PATH),
            ("References", [PYWBEM_PATH, PYWBEM_PATH]),
            ("SystemSettings", inner),
            ("ResourceSettings", [inner, inner]),
            ("Numbers", [pywbem.Uint16(1), pywbem.Uint16(2)]),
            ("Text", inner.tocimxmlstr()),
            ("Nothing", None),
            ("NoItems", []),
        ],
    )
    assert result == 0
    call = peer.request
    assert isinstance(call, MethodCall)
    assert (call.method, call.target) == ("DefineSystem", PATH.within("root/vman"))
    ours = Instance.of("VMAN_Inner", [Property("Text", "string", "<deep & deeper>")])
    assert dict(call.arguments) == {
        **{name: Argument(value, type) for name, _, type, value in VALUES},
        "Reference": Argument(PATH, "reference"),
        "References": Argument((PATH, PATH), "reference", is_array=True),
        "SystemSettings": Argument(ours, "string", embedded="instance"),
        "ResourceSettings": Argument((ours, ours), "string", is_array=True, embedded="instance"),
        "Numbers": Argument((1, 2), "uint16", is_array=True),
        "Text": Argument(inner.tocimxmlstr(), "string"),
        "Nothing": Argument(None),
        "NoItems": Argument((), is_array=True),
    }
    assert decode_embedded(call.arguments["Text"].value) == ours


def test_invoke_method_on_a_class(peer) -> None:
    peer.answer = MethodAnswer("uint32", 4096)
    assert peer.connection.InvokeMethod("Do", "VMAN_X")[0] == 4096
    assert peer.request.target == ClassPath("VMAN_X", "root/vman")


def test_values_in_cdata_sections(peer, monkeypatch) -> None:
    monkeypatch.setattr("pywbem._cim_xml._CDATA_ESCAPING", True)
    peer.answer = Answer(PATH)
    peer.connection.CreateInstance(pywbem_instance())
    assert b"<![CDATA[" in peer.sent[-1]
    assert peer.request.arguments["NewInstance"] == our_instance()


def test_class_and_qualifier_declarations(peer) -> None:
    key = pywbem.CIMQualifier("Key", True, type="boolean", overridable=False)
    values = pywbem.CIMQualifier("Values", ["a", "b"], type="string", propagated=True)
    declared = pywbem.CIMClass(
        "VMAN_New",
        superclass="CIM_Y",
        qualifiers=[pywbem.CIMQualifier("Association", True, type="boolean")],
        properties=[
            pywbem.CIMProperty("Name", None, type="string", qualifiers=[key]),
            pywbem.CIMProperty("States", [1], type="uint16", is_array=True, array_size=4, qualifiers=[values]),
            pywbem.CIMProperty("Other", None, type="reference", reference_class="CIM_Z"),
        ],
        methods=[
            pywbem.CIMMethod(
                "Do",
                return_type="uint32",
                parameters=[
                    pywbem.CIMParameter("A", "string", qualifiers=[pywbem.CIMQualifier("In", True, type="boolean")]),
                    pywbem.CIMParameter("B", "uint8", is_array=True),
                    pywbem.CIMParameter("C", "reference", reference_class="CIM_Z"),
                    pywbem.CIMParameter("D", "reference", reference_class="CIM_Z", is_array=True),
                ],
            )
        ],
    )
    peer.connection.CreateClass(declared)
    found = peer.request.arguments["NewClass"]
    assert (found.name, found.superclass, found.is_association) == ("VMAN_New", "CIM_Y", True)
    assert [
        (p.name, p.type, p.is_array, p.array_size, p.default, p.reference_class) for p in found.properties.values()
    ] == [
        ("Name", "string", False, None, None, None),
        ("States", "uint16", True, 4, (1,), None),
        ("Other", "reference", False, None, None, "CIM_Z"),
    ]
    assert found.properties["name"].is_key
    assert found.properties["name"].qualifiers["Key"].overridable is False
    assert found.properties["States"].qualifiers["values"].value == ("a", "b")
    assert [(p.name, p.type, p.is_array, p.reference_class) for p in found.methods["do"].parameters.values()] == [
        ("A", "string", False, None),
        ("B", "uint8", True, None),
        ("C", "reference", False, "CIM_Z"),
        ("D", "reference", True, "CIM_Z"),
    ]
    peer.connection.ModifyClass(declared)
    assert peer.request.arguments["ModifiedClass"] == found
    declaration = pywbem.CIMQualifierDeclaration(
        "Max", "uint32", 1, scopes={"PROPERTY": True, "CLASS": False}, tosubclass=True
    )
    peer.connection.SetQualifier(declaration)
    assert peer.request.arguments["QualifierDeclaration"] == QualifierType(
        "Max", "uint32", False, 1, NameMap({"PROPERTY": True, "CLASS": False}), tosubclass=True
    )
