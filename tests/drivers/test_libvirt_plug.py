"""Devices that come and go: which disk is booted from, what the firmware tries, and a guest that does not let go."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.drivers.subject import MAC, Recorder, Subject, refuses
from tests.lab import lab

from openvman.drivers.libvirt import create, plug, xml
from openvman.drivers.libvirt.address import parse
from openvman.drivers.libvirt.boot import let_try
from openvman.drivers.libvirt.read import configuration_of
from openvman.messages.problem import Problem
from openvman.model.allocation import DiskKind
from openvman.model.spec import DiskSpec, NicSpec
from openvman.model.states import Action
from openvman.model.system import ConfigurationKind

STATE = ConfigurationKind.STATE
ADDRESS = parse("qemu:///system")
DISK = "<disk device='{kind}'>{boot}<target dev='{target}'/></disk>"


def domain(devices: str, boot: str = "") -> xml.Element:
    return xml.parse(f"<domain><name>a</name><uuid>u</uuid><os>{boot}</os><devices>{devices}</devices></domain>")


def disk(target: str, kind: str = "disk", order: int | None = None) -> str:
    return DISK.format(kind=kind, target=target, boot="" if order is None else f"<boot order='{order}'/>")


def nic(order: int) -> str:
    return f"<interface><mac address='{MAC}'/><target dev='vnet0'/><boot order='{order}'/></interface>"


def tries(*kinds: str) -> str:
    return "".join(f"<boot dev='{kind}'/>" for kind in kinds)


@pytest.mark.parametrize(
    ("devices", "boot", "expected"),
    [
        (disk("vda") + disk("vdb"), tries("hd"), "vda"),
        (disk("hda", "cdrom") + disk("vda"), tries("cdrom", "hd"), "hda"),
        (disk("hda", "cdrom") + disk("vda"), tries("hd", "cdrom"), "vda"),
        (disk("sda", "lun"), tries("hd"), "sda"),
        (disk("hda", "cdrom"), tries("hd", "cdrom"), "hda"),
        (disk("fda", "floppy"), tries("fd"), "fda"),
        (disk("vda"), tries("network", "hd"), None),
        ("", tries("hd"), None),
        (disk("vda"), "", None),
        (disk("vda", order=2) + disk("vdb", order=1), "", "vdb"),
        (disk("vda", order=2) + nic(1), "", None),
    ],
)
def test_the_disk_that_is_booted_from(devices: str, boot: str, expected: str | None) -> None:
    root = domain(devices, boot)
    assert configuration_of(root, "host", STATE, ADDRESS, autostart=False).boot_disk == expected


@pytest.mark.parametrize(
    ("devices", "boot", "spec", "expected"),
    [
        ("", tries("network"), DiskSpec(kind=DiskKind.DISK), ["network", "hd"]),
        ("", tries("hd"), DiskSpec(kind=DiskKind.CDROM), ["hd", "cdrom"]),
        ("", tries("hd", "network"), NicSpec(), ["hd", "network"]),
        ("", tries("hd"), DiskSpec(kind=DiskKind.DISK), ["hd"]),
        (disk("vda", order=1), "", NicSpec(), []),
    ],
)
def test_a_new_device_is_tried_after_all_others(
    devices: str, boot: str, spec: DiskSpec | NicSpec, expected: list[str]
) -> None:
    root = domain(devices, boot)
    let_try(root, spec)
    assert [each.get("dev") for each in root.iterfind("os/boot")] == expected


@pytest.fixture
async def subject(private_host: lab.PrivateHost, tmp_path: Path) -> AsyncIterator[Subject]:
    driver, events = create(private_host.uri, state=tmp_path, deadline=20), Recorder()
    await driver.open(events)
    made = Subject(
        driver=driver,
        events=events,
        host=(await driver.load()).hosts[0],
        image=str(lab.boot_sector_image(tmp_path)),
        other_image=str(lab.boot_sector_image(tmp_path, name="other.img")),
        folder=str(private_host.images),
        line=b"hello from the guest",
    )
    try:
        yield made
    finally:
        await made.clean()
        await driver.close()


@pytest.mark.lab
async def test_a_guest_that_does_not_let_go(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer says so, nothing is changed; and when the guest lets go later, that is told."""
    monkeypatch.setattr(plug, "UNPLUG_SECONDS", 0.1)
    system = await subject.active()
    await subject.printed(system.id)
    await subject.driver.act(system.id, Action.PAUSE)
    paused = await subject.read(system.id)
    assert paused.current is not None
    with refuses(Problem.TIMEOUT) as caught:
        await subject.driver.remove_resources(system.id, STATE, [paused.current.nics[0].id])
    assert f"asked to let go of nic:{MAC}" in caught.value.message
    assert await subject.read(system.id) == paused
    await subject.driver.act(system.id, Action.START)
    assert system.current is not None
    await subject.becomes(replace(system, current=replace(system.current, nics=())))
