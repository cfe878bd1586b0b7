"""cloud-init data for a guest: its disk is made, given to the system, replaced and removed (NoCloud).

The disk is an image of the server's own, in the first image folder and by a name that tells whose it is: no request may
name it as a source, so that nobody reads another's data by it. Of the few names that a system's images may have, one is
always free: a new image never takes the place of one that a guest reads, nor does one left by a crash stand in the way.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import structlog

from openvman.drivers.contract import Driver
from openvman.messages import cloud_init as cloud_init_rows
from openvman.messages.problem import Problem
from openvman.model.allocation import DiskAllocation, DiskKind
from openvman.model.cloud_init import CLOUD_INIT_RULES, WORDS
from openvman.model.container_rules import CONTAINER_RULES
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.seed import seed_names, seed_owner
from openvman.model.spec import Definition, DiskSpec, SystemSpec
from openvman.model.states import State
from openvman.model.system import Configuration, ConfigurationKind, VirtualSystem
from openvman.model.validation import Devices, Surroundings, check
from openvman.operations.context import Context
from openvman.operations.defaults import fill_disks
from openvman.operations.policy import Policy
from openvman.operations.seed_image import seed_image
from openvman.operations.specs import local_id, spec_of
from openvman.operations.steps import DeleteImage, PackedSpec, PutBack, RestoreResource, TakeAway
from openvman.operations.undo import Undo
from openvman.operations.validate import check_devices, label

log = structlog.get_logger()


def check_data(data: SystemSpec, name: str, host: Host) -> None:
    """Refuse cloud-init data that breaks a rule: INVALID_PARAMETER."""
    check(CLOUD_INIT_RULES + CONTAINER_RULES, data, Surroundings(host=host, of=label(name)), set(WORDS))


def without_data(spec: SystemSpec) -> SystemSpec:
    """What is said beside the cloud-init data: what a driver may be given."""
    return replace(spec, user_data=None, meta_data=None, network_config=None)


def path_of(policy: Policy, data: SystemSpec, system_id: str) -> str | None:
    """Where the image of a new system goes; None where no data is given."""
    return _paths(policy, system_id)[0] if data.user_data else None


def with_drive(path: str | None, definition: Definition, host: Host) -> Definition:
    """The definition with the drive that its cloud-init data needs; the same where there are none."""
    if path is None:
        return definition
    (drive,) = fill_disks([_drive(path)], host, {disk.target or "" for disk in definition.disks})
    return replace(definition, disks=(*definition.disks, drive))


async def write(driver: Driver, path: str, data: SystemSpec, definition: Definition, undo: Undo) -> None:
    """Make the image that the definition's drive has."""
    await _write(driver, definition.host_id, path, data, definition.id, definition.name, undo)


async def change(context: Context, host: Host, system: VirtualSystem, data: SystemSpec, undo: Undo) -> None:
    """Give the next activation other cloud-init data; with empty user data, none.

    INVALID_STATE for a suspended system: its saved memory goes with the disk that it has.
    """
    check_data(data, data.name or system.name, host)
    defined = system.defined
    assert defined is not None, "what is modified has a definition"
    if system.state is State.SUSPENDED:
        raise ModelError(cloud_init_rows.SUSPENDED, system.id, system=system)
    driver = context.inventory.driver_of(host.id)
    drive = next((disk for disk in defined.disks if seed_owner(disk.source) == system.id), None)
    if not data.user_data:
        if drive is not None:
            await _remove(driver, defined, drive, undo)
        return
    used = {disk.source for configuration in system.configurations() for disk in configuration.disks}
    path = next(path for path in _paths(context.policy, system.id) if path not in used)
    await _write(driver, host.id, path, data, system.id, data.name or system.name, undo)
    if drive is None:
        await _add(driver, host, system, defined, path, undo)
    else:
        now = DiskSpec(allocation_id=drive.id, source=path, format="raw")
        before = replace(now, source=drive.source)
        back = RestoreResource(host.id, system.id, ConfigurationKind.DEFINED, PackedSpec.of(before))
        async with undo.acting(back):
            await driver.modify_resource(system.id, ConfigurationKind.DEFINED, now)


async def tidy(context: Context, system: VirtualSystem) -> None:
    """Remove the images of the system that none of its configurations has any more; what cannot go is logged."""
    used = {disk.source for configuration in system.configurations() for disk in configuration.disks}
    driver = context.inventory.driver_of(system.host_id)
    for path in _own(context.policy, system.id):
        if path not in used:
            try:
                await driver.delete_image(system.host_id, path)
            except ModelError as error:
                log.warning("could not remove old cloud-init data", path=path, reason=error.message)


async def forget(context: Context, host_id: str, system_id: str) -> None:
    """Remove the images of a system that has been undefined. FAILED when one cannot be: it may hold secrets."""
    driver = context.inventory.driver_of(host_id)
    for path in _own(context.policy, system_id):
        try:
            await driver.delete_image(host_id, path)
        except ModelError as error:
            if error.problem is Problem.NOT_SUPPORTED:  # a platform where none can have been made
                continue
            raise ModelError(
                cloud_init_rows.LEFT, path, id=system_id, path=path, reason=str(error.said).rstrip(".")
            ) from error


def _paths(policy: Policy, system_id: str) -> tuple[str, ...]:
    if not policy.image_roots:
        raise ModelError(cloud_init_rows.NO_FOLDER, "user_data")
    return tuple(f"{policy.image_roots[0]}/{name}" for name in seed_names(system_id))


def _own(policy: Policy, system_id: str) -> list[str]:
    """Where images of the system may be: in any image folder, for they may have been listed in another order."""
    return [f"{root}/{name}" for root in policy.image_roots for name in seed_names(system_id)]


def _drive(path: str) -> DiskSpec:
    return DiskSpec(kind=DiskKind.CDROM, source=path, format="raw", read_only=True)


async def _write(
    driver: Driver, host_id: str, path: str, data: SystemSpec, system_id: str, name: str, undo: Undo
) -> None:
    content = await asyncio.to_thread(seed_image, data, system_id, name)
    async with undo.acting(DeleteImage(host_id, path)):
        await driver.write_image(host_id, path, content)


async def _add(
    driver: Driver, host: Host, system: VirtualSystem, defined: Configuration, path: str, undo: Undo
) -> None:
    targets = frozenset(disk.target for each in system.configurations() for disk in each.disks)
    (drive,) = fill_disks([_drive(path)], host, targets)
    devices = Devices(disks=(*map(spec_of, defined.disks), drive), nics=())
    check_devices(devices, system.name, host, {"disks"})
    added = f"{defined.id}/{local_id(drive)}"
    async with undo.acting(TakeAway(host.id, system.id, ConfigurationKind.DEFINED, [added])):
        await driver.add_resources(system.id, ConfigurationKind.DEFINED, [drive])


async def _remove(driver: Driver, defined: Configuration, drive: DiskAllocation, undo: Undo) -> None:
    removed = [PackedSpec.of(spec_of(drive))]
    kept = [PackedSpec.of(spec_of(each)) for each in defined.allocations() if each is not drive]
    kind = ConfigurationKind.DEFINED
    async with undo.acting(PutBack(defined.host_id, defined.system_id, kind, removed, kept)):
        await driver.remove_resources(defined.system_id, kind, [drive.id])
