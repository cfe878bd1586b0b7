"""Devices without a record of their own, and how a system starts: filled in, refused, copied, changed."""

from __future__ import annotations

import pytest

from openvman.messages.problem import Problem
from openvman.model.actor import Actor, Role
from openvman.model.allocation import DeviceKind
from openvman.model.errors import ModelError
from openvman.model.spec import DEVICE_SETTINGS, DeviceSpec, DiskSpec, SerialSpec, SystemSpec
from openvman.model.states import Action
from openvman.model.system import BootDevice, Firmware

ADMIN = Actor("root", Role.ADMIN)
Kind = DeviceKind


async def refused(awaitable) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await awaitable
    return caught.value


def said(device) -> dict[str, object]:
    return {name: getattr(device, name) for name in DEVICE_SETTINGS if name != "kind" and getattr(device, name)}


@pytest.mark.parametrize(
    ("kind", "usual"),
    [
        (Kind.VIDEO, {"type": "virtio"}),
        (Kind.INPUT, {"type": "tablet", "bus": "usb"}),
        (Kind.RNG, {"type": "virtio", "backend": "random", "source": "/dev/urandom"}),
        (Kind.TPM, {"type": "tpm-crb", "backend": "emulator"}),
        (Kind.WATCHDOG, {"type": "i6300esb", "action": "reset"}),
        (Kind.CHANNEL, {"type": "virtio", "backend": "unix", "target": "org.qemu.guest_agent.0"}),
    ],
)
async def test_what_is_not_said_is_as_usual(world, kind, usual):
    system = await world.define(DeviceSpec(kind=kind))
    (device,) = system.defined.devices
    assert (device.kind, said(device)) == (kind, usual)


async def test_graphics_listen_on_this_machine_alone_and_show_something(world):
    system = await world.define(DeviceSpec(kind=Kind.GRAPHICS))
    graphics, video = system.defined.devices
    assert (graphics.local_id, graphics.address, video.kind) == ("graphics:vnc", "127.0.0.1", Kind.VIDEO)


async def test_controllers_are_numbered_by_their_bus(world):
    asked = [DeviceSpec(kind=Kind.CONTROLLER, bus=bus) for bus in ("usb", "scsi", "usb")]
    system = await world.define(
        DeviceSpec(kind=Kind.CONTROLLER, bus="usb", address="1"), *asked, DiskSpec(source="small.qcow2", bus="scsi")
    )
    assert [device.local_id for device in system.defined.devices] == [
        "controller:usb:1",
        "controller:usb:0",
        "controller:scsi:0",
        "controller:usb:2",
    ]
    assert system.defined.disks[0].parent == "controller:scsi:0"


async def test_serial_ports_stand_beside_the_kept_console(world):
    system = await world.define(SerialSpec(port=0), SerialSpec(), SerialSpec(port=3))
    assert [serial.port for serial in system.defined.serials] == [0, 1, 3]
    error = await refused(world.define(SerialSpec(port=0), SerialSpec(port=0)))
    assert error.problem is Problem.INVALID_PARAMETER


@pytest.mark.parametrize(
    "device",
    [
        DeviceSpec(kind=Kind.HOST_DEVICE, type="pci", source="0000:00:1f.2"),
        DeviceSpec(kind=Kind.HOST_DEVICE, type="usb", source="1d6b:0002"),
        DeviceSpec(kind=Kind.FILE_SYSTEM, source="/srv/shared", target="shared"),
        DeviceSpec(kind=Kind.GRAPHICS, type="vnc", address="0.0.0.0"),
        DeviceSpec(kind=Kind.GRAPHICS, type="spice", address="[::]:5930"),
        DeviceSpec(kind=Kind.TPM, backend="passthrough", source="/dev/tpm0"),
        DeviceSpec(kind=Kind.RNG, source="/dev/sda"),
    ],
)
async def test_what_reaches_into_the_host_is_for_administrators(world, device):
    error = await refused(world.define(device))
    assert error.problem is Problem.ACCESS_DENIED, error.message
    assert world.names() == set()
    system = await world.define(device, actor=ADMIN)
    assert system.defined.devices[0].kind is device.kind


@pytest.mark.parametrize(
    ("device", "problem"),
    [
        (DeviceSpec(), Problem.INVALID_PARAMETER),
        (DeviceSpec(kind=Kind.VIDEO, source="/dev/dri/card0"), Problem.INVALID_PARAMETER),
        (DeviceSpec(kind=Kind.VIDEO, type="abacus"), Problem.NOT_SUPPORTED),
        (DeviceSpec(kind=Kind.SOUND, type="'/><x"), Problem.NOT_SUPPORTED),
        (DeviceSpec(kind=Kind.GRAPHICS, type="sdl"), Problem.NOT_SUPPORTED),
        (DeviceSpec(kind=Kind.GRAPHICS, address="localhost"), Problem.INVALID_PARAMETER),
        (DeviceSpec(kind=Kind.GRAPHICS, address="127.0.0.1:0"), Problem.INVALID_PARAMETER),
        (DeviceSpec(kind=Kind.CONTROLLER), Problem.NOT_SUPPORTED),
        (DeviceSpec(kind=Kind.CONTROLLER, bus="usb", address="256"), Problem.INVALID_PARAMETER),
        (DeviceSpec(kind=Kind.CHANNEL, backend="file"), Problem.NOT_SUPPORTED),
        (DeviceSpec(kind=Kind.CHANNEL, target="../x"), Problem.INVALID_PARAMETER),
        (DeviceSpec(kind=Kind.WATCHDOG, action="dump"), Problem.NOT_SUPPORTED),
        (DeviceSpec(kind=Kind.HOST_DEVICE, type="pci", source="/dev/mem"), Problem.INVALID_PARAMETER),
        (DeviceSpec(kind=Kind.HOST_DEVICE, type="pci"), Problem.INVALID_PARAMETER),
        (DeviceSpec(kind=Kind.FILE_SYSTEM, target="x"), Problem.INVALID_PARAMETER),
        (DeviceSpec(kind=Kind.FILE_SYSTEM, target="x", source="/srv/../etc"), Problem.INVALID_PARAMETER),
        (DeviceSpec(kind=Kind.SMARTCARD, type="host-certificates"), Problem.NOT_SUPPORTED),
    ],
)
async def test_devices_that_cannot_be(world, device, problem):
    error = await refused(world.define(device, actor=ADMIN))
    assert error.problem is problem, error.message


