"""Kills a real server at named places while it changes a real host: ``python -m tests.crash.server_kills KILLS SEED``.

Prints what happened as JSON. Each round prepares a virtual machine past the server, has the server do one thing to it,
and kills it at a fault point of that, or at any time; then starts it again, and asks it, and libvirt itself, what
became of the job.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import pytest
import pywbem
from tests.crash.hypervisor import Hypervisor
from tests.lab.lab import PrivateHost
from tests.system.conftest import eventually, free_port

HERE = Path(__file__).parent
NAME = "victim"
UUID = "6f0e5d0c-0b0e-4f5e-9f4f-0a0b0c0d0e0f"
MIB = 2**20
DOMAIN = f"""
<domain type='qemu'><name>{NAME}</name><uuid>{UUID}</uuid><memory unit='KiB'>32768</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os></domain>"""
ENDED = (7, 8, 9, 10)
COMPLETED = 7

POINTS = {
    "define": ("job.begun", "job.running", "step.written", "step.written:2", "step.written:3", "step.done",
               "step.done:2", "job.acted", "job.ended", "job.acknowledged", "job.taking-back"),
    "modify": ("job.begun", "job.running", "step.written", "step.done", "job.acted", "job.ended", "job.acknowledged"),
    "start": ("job.begun", "job.running", "job.acted", "job.ended", "job.acknowledged"),
    "destroy": ("job.begun", "job.running", "job.acted", "job.ended", "job.acknowledged"),
}  # fmt: skip
"""Where each thing passes on its way, and for which time."""
RECOVERY = "job.taking-back"
_BEFORE_RECOVERY = "step.done:2"
"""Where the server is killed first, so that there is something to take back."""


class Server:
    """One after the other, all on one state directory."""

    def __init__(self, folder: Path, hypervisor: Hypervisor) -> None:
        self.port = free_port()
        self.state = folder / "state"
        self.images = folder / "images"
        self.images.mkdir()
        self._log = folder / "server.log"
        self._hypervisor = hypervisor
        self._forks = subprocess.Popen(
            [sys.executable, str(HERE / "forks.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.pid = 0
        self.starts: list[float] = []
        """Seconds from each start to the first answer; the interpreter and the imports are spared, see forks.py."""

    def start(self, point: str = "", answer_within: str = "20s") -> None:
        """Start it, and wait until it answers."""
        began = time.monotonic()
        self.begin(point, answer_within)
        eventually("the server is ready", self._ready)
        self.starts.append(time.monotonic() - began)

    def begin(self, point: str, answer_within: str = "20s") -> None:
        options = {
            "state": str(self.state),
            "platforms": [self._hypervisor.uri],
            "listen": [f"127.0.0.1:{self.port}"],
            "tls_listen": ["none"],
            "image_roots": [str(self.images)],
            "auth": "none",
            "answer_within": answer_within,
            "log_level": "warning",
        }
        self.pid = self._ask(json.dumps({"options": options, "point": point, "log": str(self._log)}))

    def kill(self) -> None:
        """By now it may have died by itself."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        return self._ask("")

    def close(self) -> None:
        assert self._forks.stdin is not None
        self._forks.stdin.close()
        self._forks.wait()

    def connection(self) -> pywbem.WBEMConnection:
        return pywbem.WBEMConnection(f"http://127.0.0.1:{self.port}", default_namespace="root/vman", timeout=30)

    def _ready(self) -> bool:
        if Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z":
            pytest.fail(f"the server ended:\n{self._log.read_text(errors='replace')[-3000:]}")
        self._hypervisor.revive()
        with suppress(pywbem.Error):
            return bool(self.connection().EnumerateInstanceNames("VMAN_HostSystem"))
        return False

    def _ask(self, line: str) -> int:
        assert self._forks.stdin is not None
        assert self._forks.stdout is not None
        self._forks.stdin.write(f"{line}\n")
        self._forks.stdin.flush()
        return int(self._forks.stdout.readline())


