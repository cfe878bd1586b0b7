"""Lifecycle, definition and removal of domains. Each function blocks.

What goes wrong is raised as ModelError, or as libvirt's own error, which the connection translates.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import libvirt

from openvman.drivers.libvirt import console, container_xml, domain_xml, xml
from openvman.drivers.libvirt.address import Address
from openvman.drivers.libvirt.domain_xml import KIB
from openvman.drivers.libvirt.standing import state_of
from openvman.messages import containers, hypervisor
from openvman.model.errors import ModelError
from openvman.model.host import HostFacts
from openvman.model.spec import Definition
from openvman.model.states import Action, State

_CONTAINERS: Final = "exe"
"""libvirt's word for what a container runs."""

_UNDEFINE_FLAGS: Final = (
    libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
    | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
    | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM
)
_UNDEFINE_TRIES: Final = (
    _UNDEFINE_FLAGS,
    libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA,
    libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE,
)
"""Hypervisors refuse flags that they do not know; the last try is a plain undefine."""

_NOT_KNOWN: Final = frozenset(
    {libvirt.VIR_ERR_INVALID_ARG, libvirt.VIR_ERR_NO_SUPPORT, libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED}
)


def lookup(connection: Any, system_id: str) -> Any:
    """The domain with this UUID. NOT_FOUND if there is none."""
    try:
        return connection.lookupByUUIDString(system_id)
    except libvirt.libvirtError as error:
        if error.get_error_code() in {libvirt.VIR_ERR_NO_DOMAIN, libvirt.VIR_ERR_INVALID_ARG}:
            raise ModelError(hypervisor.NO_SYSTEM, system_id, system=system_id) from None
        raise


# Lifecycle


def act(connection: Any, system_id: str, action: Action) -> None:
    """Do ``action`` if the state it finds allows it. INVALID_STATE otherwise."""
    domain = lookup(connection, system_id)
    state = state_of(domain)
    step = _STEPS.get((state, action))
    if step is None:
        raise ModelError(hypervisor.WRONG_STATE, system_id, action=action, system=system_id, state=state)
    step(domain)


def _suspend(domain: Any) -> None:
    # It comes back running whatever it was when saved: START of a suspended system ends in ACTIVE.
    try:
        domain.managedSave(libvirt.VIR_DOMAIN_SAVE_RUNNING)
    except libvirt.libvirtError as error:
        if error.get_error_code() not in _NOT_KNOWN:
            raise
        domain.managedSave(0)


def _reset_paused(domain: Any) -> None:
    domain.reset(0)
    domain.resume()


def _shut_down(domain: Any) -> None:
    if not _is_container(domain):
        domain.shutdown()
        return
    # Asked to choose, libvirt finds an initctl where there is none, and tells nobody else.
    with contextlib.suppress(libvirt.libvirtError):
        domain.shutdownFlags(libvirt.VIR_DOMAIN_SHUTDOWN_INITCTL)
    domain.shutdownFlags(libvirt.VIR_DOMAIN_SHUTDOWN_SIGNAL)


def _reboot(domain: Any) -> None:
    if not _is_container(domain):
        domain.reboot(0)
        return
    with contextlib.suppress(libvirt.libvirtError):
        domain.reboot(libvirt.VIR_DOMAIN_REBOOT_INITCTL)
    domain.reboot(libvirt.VIR_DOMAIN_REBOOT_SIGNAL)


def _is_container(domain: Any) -> bool:
    return bool(domain.OSType() == _CONTAINERS)


