"""EnumerateInstances over HTTP from a simulated fleet, beside a server that sends the same bytes and no more.

Beside it stands pywbem's mock server, too: it has the same instances, in the client's own process, and makes no bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pywbem
import pywbem_mock

from benchmarks.figure import Figure, seconds
from benchmarks.served import canned, serving
from benchmarks.wbem import Line, class_name, request

_SYSTEMS: Final = 2000
_CLASS: Final = "VMAN_ComputerSystem"
_NAMESPACE: Final = "root/vman"


def measure(scale: float) -> Iterator[Figure]:
    """``scale`` multiplies the number of systems."""
    systems = max(1, int(_SYSTEMS * scale))
    asked = request("EnumerateInstances", ClassName=class_name(_CLASS))
    with serving(f"sim://?hosts=1&vms={systems}") as server:
        line = server.line()
        body = line.body(asked)
        assert body.count(b"<VALUE.NAMEDINSTANCE>") == systems
        ours = seconds(lambda: line.ask(asked), 9)
        line.close()
        mocked = _mocked(pywbem.WBEMConnection(f"http://127.0.0.1:{server.port}", default_namespace=_NAMESPACE))
    assert len(mocked.EnumerateInstances(_CLASS)) == systems
    mock = seconds(lambda: mocked.EnumerateInstances(_CLASS), 2)
    with canned(body) as port:
        line = Line(port)
        assert line.body(asked) == body
        theirs = seconds(lambda: line.ask(asked), 9)
        line.close()
    what = f"EnumerateInstances, {systems} systems, {len(body) / 2**20:.1f} MiB"
    yield Figure("read over HTTP", what, ours, "a server that sends these bytes", theirs)
    yield Figure("read over HTTP", what, ours, "pywbem_mock, in the client's process", mock)


def _mocked(server: Any) -> Any:
    """pywbem's mock of a server, with the class and its instances."""
    made = pywbem_mock.FakedWBEMConnection(default_namespace=_NAMESPACE)
    declared = server.GetClass(_CLASS, LocalOnly=False)
    declared.superclass = None
    made.add_cimobjects([*server.EnumerateQualifiers(), declared])
    made.add_cimobjects(server.EnumerateInstances(_CLASS))
    return made
