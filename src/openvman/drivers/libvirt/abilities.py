"""What libvirt can do with each of its hypervisors: one row for each, of what no call of libvirt tells.

What a hypervisor that has no row can do is not known: it is believed to do what all do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from openvman.model.allocation import (
    Affinity,
    Allocation,
    DeviceKind,
    MemoryAllocation,
    NicAllocation,
    NicConnection,
    ProcessorAllocation,
)
from openvman.model.live import LIVE
from openvman.model.states import Action

CONTAINER: Final = "lxc"
"""The type of a domain that is a container."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """As in :class:`HostFacts` and :class:`VirtualSystem`, where not said otherwise."""

    actions: frozenset[Action] = frozenset(Action)
    is_for_containers: bool = False
    nic_models: tuple[str, ...] = ()
    nic_connections: tuple[NicConnection, ...] = (NicConnection.NETWORK, NicConnection.BRIDGE, NicConnection.USER)
    disk_caches: tuple[str, ...] = ()
    disk_discards: tuple[str, ...] = ()
    has_disk_limits: bool = False
    has_control_groups: bool = False
    """Domains are in control groups, which weigh and limit them."""
    affinities: tuple[Affinity, ...] = (Affinity.NONE,)
    has_huge_pages: bool = False
    has_nic_filters: bool = True
    """A NIC with a network filter starts, where libvirt has filters at all."""
    is_beside: bool = False
    """A machine can have it and another hypervisor at a time, with one libvirt daemon for both."""
    balloon: str | None = "virtio"
    """The model of the memory balloon that a domain gets."""
    devices: Mapping[DeviceKind, tuple[str, ...]] = field(default_factory=lambda: {DeviceKind.CONSOLE: ("virtio",)})
    """The types of devices that libvirt does not tell of; a container has none of any other kind."""
    fixed_live: Mapping[type[Allocation], frozenset[str]] = field(default_factory=dict)


_NOT_OF_XEN: Final = (
    DeviceKind.RNG,
    DeviceKind.TPM,
    DeviceKind.WATCHDOG,
    DeviceKind.PARALLEL,
    DeviceKind.FILE_SYSTEM,
    DeviceKind.HUB,
    DeviceKind.SMARTCARD,
    DeviceKind.PANIC,
    DeviceKind.VSOCK,
    DeviceKind.IOMMU,
)
"""What libvirt's Xen driver makes nothing of, and says nothing about."""

_MAPPED: Final = (Affinity.NONE, Affinity.DEDICATED, Affinity.HARD)

_ROWS: Final[Mapping[str, Abilities]] = {
    "qemu": Abilities(
        nic_models=("virtio", "e1000", "e1000e", "rtl8139"),
        nic_connections=(
            NicConnection.NETWORK,
            NicConnection.BRIDGE,
            NicConnection.USER,
            NicConnection.DIRECT,
            NicConnection.ETHERNET,
        ),
        disk_caches=("none", "writethrough", "writeback", "directsync", "unsafe"),
        disk_discards=("unmap", "ignore"),
        has_disk_limits=True,
        has_control_groups=True,
        affinities=_MAPPED,
        has_huge_pages=True,
    ),
    "test": Abilities(has_control_groups=True, affinities=_MAPPED, has_huge_pages=True),
    "lxc": Abilities(
        actions=frozenset(Action) - {Action.SUSPEND, Action.RESET},
        is_for_containers=True,
        nic_connections=(NicConnection.NETWORK, NicConnection.BRIDGE),
        has_control_groups=True,
        affinities=(Affinity.NONE, Affinity.HARD),
        has_nic_filters=False,  # libvirt 9 asks for the filter before it knows the interface, and the container fails
        is_beside=True,
        balloon=None,
        devices={DeviceKind.FILE_SYSTEM: ("mount",), DeviceKind.CONSOLE: ("lxc",)},
        fixed_live={
            ProcessorAllocation: frozenset({"count", "affinity", "processors"}),
            MemoryAllocation: frozenset({"limit"}),
            NicAllocation: LIVE[NicAllocation],
        },
    ),
    "xen": Abilities(
        actions=frozenset(Action) - {Action.RESET},
        nic_models=("netfront", "e1000", "rtl8139"),
        nic_connections=(NicConnection.NETWORK, NicConnection.BRIDGE),
        balloon="xen",
        devices={
            **dict.fromkeys(_NOT_OF_XEN, ()),
            DeviceKind.CHANNEL: ("xen",),
            DeviceKind.CONSOLE: ("xen", "serial"),
        },
        fixed_live={NicAllocation: LIVE[NicAllocation]},
    ),
}


def abilities_of(hypervisor: str) -> Abilities:
    """Of the hypervisor that a libvirt address names."""
    return _ROWS.get(hypervisor, Abilities())
