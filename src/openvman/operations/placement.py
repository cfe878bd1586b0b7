"""On which host a new virtual system goes when the request does not say."""

from __future__ import annotations

from openvman.inventory.generation import Generation
from openvman.messages import systems as systems_rows
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.pool import pool_id
from openvman.model.resource import ResourceKind
from openvman.model.spec import SystemSpec
from openvman.model.system import Configuration


def choose_host(generation: Generation, spec: SystemSpec, reference: Configuration | None) -> Host:
    """The host that is named; else the reference's, where its disks are; else the one with most free memory.

    Only hosts that answer and have the hypervisor asked for are chosen. NOT_FOUND for a host unknown, UNAVAILABLE for
    one named that does not answer or when none is left.
    """
    if spec.host_id is not None:
        host = generation.host(spec.host_id)
        if host is None:
            raise ModelError(systems_rows.HOST_UNKNOWN, "host_id", id=spec.host_id)
        if not host.online:
            raise ModelError(systems_rows.HOST_SILENT, host.id, host=host)
        return host
    able = [
        host
        for host in generation.hosts.values()
        if host.online and (spec.hypervisor is None or spec.hypervisor in host.facts.hypervisors)
    ]
    if not able:
        row = systems_rows.NO_HOST if spec.hypervisor is None else systems_rows.NO_HOST_WITH
        raise ModelError(row, "host_id", hypervisor=spec.hypervisor)
    if reference is not None and any(host.id == reference.host_id for host in able):
        able = [host for host in able if host.id == reference.host_id]
    if len(able) == 1:
        return able[0]
    return max(able, key=lambda host: (free_memory(generation, host), host.id))


def free_memory(generation: Generation, host: Host) -> int:
    """Bytes that no active or paused system of the host has; less than 0 where more is given than there is."""
    parts = (pool.name for pool in host.pools if pool.kind is ResourceKind.MEMORY)
    return host.memory - sum(generation.consumed(pool_id(host.id, name)) for name in (ResourceKind.MEMORY, *parts))
