"""A real libvirtd with many defined QEMU domains: reads and changes, beside libvirt's own calls of the same run.

R is the time of libvirt's list of all domains with the XML of each, over the socket that the server uses.
"""

from __future__ import annotations

import asyncio
import gc
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

from tests.lab.lab import PrivateHost, boot_sector_image, missing

from benchmarks.figure import BYTES, RATE, Figure, Sample, sample
from benchmarks.fleet import platform
from benchmarks.load import readers
from benchmarks.served import Served, canned, serving
from benchmarks.wbem import Line, Path, class_name, instance_name, invocation, parameter, request

SIZES: Final = (1, 50, 200, 1000)
NAME: Final = "real host"
_R: Final = "R: libvirt's list, XML of each"
_XML: Final = """<domain type='qemu'><name>{name}</name><uuid>{id}</uuid><memory unit='MiB'>16</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os><devices>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{image}'/>
<target dev='vda' bus='virtio'/></disk>
<interface type='user'><model type='virtio'/></interface></devices></domain>"""
_SYSTEM: Final = "VMAN_ComputerSystem"
_SETTINGS: Final = "CIM_ResourceAllocationSettingData"
_SERVICE: Final = "VMAN_VirtualSystemManagementService"
_RUNS: Final = 9
_LOADS: Final = 3
_CHANGES: Final = 9
_MIB: Final = 2**20
_ACTIVE: Final = 1  # VIR_CONNECT_LIST_DOMAINS_ACTIVE


@dataclass(frozen=True, slots=True)
class _Row:
    """What is measured, the most that it should take in times of its reference, and what libvirt-cim took."""

    what: str
    at_most: float | None = None
    peer: str = ""


_LOAD: Final = _Row("load the inventory", 2)
_SYSTEMS: Final = _Row("EnumerateInstances of the computer systems", 0.03, "5.4 R")
_ALLOCATIONS: Final = _Row("EnumerateInstances of all allocation settings", 0.3, "108 R")
_ASSOCIATED: Final = _Row("Associators of one system", 0.01, "7 R")
_ONE: Final = _Row("GetInstance of one system")
_UNCHANGED: Final = _Row("EnumerateInstances of the computer systems, unchanged", 3)


def measure(scale: float) -> Iterator[Figure]:
    """``scale`` multiplies the numbers of domains. Yields nothing where no private host can be made."""
    try:
        import libvirt  # noqa: PLC0415 - an optional binding
    except ImportError:
        return
    if missing() is not None:
        return
    sizes = sorted({max(1, int(size * scale)) for size in SIZES})
    with _host() as host:
        connection = libvirt.open(host.libvirt_uri)
        try:
            ids: list[str] = []
            image = boot_sector_image(host.images)
            for size in sizes:
                while len(ids) < size:
                    ids.append(str(uuid.uuid4()))
                    connection.defineXML(_XML.format(name=f"benchmark-{len(ids)}", id=ids[-1], image=image))
                yield from _with(host, connection, ids, scale, whole=size == sizes[-1])
        finally:
            connection.close()


@contextmanager
def _host() -> Iterator[PrivateHost]:
    host = PrivateHost()
    try:
        host.start()
        yield host
    finally:
        host.stop()


