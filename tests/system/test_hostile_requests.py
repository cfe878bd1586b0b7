"""Requests of clumsy and hostile clients, whole server: each gets the standard's own error, and the server goes on."""

from __future__ import annotations

import http.client
import re
import time
from base64 import b64encode

import pytest
import pywbem

MESSAGE = """<?xml version="1.0" encoding="utf-8"?><CIM CIMVERSION="2.0" DTDVERSION="2.0"><MESSAGE ID="1"
PROTOCOLVERSION="1.0"><SIMPLEREQ>{}</SIMPLEREQ></MESSAGE></CIM>"""
NAMESPACE = '<LOCALNAMESPACEPATH><NAMESPACE NAME="root"/><NAMESPACE NAME="vman"/></LOCALNAMESPACEPATH>'
SECONDS = 10.0
"""The longest that an answer to a hostile request may take: the limits allow about one on an idle machine."""


@pytest.fixture
def server(simulated):
    """What a request leaves behind is nothing, and no line in the log of what nobody foresaw."""
    with simulated.manager() as manager:
        before = manager.names()
        yield simulated
        assert manager.names() == before
    assert simulated.mishaps() == []


@pytest.fixture
def manager(server):
    with server.manager() as connected:
        yield connected


def _post(server, body, **headers):
    """Send any body; the HTTP status, the CIM status (0 for success, None for no CIM answer), and all of the answer."""
    credentials = b64encode(f"admin:{server.password}".encode()).decode()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    given = {"Content-Type": "application/xml; charset=utf-8", "Authorization": f"Basic {credentials}", **headers}
    begun = time.monotonic()
    try:
        connection.request("POST", "/cimom", body, given)
        response = connection.getresponse()
        text = response.read().decode()
    finally:
        connection.close()
    assert time.monotonic() - begun < SECONDS
    error = re.search(r'<ERROR CODE="(\d+)"', text)
    cim = int(error[1]) if error else 0 if "<MESSAGE" in text else None
    return response.status, cim, dict(response.getheaders()), text


def _intrinsic(server, name, parameters="", namespace=NAMESPACE):
    body = MESSAGE.format(f'<IMETHODCALL NAME="{name}">{namespace}{parameters}</IMETHODCALL>').encode()
    path = "/".join(re.findall('NAMESPACE NAME="([^"]*)"', namespace))
    return _post(server, body, CIMOperation="MethodCall", CIMMethod=name, CIMObject=path)


def _parameter(name, content):
    return f'<IPARAMVALUE NAME="{name}">{content}</IPARAMVALUE>'


CLASS = _parameter("ClassName", '<CLASSNAME NAME="VMAN_ComputerSystem"/>')


def test_documents_that_are_none(server):
    whole = MESSAGE.format(f'<IMETHODCALL NAME="EnumerateInstances">{NAMESPACE}{CLASS}</IMETHODCALL>').encode()
    headers = {"CIMOperation": "MethodCall", "CIMMethod": "EnumerateInstances", "CIMObject": "root/vman"}
    assert _post(server, whole, **headers)[:2] == (200, 0)
    bombs = b'<!DOCTYPE CIM [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    remote = b'<!DOCTYPE CIM SYSTEM "http://127.0.0.1:1/evil.dtd">'
    local = b'<!DOCTYPE CIM [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    bad = [b"", b" ", b"\0", b"<", b"<CIM/>", b"hello", b"\xff\xfe\0", b"{}", whole[:-1], whole[:200], whole * 2]
    bad += [whole.replace(b"?>", b"?>" + each, 1) for each in (bombs, remote, local)]
    bad += [
        whole.replace(b"root", b"\x01"),
        whole.replace(b"root", b"\xff"),
        whole.replace(b"root", b"&xxe;"),
        whole.replace(b"utf-8", b"utf-7"),
        whole.decode().encode("utf-16"),
        whole.decode().encode("utf-32"),
        b"<a>" * 100_000,
        b"<CIM" + b" a='1'" * 100_000 + b"/>",
        whole.replace(b"</SIMPLEREQ>", b"<x/>" * 200_000 + b"</SIMPLEREQ>"),
    ]
    for body in bad:
        status, cim, answered, text = _post(server, body, **headers)
        assert (status, cim) in {(400, None), (415, None), (501, None)}, body[:100]
        assert "root:" not in text, body[:100]
        assert "CIMError" in answered or status == 415, body[:100]
    assert _post(server, whole, **headers)[:2] == (200, 0)


