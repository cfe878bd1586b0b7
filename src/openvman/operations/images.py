"""Disk images: from what a request says to a path and a format that may be used, and whether another disk uses it.

The rules are those of a host whose disks are its tenants' to write. A path must be one that the actor may reach, and
so must every file that the image stands on. The format is what the request says, else what the file name says, and is
always written down: a guest can make its raw disk look like a qcow2 image that stands on any file of the host.
"""

from __future__ import annotations

import asyncio
import os.path
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Final, TypeAlias

from openvman.drivers.contract import Driver, Image
from openvman.inventory.generation import Generation
from openvman.messages import images as images_rows
from openvman.messages.problem import Problem
from openvman.model import defaults
from openvman.model.actor import Actor
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.seed import seed_owner
from openvman.model.spec import DiskSpec
from openvman.model.storage import Volume, place_of, storage_pool_name, volume_in
from openvman.model.system import Configuration, ConfigurationKind, VirtualSystem
from openvman.operations.defaults import format_of
from openvman.operations.policy import Policy
from openvman.operations.steps import DeleteImage
from openvman.operations.undo import Undo
from openvman.operations.volumes import format_in, new_names, pool_on

_NUMBERS = 100
"""How many images of one name are made before a better name is asked for."""
_LONGEST_CHAIN = 32
"""How many files an image may stand on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A disk whose image is found, or is to be made.

    ``spec`` says the absolute source (of an image to be made: the first choice) and the format. ``chain`` holds every
    file that the image stands on, itself first; it is empty for an empty drive, and for an image whose path is ours to
    choose.
    """

    spec: DiskSpec
    chain: tuple[str, ...] = ()
    make: tuple[str, ...] = ()
    """The paths to make it at: the first that is free."""


async def resolve(
    policy: Policy, actor: Actor, driver: Driver, host: Host, name: str, disk: DiskSpec, own_seed: str | None = None
) -> Resolved:
    """Find the image of a disk, or where a new one goes; ``name`` is the virtual system's.

    ``own_seed`` is the path of the image that is made of the system's own cloud-init data. Nobody may
    name another such image.

    Raises ACCESS_DENIED for a path out of the actor's reach, NOT_FOUND for no image (and no capacity to make one of),
    INVALID_PARAMETER for one that is not as the request says.
    """
    wanted = storage_pool_name(disk.pool) if disk.source is None and disk.capacity is not None else None
    volume = volume_in(disk.source)
    if volume is not None:
        return await _resolve_volume(policy, actor, driver, host, disk, volume)
    if wanted is not None:
        return _new_volume(host, disk, wanted, name)
    if not disk.source:
        return Resolved(spec=disk) if disk.capacity is None else _new(policy, disk, name)
    if disk.source == own_seed:
        return Resolved(spec=disk, chain=(disk.source,))
    _refuse_seed(disk.source)
    candidates = _candidates(policy, disk.source)
    for path in candidates:
        await asyncio.to_thread(policy.check_image, actor, path)
        try:
            image = await driver.inspect_image(host.id, path)
        except ModelError as error:
            if error.problem is not Problem.NOT_FOUND:
                raise
            continue
        return await _existing(policy, actor, driver, host, disk, image)
    if disk.capacity is not None:
        path = candidates[0]
        made = replace(disk, source=path, format=disk.format or format_of(path))
        return Resolved(spec=made, chain=(path,), make=(path,))
    raise ModelError(images_rows.UNKNOWN, "source", source=disk.source, host=host, folders=policy.roots())


async def make(driver: Driver, host: Host, image: Resolved, undo: Undo) -> DiskSpec:
    """Make the new image; the disk as it is to be defined. ALREADY_EXISTS when no path is free."""
    disk = image.spec
    assert disk.format is not None, "resolve says the format"
    assert disk.capacity is not None, "an image is made of a capacity"
    if disk.capacity <= 0:
        raise ModelError(images_rows.EMPTY, "capacity", disk=disk)
    for path in image.make:
        if await _is_there(driver, host, path):
            continue
        volume = volume_in(path)
        try:
            async with undo.acting(DeleteImage(host.id, path)):
                if volume is None:
                    await driver.create_image(host.id, path, disk.format, disk.capacity)
                else:
                    await driver.create_volume(host.id, volume, disk.format, disk.capacity)
        except ModelError as error:
            if error.problem is not Problem.ALREADY_EXISTS:
                raise
        else:
            return replace(disk, source=path)
    raise ModelError(images_rows.THERE_ALREADY, "source", source=disk.source)


