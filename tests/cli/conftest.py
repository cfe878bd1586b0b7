"""A client that stands in for a server, and the command run against it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from openvman.cli.connection import App
from openvman.cli.demo_server import OwnServer, own_server
from openvman.cli.root import root
from openvman.client.description import Description, Preview
from openvman.client.devices import Device, DeviceWish
from openvman.client.errors import ClientError, Reason
from openvman.client.records import Action, Configuration, Details, Disk, Host, Nic, Profile, System
from openvman.client.target import Target
from openvman.client.wishes import Change, DiskWish, NicWish, SystemWish

MIB = 2**20
AFTER = {
    Action.START: "active",
    Action.FORCE_STOP: "defined",
    Action.STOP: "defined",
    Action.SUSPEND: "suspended",
    Action.PAUSE: "paused",
    Action.REBOOT: "active",
    Action.RESET: "active",
}


class FakeLog:
    def __init__(self, *batches: list[str]) -> None:
        self._batches = list(batches)

    def lines(self) -> Iterator[str]:
        yield from self._batches.pop(0) if self._batches else []


class FakeClient:
    """The client's interface over records; what was asked is in ``asked``."""

    def __init__(self) -> None:
        self.all_hosts = [host("one"), host("two")]
        self.all_systems: dict[str, System] = {}
        self.configurations: dict[str, Details] = {}
        self.asked: list[Any] = []
        self.console_log = FakeLog(["Hello", "World"])
        self.guest_listens = True
        self.refusal: ClientError | None = None
        self.refuses = "state"
        self.closed = 0
        self.session = SimpleNamespace()

    def close(self) -> None:
        self.closed += 1

    def put(self, system: System, details: Details | None = None) -> System:
        self.all_systems[system.id] = system
        given = details or Details(system=system, current=None, defined=configuration(system))
        self.configurations[system.id] = given
        return system

    def hosts(self) -> list[Host]:
        return self.all_hosts

    def host(self, wanted: str) -> Host:
        found = [h for h in self.all_hosts if wanted in (h.name, h.id)]
        if not found:
            raise ClientError(Reason.NOT_FOUND, f"There is no host '{wanted}'.")
        return found[0]

    def profiles(self, host: Host) -> list[Profile]:
        return [Profile(name="System Virtualization", version="1.0.0", caption="DSP1042 System Virtualization 1.0.0")]

    def system_types(self, host: Host) -> list[str]:
        return ["DMTF:KVM"]

    def systems(self, host: Host | None = None) -> list[System]:
        return [s for s in self.all_systems.values() if host is None or s.host_id == host.id]

    def find(self, wanted: str, host: Host | None = None) -> System:
        found = [s for s in self.systems(host) if wanted in (s.name, s.id)]
        if len(found) != 1:
            raise ClientError(Reason.NOT_FOUND, f"There is no virtual machine '{wanted}'.")
        return found[0]

    def again(self, system: System) -> System:
        return self.all_systems[system.id]

    def details(self, system: System) -> Details:
        return replace(self.configurations[system.id], system=self.all_systems[system.id])

    def define(self, wish: SystemWish, host: Host) -> System:
        self.asked.append(("define", wish, host.name))
        new = system(wish.name, id=wish.id or "new", host=host, description=wish.description)
        made = configuration(new, wish.cpus or 1, wish.memory or 512 * MIB)
        return self.put(new, Details(system=new, current=None, defined=made))

    def described(self, wish: SystemWish, host: Host) -> Description:
        return Description(wish.name, None, wish, ())

    def define_described(self, description: Description, host: Host) -> System:
        self.asked.append(("define", description, host.name))
        return self.put(system(description.name or "", host=host))

    def check(self, description: Description, host: Host) -> Preview:
        self.asked.append(("check", description, host.name))
        return Preview({"name": description.name}, ("make an image",))

    def export(self, system: System) -> dict[str, Any]:
        return {"name": system.name, "memory": {"size": "1GiB"}}

    def modify(self, system: System, configuration: Configuration, change: Change) -> None:
        self.asked.append(("modify", configuration.kind, change))
        if self.refusal is not None and configuration.kind == self.refuses:
            raise self.refusal
        details = self.configurations[system.id]
        changed = replace(configuration, memory=change.memory or configuration.memory)
        self.configurations[system.id] = replace(
            details, **{"defined" if configuration.kind == "defined" else "current": changed}
        )

    def attach(
        self, system: System, configuration: Configuration, wish: DiskWish | NicWish | DeviceWish
    ) -> Disk | Nic | Device:
        self.asked.append(("attach", configuration.kind, wish))
        if self.refusal is not None and configuration.kind == self.refuses:
            raise self.refusal
        if isinstance(wish, DeviceWish):
            return Device(id=f"{wish.kind}:0", name=wish.kind, type=None, source=wish.source, details=(), setting={})
        if isinstance(wish, NicWish):
            return Nic(mac=wish.mac or "52:54:00:00:00:02", model=wish.model, connection=wish.connection)
        return Disk(
            target=wish.target or "vdb",
            kind=wish.kind,
            bus=wish.bus or "virtio",
            source=wish.source or "/new.qcow2",
            capacity=wish.capacity,
            read_only=wish.read_only,
        )

    def detach(self, system: System, configurations: list[Configuration], device: str) -> None:
        self.asked.append(("detach", [configuration.kind for configuration in configurations], device))
        if self.refusal is not None:
            raise self.refusal

    def change_medium(
        self, system: System, configurations: list[Configuration], drive: str, source: str | None
    ) -> None:
        self.asked.append(("medium", [configuration.kind for configuration in configurations], drive, source))

    def destroy(self, system: System) -> None:
        self.asked.append(("destroy", system.name))
        del self.all_systems[system.id]

    def request(self, system: System, action: Action) -> None:
        self.asked.append((action, system.name))
        if self.refusal is not None:
            raise self.refusal
        if action is Action.STOP and not self.guest_listens:
            return
        self.all_systems[system.id] = replace(self.all_systems[system.id], state=AFTER[action])

    def wait(self, system: System, state: str, timeout: float) -> System:
        now = self.all_systems[system.id]
        if now.state != state:
            raise ClientError(Reason.TIMEOUT, f"'{now.name}' is {now.state}, and not {state} after {timeout:.0f} s.")
        return now

    def console(self, system: System) -> FakeLog:
        return self.console_log