class Rounds:
    """``told`` counts what happened; ``wrong`` says what must not be."""

    def __init__(self, seed: int, hypervisor: Hypervisor, server: Server) -> None:
        self.random = Random(seed)
        self.told: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._killers: list[threading.Timer] = []
        self._server = server
        self._hypervisor = hypervisor
        self._plan = [(what, point) for what, points in POINTS.items() for point in points]

    def round(self, number: int) -> None:
        what, point = self._plan[number % len(self._plan)]
        if number >= len(self._plan) and self.random.random() < 0.3:
            point = ""
        self._prepare(what)
        name, _, times = (_BEFORE_RECOVERY if point == RECOVERY else point).partition(":")
        answer_within = self.random.choice(["20s", "1ms"])
        self._server.start(f"{name}:kill:{times or 1}" if name else "", answer_within)
        eventually("the server shows what was prepared", lambda: self._shown() is (what != "define"))
        earlier = self._job_ids()
        acknowledged = self._ask(what, by_chance=not point)
        running = self._domain_id()
        while self._killers:
            self._killers.pop().join()  # one that is late would hit the next server
        self._server.kill()
        self.told["by themselves" if self._server.wait() == -signal.SIGKILL and point else "by chance"] += 1
        self.told["kills"] += 1
        self.told[f"{what} {point or 'any time'}"] += 1
        if point == RECOVERY:
            self._server.begin(f"{RECOVERY}:kill:1")
            assert self._server.wait() == -signal.SIGKILL, "the server came through its recovery"
            self.told["kills"] += 1
        self._server.start()
        jobs = eventually("all jobs have ended", self._jobs)
        self._judge(what, point, acknowledged, running, jobs, earlier)
        self._server.kill()
        self._server.wait()

    # --- before ---------------------------------------------------------------------------------------------------

    def _prepare(self, what: str) -> None:
        self._hypervisor.call(_clear)
        for image in self._server.images.glob(f"{NAME}*"):
            image.unlink()
        if what != "define":
            started = what == "destroy" and self.random.random() < 0.5
            self._hypervisor.call(lambda raw: _make(raw, started=started))

    def _shown(self) -> bool:
        return any(
            path["Name"] == UUID for path in self._server.connection().EnumerateInstanceNames("VMAN_ComputerSystem")
        )

    def _domain(self) -> Domain | None:
        return self._hypervisor.call(_domain)

    def _domain_id(self) -> int:
        domain = self._domain()
        return -1 if domain is None else domain.id

    # --- the change -----------------------------------------------------------------------------------------------

    def _ask(self, what: str, *, by_chance: bool) -> str | None:
        """Ask for it; the id of the job when the server told one, or "" when it answered that it is done."""
        connection = self._server.connection()
        if by_chance:
            killer = threading.Timer(self.random.random() * 0.15, self._server.kill)
            killer.start()
            self._killers.append(killer)
        try:
            code, out = getattr(self, f"_{what}")(connection)
        except (pywbem.ConnectionError, pywbem.HTTPError, pywbem.TimeoutError, pywbem.ParseError):
            return None
        self.told["acknowledged"] += 1
        job = out.get("Job")
        if job is not None and code == 4096:
            with suppress(pywbem.Error, pytest.fail.Exception):
                eventually("the job has ended", lambda: connection.GetInstance(job)["JobState"] in ENDED)
            return str(job["InstanceID"])
        assert code == 0, f"{what} was answered with {code}"
        return ""

    def _define(self, connection: Any) -> Any:
        settings = pywbem.CIMInstance(
            "VMAN_VirtualSystemSettingData", {"ElementName": NAME, "VirtualSystemIdentifier": UUID}
        )
        disk = pywbem.CIMInstance(
            "VMAN_StorageAllocationSettingData",
            {
                "ResourceType": pywbem.Uint16(17),
                "VirtualQuantity": pywbem.Uint64(MIB),
                "VirtualQuantityUnits": "byte",
            },
        )
        [service] = connection.EnumerateInstanceNames("VMAN_VirtualSystemManagementService")
        return connection.InvokeMethod("DefineSystem", service, SystemSettings=settings, ResourceSettings=[disk])

    def _modify(self, connection: Any) -> Any:
        setting = pywbem.CIMInstance(
            "VMAN_MemoryAllocationSettingData",
            {"InstanceID": f"VMAN:{UUID}/defined/memory", "VirtualQuantity": pywbem.Uint64(65536)},
        )
        [service] = connection.EnumerateInstanceNames("VMAN_VirtualSystemManagementService")
        return connection.InvokeMethod("ModifyResourceSettings", service, ResourceSettings=[setting])

    def _system(self) -> Any:
        keys = {"CreationClassName": "VMAN_ComputerSystem", "Name": UUID}
        return pywbem.CIMInstanceName("VMAN_ComputerSystem", keys, namespace="root/vman")

    def _start(self, connection: Any) -> Any:
        return connection.InvokeMethod("RequestStateChange", self._system(), RequestedState=pywbem.Uint16(2))

    def _destroy(self, connection: Any) -> Any:
        [service] = connection.EnumerateInstanceNames("VMAN_VirtualSystemManagementService")
        return connection.InvokeMethod("DestroySystem", service, AffectedSystem=self._system())

    # --- afterwards -----------------------------------------------------------------------------------------------

    def _job_ids(self) -> set[str]:
        paths = self._server.connection().EnumerateInstanceNames("CIM_ConcreteJob")
        return {str(path["InstanceID"]) for path in paths}

    def _jobs(self) -> dict[str, Any] | None:
        """All jobs, once each has ended; None before."""
        found = self._server.connection().EnumerateInstances("CIM_ConcreteJob")
        if any(job["JobState"] not in ENDED for job in found):
            return None
        return {str(job["InstanceID"]): job for job in found} | {"": None}

    def _judge(
        self,
        what: str,
        point: str,
        acknowledged: str | None,
        running: int,
        jobs: dict[str, Any],
        earlier: set[str],
    ) -> None:
        where = f"{what}, killed at {point or 'any time'}"
        if acknowledged is not None and acknowledged not in jobs:
            self.wrong.append(f"{where}: the acknowledged job {acknowledged} is forgotten")
            return
        mine = [job for id, job in jobs.items() if job is not None and id not in earlier]
        newest = max(mine, key=lambda job: job["TimeSubmitted"].datetime, default=None)
        if newest is not None:
            self.told[f"ended as {newest['JobState']}"] += 1
        # A job that is not there was never written, and so did nothing.
        known = jobs.get(acknowledged) if acknowledged else newest
        done = acknowledged == "" or (known is not None and known["JobState"] == COMPLETED)
        if self._is_done(what) is not done and not self._is_excused(what, known):
            why = None if known is None else known["ErrorDescription"]
            self.wrong.append(f"{where}: the job says {done}, the host says {not done} ({why})")
        if what == "start" and running >= 0 and self._domain_id() not in {running, -1}:
            self.wrong.append(f"{where}: it was started twice")
        if what == "define" and not self._is_done(what) and any(self._server.images.glob(f"{NAME}*")):
            self.wrong.append(f"{where}: an image stayed behind")

    def _is_excused(self, what: str, known: Any) -> bool:
        """A start that was taken for undone may have come about a moment later."""
        return what == "start" and known is not None and known["JobState"] != COMPLETED

    def _is_done(self, what: str) -> bool:
        domain = self._domain()
        match what:
            case "define":
                return domain is not None
            case "destroy":
                return domain is None
            case "start":
                return domain is not None and domain.id >= 0
        return domain is not None and domain.memory == 65536


