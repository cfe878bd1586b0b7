"""Clients that are not ours and not Python: wbemcli and curl."""

from __future__ import annotations

import shutil
import subprocess

import pytest

import openvman

GET_CLASS = """<?xml version="1.0" encoding="utf-8"?>
<CIM CIMVERSION="2.0" DTDVERSION="2.0"><MESSAGE ID="1" PROTOCOLVERSION="1.0"><SIMPLEREQ>
<IMETHODCALL NAME="EnumerateInstanceNames"><LOCALNAMESPACEPATH><NAMESPACE NAME="root"/><NAMESPACE NAME="vman"/>
</LOCALNAMESPACEPATH><IPARAMVALUE NAME="ClassName"><CLASSNAME NAME="VMAN_ComputerSystem"/></IPARAMVALUE>
</IMETHODCALL></SIMPLEREQ></MESSAGE></CIM>"""


def _needs(program):
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


@pytest.fixture
def wbemcli(simulated):
    program = _needs("wbemcli")

    def run(operation, target, *more):
        url = f"http://admin:{simulated.password}@127.0.0.1:{simulated.port}/{target}"
        done = subprocess.run([program, "-nl", operation, url, *more], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def _paths(text):
    return [line.partition("/")[2] for line in text.splitlines() if ":VMAN_" in line and not line.startswith("-")]


def test_wbemcli_enumerates_and_gets(wbemcli, simulated):
    names = _paths(wbemcli("ein", "root/vman:CIM_ComputerSystem"))
    assert len(names) == 8
    with simulated.connection() as conn:
        expected = {i["Name"]: i for i in conn.EnumerateInstances("CIM_ComputerSystem")}
    assert all(any(uuid in name for name in names) for uuid in expected)
    path = next(n for n in names if "VMAN_ComputerSystem" in n)
    shown = wbemcli("gi", path)
    uuid = next(u for u in expected if u in path)
    assert f'-ElementName="{expected[uuid]["ElementName"]}"' in shown
    assert "-EnabledState=" in shown
    assert len(_paths(wbemcli("ei", "root/vman:VMAN_ComputerSystem"))) == 6


def test_wbemcli_follows_associations(wbemcli):
    [host, *_] = _paths(wbemcli("ein", "root/vman:VMAN_HostSystem"))
    assert len(_paths(wbemcli("ain", host, "-ac", "VMAN_HostedDependency"))) == 3
    assert "VMAN_VirtualSystemManagementService" in wbemcli("ain", host, "-ac", "CIM_HostedService")
    assert _paths(wbemcli("rin", host))


def test_wbemcli_reads_classes_and_invokes_methods(wbemcli):
    assert "VMAN_ComputerSystem" in wbemcli("ecn", "root/vman")
    assert "-AvailableRequestedStates" in wbemcli("gc", "root/vman:VMAN_ComputerSystem")
    system = next(iter(_paths(wbemcli("ein", "root/vman:VMAN_ComputerSystem"))))
    before = wbemcli("gi", system)
    wanted = "3" if "-EnabledState=2" in before else "2"
    assert "0" in wbemcli("cm", system, f"RequestStateChange.RequestedState={wanted}")
    assert wbemcli("gi", system) != before


@pytest.fixture
def curl(simulated, tmp_path):
    program = _needs("curl")

    def run(*arguments, body=None):
        (tmp_path / "body").write_text(body or "")
        given = ["--data-binary", f"@{tmp_path}/body"] if body is not None else []
        done = subprocess.run(
            [program, "-s", "-i", "--max-time", "60", *given, *arguments], capture_output=True, text=True, timeout=90
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


_CIM = [
    "-H",
    'Content-Type: application/xml; charset="utf-8"',
    "-H",
    "CIMOperation: MethodCall",
    "-H",
    "CIMMethod: EnumerateInstanceNames",
    "-H",
    "CIMObject: root/vman",
]


def test_curl_asks_and_is_answered(curl, simulated):
    login = ["-u", f"admin:{simulated.password}"]
    answer = curl(*_CIM, *login, f"{simulated.url}/cimom", body=GET_CLASS)
    head, _, body = answer.partition("\n\n")
    assert head.startswith("HTTP/1.1 200")
    assert "cimoperation: methodresponse" in head.lower()
    assert body.count("<INSTANCENAME ") == 6


def test_curl_over_https_with_the_made_authority_and_compressed(curl, simulated):
    [authority] = simulated.state.rglob("ca.crt")
    login = ["-u", f"admin:{simulated.password}", "--cacert", str(authority), "--compressed"]
    answer = curl(*_CIM, *login, f"{simulated.tls_url}/cimom", body=GET_CLASS)
    assert answer.count("<INSTANCENAME ") == 6


def test_mpost_is_taken(curl, simulated):
    login = ["-u", f"admin:{simulated.password}", "-X", "M-POST"]
    man = ["-H", "Man: http://www.dmtf.org/cim/mapping/http/v1.0 ; ns=73"]
    prefixed = [h.replace("CIM", "73-CIM", 1) if h.startswith("CIM") else h for h in _CIM]
    answer = curl(*prefixed, *man, *login, f"{simulated.url}/cimom", body=GET_CLASS)
    assert answer.startswith("HTTP/1.1 200")
    assert "73-cimoperation: methodresponse" in answer.lower()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("<CIM", "400"),
        ('<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><CIM/>', "400"),
        ("<CIM>" * 100_000, "400"),
        (GET_CLASS.replace("MESSAGE ID", "MESSAGE NoID"), "400"),
        (GET_CLASS.replace('PROTOCOLVERSION="1.0"', 'PROTOCOLVERSION="9.0"'), "501"),
        ("\x00", "400"),
        ("", "400"),
    ],
)
def test_bad_documents_get_an_http_error_and_the_server_goes_on(curl, simulated, body, code):
    login = ["-u", f"admin:{simulated.password}"]
    answer = curl(*_CIM, *login, f"{simulated.url}/cimom", body=body)
    assert answer.startswith(f"HTTP/1.1 {code}"), answer[:300]
    assert curl(*_CIM, *login, f"{simulated.url}/cimom", body=GET_CLASS).startswith("HTTP/1.1 200")


def test_nobody_gets_in_without_a_password(curl, simulated):
    answer = curl(*_CIM, f"{simulated.url}/cimom", body=GET_CLASS)
    assert answer.startswith("HTTP/1.1 401")
    assert "www-authenticate: basic" in answer.lower()
    assert "INSTANCENAME" not in answer


def test_health_needs_no_password_and_tells_nothing_more(curl, simulated):
    answer = curl(f"{simulated.url}/healthz")
    assert answer.startswith("HTTP/1.1 200")
    assert openvman.__version__ not in answer
