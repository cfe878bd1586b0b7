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
from openvman.drivers.libvirt.errors import PROBLEMS, translate
from openvman.drivers.libvirt.lines import Lines
from openvman.drivers.libvirt.use import Use
from openvman.drivers.libvirt.workers import Workers, post
from openvman.messages import hypervisor
from openvman.model.errors import ModelError

T = TypeVar("T")

READERS: Final = 4
CHANGERS: Final = 4
"""Calls at once, each in a thread and on a line of its own: slow changes keep no reading waiting."""

_REST: Final = 0.001
"""Seconds that libvirt's event loop rests after each turn while calls are under way.

Each call would wake it up twice for nothing: it is told not to listen to the call's line, and to listen again.
"""

_log = structlog.get_logger(__name__)

_loop_lock = threading.Lock()
_loop_started = False


_under_way: Final[set[Any]] = set()
"""What calls are on, of all connections. To add and to discard takes no lock."""


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
        self._lines: Lines | None = None
        self._listening = asyncio.Lock()
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

        def connect() -> Lines:
            return Lines(self.address, lambda reason: post(loop, self._on_closed, reason))

        try:
            self._lines = await self._run(connect, "connect", self.address.shown, changes=False, deadline=self.deadline)
        except BaseException:
            self._end()
            raise

    async def close(self) -> None:
        """Disconnect. Calls under way end with UNAVAILABLE; what they asked of the hypervisor may still happen."""
        lines, self._lines, self._lost = self._lines, None, None
        for future in tuple(self._pending):
            if not future.done():
                future.set_exception(self._gone())
        if lines is not None and self._readers is not None:
            loop = asyncio.get_running_loop()
            done = asyncio.Event()

            def disconnect() -> None:
                self._farewell()
                lines.close()
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
        listening: bool = False,
    ) -> T:
        """Run ``work(virConnect)`` in a worker thread; ``listening``: on the connection that events come by.

        ``doing`` and ``subject`` are for the message of the ModelError. After ``deadline`` seconds (the connection's
        own, if not said) it is UNAVAILABLE for a reading, and TIMEOUT for what ``changes`` something and may yet do it.
        """
        lines = self._lines
        if lines is None:
            raise self._gone()

        def use() -> T:
            if not self._use.enter():
                raise self._gone()
            try:
                if listening:
                    return self._translating(lambda: work(lines.first), doing, subject, lines.first)
                line = lines.take()
                _under_way.add(line)
                try:
                    return self._translating(lambda: work(line), doing, subject, line)
                finally:
                    _under_way.discard(line)
                    lines.give_back(line)
            finally:
                self._use.leave()

        async with self._listening if listening else contextlib.nullcontext():
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
