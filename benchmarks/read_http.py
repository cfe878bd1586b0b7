"""EnumerateInstances over HTTP from a simulated fleet, beside a server that sends the same bytes and no more."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.figure import Figure, seconds
from benchmarks.served import canned, serving
from benchmarks.wbem import Line, class_name, request

_SYSTEMS = 2000


def measure(scale: float) -> Iterator[Figure]:
    """``scale`` multiplies the number of systems."""
    systems = max(1, int(_SYSTEMS * scale))
    asked = request("EnumerateInstances", ClassName=class_name("VMAN_ComputerSystem"))
    with serving(f"sim://?hosts=1&vms={systems}") as server:
        line = server.line()
        body = line.body(asked)
        assert body.count(b"<VALUE.NAMEDINSTANCE>") == systems
        ours = seconds(lambda: line.ask(asked), 9)
        line.close()
    with canned(body) as port:
        line = Line(port)
        assert line.body(asked) == body
        theirs = seconds(lambda: line.ask(asked), 9)
        line.close()
    what = f"EnumerateInstances, {systems} systems, {len(body) / 2**20:.1f} MiB"
    yield Figure("read over HTTP", what, ours, "a server that sends these bytes", theirs)
