"""Containers for private hosts: a file system with busybox, whose init tells what becomes of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

import libvirt
import libvirt_lxc
import pytest

BUSYBOX: Final = Path("/bin/busybox")
DRIVER: Final = Path("/usr/lib/libvirt/libvirt_lxc")
INIT: Final = "/init"
SHARED: Final = "/shared"
"""Where init tells: a folder of the host, or of the container's own."""

_APPLETS: Final = ("cat", "grep", "ls", "reboot", "sh", "sleep")
_FOLDERS: Final = ("bin", "dev", "etc", "more", "proc", "sbin", "shared", "sys", "tmp")
# The first process of a container gets no signal that it has no handler for. A shell takes signals between commands.
_SCRIPT: Final = """\
#!/bin/sh
trap 'exit 0' TERM
trap 'reboot -f' HUP
echo {line} >>/shared/lines
while :; do sleep 0.1; done
"""


def needed() -> None:
    """Skip the test where no container can be had; a continuous integration that runs as root must have them."""
    lacking = [str(path) for path in (BUSYBOX, DRIVER, Path("/dev/fuse")) if not path.exists()]
    if not lacking:
        return
    reason = f"containers need {', '.join(lacking)}"
    if os.environ.get("CI") and os.geteuid() == 0:
        pytest.fail(reason)
    pytest.skip(reason)


def is_known(uri: str, name: str) -> bool:
    """Whether libvirt knows the init of an active container.

    Now and then it does not hear of it when the container starts, and then can neither ask it to end nor plug NICs.
    """
    connection = libvirt.open(uri)
    try:
        for handle in libvirt_lxc.lxcOpenNamespace(connection.lookupByName(name), 0):
            os.close(handle)
    except libvirt.libvirtError:
        return False
    finally:
        connection.close()
    return True


def root_folder(folder: Path, line: str = "started") -> Path:
    """A file system for a container, which writes ``line`` to a file ``lines`` below ``SHARED`` when it is up.

    It ends and restarts when it is asked to. Its init is ``INIT``, and ``/sbin/init`` is the same.
    """
    for name in _FOLDERS:
        (folder / name).mkdir(parents=True)
    shutil.copy(BUSYBOX, folder / "bin/busybox")
    for name in _APPLETS:
        (folder / "bin" / name).symlink_to("busybox")
    init = folder / "init"
    init.write_text(_SCRIPT.format(line=line))
    init.chmod(0o755)
    (folder / "sbin/init").symlink_to("/init")
    return folder
