"""From an address to its driver, and the platform to use when no address is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import quote

from openvman.drivers import libvirt, simulated
from openvman.drivers.contract import Driver
from openvman.drivers.libvirt import doctor
from openvman.drivers.libvirt.doctor import Check, diagnose
from openvman.messages import hypervisor
from openvman.model.errors import ModelError

__all__ = ["Check", "Choice", "choose_default", "create", "diagnose"]

SIMULATED: Final = "sim://"


class Factory(Protocol):
    def __call__(self, uri: str, *, state: Path, deadline: float) -> Driver: ...


_FACTORIES: Final[dict[str, Factory]] = {
    "sim": simulated.create,
    **dict.fromkeys(libvirt.SCHEMES, libvirt.create),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """The platform to use when the owner names none, and why; ``warning`` when it is not what an owner would expect."""

    uri: str
    reason: str
    warning: str | None = None


def create(uri: str, *, state: Path, deadline: float) -> Driver:
    """The driver of a platform; nothing is connected yet.

    ``state`` is this server's folder, ``deadline`` the seconds that a plain call may take. Raises INVALID_PARAMETER
    for an address that cannot be read, UNAVAILABLE when a hypervisor's binding is not installed.
    """
    # The address itself is not repeated: it may hold a password.
    scheme = uri.partition(":")[0].partition("+")[0]
    factory = _FACTORIES.get(scheme) if ":" in uri else None
    if factory is None:
        raise ModelError(hypervisor.ADDRESS_SCHEME, "platform", schemes=tuple(f"{each}:" for each in _FACTORIES))
    return factory(uri, state=state, deadline=deadline)


async def choose_default(state: Path) -> Choice:
    """The machine's own hypervisor if it answers within 3 s, else an embedded one below ``state``, else a simulation.

    Starts nothing.
    """
    daemon = await doctor.ask_daemon()
    if daemon.version is not None:
        return Choice(doctor.SYSTEM_URI, f"this machine's own hypervisor answers ({daemon.version})")
    lacking = daemon.reason or "this machine's hypervisor does not answer"
    if not libvirt.binding_is_there():
        cure = "install openvman[libvirt]"
    elif doctor.emulator() is None:
        cure = "install QEMU"
    else:
        return Choice(_embedded(state), f"{lacking}; an embedded QEMU is used")
    warning = f"no hypervisor was found ({lacking}): everything shown is simulated. To manage real guests, {cure}."
    return Choice(SIMULATED, lacking, warning)


def _embedded(state: Path) -> str:
    return f"{doctor.EMBEDDED_URI}?root={quote(str(state.absolute() / 'qemu'))}"
