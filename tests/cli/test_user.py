from __future__ import annotations

import json

import pytest

from openvman.model.actor import Role
from openvman.security.first_start import prepare_folder
from openvman.security.passwords import Hasher
from openvman.store.users import UserStore


@pytest.fixture
def state(tmp_path):
    """The state directory that the command finds, as after a first start."""
    return prepare_folder(tmp_path / "state")


def record(state, name):
    store = UserStore(state.database)
    try:
        return store.get(name)
    finally:
        store.close()


def test_add_takes_the_password_from_standard_input(vman, state):
    result = vman("user", "add", "ann", "--role", "operator", input="correct horse\n")
    assert result.exit_code == 0, result.output
    ann = record(state, "ann")
    assert ann.role is Role.OPERATOR
    assert Hasher().matches(ann.password_hash, "correct horse")
    assert "correct horse" not in result.output


def test_add_takes_the_password_from_a_file(vman, state, tmp_path):
    file = tmp_path / "password"
    file.write_text("correct horse\n")
    assert vman("user", "add", "ann", "--role", "viewer", "--password-file", str(file)).exit_code == 0
    assert Hasher().matches(record(state, "ann").password_hash, "correct horse")


def test_add_makes_a_password_and_prints_only_that_on_standard_output(vman, state):
    result = vman("user", "add", "ann", "--role", "viewer", "--generate")
    assert Hasher().matches(record(state, "ann").password_hash, result.stdout.strip())


@pytest.mark.parametrize(("name", "password"), [("ann", "short"), ("a:b", "correct horse"), ("ann", "")])
def test_add_refuses_what_cannot_be(vman, state, name, password):
    assert vman("user", "add", name, "--role", "viewer", input=f"{password}\n").exit_code == 2
    assert record(state, name) is None


def test_a_user_is_added_once(vman, state):
    assert vman("user", "add", "ann", "--role", "viewer", "--generate").exit_code == 0
    assert vman("user", "add", "ann", "--role", "admin", "--generate").exit_code == 4
    assert record(state, "ann").role is Role.VIEWER


def test_list_passwd_role_and_remove(vman, state):
    vman("user", "add", "ann", "--role", "viewer", "--generate")
    assert vman("user", "passwd", "ann", input="another password\n").exit_code == 0
    assert Hasher().matches(record(state, "ann").password_hash, "another password")
    assert vman("user", "role", "ann", "--role", "admin").exit_code == 0
    assert json.loads(vman("user", "list", "--json").stdout) == [{"name": "ann", "role": "admin"}]
    assert vman("user", "list").stdout.split() == ["NAME", "ROLE", "ann", "admin"]
    assert vman("user", "remove", "ann").exit_code == 0
    assert record(state, "ann") is None


@pytest.mark.parametrize("words", [("passwd", "bob"), ("remove", "bob"), ("role", "bob", "--role", "viewer")])
def test_a_user_who_is_not_there(vman, state, words):
    assert vman("user", *words, input="correct horse\n").exit_code == 3


def test_without_a_state_directory_the_cure_is_told_and_none_is_made(vman, tmp_path):
    result = vman("user", "list")
    assert result.exit_code == 1
    assert "--state" in result.stderr
    assert not (tmp_path / "state").exists()
