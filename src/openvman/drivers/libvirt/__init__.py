"""Any hypervisor that libvirt reaches: QEMU/KVM by daemon or embedded, containers, remote hosts, its own test host.

``connection`` holds the link, ``read`` and ``host`` make the model of what is there, ``act`` and ``domain_xml`` change
it, ``events`` tells of changes, ``images`` and ``console`` are the files on this machine. The binding is optional, so
nothing here is imported before :func:`create` has found it.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Final

from openvman.drivers.contract import Driver
from openvman.messages import hypervisor
from openvman.model.errors import ModelError

SCHEMES: Final = ("qemu", "lxc", "test", "xen", "ch", "bhyve", "vz", "vbox", "esx", "vpx", "hyperv")
"""What an address can begin with, before a transport such as ``+ssh``."""


def binding_is_there() -> bool:
    """Whether libvirt's Python binding is installed."""
    return importlib.util.find_spec("libvirt") is not None


def create(uri: str, *, state: Path, deadline: float) -> Driver:
    """The driver for a libvirt address; nothing is connected yet. ``deadline`` is in seconds for a plain call.

    Raises INVALID_PARAMETER for an address that is none, UNAVAILABLE without the binding.
    """
    prepare(state)
    # The binding is imported here: it is optional, and reads its environment once.
    from openvman.drivers.libvirt.address import parse  # noqa: PLC0415
    from openvman.drivers.libvirt.driver import LibvirtDriver  # noqa: PLC0415

    return LibvirtDriver(parse(uri), deadline=deadline)


def prepare(state: Path) -> None:
    """See that the binding is there, and have libvirt's own log written to ``state/libvirt.log``.

    libvirt reads the variable once, when the binding is first imported, and would write to stderr without it.
    """
    if not binding_is_there():
        raise ModelError(hypervisor.BINDING_MISSING, "libvirt", binding="libvirt")
    if state.is_dir():
        os.environ.setdefault("LIBVIRT_LOG_OUTPUTS", f"3:file:{state.absolute() / 'libvirt.log'}")
