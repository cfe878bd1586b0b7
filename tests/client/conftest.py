"""A pywbem connection that answers from memory, and a clock that only moves when someone sleeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from openvman.client.session import Session
from openvman.client.target import Target


class FakeConnection:
    """Answers operations by functions in ``answers``, keyed by operation name; what was asked is in ``asked``."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[..., Any]] = {}
        self.asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.asked.append((operation, args, kwargs))
            return self.answers[operation](*args, **kwargs)

        return call


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def connection() -> FakeConnection:
    return FakeConnection()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def session(connection: FakeConnection, clock: Clock) -> Session:
    return Session(Target(url="http://127.0.0.1:1", user="me", password="p"), connection, clock, clock.sleep)
