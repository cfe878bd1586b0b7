"""Real clients give a real QEMU guest devices of many kinds and take them away again; virsh sees it too."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ET

import pytest
import pywbem
from click.testing import CliRunner

from openvman.cli.root import root

pytestmark = pytest.mark.lab

GENERIC = "VMAN_ResourceAllocationSettingData"
NAME = "many-kinds"
NOT_SUPPORTED = 1


@pytest.fixture
def server(serve, private_host):
    return serve(private_host.uri)


@pytest.fixture
def manager(server):
    with server.manager() as connected:
        yield connected


@pytest.fixture
def guest(manager, server, hypervisor, guest_image, until):
    """A running guest that lets go of devices; hypervisor removes it afterwards."""
    (server.images / "guest.img").write_bytes(guest_image.read_bytes())
    system = manager.define(NAME, manager.disk("guest.img", Access=1))
    assert manager.request(system, 2) == 0
    [log] = manager.conn.AssociatorNames(system, AssocClass="CIM_UseOfMessageLog")
    until("the guest has started", lambda: _printed(manager.conn, log))
    return system


def _printed(conn, log):
    position = conn.InvokeMethod("PositionToFirstRecord", log)[1]["IterationIdentifier"]
    code, out = conn.InvokeMethod("GetRecord", log, IterationIdentifier=position, PositionToNext=True)
    return code == 0 and bytes(out["RecordData"])


def _configurations(conn, system):
    """The one in force, and the next."""
    [now] = conn.AssociatorNames(system, AssocClass="CIM_SettingsDefineState")
    [following] = conn.AssociatorNames(now, AssocClass="CIM_ElementSettingData", ResultRole="SettingData")
    return now, following


def _add(manager, configuration, *settings):
    code, out = manager.conn.InvokeMethod(
        "AddResourceSettings", manager.service, AffectedConfiguration=configuration, ResourceSettings=list(settings)
    )
    return code, out.get("ResultingResourceSettings")


def _remove(manager, *settings):
    return manager.conn.InvokeMethod("RemoveResourceSettings", manager.service, ResourceSettings=list(settings))[0]


def _other(manager, name, **values):
    return manager.instance(GENERIC, ResourceType=1, OtherResourceType=name, **values)


def _elements(host, *options):
    """How many elements of each kind virsh prints."""
    devices = ET.fromstring(host.virsh("dumpxml", NAME, *options)).find("devices")
    tags = [element.tag for element in devices]
    return {tag: tags.count(tag) for tag in tags}


def test_a_running_guest_gets_and_loses_devices_of_many_kinds(manager, server, private_host, guest):
    now, _ = _configurations(manager.conn, guest)
    before = _elements(private_host), _elements(private_host, "--inactive")
    wanted = (
        _other(manager, "random number generator"),
        _other(manager, "watchdog", Action="pause"),
        manager.instance(GENERIC, ResourceType=13, ResourceSubType="mouse", Bus="virtio"),
        manager.instance(GENERIC, ResourceType=6, ResourceSubType="virtio-scsi"),
    )
    code, added = _add(manager, now, *wanted)
    assert code == 0
    rng, watchdog, mouse, scsi = (manager.conn.GetInstance(path) for path in added)
    assert (rng["Backend"], rng["HostResource"], rng["PoolID"]) == ("random", ["/dev/urandom"], "rng")
    assert (watchdog["Action"], mouse["Bus"], scsi["PoolID"]) == ("pause", "virtio", "scsi-controller")
    assert _elements(private_host, "--inactive") == before[1]
    seen = _elements(private_host)
    assert {tag: seen.get(tag, 0) - before[0].get(tag, 0) for tag in ("rng", "watchdog", "input", "controller")} == {
        **dict.fromkeys(("rng", "watchdog", "input", "controller"), 1)
    }
    [pool] = manager.conn.Associators(added[0], AssocClass="CIM_ResourceAllocationFromPool")
    assert (pool["PoolID"], pool["OtherResourceType"], pool["Reserved"]) == ("rng", "random number generator", 1)
    [device] = manager.conn.AssociatorNames(added[0], AssocClass="CIM_SettingsDefineState")
    [from_pool] = manager.conn.AssociatorNames(device, AssocClass="CIM_ElementAllocatedFromPool")
    assert from_pool == pool.path
    assert _remove(manager, *added) == 0
    assert _elements(private_host) == before[0]
    assert server.mishaps() == []


def test_what_cannot_be_is_refused_and_changes_nothing(manager, private_host, guest):
    now, following = _configurations(manager.conn, guest)
    before = private_host.virsh("dumpxml", NAME), private_host.virsh("dumpxml", NAME, "--inactive")
    rng = _other(manager, "random number generator")
    vnc = manager.instance(GENERIC, ResourceType=24, ResourceSubType="vnc")
    assert _add(manager, now, rng, vnc)[0] == NOT_SUPPORTED
    for wrong in (
        manager.instance(GENERIC, ResourceType=9),
        _other(manager, "flux capacitor"),
        manager.instance(GENERIC, ResourceType=13, ResourceSubType="theremin", Bus="usb"),
    ):
        try:
            code, _ = _add(manager, following, rng, wrong)
        except pywbem.CIMError as error:
            code = error.status_code
        assert code != 0
    parts = manager.conn.AssociatorNames(following, AssocClass="CIM_VirtualSystemSettingDataComponent")
    [bus] = [path for path in parts if path["InstanceID"].endswith("controller:pci:0")]
    try:
        code = _remove(manager, bus)
    except pywbem.CIMError as error:
        code = error.status_code
    assert code != 0, "devices sit on it"
    assert (private_host.virsh("dumpxml", NAME), private_host.virsh("dumpxml", NAME, "--inactive")) == before


@pytest.fixture
def vman(server, tmp_path):
    """Runs ``vman`` as the server's administrator, and gives all that it printed."""
    password = tmp_path / "password"
    password.write_text(f"{server.password}\n")
    environment = {
        "OPENVMAN_SERVER": server.url,
        "OPENVMAN_USER": "admin",
        "OPENVMAN_PASSWORD_FILE": str(password),
        "OPENVMAN_CONFIG": os.devnull,
    }

    def run(*words: str) -> str:
        result = CliRunner().invoke(root, words, env=environment, prog_name="vman")
        assert result.exit_code == 0, result.output
        return result.stdout if "--json" in words else result.output

    return run


def test_the_command_line_attaches_and_detaches_what_it_shows(vman, private_host, guest):
    assert "rng:0" in vman("vm", "attach", NAME, "device", "rng,backend=builtin")
    [details] = json.loads(vman("vm", "show", NAME, "--json"))
    for configuration in (details["current"], details["defined"]):
        [rng] = [device for device in configuration["devices"] if device["kind"] == "rng"]
        assert (rng["id"], rng["type"], rng["settings"]) == ("rng:0", "virtio", {"backend": "builtin"})
    assert "random number generator" in vman("vm", "show", NAME)
    assert [_elements(private_host, *more)["rng"] for more in ((), ("--inactive",))] == [1, 1]
    vman("vm", "detach", NAME, "rng:0")
    assert all("rng" not in _elements(private_host, *more) for more in ((), ("--inactive",)))
    vman("vm", "attach", NAME, "device", "serial", "--config")
    assert _elements(private_host, "--inactive")["serial"] == 2
