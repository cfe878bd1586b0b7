"""A server of its own process, with what it takes of the machine; and one that only sends bytes, to compare with."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figure import Sample, sample
from benchmarks.wbem import Line


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs."""

    port: int
    pid: int

    def line(self) -> Line:
        return Line(self.port)

    def cpu(self) -> float:
        """Seconds of a processor so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def sample(self, work: Callable[[], object], times: int) -> tuple[Sample, float]:
        """Seconds of some runs, and the seconds of a processor that each took of the server."""
        count, before = 0, self.cpu()

        def counted() -> None:
            nonlocal count
            count += 1
            work()

        return sample(counted, times), (self.cpu() - before) / count

    def memory(self) -> int:
        """Bytes: its share of all pages that it has (PSS)."""
        for row in Path(f"/proc/{self.pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            name, _, value = row.partition(":")
            if name == "Pss":
                return int(value.split()[0]) * 1024
        raise AssertionError("the kernel tells no PSS")


@contextmanager
def serving(platform: str) -> Iterator[Served]:
    """``vman serve`` of a platform, ready."""
    with tempfile.TemporaryDirectory() as state, started(platform, Path(state)) as (process, port):
        yield Served(port, process.pid)
        process.terminate()


@contextmanager
def started(platform: str, state: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The process of a server and its port, once it is ready; it is killed unless it has ended by itself."""
    words = ["serve", "--platform", platform, "--state", str(state), "--auth", "none", "--log-level", "warning"]
    process = subprocess.Popen(
        [Path(sys.executable).with_name("vman"), *words, "--listen", "127.0.0.1:0", "--tls-listen", "none"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None, "it is a pipe"
    try:
        found = next((m for out in process.stdout if (m := re.search(r"http://127\.0\.0\.1:(\d+)/", out))), None)
        assert found is not None, "the server did not start"
        yield process, int(found[1])
    except BaseException:
        process.kill()
        raise
    finally:
        process.wait()
        process.stdout.close()


@contextmanager
def canned(body: bytes) -> Iterator[int]:
    """The port of a server that answers every request with ``body``, and does nothing else: what loopback costs."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)

    def answering(line: socket.socket) -> None:
        with line, suppress(ConnectionResetError):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while line.recv(1 << 16):  # a request comes in one piece here
                line.sendall(answer)

    def accepting(listening: socket.socket) -> None:
        while True:
            try:
                line, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=answering, args=(line,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=accepting, args=(listening,), daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()
