"""The libvirt driver keeps the contract: on a private QEMU host, and on libvirt's own test host."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.drivers.conformance import Conformance, Recorder, Requirement, Subject
from tests.drivers.container_conformance import ContainerSubject
from tests.lab import containers, lab

from openvman.drivers.libvirt import create
from openvman.model.allocation import NicConnection

LINE = "conformance guest"
NETWORK = (
    "<network><name>{name}</name><bridge name='{name}'/><ip address='10.97.{net}.1' netmask='255.255.255.0'/></network>"
)

QEMU_GAPS = {
    Requirement.CONTAINERS: "QEMU runs machines",
    Requirement.LIVE_MEMORY: "the boot sector has no balloon driver",
}
TEST_GAPS = {
    Requirement.CONTAINERS: "libvirt's test host runs machines",
    Requirement.CONSOLE: "libvirt's test host prints nothing",
    Requirement.IMAGES: "libvirt's test host has no files",
    Requirement.OUTLIVES_CLOSE: "libvirt's test host lives in its connections",
    Requirement.LIVE_TUNING: "libvirt's test host cannot map or weigh the processors of an active system",
    Requirement.LIVE_MEDIUM: "libvirt's test host cannot update a device",
    Requirement.LIVE_NIC: "libvirt's test host cannot update a device",
    Requirement.LIVE_PASSWORD: "libvirt's test host cannot update a device",
    Requirement.LIVE_LIMITS: "libvirt's test host takes no limit without a burst",
    Requirement.FILTERS: "libvirt's test host has no network filters",
    Requirement.LIVE_FILTER: "libvirt's test host has no network filters",
    Requirement.LIVE_DEVICES: "libvirt's test host cannot attach a device",
    Requirement.SAVED: "libvirt's test host does not tell what it saved",
    Requirement.PROGRESS: "libvirt's test host saves at once",
}


@pytest.fixture(scope="module")
def qemu(private_host: lab.PrivateHost, tmp_path_factory: pytest.TempPathFactory) -> lab.PrivateHost:
    """The private host with two networks."""
    folder = tmp_path_factory.mktemp("networks")
    for number, name in enumerate(("conf-a", "conf-b")):
        file = folder / name
        file.write_text(NETWORK.format(name=name, net=number))
        private_host.virsh("net-create", str(file))
    return private_host


@pytest.mark.lab
class TestPrivateHost(Conformance):
    @pytest.fixture
    async def subject(self, qemu: lab.PrivateHost, tmp_path: Path) -> AsyncIterator[Subject]:
        driver = create(qemu.uri, state=tmp_path, deadline=20)
        events = Recorder()
        await driver.open(events)
        made = Subject(
            driver=driver,
            events=events,
            host=(await driver.load()).hosts[0],
            image=str(lab.boot_sector_image(tmp_path, LINE)),
            other_image=str(lab.boot_sector_image(tmp_path, LINE, "other.img")),
            folder=str(qemu.images),
            pool_folder=str(_made(qemu.images / "conformance")),
            full_image=str(lab.filling_image(tmp_path, LINE)),
            holding_saves=qemu.holding_saves,
            line=LINE.encode(),
            networks=("conf-a", "conf-b"),
            gaps=QEMU_GAPS,
        )
        try:
            yield made
        finally:
            await made.clean()
            await driver.close()


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


CONTAINER_GAPS = {
    Requirement.MACHINES: "a container is no machine",
    Requirement.RENAMING: "libvirt cannot rename a container",
    Requirement.SUSPEND: "libvirt cannot save a container",
    Requirement.RESET: "libvirt cannot reset a container",
    Requirement.CONSOLE: "libvirt keeps no log of a container's console",
    Requirement.LIVE_PROCESSORS: "a container has the processors that it was started with",
    Requirement.LIVE_NIC: "libvirt cannot update a container's NIC",
    Requirement.NIC_FILTERS: "a container whose NIC has a filter does not start (libvirt 9)",
    Requirement.PROGRESS: "a container is not saved",
}


@pytest.mark.lab
class TestContainers(Conformance):
    @pytest.fixture
    async def subject(self, qemu: lab.PrivateHost, tmp_path: Path) -> AsyncIterator[Subject]:
        containers.needed()
        for name in ("shared", "more", "images", "pool"):
            _made(tmp_path / name)
        containers.root_folder(tmp_path / "root")
        driver = create(qemu.container_uri, state=tmp_path, deadline=20)
        events = Recorder()
        await driver.open(events)
        made = ContainerSubject(
            driver=driver,
            events=events,
            host=(await driver.load()).hosts[0],
            image=str(tmp_path / "images/none.img"),
            other_image=str(tmp_path / "images/none.img"),
            folder=str(tmp_path),
            pool_folder=str(tmp_path / "pool"),
            plugged=(NicConnection.NETWORK, "conf-a"),
            networks=("conf-a", "conf-b"),
            gaps=CONTAINER_GAPS,
            limit=lambda name: _memory_limit(qemu, name),
            is_known=lambda name: containers.is_known(qemu.container_uri, name),
        )
        try:
            yield made
        finally:
            await made.clean()
            await driver.close()


def _memory_limit(host: lab.PrivateHost, name: str) -> int:
    """As the control group has it."""
    told = host.virsh("memtune", name, "--live", uri=host.container_uri)
    return int(re.search(r"^hard_limit\s*:\s*(\d+)", told, re.MULTILINE)[1]) << 10


class TestTestHost(Conformance):
    @pytest.fixture
    async def subject(self, tmp_path: Path) -> AsyncIterator[Subject]:
        driver = create("test:///default", state=tmp_path, deadline=20)
        events = Recorder()
        await driver.open(events)
        made = Subject(
            driver=driver,
            events=events,
            host=(await driver.load()).hosts[0],
            image="/images/guest.img",
            other_image="/images/other.img",
            folder=str(tmp_path),
            pool_folder=str(tmp_path),
            networks=("default", "default"),
            gaps=TEST_GAPS,
        )
        try:
            yield made
        finally:
            await made.clean()
            await driver.close()
