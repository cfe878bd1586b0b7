"""Jobs of a whole server: watched from outside while they run, over real and simulated hosts."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from uuid import uuid4

import pytest
import pywbem
from tests.lab import lab
from tests.system.conftest import PATIENCE, VMAN

ACTIVE, SUSPENDED = 2, 6
RUNNING, COMPLETED, TERMINATED = 4, 7, 8
STARTED = 4096

DOMAIN = """
<domain type='qemu'>
  <name>{name}</name><uuid>{uuid}</uuid><memory unit='MiB'>32</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{image}'/><target dev='vda'/></disk>
    <serial type='file'><source path='{console}'/></serial>
  </devices>
</domain>
"""
LINE = "the memory is full"


@pytest.fixture
def guest(hypervisor, private_host, tmp_path):
    """The UUID of a guest with something in its memory."""
    console, uuid = private_host.folder / "log" / f"{uuid4()}", str(uuid4())
    image = lab.filling_image(tmp_path, LINE)
    xml = DOMAIN.format(name=f"job-{uuid[:6]}", uuid=uuid, image=image, console=console)
    hypervisor.defineXML(xml).create()
    lab.wait_for("the guest's line", lambda: console.exists() and LINE in console.read_text())
    return uuid


def _suspend(manager, uuid, until):
    """The path of the job that suspends the system."""
    system = until("the system is seen", lambda: manager.systems().get(uuid))
    code, out = manager.conn.InvokeMethod("RequestStateChange", system.path, RequestedState=pywbem.Uint16(SUSPENDED))
    assert code == STARTED
    return out["Job"]


def _part_done(conn, path):
    """What a job's percentage is while it is neither nothing nor all."""
    job = conn.GetInstance(path)
    assert job["JobState"] == RUNNING
    return 0 < job["PercentComplete"] < 100 and job


@pytest.mark.lab
def test_how_far_the_saving_of_memory_is_comes_from_the_hypervisor(serve, private_host, guest, until):
    with (
        serve(private_host.uri, OPENVMAN_ANSWER_WITHIN="1ms").manager() as manager,
        private_host.holding_saves() as go_on,
    ):
        path = _suspend(manager, guest, until)
        job = until("the job is part done", lambda: _part_done(manager.conn, path))
        assert job["JobStatus"] == "suspending"
        go_on()
        until("the job is done", lambda: manager.conn.GetInstance(path)["JobState"] == COMPLETED)
        assert manager.conn.GetInstance(path)["PercentComplete"] == 100
        assert manager.systems()[guest]["EnabledState"] == SUSPENDED


@pytest.mark.lab
def test_the_saving_of_memory_is_terminated(serve, private_host, guest, until):
    with (
        serve(private_host.uri, OPENVMAN_ANSWER_WITHIN="1ms").manager() as manager,
        private_host.holding_saves() as go_on,
    ):
        path = _suspend(manager, guest, until)
        until("the job is part done", lambda: _part_done(manager.conn, path))
        code, _ = manager.conn.InvokeMethod("RequestStateChange", path, RequestedState=pywbem.Uint16(4))
        assert code == STARTED
        asked = ("qemu-monitor-command", guest, '{"execute": "query-migrate"}')
        until("QEMU has heard of it", lambda: "cancel" in private_host.virsh(*asked))
        go_on()
        until("the job has ended", lambda: manager.conn.GetInstance(path)["JobState"] == TERMINATED)
        assert manager.conn.GetInstance(path)["PercentComplete"] < 100
        until("the guest goes on", lambda: manager.systems()[guest]["EnabledState"] == ACTIVE)


@pytest.mark.lab
def test_a_save_that_outlives_its_server_is_waited_for(serve, private_host, guest, until, tmp_path):
    state = tmp_path / "state"
    first = serve(private_host.uri, state=state, OPENVMAN_ANSWER_WITHIN="1ms")
    with private_host.holding_saves() as go_on:
        with first.manager() as manager:
            path = _suspend(manager, guest, until)
            until("the job is part done", lambda: _part_done(manager.conn, path))
        first.kill()
        with serve(private_host.uri, state=state).manager() as manager:
            found = until("the system is seen", lambda: manager.systems().get(guest))
            assert found["EnabledState"] != SUSPENDED
            assert manager.conn.GetInstance(path)["JobState"] == RUNNING
            go_on()
            until("the job is done", lambda: manager.conn.GetInstance(path)["JobState"] == COMPLETED)
            assert manager.systems()[guest]["EnabledState"] == SUSPENDED


def test_the_command_line_shows_how_far_a_job_is(serve, until):
    server = serve("sim://?vms=1&active=1&fault=act.suspend,delay=3s", OPENVMAN_ANSWER_WITHIN="1ms")
    with server.manager() as manager:
        [uuid] = manager.systems()
        job = _suspend(manager, uuid, until)["InstanceID"].partition(":")[2]
    arguments = ["--server", server.url, "--user", "admin", "--password-file", str(server.state / "admin.password")]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [str(VMAN), "job", "wait", job, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    ) as process:
        os.close(theirs)
        shown = b""
        try:
            while chunk := os.read(ours, 65536):
                shown += chunk
        except OSError:
            pass  # how a terminal says that its other end is closed
        finally:
            os.close(ours)
        said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert b"completed" in said
    assert {int(found) for found in re.findall(rb"(\d+)%", shown)} & set(range(1, 100))


def test_one_that_has_ended_is_deleted(simulated):
    with simulated.manager() as manager:
        system = manager.define(f"job-{uuid4().hex[:6]}")
        jobs = manager.conn.Associators(system, AssocClass="CIM_AffectedJobElement")
        [links] = manager.conn.References(system, ResultClass="CIM_AffectedJobElement")
        assert links["ElementEffects"] == [5]
        [job] = jobs
        manager.conn.DeleteInstance(job.path)
        with pytest.raises(pywbem.CIMError) as refused:
            manager.conn.GetInstance(job.path)
        assert refused.value.status_code == pywbem.CIM_ERR_NOT_FOUND
        assert manager.conn.AssociatorNames(system, AssocClass="CIM_AffectedJobElement") == []
        manager.destroy(system)