def test_names_that_do_not_exist(server, manager):
    """Each with the code that DSP0200 gives for it."""
    conn, system = manager.conn, next(iter(manager.systems().values())).path
    ghost = system.copy()
    ghost.keybindings["Name"] = "00000000-0000-0000-0000-000000000001"
    elsewhere, unknown, keyless = system.copy(), system.copy(), system.copy()
    elsewhere.namespace, unknown.classname = "root/none", "CIM_None"
    keyless.keybindings = {"Name": system["Name"]}
    attempts = {
        "INVALID_NAMESPACE": [
            lambda: conn.GetInstance(elsewhere),
            lambda: conn.EnumerateInstanceNames("VMAN_ComputerSystem", namespace="root/none"),
            lambda: conn.InvokeMethod("RequestStateChange", elsewhere, RequestedState=pywbem.Uint16(2)),
        ],
        "INVALID_CLASS": [
            lambda: conn.EnumerateInstances("CIM_None"),
            lambda: conn.GetInstance(unknown),
            lambda: conn.EnumerateInstances("../../etc/passwd"),
            lambda: conn.InvokeMethod("X", unknown),
        ],
        "NOT_FOUND": [
            lambda: conn.GetInstance(ghost),
            lambda: conn.GetClass("CIM_None"),
            lambda: manager.destroy(ghost),
            lambda: manager.request(ghost, 2),
            lambda: conn.ModifyInstance(pywbem.CIMInstance("VMAN_ComputerSystem", path=ghost)),
        ],
        "METHOD_NOT_FOUND": [lambda: conn.InvokeMethod("None", system), lambda: conn.InvokeMethod("__class__", system)],
        "INVALID_PARAMETER": [
            lambda: conn.GetInstance(keyless),
            lambda: conn.Associators(system, AssocClass="CIM_None"),
            lambda: conn.InvokeMethod("RequestStateChange", system, Bogus=pywbem.Uint16(2)),
            lambda: conn.InvokeMethod("RequestStateChange", "VMAN_ComputerSystem", RequestedState=pywbem.Uint16(2)),
            lambda: manager.destroy(manager.service),
            lambda: conn.InvokeMethod("DestroySystem", manager.service),
        ],
        "TYPE_MISMATCH": [
            lambda: conn.InvokeMethod("RequestStateChange", system, RequestedState="two"),
            lambda: conn.InvokeMethod("DestroySystem", manager.service, AffectedSystem="no path at all"),
        ],
        "INVALID_QUERY": [lambda: conn.ExecQuery("DMTF:CQL", "SELECT * FROM " + "(" * 10_000)],
        "QUERY_LANGUAGE_NOT_SUPPORTED": [lambda: conn.ExecQuery("SQL", "SELECT * FROM CIM_System")],
        "INVALID_ENUMERATION_CONTEXT": [
            lambda: conn.PullInstancePaths(("none", "root/vman"), 1),
            lambda: conn.CloseEnumeration(("../../x", "root/vman")),
        ],
        "INVALID_OPERATION_TIMEOUT": [
            lambda: conn.OpenEnumerateInstancePaths("CIM_System", OperationTimeout=2**32 - 1)
        ],
    }
    for code, tries in attempts.items():
        for number, attempt in enumerate(tries):
            with pytest.raises(pywbem.CIMError) as caught:
                attempt()
            assert caught.value.status_code_name == f"CIM_ERR_{code}", (code, number, caught.value)
    assert conn.Associators(system, Role="None") == []


def test_a_reference_into_another_namespace_means_nothing_here(manager):
    """What is destroyed is what was named, not what has the same keys."""
    system = manager.define("named-elsewhere")
    elsewhere = system.copy()
    for namespace in ("root/none", "vman"):
        elsewhere.namespace = namespace
        with pytest.raises(pywbem.CIMError) as caught:
            manager.destroy(elsewhere)
        assert caught.value.status_code in {pywbem.CIM_ERR_NOT_FOUND, pywbem.CIM_ERR_INVALID_PARAMETER}
    assert manager.destroy(system) == 0


