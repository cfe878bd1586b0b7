"""The embedded QEMU: a hypervisor inside this process, in a folder of its own, without a daemon.

Guests are processes of their own. They outlive this process, and the next one to open the folder finds them running.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from openvman.messages import hypervisor
from openvman.model.errors import ModelError

_CONFIGURATION: Final = """\
# Written by openvman at each start.
# QEMU writes its logs itself: no log daemon serves an embedded hypervisor.
stdio_handler = "file"
# No policy is installed for this folder.
security_driver = "none"
# One owner, so nothing need be given to another user and back.
dynamic_ownership = 0
remember_owner = 0
# Images and logs lie in folders that a mount namespace would hide.
namespaces = [ ]
"""
_AS_ROOT: Final = """\
# The folder is closed to all but root.
user = "root"
group = "root"
"""


def prepare(root: Path) -> None:
    """Make the folder and its configuration. Raises UNAVAILABLE when it cannot be written."""
    try:
        for folder in (root, root / "etc", root / "log", root / "log" / "console"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = root / "etc" / "qemu.conf"
        text = _CONFIGURATION + (_AS_ROOT if os.geteuid() == 0 else "")
        new = target.with_suffix(".new")
        new.write_text(text)
        new.replace(target)
    except OSError as error:
        raise ModelError(hypervisor.EMBEDDED_FOLDER, str(root), folder=root, reason=error.strerror) from error
