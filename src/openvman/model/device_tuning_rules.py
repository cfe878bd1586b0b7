"""The rules about how a disk or NIC is tuned: caching, block sizes, limits of throughput."""

from __future__ import annotations

from typing import Final

from openvman.model.allocation import DEFAULT_MODE, DiskKind, NicConnection
from openvman.model.errors import Problem
from openvman.model.ranges import BYTES_LIMITS, DISK_LIMITS, IOPS_LIMITS, NIC_LIMITS
from openvman.model.resource import ResourceKind
from openvman.model.spec import DiskSpec, NicSpec
from openvman.model.validation import Rule, tuned

DISK_TUNING: Final = ("cache", "discard", "block_size", *DISK_LIMITS)
NIC_TUNING: Final = ("link_up", *NIC_LIMITS)
"""All that is tuned: settings that a spec and an allocation have under the same name."""

BLOCK_SIZES: Final = (512, 1024, 2048, 4096)
"""Bytes of a block that guests can be shown."""
_BLOCK_BUSES: Final = frozenset({"virtio", "scsi", "usb", "ide", "sata"})


def _modes(setting: str, offered: str, what: str) -> Rule[DiskSpec]:
    return Rule(
        (setting,),
        lambda v, s: getattr(v, setting) in {None, DEFAULT_MODE, *getattr(s.host.facts, offered)},
        f"host {{s.host.name!r}} has no {what} {{v.{setting}!r}} for disks; say '{DEFAULT_MODE}', or one of "
        f"{{s.host.facts.{offered}}}",
        Problem.NOT_SUPPORTED,
    )


def _alone(limits: tuple[str, str, str]) -> Rule[DiskSpec]:
    whole, *parts = limits
    return Rule(
        limits,
        lambda v, _: not (getattr(v, whole) and any(getattr(v, part) for part in parts)),
        f"a {whole} of {{v.{whole}}} stands beside limits of reading or writing; give the whole or its parts, and 0 "
        "for what shall have no limit",
    )


DISK_TUNING_RULES: Final[tuple[Rule[DiskSpec], ...]] = (
    _modes("cache", "disk_caches", "cache mode"),
    _modes("discard", "disk_discards", "discard mode"),
    Rule(
        ("block_size",),
        lambda v, _: not v.block_size or v.block_size in BLOCK_SIZES,
        f"a guest cannot be shown blocks of {{v.block_size}} bytes; say one of {', '.join(map(str, BLOCK_SIZES))}",
    ),
    Rule(
        ("block_size",),
        lambda v, _: v.block_size in {None, 0, 512} or (v.kind is DiskKind.DISK and v.bus in _BLOCK_BUSES),
        "blocks of {v.block_size} bytes are for disks; a {v.kind} on {v.bus} has its own",
        Problem.NOT_SUPPORTED,
    ),
    *tuned(*DISK_LIMITS, kind=ResourceKind.DISK),
    Rule(
        DISK_LIMITS,
        lambda v, s: s.host.facts.has_disk_limits or not any(getattr(v, limit) for limit in DISK_LIMITS),
        "host {s.host.name!r} cannot limit the throughput of a disk; leave the limits out",
        Problem.NOT_SUPPORTED,
    ),
    Rule(
        ("shareable", "format"),
        lambda v, _: not v.shareable or v.kind is not DiskKind.DISK or v.format in {None, "raw"},
        "a disk that several systems may have cannot be {v.format}, whose image one alone can write; make it raw",
        Problem.NOT_SUPPORTED,
    ),
    _alone(BYTES_LIMITS),
    _alone(IOPS_LIMITS),
)

BANDWIDTH_RULES: Final[tuple[Rule[NicSpec], ...]] = (
    *tuned(*NIC_LIMITS, kind=ResourceKind.NETWORK),
    Rule(
        (*NIC_LIMITS, "connection"),
        lambda v, _: v.connection is not NicConnection.USER or not any(getattr(v, limit) for limit in NIC_LIMITS),
        "the bandwidth of user-mode networking cannot be limited; connect the NIC to a network, or leave it out",
        Problem.NOT_SUPPORTED,
    ),
    Rule(
        ("receive_reservation", "connection"),
        lambda v, _: v.connection is NicConnection.NETWORK or not v.receive_reservation,
        "bandwidth can be reserved on a network, not on a {v.connection}; leave the receive_reservation out",
        Problem.NOT_SUPPORTED,
    ),
    Rule(
        ("receive_limit", "receive_reservation"),
        lambda v, _: not v.receive_limit or (v.receive_reservation or 0) <= v.receive_limit,
        "a receive_reservation of {v.receive_reservation} is more than the receive_limit, {v.receive_limit}",
    ),
)
