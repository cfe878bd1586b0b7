"""Devices of every kind come and go, and devices of the host are one system's at a time."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from openvman.messages.problem import Problem
from openvman.model.allocation import NO_DEVICE, DeviceKind
from openvman.model.errors import ModelError
from openvman.model.pool import find_pool, pools_of
from openvman.model.spec import DeviceSpec, DiskSpec, PoolSpec, SerialSpec
from openvman.model.states import Action
from openvman.model.system import ConfigurationKind

DEFINED, STATE = ConfigurationKind.DEFINED, ConfigurationKind.STATE
RNG = DeviceSpec(kind=DeviceKind.RNG)
GPU = DeviceSpec(kind=DeviceKind.HOST_DEVICE, type="pci", source="0000:41:00.0")
TABLET = DeviceSpec(kind=DeviceKind.HOST_DEVICE, type="usb", source="0627:0001")
SCSI = DeviceSpec(kind=DeviceKind.CONTROLLER, bus="scsi")


async def refused(awaitable) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await awaitable
    return caught.value


@pytest.fixture
def add(world, admin):
    """Adds to a configuration, as an administrator does unless another role is said."""

    def call(system, kind, *specs, role=None):
        configuration = configuration_of(world, system, kind)
        actor = admin if role is None else replace(admin, role=role)
        return world.operations.add_resources(actor, configuration=configuration, specs=specs)

    return call


@pytest.fixture
def remove(world):
    return lambda *allocations: world.operations.remove_resources(None, allocations=allocations)


def configuration_of(world, system, kind):
    found = world.system(system.id)
    return found.defined if kind is DEFINED else found.current


def there(world, system):
    """What the platform itself has, whatever the inventory shows."""
    found = world.driver.hypervisor.systems[system.id]
    return found.defined, found.current


async def running(world, *specs, name="web"):
    return await world.act(await world.define(*specs, name=name), Action.START)


@pytest.mark.parametrize("kind", ConfigurationKind)
async def test_devices_are_added_with_defaults_and_given_in_the_order_asked(world, add, admin, kind):
    system = await running(world, RNG)
    asked = (RNG, DeviceSpec(kind=DeviceKind.WATCHDOG), SCSI, DiskSpec(capacity=1 << 30))
    rng, watchdog, scsi, disk = await add(system, kind, *asked, role=admin.role - 1)
    names = [each.local_id for each in (rng, watchdog, scsi, disk)]
    assert names == ["rng:1", "watchdog:0", "controller:scsi:0", "disk:vda"]
    assert (rng.type, rng.backend, rng.source, watchdog.action) == ("virtio", "random", "/dev/urandom", "reset")
    assert configuration_of(world, system, kind).devices[-3:] == (rng, watchdog, scsi)


async def test_serial_ports_get_the_next_number(world, add, remove):
    system = await world.define(name="web")
    one, two = await add(system, DEFINED, SerialSpec(), SerialSpec())
    assert (one.port, two.port) == (1, 2)
    await remove(one)
    (again,) = await add(system, DEFINED, SerialSpec())
    assert again.port == 1


@pytest.mark.parametrize(
    "spec",
    [
        DeviceSpec(kind=DeviceKind.GRAPHICS, type="spice"),
        DeviceSpec(kind=DeviceKind.TPM),
        DeviceSpec(kind=DeviceKind.CONTROLLER, bus="usb"),
        SerialSpec(),
    ],
)
async def test_what_a_guest_finds_when_it_starts_waits_for_the_next_start(world, add, remove, spec):
    system = await running(world)
    error = await refused(add(system, STATE, RNG, spec))
    assert error.problem is Problem.NOT_SUPPORTED
    assert "defined configuration" in error.message
    assert there(world, system) == (system.defined, system.current)
    assert len(await add(system, DEFINED, RNG, spec)) == 2
    error = await refused(remove(system.current.serials[0]))
    assert error.problem is Problem.NOT_SUPPORTED
    assert "part of the machine" in error.message


@pytest.mark.parametrize("kind", ConfigurationKind)
async def test_a_failed_addition_leaves_nothing(world, add, kind):
    system = await running(world)
    world.inject(operation="add_resources", problem=Problem.TIMEOUT, after=True)
    assert (await refused(add(system, kind, RNG, RNG, SCSI))).problem is Problem.TIMEOUT
    assert there(world, system) == (system.defined, system.current)


async def test_a_removal_that_fails_midway_puts_back_what_was_numbered(world, remove):
    builtin = replace(RNG, backend="builtin")
    system = await running(world, RNG, builtin)
    world.inject(operation="remove_resources", nth=2, problem=Problem.FAILED)
    first = {kind: configuration_of(world, system, kind).devices[0] for kind in ConfigurationKind}
    assert (await refused(remove(*first.values()))).problem is Problem.FAILED
    defined, current = there(world, system)
    for configuration in (defined, current):
        assert {(each.local_id, each.backend) for each in configuration.devices} in (
            {("rng:0", "random"), ("rng:1", "builtin")},
            {("rng:1", "random"), ("rng:0", "builtin")},  # put back behind the one that moved up
        )
    await remove(first[DEFINED], first[STATE])


async def test_a_controller_stays_while_devices_sit_on_it(world, remove):
    system = await world.define(SCSI, DiskSpec(capacity=1 << 30, bus="scsi", target="sda"), name="web")
    (controller,), (disk,) = system.defined.devices, system.defined.disks
    assert disk.parent == controller.local_id
    error = await refused(remove(controller))
    assert error.problem is Problem.IN_USE
    assert "disk:sda" in error.message
    assert there(world, system)[0] == system.defined
    await remove(controller, disk)
    assert world.system(system.id).defined.devices == ()


async def test_only_administrators_reach_devices_of_the_host(world, add, admin):
    system = await world.define(name="web")
    error = await refused(add(system, DEFINED, GPU, role=admin.role - 1))
    assert error.problem is Problem.ACCESS_DENIED
    (given,) = await add(system, DEFINED, GPU)
    assert (given.local_id, given.source) == ("hostdev:pci:0000:41:00.0", "0000:41:00.0")


@pytest.mark.parametrize(
    ("wanted", "again"),
    [(GPU, GPU), (TABLET, replace(TABLET, source="001/004"))],
)
async def test_a_device_of_the_host_is_one_systems(world, add, remove, admin, wanted, again):
    """By whichever of its names, and whether or not that system runs."""
    holder, other = await world.define(wanted, actor=admin, name="holder"), await running(world, name="other")
    for attempt in (
        add(other, STATE, RNG, again),
        add(other, DEFINED, again),
        world.define(again, actor=admin, name="third"),
    ):
        error = await refused(attempt)
        assert (error.problem, "'holder'" in error.message) == (Problem.INVALID_STATE, True)
    assert there(world, other) == (other.defined, other.current)
    assert await refused(add(holder, DEFINED, again))
    await remove(holder.defined.devices[0])
    (hot,) = await add(other, STATE, again)
    assert hot in configuration_of(world, other, STATE).devices


async def test_of_two_that_want_a_device_at_once_one_gets_it(world, add):
    systems = [await world.define(name=name) for name in ("one", "two")]
    results = await asyncio.gather(*(add(each, DEFINED, GPU) for each in systems), return_exceptions=True)
    assert sorted(isinstance(result, ModelError) for result in results) == [False, True]
    assert sum(len(world.system(each.id).defined.devices) for each in systems) == 1


@pytest.fixture
def entropy(world, admin):
    """Sets one random number generator aside."""

    def make():
        parent = find_pool(world.inventory.generation, f"{world.host.id}/pool/rng")
        return world.operations.create_child_pool(
            admin, host=world.host, name="entropy", parents=[parent], specs=[PoolSpec(quantity=1)]
        )

    return make


async def test_child_pools_bound_devices(world, add, remove, entropy):
    system = await running(world, RNG)
    pool = await entropy()
    assert (pool.kind, pool.capacity) == ("rng", 1)
    (given,) = await add(system, STATE, replace(RNG, pool="entropy"))
    assert given.pool == "entropy"
    error = await refused(add(system, STATE, replace(RNG, pool="entropy")))
    assert (error.problem, "entropy" in error.message) == (Problem.INSUFFICIENT, True)
    await remove(given)
    assert await add(system, STATE, replace(RNG, pool="entropy"))
    error = await refused(add(system, STATE, DeviceSpec(kind=DeviceKind.WATCHDOG, pool="entropy")))
    assert error.problem is Problem.INVALID_PARAMETER


async def test_no_device_takes_nothing(world):
    await running(world, DeviceSpec(kind=DeviceKind.VIDEO, type=NO_DEVICE), RNG)
    pools = {pool.name: pool.reserved for pool in pools_of(world.host, world.inventory.generation.consumed)}
    assert (pools["video"], pools["rng"], pools["watchdog"]) == (0, 1, 0)


async def test_what_moves_up_stays_in_its_pool(world, remove, entropy):
    await entropy()
    system = await world.define(RNG, replace(RNG, pool="entropy"), name="web")
    await remove(system.defined.devices[0])
    (left,) = world.system(system.id).defined.devices
    assert (left.local_id, left.pool) == ("rng:0", "entropy")
