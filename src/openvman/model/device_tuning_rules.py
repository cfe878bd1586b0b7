"""The rules about how a disk or NIC is tuned: caching, block sizes, limits of throughput."""

from __future__ import annotations

from typing import Final

from openvman.messages import tuning as tuning_rows
from openvman.messages.message import ErrorMessage
from openvman.model.allocation import DEFAULT_MODE, DiskKind, NicConnection
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


def _modes(setting: str, offered: str, message: ErrorMessage) -> Rule[DiskSpec]:
    return Rule(
        (setting,),
        lambda v, s: getattr(v, setting) in {None, DEFAULT_MODE, *getattr(s.host.facts, offered)},
        message,
        {"default": DEFAULT_MODE},
    )


def _alone(limits: tuple[str, str, str]) -> Rule[DiskSpec]:
    whole, *parts = limits
    return Rule(
        limits,
        lambda v, _: not (getattr(v, whole) and any(getattr(v, part) for part in parts)),
        tuning_rows.DISK_LIMIT_AND_PARTS,
    )


DISK_TUNING_RULES: Final[tuple[Rule[DiskSpec], ...]] = (
    _modes("cache", "disk_caches", tuning_rows.CACHE_MODE),
    _modes("discard", "disk_discards", tuning_rows.DISCARD_MODE),
    Rule(
        ("block_size",),
        lambda v, _: not v.block_size or v.block_size in BLOCK_SIZES,
        tuning_rows.BLOCK_SIZE,
        {"sizes": BLOCK_SIZES},
    ),
    Rule(
        ("block_size",),
        lambda v, _: v.block_size in {None, 0, 512} or (v.kind is DiskKind.DISK and v.bus in _BLOCK_BUSES),
        tuning_rows.BLOCK_SIZE_UNSUPPORTED,
    ),
    *tuned(*DISK_LIMITS, kind=ResourceKind.DISK),
    Rule(
        DISK_LIMITS,
        lambda v, s: s.host.facts.has_disk_limits or not any(getattr(v, limit) for limit in DISK_LIMITS),
        tuning_rows.DISK_LIMITS_UNSUPPORTED,
    ),
    Rule(
        ("shareable", "format"),
        lambda v, _: not v.shareable or v.kind is not DiskKind.DISK or v.format in {None, "raw"},
        tuning_rows.SHARED_FORMAT,
    ),
    _alone(BYTES_LIMITS),
    _alone(IOPS_LIMITS),
)

BANDWIDTH_RULES: Final[tuple[Rule[NicSpec], ...]] = (
    *tuned(*NIC_LIMITS, kind=ResourceKind.NETWORK),
    Rule(
        (*NIC_LIMITS, "connection"),
        lambda v, _: v.connection is not NicConnection.USER or not any(getattr(v, limit) for limit in NIC_LIMITS),
        tuning_rows.BANDWIDTH_OF_USER_MODE,
    ),
    Rule(
        ("receive_reservation", "connection"),
        lambda v, _: v.connection is NicConnection.NETWORK or not v.receive_reservation,
        tuning_rows.BANDWIDTH_RESERVED,
    ),
    Rule(
        ("receive_limit", "receive_reservation"),
        lambda v, _: not v.receive_limit or (v.receive_reservation or 0) <= v.receive_limit,
        tuning_rows.BANDWIDTH_RESERVATION,
    ),
)
