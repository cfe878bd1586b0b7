"""What a driver promises. Every driver passes ``tests/drivers/conformance.py``.

A driver reaches one platform: a hypervisor connection with one host, or a manager with many. It is asynchronous:
blocking calls of a binding run in the driver's own worker threads, each with a deadline. It keeps no picture of its
own (``inventory`` does), never guesses defaults (``operations`` fills them), and raises only
:class:`openvman.model.errors.ModelError`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from openvman.model.alert import SystemFault
from openvman.model.host import Host
from openvman.model.network import NetworkSpec
from openvman.model.network_filter import FilterReference, NetworkFilterSpec
from openvman.model.spec import Definition, ResourceSpec, SystemSpec
from openvman.model.states import Action
from openvman.model.storage import PoolVolumes, StoragePoolSpec, Volume
from openvman.model.system import ConfigurationKind, VirtualSystem


@dataclass(frozen=True, slots=True)
class SystemChanged:
    """Something about the system may have changed, or it is new, or gone: read it again."""

    system_id: str


@dataclass(frozen=True, slots=True)
class HostChanged:
    """Something about the host may have changed: read it again."""

    host_id: str


@dataclass(frozen=True, slots=True)
class VolumesChanged:
    """What the storage pool holds may have changed: read it again."""

    host_id: str
    pool: str


@dataclass(frozen=True, slots=True)
class ConnectionLost:
    """The platform does not answer any more. The driver is closed; ``open`` may be tried again."""

    reason: str


Event: TypeAlias = SystemChanged | HostChanged | VolumesChanged | SystemFault | ConnectionLost
EventSink: TypeAlias = Callable[[Event], None]
"""Called in the event loop's thread, never after ``close`` has returned."""


