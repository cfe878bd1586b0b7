"""The response to EnumerateInstances from objects in memory: kept bytes, compiled encoders, and pywbem's writer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pywbem

from benchmarks.figure import Figure, seconds
from benchmarks.fleet import answer, broker, enumeration
from openvman.cim.datetime import CIMDateTime
from openvman.cim.operations import Answer
from openvman.cim.plan import Extents
from openvman.cim.values import Instance, Value
from openvman.wire.cimxml.decode import Message
from openvman.wire.cimxml.encode import Encoder

_SYSTEMS = 2000
_CLASS = "VMAN_ComputerSystem"


def measure(scale: float) -> Iterator[Figure]:
    """``scale`` multiplies the number of systems."""
    systems = max(1, int(_SYSTEMS * scale))
    rows = asyncio.run(_rows(f"sim://?hosts=1&vms={systems}"))
    message = Message("1", "1.0", enumeration(_CLASS))
    keeping, forgetting = Encoder("benchmark"), Encoder("benchmark", keep=0)

    def encoded(encoder: Encoder) -> bytes:
        return b"".join(encoder.encode_response(message, Answer(rows)))

    whole = encoded(keeping)
    assert whole.count(b"<VALUE.NAMEDINSTANCE>") == systems
    written = [_of_pywbem(plan.instance(obj)) for plan, obj in rows]

    kept = seconds(lambda: encoded(keeping), 15)
    compiled = seconds(lambda: encoded(forgetting), 7)
    copied = seconds(lambda: bytes(bytearray(whole)), 15)
    theirs = seconds(lambda: "".join(instance.tocimxmlstr() for instance in written), 2)
    size = f"{systems} systems, {len(whole) / 2**20:.1f} MiB"
    yield Figure("encode", f"kept bytes, {size}", kept, "copying the bytes twice", copied)
    yield Figure("encode", f"compiled, nothing kept, {size}", compiled, "copying the bytes twice", copied)
    yield Figure("encode", f"compiled, nothing kept, {size}", compiled, "pywbem's tocimxmlstr", theirs)


async def _rows(uri: str) -> Extents:
    """The rows of the answer, to be read any number of times."""
    async with broker(uri) as made:
        found = (await answer(made, enumeration(_CLASS))).result
        return Extents(tuple(found.extents))


def _of_pywbem(instance: Instance) -> pywbem.CIMInstance:
    """The same instance as pywbem has it; its path without a namespace makes a VALUE.NAMEDINSTANCE."""
    assert instance.path is not None
    return pywbem.CIMInstance(
        instance.class_name,
        [
            pywbem.CIMProperty(p.name, _value(p.value), p.type, is_array=p.is_array)
            for p in instance.properties.values()
        ],
        path=pywbem.CIMInstanceName(instance.class_name, dict(instance.path.keys.items())),
    )


def _value(value: Value) -> object:
    if isinstance(value, tuple):
        return [_value(item) for item in value]
    return str(value) if isinstance(value, CIMDateTime) else value
