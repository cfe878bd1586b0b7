"""The log of a serial console as records: a record is a line, or what there is of the last one.

An iteration identifier is the offset of the next byte. Nothing printed is skipped: a line that was read unfinished
goes on in the next record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from openvman.messages import consoles as consoles_rows
from openvman.model.actor import Actor
from openvman.model.allocation import SerialAllocation
from openvman.model.errors import ModelError
from openvman.operations.operations import Operations

_LONGEST: Final = 4096
"""Bytes in one record; a longer line is cut into several."""

_FIRST: Final = "0"


@dataclass(frozen=True, slots=True)
class ConsoleRecord:
    """``data`` is without its line end; ``position`` is where the next read begins, or again this one."""

    position: str
    data: bytes


async def first_record(_operations: Operations, _actor: Actor, *, serial: SerialAllocation) -> str:  # noqa: ARG001
    """The identifier of the first record, whether it is there yet or not: that is always at 0."""
    return _FIRST


async def record(
    operations: Operations, actor: Actor, *, serial: SerialAllocation, position: str | None, advance: bool | None
) -> ConsoleRecord:
    """The record at ``position``. ModelError NOT_FOUND when nothing more was printed, INVALID_PARAMETER."""
    text = position or _FIRST
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise ModelError(consoles_rows.NO_SUCH_RECORD, serial.id, position=text[:40])
    chunk = await operations.read_console(actor, serial=serial, offset=int(text), limit=_LONGEST)
    if not chunk.data:
        raise ModelError(consoles_rows.NOTHING_MORE, serial.id, serial=serial)
    end = chunk.data.find(b"\n")
    taken = len(chunk.data) if end < 0 else end + 1
    line = chunk.data[:taken].rstrip(b"\r\n")
    return ConsoleRecord(str(chunk.offset + taken) if advance else text, line)
