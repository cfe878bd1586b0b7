"""A private host's libvirt, past the server: it is started again when it has crashed, as systemd would.

libvirtd 9.0 reads from a null pointer at times when one of its clients is killed in the midst of a call. What the
server makes of that is a part of what is tested.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import libvirt
from tests.lab.lab import PrivateHost
from tests.system.conftest import eventually

T = TypeVar("T")


class Hypervisor:
    """``crashes`` counts those of libvirtd."""

    def __init__(self, host: PrivateHost) -> None:
        self.crashes = 0
        self._host = host
        self._connection = libvirt.open(host.libvirt_uri)

    @property
    def uri(self) -> str:
        """The server's address of it."""
        return self._host.uri

    def call(self, work: Callable[[Any], T]) -> T:
        """``work(virConnect)``; once more if libvirtd crashed meanwhile."""
        self.revive()
        try:
            return work(self._connection)
        except libvirt.libvirtError:
            if self._connection.isAlive():
                raise
        eventually("libvirtd has ended, since it hung up", self.revive)
        return work(self._connection)

    def revive(self) -> bool:
        """Start libvirtd if it has crashed; whether it had."""
        if self._host.daemon_runs:
            return False
        self.crashes += 1
        self._connection.close()
        self._host.start_daemon()
        self._connection = libvirt.open(self._host.libvirt_uri)
        return True

    def close(self) -> None:
        self._connection.close()
