"""CPU (DSP1022): what the processors of a host can do. The processors themselves are devices of the host."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from openvman.mapping.declare import Call, ClassMap, Const, Edge, End
from openvman.model.host import Host
from openvman.model.host_device import host_devices
from openvman.model.picture import Picture
from openvman.model.resource import ResourceKind
from openvman.profiles.extents import of_hosts
from openvman.profiles.host_devices import HOST_PROCESSOR
from openvman.profiles.identity import id_in, instance_id

_SUFFIX: Final = "/processor-capabilities"

PROCESSOR_CAPABILITIES: Final = ClassMap(
    name="ProcessorCapabilities",
    cim="CIM_ProcessorCapabilities",
    description="What each processor of a host has; all are alike, and each is a logical processor.",
    owner=Host,
    extent=of_hosts(),
    find=lambda p, keys: p.objects.host(id_in(keys, suffix=_SUFFIX)),
    keys={"InstanceID": instance_id(suffix=_SUFFIX)},
    properties={
        "ElementName": Call(lambda host: f"Processor capabilities of {host.name}"),
        "ElementNameEditSupported": Const(False),
        "RequestedStatesSupported": Const(()),
        "NumberOfProcessorCores": Const(1),
        "NumberOfHardwareThreads": Const(1),
    },
)


def _able(host: Host, _picture: Picture) -> Iterator[Any]:
    for device in host_devices(host):
        if device.kind is ResourceKind.PROCESSOR:
            yield (HOST_PROCESSOR, device), (PROCESSOR_CAPABILITIES, host)


EDGES: Final = (
    Edge(
        "CIM_ElementCapabilities",
        End("ManagedElement", (HOST_PROCESSOR,)),
        End("Capabilities", (PROCESSOR_CAPABILITIES,)),
        Host,
        _able,
        clause="DSP1022",
    ),
)
