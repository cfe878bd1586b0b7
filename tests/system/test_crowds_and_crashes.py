"""Many clients at once, clients that go away, servers and daemons that die: nothing half-done stays."""

from __future__ import annotations

import random
import signal
import socket
import subprocess
import sys
import threading
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import pywbem

CLIENTS = 16
NAMES = {"left", "right", "middle"}
VMAN = Path(sys.executable).with_name("vman")


# --- crowds ---------------------------------------------------------------------------------------------------------


def _client(server, seed, rounds):
    """Define, start, pause, stop, list and destroy systems of a few names, in any order; what was answered."""
    chance = random.Random(seed)
    answers = set()
    with server.manager() as manager:
        disk = manager.disk(VirtualQuantity=2**20, VirtualQuantityUnits="byte")
        for _ in range(rounds):
            try:
                answers |= _do_something(manager, disk, chance)
            except pywbem.CIMError as error:
                answers.add(error.status_code_name)
            except Exception as error:  # noqa: BLE001 - whatever it was, the test tells
                answers.add(repr(error))
    return answers


def _do_something(manager, disk, chance):
    name = chance.choice(sorted(NAMES))
    if chance.randrange(4) == 0:
        manager.define(name, disk)
        return {0}
    systems = [found.path for found in manager.systems().values() if found["ElementName"] == name]
    act = chance.choice(
        [
            lambda system: manager.request(system, chance.choice([2, 2, 9, 3])),
            manager.destroy,
            lambda system: len(manager.conn.Associators(system)) and 0,
        ]
    )
    return {act(system) for system in systems}


ANSWERS = {0, 5, 4097, 4099, "CIM_ERR_NOT_FOUND", "CIM_ERR_ALREADY_EXISTS", "CIM_ERR_FAILED"}
"""What a client of a crowd may be told: it worked, the state forbids it, busy, gone, the name is taken."""


def _crowd(server, rounds):
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = set().union(*pool.map(lambda seed: _client(server, seed, rounds), range(CLIENTS)))
    assert answers <= ANSWERS
    assert server.mishaps() == []
    with server.manager() as manager:
        left = {uuid: found for uuid, found in manager.systems().items() if found["ElementName"] in NAMES}
        assert len({found["ElementName"] for found in left.values()}) == len(left), "no name was given twice"
        shown = {uuid: found["EnabledState"] for uuid, found in left.items()}
        for found in left.values():
            assert manager.destroy(found.path) == 0
    return shown


def test_sixteen_clients_of_a_simulated_host(simulated):
    _crowd(simulated, rounds=25)


@pytest.mark.lab
def test_sixteen_clients_of_a_real_host(on_qemu, hypervisor):
    _crowd(on_qemu, rounds=6)
    assert hypervisor.listAllDomains() == []
    with on_qemu.manager() as manager:
        assert manager.names() == []


@pytest.mark.lab
def test_sixteen_clients_want_the_same_name_and_image(on_qemu, hypervisor):
    """One gets it; the others are told so, and their images are gone."""
    (on_qemu.images / "wanted.img").write_bytes(bytes(1024))
    before = sorted(on_qemu.images.iterdir())

    def want(number):
        with on_qemu.manager() as manager:
            new = manager.disk(VirtualQuantity=2**20, VirtualQuantityUnits="byte")
            try:
                return manager.define("wanted" if number % 2 else f"other-{number}", manager.disk("wanted.img"), new)
            except Exception as error:  # noqa: BLE001 - counted below
                return error

    with ThreadPoolExecutor(CLIENTS) as pool:
        results = list(pool.map(want, range(CLIENTS)))
    [winner] = [result for result in results if isinstance(result, pywbem.CIMInstanceName)]
    assert [domain.UUIDString() for domain in hypervisor.listAllDomains()] == [winner["Name"]]
    assert len(sorted(on_qemu.images.iterdir())) == len(before) + 1
    with on_qemu.manager() as manager:
        assert manager.destroy(winner) == 0
    for path in set(on_qemu.images.iterdir()) - set(before):
        path.unlink()
    (on_qemu.images / "wanted.img").unlink()


# --- clients that go away -------------------------------------------------------------------------------------------