def host(name: str, **fields: Any) -> Host:
    told = {"id": f"id-of-{name}", "hypervisor": "QEMU 7.2", "platform": "qemu:///system", "online": True, "path": None}
    return Host(name=name, **(told | fields))


def system(name: str, host: Host | None = None, **fields: Any) -> System:
    told = {"id": f"id-of-{name}", "state": "defined", "cpus": 2, "memory": 64 * MIB}
    where = {"host_id": host.id, "host": host.name} if host else {"host_id": "id-of-one", "host": "one"}
    return System(name=name, **(told | where | fields))


def configuration(of: System, cpus: int = 2, memory: int = 64 * MIB, kind: str = "defined") -> Configuration:
    return Configuration(
        id=f"VMAN:{of.id}/{kind}",
        kind=kind,
        type="DMTF:KVM",
        description=of.description,
        autostart=False,
        cpus=cpus,
        memory=memory,
        disks=(Disk(target="vda", kind="disk", bus="virtio", source="/i.img", capacity=512, read_only=True),),
        nics=(Nic(mac="52:54:00:00:00:01", model="virtio", connection="user"),),
    )


@pytest.fixture
def make() -> SimpleNamespace:
    """Makers of records: ``host``, ``system``, ``configuration``, ``log``."""
    return SimpleNamespace(host=host, system=system, configuration=configuration, log=FakeLog)


@pytest.fixture
def client() -> FakeClient:
    return FakeClient()


@pytest.fixture
def targets() -> list[Target]:
    """The targets that commands connected to."""
    return []


@pytest.fixture
def vman(
    client: FakeClient, targets: list[Target], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Runs ``vman`` against the fake client, with an empty machine around it."""
    for name in ("SERVER", "USER", "PASSWORD_FILE", "CA_CERTS"):
        monkeypatch.delenv(f"OPENVMAN_{name}", raising=False)
    monkeypatch.setenv("OPENVMAN_CONFIG", "/dev/null")
    monkeypatch.setenv("OPENVMAN_STATE", str(tmp_path / "state"))

    def connect(target: Target) -> FakeClient:
        targets.append(target)
        return client

    def run(*arguments: str, input: str | None = None) -> Result:
        return CliRunner().invoke(root, arguments, input=input, obj=App(connect=connect), prog_name="vman")

    return run


@pytest.fixture
def vman_json(vman: Callable[..., Result]) -> Callable[..., Any]:
    """Runs ``vman … --json`` and reads what it printed."""

    def run(*arguments: str) -> Any:
        result = vman(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return run


# --- a server of a module's own, over HTTP: that both sides mean the same ---------------------------------------------


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[OwnServer]:
    """Over the simulated hosts that the module names as ``PLATFORM``."""
    with own_server([request.module.PLATFORM]) as running:
        yield running


@pytest.fixture
def served(server: OwnServer, tmp_path: Path) -> Callable[..., str]:
    """Runs ``vman`` as the server's administrator, and gives what it printed: errors when a failure is expected.

    ``code`` is the exit code that is expected, ``fails`` that it is any but 0; what else is named is the environment's.
    """
    password = tmp_path / "password"
    password.write_text(f"{server.target.password}\n")
    environment = {
        "OPENVMAN_SERVER": server.target.url,
        "OPENVMAN_USER": server.target.user,
        "OPENVMAN_PASSWORD_FILE": str(password),
        "OPENVMAN_CONFIG": os.devnull,
    }

    def run(*words: str, code: int = 0, fails: bool = False, **changed: str) -> str:
        result = CliRunner().invoke(root, words, env=environment | changed, prog_name="vman")
        assert result.exit_code != 0 if fails else result.exit_code == code, result.output
        return result.stderr if fails or code != 0 else result.stdout

    return run
