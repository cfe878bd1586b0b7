"""Waits after failures, by user and address, by address, and by user."""

from __future__ import annotations

import pytest

from openvman.security.throttle import Throttle


@pytest.fixture
def throttle(clock):
    return Throttle(clock, capacity=100)


def fail(throttle, clock, times, user="ann", address="192.0.2.1"):
    """Fail as often, each time as soon as it is allowed; the wait after the last."""
    for _ in range(times):
        clock.now += throttle.wait(user, address)
        throttle.failed(user, address)
    return throttle.wait(user, address)


def test_the_first_failures_cost_nothing_then_the_wait_doubles(throttle, clock):
    assert [fail(throttle, clock, 1) for _ in range(9)] == [0, 0, 0, 0, 0, 1, 2, 4, 8]


def test_the_wait_has_a_ceiling(throttle, clock):
    assert fail(throttle, clock, 500) == 60


def test_a_wait_passes(throttle, clock):
    fail(throttle, clock, 7)
    clock.now += 1.5
    assert throttle.wait("ann", "192.0.2.1") == pytest.approx(0.5)


def test_long_after_the_last_failure_all_is_forgotten(throttle, clock):
    fail(throttle, clock, 9)
    clock.now += 1000
    assert fail(throttle, clock, 5) == 0


def test_success_forgives_typing_errors(throttle, clock):
    fail(throttle, clock, 5)
    throttle.succeeded("ann", "192.0.2.1")
    assert fail(throttle, clock, 5) == 0


def test_an_old_password_somewhere_does_not_shut_out_its_neighbours(throttle, clock):
    fail(throttle, clock, 200)
    assert throttle.wait("bob", "192.0.2.1") == 0
    assert throttle.wait("bob", "192.0.2.2") == 0


def test_guessing_many_names_from_one_address_is_slowed(throttle, clock):
    for n in range(25):
        throttle.failed(f"user{n}", "192.0.2.1")
    assert throttle.wait("ann", "192.0.2.1") > 0
    assert throttle.wait("ann", "192.0.2.2") == 0


def test_success_does_not_forgive_an_address_its_guesses(throttle, clock):
    for n in range(25):
        throttle.failed(f"user{n}", "192.0.2.1")
    throttle.succeeded("mallory", "192.0.2.1")
    assert throttle.wait("ann", "192.0.2.1") > 0


def test_guessing_one_name_from_many_addresses_is_slowed_a_little(throttle, clock):
    for n in range(100):
        throttle.failed("ann", f"192.0.2.{n}")
    assert 0 < throttle.wait("ann", "198.51.100.1") <= 10


@pytest.mark.parametrize("local", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_guesses_from_afar_do_not_shut_out_this_machine(throttle, clock, local):
    for n in range(100):
        throttle.failed("ann", f"192.0.2.{n}")
    assert throttle.wait("ann", local) == 0


def test_an_ipv6_network_is_one_address(throttle, clock):
    for n in range(9):
        throttle.failed("ann", f"2001:db8:1:2::{n:x}")
    assert throttle.wait("ann", "2001:db8:1:2:ffff::1") > 0
    assert throttle.wait("ann", "2001:db8:1:3::1") == 0


def test_the_tables_are_bounded(throttle, clock):
    for n in range(10_000):
        throttle.failed(f"user{n}", f"10.0.{n // 256}.{n % 256}")
    assert all(len(t._records) <= 100 for t in (throttle._pairs, throttle._addresses, throttle._users))
