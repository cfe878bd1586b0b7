"""Many clients at a time, in one process of their own: how fast they are answered."""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from benchmarks.figure import Sample

_SECONDS = 5.0
_LEAST = 0.2


@dataclass(frozen=True, slots=True)
class Load:
    """``latency`` in seconds of each answer, and how many answers a second there were."""

    latency: Sample
    rate: float

    def percentile(self, share: float) -> float:
        runs = sorted(self.latency.runs)
        return runs[min(len(runs) - 1, int(len(runs) * share))]


def readers(port: int, requests: Sequence[bytes], *, clients: int, scale: float) -> Load:
    """``clients`` keep a connection each and ask one request after the other, for some seconds times ``scale``."""
    seconds = max(_LEAST, _SECONDS * scale)
    asked = json.dumps([request.decode() for request in requests])
    words = [sys.executable, "-m", "benchmarks.load", str(port), str(clients), str(seconds)]
    done = subprocess.run(words, input=asked, capture_output=True, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return Load(Sample(tuple(told["latencies"])), told["rate"])


class _Client:
    """Asks again as soon as its answer is whole, which Content-Length tells."""

    def __init__(self, port: int, requests: list[bytes], first: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._requests = requests
        self._next = first
        self._got = 0
        self._whole = 0
        self._began = 0.0
        self.latencies: list[float] = []

    def ask(self) -> None:
        self._got = self._whole = 0
        self._began = perf_counter()
        self.socket.sendall(self._requests[self._next % len(self._requests)])
        self._next += 1

    def read(self) -> None:
        part = self.socket.recv(1 << 18)
        assert part, "the server ended the connection"
        if not self._whole:
            end = part.index(b"\r\n\r\n")
            head = part[:end].lower()
            assert head.startswith(b"http/1.1 200"), head
            self._whole = end + 4 + int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        self._got += len(part)
        if self._got == self._whole:
            self.latencies.append(perf_counter() - self._began)
            self.ask()


def _main(port: int, clients: int, seconds: float) -> None:
    requests = [text.encode() for text in json.load(sys.stdin)]
    selector = selectors.DefaultSelector()
    made = [_Client(port, requests, number * 7) for number in range(clients)]
    for client in made:
        selector.register(client.socket, selectors.EVENT_READ, client)
        client.ask()
    began = perf_counter()
    while perf_counter() - began < seconds:
        for key, _ in selector.select(1):
            key.data.read()
    took = perf_counter() - began
    latencies = [each for client in made for each in client.latencies]
    json.dump({"latencies": latencies, "rate": len(latencies) / took}, sys.stdout)
    for client in made:
        client.socket.close()


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