def _with(host: PrivateHost, connection: Any, ids: list[str], scale: float, *, whole: bool) -> Iterator[Figure]:
    size = len(ids)
    raw = sample(lambda: [domain.XMLDesc() for domain in connection.listAllDomains()], 9)
    loads = Sample(tuple(asyncio.run(_loaded(host.uri)) for _ in range(_LOADS)))
    yield _figure(_LOAD, loads, _R, raw, size, whole=whole)
    with serving(host.uri) as server:
        line = server.line()
        try:
            yield from _reads(server, line, raw, ids[size // 2], size, whole=whole)
            if whole:
                yield from _against_the_wire(server, line, size)
                yield from _keyed(server, ids, scale)
            yield Figure(
                NAME,
                f"memory (PSS), {size} domains",
                server.memory(),
                "libvirt-cim's least with 1,000",
                270 * _MIB,
                BYTES,
                within=150 * _MIB if whole else None,
                size=size,
                peer="270 to 310 MiB" if whole else "",
            )
            if whole:
                yield from _changes(line, connection)
        finally:
            line.close()


def _figure(
    row: _Row, ours: Sample, reference: str, theirs: Sample, size: int, cpu: float | None = None, *, whole: bool
) -> Figure:
    """Targets are for the greatest number of domains."""
    return Figure(
        NAME,
        f"{row.what}, {size} domains",
        ours.middle,
        reference,
        theirs.middle,
        at_most=row.at_most if whole else None,
        spread=ours.spread,
        cpu=cpu,
        size=size,
        peer=row.peer if whole else "",
    )


async def _loaded(uri: str) -> float:
    inventory = platform(uri)
    gc.collect()
    gc.disable()  # as the server has it until it is ready
    began = perf_counter()
    await inventory.start()
    try:
        return perf_counter() - began
    finally:
        gc.enable()
        await inventory.close()


def _reads(server: Served, line: Line, raw: Sample, one: str, size: int, *, whole: bool) -> Iterator[Figure]:
    path = instance_name(_SYSTEM, CreationClassName=_SYSTEM, Name=one)
    for row, asked in (
        (_SYSTEMS, request("EnumerateInstances", ClassName=class_name(_SYSTEM))),
        (_ALLOCATIONS, request("EnumerateInstances", ClassName=class_name(_SETTINGS))),
        (_ASSOCIATED, request("Associators", ObjectName=path)),
        (_ONE, request("GetInstance", InstanceName=path)),
    ):
        ours, cpu = server.sample(lambda asked=asked: line.ask(asked), _RUNS)  # type: ignore[misc]
        yield _figure(row, ours, _R, raw, size, cpu, whole=whole)


def _against_the_wire(server: Served, line: Line, size: int) -> Iterator[Figure]:
    """An unchanged enumeration beside what its bytes cost: copied in memory, and over loopback."""
    asked = request("EnumerateInstances", ClassName=class_name(_SYSTEM))
    body = line.body(asked)
    copied = sample(lambda: bytes(bytearray(body)), _RUNS)
    with canned(body) as port:
        other = Line(port)
        sent = sample(lambda: other.ask(asked), _RUNS)
        other.close()
    floor = Sample((copied.middle + sent.middle,))
    ours, cpu = server.sample(lambda: line.ask(asked), _RUNS)
    yield _figure(_UNCHANGED, ours, "memory copy + loopback copy of its bytes", floor, size, cpu, whole=True)


def _keyed(server: Served, ids: list[str], scale: float) -> Iterator[Figure]:
    """GetInstance: one client's latency, and how many in a second 8 clients get."""
    asked = [
        request("GetInstance", InstanceName=instance_name(_SYSTEM, CreationClassName=_SYSTEM, Name=id))
        for id in ids[:200]
    ]
    line = server.line()
    body = line.body(asked[0])
    line.close()
    with canned(body) as port:
        theirs = readers(port, asked, clients=1, scale=scale)
        echoed = readers(port, asked, clients=8, scale=scale)
    one, eight = (
        readers(server.port, asked, clients=1, scale=scale),
        readers(server.port, asked, clients=8, scale=scale),
    )
    yield Figure(
        NAME,
        f"GetInstance among {len(ids)}",
        one.latency.middle,
        "loopback round trip of its bytes",
        theirs.latency.middle,
        within=0.0003,
        spread=(one.percentile(0.01), one.percentile(0.99)),
        peer="8.7 ms",
    )
    yield Figure(
        NAME,
        "GetInstance, 8 clients",
        eight.rate,
        "loopback, 8 clients",
        echoed.rate,
        RATE,
        within=8000,
        peer="125/s",
    )


# --- changes --------------------------------------------------------------------------------------------------------


def _changes(line: Line, connection: Any) -> Iterator[Figure]:
    """Ours and libvirt's in turn, so that both find the machine as busy."""
    service = _path_in(line.body(_service_names()), _SERVICE)
    first = line.body(_definition(service, "ours-0"))
    pattern = connection.lookupByUUIDString(_path_in(first, _SYSTEM).keys["Name"]).XMLDesc()
    ids: list[str] = []
    domains: list[Any] = []

    def define(n: int) -> None:
        ids.append(_path_in(line.body(_definition(service, f"ours-{n}")), _SYSTEM).keys["Name"])

    def define_raw(n: int) -> None:
        named = pattern.replace("ours-0", f"raw-{n}")
        domains.append(connection.defineXML(re.sub("<uuid>.*?</uuid>", f"<uuid>{uuid.uuid4()}</uuid>", named)))

    ours, theirs = _in_turn(define, define_raw)
    yield Figure(
        NAME,
        "DefineSystem, with the journal",
        ours.middle,
        "libvirt's defineXML of the same",
        theirs.middle,
        at_most=3,
        spread=ours.spread,
        peer="76 x",
    )
    # One guest at a time: its firmware takes a processor, and the next would be started beside it.
    started, created = _in_turn(
        lambda n: _start(line, ids[n - 1]),
        lambda n: domains[n - 1].create(),
        lambda: _destroy_all(connection),
    )
    yield Figure(
        NAME,
        "RequestStateChange to enabled",
        started.middle,
        "libvirt's create of the same",
        created.middle,
        within=created.middle + 0.02,
        spread=started.spread,
        peer="create + 28 ms",
    )


def _destroy_all(connection: Any) -> None:
    for domain in connection.listAllDomains(_ACTIVE):
        domain.destroy()


def _definition(service: Path, name: str) -> bytes:
    setting = (
        '<INSTANCE CLASSNAME="VMAN_VirtualSystemSettingData"><PROPERTY NAME="ElementName" TYPE="string"><VALUE>'
        f"{name}</VALUE></PROPERTY></INSTANCE>"
    )
    return invocation("DefineSystem", service, parameter("SystemSettings", "string", setting, embedded=True))


def _start(line: Line, id: str) -> None:
    path = Path(_SYSTEM, {"CreationClassName": _SYSTEM, "Name": id})
    body = line.body(invocation("RequestStateChange", path, parameter("RequestedState", "uint16", "2")))
    assert b"<VALUE>0</VALUE>" in body, body


def _in_turn(
    ours: Callable[[int], None], theirs: Callable[[int], None], after: Callable[[], None] = lambda: None
) -> tuple[Sample, Sample]:
    """Seconds of each of some changes of both, numbered from 1; what is done ``after`` each does not count."""
    runs: tuple[list[float], list[float]] = ([], [])
    for number in range(1, _CHANGES + 1):
        for change, taken in zip((ours, theirs), runs, strict=True):
            began = perf_counter()
            change(number)
            taken.append(perf_counter() - began)
            after()
    return Sample(tuple(runs[0])), Sample(tuple(runs[1]))


def _service_names() -> bytes:
    return request("EnumerateInstanceNames", ClassName=class_name(_SERVICE))


def _path_in(body: bytes, name: str) -> Path:
    """The first path of a class in an answer."""
    found = re.search(rf'<INSTANCENAME CLASSNAME="{name}">(.*?)</INSTANCENAME>', body.decode(), re.DOTALL)
    assert found is not None, body
    keys = re.findall(r'<KEYBINDING NAME="(\w+)"><KEYVALUE[^>]*>([^<]*)<', found[1])
    return Path(name, dict(keys))
