"""Loading a libvirt host, and reading its systems, beside libvirt's own list with every domain's XML.

The host is libvirt's test driver, in this process: its calls cost next to nothing, so this is what openvman adds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from time import perf_counter

from benchmarks.figure import Figure, seconds
from benchmarks.fleet import answer, broker, enumeration, platform

_DOMAINS = 500
_URI = "test:///default"
_XML = (
    "<domain type='test'><name>benchmark-{n}</name><memory unit='MiB'>64</memory><vcpu>2</vcpu>"
    "<os><type arch='x86_64'>hvm</type></os><devices><disk type='file' device='disk'>"
    "<driver name='qemu' type='qcow2'/><source file='/images/{n}.qcow2'/><target dev='vda' bus='virtio'/></disk>"
    "<interface type='network'><source network='default'/></interface></devices></domain>"
)


def measure(scale: float) -> Iterator[Figure]:
    """``scale`` multiplies the number of domains. Yields nothing where libvirt's binding is not installed."""
    try:
        import libvirt  # noqa: PLC0415 - an optional binding
    except ImportError:
        return
    domains = max(1, int(_DOMAINS * scale))
    # As long as one connection is open, others of the process see the same domains.
    connection = libvirt.open(_URI)
    try:
        for n in range(domains):
            connection.defineXML(_XML.format(n=n))
        raw = seconds(lambda: [domain.XMLDesc() for domain in connection.listAllDomains()], 7)
        loaded, read = asyncio.run(_ours(domains))
    finally:
        for domain in connection.listAllDomains():
            if domain.name().startswith("benchmark-"):
                domain.undefine()
        connection.close()
    reference = "libvirt's list and XML of each"
    yield Figure("libvirt", f"load the host, {domains} domains", loaded, reference, raw)
    yield Figure("libvirt", f"read all instances, {domains} domains", read, reference, raw)


async def _ours(domains: int) -> tuple[float, float]:
    """Seconds to load the host, and the least of some to read every virtual system of the picture."""
    inventory = platform(_URI)
    began = perf_counter()
    await inventory.start()
    loaded = perf_counter() - began
    await inventory.close()
    async with broker(_URI) as made:
        reads = []
        for _ in range(7):
            began = perf_counter()
            rows = list((await answer(made, enumeration("VMAN_ComputerSystem"))).result)
            instances = [plan.instance(obj) for plan, obj in rows]
            reads.append(perf_counter() - began)
            assert len(instances) >= domains
    return loaded, min(reads)
