from __future__ import annotations

import json
import os
import socket

import pytest

from openvman.cli.checks import Verdict, check_certificate, check_images, check_listening, check_state, check_versions
from openvman.config.load import load
from openvman.drivers.registry import Check
from openvman.security.first_start import ensure_admin, prepare_folder
from openvman.security.tls import own_key_pair
from openvman.store.users import UserStore


@pytest.fixture
def settings(tmp_path):
    """Makes settings with the state directory and one image folder below the test's own folder."""

    def make(**given):
        fixed = {"state": str(tmp_path / "state"), "image_roots": [str(tmp_path / "images")]}
        return load(fixed | given, environment={"OPENVMAN_CONFIG": os.devnull}).settings

    return make


def by_verdict(findings, verdict):
    return [finding for finding in findings if finding.verdict is verdict]


def test_before_the_first_start_all_is_well(settings):
    findings = list(check_state(settings()))
    assert [finding.verdict for finding in findings] == [Verdict.OK]


def test_after_the_first_start_all_is_well_and_nothing_is_changed(settings, tmp_path):
    state = prepare_folder(tmp_path / "state")
    store = UserStore(state.database)
    ensure_admin(state, store)
    store.close()
    own_key_pair(state.folder)
    before = state.admin_password.read_bytes()
    findings = [*check_state(settings()), *check_certificate(settings())]
    assert by_verdict(findings, Verdict.FAILURE) == []
    assert {"users", "certificate", "admin.password", "server.key"} <= {finding.subject for finding in findings}
    assert state.admin_password.read_bytes() == before


def test_secrets_open_to_others_fail_and_the_cure_is_told(settings, tmp_path):
    state = prepare_folder(tmp_path / "state")
    state.admin_password.write_text("x")
    state.admin_password.chmod(0o644)
    (found,) = by_verdict(check_state(settings()), Verdict.FAILURE)
    assert found.subject == "admin.password"
    assert found.cure == f"chmod go= {state.admin_password}"


def test_a_database_of_another_program_fails(settings, tmp_path):
    state = prepare_folder(tmp_path / "state")
    state.database.write_bytes(b"not a database, and long enough to be looked at" * 100)
    state.database.chmod(0o600)
    assert [finding.subject for finding in by_verdict(check_state(settings()), Verdict.FAILURE)] == ["users"]


def test_a_port_is_free_or_answers_or_cannot_be_had(settings):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # without listening: nobody answers, and nobody else can have it
        port = held.getsockname()[1]
        given = settings(listen=[f"127.0.0.1:{port}", "127.0.0.1:0"], tls_listen=["none"])
        assert [finding.verdict for finding in check_listening(given)] == [Verdict.FAILURE, Verdict.OK]
        held.listen()
        assert [finding.verdict for finding in check_listening(given)] == [Verdict.OK, Verdict.OK]
    assert "free" in next(iter(check_listening(given))).found


def test_a_certificate_that_is_none_fails(settings, tmp_path):
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("x")
    given = settings(tls_certificate=str(wrong), tls_key=str(wrong))
    assert [finding.verdict for finding in check_certificate(given)] == [Verdict.FAILURE]


def test_image_folders(settings, tmp_path):
    assert "not there" in next(iter(check_images(settings()))).found
    (tmp_path / "images").mkdir()
    assert "free" in next(iter(check_images(settings()))).found


@pytest.fixture
def hypervisors(monkeypatch):
    """What the hypervisors' own diagnosis finds, for a test to fill."""
    found = []

    async def diagnose():
        return found

    monkeypatch.setattr("openvman.cli.doctor.diagnose", diagnose)
    return found


def test_versions_name_a_library_that_is_missing(monkeypatch):
    monkeypatch.setattr("openvman.cli.checks.LIBRARIES", ("no-such-package",))
    assert [finding.subject for finding in by_verdict(check_versions(), Verdict.FAILURE)] == ["no-such-package"]


@pytest.mark.parametrize(
    ("level", "verdict", "code"), [("ok", "ok", 0), ("warn", "warning", 0), ("fail", "failure", 1)]
)
def test_the_hypervisors_diagnosis_is_told(vman, hypervisors, monkeypatch, level, verdict, code):
    monkeypatch.setenv("OPENVMAN_LISTEN", "127.0.0.1:0")
    monkeypatch.setenv("OPENVMAN_TLS_LISTEN", "none")
    hypervisors.append(Check("QEMU", level, "how it is", "what to do"))
    result = vman("doctor", "--json")
    assert result.exit_code == code
    assert json.loads(result.stdout)[-1] == {
        "subject": "QEMU",
        "verdict": verdict,
        "found": "how it is",
        "cure": "what to do",
    }


def test_the_command_fails_when_something_does(vman, tmp_path, hypervisors):
    state = prepare_folder(tmp_path / "state")
    state.admin_password.write_text("x")
    state.admin_password.chmod(0o644)
    result = vman("doctor", "--json")
    assert result.exit_code == 1
    told = [row for row in json.loads(result.stdout) if row["subject"] == "admin.password"]
    assert [row["verdict"] for row in told] == ["failure"]
    assert "chmod" in vman("doctor").stdout


def test_wrong_settings_are_a_finding(vman, monkeypatch):
    monkeypatch.setenv("OPENVMAN_LISTEN", "nowhere")
    result = vman("doctor")
    assert result.exit_code == 1
    assert "OPENVMAN_LISTEN" in result.stdout
