"""A broker with libvirt-cim's view of a simulated host, whose guests count as those of KVM."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.broker.conftest import Client, Clock

from openvman.broker.broker import Broker
from openvman.cim.graph import ClassGraph
from openvman.cim.loader import load_schema
from openvman.cim.names import NameMap
from openvman.cim.values import InstancePath
from openvman.drivers.contract import Driver
from openvman.drivers.simulated import create
from openvman.inventory.inventory import Inventory
from openvman.mapping.bind import View
from openvman.model.server import Server
from openvman.operations.catalogue import USE_CASES
from openvman.operations.jobs.jobs import Jobs
from openvman.operations.operations import Operations
from openvman.operations.policy import Policy
from openvman.views.libvirt_cim.family import Prefix, families
from openvman.views.standard import STANDARD
from openvman.wire.cimxml.decode import decode_embedded
from openvman.wire.cimxml.encode_values import instance as encode_embedded

PREFIXES = (Prefix("KVM", frozenset({"simulated"})), Prefix("LXC", frozenset({"lxc"}), of_containers=True))
VIEWS = (STANDARD, *families(PREFIXES, STANDARD))


def path(class_name: str, namespace: str = "root/virt", **keys: str) -> InstancePath:
    return InstancePath(class_name, NameMap(keys), namespace)


@pytest.fixture(scope="session")
def schema() -> ClassGraph:
    return load_schema()


@asynccontextmanager
async def broker_over(
    schema: ClassGraph,
    folder: Path,
    driver: Driver | None = None,
    views: tuple[View, ...] = VIEWS,
    **more: Any,
) -> AsyncIterator[Client]:
    """A client in ``root/virt``, over a driver; without one, over two simulated hosts.

    Of those the first is shown; its guests are vm-00001 to vm-00003.
    """
    images = folder / "images"
    images.mkdir(exist_ok=True)
    inventory = Inventory([driver or create("sim://?hosts=2&vms=3&active=50%25&seed=7", state=folder, deadline=5.0)])
    await inventory.start()
    jobs = Jobs(Operations(inventory, Policy(image_roots=(images,))), USE_CASES, inventory)
    clock = Clock()
    broker = Broker(
        inventory,
        jobs,
        views,
        schema,
        Server(id="server-1", host_name="here", version="1.2.3"),
        encode_embedded=encode_embedded,
        decode_embedded=decode_embedded,
        clock=clock,
        **more,
    )
    yield Client(broker, inventory, clock, "root/virt")
    broker.close()
    await jobs.close()
    await inventory.close()


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """The folder of images, with one in it."""
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "disk.img").write_bytes(b"\0" * 512)
    return folder


@pytest.fixture
async def client(schema: ClassGraph, tmp_path: Path, images: Path) -> AsyncIterator[Client]:
    async with broker_over(schema, tmp_path) as made:
        yield made
