"""Whether this machine can run guests by KVM: by evidence, for /dev/kvm may open and be useless."""

from __future__ import annotations

import re
import stat
from functools import cache
from pathlib import Path
from typing import Final

CPUINFO: Final = Path("/proc/cpuinfo")
DEVICE: Final = Path("/dev/kvm")
MAXIMUM_CLOCK: Final = Path("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq")
"""In kHz."""

_FLAGS: Final[dict[str, tuple[str, ...]]] = {"x86_64": ("vmx", "svm"), "i686": ("vmx", "svm")}
"""Where the processor shows its ability as a flag. Other architectures do not: there the device must do."""


@cache
def _cpuinfo() -> str:
    try:
        return CPUINFO.read_text(errors="replace")
    except OSError:
        return ""


def processor_can(architecture: str) -> bool:
    """Whether this machine's processor and kernel have what KVM needs."""
    wanted = _FLAGS.get(architecture)
    if wanted is None:
        return DEVICE.exists()
    flags = re.search(r"^flags\s*:(.*)$", _cpuinfo(), re.MULTILINE)
    return DEVICE.exists() and flags is not None and not set(wanted).isdisjoint(flags.group(1).split())


def processor_name() -> str | None:
    """The processor's name in words."""
    found = re.search(r"^model name\s*:\s*(.+)$", _cpuinfo(), re.MULTILINE)
    return found.group(1).strip() if found else None


def processor_maximum_mhz() -> int | None:
    """The most that the clock of the first processor can do; None where the kernel does not steer it."""
    try:
        return int(MAXIMUM_CLOCK.read_text()) // 1000
    except (OSError, ValueError):
        return None


def device_is_closed() -> bool:
    """Whether /dev/kvm is there and only root may open it.

    libvirt then finds its cached capabilities stale at every look, and defining takes 10 s and more instead of 2 ms.
    """
    try:
        about = DEVICE.stat()
    except OSError:
        return False
    return about.st_uid == 0 and not stat.S_IMODE(about.st_mode) & 0o066
