"""One libvirt connection: libvirt's event loop, worker threads with deadlines, and the news that it is lost."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from time import sleep
from typing import Any, Final, TypeVar

import libvirt
import structlog

from openvman.drivers.libvirt.address import Address
from openvman.drivers.libvirt.errors import PROBLEMS, reason_of, translate
from openvman.drivers.libvirt.use import Use
from openvman.drivers.libvirt.workers import Workers, post
from openvman.messages import hypervisor
from openvman.messages.message import ErrorMessage
from openvman.model.errors import ModelError

T = TypeVar("T")

READERS: Final = 4
CHANGERS: Final = 4
"""libvirtd works at five calls of a client at once (max_client_requests): slow changes must leave one free."""

KEEPALIVE_SECONDS: Final = 2
KEEPALIVE_COUNT: Final = 3
"""A daemon that answers nothing is given up after KEEPALIVE_SECONDS * (KEEPALIVE_COUNT + 1)."""

_REST: Final = 0.001
"""Seconds that libvirt's event loop rests after each turn while calls are under way.

Each call would wake it up twice for nothing: it is told not to listen, and to listen again. Several calls at once would
make it spin, since an answer is there to be heard that another thread is about to take.
"""

_log = structlog.get_logger(__name__)

_loop_lock = threading.Lock()
_loop_started = False


_under_way: Final[set[object]] = set()
"""The calls of all connections, each as an object of its own. To add and to discard takes no lock."""


def run_event_loop() -> None:
    """Run libvirt's event loop in a thread, once in the life of the process. It must run before the first open.

    Also keeps libvirt from printing each error on stderr: they are raised.
    """
    global _loop_started  # noqa: PLW0603 - libvirt's loop is one per process, and cannot be unregistered
    with _loop_lock:
        if _loop_started:
            return
        libvirt.registerErrorHandler(_ignore, None)
        libvirt.virEventRegisterDefaultImpl()
        threading.Thread(target=_run_events, name="libvirt-events", daemon=True).start()
        _loop_started = True


def after_events(call: Callable[[], object]) -> None:
    """Call ``call`` in libvirt's event thread, after the events that have arrived: those are told by a timer of each
    connection, which was set up before this one, and timers that are due are run in that order."""
    timers: list[int] = []
    armed = threading.Event()

    def run(_timer: int, _opaque: object) -> None:
        armed.wait()
        libvirt.virEventRemoveTimeout(timers[0])
        call()

    timers.append(libvirt.virEventAddTimeout(0, run, None))
    armed.set()


def _ignore(_context: object, _error: object) -> None:
    """Errors are raised by the call that made them."""


def _run_events() -> None:
    while True:
        try:
            libvirt.virEventRunDefaultImpl()
        except libvirt.libvirtError as error:
            _log.warning("libvirt's event loop failed once", error=str(error))
        if _under_way:
            sleep(_REST)


class Connection:
    """An open libvirt connection. Every method is called in the event loop's thread.

    ``farewell`` is what to do with the connection before it is closed; it blocks, and finds it perhaps dead.
    """

    def __init__(self, address: Address, deadline: float, farewell: Callable[[], None] = lambda: None) -> None:
        self.address = address
        self.deadline = deadline
        self._raw: Any = None
        self._readers: Workers | None = None
        self._changers: Workers | None = None
        self._pending: set[asyncio.Future[Any]] = set()
        self._lost: Callable[[str], None] | None = None
        self._farewell = farewell
        self._use = Use()

    async def open(self, lost: Callable[[str], None]) -> None:
        """Connect; ``lost`` is called in this loop, once, if the hypervisor goes away. Raises UNAVAILABLE."""
        run_event_loop()
        loop = asyncio.get_running_loop()
        self._readers = Workers("libvirt-read", READERS)
        self._changers = Workers("libvirt-change", CHANGERS)
        self._lost = lost

        def closed(_connection: Any, reason: int, _opaque: Any) -> None:
            post(loop, self._on_closed, _REASONS.get(reason, "the connection was closed"))

        def connect() -> Any:
            try:
                raw = libvirt.openAuth(self.address.uri, [[], _no_credentials, None], 0)
                # A hypervisor inside this process has neither, and is lost only with it.
                _where_supported(raw.setKeepAlive, KEEPALIVE_SECONDS, KEEPALIVE_COUNT)
                _where_supported(raw.registerCloseCallback, closed, None)
            except libvirt.libvirtError as error:
                reason = self.address.redact(reason_of(error))
            else:
                return raw
            raise no_answer(shown, reason)

        shown = self.address.shown
        try:
            self._raw = await self._run(connect, "connect", shown, changes=False, deadline=self.deadline)
        except BaseException:
            self._end()
            raise

    async def close(self) -> None:
        """Disconnect. Calls under way end with UNAVAILABLE; what they asked of the hypervisor may still happen."""
        raw, self._raw, self._lost = self._raw, None, None
        for future in tuple(self._pending):
            if not future.done():
                future.set_exception(self._gone())
        if raw is not None and self._readers is not None:
            loop = asyncio.get_running_loop()
            done = asyncio.Event()

            def disconnect() -> None:
                self._farewell()
                with contextlib.suppress(libvirt.libvirtError):  # it has none, or the connection is dead
                    raw.unregisterCloseCallback()
                try:
                    raw.close()
                except libvirt.libvirtError as error:
                    _log.info("libvirt did not close cleanly", platform=self.address.shown, error=str(error))
                post(loop, done.set)

            self._readers.submit(lambda: self._use.end(disconnect))
            with contextlib.suppress(TimeoutError):  # a call that hangs: who ends it last, disconnects
                async with asyncio.timeout(self.deadline):
                    await done.wait()
        self._end()

    async def call(
        self,
        work: Callable[[Any], T],
        doing: str,
        subject: str | None = None,
        *,
        changes: bool = False,
        deadline: float | None = None,
        alert: bool = False,
    ) -> T:
        """Run ``work(virConnect)`` in a worker thread; ``alert``: libvirt's event loop does not rest for that.

        ``doing`` and ``subject`` are for the message of the ModelError. After ``deadline`` seconds (the connection's
        own, if not said) it is UNAVAILABLE for a reading, and TIMEOUT for what ``changes`` something and may yet do it.
        """
        raw = self._raw
        if raw is None:
            raise self._gone()

        def use() -> T:
            if not self._use.enter():
                raise self._gone()
            call = object()
            if not alert:
                _under_way.add(call)
            try:
                return self._translating(lambda: work(raw), doing, subject, raw)
            finally:
                _under_way.discard(call)
                self._use.leave()

        return await self._run(use, doing, subject, changes=changes, deadline=deadline or self.deadline)

    async def _run(
        self, work: Callable[[], T], doing: str, subject: str | None, *, changes: bool, deadline: float
    ) -> T:
        workers = self._changers if changes else self._readers
        assert workers is not None
        future = workers.submit(work)
        self._pending.add(future)
        try:
            async with asyncio.timeout(deadline):
                return await future
        except TimeoutError:
            row = hypervisor.CHANGE_LATE if changes else hypervisor.READ_LATE
            raise ModelError(row, subject, doing=doing, platform=self.address.shown, seconds=deadline) from None
        finally:
            self._pending.discard(future)

    def _translating(self, work: Callable[[], T], doing: str, subject: str | None, raw: Any) -> T:
        """Do ``work``, with libvirt's errors as ModelError, which keep nothing of them but their redacted words."""
        try:
            return work()
        except libvirt.libvirtError as error:
            failure = translate(error, doing, subject, alive=_is_alive(raw, error), redact=self.address.redact)
        raise failure  # not from libvirt's own error: that may hold the address with its credentials

    def _on_closed(self, reason: str) -> None:
        lost, self._lost = self._lost, None
        if lost is not None:
            lost(reason)

    def _end(self) -> None:
        for workers in (self._readers, self._changers):
            if workers is not None:
                workers.end()
        self._readers = self._changers = None

    def _gone(self) -> ModelError:
        return ModelError(hypervisor.NOT_CONNECTED, self.address.shown, platform=self.address.shown)


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


def binding_version() -> str:
    """The version of the libvirt library that is in use."""
    return version_text(libvirt.getVersion())


def version_text(number: int) -> str:
    """libvirt's way of counting versions, undone: 9001002 is 9.1.2."""
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"


def _is_alive(raw: Any, error: libvirt.libvirtError) -> bool:
    """Whether the hypervisor still answers; an error with a code of its own comes from a living one."""
    if error.get_error_code() in PROBLEMS:
        return True
    try:
        return bool(raw.isAlive())
    except libvirt.libvirtError:
        return False


def _where_supported(call: Callable[..., object], *arguments: object) -> None:
    try:
        call(*arguments)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_SUPPORT:
            raise


def _no_credentials(_asked: list[list[Any]], _opaque: object) -> int:
    """Nobody is there to type a password: libvirt then uses its own client files (auth.conf, ssh keys)."""
    return -1
