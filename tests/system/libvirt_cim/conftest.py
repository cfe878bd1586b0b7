"""A QEMU host and a host of containers of the run's own, each with a guest that rests and one that is active."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.lab import containers
from tests.lab.lab import PrivateHost
from tests.system.libvirt_cim.place import CONTAINERS, MACHINES, Place, furnished, running, shared

pytest.register_assert_rewrite("tests.system.libvirt_cim.good_calls", "tests.system.libvirt_cim.calls")


@pytest.fixture(scope="session")
def own_host(laboratory: None) -> Iterator[PrivateHost]:
    """Nobody else's, so that the places stand from the first module that needs them to the end."""
    host = PrivateHost()
    try:
        host.start()
        yield host
    finally:
        host.stop()


@pytest.fixture(scope="session")
def folder(own_host: PrivateHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("images")
    with shared(own_host, made):
        yield made


@pytest.fixture(scope="session")
def machines(own_host: PrivateHost, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with furnished(own_host, MACHINES, folder, tmp_path_factory.mktemp("machines") / "state") as place:
        yield place
    assert place.server.mishaps() == []


@pytest.fixture(scope="session")
def container_host(own_host: PrivateHost, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    containers.needed()
    mounted = containers.root_folder(tmp_path_factory.mktemp("mounted") / "root").parent
    (mounted / "shared").mkdir()
    with furnished(own_host, CONTAINERS, mounted, tmp_path_factory.mktemp("containers") / "state") as place:
        yield place
    assert place.server.mishaps() == []


@pytest.fixture(params=[MACHINES, CONTAINERS], ids=lambda kind: kind.prefix)
def place(request: pytest.FixtureRequest) -> Place:
    """Either, as it was furnished: what ran still runs, whatever the test before did."""
    found: Place = request.getfixturevalue(request.param.fixture)
    running(found)
    return found
