"""Fixtures of the laboratory; see :mod:`tests.lab.lab`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.lab import lab


@pytest.fixture(scope="session")
def laboratory() -> None:
    """Skips where no private host can be made; a continuous integration that runs as root must make them."""
    reason = lab.missing()
    if reason is None:
        return
    if os.environ.get("CI") and os.geteuid() == 0:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def private_host(laboratory: None) -> Iterator[lab.PrivateHost]:
    """A private host for the whole session: leave no domain behind, and do not kill its daemon."""
    host = lab.PrivateHost()
    try:
        host.start()
        yield host
    finally:
        host.stop()


@pytest.fixture
def private_hosts(laboratory: None) -> Iterator[Callable[[], lab.PrivateHost]]:
    """Makes private hosts for one test alone."""
    made: list[lab.PrivateHost] = []

    def make() -> lab.PrivateHost:
        host = lab.PrivateHost()
        made.append(host)
        host.start()
        return host

    try:
        yield make
    finally:
        for host in made:
            host.stop()


@pytest.fixture
def guest_image(tmp_path: Path) -> Path:
    """An image whose guest prints a line and sleeps."""
    return lab.boot_sector_image(tmp_path)
