"""How domains stand: the state, and whether they outlast it and start with the host.

Of one domain by its own calls, of all by a few lists: each call is a round trip to the daemon.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import libvirt

from openvman.model.states import State

T = TypeVar("T")

# SHUTDOWN (in progress) still runs. PMSUSPENDED is the guest's own sleep: every resource is held and a key or timer
# inside wakes it, so nothing was done to it from outside that START would have to undo. CRASHED with its process kept
# (on_crash preserve) is PAUSED: memory is held, processors stand, and STOP and RESET are what helps. NOSTATE is Xen's
# word for running and idle.
_ACTIVE: Final[dict[int, State]] = {
    libvirt.VIR_DOMAIN_NOSTATE: State.ACTIVE,
    libvirt.VIR_DOMAIN_RUNNING: State.ACTIVE,
    libvirt.VIR_DOMAIN_BLOCKED: State.ACTIVE,
    libvirt.VIR_DOMAIN_SHUTDOWN: State.ACTIVE,
    libvirt.VIR_DOMAIN_PMSUSPENDED: State.ACTIVE,
    libvirt.VIR_DOMAIN_PAUSED: State.PAUSED,
    libvirt.VIR_DOMAIN_CRASHED: State.PAUSED,
}


_INACTIVE: Final = -1
"""The id of a domain that was not active when it was listed or looked up: no call is needed to know it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """``persistent``: it has a definition that outlasts its activity."""

    state: State
    persistent: bool
    autostart: bool

    @property
    def running(self) -> bool:
        return self.state in {State.ACTIVE, State.PAUSED}


def state_of(domain: Any) -> State:
    """The state of a domain, by one or two calls."""
    code = domain.state(0)[0]
    active = _ACTIVE.get(code, State.UNKNOWN)
    if code == libvirt.VIR_DOMAIN_CRASHED:
        return active if domain.isActive() else State.DEFINED
    return _inactive(domain) if code == libvirt.VIR_DOMAIN_SHUTOFF else active


def _inactive(domain: Any) -> State:
    saved = _or_default(lambda: bool(domain.hasManagedSaveImage(0)), False)
    return State.SUSPENDED if saved else State.DEFINED


def standing_of(domain: Any) -> Standing:
    """How one domain that was just looked up stands, by two to four calls."""
    inactive = domain.ID() == _INACTIVE
    state = _inactive(domain) if inactive else state_of(domain)
    # What is not active is there by its definition alone.
    persistent = inactive or bool(domain.isPersistent())
    return Standing(state, persistent, persistent and _or_default(lambda: bool(domain.autostart()), False))


def standings(connection: Any) -> dict[bytes, Standing]:
    """How every domain stands, by its UUID: by six calls, and two more for each in a state that is rare."""
    domains = connection.listAllDomains(0)
    transient = _listed(connection, libvirt.VIR_CONNECT_LIST_DOMAINS_TRANSIENT)
    autostart = _listed(connection, libvirt.VIR_CONNECT_LIST_DOMAINS_AUTOSTART)
    saved = _listed(connection, libvirt.VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE)
    paused = _listed(connection, libvirt.VIR_CONNECT_LIST_DOMAINS_PAUSED)
    rare = _listed(connection, libvirt.VIR_CONNECT_LIST_DOMAINS_OTHER)

    def state(domain: Any, id: bytes) -> State:
        if id in rare:
            return state_of(domain)
        if domain.ID() == _INACTIVE:
            return State.SUSPENDED if id in saved else State.DEFINED
        return State.PAUSED if id in paused else State.ACTIVE

    found: dict[bytes, Standing] = {}
    for domain in domains:
        id = domain.UUID()
        persistent = id not in transient
        try:
            found[id] = Standing(state(domain, id), persistent, persistent and id in autostart)
        except libvirt.libvirtError as error:
            if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:
                raise
    return found


def _listed(connection: Any, flag: int) -> frozenset[bytes]:
    """The UUIDs of the domains that ``flag`` is true of."""
    domains: list[Any] = _or_default(lambda: connection.listAllDomains(flag), [])
    return frozenset(domain.UUID() for domain in domains)


def _or_default(ask: Callable[[], T], default: T) -> T:
    """The answer, or ``default`` from a hypervisor that has no such thing."""
    try:
        return ask()
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_SUPPORT:
            raise
        return default
