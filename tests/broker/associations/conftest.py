"""A rich picture: a system with every device, a child pool, and systems in every state."""

from __future__ import annotations

import pytest
from tests.broker.test_every_declaration import furnished

__all__ = ["furnished"]


@pytest.fixture
async def rich(furnished):
    client = furnished
    ports = await client.instances("VMAN_SerialAllocationSettingData")
    whole = next(i.get("InstanceID") for i in ports if i.get("Address"))  # it stays active: its consoles are open
    systems = await client.instances("VMAN_ComputerSystem")
    active = [i.path for i in systems if i.get("EnabledState") == 2 and not whole.startswith(i.get("InstanceID"))]
    for path, state in zip(active[:2], (9, 6), strict=True):
        assert (await client.invoke(path, "RequestStateChange", RequestedState=state)).return_value == 0
    states = {i.get("EnabledState") for i in await client.instances("VMAN_ComputerSystem")}
    assert states == {2, 3, 6, 9}
    return client
