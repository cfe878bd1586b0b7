"""Named places at which a test may end or stop the process, to see what is then found again.

Nothing happens at any of them unless the environment says so when the process starts::

    VMAN_FAULT_POINT=job.running:kill:3

kills the process (SIGKILL) when the point ``job.running`` is reached for the third time; ``stop`` stops it (SIGSTOP).
"""

from __future__ import annotations

import os
import signal
from typing import Final

_VARIABLE: Final = "VMAN_FAULT_POINT"
_SIGNALS: Final = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


class _Armed:
    """The one point that is armed, and how often it is still to be passed."""

    def __init__(self, text: str) -> None:
        self.name, _, rest = text.partition(":")
        action, _, count = rest.partition(":")
        self._signal = _SIGNALS[action or "kill"]
        self._left = int(count or 1)

    def reached(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), self._signal)


_armed: _Armed | None = None


def arm(text: str) -> None:
    """Arm the point that ``text`` names, as in the environment; with an empty text, none."""
    global _armed  # noqa: PLW0603 - one per process
    _armed = _Armed(text) if text else None


def fault_point(name: str) -> None:
    """The place called ``name`` is reached."""
    if _armed is not None and _armed.name == name:
        _armed.reached()


arm(os.environ.get(_VARIABLE, ""))
