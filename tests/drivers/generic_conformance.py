"""The conformance suite's part about devices without a record of their own that come and go."""

from __future__ import annotations

import pytest
from tests.drivers.plug_conformance import configuration, locals_
from tests.drivers.subject import Requirement, Subject, refuses

from openvman.messages.problem import Problem
from openvman.model.allocation import DeviceKind
from openvman.model.spec import DeviceSpec, ResourceSpec, SerialSpec
from openvman.model.states import Action
from openvman.model.system import ConfigurationKind

DEFINED, STATE = ConfigurationKind.DEFINED, ConfigurationKind.STATE

RNG = DeviceSpec(kind=DeviceKind.RNG, type="virtio", backend="random", source="/dev/urandom")
OTHER_RNG = DeviceSpec(kind=DeviceKind.RNG, type="virtio", backend="builtin")
WATCHDOG = DeviceSpec(kind=DeviceKind.WATCHDOG, type="i6300esb", action="poweroff")
SCSI = DeviceSpec(kind=DeviceKind.CONTROLLER, bus="scsi", address="0", type="virtio-scsi")
TABLET = DeviceSpec(kind=DeviceKind.INPUT, type="tablet", bus="usb")
MOUSE = DeviceSpec(kind=DeviceKind.INPUT, type="mouse", bus="virtio")
CHANNEL = DeviceSpec(kind=DeviceKind.CHANNEL, type="virtio", backend="unix", target="org.qemu.guest_agent.0")
VNC = DeviceSpec(kind=DeviceKind.GRAPHICS, type="vnc", address="127.0.0.1")
VGA = DeviceSpec(kind=DeviceKind.VIDEO, type="vga")
SOUND = DeviceSpec(kind=DeviceKind.SOUND, type="ich6")
PANIC = DeviceSpec(kind=DeviceKind.PANIC, type="isa")
PARALLEL = DeviceSpec(kind=DeviceKind.PARALLEL, backend="pty", address="0")
PS2 = DeviceSpec(kind=DeviceKind.INPUT, type="keyboard", bus="ps2")
USB = DeviceSpec(kind=DeviceKind.CONTROLLER, bus="usb", address="7", type="ich9-ehci1")

ADDED: tuple[tuple[ResourceSpec, str], ...] = (
    (RNG, "rng:0"),
    (OTHER_RNG, "rng:1"),
    (WATCHDOG, "watchdog:0"),
    (SCSI, "controller:scsi:0"),
    (TABLET, "input:tablet:usb"),
    (CHANNEL, "channel:0"),
    (VNC, "graphics:vnc"),
    (SOUND, "sound:0"),
    (PANIC, "panic:0"),
    (PARALLEL, "parallel:0"),
    (SerialSpec(port=1), "serial:1"),
)
FIXED: tuple[ResourceSpec, ...] = (VNC, VGA, SOUND, PANIC, PARALLEL, PS2, USB, SerialSpec(port=1))
HOT: tuple[tuple[DeviceSpec, str], ...] = (
    (RNG, "rng:0"),
    (WATCHDOG, "watchdog:0"),
    (SCSI, "controller:scsi:0"),
    (MOUSE, "input:mouse:virtio"),
)


class GenericConformance:
    """A part of :class:`tests.drivers.conformance.Conformance`."""

    async def test_every_kind_is_added_to_the_next_activation_and_removed(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        system = await subject.define()
        await subject.driver.add_resources(system.id, DEFINED, [spec for spec, _ in ADDED])
        after = await subject.read(system.id)
        wanted = {local for _, local in ADDED}
        assert wanted <= locals_(after, DEFINED)
        assert wanted.isdisjoint(locals_(system, DEFINED))
        rngs = [each for each in configuration(after, DEFINED).devices if each.kind is DeviceKind.RNG]
        assert [(each.backend, each.source) for each in rngs] == [("random", "/dev/urandom"), ("builtin", None)]
        gone = [f"{system.id}/defined/{local}" for local in sorted(wanted)]
        await subject.driver.remove_resources(system.id, DEFINED, gone)
        assert wanted.isdisjoint(locals_(await subject.read(system.id), DEFINED))

    async def test_the_first_serial_port_goes_too(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        system = await subject.define()
        await subject.driver.remove_resources(system.id, DEFINED, [f"{system.id}/defined/serial:0"])
        after = await subject.read(system.id)
        assert configuration(after, DEFINED).serials == ()
        await subject.driver.act(system.id, Action.START)
        assert configuration(await subject.read(system.id), STATE).serials == ()

    async def test_what_is_numbered_moves_up(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        system = await subject.define(devices=(RNG, OTHER_RNG))
        await subject.driver.remove_resources(system.id, DEFINED, [f"{system.id}/defined/rng:0"])
        (left,) = [d for d in configuration(await subject.read(system.id), DEFINED).devices if d.kind is DeviceKind.RNG]
        assert (left.local_id, left.backend) == ("rng:0", "builtin")

    async def test_a_device_that_is_there_is_not_added_again(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        system = await subject.define(devices=(TABLET, SCSI))
        before = await subject.read(system.id)
        for again in (TABLET, SCSI, SerialSpec(port=0)):
            with refuses(Problem.ALREADY_EXISTS):
                await subject.driver.add_resources(system.id, DEFINED, [RNG, again])
            assert await subject.read(system.id) == before
        with refuses(Problem.ALREADY_EXISTS):
            await subject.driver.add_resources(system.id, DEFINED, [SerialSpec(port=2), SerialSpec(port=2)])

    @pytest.mark.parametrize("spec", FIXED, ids=str)
    async def test_what_is_found_at_the_start_is_not_plugged(self, subject: Subject, spec: ResourceSpec) -> None:
        subject.lacks(Requirement.MACHINES)
        system = await subject.active()
        with refuses(Problem.NOT_SUPPORTED):
            await subject.driver.add_resources(system.id, STATE, [spec])
        with refuses(Problem.NOT_SUPPORTED):
            await subject.driver.remove_resources(system.id, STATE, [f"{system.id}/state/serial:0"])
        assert await subject.read(system.id) == system

    async def test_devices_of_many_kinds_are_plugged_and_let_go(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        system = await subject.active()
        await subject.printed(system.id)
        with subject.needs(Requirement.LIVE_DEVICES):
            await subject.driver.add_resources(system.id, STATE, [spec for spec, _ in HOT])
        after = await subject.read(system.id)
        assert {local for _, local in HOT} <= locals_(after, STATE)
        assert after.defined == system.defined
        with subject.needs(Requirement.GUEST_LETS_GO):
            gone = [f"{system.id}/state/{local}" for _, local in HOT]
            await subject.driver.remove_resources(system.id, STATE, gone)
        assert await subject.read(system.id) == system
