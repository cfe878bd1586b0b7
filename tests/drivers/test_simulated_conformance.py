"""The simulated driver keeps the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.drivers.conformance import Conformance, Recorder, Requirement, Subject

from openvman.drivers.simulated import Fault, SimulatedDriver, create


@contextmanager
def _slow_saves(driver: SimulatedDriver) -> Iterator[Callable[[], None]]:
    driver.inject(Fault(operation="act.suspend", delay=0.5))
    yield driver.clear_faults


class TestSimulated(Conformance):
    @pytest.fixture
    async def subject(self) -> AsyncIterator[Subject]:
        driver = create("sim://conformance?vms=2&active=50%25", state=Path("/nonexistent"), deadline=20)
        events = Recorder()
        await driver.open(events)
        host = (await driver.load()).hosts[0]
        made = Subject(
            driver=driver,
            events=events,
            host=host,
            image="/simulated/images/plain.raw",
            other_image="/simulated/images/installer.iso",
            folder="/simulated/images",
            pool_folder="/simulated/pools/conformance",
            full_image="/simulated/images/plain.raw",
            holding_saves=lambda: _slow_saves(driver),
            line=b"openvman simulated guest",
            networks=(host.networks[0].name, host.networks[1].name),
            gaps={Requirement.CONTAINERS: "simulated hosts run machines"},
        )
        try:
            yield made
        finally:
            await made.clean()
            await driver.close()
