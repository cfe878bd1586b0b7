"""What an operator may reach on a host, and how long things may take: :class:`Policy`."""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from openvman.messages import containers as containers_rows
from openvman.messages import devices as devices_rows
from openvman.messages import images as images_rows
from openvman.messages import networks as networks_rows
from openvman.messages.message import ErrorMessage
from openvman.model.actor import Actor, Role
from openvman.model.allocation import DeviceKind, NicConnection
from openvman.model.defaults import ENTROPY, FORMAT_OF_SUFFIX, INIT
from openvman.model.endpoint import is_loopback
from openvman.model.errors import ModelError
from openvman.model.spec import DeviceSpec, NicSpec, SerialSpec
from openvman.operations import host_files

_OPEN_INTERFACE = re.compile("vtap[0-9]{1,4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The owner's settings. An administrator is held to none of the bridges, and to the paths only so far as the host's
    own files are concerned.
    """

    image_roots: tuple[Path, ...] = ()
    """Folders (absolute) that operators' disk images are below. A relative source is looked up in them in this order;
    new images are made in the first."""
    bridges: tuple[str, ...] = ()
    """Bridges of the host that operators may connect NICs to: a bridge may lead to the host's own network."""
    patience: timedelta = timedelta(seconds=5)
    """How long a change waits for another of the same object before it is refused as BUSY."""
    shut_down_timeout: timedelta = timedelta(seconds=20)
    """How long a guest has to shut down where the request does not say."""
    maximum_timeout: timedelta = timedelta(minutes=10)
    """The longest that a request may make the server wait."""
    console_limit: int = 1024**2
    """The most bytes of a console's log in one answer."""

    def __post_init__(self) -> None:
        for root in self.image_roots:
            assert root.is_absolute(), f"the image folder {root} is not absolute"

    def roots(self) -> str:
        """The image folders, for a message."""
        return ", ".join(map(str, self.image_roots)) or "none configured"

    def check_path(self, actor: Actor, path: str, setting: str) -> None:
        """Refuse a path that the actor may not reach: ACCESS_DENIED. Blocks while it resolves symbolic links.

        Both the path as written and what it leads to must be below an image folder. Links are resolved on this
        machine; for a host that is another machine, the paths that its driver tells of an image are what counts.
        """
        if actor.role >= Role.ADMIN:
            return
        if not self._is_below(path, [str(root) for root in self.image_roots]):
            raise ModelError(images_rows.NOT_OPEN, setting, path=path, folders=self.roots())

    def check_image(self, actor: Actor, path: str, also: tuple[str, ...] = ()) -> None:
        """Refuse a disk image that the actor may not reach: ACCESS_DENIED. Blocks, likewise.

        ``also`` are folders open to the actor beside the image folders. What the host itself lives by is refused to
        administrators too: a guest would read or overwrite it. Who means it makes its folder an image folder.
        """
        roots = [*map(str, self.image_roots), *also]
        if self._is_below(path, roots):
            return
        self.check_path(actor, path, "source")
        reason = host_files.reason_against(path)
        if reason is not None:
            raise ModelError(images_rows.OF_THE_HOST, "source", path=path, reason=reason, folders=self.roots())

    def is_familiar(self, path: str) -> bool:
        """Whether what is there is meant to be a disk: it is in an image folder, or its name says so. Blocks."""
        return (
            self._is_below(path, [str(root) for root in self.image_roots])
            or Path(path).suffix.lower() in FORMAT_OF_SUFFIX
            or host_files.is_block_device(path)
        )

    @staticmethod
    def _is_below(path: str, roots: list[str]) -> bool:
        return _below(path, roots) and _below(os.path.realpath(path), [os.path.realpath(root) for root in roots])

    def check_nic(self, actor: Actor, nic: NicSpec) -> None:
        """Refuse a bridge or device of the host, or an interface on it, that the actor may not use: ACCESS_DENIED."""
        if actor.role >= Role.ADMIN:
            return
        if nic.connection is NicConnection.BRIDGE and nic.source not in self.bridges:
            raise ModelError(devices_rows.BRIDGE_NOT_OPEN, "source", bridge=nic.source, bridges=self.bridges)
        if nic.connection in {NicConnection.DIRECT, NicConnection.ETHERNET}:
            raise ModelError(devices_rows.DIRECT_NOT_OPEN, "connection", nic=nic)
        if nic.target is not None and not _OPEN_INTERFACE.fullmatch(nic.target):
            # An interface that is there already would be taken, with what is sent to it.
            raise ModelError(devices_rows.INTERFACE_NOT_OPEN, "target", nic=nic)

    def check_reach(self, actor: Actor, what: str) -> None:
        """Refuse a change of the host itself, such as its networks, to those who manage systems: ACCESS_DENIED."""
        if actor.role < Role.ADMIN:
            raise ModelError(networks_rows.NOT_OPEN, "name", what=what)

    def check_serial(self, actor: Actor, serial: SerialSpec) -> None:
        """Refuse a serial port that listens where the actor may not let it: ACCESS_DENIED."""
        if actor.role < Role.ADMIN and serial.address is not None and not is_loopback(serial.address):
            raise ModelError(devices_rows.SERIAL_NOT_OPEN, "address", serial=serial)

    def check_init(self, actor: Actor, init: str | None) -> None:
        """Refuse a container's init that the actor may not choose: ACCESS_DENIED."""
        if init not in {None, "", INIT} and actor.role < Role.ADMIN:
            raise ModelError(containers_rows.INIT_NOT_OPEN, "init", usual=INIT)

    def check_device(self, actor: Actor, device: DeviceSpec) -> None:
        """Refuse a device that reaches into the host further than the actor may: ACCESS_DENIED."""
        if actor.role >= Role.ADMIN:
            return
        row = next((row for reaches, row in _REACHING if reaches(device)), None)
        if row is not None:
            raise ModelError(row, "source" if device.source else "kind", device=device, open=ENTROPY)

    def shut_down_time(self, asked: timedelta | None) -> timedelta:
        """How long to wait for a guest to shut down."""
        return min(self.shut_down_timeout if asked is None else asked, self.maximum_timeout)


_REACHING: tuple[tuple[Callable[[DeviceSpec], bool], ErrorMessage], ...] = (
    (lambda d: d.kind is DeviceKind.HOST_DEVICE, devices_rows.HOST_DEVICE_NOT_OPEN),
    (lambda d: d.kind is DeviceKind.FILE_SYSTEM, devices_rows.FILE_SYSTEM_NOT_OPEN),
    (
        lambda d: d.kind is DeviceKind.GRAPHICS and d.address is not None and not is_loopback(d.address),
        devices_rows.LISTENER_NOT_OPEN,
    ),
    (lambda d: d.source is not None and d.source != ENTROPY, devices_rows.FILE_NOT_OPEN),
)
"""What touches the host beyond the system's own, and why it may not."""


def _below(path: str, roots: list[str]) -> bool:
    path = os.path.normpath(path)
    return any(path.startswith(os.path.normpath(root).rstrip("/") + "/") for root in roots)
