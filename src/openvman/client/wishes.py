"""What a client may ask for: plain values. None is what was not said; sizes in bytes."""

from __future__ import annotations

from dataclasses import dataclass

from openvman.client.tuning import Tuning


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskWish:
    """``source`` is an image of the host, or ``capacity`` (bytes) the size of a new one."""

    source: str | None = None
    capacity: int | None = None
    kind: str = "disk"
    bus: str | None = None
    target: str | None = None
    read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NicWish:
    """``connection`` is ``network:<name>``, ``bridge:<name>`` or ``user``."""

    connection: str
    model: str | None = None
    mac: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemWish:
    """A virtual machine to define. None leaves it to the server's defaults; ``memory`` in bytes."""

    name: str
    cpus: int | None = None
    memory: int | None = None
    disks: tuple[DiskWish, ...] = ()
    nics: tuple[NicWish, ...] = ()
    description: str | None = None
    autostart: bool | None = None
    type: str | None = None
    id: str | None = None
    tuning: Tuning | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What to change of a configuration; None stays as it is."""

    name: str | None = None
    description: str | None = None
    autostart: bool | None = None
    cpus: int | None = None
    memory: int | None = None
    tuning: Tuning | None = None

    @property
    def of_system(self) -> bool:
        """Whether anything of the system as a whole is to change."""
        return any(value is not None for value in (self.name, self.description, self.autostart))

    @property
    def of_resources(self) -> bool:
        return any(value is not None for value in (self.cpus, self.memory, self.tuning))
