"""Kinds of command line values: sizes, disks, network adapters."""

from __future__ import annotations

from typing import Any

import click

from openvman.client.devices import KINDS, SETTINGS, DeviceWish
from openvman.client.units import parse_size
from openvman.client.wishes import DiskChange, DiskTuning, DiskWish, NicWish

_CONNECTIONS = ("network", "bridge", "direct")
_NAMELESS = ("user", "ethernet")
_OF_HOST = ("pci", "usb")


class Size(click.ParamType[int]):
    """``64MiB`` as bytes."""

    name = "size"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return parse_size(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


_BYTES = ("bytes-limit", "read-bytes-limit", "write-bytes-limit")
_COUNTS = ("iops-limit", "read-iops-limit", "write-iops-limit")
_TUNING = frozenset({"cache", "discard", *_BYTES, *_COUNTS})


def _tuning(names: dict[str, str]) -> DiskTuning:
    """What the words say of a disk's tuning. ValueError for what is no size or number."""
    said: dict[str, Any] = {name: names[name] for name in ("cache", "discard") if name in names}
    for name in (*_BYTES, *_COUNTS):
        value = names.get(name)
        if value is None:
            continue
        if value.isascii() and value.isdigit() and len(value) < 16:
            said[name.replace("-", "_")] = int(value)
        elif name in _BYTES:
            said[name.replace("-", "_")] = parse_size(value)
        else:
            raise ValueError(f"'{value}' is no number for {name}")
    return DiskTuning(**said)


class ChangedDisk(click.ParamType[DiskChange]):
    """``TARGET``, then ``,ro`` ``,rw`` ``,shareable`` ``,exclusive`` ``,cache=none`` ``,iops-limit=500`` …"""

    name = "disk"

    def convert(self, value: str | DiskChange, param: click.Parameter | None, ctx: click.Context | None) -> DiskChange:
        if isinstance(value, DiskChange):
            return value
        target, *words = value.split(",")
        names, flags = _options(words)
        unknown = (flags - {"ro", "rw", "shareable", "exclusive"}) | (names.keys() - _TUNING)
        if not target or not words or unknown or {"ro", "rw"} <= flags or {"shareable", "exclusive"} <= flags:
            self.fail(
                f"'{value}' changes no disk; say TARGET, then any of ,ro ,rw ,shareable ,exclusive "
                f"{' '.join(f',{name}=VALUE' for name in sorted(_TUNING))}",
                param,
                ctx,
            )
        try:
            tuning = _tuning(names)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return DiskChange(
            target=target,
            read_only=True if "ro" in flags else False if "rw" in flags else None,
            shareable=True if "shareable" in flags else False if "exclusive" in flags else None,
            tuning=tuning,
        )


class Disk(click.ParamType[DiskWish]):
    """``PATH`` or ``SIZE``, then ``,bus=virtio`` ``,target=vda`` ``,ro`` ``,cdrom`` ``,cache=none`` … in any order."""

    name = "disk"

    def convert(self, value: str | DiskWish, param: click.Parameter | None, ctx: click.Context | None) -> DiskWish:
        if isinstance(value, DiskWish):
            return value
        what, *words = value.split(",")
        names, flags = _options(words)
        kinds = flags & {"cdrom", "floppy"}
        known = {"bus", "target", "format", "pool", *_TUNING}
        unknown = (flags - {"ro", "shareable", "cdrom", "floppy"}) | (names.keys() - known)
        if not what or unknown or len(kinds) > 1:
            self.fail(
                f"'{value}' is not a disk; say PATH or SIZE, then any of ,bus=NAME ,target=NAME ,ro ,shareable "
                f"{' '.join(f',{name}=VALUE' for name in sorted(known - {'bus', 'target'}))} and one of ,cdrom ,floppy",
                param,
                ctx,
            )
        try:
            tuning = _tuning(names)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        try:
            capacity, source = parse_size(what), None
        except ValueError:
            capacity, source = None, what
        return DiskWish(
            source=source,
            capacity=capacity,
            kind=next(iter(kinds), "disk"),
            bus=names.get("bus"),
            target=names.get("target"),
            read_only="ro" in flags or "cdrom" in flags,
            shareable="shareable" in flags,
            format=names.get("format"),
            pool=names.get("pool"),
            tuning=tuning,
        )


class Nic(click.ParamType[NicWish]):
    """``user``, ``network=NAME``, ``bridge=NAME``, ``direct=DEVICE`` or ``ethernet``, then ``,model=virtio``
    ``,mac=52:54:00:…`` ``,mode=bridge``.
    """

    name = "nic"

    def convert(self, value: str | NicWish, param: click.Parameter | None, ctx: click.Context | None) -> NicWish:
        if isinstance(value, NicWish):
            return value
        names, flags = _options(value.split(","))
        connections = [f"{kind}:{names[kind]}" for kind in _CONNECTIONS if names.get(kind)]
        connections += [kind for kind in _NAMELESS if kind in flags]
        unknown = (flags - {*_NAMELESS}) | (names.keys() - {"model", "mac", "mode", *_CONNECTIONS})
        if unknown or len(connections) != 1:
            self.fail(
                f"'{value}' is not a network adapter; say user, network=NAME, bridge=NAME, direct=DEVICE or ethernet, "
                "then any of ,model=NAME ,mac=ADDRESS ,mode=NAME (of direct)",
                param,
                ctx,
            )
        return NicWish(
            connection=connections[0], model=names.get("model"), mac=names.get("mac"), mode=names.get("mode")
        )


class Device(click.ParamType[DeviceWish]):
    """``KIND`` (or ``pci=ADDRESS``, ``usb=VENDOR:PRODUCT``), then ``,type=NAME`` ``,source=PATH`` and the like."""

    name = "device"

    def convert(self, value: str | DeviceWish, param: click.Parameter | None, ctx: click.Context | None) -> DeviceWish:
        if isinstance(value, DeviceWish):
            return value
        what, *words = value.split(",")
        kind, _, of_host = what.partition("=")
        names, flags = _options(words)
        source = names.pop("source", None) or of_host or None
        unknown = (flags - {"ro"}) | (names.keys() - SETTINGS.keys())
        if kind not in KINDS or unknown or (of_host and kind not in _OF_HOST) or (kind in _OF_HOST and source is None):
            self.fail(
                f"'{value}' is not a device; say one of {', '.join(sorted(KINDS.keys() - set(_OF_HOST)))}, pci=ADDRESS "
                f"or usb=VENDOR:PRODUCT, then any of ,source=PATH ,ro {' '.join(f',{each}=TEXT' for each in SETTINGS)}",
                param,
                ctx,
            )
        return DeviceWish(
            kind=kind, source=source, said=tuple(names.items()), read_only=True if "ro" in flags else None
        )


def _options(words: list[str]) -> tuple[dict[str, str], set[str]]:
    """``name=value`` words, and the other words."""
    names = dict(word.split("=", 1) for word in words if "=" in word)
    return names, {word for word in words if "=" not in word}
