"""A server of the demonstration's own: a child process with a state directory that goes when it ends."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from openvman.client.errors import ClientError, Reason
from openvman.client.target import Target, read_password
from openvman.security.first_start import ADMIN, State

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 20.0
LOG_LINES: Final = 15
_POLL_SECONDS: Final = 0.1
_ANSWER_SECONDS: Final = 5.0
_PR_SET_PDEATHSIG: Final = 1
# The kernel ends the child when this process dies, however it dies.
_PROGRAM: Final = (
    f"import ctypes; ctypes.CDLL(None).prctl({_PR_SET_PDEATHSIG}, {int(signal.SIGTERM)}); "
    "from openvman.cli import main; main()"
)


@dataclass(frozen=True, slots=True)
class OwnServer:
    target: Target
    process: int
    log: Path


@contextmanager
def own_server(platforms: Sequence[str]) -> Iterator[OwnServer]:
    """Run a server on a free loopback port while the block lasts.

    Raises ClientError with the end of its log when it does not come up.
    """
    with tempfile.TemporaryDirectory(prefix="openvman-demo-") as folder:
        # A system hypervisor runs as a user of its own, who has to pass through to the images.
        Path(folder).chmod(0o711)
        state = State(Path(folder) / "state")
        log = Path(folder) / "server.log"
        url = f"http://127.0.0.1:{_free_port()}"
        with log.open("wb") as output:
            child = subprocess.Popen(  # noqa: S603 - our own program, with arguments that no shell reads
                [sys.executable, "-c", _PROGRAM, *_arguments(url, state, platforms)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_environment(),
                # An interrupt from the terminal is for this process; it still needs the server to tidy up.
                start_new_session=True,
            )
        try:
            _await(child, url, log)
            target = Target(url=url, user=ADMIN, password=read_password(state.admin_password))
            yield OwnServer(target, child.pid, log)
        finally:
            _end(child)


def _arguments(url: str, state: State, platforms: Sequence[str]) -> list[str]:
    fixed = {
        "--state": state.folder,
        "--image-root": state.folder.with_name("images"),
        "--listen": url.removeprefix("http://"),
        "--tls-listen": "none",
    }
    return ["serve", *(f"{name}={value}" for name, value in fixed.items()), *(f"--platform={uri}" for uri in platforms)]


def _environment() -> dict[str, str]:
    """This process's environment without settings: they were meant for another server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("OPENVMAN_")} | {
        "OPENVMAN_CONFIG": os.devnull
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await(child: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while not _ready(url):
        if child.poll() is not None:
            raise ClientError(Reason.UNREACHABLE, f"The demo's server ended at once. {_tail(log)}")
        if time.monotonic() >= end:
            raise ClientError(
                Reason.UNREACHABLE, f"The demo's server is not ready after {START_SECONDS:.0f} s. {_tail(log)}"
            )
        time.sleep(_POLL_SECONDS)


def _ready(url: str) -> bool:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _tail(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").splitlines()[-LOG_LINES:]
    return "It said: " + " | ".join(lines) if lines else "It said nothing."


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
