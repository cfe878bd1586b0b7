"""Console logs: files that the hypervisor writes and we read. Their bytes are the guest's and stay uninterpreted."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from openvman.drivers.contract import ConsoleChunk
from openvman.drivers.libvirt import xml
from openvman.drivers.libvirt.xml import Node
from openvman.messages import hypervisor
from openvman.model.errors import ModelError


def log_path(folder: Path, system_id: str, port: int) -> Path:
    """Where the log of a serial port is kept. By id, for a name may be anything and may change."""
    return folder / f"{system_id}-serial{port}.log"


def log_of(serial: Node, folder: Path | None) -> Path | None:
    """The log file of a ``<serial>`` element if it lies right in ``folder``, else None.

    The folder is a rule of safety: a domain's XML may name any file, and a reader of a console must not get that.
    """
    named = xml.attribute(serial, "log", "file")
    if folder is None or named is None:
        return None
    path = Path(named)
    return path if path.parent == folder and path.name not in {"", "..", "."} else None


def logs_of(serials: Iterable[Node], folder: Path | None) -> dict[int, Path | None]:
    """The serial ports of a domain with their log files; None for a port whose log there is none to read."""
    return {
        xml.number(xml.attribute(serial, "target", "port"), index): log_of(serial, folder)
        for index, serial in enumerate(serials)
    }


def read(path: Path, offset: int, limit: int) -> ConsoleChunk:
    """Up to ``limit`` bytes from ``offset``. A log shorter than ``offset`` began anew: it is read from 0.

    Raises NOT_FOUND when the file is no regular file, UNAVAILABLE when it cannot be read.
    """
    if offset < 0 or limit < 0:
        raise ModelError(hypervisor.CONSOLE_RANGE, "offset")
    try:
        # O_NONBLOCK: opening a pipe put there must not wait.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return ConsoleChunk(b"", 0, 0)
    except OSError as error:
        row = hypervisor.LOG_IRREGULAR if error.errno == errno.ELOOP else hypervisor.LOG_UNREADABLE
        raise ModelError(row, str(path), path=path, reason=error.strerror) from error
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise ModelError(hypervisor.LOG_IRREGULAR, str(path), path=path)
        start = offset if offset <= about.st_size else 0
        return ConsoleChunk(os.pread(handle, min(limit, about.st_size - start), start), start, about.st_size)
    finally:
        os.close(handle)


def remove(path: Path) -> None:
    """Remove a log and what a log daemon rotated away from it."""
    for each in (path, *path.parent.glob(f"{path.name}.[0-9]*")):
        each.unlink(missing_ok=True)
