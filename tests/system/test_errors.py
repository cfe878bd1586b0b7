"""Every operation that fails says why in one CIM_Error, which a program can read by the registry."""

from __future__ import annotations

import pytest
import pywbem

from openvman.cim.status import Status
from openvman.messages.message import MAJOR, OWNING_ENTITY, ErrorMessage
from openvman.messages.registry import find

NOBODY = pywbem.CIMInstanceName("VMAN_ComputerSystem", {"CreationClassName": "VMAN_ComputerSystem", "Name": "nobody"})
MOF = 'instance of VMAN_VirtualSystemSettingData {\n  ElementName = "a";\n  ElementName = "b";\n};'


@pytest.fixture(scope="module")
def conn(simulated):
    with simulated.connection() as connection:
        yield connection


def define(conn, settings):
    [service, *_] = conn.EnumerateInstanceNames("VMAN_VirtualSystemManagementService")
    return conn.InvokeMethod("DefineSystem", service, SystemSettings=settings)


def delete_host(conn):
    [host, *_] = conn.EnumerateInstanceNames("VMAN_HostSystem")
    return conn.DeleteInstance(host)


FAILURES = {
    "a class that is not there": (lambda c: c.EnumerateInstances("CIM_X"), "VMAN1003", ["CIM_X", "root/vman"]),
    "a namespace": (lambda c: c.EnumerateInstances("CIM_X", namespace="no"), "VMAN1002", ["'no'"]),
    "an instance": (lambda c: c.GetInstance(NOBODY), "VMAN1001", None),
    "an instance in a namespace": (lambda c: c.AssociatorNames(NOBODY), "VMAN1001", None),
    "a key": (lambda c: c.GetInstance(pywbem.CIMInstanceName("VMAN_ComputerSystem", {"Name": "x"})), "VMAN1410", None),
    "a timeout": (
        lambda c: c.OpenEnumerateInstances("CIM_System", OperationTimeout=10**6, MaxObjectCount=1),
        "VMAN1055",
        ["1000000", "600"],
    ),
    "a query's language": (lambda c: c.ExecQuery("SQL", "SELECT 1"), "VMAN1302", ["SQL"]),
    "a query": (lambda c: c.ExecQuery("WQL", "SELECT *\nFROM"), "VMAN1305", None),
    "a query's column": (
        lambda c: c.ExecQuery("WQL", "SELECT Nme FROM CIM_System"),
        "VMAN1312",
        ["CIM_System", "Nme", "8"],
    ),
    "a context": (lambda c: c.PullInstancePaths(("gone", "root/vman"), MaxObjectCount=1), "VMAN1054", []),
    "a method": (lambda c: c.InvokeMethod("Fly", NOBODY), "VMAN1010", ["VMAN_ComputerSystem", "Fly"]),
    "MOF": (lambda c: define(c, MOF), "VMAN1507", ["3", "3", "ElementName"]),
    "XML within": (lambda c: define(c, "<INSTANCE"), "VMAN1741", None),
    "what nobody does": (delete_host, "VMAN1026", None),
    "the schema": (lambda c: c.DeleteClass("CIM_System"), "VMAN1021", ["DeleteClass"]),
}


@pytest.mark.parametrize(("ask", "id", "arguments"), FAILURES.values(), ids=list(FAILURES))
def test_a_failure_has_one_cim_error(conn, ask, id, arguments):
    with pytest.raises(pywbem.CIMError) as caught:
        ask(conn)
    error = caught.value
    [why] = error.instances
    row = find(why["MessageID"])
    assert isinstance(row, ErrorMessage)
    assert row.id == id
    assert why["OwningEntity"] == OWNING_ENTITY
    assert why["CIMStatusCode"] == error.status_code == Status(row.kind.status)
    assert (why["ErrorType"], why["ProbableCause"]) == (row.kind.type, row.kind.cause)
    assert why["PerceivedSeverity"] == MAJOR
    assert why["Message"] in error.status_description
    assert all(argument in why["Message"] for argument in why["MessageArguments"])
    assert arguments is None or why["MessageArguments"] == arguments
    assert bool(why["RecommendedActions"]) == bool(row.action)
    assert " ".join([why["Message"], *(why["RecommendedActions"] or ())]) == error.status_description


def test_its_properties_are_those_of_the_schema(conn):
    with pytest.raises(pywbem.CIMError) as caught:
        conn.ExecQuery("SQL", "SELECT 1")
    [why] = caught.value.instances
    declared = conn.GetClass("CIM_Error", LocalOnly=False, IncludeQualifiers=False).properties
    assert why.classname == "CIM_Error"
    for name, given in why.properties.items():
        assert (given.type, given.is_array) == (declared[name].type, declared[name].is_array), name
