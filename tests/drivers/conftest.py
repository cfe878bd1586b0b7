"""What the tests of drivers share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.drivers.simulated_platform import Platform


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    made = await Platform("sim://?vms=0&memory=8GiB").open()
    yield made
    await made.driver.close()
