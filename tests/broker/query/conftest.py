"""A fleet whose systems are much alike: names twice, NULLs and texts, every state."""

from __future__ import annotations

import pytest
from tests.broker.associations.conftest import furnished, rich

from openvman.model.spec import SystemSpec
from openvman.model.states import State

__all__ = ["furnished", "rich"]


@pytest.fixture
async def motley(rich, driver):
    stopped = [s for s in rich.inventory.generation.systems.values() if s.state is State.DEFINED]
    hosts = {s.host_id: s for s in stopped}
    for system in hosts.values():
        driver.hypervisor.modify_system(system.id, SystemSpec(name="twin"))
    for system, text in zip(stopped, ("it's a \\ test", "", "50% of_it"), strict=False):
        driver.hypervisor.modify_system(system.id, SystemSpec(description=text))
    await rich.inventory.fence()
    assert len(list(rich.inventory.generation.systems_named("twin"))) == len(hosts) > 1
    return rich
