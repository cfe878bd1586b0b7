"""libvirt's connections to one hypervisor: one that its events come by, and one for each call under way."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Final

import libvirt
import structlog

from openvman.drivers.libvirt.address import Address
from openvman.drivers.libvirt.errors import reason_of
from openvman.messages import hypervisor
from openvman.messages.message import ErrorMessage
from openvman.model.errors import ModelError

KEEPALIVE_SECONDS: Final = 2
KEEPALIVE_COUNT: Final = 3
"""A daemon that answers nothing is given up after KEEPALIVE_SECONDS * (KEEPALIVE_COUNT + 1)."""

_log = structlog.get_logger(__name__)


class Lines:
    """A call has a line for itself: of several on one, libvirt leaves all but one hanging when it gives up a daemon
    that does not answer, and crashes when those end (seen in 9.0). A hypervisor inside this process needs one line.

    Its methods block, and are called in worker threads. ``closed`` is told why a line was closed from afar.
    """

    def __init__(self, address: Address, closed: Callable[[str], None]) -> None:
        """Connect. Raises UNAVAILABLE."""
        self._address = address
        self._closed = closed
        self._free: list[Any] = []  # to append and to pop takes no lock
        try:
            self.first = self._connect()
            self._several = _supported(self.first.setKeepAlive, KEEPALIVE_SECONDS, KEEPALIVE_COUNT)
        except libvirt.libvirtError as error:
            reason = address.redact(reason_of(error))
        else:
            return
        raise no_answer(address.shown, reason)

    def take(self) -> Any:
        """A line that nobody else has; the first, for all, where there can be no more."""
        if not self._several:
            return self.first
        with contextlib.suppress(IndexError):
            return self._free.pop()
        try:
            line = self._connect()
            line.setKeepAlive(KEEPALIVE_SECONDS, KEEPALIVE_COUNT)
        except libvirt.libvirtError as error:
            self._several = False
            reason = self._address.redact(reason_of(error))
            _log.info("libvirt gives no more connections", platform=self._address.shown, reason=reason)
            return self.first
        return line

    def give_back(self, line: Any) -> None:
        if line is not self.first:
            self._free.append(line)

    def close(self) -> None:
        """Disconnect. No line may be taken."""
        for line in (*self._free, self.first):
            with contextlib.suppress(libvirt.libvirtError):  # it has none, or the connection is dead
                line.unregisterCloseCallback()
            try:
                line.close()
            except libvirt.libvirtError as error:
                _log.info("libvirt did not close cleanly", platform=self._address.shown, error=str(error))

    def _connect(self) -> Any:
        line = libvirt.openAuth(self._address.uri, [[], _no_credentials, None], 0)
        _supported(line.registerCloseCallback, self._on_closed, None)
        return line

    def _on_closed(self, _line: Any, reason: int, _opaque: object) -> None:
        self._closed(_REASONS.get(reason, "the connection was closed"))


_REASONS: Final[dict[int, str]] = {
    libvirt.VIR_CONNECT_CLOSE_REASON_ERROR: "the connection broke",
    libvirt.VIR_CONNECT_CLOSE_REASON_EOF: "the hypervisor's daemon ended",
    libvirt.VIR_CONNECT_CLOSE_REASON_KEEPALIVE: "the hypervisor's daemon does not answer",
    libvirt.VIR_CONNECT_CLOSE_REASON_CLIENT: "the connection was closed here",
}

_NO_ANSWER: Final[tuple[tuple[str, ErrorMessage], ...]] = (
    ("Failed to connect socket", hypervisor.DAEMON_DOWN),
    ("already open with path", hypervisor.EMBEDDED_OPEN),
    ("Failed to acquire pid file", hypervisor.EMBEDDED_TAKEN),
    ("authentication", hypervisor.NOT_LET_IN),
    ("no connection driver available", hypervisor.NO_DRIVER_PACKAGE),
    ("Cannot find", hypervisor.NO_EMULATOR),
)


def no_answer(platform: str, reason: str) -> ModelError:
    """A connection failed with libvirt's ``reason``: with the way out, where one is known."""
    row = next((row for words, row in _NO_ANSWER if words in reason), hypervisor.NO_ANSWER)
    return ModelError(row, platform, platform=platform, reason=reason, daemon="libvirtd", library="libvirt")


def _supported(call: Callable[..., object], *arguments: object) -> bool:
    """Call it; whether the hypervisor has it."""
    try:
        call(*arguments)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_SUPPORT:
            raise
        return False
    return True


def _no_credentials(_asked: list[list[Any]], _opaque: object) -> int:
    """Nobody is there to type a password: libvirt then uses its own client files (auth.conf, ssh keys)."""
    return -1
