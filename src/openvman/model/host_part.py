"""Parts of hosts by their ids, and who uses them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from openvman.model.allocation import NicConnection
from openvman.model.host import Host
from openvman.model.network import VirtualNetwork
from openvman.model.network_filter import NetworkFilter
from openvman.model.picture import Objects
from openvman.model.storage import PoolVolumes, StoragePool, StorageVolume, place_of, resource_pool_name
from openvman.model.system import VirtualSystem

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}")
"""What networks, filters and pools may be called: hypervisors make names of files and of chains of it."""


def _host_of(objects: Objects, wanted: str) -> Host | None:
    return objects.host(wanted.partition("/")[0])


def find_network(objects: Objects, wanted: str) -> VirtualNetwork | None:
    """The virtual network of an id."""
    host = _host_of(objects, wanted)
    return None if host is None else next((each for each in host.networks if each.id == wanted), None)


def find_filter(objects: Objects, wanted: str) -> NetworkFilter | None:
    """The network filter of an id."""
    host = _host_of(objects, wanted)
    return None if host is None else next((each for each in host.filters if each.id == wanted), None)


def find_storage_pool(objects: Objects, wanted: str) -> StoragePool | None:
    """The storage pool of an id."""
    host = _host_of(objects, wanted)
    return None if host is None else next((each for each in host.storage if each.id == wanted), None)


def find_volume(objects: Objects, wanted: str) -> StorageVolume | None:
    """The volume of an id."""
    held, _, name = wanted.rpartition("/")
    found = objects.volumes.get(held)
    return None if found is None else next((each for each in found.volumes if each.name == name), None)


def network_users(network: VirtualNetwork, systems: Iterable[VirtualSystem]) -> list[str]:
    """The names of the active ones of the host's systems with a NIC on the network."""
    return [
        system.name
        for system in systems
        if system.current is not None
        and any(nic.connection is NicConnection.NETWORK and nic.source == network.name for nic in system.current.nics)
    ]


def filter_users(filter: NetworkFilter, host: Host, systems: Iterable[VirtualSystem]) -> list[str]:
    """The names of the filters that refer to it, and of the systems with a NIC that it is, or would be, applied to."""
    return [each.name for each in host.filters if filter.name in each.refers_to] + [
        system.name
        for system in systems
        if any(nic.filter == filter.name for each in system.configurations() for nic in each.nics)
    ]


def pool_users(pool: StoragePool, systems: Iterable[VirtualSystem]) -> list[str]:
    """The names of the systems with a disk in the pool."""
    name = resource_pool_name(pool.name)
    return [s.name for s in systems if any(disk.pool == name for each in s.configurations() for disk in each.disks)]


def volume_users(volume: StorageVolume, host: Host, held: PoolVolumes, systems: Iterable[VirtualSystem]) -> list[str]:
    """The names of the systems with the volume as a disk, by name or by path, and of the volumes that stand on it."""
    places = {volume.reference.source, volume.path, place_of(host.storage, volume.reference.source)}
    return [
        system.name
        for system in systems
        if any(disk.source in places for each in system.configurations() for disk in each.disks if disk.source)
    ] + [each.name for each in held.volumes if each.backing is not None and each.backing == volume.path]
