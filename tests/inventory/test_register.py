"""Two platforms that tell of the same host or the same system."""

from __future__ import annotations

from structlog.testing import capture_logs

from openvman.drivers.simulated import Fault
from openvman.messages.problem import Problem
from openvman.model.states import Action, State

ONE = "sim://one?vms=0"
TWO = "sim://two?vms=0"


async def two_platforms(world):
    one, two = world.driver(ONE), world.driver(TWO)
    inventory = await world.inventory(one, two)
    hosts = [next(iter(driver.hypervisor.hosts)) for driver in (one, two)]
    definition = world.definition(hosts[0], "twin")
    one.hypervisor.define(definition)
    await world.settle()
    two.hypervisor.define(world.definition(hosts[1], "twin", definition.id))
    await world.settle()
    return inventory, (one, two), hosts, definition.id


async def test_the_second_platform_of_a_host_is_refused(world) -> None:
    one, same = world.driver("sim://one?vms=2"), world.driver("sim://one?vms=2")
    with capture_logs() as logs:
        inventory = await world.inventory(one, same)
    states = sorted(s.state for s in inventory.status())
    assert states == ["connected", "refused"]
    refused = next(s for s in inventory.status() if s.state == "refused")
    assert "already reached" in refused.reason
    assert any(entry.get("reason") == refused.reason for entry in logs)
    assert len(inventory.generation.systems) == 2
    host = next(iter(inventory.generation.hosts))
    await inventory.driver_of(host).load()  # the driver that was refused is closed and would raise
    with capture_logs() as logs:
        await world.time.passes(200)
    assert logs == []  # said once
    assert sorted(driver.loads for driver in (one, same)) == [4, 5]  # as often as the other, and once above


async def test_of_two_inactive_claims_the_first_stays(world) -> None:
    inventory, _, hosts, twin = await two_platforms(world)
    assert inventory.generation.system(twin).host_id == hosts[0]
    assert list(inventory.generation.systems_of(hosts[1])) == []


async def test_the_active_claim_wins(world) -> None:
    inventory, (_, two), hosts, twin = await two_platforms(world)
    two.hypervisor.act(twin, Action.START)
    await world.settle()
    shown = inventory.generation.system(twin)
    assert (shown.host_id, shown.state) == (hosts[1], State.ACTIVE)
    assert list(inventory.generation.systems_of(hosts[0])) == []
    assert [s.id for s in inventory.generation.systems_of(hosts[1])] == [twin]


async def test_of_two_active_claims_the_one_shown_stays(world) -> None:
    inventory, (one, two), hosts, twin = await two_platforms(world)
    two.hypervisor.act(twin, Action.START)
    await world.settle()
    one.hypervisor.act(twin, Action.START)
    await world.time.passes(120)
    assert inventory.generation.system(twin).host_id == hosts[1]


async def test_a_hidden_claim_takes_over_when_the_shown_one_goes(world) -> None:
    inventory, (one, two), hosts, twin = await two_platforms(world)
    one.hypervisor.undefine(twin)
    await world.settle()
    assert inventory.generation.system(twin).host_id == hosts[1]
    two.hypervisor.undefine(twin)
    await world.settle()
    assert inventory.generation.system(twin) is None


async def test_a_hidden_claim_that_goes_changes_nothing(world) -> None:
    inventory, (one, two), _, twin = await two_platforms(world)
    shown = inventory.generation.system(twin)
    two.hypervisor.undefine(twin)
    await world.time.passes(60)
    assert inventory.generation.system(twin) is shown
    one.hypervisor.undefine(twin)
    await world.settle()
    assert inventory.generation.system(twin) is None


async def test_a_claim_on_a_lost_platform_gives_way_to_an_active_one(world) -> None:
    inventory, (one, two), hosts, twin = await two_platforms(world)
    one.hypervisor.act(twin, Action.START)
    await world.settle()
    one.disconnect("pulled")
    await world.settle()
    assert inventory.generation.system(twin).state is State.UNKNOWN
    two.hypervisor.act(twin, Action.START)
    await world.settle()
    shown = inventory.generation.system(twin)
    assert (shown.host_id, shown.state) == (hosts[1], State.ACTIVE)


async def test_an_active_claim_of_a_lost_platform_does_not_count(world) -> None:
    inventory, (one, two), hosts, twin = await two_platforms(world)
    two.hypervisor.act(twin, Action.START)
    await world.settle()
    one.hypervisor.act(twin, Action.START)  # is hidden
    await world.settle()
    one.disconnect("pulled")
    await world.settle()
    two.hypervisor.act(twin, Action.STOP)
    await world.settle()
    shown = inventory.generation.system(twin)
    assert (shown.host_id, shown.state) == (hosts[1], State.DEFINED)


async def test_a_hidden_claim_goes_with_its_host(world) -> None:
    inventory, (one, two), hosts, twin = await two_platforms(world)
    del two.hypervisor.systems[twin]
    two.hypervisor.add_host(two.hypervisor.hosts.pop(hosts[1]))  # tells of the host
    del two.hypervisor.hosts[hosts[1]]
    await world.settle()
    assert inventory.generation.host(hosts[1]) is None
    one.hypervisor.undefine(twin)
    await world.settle()
    assert inventory.generation.system(twin) is None


async def test_reconciliation_finds_that_a_hidden_claim_is_gone(world) -> None:
    inventory, (one, two), _, twin = await two_platforms(world)
    two.inject(Fault(operation="event.*", problem=Problem.FAILED))
    two.hypervisor.undefine(twin)
    await world.time.passes(60)
    one.hypervisor.undefine(twin)
    await world.settle()
    assert inventory.generation.system(twin) is None


async def test_a_conflict_is_logged_once(world) -> None:
    with capture_logs() as logs:
        inventory, (_, two), _, twin = await two_platforms(world)
        two.hypervisor.act(twin, Action.START)
        await world.time.passes(120)
    assert inventory.generation.system(twin) is not None
    assert [entry["system"] for entry in logs if "same id" in entry["event"]] == [twin]