async def _is_there(driver: Driver, host: Host, path: str) -> bool:
    """Asked before it is written down that the image is to be deleted should its making fail."""
    volume = volume_in(path)
    try:
        await (driver.inspect_image(host.id, path) if volume is None else driver.inspect_volume(host.id, volume))
    except ModelError as error:
        if error.problem is Problem.NOT_FOUND:
            return False
        if error.problem is Problem.UNAVAILABLE:
            raise
    return True


Claims = Callable[[VirtualSystem, Configuration], bool]
"""Whether the images of another system's configuration are its own."""


def claims(kind: ConfigurationKind, *, shared: bool) -> Claims:
    """What keeps an image from a configuration of the kind: all others, or with ``shared`` what uses it now.

    A definition uses nothing, so with ``shared`` nothing keeps an image from it.
    """
    if not shared:
        return lambda _system, _configuration: True
    if kind is ConfigurationKind.DEFINED:
        return lambda _system, _configuration: False
    return lambda system, configuration: configuration is system.current


async def check_unused(
    generation: Generation,
    host: Host,
    system_id: str,
    name: str,
    disks: Iterable[Resolved],
    kept: Iterable[DiskSpec],
    claimed: Claims,
) -> list[Resolved]:
    """Refuse disks that another disk on the host uses, unless both are read-only or both are shareable.

    Other disks are those of the other systems' ``claimed`` configurations, of ``disks`` themselves and ``kept``, the
    disks that the system has already. Nor may an image stand on a file that another disk writes. Raises INVALID_STATE
    with the name of the other system. Returns the disks; what is made for them is made on paths that no disk claims.

    What other hosts do with shared storage is not seen, nor what other systems' images stand on.
    """
    asked = tuple(disks)
    if not asked:
        return []
    uses = [
        _Use(
            system.name,
            place_of(host.storage, disk.source),
            disk.read_only,
            disk.shareable,
            is_claimed=claimed(system, configuration),
        )
        for system in generation.systems_of(host.id)
        if system.id != system_id
        for configuration in system.configurations()
        for disk in configuration.disks
        if disk.source
    ]
    uses += [_use(name, disk, place_of(host.storage, disk.source)) for disk in kept if disk.source]
    return await asyncio.to_thread(_check_uses, uses, asked, name, host)


@dataclass(frozen=True, slots=True)
class _Use:
    system: str
    path: str
    read_only: bool
    shareable: bool
    is_claimed: bool = True


def _use(name: str, disk: DiskSpec, path: str) -> _Use:
    return _Use(name, path, bool(disk.read_only), bool(disk.shareable))


def _check_uses(uses: list[_Use], disks: tuple[Resolved, ...], name: str, host: Host) -> list[Resolved]:
    """Blocks: files are looked at."""
    thing_at = cache(_thing_at)
    by_thing: dict[_Thing, list[_Use]] = {}
    for use in uses:
        by_thing.setdefault(thing_at(use.path), []).append(use)
    for disk in disks:
        own = _use(name, disk.spec, disk.spec.source or "")
        for place, link in enumerate(dict.fromkeys(os.path.realpath(link) for link in disk.chain)):
            for other in by_thing.get(thing_at(link), ()):
                if other.is_claimed and not _may_share(own, other, own_top=place == 0):
                    raise ModelError(images_rows.IN_USE, "source", path=link, disk=disk.spec, system=other.system)
            if place == 0:
                by_thing.setdefault(thing_at(link), []).append(own)

    def is_free(source: str) -> bool:
        return thing_at(place_of(host.storage, source)) not in by_thing

    return [
        replace(disk, make=tuple(source for source in disk.make if disk.chain or is_free(source))) for disk in disks
    ]


_Thing: TypeAlias = str | tuple[int, int]


def _thing_at(path: str) -> _Thing:
    """What a path leads to, the same for all paths that do; of what is not there, the path with links followed."""
    try:
        about = os.stat(path)  # noqa: PTH116 - there is one for every disk of the host
    except OSError:
        return os.path.realpath(path)
    return (_DEVICES, about.st_rdev) if stat.S_ISBLK(about.st_mode) else (about.st_dev, about.st_ino)


_DEVICES: Final = -1
"""No file system: block devices are what they are, whatever file names them."""


def _may_share(own: _Use, other: _Use, *, own_top: bool) -> bool:
    """Whether a file can be ``own``'s image (or what that stands on) while it is the image of ``other``."""
    if not own_top:
        return other.read_only
    return (own.read_only and other.read_only) or (own.shareable and other.shareable)


