"""libvirt's events as the contract's: which system or host to read again, not what happened to it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import libvirt

from openvman.drivers.libvirt.errors import PROBLEMS
from openvman.messages.problem import Problem
from openvman.model.alert import FaultKind, SystemFault

DOMAIN_EVENTS: Final = (
    libvirt.VIR_DOMAIN_EVENT_ID_REBOOT,
    libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_ADDED,
    libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED,
    libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED,
    libvirt.VIR_DOMAIN_EVENT_ID_TRAY_CHANGE,
    libvirt.VIR_DOMAIN_EVENT_ID_DISK_CHANGE,
    libvirt.VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE,
    libvirt.VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2,
    libvirt.VIR_DOMAIN_EVENT_ID_JOB_COMPLETED,
    libvirt.VIR_DOMAIN_EVENT_ID_METADATA_CHANGE,
    libvirt.VIR_DOMAIN_EVENT_ID_TUNABLE,
    libvirt.VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE,
    libvirt.VIR_DOMAIN_EVENT_ID_PMWAKEUP,
    libvirt.VIR_DOMAIN_EVENT_ID_PMSUSPEND,
    libvirt.VIR_DOMAIN_EVENT_ID_MEMORY_DEVICE_SIZE_CHANGE,
)
"""Events after which a reading may differ, beside those that may tell of a fault. A graphics client coming or going
changes nothing that is read."""

_CRASHES: Final = frozenset(
    {
        (libvirt.VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_CRASHED),
        (libvirt.VIR_DOMAIN_EVENT_STOPPED, libvirt.VIR_DOMAIN_EVENT_STOPPED_FAILED),
    }
)
"""Ends that nobody asked for, by event and detail: the guest panicked, or its process is gone."""

STORAGE_EVENTS: Final = (libvirt.VIR_STORAGE_POOL_EVENT_ID_LIFECYCLE, libvirt.VIR_STORAGE_POOL_EVENT_ID_REFRESH)
"""A pool comes, goes or is looked through; of a volume that is made or removed libvirt tells nothing."""

_ABSENT: Final = frozenset({Problem.NOT_SUPPORTED, Problem.INVALID_PARAMETER})


class Subscriptions:
    """The event callbacks of one connection. The sinks are called in libvirt's event thread."""

    def __init__(
        self,
        system_changed: Callable[[str], None],
        host_changed: Callable[[], None],
        volumes_changed: Callable[[str], None],
        faulty: Callable[[SystemFault], None],
    ) -> None:
        self._system_changed = system_changed
        self._host_changed = host_changed
        self._volumes_changed = volumes_changed
        self._faulty = faulty
        self._undo: list[Callable[[], object]] = []

    def begin(self, connection: Any) -> None:
        """Register for every event that the hypervisor has. Blocks."""
        told: tuple[tuple[int, Callable[..., None]], ...] = (
            (libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self._on_lifecycle),
            (libvirt.VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON, self._on_io_error),
            *((event, self._on_domain) for event in DOMAIN_EVENTS),
        )
        for event, callback in told:
            self._register(
                partial(connection.domainEventRegisterAny, None, event, callback, None),
                connection.domainEventDeregisterAny,
            )
        lifecycle = libvirt.VIR_NETWORK_EVENT_ID_LIFECYCLE
        self._register(
            partial(connection.networkEventRegisterAny, None, lifecycle, self._on_host_part, None),
            connection.networkEventDeregisterAny,
        )
        lifecycle = libvirt.VIR_NODE_DEVICE_EVENT_ID_LIFECYCLE
        self._register(
            partial(connection.nodeDeviceEventRegisterAny, None, lifecycle, self._on_host_device, None),
            connection.nodeDeviceEventDeregisterAny,
        )
        for event in STORAGE_EVENTS:
            self._register(
                partial(connection.storagePoolEventRegisterAny, None, event, self._on_storage, None),
                connection.storagePoolEventDeregisterAny,
            )

    def end(self) -> None:
        """Take the registrations back. Blocks; does not fail on a dead connection."""
        while self._undo:
            try:
                self._undo.pop()()
            except libvirt.libvirtError:
                continue  # the connection is dead, and its registrations with it

    def _register(self, register: Callable[[], int], deregister: Callable[[int], object]) -> None:
        try:
            handle = register()
        except libvirt.libvirtError as error:
            if PROBLEMS.get(error.get_error_code()) not in _ABSENT:
                raise
            return
        self._undo.append(lambda: deregister(handle))

    def _on_domain(self, _connection: object, domain: Any, *_details: object) -> None:
        self._system_changed(domain.UUIDString())

    def _on_lifecycle(self, _connection: object, domain: Any, event: int, detail: int, _opaque: object) -> None:
        if event == libvirt.VIR_DOMAIN_EVENT_CRASHED or (event, detail) in _CRASHES:
            self._faulty(SystemFault(domain.UUIDString().lower(), domain.name(), FaultKind.CRASHED))
        self._system_changed(domain.UUIDString())

    def _on_io_error(
        self, _connection: object, domain: Any, source: str, device: str, _action: int, reason: str, _opaque: object
    ) -> None:
        detail = " ".join(part for part in (device, source, reason) if part)
        self._faulty(SystemFault(domain.UUIDString().lower(), domain.name(), FaultKind.IO_ERROR, detail or None))
        self._system_changed(domain.UUIDString())

    def _on_host_part(self, *_details: object) -> None:
        self._host_changed()

    def _on_storage(self, _connection: object, pool: Any, *_details: object) -> None:
        self._host_changed()
        self._volumes_changed(pool.name())

    def _on_host_device(self, _connection: object, device: Any, *_details: object) -> None:
        if device.name().startswith(("pci_", "usb_")):  # disks and interfaces come and go with every guest
            self._host_changed()
