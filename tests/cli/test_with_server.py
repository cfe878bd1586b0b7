"""The command against a server of its own, over HTTP: that both sides mean the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

PLATFORM = "sim://?hosts=2&vms=3"


@pytest.fixture
def vman(served):
    return served


@pytest.fixture
def web(vman):
    """The name of a machine that is there for the test."""
    host = json.loads(vman("host", "list", "--json"))[0]["name"]
    vman("vm", "define", "web", "--host", host, "--cpus", "2", "--memory", "64MiB", "--disk", "1GiB", "--nic", "user")
    yield "web"
    vman("vm", "destroy", "--yes", "web")


def one(text: str) -> dict:
    (found,) = json.loads(text)
    return found


def test_lists_join_hosts_configurations_and_states(vman):
    hosts = {host["id"]: host["name"] for host in json.loads(vman("host", "list", "--json"))}
    systems = json.loads(vman("vm", "list", "--json"))
    assert len(hosts) == 2
    assert len(systems) == 6
    for system in systems:
        assert system["host"] == hosts[system["host_id"]]
        details = one(vman("vm", "show", system["id"], "--json"))
        assert (details["cpus"], details["memory"]) == (system["cpus"], system["memory"])


def test_a_machine_is_as_it_was_defined(vman, web):
    told = one(vman("vm", "show", web, "--json"))
    assert told["current"] is None
    defined = told["defined"]
    assert (defined["cpus"], defined["memory"]) == (2, 64 * 2**20)
    assert [disk["capacity"] for disk in defined["disks"]] == [2**30]
    assert [nic["connection"] for nic in defined["nics"]] == ["user"]


@pytest.mark.parametrize(
    ("verbs", "state"),
    [
        (["start"], "active"),
        (["start", "pause"], "paused"),
        (["start", "pause", "resume"], "active"),
        (["start", "suspend"], "suspended"),
        (["start", "suspend", "start", "reset"], "active"),
        (["start", "stop"], "defined"),
        (["start", "stop --force"], "defined"),
    ],
)
def test_verbs_lead_to_their_states(vman, web, verbs, state):
    for verb in verbs:
        vman("vm", *verb.split(), web)
    assert one(vman("vm", "show", web, "--json"))["state"] == state


def test_an_illegal_change_is_refused_and_tells_what_is_possible(vman, web):
    assert "Possible now: start" in vman("vm", "pause", web, code=4)


def test_the_next_start_is_changed_and_the_present_is_not(vman, web):
    vman("vm", "start", web)
    vman("vm", "set", web, "--memory", "96MiB", "--description", "a web server", "--config")
    told = one(vman("vm", "show", web, "--json"))
    assert (told["current"]["memory"], told["defined"]["memory"]) == (64 * 2**20, 96 * 2**20)
    assert told["defined"]["description"] == "a web server"
    vman("vm", "stop", "--force", web)
    vman("vm", "start", web)
    assert one(vman("vm", "show", web, "--json"))["current"]["memory"] == 96 * 2**20


def test_the_console_tells_what_the_guest_printed(vman, web):
    assert vman("vm", "console", web) == ""
    vman("vm", "start", web)
    assert vman("vm", "console", web).strip() != ""


def test_a_name_that_is_taken_is_refused(vman, web):
    host = one(vman("vm", "show", web, "--json"))["host"]
    vman("vm", "define", web, "--host", host, code=4)


def test_cim_paths_and_methods(vman, web):
    uuid = one(vman("vm", "show", web, "--json"))["id"]
    (path,) = [line for line in vman("cim", "enum", "VMAN_ComputerSystem", "--names").splitlines() if uuid in line]
    assert one(vman("cim", "get", path, "--json"))["properties"]["ElementName"] == web
    assert one(vman("cim", "invoke", path, "RequestStateChange", "RequestedState=2", "--json"))["return_value"] == 0
    assert one(vman("vm", "show", web, "--json"))["state"] == "active"
    hosts = vman("cim", "assoc", path, "--assoc-class", "CIM_HostedDependency", "--names").splitlines()
    assert len(hosts) == 1
    assert hosts[0].startswith("VMAN_HostSystem.")


def test_profiles_are_read_across_namespaces(vman):
    host = json.loads(vman("host", "list", "--json"))[0]["name"]
    told = one(vman("host", "show", host, "--json"))
    assert "System Virtualization" in [profile["name"] for profile in told["profiles"]]


def test_what_is_not_there(vman):
    vman("vm", "show", "nobody", code=3)
    vman("cim", "enum", "CIM_Nonsense", code=3)
    vman("vm", "list", OPENVMAN_SERVER="http://127.0.0.1:1", code=5)


def test_a_wrong_password_is_told_as_such(vman, tmp_path):
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong password\n")
    vman("vm", "list", OPENVMAN_PASSWORD_FILE=str(wrong), code=6)


def test_the_demo_succeeds_and_leaves_nothing(vman):
    before = vman("vm", "list")
    text = vman("demo")
    assert "printed" in text
    assert len(text.splitlines()) < 30
    assert vman("vm", "list") == before


def test_the_demo_starts_and_stops_a_server_of_its_own(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "openvman.cli", "demo", "--platform", "sim://?hosts=1&vms=0"],
        capture_output=True,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert result.returncode == 0, result.stdout + result.stderr
    process = int(result.stdout.splitlines()[0].rpartition("process ")[2])
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert list(tmp_path.iterdir()) == []


def test_a_platform_that_cannot_be_is_told_with_the_servers_words(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "openvman.cli", "demo", "--platform", "nonsense://"],
        capture_output=True,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert result.returncode == 5
    assert "It said: " in result.stderr
    assert "vman: " in result.stderr.partition("It said: ")[2]
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_demo_that_is_asked_to_stop_tidies_up(tmp_path):
    child = subprocess.Popen(
        [sys.executable, "-u", "-m", "openvman.cli", "demo", "--platform", "sim://?hosts=1&vms=0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert child.stdout is not None
    child.stdout.readline()
    child.send_signal(signal.SIGTERM)
    _, errors = child.communicate()
    assert child.returncode in (0, 130), errors
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


def _devices(vman, name: str, kind: str) -> dict[str, dict]:
    configuration = one(vman("vm", "show", name, "--json"))[kind]
    return {disk["target"]: disk for disk in configuration["disks"]} | {
        nic["mac"]: nic for nic in configuration["nics"]
    }


def test_devices_come_and_go_now_and_at_the_next_start(vman, web):
    vman("vm", "start", web)
    before = _devices(vman, web, "defined")
    assert "now and at the next start" in vman("vm", "attach", web, "disk", "1GiB")
    vman("vm", "attach", web, "nic", "network=default,mac=52:54:00:00:00:0d")
    now, following = _devices(vman, web, "current"), _devices(vman, web, "defined")
    assert now == following
    assert now.keys() - before.keys() == {"vdb", "52:54:00:00:00:0d"}
    vman("vm", "detach", web, "vdb", "--live")
    assert ("vdb" in _devices(vman, web, "current"), "vdb" in _devices(vman, web, "defined")) == (False, True)
    vman("vm", "detach", web, "vdb")
    vman("vm", "detach", web, "52:54:00:00:00:0D")
    assert _devices(vman, web, "current") == _devices(vman, web, "defined") == before
    assert "booted from" in vman("vm", "detach", web, "vda", code=4)
    assert "It has: vda" in vman("vm", "detach", web, "vdz", code=3)
    vman("vm", "detach", web, "vda", "--config")
    assert "vda" not in _devices(vman, web, "defined")


def test_media_change_in_a_drive(vman, web):
    iso = "/simulated/images/installer.iso"
    vman("vm", "attach", web, "cdrom", iso)
    (drive,) = [t for t, disk in _devices(vman, web, "defined").items() if disk.get("kind") == "cdrom"]
    vman("vm", "start", web)
    assert f"Ejected {drive}" in vman("vm", "eject", web)
    assert _devices(vman, web, "current")[drive]["source"] is _devices(vman, web, "defined")[drive]["source"] is None
    assert f"Attached {drive}" in vman("vm", "attach", web, "cdrom", iso, "--live")
    assert _devices(vman, web, "current")[drive]["source"] == iso
    assert _devices(vman, web, "defined")[drive]["source"] is None


def test_set_changes_both_or_one(vman, web):
    vman("vm", "start", web)
    vman("vm", "set", web, "--cpus", "1", "--description", "small")
    told = one(vman("vm", "show", web, "--json"))
    assert (told["current"]["cpus"], told["defined"]["cpus"], told["description"]) == (1, 1, "small")
    vman("vm", "set", web, "--cpus", "2", "--live")
    told = one(vman("vm", "show", web, "--json"))
    assert (told["current"]["cpus"], told["defined"]["cpus"]) == (2, 1)


def test_pools_of_devices_are_told_by_what_they_have(vman):
    host = json.loads(vman("host", "list", "--json"))[0]["name"]
    kinds = {p["name"]: p["kind"] for p in json.loads(vman("pool", "list", "--host", host, "--json"))}
    assert (kinds["graphics"], kinds["rng"], kinds["usb-controller"]) == (
        "graphics",
        "random number generator",
        "usb-controller",
    )
    vman("pool", "create", "entropy", "--parent", "rng", "--size", "2", "--host", host)
    [made] = [p for p in json.loads(vman("pool", "list", "--host", host, "--json")) if p["name"] == "entropy"]
    assert (made["kind"], made["capacity"], made["parents"]) == ("random number generator", 2, ["rng"])
    vman("pool", "delete", "entropy", "--host", host)
