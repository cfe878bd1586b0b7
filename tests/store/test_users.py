from __future__ import annotations

import subprocess
import sys

import pytest

from openvman.messages.problem import Problem
from openvman.model.actor import Role
from openvman.model.errors import ModelError
from openvman.store.users import UserStore


@pytest.fixture
def store(tmp_path):
    store = UserStore(tmp_path / "openvman.db")
    yield store
    store.close()


def test_a_user_is_found_as_added(store):
    store.add("ann", Role.OPERATOR, "hash")
    record = store.get("ann")
    assert (record.name, record.role, record.password_hash) == ("ann", Role.OPERATOR, "hash")
    assert store.all() == [record]
    assert "hash" not in repr(record).replace("password_hash", "")


def test_users_are_listed_by_name(store):
    for name in ("cy", "ann", "bob"):
        store.add(name, Role.VIEWER, "h")
    assert [r.name for r in store.all()] == ["ann", "bob", "cy"]


@pytest.mark.parametrize("change", ["password", "role", "again"])
def test_every_change_changes_the_stamp(store, change):
    store.add("ann", Role.OPERATOR, "hash")
    before = store.get("ann").stamp
    if change == "password":
        store.set_password("ann", "other")
        assert store.get("ann").password_hash == "other"
    elif change == "role":
        store.set_role("ann", Role.ADMIN)
        assert store.get("ann").role is Role.ADMIN
    else:
        store.remove("ann")
        assert store.get("ann") is None
        store.add("ann", Role.OPERATOR, "hash")
    assert store.get("ann").stamp != before


_ANOTHER_PROCESS = """
import sys
from pathlib import Path
from openvman.model.actor import Role
from openvman.store.users import UserStore

for change in (lambda: store.add(sys.argv[2], Role.ADMIN, "h"), lambda: store.set_role(sys.argv[2], Role.VIEWER)):
    store = UserStore(Path(sys.argv[1]))
    change()
    store.close()
"""


def test_another_process_is_seen_although_this_one_opened_the_file_twice(store, tmp_path):
    """SQLite's locks are the process's: whoever else opens and closes the file here must not drop them."""
    path = tmp_path / "openvman.db"
    UserStore(path).close()
    for name in ("ann", "bob"):
        subprocess.run([sys.executable, "-c", _ANOTHER_PROCESS, str(path), name], check=True, timeout=60)
        assert store.get(name).role is Role.VIEWER


@pytest.mark.parametrize("name", ["", "a:b", "a b", "a\n", "-a", ".", "ä", "x" * 65, "a'--", "a/b"])
def test_a_name_that_cannot_be_one_is_refused(store, name):
    with pytest.raises(ModelError) as caught:
        store.add(name, Role.VIEWER, "h")
    assert caught.value.problem is Problem.INVALID_PARAMETER
    assert store.all() == []


def test_a_second_user_of_a_name_is_refused(store):
    store.add("ann", Role.VIEWER, "h")
    with pytest.raises(ModelError) as caught:
        store.add("ann", Role.ADMIN, "h2")
    assert caught.value.problem is Problem.ALREADY_EXISTS
    assert store.get("ann").role is Role.VIEWER


@pytest.mark.parametrize(
    "change",
    [lambda s: s.remove("bob"), lambda s: s.set_password("bob", "h"), lambda s: s.set_role("bob", Role.ADMIN)],
    ids=["remove", "set_password", "set_role"],
)
def test_an_unknown_user_cannot_be_changed(store, change):
    with pytest.raises(ModelError) as caught:
        change(store)
    assert caught.value.problem is Problem.NOT_FOUND
