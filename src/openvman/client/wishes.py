"""What a client may ask for: plain values. None is what was not said; sizes in bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

from openvman.client.tuning import Tuning


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskTuning:
    """How a disk is cached and limited. Limits are bytes or requests a second; 0 takes one away."""

    cache: str | None = None
    discard: str | None = None
    bytes_limit: int | None = None
    read_bytes_limit: int | None = None
    write_bytes_limit: int | None = None
    iops_limit: int | None = None
    read_iops_limit: int | None = None
    write_iops_limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskWish:
    """``source`` is an image of the host or ``volume:<pool>/<volume>``, or ``capacity`` (bytes) the size of a new one.

    ``pool`` is the pool to take it from; in a storage pool of the hypervisor, ``source`` may be a volume's bare name.
    """

    source: str | None = None
    capacity: int | None = None
    kind: str = "disk"
    bus: str | None = None
    target: str | None = None
    read_only: bool = False
    shareable: bool = False
    format: str | None = None
    pool: str | None = None
    tuning: DiskTuning = DiskTuning()


@dataclass(frozen=True, slots=True, kw_only=True)
class NicWish:
    """``connection`` is ``network:<name>``, ``bridge:<name>``, ``direct:<device>``, ``user`` or ``ethernet``; ``mode``
    is that of a direct one.
    """

    connection: str
    model: str | None = None
    mac: str | None = None
    mode: str | None = None


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
class DiskChange:
    """What to change of the disk at ``target``; None stays as it is."""

    target: str
    read_only: bool | None = None
    shareable: bool | None = None
    tuning: DiskTuning = DiskTuning()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What to change of a configuration; None stays as it is."""

    name: str | None = None
    description: str | None = None
    autostart: bool | None = None
    cpus: int | None = None
    memory: int | None = None
    tuning: Tuning | None = None
    disks: tuple[DiskChange, ...] = ()
    screen_password: str | None = field(default=None, repr=False)
    """What viewers of all its screens have to say; an empty text takes it away."""

    @property
    def of_system(self) -> bool:
        """Whether anything of the system as a whole is to change."""
        return any(value is not None for value in (self.name, self.description, self.autostart))

    @property
    def of_resources(self) -> bool:
        said = any(value is not None for value in (self.cpus, self.memory, self.tuning, self.screen_password))
        return said or bool(self.disks)
