"""Resource pools (DSP1041) and what may be asked of them (DSP1043), by the profiles' associations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pywbem

from openvman.client.capabilities import Capability, capability_of
from openvman.client.devices import KINDS as DEVICES
from openvman.client.errors import ClientError, Reason
from openvman.client.records import CDROM, DISK, FLOPPY, MEMORY, NIC, PROCESSOR, Host
from openvman.client.session import Session
from openvman.client.units import bytes_per_unit, quantity_of

_KINDS: Final = {
    PROCESSOR: "processor",
    MEMORY: "memory",
    DISK: "disk",
    CDROM: "cdrom",
    FLOPPY: "floppy",
    NIC: "network",
    **{code: kind for kind, (code, other) in reversed(DEVICES.items()) if other is None},
}
_REFUSALS: Final = {
    1: "the server does not support it",
    6: "it is in use: systems or other pools have something of it",
    7: "the pool has resources of another type",
    8: "the parent has not so much left",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A pool; quantities are bytes where ``in_bytes``, else numbers of things. ``capacity`` None: no limit is known."""

    name: str
    host: str
    kind: str
    primordial: bool
    in_bytes: bool
    capacity: int | None
    reserved: int
    consumed: int
    parents: tuple[str, ...] = ()
    path: Any = field(repr=False, compare=False, default=None)
    type: tuple[int, str | None] = field(repr=False, compare=False, default=(0, None))
    """ResourceType and OtherResourceType."""


class Pools:
    """The pools of one server. Raises only ClientError."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, host: Host) -> list[Pool]:
        """The host's own pools and then their children, by name."""
        found = self._session.associators(host.path, "CIM_HostedResourcePool", role="GroupComponent")
        parents = self._parents()
        pools = [_pool(instance, host, parents.get(_key(instance.path), ())) for instance in found]
        return sorted(pools, key=lambda pool: (not pool.primordial, pool.name))

    def find(self, name: str, host: Host) -> Pool:
        """The pool with this name (its PoolID) on the host."""
        pools = self.of(host)
        for pool in pools:
            if pool.name == name:
                return pool
        names = ", ".join(pool.name for pool in pools)
        raise ClientError(Reason.NOT_FOUND, f"There is no pool '{name}' on host {host.name}. Pools: {names}.")

    def users(self, pool: Pool) -> list[str]:
        """The ids of the virtual machines that have something of the pool now, or would have."""
        found = self._session.associators(
            pool.path, "CIM_ElementAllocatedFromPool", "CIM_LogicalDevice", role="Antecedent"
        )
        return sorted({str(device["SystemName"]) for device in found})

    def create(self, name: str, shares: Sequence[tuple[Pool, int]], host: Host) -> None:
        """Set so much of each parent aside, in one pool of its own (CreateChildResourcePool)."""
        settings = [_share(parent, quantity) for parent, quantity in shares]
        parents = [parent.path for parent, _ in shares]
        self._call(
            "CreateChildResourcePool",
            host,
            [("ElementName", name), ("Settings", settings), ("ParentPool", parents)],
        )

    def delete(self, pool: Pool, host: Host) -> None:
        """Delete a child pool (DeleteResourcePool)."""
        self._call("DeleteResourcePool", host, [("Pool", pool.path)])

    def capabilities(self, host: Host) -> list[Capability]:
        """What may be asked of the host's pools, by pool."""
        return [
            capability_of(self._session, found, pool.kind, pool=pool.name, in_bytes=pool.in_bytes)
            for pool in self.of(host)
            for found in self._capabilities(pool.path)
        ]

    def device_capabilities(self, host: Host) -> list[Capability]:
        """What devices may be asked of the host beside what its pools give."""
        of_pools = {_key(found.path) for pool in self.of(host) for found in self._capabilities(pool.path)}
        return [
            capability_of(self._session, found, _kind(found))
            for found in self._capabilities(host.path)
            if _key(found.path) not in of_pools
        ]

    def _capabilities(self, of: Any) -> list[Any]:
        return self._session.associators(
            of, "CIM_ElementCapabilities", "CIM_AllocationCapabilities", role="ManagedElement"
        )

    def _parents(self) -> dict[str, tuple[str, ...]]:
        """The names of pools' parents, by the pools' InstanceIDs."""
        found: dict[str, tuple[str, ...]] = {}
        for share in self._session.enumerate("VMAN_PoolAllocationSettingData", ("InstanceID", "PoolID")):
            child = str(share["InstanceID"]).rpartition("/share/")[0]
            found[child] = (*found.get(child, ()), str(share["PoolID"]))
        return found

    def _call(self, method: str, host: Host, parameters: list[tuple[str, Any]]) -> None:
        services = self._session.associators(
            host.path, "CIM_HostedService", "CIM_ResourcePoolConfigurationService", "Antecedent", "Dependent"
        )
        if not services:
            raise ClientError(Reason.REFUSED, f"Host {host.name} has no service that manages pools.")
        code = int(self._session.invoke(method, services[0].path, parameters).value or 0)
        if code:
            why = _REFUSALS.get(code, "it failed")
            raise ClientError(Reason.REFUSED, f"{method}: {why} (return code {code}).")


def _share(parent: Pool, quantity: int) -> Any:
    """What a child pool shall have of the parent."""
    code, other = parent.type
    return pywbem.CIMInstance(
        "CIM_ResourceAllocationSettingData",
        properties={
            "ResourceType": pywbem.Uint16(code),
            **({} if other is None else {"OtherResourceType": other}),
            "VirtualQuantity": pywbem.Uint64(quantity),
            "VirtualQuantityUnits": "byte" if parent.in_bytes else "count",
        },
    )


def _kind(instance: Any) -> str:
    """What a pool or capabilities are of, in one word or in those of the server."""
    code = int(instance["ResourceType"])
    return str(instance.get("OtherResourceType") or _KINDS.get(code, code))


def _pool(instance: Any, host: Host, parents: tuple[str, ...]) -> Pool:
    code, other = int(instance["ResourceType"]), instance.get("OtherResourceType")
    return Pool(
        name=str(instance["PoolID"]),
        host=host.name,
        kind=_kind(instance),
        type=(code, other),
        primordial=bool(instance["Primordial"]),
        in_bytes=bytes_per_unit(instance["AllocationUnits"]) is not None,
        capacity=quantity_of(instance, "Capacity", "AllocationUnits"),
        reserved=quantity_of(instance, "Reserved", "AllocationUnits") or 0,
        consumed=quantity_of(instance, "CurrentlyConsumedResource", "ConsumedResourceUnits") or 0,
        parents=parents,
        path=instance.path,
    )


def _key(path: Any) -> str:
    return str(path["InstanceID"])
