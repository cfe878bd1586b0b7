"""The libvirt driver keeps the contract: on a private QEMU host, and on libvirt's own test host."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.drivers.conformance import Conformance, Recorder, Requirement, Subject
from tests.lab import lab

from openvman.drivers.libvirt import create

LINE = "conformance guest"
NETWORK = (
    "<network><name>{name}</name><bridge name='{name}'/><ip address='10.97.{net}.1' netmask='255.255.255.0'/></network>"
)

QEMU_GAPS = {
    Requirement.LIVE_MEMORY: "the boot sector has no balloon driver",
}
TEST_GAPS = {
    Requirement.CONSOLE: "libvirt's test host prints nothing",
    Requirement.IMAGES: "libvirt's test host has no files",
    Requirement.OUTLIVES_CLOSE: "libvirt's test host lives in its connections",
    Requirement.LIVE_TUNING: "libvirt's test host cannot map or weigh the processors of an active system",
    Requirement.LIVE_MEDIUM: "libvirt's test host cannot update a device",
    Requirement.LIVE_NIC: "libvirt's test host cannot update a device",
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
