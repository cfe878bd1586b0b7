"""The simulated driver keeps the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.drivers.conformance import Conformance, Recorder, Subject

from openvman.drivers.simulated import create


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
            line=b"openvman simulated guest",
            networks=(host.networks[0].name, host.networks[1].name),
        )
        try:
            yield made
        finally:
            await made.clean()
            await driver.close()