def _refuse_seed(path: str) -> None:
    if seed_owner(path) is not None:
        raise ModelError(images_rows.OF_CLOUD_INIT, "source", path=path)


async def _resolve_volume(
    policy: Policy, actor: Actor, driver: Driver, host: Host, disk: DiskSpec, volume: Volume
) -> Resolved:
    """A volume is open to whoever may have disks: who made the pool has opened its folder to virtual systems."""
    pool = pool_on(host, volume.pool)
    open_to_all = () if pool.folder is None else (pool.folder,)
    _refuse_seed(volume.name)
    try:
        image = await driver.inspect_volume(host.id, volume)
    except ModelError as error:
        if error.problem is not Problem.NOT_FOUND or disk.capacity is None:
            raise
        made = replace(disk, format=format_in(pool, disk.format))
        path = place_of(host.storage, volume.source)
        return Resolved(spec=made, chain=(path,), make=(volume.source,))
    found = await _existing(policy, actor, driver, host, disk, image, open_to_all)
    return replace(found, spec=replace(found.spec, source=volume.source))


def _new_volume(host: Host, disk: DiskSpec, pool_name: str, name: str) -> Resolved:
    pool = pool_on(host, pool_name)
    made = replace(disk, format=format_in(pool, disk.format))
    make = tuple(new_names(pool, name, disk, made.format or ""))
    return Resolved(spec=replace(made, source=make[0]), make=make)


async def _existing(
    policy: Policy,
    actor: Actor,
    driver: Driver,
    host: Host,
    disk: DiskSpec,
    image: Image,
    also: tuple[str, ...] = (),
) -> Resolved:
    by_name = format_of(image.path)
    if disk.format is None and not also and not await asyncio.to_thread(policy.is_familiar, image.path):
        raise ModelError(images_rows.STRANGE, "format", image=image, folders=policy.roots())
    if disk.format is None and image.format != by_name:
        raise ModelError(images_rows.FORMAT_UNCERTAIN, "format", image=image, by_name=by_name)
    format = disk.format or by_name
    if format not in {"raw", image.format}:
        raise ModelError(images_rows.OTHER_FORMAT, "format", image=image, wanted=format)
    if disk.capacity not in {None, image.capacity}:
        raise ModelError(images_rows.OTHER_CAPACITY, "capacity", image=image, wanted=disk.capacity)
    await asyncio.to_thread(policy.check_image, actor, image.path, also)
    # As a raw disk, an image stands on nothing: what its content may name is never looked at.
    below = [] if format == "raw" else await _below(policy, actor, driver, host, image, also)
    for path in (image.path, *below):
        _refuse_seed(path)
    spec = replace(disk, source=image.path, format=format, capacity=image.capacity)
    return Resolved(spec=spec, chain=(image.path, *below))


async def _below(
    policy: Policy, actor: Actor, driver: Driver, host: Host, image: Image, also: tuple[str, ...]
) -> list[str]:
    """The files that an image stands on. Each is looked at only once it is known that the actor may reach it: else the
    answer would tell which files the host has.
    """
    found: list[str] = []
    link = image
    while link.backing is not None:
        if len(found) == _LONGEST_CHAIN:
            raise ModelError(images_rows.ENDLESS_CHAIN, "source", image=image)
        await asyncio.to_thread(policy.check_image, actor, link.backing, also)
        is_raw = link.backing_format == "raw"
        link = await driver.inspect_image(host.id, link.backing)
        await asyncio.to_thread(policy.check_image, actor, link.path, also)
        found.append(link.path)
        if is_raw:
            break
    return found


def _new(policy: Policy, disk: DiskSpec, name: str) -> Resolved:
    if not policy.image_roots:
        raise ModelError(images_rows.NO_FOLDER, "source")
    format = disk.format or defaults.IMAGE_FORMAT
    stem, suffix = f"{policy.image_roots[0]}/{name}-{disk.target}", defaults.SUFFIX_OF_FORMAT[format]
    make = (f"{stem}{suffix}", *(f"{stem}-{number}{suffix}" for number in range(2, _NUMBERS + 1)))
    return Resolved(spec=replace(disk, source=make[0], format=format), make=make)


def _candidates(policy: Policy, source: str) -> list[str]:
    if source.startswith("/"):
        return [os.path.normpath(source)]
    if not policy.image_roots:
        raise ModelError(images_rows.RELATIVE, "source", source=source)
    return [os.path.normpath(f"{root}/{source}") for root in policy.image_roots]
