"""The whole server as users run it: ``vman serve`` in a process of its own, spoken to by real clients."""

from __future__ import annotations

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
from typing import Any

import pytest
import pywbem

VMAN = Path(sys.executable).with_name("vman")
PATIENCE = 60.0
"""Seconds after which a server or an effect that has not come is taken for broken; no measure of speed."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
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

    def connection(self, namespace: str = "root/vman", **more: Any) -> pywbem.WBEMConnection:
        return pywbem.WBEMConnection(
            self.url, ("admin", self.password), default_namespace=namespace, timeout=60, **more
        )


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


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server over two simulated hosts with three systems each, half of them active."""
    server = Server(tmp_path_factory.mktemp("simulated") / "state", ("sim://?hosts=2&vms=3&active=50%25&seed=3",))
    server.start()
    yield server
    server.stop()