NUMBERS = [0, -1, 2**64, 2**64 - 1, 10**400, 0.5]
VALUES = ["", "x", "NULL", "1e9", "0x", "+", "\uff19", "1 2", *map(str, NUMBERS)]


def test_values_of_wrong_types_and_beyond_their_ranges(server, manager):
    """As a client may write them that knows no types; pywbem would not let them out."""
    keys = manager.service.keybindings
    bindings = "".join(f'<KEYBINDING NAME="{k}"><KEYVALUE>{v}</KEYVALUE></KEYBINDING>' for k, v in keys.items())
    target = (
        f'<LOCALINSTANCEPATH>{NAMESPACE}<INSTANCENAME CLASSNAME="{manager.service.classname}">{bindings}'
        "</INSTANCENAME></LOCALINSTANCEPATH>"
    )
    path = ",".join(f'{k}="{v}"' for k, v in keys.items())
    headers = {
        "CIMOperation": "MethodCall",
        "CIMMethod": "DefineSystem",
        "CIMObject": f"root/vman:{manager.service.classname}.{path}",
    }
    kinds = [("Processor", "VirtualQuantity", "uint64"), ("Memory", "VirtualQuantity", "uint64")]
    kinds += [
        ("Storage", "Access", "uint16"),
        ("Memory", "MaximumVirtualQuantity", "string"),
        ("Processor", "ResourceType", "boolean"),
    ]
    for kind, name, type in kinds:
        for value in VALUES:
            instance = (
                f'<INSTANCE CLASSNAME="VMAN_{kind}AllocationSettingData"><PROPERTY NAME="{name}" TYPE="{type}">'
                f"<VALUE>{value}</VALUE></PROPERTY></INSTANCE>"
            ).replace("<", "&lt;")
            body = MESSAGE.format(
                f'<METHODCALL NAME="DefineSystem">{target}<PARAMVALUE NAME="ResourceSettings" PARAMTYPE="string" '
                f'EmbeddedObject="instance"><VALUE.ARRAY><VALUE>{instance}</VALUE></VALUE.ARRAY></PARAMVALUE></METHODCALL>'
            )
            status, cim, _, text = _post(server, body.encode(), **headers)
            assert (status, cim) in {(200, 4), (200, 13)}, (kind, name, value, text)


def test_more_devices_than_any_system_has(manager):
    """Refused before each has been given a place and an address."""
    for setting in (manager.nic(Connection=["user"]), manager.disk(VirtualQuantity=512, VirtualQuantityUnits="byte")):
        begun = time.monotonic()
        with pytest.raises(pywbem.CIMError) as caught:
            manager.define("crowded", *[setting] * 2_000)
        assert caught.value.status_code == pywbem.CIM_ERR_INVALID_PARAMETER
        assert time.monotonic() - begun < SECONDS


def test_patterns_that_would_take_for_ever(manager):
    begun = time.monotonic()
    for pattern in ("%a" * 2_000, "_%" * 2_000, "%_a%" * 1_000):
        query = f"SELECT * FROM CIM_ManagedElement WHERE Caption LIKE '{pattern}b'"
        assert manager.conn.ExecQuery("DMTF:CQL", query) == []
    assert time.monotonic() - begun < SECONDS


def test_strings_of_any_length_and_kind_as_names(server, manager):
    """Class names, property names, roles, keys: unknown, and no more than that."""
    system = next(iter(manager.systems().values())).path
    for text in (
        "",
        " ",
        "a" * 100_000,
        "é",
        "\U0001f600",
        "'; DROP TABLE users; --",
        "%s%n",
        "{0.__class__}",
        "a.b:c",
    ):
        escaped = text.replace("&", "&amp;").replace("'", "&apos;").replace('"', "&quot;")
        status, cim, *_ = _intrinsic(
            server, "EnumerateInstances", _parameter("ClassName", f'<CLASSNAME NAME="{escaped}"/>')
        )
        assert (status, cim) in {(200, 4), (200, 5)}, text[:40]
        assert manager.conn.GetInstance(system, PropertyList=[text] if text.strip() else []).properties == {}
        ghost = system.copy()
        ghost.keybindings["Name"] = text
        with pytest.raises(pywbem.CIMError) as caught:
            manager.conn.GetInstance(ghost)
        assert caught.value.status_code == pywbem.CIM_ERR_NOT_FOUND
        assert len(caught.value.status_description) < 2_000
