"""``vman job`` against a server of its own, over HTTP."""

from __future__ import annotations

import json
import os

import pytest
from click.testing import CliRunner

from openvman.cli.demo_server import own_server
from openvman.cli.root import root


@pytest.fixture(scope="module")
def server():
    with own_server(["sim://?hosts=1&vms=1&active=0%25"]) as running:
        yield running


@pytest.fixture
def vman(server, tmp_path):
    """Runs ``vman`` as the server's administrator, and gives what it printed: errors when a failure is expected."""
    password = tmp_path / "password"
    password.write_text(f"{server.target.password}\n")
    environment = {
        "OPENVMAN_SERVER": server.target.url,
        "OPENVMAN_USER": server.target.user,
        "OPENVMAN_PASSWORD_FILE": str(password),
        "OPENVMAN_CONFIG": os.devnull,
    }

    def run(*words: str, fails: bool = False) -> str:
        result = CliRunner().invoke(root, words, env=environment, prog_name="vman")
        assert (result.exit_code != 0) is fails, result.output
        return result.stderr if fails else result.stdout

    return run


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
