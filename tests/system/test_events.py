"""The stream of events, as scripts and people watch it."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from base64 import b64encode

import pytest
from tests.system.conftest import VMAN


class Stream:
    """Server-sent events, read by hand."""

    def __init__(self, server, query="", **headers):
        secret = b64encode(f"admin:{server.password}".encode()).decode()
        request = urllib.request.Request(
            f"{server.url}/events{query}", headers={"Authorization": f"Basic {secret}", **headers}
        )
        self.response = urllib.request.urlopen(request, timeout=60)
        assert self.response.readline() == b": openvman\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.response.close()

    def next(self):
        fields = {}
        while line := self.response.readline().decode().rstrip("\n"):
            name, _, value = line.partition(": ")
            fields[name] = value
        return fields if "event" in fields else self.next()


@pytest.fixture
def made(simulated):
    """Define systems of some names; gone afterwards."""
    systems = []
    with simulated.manager() as manager:

        def define(name):
            systems.append(manager.define(name))
            return systems[-1]

        yield define
        for system in systems:
            assert manager.destroy(system) == 0


def test_events_come_as_they_happen_and_can_be_resumed(simulated, made):
    with Stream(simulated, "?class=CIM_ComputerSystem&kind=creation") as stream:
        made("watched")
        made("next")
        first = stream.next()
    told = json.loads(first["data"])
    assert (told["kind"], told["class"], told["name"]) == ("creation", "VMAN_ComputerSystem", "watched")
    assert told["id"] == first["id"]
    resumed = {"Last-Event-ID": first["id"]}
    with Stream(simulated, "?class=CIM_ComputerSystem&kind=creation", **resumed) as stream:
        assert json.loads(stream.next()["data"])["name"] == "next"


def test_an_id_of_another_run_begins_with_a_gap(simulated, made):
    made("earlier")
    with Stream(simulated, "?class=CIM_ComputerSystem", **{"Last-Event-ID": "beef-1-0"}) as stream:
        assert stream.next()["event"] == "gap"


@pytest.mark.parametrize(
    "query", ["?class=CIM_Nothing", "?kind=birth", "?colour=red", "?class", "?" + "kind=alert&" * 9]
)
def test_what_cannot_be_watched_is_refused(simulated, query):
    with pytest.raises(urllib.error.HTTPError) as refused:
        Stream(simulated, query)
    assert refused.value.code == 400
    refused.value.close()


def test_events_are_for_known_users(simulated):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{simulated.url}/events", timeout=60)
    assert refused.value.code == 401
    refused.value.close()


def test_the_command_line_watches(simulated, made, tmp_path):
    arguments = [str(VMAN), "event", "watch", "--server", simulated.url, "--user", "admin", "--json", "--count", "1"]
    arguments += ["--password-file", str(simulated.state / "admin.password"), "--class", "CIM_ComputerSystem"]
    made("before")
    with Stream(simulated, "?class=CIM_ComputerSystem") as stream:
        made("beside")
        since = stream.next()["id"]
    made("shown")
    done = subprocess.run([*arguments, "--after", since], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["name"] == "shown"


def test_a_subscription_from_the_command_line(simulated):
    to = ["--server", simulated.url, "--user", "admin", "--password-file", str(simulated.state / "admin.password")]

    def vman(*arguments):
        done = subprocess.run([str(VMAN), "subscription", *arguments, *to], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    query = "SELECT * FROM CIM_InstCreation WHERE SourceInstance ISA CIM_ComputerSystem"
    assert vman("add", "mine", "http://127.0.0.1:5990", query)[0] == 0
    code, said = vman("list", "--json")
    assert [(s["name"], s["query"], s["state"]) for s in json.loads(said)] == [("mine", query, "enabled")]
    code, said = vman("add", "wrong", "http://127.0.0.1:5990", "SELECT * FROM CIM_Nothing")
    assert code != 0
    assert "column 15" in said
    assert vman("remove", "mine")[0] == 0
    assert json.loads(vman("list", "--json")[1]) == []
    with simulated.manager() as manager:
        for name in ("CIM_ListenerDestinationCIMXML", "CIM_IndicationSubscription"):
            assert manager.conn.EnumerateInstances(name, namespace="interop") == []
