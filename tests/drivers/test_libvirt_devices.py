"""Devices and firmware that need more than a definition to be believed: guests of a private host start with them."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.drivers.subject import Recorder, Subject
from tests.lab import lab

from openvman.drivers.libvirt import create
from openvman.model.allocation import DeviceKind
from openvman.model.spec import DeviceSpec, SystemSpec
from openvman.model.states import Action, State
from openvman.model.system import BootDevice, Firmware

pytestmark = pytest.mark.lab
Kind = DeviceKind


@pytest.fixture
async def subject(private_host: lab.PrivateHost, tmp_path: Path) -> AsyncIterator[Subject]:
    driver = create(private_host.uri, state=tmp_path, deadline=20)
    events = Recorder()
    await driver.open(events)
    image = str(lab.boot_sector_image(tmp_path, "devices"))
    host = (await driver.load()).hosts[0]
    made = Subject(driver=driver, events=events, host=host, image=image, other_image=image, folder=str(tmp_path))
    try:
        yield made
    finally:
        await made.clean()
        await driver.close()


@pytest.mark.parametrize(
    "kinds",
    [
        (DeviceSpec(kind=Kind.TPM, type="tpm-crb", backend="emulator"),),
        (
            DeviceSpec(kind=Kind.GRAPHICS, type="spice", address="127.0.0.1"),
            DeviceSpec(kind=Kind.REDIRECTION, bus="usb", backend="spicevmc"),
            DeviceSpec(kind=Kind.SMARTCARD, type="passthrough", backend="spicevmc"),
        ),
    ],
    ids=["tpm", "spice"],
)
async def test_a_guest_starts_with(subject: Subject, kinds: tuple[DeviceSpec, ...]) -> None:
    if kinds[0].kind is Kind.TPM and shutil.which("swtpm") is None:
        pytest.skip("there is no swtpm")
    system = await subject.active(devices=kinds)
    assert system.current is not None
    assert {spec.kind for spec in kinds} <= {device.kind for device in system.current.devices}
    for device in system.current.devices:
        if device.kind is Kind.GRAPHICS:  # the port was chosen at the start
            assert device.address is not None
            assert device.address.startswith("127.0.0.1:")


async def test_a_guest_starts_with_uefi(subject: Subject) -> None:
    if Firmware.UEFI not in subject.host.facts.firmwares:
        pytest.skip("there is no UEFI firmware")
    system = await subject.active(firmware=Firmware.UEFI, disks=(), machine="q35")
    assert system.state is State.ACTIVE
    assert system.current is not None
    assert system.current.firmware is Firmware.UEFI


@pytest.mark.parametrize(
    "change",
    [
        {"firmware": Firmware.UEFI},
        {"boot_order": (BootDevice.NETWORK, BootDevice.DISK)},
        {"kernel": "/boot/vmlinuz", "initrd": "/boot/initrd", "command_line": "console=ttyS0"},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_how_it_starts_is_changed_and_changed_back(subject: Subject, change: dict[str, Any]) -> None:
    before = (await subject.define()).defined
    assert before is not None
    await subject.driver.modify_system(before.system_id, SystemSpec(**change))
    after = (await subject.read(before.system_id)).defined
    assert {name: getattr(after, name) for name in change} == change
    back = {name: "" if getattr(before, name) is None else getattr(before, name) for name in change}
    await subject.driver.modify_system(before.system_id, SystemSpec(**back))
    assert (await subject.read(before.system_id)).defined == before
    await subject.driver.act(before.system_id, Action.START)
