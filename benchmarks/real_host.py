"""A real libvirtd with many defined QEMU domains: reads and changes, beside libvirt's own calls of the same run.

R is the time of libvirt's list of all domains with the XML of each, over the socket that the server uses.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
_CHANGES: Final = 9
_MIB: Final = 2**20


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
    raw = sample(lambda: [domain.XMLDesc() for domain in connection.listAllDomains()], 5)
    yield _figure("load the inventory", Sample((asyncio.run(_loaded(host.uri)),)), _R, raw, size, at_most=2)
    with serving(host.uri) as server:
        line = server.line()
        try:
            yield from _reads(server, line, raw, ids[size // 2], size)
            if whole:
                yield from _against_the_wire(line, size)
                yield from _keyed(server, ids, scale)
                yield Figure(
                    NAME,
                    f"memory (PSS), {size} domains",
                    server.memory(),
                    "target",
                    150 * _MIB,
                    BYTES,
                    within=150 * _MIB,
                )
                yield from _changes(line, connection)
        finally:
            line.close()


def _figure(
    what: str,
    ours: Sample,
    reference: str,
    theirs: Sample,
    size: int,
    at_most: float | None = None,
    cpu: float | None = None,
) -> Figure:
    return Figure(
        NAME,
        f"{what}, {size} domains",
        ours.middle,
        reference,
        theirs.middle,
        at_most=at_most,
        spread=ours.spread,
        cpu=cpu,
        size=size,
    )


async def _loaded(uri: str) -> float:
    inventory = platform(uri)
    began = perf_counter()
    await inventory.start()
    try:
        return perf_counter() - began
    finally:
        await inventory.close()


def _reads(server: Served, line: Line, raw: Sample, one: str, size: int) -> Iterator[Figure]:
    keys = {"CreationClassName": _SYSTEM, "Name": one}
    asked = (
        (
            "EnumerateInstances of the computer systems",
            request("EnumerateInstances", ClassName=class_name(_SYSTEM)),
            0.03,
        ),
        (
            "EnumerateInstances of all allocation settings",
            request("EnumerateInstances", ClassName=class_name(_SETTINGS)),
            0.3,
        ),
        ("Associators of one system", request("Associators", ObjectName=instance_name(_SYSTEM, **keys)), 0.01),
        ("GetInstance of one system", request("GetInstance", InstanceName=instance_name(_SYSTEM, **keys)), None),
    )
    for what, request_bytes, at_most in asked:
        line.ask(request_bytes)
        before = server.cpu()
        ours = sample(lambda asked=request_bytes: line.ask(asked), _RUNS)  # type: ignore[misc]
        yield _figure(what, ours, _R, raw, size, at_most, (server.cpu() - before) / _RUNS)


def _against_the_wire(line: Line, size: int) -> Iterator[Figure]:
    """An unchanged enumeration beside what its bytes cost: copied in memory, and over loopback."""
    asked = request("EnumerateInstances", ClassName=class_name(_SYSTEM))
    body = line.body(asked)
    copied = sample(lambda: bytes(bytearray(body)), _RUNS)
    with canned(body) as port:
        other = Line(port)
        sent = sample(lambda: other.ask(asked), _RUNS)
        other.close()
    floor = Sample((copied.middle + sent.middle,))
    ours = sample(lambda: line.ask(asked), _RUNS)
    yield _figure(
        "EnumerateInstances, unchanged", ours, "memory copy + loopback copy of its bytes", floor, size, at_most=3
    )


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
        spread=one.latency.spread,
    )
    yield Figure(NAME, "GetInstance, 8 clients", eight.rate, "loopback, 8 clients", echoed.rate, RATE, within=8000)


# --- changes --------------------------------------------------------------------------------------------------------


def _changes(line: Line, connection: Any) -> Iterator[Figure]:
    names = _path_in(line.body(_service_names()), _SERVICE)

    def define(name: str) -> bytes:
        setting = (
            '<INSTANCE CLASSNAME="VMAN_VirtualSystemSettingData"><PROPERTY NAME="ElementName" TYPE="string"><VALUE>'
            f"{name}</VALUE></PROPERTY></INSTANCE>"
        )
        return invocation("DefineSystem", names, parameter("SystemSettings", "string", setting, embedded=True))

    ours, made = _timed(lambda n: line.body(define(f"ours-{n}")))
    ids = [_path_in(body, _SYSTEM).keys["Name"] for body in made]
    raw_xml = connection.lookupByUUIDString(ids[0]).XMLDesc()
    texts = [
        re.sub("<uuid>.*?</uuid>", f"<uuid>{uuid.uuid4()}</uuid>", raw_xml.replace("ours-0", f"raw-{n}"))
        for n in range(_CHANGES)
    ]
    theirs, domains = _timed(lambda n: connection.defineXML(texts[n]))
    yield _change("DefineSystem, with the journal", ours, "libvirt's defineXML of the same", theirs, at_most=3)

    def start(id: str) -> bytes:
        path = Path(_SYSTEM, {"CreationClassName": _SYSTEM, "Name": id})
        return invocation("RequestStateChange", path, parameter("RequestedState", "uint16", "2"))

    started, _ = _timed(lambda n: _succeeded(line.body(start(ids[n]))))
    created, _ = _timed(lambda n: domains[n].create())
    yield Figure(
        NAME,
        "RequestStateChange to enabled",
        started.middle,
        "libvirt's create of the same",
        created.middle,
        within=created.middle + 0.02,
        spread=started.spread,
    )
    for domain in connection.listAllDomains():
        if domain.isActive():
            domain.destroy()


def _service_names() -> bytes:
    return request("EnumerateInstanceNames", ClassName=class_name(_SERVICE))


def _path_in(body: bytes, name: str) -> Path:
    """The first path of a class in an answer."""
    found = re.search(rf'<INSTANCENAME CLASSNAME="{name}">(.*?)</INSTANCENAME>', body.decode(), re.DOTALL)
    assert found is not None, body
    keys = re.findall(r'<KEYBINDING NAME="(\w+)"><KEYVALUE[^>]*>([^<]*)<', found[1])
    return Path(name, dict(keys))


def _succeeded(body: bytes) -> bytes:
    assert b"<VALUE>0</VALUE>" in body, body
    return body


def _timed(change: Callable[[int], Any]) -> tuple[Sample, list[Any]]:
    """Seconds of each of some changes, and what they gave."""
    runs, results = [], []
    for number in range(_CHANGES):
        began = perf_counter()
        results.append(change(number))
        runs.append(perf_counter() - began)
    return Sample(tuple(runs)), results


def _change(what: str, ours: Sample, reference: str, theirs: Sample, at_most: float) -> Figure:
    return Figure(NAME, what, ours.middle, reference, theirs.middle, at_most=at_most, spread=ours.spread)
