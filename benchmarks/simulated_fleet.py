"""A simulated data center of 1,000 hosts with 50 virtual systems each: what only numbers show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from time import perf_counter
from typing import Final

from benchmarks.figure import BYTES, RATE, Figure, Sample, sample
from benchmarks.load import readers
from benchmarks.served import Served, canned, serving
from benchmarks.wbem import Line, array, class_name, instance_name, request, text

NAME: Final = "simulated fleet"
_HOSTS: Final = 1000
_EACH: Final = 50
_CHURN: Final = 200
_SYSTEM: Final = "VMAN_ComputerSystem"
_SUMMARY: Final = ("Name", "ElementName", "EnabledState", "HealthState", "OperationalStatus")
_GIB: Final = 2**30
_MIB: Final = 2**20
_AHEAD: Final = 16 * _MIB


def measure(scale: float) -> Iterator[Figure]:
    """``scale`` multiplies the number of hosts."""
    hosts = max(1, int(_HOSTS * scale))
    systems = hosts * _EACH
    with serving(f"sim://?hosts={hosts}&vms={_EACH}") as server:
        line = server.line()
        names = re.findall(rb'NAME="Name"><KEYVALUE[^>]*>([^<]*)<', line.body(_all("EnumerateInstanceNames")))
        assert len(names) == systems
        yield from _enumerations(server, line, systems)
        yield _slowly_read(server, systems)
        yield from _queries(line, systems, names[systems // 2].decode())
        limit = 5 * _GIB // 2
        yield Figure(NAME, f"memory (PSS), {systems} systems", server.memory(), "target", limit, BYTES, within=limit)
        quiet = readers(server.port, _keyed(names), clients=32, scale=scale)
        line.close()
    with serving(f"sim://?hosts={hosts}&vms={_EACH}&churn={_CHURN}") as server:
        busy = readers(server.port, _keyed(names), clients=32, scale=scale)
        yield Figure(
            NAME,
            f"GetInstance, 32 readers, {_CHURN} changes a second, p99",
            busy.percentile(0.99),
            "the same without changes, p99",
            quiet.percentile(0.99),
            within=0.025,
        )


def _all(method: str) -> bytes:
    return request(method, ClassName=class_name(_SYSTEM))


def _keyed(names: list[bytes]) -> list[bytes]:
    step = max(1, len(names) // 1000)
    return [
        request("GetInstance", InstanceName=instance_name(_SYSTEM, CreationClassName=_SYSTEM, Name=name.decode()))
        for name in names[::step]
    ]


def _enumerations(server: Served, line: Line, systems: int) -> Iterator[Figure]:
    asked = _all("EnumerateInstances")
    before, began = server.cpu(), perf_counter()
    size = line.ask(asked)
    anew = perf_counter() - began
    yield Figure(
        NAME,
        f"encode all of {systems} anew, instances a second",
        systems / anew,
        "target",
        40_000,
        RATE,
        within=40_000,
        cpu=server.cpu() - before,
    )
    firsts, wholes = [], []
    for _ in range(5):
        began = perf_counter()
        line.first(asked)
        firsts.append(perf_counter() - began)
        line.rest()
        wholes.append(perf_counter() - began)
    first, whole = Sample(tuple(firsts)), Sample(tuple(wholes))
    with canned(b"x" * size) as port:
        other = Line(port)
        sent = sample(lambda: other.ask(asked), 5)
        other.close()
    yield Figure(
        NAME,
        f"first byte of {systems}",
        first.middle,
        "loopback copy of all bytes",
        sent.middle,
        within=0.05,
        spread=first.spread,
    )
    yield Figure(
        NAME,
        f"EnumerateInstances of {systems}, MiB a second",
        size / _MIB / whole.middle,
        "loopback copy of the bytes",
        size / _MIB / sent.middle,
        RATE,
        within=200,
    )
    wanted = request("EnumerateInstances", ClassName=class_name(_SYSTEM), PropertyList=array(*_SUMMARY))
    line.ask(wanted)
    summary = sample(lambda: line.ask(wanted), 5)
    yield Figure(
        NAME,
        f"five properties of {systems}",
        summary.middle,
        "all properties",
        whole.middle,
        within=1,
        spread=summary.spread,
    )


def _slowly_read(server: Served, systems: int) -> Figure:
    """The most memory while the answer waits for a client that has taken its first part only."""
    line, before = server.line(), server.memory()
    line.first(_all("EnumerateInstances"))
    most = max(server.memory() for _ in range(20))
    line.rest()
    line.close()
    return Figure(
        NAME,
        f"memory (PSS) while the answer of {systems} waits for its reader",
        most,
        "before",
        before,
        BYTES,
        within=before + _AHEAD,
    )


def _queries(line: Line, systems: int, name: str) -> Iterator[Figure]:
    """``name`` is that of a system in the middle."""
    whole = sample(lambda: line.ask(_all("EnumerateInstanceNames")), 3)
    [called] = re.findall(
        rb'NAME="ElementName"[^>]*><VALUE>([^<]*)<',
        line.body(_query(f"ElementName FROM {_SYSTEM} WHERE Name = '{name}'")),
    )
    for what, query, within in (
        ("a comparison", f"* FROM {_SYSTEM} WHERE EnabledState = 2 AND HealthState = 25", 1.0),
        ("text and its negation", f"* FROM {_SYSTEM} WHERE ElementName LIKE '%x%' OR NOT ElementName LIKE '%'", 1.0),
        ("five properties of all", f"{', '.join(_SUMMARY)} FROM {_SYSTEM}", 1.0),
        ("equality with a key", f"* FROM {_SYSTEM} WHERE Name = 'none-of-them'", 0.02),
        ("equality with ElementName", f"* FROM CIM_ComputerSystem WHERE ElementName = '{called.decode()}'", 0.02),
        ("equality with InstanceID", f"* FROM CIM_ComputerSystem WHERE InstanceID = 'VMAN:{name}'", 0.02),
        ("the devices of one", f"* FROM CIM_LogicalDevice WHERE SystemName = '{name}'", 0.02),
    ):
        asked = _query(query)
        assert line.ask(asked), what
        found = sample(lambda asked=asked: line.ask(asked), 5)  # type: ignore[misc]
        yield Figure(
            NAME,
            f"query over {systems}: {what}",
            found.middle,
            "EnumerateInstanceNames of all",
            whole.middle,
            within=within,
            spread=found.spread,
        )


def _query(selected: str) -> bytes:
    return request("ExecQuery", QueryLanguage=text("DMTF:CQL"), Query=text(f"SELECT {selected}"))
