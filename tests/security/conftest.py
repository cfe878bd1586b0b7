from __future__ import annotations

from dataclasses import dataclass

import pytest

from openvman.model.actor import Role
from openvman.security.passwords import Hasher
from openvman.security.users import Users
from openvman.store.users import UserStore

PASSWORD = "correct horse"


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(scope="session")
def hasher():
    return Hasher(time_cost=1, memory_kib=64)


@pytest.fixture
def store(tmp_path, hasher):
    store = UserStore(tmp_path / "openvman.db")
    Users(store, hasher).add("ann", PASSWORD, Role.OPERATOR)
    yield store
    store.close()
