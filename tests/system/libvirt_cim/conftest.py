"""One QEMU host and one host of containers for a module, each with a guest that rests and one that is active."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.lab import containers
from tests.lab.lab import PrivateHost
from tests.system.libvirt_cim.place import CONTAINERS, MACHINES, Place, furnished, shared

pytest.register_assert_rewrite("tests.system.libvirt_cim.good_calls", "tests.system.libvirt_cim.calls")


@pytest.fixture(scope="module")
def folder(private_host: PrivateHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("images")
    with shared(private_host, made):
        yield made


@pytest.fixture(scope="module")
def machines(private_host: PrivateHost, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with furnished(private_host, MACHINES, folder, tmp_path_factory.mktemp("machines") / "state") as place:
        yield place
    assert place.server.mishaps() == []


@pytest.fixture(scope="module")
def container_host(
    private_host: PrivateHost, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    containers.needed()
    mounted = containers.root_folder(tmp_path_factory.mktemp("mounted") / "root").parent
    (mounted / "shared").mkdir()
    with furnished(private_host, CONTAINERS, mounted, tmp_path_factory.mktemp("containers") / "state") as place:
        yield place
    assert place.server.mishaps() == []


@pytest.fixture(params=[MACHINES, CONTAINERS], ids=lambda kind: kind.prefix)
def place(request: pytest.FixtureRequest) -> Place:
    """Either; both stand until the end of the module, whatever the order of its tests."""
    return request.getfixturevalue(request.param.fixture)
