from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest

from openvman.cli.demo_scenario import MARK, PREFIX, Scenario
from openvman.client.errors import ClientError, Reason
from openvman.client.records import Action
from openvman.client.wishes import DiskWish


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def steps():
    return []


@pytest.fixture
def run(client, steps):
    """Runs the scenario; what it reported is in ``steps``."""

    @contextmanager
    def report(step):
        steps.append(step)
        yield step

    clock = Clock()
    return lambda host=None: Scenario(client, report, host, clock, clock.sleep).run()


def dead_process() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_it_lives_a_whole_life_and_leaves_nothing(run, client, steps):
    run()
    kinds = [asked[0] for asked in client.asked]
    assert kinds == ["define", Action.START, Action.PAUSE, Action.START, "modify", Action.STOP, "destroy"]
    wish = client.asked[0][1]
    assert (wish.cpus, wish.memory, wish.disks) == (
        2,
        64 * 2**20,
        (DiskWish(source="openvman-demo.img", read_only=True),),
    )
    assert client.all_systems == {}
    assert all(step.asked and step.found for step in steps)
    assert any("Hello" in step.found for step in steps)


def test_it_takes_the_first_host_that_is_online_or_the_named_one(run, client, make):
    client.all_hosts = [make.host("off", online=False), make.host("on"), make.host("other")]
    run()
    client.console_log = make.log(["Hello"])
    run("other")
    assert [asked[2] for asked in client.asked if asked[0] == "define"] == ["on", "other"]


def test_a_guest_that_does_not_listen_has_its_plug_pulled(run, client):
    client.guest_listens = False
    run()
    assert (Action.FORCE_STOP) in [asked[0] for asked in client.asked]
    assert client.all_systems == {}


def test_a_silent_console_fails_in_time_and_leaves_nothing(run, client, make):
    client.console_log = make.log()
    with pytest.raises(ClientError) as raised:
        run()
    assert raised.value.reason is Reason.FAILED
    assert "serial console" in raised.value.message
    assert client.all_systems == {}


@pytest.mark.parametrize("end", [ClientError(Reason.REFUSED, "No."), KeyboardInterrupt()])
@pytest.mark.parametrize("at", ["request", "modify", "details", "console"])
def test_whatever_ends_it_leaves_nothing(run, client, monkeypatch, at, end):
    def fail(*_args):
        raise end

    monkeypatch.setattr(client, at, fail)
    with pytest.raises(type(end)):
        run()
    assert client.all_systems == {}


def test_an_effect_that_does_not_show_is_a_failure(run, client, monkeypatch):
    monkeypatch.setattr(client, "modify", lambda *_: None)
    with pytest.raises(ClientError, match="96 MiB"):
        run()


def leftover(make, process: int, machine: str, name: str = f"{PREFIX}old"):
    return make.system(name, description=f"{MARK}{process} on {machine}", state="active")


def test_what_a_killed_demo_left_is_swept_up(run, client, make):
    client.put(leftover(make, dead_process(), socket.gethostname()))
    run()
    assert client.asked[0] == ("destroy", f"{PREFIX}old")


@pytest.mark.parametrize(
    ("process", "machine", "name"),
    [
        (os.getpid(), socket.gethostname(), f"{PREFIX}old"),
        (1, "another.machine", f"{PREFIX}old"),
        (2**22 + 1, socket.gethostname(), "web"),  # whatever its description says
    ],
    ids=["it runs", "it may run", "a machine of someone's own"],
)
def test_nothing_else_is_swept_up(run, client, make, process, machine, name):
    kept = client.put(leftover(make, process, machine, name))
    run()
    assert list(client.all_systems) == [kept.id]
