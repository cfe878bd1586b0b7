"""``vman job`` against a server of its own, over HTTP."""

from __future__ import annotations

import json

import pytest

PLATFORM = "sim://?hosts=1&vms=1&active=0%25"


@pytest.fixture
def vman(served):
    return served


def _jobs(vman):
    return json.loads(vman("job", "list", "--json"))


def test_a_job_is_listed_shown_waited_for_and_deleted(vman):
    vman("vm", "define", "web")
    job = next(job for job in _jobs(vman) if "'web'" in job["name"])
    assert (job["state"], job["percent"], job["error"]) == ("completed", 100, None)
    assert job["name"] in vman("job", "show", job["id"])
    assert json.loads(vman("job", "show", job["id"], "--json"))[0]["affected"] == ["web"]
    assert "completed" in vman("job", "wait", job["id"])
    assert vman("job", "delete", job["id"][:8]) == f"Deleted job {job['id']} ({job['name']}).\n"
    assert job["id"] not in {job["id"] for job in _jobs(vman)}
    assert "There is no job" in vman("job", "delete", job["id"], fails=True)


def test_a_job_that_failed_fails_its_waiter(vman):
    vman("vm", "define", "twice")
    vman("vm", "define", "twice", fails=True)
    job = next(job for job in _jobs(vman) if job["state"] == "exception")
    assert job["error"] in vman("job", "wait", job["id"], fails=True)
    for request in ("hold", "release", "cancel"):
        assert "is exception" in vman("job", request, job["id"], fails=True)