def _start(domain: Any) -> None:
    domain.create()
    if not _is_container(domain):
        return
    # A container is begun with the maximum of its memory, whatever its definition says that it has.
    root = xml.read(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
    size, maximum = xml.size(root.find("currentMemory")), xml.size(root.find("memory"))
    if size is None or size == maximum:
        return
    try:
        domain.setMemoryFlags(size // KIB, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    except BaseException:
        domain.destroy()
        raise


def _start_paused(domain: Any) -> None:
    domain.resume()


_STEPS: Final[dict[tuple[State, Action], Callable[[Any], object]]] = {
    (State.DEFINED, Action.START): _start,
    (State.SUSPENDED, Action.START): lambda domain: domain.create(),
    (State.PAUSED, Action.START): _start_paused,
    (State.ACTIVE, Action.STOP): lambda domain: domain.destroy(),
    (State.PAUSED, Action.STOP): lambda domain: domain.destroy(),
    (State.SUSPENDED, Action.STOP): lambda domain: domain.managedSaveRemove(0),
    (State.ACTIVE, Action.SHUT_DOWN): _shut_down,
    (State.ACTIVE, Action.REBOOT): _reboot,
    (State.ACTIVE, Action.PAUSE): lambda domain: domain.suspend(),
    (State.ACTIVE, Action.SUSPEND): _suspend,
    (State.PAUSED, Action.SUSPEND): _suspend,
    (State.ACTIVE, Action.RESET): lambda domain: domain.reset(0),
    (State.PAUSED, Action.RESET): _reset_paused,
}


# Define and undefine


def define(connection: Any, definition: Definition, facts: HostFacts, address: Address) -> None:
    """Define a system; nothing is left when it fails. ALREADY_EXISTS when its id or name is in use."""
    if definition.hypervisor not in facts.hypervisors:
        raise ModelError(
            hypervisor.OTHER_HYPERVISOR, "hypervisor", hypervisors=facts.hypervisors, asked=definition.hypervisor
        )
    build = container_xml.build if facts.is_for_containers else domain_xml.build
    root = build(
        definition,
        architecture=facts.architecture,
        machine=facts.machines[0] if facts.machines else None,
        console_logs=address.console_logs,
    )
    # defineXML with the id and name of an existing domain would replace it; with one of the two alone it fails.
    must_be_free(connection, definition.name)
    domain = connection.defineXML(xml.print_(root))
    try:
        if definition.autostart:
            domain.setAutostart(1)
    except BaseException:
        domain.undefine()
        raise


def must_be_free(connection: Any, name: str) -> None:
    """Raise ALREADY_EXISTS when a domain has the name."""
    try:
        connection.lookupByName(name)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return
        raise
    raise ModelError(hypervisor.SYSTEM_TAKEN, name, system=name)


def undefine(connection: Any, system_id: str, address: Address) -> None:
    """Remove an inactive system with its saved memory, firmware variables, snapshots' records and console logs."""
    domain = lookup(connection, system_id)
    if domain.isActive():
        raise ModelError(hypervisor.ACTIVE, system_id, system=system_id)
    root = xml.read(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
    logs = console.logs_of(root.iterfind("devices/serial"), address.console_logs)
    _undefine(domain)
    for log in filter(None, logs.values()):
        # A log of a shared folder may be out of our reach; the system is gone all the same.
        with contextlib.suppress(PermissionError):
            console.remove(log)


def _undefine(domain: Any) -> None:
    for flags in _UNDEFINE_TRIES:
        try:
            domain.undefineFlags(flags)
        except libvirt.libvirtError as error:
            if error.get_error_code() not in _NOT_KNOWN:
                raise
        else:
            return
    domain.undefine()


def console_log(connection: Any, system_id: str, port: int, folder: Path | None) -> Path:
    """The file that a serial port's output goes to. NOT_SUPPORTED for a port without a log that we may read."""
    domain = lookup(connection, system_id)
    if _is_container(domain):
        raise ModelError(containers.NOT_OF_CONTAINERS, f"serial:{port}", part="serial ports")
    logs = console.logs_of(xml.read(domain.XMLDesc(0)).iterfind("devices/serial"), folder)
    if port not in logs:
        raise ModelError(hypervisor.NO_SERIAL_PORT, f"serial:{port}", system=system_id, port=port)
    path = logs[port]
    if path is None:
        raise ModelError(hypervisor.LOG_NOT_KEPT, f"serial:{port}", port=port, system=system_id)
    return path
