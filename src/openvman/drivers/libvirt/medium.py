"""Another medium in the drive of a running guest. Blocks."""

from __future__ import annotations

import contextlib
import json
import time
from typing import Any, Final

import libvirt
import libvirt_qemu

from openvman.drivers.libvirt import xml
from openvman.drivers.libvirt.errors import problem_of
from openvman.drivers.libvirt.xml import Element
from openvman.messages.problem import Problem

_TRIES: Final = 16
_PAUSE: Final = 0.25
"""Seconds between two tries: firmware is done with its drives by then."""
_NOT_OPEN: Final = "is not open"


def change(domain: Any, disk: Element) -> None:
    """Make the drive what ``disk`` says of it: as the guest allows, else by force, as by the hole for the paper clip.

    A guest may have locked the drive, or not listen; and firmware that looks for something to boot closes the tray just
    as it was opened, which by force too wants another try.
    """
    text, flags = xml.print_(disk), libvirt.VIR_DOMAIN_AFFECT_LIVE
    for left in reversed(range(_TRIES)):
        try:
            domain.updateDeviceFlags(text, flags)
        except libvirt.libvirtError as error:
            if problem_of(error) is not Problem.FAILED or not left:
                raise
            flags |= libvirt.VIR_DOMAIN_DEVICE_MODIFY_FORCE
            time.sleep(_PAUSE)
            if _NOT_OPEN in str(error):
                _open_tray(domain, disk)
        else:
            return


def _open_tray(domain: Any, disk: Element) -> None:
    """Open it past libvirt, which goes by QEMU's events, and takes for open what a reset of the controller has closed:
    of that QEMU sends none, and every further try would fail.
    """
    alias = disk.find("alias")
    if alias is None:
        return
    command = {"execute": "blockdev-open-tray", "arguments": {"id": alias.get("name"), "force": True}}
    with contextlib.suppress(libvirt.libvirtError):  # the next try tells what is wrong
        libvirt_qemu.qemuMonitorCommand(domain, json.dumps(command), 0)
