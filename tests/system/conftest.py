"""The whole server as users run it: ``vman serve`` in a process of its own, spoken to by real clients."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import SystemRandom
from typing import Any, Self

import libvirt
import pytest
import pywbem
from tests.lab import containers
from tests.lab.lab import PrivateHost

VMAN = Path(sys.executable).with_name("vman")
PATIENCE = 60.0
"""Seconds after which a server or an effect that has not come is taken for broken; no measure of speed."""


_FIRST_PORT, _PORTS = 10_000, 65_536
_RANDOM = SystemRandom()  # another is seeded alike in every process

UNTRACED = {"COVERAGE_PROCESS_CONFIG": "", "COVERAGE_PROCESS_START": ""}
"""The environment of a process whose lines are not counted: of those that do the same thousands of times."""


def free_port() -> int:
    """One that stays free while nothing listens on it: an outgoing connection is never given it by the kernel."""
    low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split())
    ports = [*range(_FIRST_PORT, low), *range(high + 1, _PORTS)] or [0]
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", _RANDOM.choice(ports)))
            return int(probe.getsockname()[1])


def eventually(what: str, condition: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Ask until the answer is true; fail with ``what`` when it never is."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    pytest.fail(f"it did not come about in {patience:.0f} s that {what}")


@dataclass
class Server:
    """A running ``vman serve``."""

    state: Path
    platforms: tuple[str, ...]
    port: int = field(default_factory=free_port)
    tls_port: int = field(default_factory=free_port)
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"https://127.0.0.1:{self.tls_port}"

    @property
    def images(self) -> Path:
        return self.state / "images"

    @property
    def password(self) -> str:
        return (self.state / "admin.password").read_text(encoding="utf-8").strip()

    @property
    def log(self) -> Path:
        return self.state.with_suffix(".log")

    def start(self) -> Server:
        arguments = [str(VMAN), "serve", "--state", str(self.state)]
        arguments += ["--listen", f"127.0.0.1:{self.port}", "--tls-listen", f"127.0.0.1:{self.tls_port}"]
        arguments += ["--image-root", str(self.images)]
        for platform in self.platforms:
            arguments += ["--platform", platform]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                arguments, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env={**os.environ, **self.environment}
            )
        eventually(f"the server is ready ({self.log})", self._ready)
        return self

    def _ready(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            pytest.fail(f"the server ended with {self.process.returncode}:\n{self.log.read_text(errors='replace')}")
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def kill(self) -> None:
        """Without a word, as a crash would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """As an operator would; gives the exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, by: signal.Signals) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(by)
        code = self.process.wait(PATIENCE)
        self.process = None
        return code

    def connection(
        self, namespace: str = "root/vman", user: tuple[str, str] | None = None, **more: Any
    ) -> pywbem.WBEMConnection:
        """As admin, or as the user (name and password) given."""
        return pywbem.WBEMConnection(
            self.url, user or ("admin", self.password), default_namespace=namespace, timeout=60, **more
        )

    def manager(self, user: tuple[str, str] | None = None) -> Manager:
        return Manager(self.connection(user=user))

    def add_user(self, name: str, role: str, password: str) -> tuple[str, str]:
        """By ``vman user add``, as the owner of the machine does; what :meth:`connection` takes as the user."""
        self.vman("user", "add", name, "--role", role, given=f"{password}\n")
        return name, password

    def vman(self, *arguments: str, given: str | None = None) -> str:
        """Run the command on this server's state directory; what it printed."""
        done = subprocess.run(
            [str(VMAN), *arguments, "--state", str(self.state)],
            input=given,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def mishaps(self) -> list[str]:
        """The lines of the log that tell of what nobody foresaw."""
        lines = self.log.read_text(errors="replace").splitlines()
        return [line for line in lines if "[error" in line or line.startswith("Traceback")]


class ReturnedError(Exception):
    """A method returned something else than 0."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the method returned {code}")
        self.code = code


class Manager:
    """Virtual systems through one connection, in the calls that tests make again and again."""

    def __init__(self, conn: pywbem.WBEMConnection) -> None:
        self.conn = conn

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.conn.close()

    @property
    def service(self) -> pywbem.CIMInstanceName:
        """The management service of the first host."""
        return self.conn.EnumerateInstanceNames("VMAN_VirtualSystemManagementService")[0]

    def instance(self, class_name: str, **values: Any) -> pywbem.CIMInstance:
        """With properties of the types that the class declares."""
        declared = self.conn.GetClass(class_name, LocalOnly=False).properties
        return pywbem.CIMInstance(
            class_name,
            [pywbem.CIMProperty(n, v, type=declared[n].type, is_array=declared[n].is_array) for n, v in values.items()],
        )

    def disk(self, source: str | None = None, **values: Any) -> pywbem.CIMInstance:
        if source is not None:
            values["HostResource"] = [source]
        return self.instance("VMAN_StorageAllocationSettingData", **values)

    def nic(self, **values: Any) -> pywbem.CIMInstance:
        return self.instance("VMAN_EthernetPortAllocationSettingData", **values)

    def define(self, name: str, *settings: pywbem.CIMInstance, **more: Any) -> pywbem.CIMInstanceName:
        """DefineSystem; ``more`` are properties of the virtual system's own settings."""
        code, out = self.conn.InvokeMethod(
            "DefineSystem",
            self.service,
            SystemSettings=self.instance("VMAN_VirtualSystemSettingData", ElementName=name, **more),
            ResourceSettings=list(settings),
        )
        if code != 0:
            raise ReturnedError(int(code))
        return out["ResultingSystem"]

    def refusal(self, *settings: pywbem.CIMInstance) -> int:
        """How a definition is refused, which leaves no system: the CIM status, or minus the method's return code."""
        before = self.names()
        try:
            self.define(f"refused-{len(before)}", *settings)
        except pywbem.CIMError as error:
            found = int(error.status_code)
        except ReturnedError as error:
            found = -error.code
        else:
            pytest.fail("it was defined")
        assert self.names() == before
        return found

    def destroy(self, system: pywbem.CIMInstanceName) -> int:
        return int(self.conn.InvokeMethod("DestroySystem", self.service, AffectedSystem=system)[0])

    def request(self, system: pywbem.CIMInstanceName, state: int) -> int:
        """RequestStateChange; its return code."""
        return int(self.conn.InvokeMethod("RequestStateChange", system, RequestedState=pywbem.Uint16(state))[0])

    def systems(self) -> dict[str, pywbem.CIMInstance]:
        """By UUID."""
        return {i["Name"]: i for i in self.conn.EnumerateInstances("VMAN_ComputerSystem")}

    def names(self) -> list[str]:
        return sorted(i["ElementName"] for i in self.systems().values())


@pytest.fixture
def until() -> Callable[[str, Callable[[], Any]], Any]:
    """Ask until the answer is true."""
    return eventually


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start servers; all are ended afterwards."""
    started: list[Server] = []

    def start(*platforms: str, state: Path | None = None, **environment: str) -> Server:
        server = Server(state or tmp_path / f"state{len(started)}", platforms, environment=environment)
        started.append(server)
        return server.start()

    yield start
    for server in started:
        if server.process is not None:
            server.stop()


@pytest.fixture
def hypervisor(private_host: PrivateHost) -> Iterator[libvirt.virConnect]:
    """The private host's libvirt itself, beside the server; its domains are gone afterwards."""
    connection = libvirt.open(private_host.libvirt_uri)
    yield connection
    for domain in connection.listAllDomains():
        if domain.isActive():
            domain.destroy()
        if domain.isPersistent():
            domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE)
    connection.close()


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server over two simulated hosts with three systems each, half of them active."""
    server = Server(tmp_path_factory.mktemp("simulated") / "state", ("sim://?hosts=2&vms=3&active=50%25&seed=3",))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def on_qemu(tmp_path_factory: pytest.TempPathFactory, private_host: PrivateHost) -> Iterator[Server]:
    """A server over the private host, for a module's tests that leave it as they found it."""
    server = Server(tmp_path_factory.mktemp("qemu") / "state", (private_host.uri,))
    server.start()
    yield server
    server.stop()


QUAY = "<network><name>quay</name><bridge name='quay'/><ip address='10.96.1.1' netmask='255.255.255.0'/></network>"


@pytest.fixture(scope="module")
def harbour(private_host: PrivateHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateHost]:
    """The private host, where containers can be had, with a network."""
    containers.needed()
    file = tmp_path_factory.mktemp("network") / "quay.xml"
    file.write_text(QUAY)
    private_host.virsh("net-create", str(file))
    yield private_host
    private_host.virsh("net-destroy", "quay")


@pytest.fixture(scope="module")
def on_lxc(harbour: PrivateHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server over the harbour's containers, for a module's tests that leave it as they found it."""
    server = Server(tmp_path_factory.mktemp("lxc") / "state", (harbour.container_uri,))
    server.start()
    yield server
    server.stop()
    assert server.mishaps() == []