@pytest.mark.parametrize("kind", [Kind.TPM, Kind.BALLOON])
async def test_one_of_a_kind(world, kind):
    error = await refused(world.define(DeviceSpec(kind=kind), DeviceSpec(kind=kind)))
    assert error.problem is Problem.INVALID_PARAMETER


async def test_a_reference_gives_devices_but_no_host_device(world):
    reference = await world.define(
        DeviceSpec(kind=Kind.SOUND),
        DeviceSpec(kind=Kind.WATCHDOG, action="pause"),
        DeviceSpec(kind=Kind.CONTROLLER, bus="usb", type="qemu-xhci"),
        DeviceSpec(kind=Kind.HOST_DEVICE, type="usb", source="1d6b:0002"),
        SerialSpec(port=2),
        actor=ADMIN,
        machine="q35",
        firmware=Firmware.UEFI,
        boot_order=(BootDevice.NETWORK, BootDevice.DISK),
    )
    own = DeviceSpec(kind=Kind.WATCHDOG, action="reset")
    like = (await world.define(own, reference=reference.defined)).defined
    assert [device.local_id for device in like.devices] == ["watchdog:0", "sound:0", "controller:usb:0"]
    assert like.devices[0].action == "reset"
    assert (like.firmware, like.boot_order, [s.port for s in like.serials]) == (
        Firmware.UEFI,
        (BootDevice.NETWORK, BootDevice.DISK),
        [0, 2],
    )
    other = (await world.define(reference=reference.defined, machine="pc")).defined
    assert [device.local_id for device in other.devices] == ["sound:0", "watchdog:0"]


async def test_a_device_is_modified(world):
    system = await world.define(DeviceSpec(kind=Kind.GRAPHICS), DeviceSpec(kind=Kind.WATCHDOG))
    change = DeviceSpec(allocation_id=f"{system.id}/defined/watchdog:0", action="pause")
    (after,) = await world.modify(change)
    assert (after.action, after.type) == ("pause", "i6300esb")
    opened = DeviceSpec(allocation_id=f"{system.id}/defined/graphics:vnc", address="::")
    assert (await refused(world.modify(opened))).problem is Problem.ACCESS_DENIED
    other = DeviceSpec(allocation_id=f"{system.id}/defined/graphics:vnc", type="spice")
    assert (await refused(world.modify(other))).problem is Problem.NOT_SUPPORTED
    await world.act(system, Action.START)
    live = DeviceSpec(allocation_id=f"{system.id}/state/watchdog:0", action="reset")
    assert (await refused(world.modify(live))).problem is Problem.NOT_SUPPORTED


# How a system starts


async def test_kernels_are_held_to_the_image_folders(world, tmp_path):
    world.with_policy(image_roots=(tmp_path,))
    inside = {"kernel": str(tmp_path / "vmlinuz"), "initrd": str(tmp_path / "initrd"), "command_line": "quiet"}
    system = await world.define(**inside)
    assert {name: getattr(system.defined, name) for name in inside} == inside
    for setting in ("kernel", "initrd"):
        outside = {**inside, setting: "/boot/secret"}
        assert (await refused(world.define(**outside))).problem is Problem.ACCESS_DENIED
        change = SystemSpec(system_id=system.id, **{setting: "/boot/secret"})
        operator = Actor("op", Role.OPERATOR)
        assert (await refused(world.operations.modify_system(operator, spec=change))).problem is Problem.ACCESS_DENIED
        assert (await world.define(actor=ADMIN, **outside)).defined is not None
    (tmp_path / "link").symlink_to("/boot")
    escaping = {**inside, "kernel": str(tmp_path / "link" / "vmlinuz")}
    assert (await refused(world.define(**escaping))).problem is Problem.ACCESS_DENIED


async def test_a_kernel_is_taken_away(world):
    system = await world.define(actor=ADMIN, kernel="/boot/vmlinuz", command_line="quiet")
    alone = SystemSpec(system_id=system.id, kernel="")
    error = await refused(world.operations.modify_system(ADMIN, spec=alone))
    assert error.problem is Problem.INVALID_PARAMETER  # the command line would be left over
    change = SystemSpec(system_id=system.id, kernel="", command_line="", boot_order=(BootDevice.NETWORK,))
    after = (await world.operations.modify_system(ADMIN, spec=change)).defined
    assert (after.kernel, after.command_line, after.boot_order) == (None, None, (BootDevice.NETWORK,))


@pytest.mark.parametrize(
    "settings",
    [
        {"kernel": "boot/vmlinuz"},
        {"kernel": "/boot/../etc/shadow"},
        {"initrd": "/boot/initrd"},
        {"kernel": "/boot/vmlinuz", "command_line": "a\nb"},
        {"boot_order": (BootDevice.DISK, BootDevice.DISK)},
    ],
)
async def test_starts_that_cannot_be(world, settings):
    assert (await refused(world.define(actor=ADMIN, **settings))).problem is Problem.INVALID_PARAMETER
