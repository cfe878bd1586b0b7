"""Authentication in steps: what is remembered, for how long, and what ends it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from structlog.testing import capture_logs

from openvman.model.actor import Actor, Role
from openvman.model.errors import ModelError
from openvman.security.authenticate import Authenticator, RefusedError
from openvman.security.basic import Credentials
from openvman.security.throttle import Throttle
from openvman.security.users import Users

ANN = Credentials("ann", "correct horse")
HERE = "192.0.2.1"


class CountingHasher:
    def __init__(self, hasher):
        self.hasher = hasher
        self.asked = []

    def matches(self, password_hash, password):
        self.asked.append(password_hash)
        return self.hasher.matches(password_hash, password)


@pytest.fixture
def counting(hasher):
    return CountingHasher(hasher)


@pytest.fixture
def authenticator(store, counting, clock):
    return Authenticator(store, counting, Throttle(clock), clock=clock)


def let_in(authenticator, credentials=ANN, address=HERE):
    authenticator.admit(credentials.name, address)
    record = authenticator.look_up(credentials)
    right = authenticator.verify(credentials, record)
    return authenticator.settle(credentials, record if right else None, address)


def test_right_credentials_give_the_users_role(authenticator):
    assert let_in(authenticator) == Actor("ann", Role.OPERATOR)


@pytest.mark.parametrize("credentials", [Credentials("ann", "wrong"), Credentials("bob", "correct horse")])
def test_wrong_credentials_are_refused_at_the_same_cost(authenticator, counting, credentials):
    with pytest.raises(RefusedError) as caught:
        let_in(authenticator, credentials)
    assert caught.value.retry_after is None
    assert len(counting.asked) == 1
    assert authenticator.recall(credentials) is None


def test_an_unknown_user_costs_a_real_verification(hasher, monkeypatch):
    verified = []
    original = hasher._argon2
    monkeypatch.setattr(hasher, "_argon2", type("Spy", (), {"verify": lambda _, h, p: verified.append(h) or True})())
    assert hasher.matches(None, "x") is False
    assert original.check_needs_rehash(verified[0]) is False  # a hash of the same cost as every user's


def test_verified_credentials_are_remembered_for_a_while(authenticator, counting, clock):
    assert authenticator.recall(ANN) is None
    let_in(authenticator)
    assert authenticator.recall(ANN) == Actor("ann", Role.OPERATOR)
    assert authenticator.recall(Credentials("ann", "wrong")) is None
    assert len(counting.asked) == 1
    clock.now += 601
    assert authenticator.recall(ANN) is None


def test_a_change_by_another_store_ends_the_memory(authenticator, store, hasher, tmp_path):
    let_in(authenticator)
    Users(store, hasher).set_role("ann", Role.VIEWER)
    assert authenticator.recall(ANN) is None
    assert let_in(authenticator) == Actor("ann", Role.VIEWER)
    Users(store, hasher).remove("ann")
    assert authenticator.recall(ANN) is None


def test_a_new_password_set_by_another_process_ends_the_memory(authenticator, tmp_path):
    let_in(authenticator)
    program = (
        "import sys; from pathlib import Path\n"
        "from openvman.store.users import UserStore; from openvman.security.users import Users\n"
        "Users(UserStore(Path(sys.argv[1]))).set_password('ann', 'battery staple')\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "openvman.db")], check=True, timeout=60)
    assert authenticator.recall(ANN) is None
    with pytest.raises(RefusedError):
        let_in(authenticator)
    assert let_in(authenticator, Credentials("ann", "battery staple")).name == "ann"


def test_the_memory_holds_no_password(authenticator):
    let_in(authenticator)
    assert "correct horse" not in repr(vars(authenticator))
    assert "correct horse" not in repr(ANN)


def test_a_removed_users_certificate_is_refused(authenticator, store):
    assert authenticator.certified("ann", HERE).name == "ann"
    store.remove("ann")
    with pytest.raises(RefusedError):
        authenticator.certified("ann", HERE)


def test_every_failure_is_logged_once(authenticator):
    with capture_logs() as logs, pytest.raises(RefusedError):
        let_in(authenticator, Credentials("ann", "a-wrong-guess"))
    assert logs == [
        {
            "event": "authentication failed",
            "why": "wrong user or password",
            "user": "ann",
            "address": HERE,
            "log_level": "warning",
        }
    ]


def test_while_throttled_nothing_is_verified(authenticator, counting, clock):
    for _ in range(6):
        with pytest.raises(RefusedError):
            let_in(authenticator, Credentials("ann", "wrong"))
    with pytest.raises(RefusedError) as caught:
        let_in(authenticator)
    assert caught.value.retry_after == 1
    assert len(counting.asked) == 6
    clock.now += 1
    assert let_in(authenticator).name == "ann"


@pytest.mark.parametrize("password", ["", "short", "x" * 257, "with\nnewline"])
def test_passwords_have_rules_and_are_not_repeated(store, hasher, password):
    with pytest.raises(ModelError) as caught:
        Users(store, hasher).add("bob", password, Role.VIEWER)
    assert not password or password not in caught.value.message
    assert store.get("bob") is None


def test_verification_needs_nothing_of_the_store(authenticator, store):
    record = authenticator.look_up(ANN)
    store.close()
    assert authenticator.verify(ANN, record) is True