def _define_request(server, name, cut=0):
    """DefineSystem as bytes, without its last ``cut`` ones."""
    with server.manager() as manager:
        host = manager.service["SystemName"]
    body = f"""<?xml version="1.0" encoding="utf-8"?><CIM CIMVERSION="2.0" DTDVERSION="2.0"><MESSAGE ID="1"
PROTOCOLVERSION="1.0"><SIMPLEREQ><METHODCALL NAME="DefineSystem"><LOCALINSTANCEPATH><LOCALNAMESPACEPATH>
<NAMESPACE NAME="root"/><NAMESPACE NAME="vman"/></LOCALNAMESPACEPATH>
<INSTANCENAME CLASSNAME="VMAN_VirtualSystemManagementService">
<KEYBINDING NAME="SystemCreationClassName"><KEYVALUE>VMAN_HostSystem</KEYVALUE></KEYBINDING>
<KEYBINDING NAME="SystemName"><KEYVALUE>{host}</KEYVALUE></KEYBINDING>
<KEYBINDING NAME="CreationClassName"><KEYVALUE>VMAN_VirtualSystemManagementService</KEYVALUE></KEYBINDING>
<KEYBINDING NAME="Name"><KEYVALUE>Virtual System Management Service</KEYVALUE></KEYBINDING></INSTANCENAME>
</LOCALINSTANCEPATH><PARAMVALUE NAME="SystemSettings" PARAMTYPE="string"><VALUE>instance of
VMAN_VirtualSystemSettingData {{ ElementName = "{name}"; }};</VALUE></PARAMVALUE></METHODCALL></SIMPLEREQ></MESSAGE>
</CIM>""".encode()
    credentials = b64encode(f"admin:{server.password}".encode()).decode()
    head = (
        "POST /cimom HTTP/1.1\r\nHost: x\r\nContent-Type: application/xml; charset=utf-8\r\n"
        "CIMOperation: MethodCall\r\n"
        "CIMMethod: DefineSystem\r\nCIMObject: root/vman:VMAN_VirtualSystemManagementService.SystemCreationClassName="
        f'"VMAN_HostSystem",SystemName="{host}",CreationClassName="VMAN_VirtualSystemManagementService",'
        f'Name="Virtual System Management Service"\r\n'
        f"Authorization: Basic {credentials}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    return head + body[: len(body) - cut]


def test_a_change_is_finished_for_a_client_that_hangs_up(simulated, until):
    with simulated.manager() as manager:
        for name, reset in (("politely", False), ("rudely", True)):
            with socket.create_connection(("127.0.0.1", simulated.port)) as client:
                client.sendall(_define_request(simulated, name))
                if reset:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            until("the system is defined", lambda name=name: name in manager.names())
        for found in manager.systems().values():
            if found["ElementName"] in {"politely", "rudely"}:
                assert manager.destroy(found.path) == 0
    assert simulated.mishaps() == []


def test_a_request_that_was_not_wholly_sent_does_nothing(simulated):
    with simulated.manager() as manager:
        before = manager.names()
        for cut in (1, 200):
            with socket.create_connection(("127.0.0.1", simulated.port)) as client:
                client.sendall(_define_request(simulated, "cut-off", cut))
        assert manager.names() == before
    assert simulated.mishaps() == []


# --- crashes --------------------------------------------------------------------------------------------------------


def _demo(server):
    """``vman demo`` against a running server."""
    return subprocess.Popen(
        [VMAN, "demo", "--server", server.url, "--user", "admin", "--password-file", server.state / "admin.password"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.lab
@pytest.mark.parametrize(
    ("victim", "step"),
    [("server", "Define"), ("server", "Start"), ("daemon", "Start"), ("daemon", "Give it more"), ("demo", "Start")],
)
def test_a_demo_in_the_middle_of_which_somebody_dies(serve, private_hosts, until, victim, step):
    """The next demo sweeps up and succeeds; then there is neither domain nor process nor image of either."""
    host = private_hosts()
    server = serve(host.uri)
    images = sorted(server.images.iterdir())
    demo = _demo(server)
    for line in demo.stdout:
        if step in line:
            break
    if victim == "server":
        server.kill()
    elif victim == "daemon":
        host.kill_daemon()
    else:
        demo.send_signal(signal.SIGKILL)
    demo.communicate(timeout=120)
    if victim == "server":
        server.start()
    elif victim == "daemon":
        host.start_daemon()
    with server.manager() as manager:
        until("the host is back", lambda: manager.conn.EnumerateInstances("VMAN_HostSystem")[0]["EnabledState"] == 2)
    again = _demo(server)
    said, _ = again.communicate(timeout=120)
    assert again.returncode == 0, said
    assert host.virsh("list", "--all", "--name").split() == []
    assert sorted(server.images.iterdir()) == images
    assert list((host.folder / "log" / "console").iterdir()) == []
    assert server.mishaps() == []


@pytest.mark.lab
def test_a_server_killed_amid_definitions_leaves_whole_systems_only(serve, private_host, hypervisor, tmp_path):
    server = serve(private_host.uri, state=tmp_path / "killed")
    stop = threading.Event()

    def define(number):
        with server.manager() as manager:
            new = manager.disk(VirtualQuantity=2**20, VirtualQuantityUnits="byte")
            for count in range(100):
                try:
                    manager.define(f"amid-{number}-{count}", new)
                except pywbem.Error:
                    return count
                if count == 2:
                    stop.set()
        return 100

    with ThreadPoolExecutor(4) as pool:
        acknowledged = [pool.submit(define, number) for number in range(4)]
        stop.wait(60)
        server.kill()
    server.start()
    names = {domain.name() for domain in hypervisor.listAllDomains()}
    with server.manager() as manager:
        assert set(manager.names()) == names
        for number, future in enumerate(acknowledged):
            assert {f"amid-{number}-{count}" for count in range(future.result())} <= names
        for found in manager.systems().values():
            [setting] = manager.conn.AssociatorNames(found.path, AssocClass="CIM_SettingsDefineState")
            [disk] = manager.conn.Associators(setting, ResultClass="VMAN_StorageAllocationSettingData")
            assert Path(disk["HostResource"][0]).stat().st_size > 0
            assert manager.destroy(found.path) == 0
    assert server.mishaps() == []
