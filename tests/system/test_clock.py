"""A clock that is set back and forth under a running server: jobs, indications and their order do not mind."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.system.conftest import eventually
from tests.system.test_indications import QUERY, Heard, subscribed

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
STEPS = ["+0", "-2h", "+30d", "-40d"]
"""What the server's clock shows, beside the real one."""


@pytest.fixture
def clock(tmp_path):
    """A file that the server's clock is set by."""
    path = tmp_path / "clock"
    path.write_text(f"{STEPS[0]}\n")
    return path


@pytest.mark.skipif(LIBRARY is None, reason="libfaketime is not installed (package faketime)")
def test_a_clock_that_is_set_is_no_fault(serve, clock):
    environment = {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # as with the real clock: what measures time is not set
    }
    server = serve("sim://?hosts=1&vms=0", **environment)
    heard = Heard().start()
    try:
        with (
            subscribed(server, heard, QUERY.format("CIM_InstCreation"), QUERY.format("CIM_InstDeletion")),
            server.manager() as manager,
        ):
            for number, step in enumerate(STEPS):
                clock.write_text(f"{step}\n")
                system = manager.define(f"at-{number}")
                assert manager.destroy(system) == 0
            wanted = [(f"CIM_Inst{what}", f"at-{n}") for n in range(len(STEPS)) for what in ("Creation", "Deletion")]
            eventually("all is told", lambda: len(heard.names()) == len(wanted))
            jobs = manager.conn.EnumerateInstances("CIM_ConcreteJob")
    finally:
        heard.stop()
    assert heard.names() == wanted, "in the order in which it happened"
    assert heard.numbers() == list(range(len(wanted)))
    told = [i["IndicationTime"].datetime for i in heard.indications]
    assert max(told) - min(told) > timedelta(days=60), "the server's clock was set"
    assert len(jobs) == len(wanted), "none has gone before its time"
    for job in jobs:
        assert (job["JobState"], job["PercentComplete"]) == (7, 100)
        assert timedelta(0) <= job["ElapsedTime"].timedelta < timedelta(minutes=5)
        assert isinstance(job["TimeSubmitted"].datetime, datetime)
    assert server.mishaps() == []