@dataclass(frozen=True)
class Domain:
    """``id`` is -1 while it is not active; ``memory`` is in KiB."""

    id: int
    memory: int


def _domain(raw: Any) -> Domain | None:
    found = next((domain for domain in raw.listAllDomains() if domain.UUIDString() == UUID), None)
    return None if found is None else Domain(found.ID(), found.maxMemory())


def _clear(raw: Any) -> None:
    for domain in raw.listAllDomains():
        if domain.isActive():
            domain.destroy()
        if domain.isPersistent():
            domain.undefine()


def _make(raw: Any, *, started: bool) -> None:
    domain = raw.defineXML(DOMAIN)
    if started and not domain.isActive():
        domain.create()


def main(kills: int, seed: int) -> dict[str, Any]:
    host = PrivateHost()
    with tempfile.TemporaryDirectory() as folder:
        try:
            host.start()
            hypervisor = Hypervisor(host)
            server = Server(Path(folder), hypervisor)
            rounds = Rounds(seed, hypervisor, server)
            try:
                for number in range(kills):
                    rounds.round(number)
            finally:
                server.kill()
                server.close()
                hypervisor.call(_clear)
                hypervisor.close()
        finally:
            host.stop()
    starts = {"median start": round(median(server.starts), 2), "slowest start": round(max(server.starts[1:]), 2)}
    starts["libvirtd crashed"] = hypervisor.crashes
    return {"seed": seed, **starts, "wrong": rounds.wrong, **rounds.told}


if __name__ == "__main__":
    json.dump(main(int(sys.argv[1]), int(sys.argv[2])), sys.stdout)