Progress: TypeAlias = Callable[[int], None]
"""Is told, in the event loop's thread, how much of a call is done: percent from 0 to 100, as the platform counts it.
It may be told the same or less again, and is not told anything after the call has returned."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything on a platform at one time; a host that the platform knows and cannot reach has ``online`` false.

    ``volumes`` are those of every active storage pool.
    """

    hosts: tuple[Host, ...]
    systems: tuple[VirtualSystem, ...]
    volumes: tuple[PoolVolumes, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsoleChunk:
    """Bytes of a console's log from ``offset`` on; ``size`` is the log's whole length now."""

    data: bytes
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Image:
    """A disk image as found on the host.

    ``path`` is where it is once symbolic links are followed; only a block device keeps the name that it was asked by.
    ``backing`` is the path of the file that the image says it stands on: on its word alone, nobody has looked there.
    ``backing_format`` is what it says of that file's format, if anything.
    """

    path: str
    format: str
    capacity: int
    backing: str | None = None
    backing_format: str | None = None


class Driver(Protocol):
    """A platform. ``open`` and ``close`` may alternate; no other call is legal while closed."""

    @property
    def platform(self) -> str:
        """The address given, without credentials."""

    async def open(self, sink: EventSink) -> None:
        """Connect and begin to send events. Raises UNAVAILABLE with the reason and the cure."""

    async def close(self) -> None:
        """Disconnect; calls under way end with UNAVAILABLE. Virtual systems go on running where they can."""

    async def fence(self) -> None:
        """Return when the sink has been told of everything that happened on the platform before the call.

        As far as the platform tells of it by events at all. Cheap enough to come before every read.
        """

    async def load(self) -> Picture:
        """Read everything. Changes after the call begins are told by events."""

    async def read_host(self, host_id: str) -> Host | None: ...

    async def autostarting(self, host_id: str) -> frozenset[str]:
        """The ids of the systems of the host that start with it; one question, whatever their number."""

    async def read_system(self, system_id: str) -> VirtualSystem | None:
        """Read one system now; None when it does not exist (any more)."""

    async def define(self, definition: Definition) -> None:
        """Define it; it is not started. Raises ALREADY_EXISTS for a name or id in use. Leaves nothing on failure."""

    async def undefine(self, system_id: str) -> None:
        """Remove a defined, inactive system with its saved memory and console log. Images stay. NOT_FOUND if gone."""

    async def modify_system(self, system_id: str, spec: SystemSpec) -> None:
        """Change what ``spec`` says of the defined configuration (autostart and description also act at once).

        What the driver does not understand in an existing configuration stays as it was.
        """

    async def modify_resource(self, system_id: str, kind: ConfigurationKind, spec: ResourceSpec) -> None:
        """Change the allocation ``spec.allocation_id`` in the configuration of ``kind``.

        STATE changes the active system (raises NOT_SUPPORTED where that cannot be done), DEFINED the next activation.
        """

    async def add_resources(self, system_id: str, kind: ConfigurationKind, specs: Sequence[ResourceSpec]) -> None:
        """Add devices to the configuration of ``kind``, all or none; each spec says all, as in a definition.

        STATE plugs them into the active system (NOT_SUPPORTED where that cannot be done, see ``model.plugging``,
        INVALID_STATE when it is not active), DEFINED is the next activation. ALREADY_EXISTS for a target, address or
        port that it has. What is numbered by kind comes after those that are there.
        """

    async def remove_resources(self, system_id: str, kind: ConfigurationKind, allocation_ids: Sequence[str]) -> None:
        """Remove devices from the configuration of ``kind``, all or none; images stay.

        STATE asks the guest to let go and returns when it has: TIMEOUT when it does not in time (and yet may), FAILED
        when it says no, NOT_SUPPORTED where that cannot be done, as with what the hypervisor gives every machine.
        NOT_FOUND for what the configuration does not have, INVALID_PARAMETER for processors and memory. What is
        numbered by kind moves up.
        """

    async def act(self, system_id: str, action: Action, progress: Progress | None = None) -> None:
        """Do a legal transition. SHUT_DOWN and REBOOT return when the guest has been asked, all others when done.

        RESET and START of a paused system end in ACTIVE. Where the platform says how far a transition is that takes
        long, as saving a guest's memory does, ``progress`` is told from time to time.
        """

    async def abandon(self, system_id: str, action: Action) -> None:
        """Have an ``act`` give up that is under way, where the platform can: it raises, and the system is as it was.

        Nothing happens where none is under way, or none that can be given up: it comes to its end.
        """

    async def is_saving(self, system_id: str) -> bool:
        """Whether a SUSPEND is under way, which may have been asked for by a former life of this process."""

    async def read_console(self, system_id: str, port: int, offset: int, limit: int) -> ConsoleChunk:
        """Read the log of a serial port whose allocation ``has_log``. Empty while nothing was printed."""

    async def inspect_image(self, host_id: str, path: str) -> Image:
        """Look at one image, and at no other file, whatever it stands on. NOT_FOUND if there is none."""

    async def create_image(self, host_id: str, path: str, format: str, capacity: int) -> None:
        """Make an empty image (bytes). ALREADY_EXISTS when the path is taken."""

    async def write_image(self, host_id: str, path: str, content: bytes) -> None:
        """Make a raw image of these bytes, which nobody but its owner and the hypervisor may read.

        An image that stands there is replaced; whoever has it open goes on reading the old one. After a failure the old
        one stands there, or none. NOT_FOUND when there is no folder.
        """

    async def delete_image(self, host_id: str, path: str) -> None:
        """Remove an image file; gone already is fine."""

    async def inspect_volume(self, host_id: str, volume: Volume) -> Image:
        """Look at a volume of a storage pool, as at an image. NOT_FOUND if there is no such pool or volume."""

    async def create_volume(self, host_id: str, volume: Volume, format: str, capacity: int) -> None:
        """Make an empty volume (bytes), of which a pool of files takes only what is written.

        Raises ALREADY_EXISTS, NOT_FOUND (the pool), INSUFFICIENT when the pool has not so much left.
        """

    async def delete_volume(self, host_id: str, volume: Volume) -> None:
        """Remove a volume; gone already, or with its pool, is fine."""

    async def read_volumes(self, host_id: str, pool: str) -> PoolVolumes | None:
        """The volumes of a storage pool, the first :data:`~openvman.model.storage.MAXIMUM_VOLUMES` by name; None when
        there is no such pool that is active.
        """

    async def create_storage_pool(self, host_id: str, pool: StoragePoolSpec) -> None:
        """Make a storage pool that lasts, active now and (``autostart``) with the host, of what is there: nothing is
        formatted. NOT_FOUND for no such folder, ALREADY_EXISTS, NOT_SUPPORTED where the hypervisor has no such storage
        pools. Leaves nothing on failure.
        """

    async def delete_storage_pool(self, host_id: str, name: str) -> None:
        """Forget a storage pool; what is in its place stays. NOT_FOUND; IN_USE while it is active and has volumes."""

    async def change_storage_pool(
        self, host_id: str, name: str, *, active: bool | None = None, autostart: bool | None = None
    ) -> None:
        """Start or stop it, and have it start with the host or not; None: it stays. NOT_FOUND.

        One that is stopped and not persistent is gone.
        """

    async def refresh_storage_pool(self, host_id: str, name: str) -> None:
        """Have the hypervisor look what is there. NOT_FOUND when there is no such pool that is active."""

    async def create_network(self, host_id: str, network: NetworkSpec) -> None:
        """Make a network that lasts, active now. ALREADY_EXISTS for a name, a UUID or a bridge in use, NOT_SUPPORTED
        where the hypervisor has no networks. Leaves nothing on failure.
        """

    async def delete_network(self, host_id: str, uuid: str) -> None:
        """Stop and forget it, whoever is connected. NOT_FOUND."""

    async def change_network(
        self, host_id: str, uuid: str, *, active: bool | None = None, autostart: bool | None = None
    ) -> None:
        """Start or stop it, and have it start with the host or not; as with a storage pool. NOT_FOUND."""

    async def create_filter(self, host_id: str, filter: NetworkFilterSpec) -> None:
        """Make a network filter. ALREADY_EXISTS for a name or UUID in use, NOT_FOUND for a filter that it refers to,
        NOT_SUPPORTED where the hypervisor has no filters.
        """

    async def delete_filter(self, host_id: str, uuid: str) -> None:
        """Remove a network filter. NOT_FOUND; IN_USE while an active system or another filter uses it."""

    async def add_filter_reference(self, host_id: str, uuid: str, reference: FilterReference) -> None:
        """Have a filter refer to another too, behind what it has. It applies at once.

        NOT_FOUND for either; ALREADY_EXISTS for a reference that it has; INVALID_PARAMETER when filters would refer
        to each other in a circle.
        """

    async def remove_filter_reference(self, host_id: str, uuid: str, reference: FilterReference) -> None:
        """Have a filter no more refer to another. It applies at once. NOT_FOUND when there is no such reference."""
