"""The part of the driver conformance suite that is about devices without a record of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.drivers.subject import Requirement, Subject, refuses

from openvman.messages.problem import Problem
from openvman.model.allocation import DeviceAllocation, DeviceKind
from openvman.model.spec import DEVICE_SETTINGS, DeviceSpec, SerialSpec
from openvman.model.states import Action
from openvman.model.system import ConfigurationKind

DEFINED, STATE = ConfigurationKind.DEFINED, ConfigurationKind.STATE
SECRET = "pssst-12"


class DeviceConformance:
    async def test_devices_are_as_defined(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        asked = (
            DeviceSpec(kind=DeviceKind.GRAPHICS, type="vnc", address="127.0.0.1", keymap="de"),
            DeviceSpec(kind=DeviceKind.VIDEO, type="vga"),
            DeviceSpec(kind=DeviceKind.INPUT, type="tablet", bus="usb"),
            DeviceSpec(kind=DeviceKind.SOUND, type="ich6"),
            DeviceSpec(kind=DeviceKind.WATCHDOG, type="i6300esb", action="poweroff"),
            DeviceSpec(kind=DeviceKind.RNG, type="virtio", backend="random", source="/dev/urandom"),
            DeviceSpec(kind=DeviceKind.CHANNEL, type="virtio", backend="unix", target="org.qemu.guest_agent.0"),
            DeviceSpec(kind=DeviceKind.CONTROLLER, bus="scsi", address="0", type="virtio-scsi"),
        )
        serials = (SerialSpec(port=1), SerialSpec(port=2, address="127.0.0.1:4617"))
        defined = (await subject.define(devices=asked, serials=serials)).defined
        assert defined is not None
        found = [_spec_of(device) for device in defined.devices]
        for spec in asked:
            assert spec in found
        assert [(s.port, s.address) for s in defined.serials] == [(0, None), (1, None), (2, "127.0.0.1:4617")]
        assert len({each.id for each in defined.allocations()}) == len(list(defined.allocations()))
        controllers = {each.local_id for each in defined.devices if each.kind is DeviceKind.CONTROLLER}
        await subject.driver.act(defined.system_id, Action.START)
        current = (await subject.read(defined.system_id)).current
        assert current is not None
        assert [s.address for s in current.serials] == [s.address for s in defined.serials]
        assert [each.local_id for each in current.allocations()] == [each.local_id for each in defined.allocations()]
        parents = {each.parent for each in defined.allocations() if each.parent is not None}
        assert parents <= controllers

    async def test_a_device_changes_and_stays_what_it_is(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        watchdog = DeviceSpec(kind=DeviceKind.WATCHDOG, type="i6300esb", action="poweroff")
        vnc = DeviceSpec(kind=DeviceKind.GRAPHICS, type="vnc", address="127.0.0.1", keymap="de")
        system = await subject.define(devices=(watchdog, vnc))
        for local_id, change in (
            ("watchdog:0", {"action": "pause"}),
            ("graphics:vnc", {"address": "127.0.0.1:5999", "keymap": "en-us"}),
        ):
            spec = DeviceSpec(allocation_id=f"{system.id}/defined/{local_id}", **change)
            await subject.driver.modify_resource(system.id, DEFINED, spec)
        defined = (await subject.read(system.id)).defined
        assert defined is not None
        found = [_spec_of(device) for device in defined.devices]
        assert replace(watchdog, action="pause") in found
        assert replace(vnc, address="127.0.0.1:5999", keymap="en-us") in found
        other = DeviceSpec(allocation_id=f"{system.id}/defined/graphics:vnc", type="spice")
        with refuses(Problem.NOT_SUPPORTED):
            await subject.driver.modify_resource(system.id, DEFINED, other)

    async def test_graphics_have_a_password_until_it_is_taken_away(self, subject: Subject) -> None:
        """That they have one is read; what it is, never."""
        subject.lacks(Requirement.MACHINES)
        id = await _locked(subject)
        assert await _passwords(subject, id) == {DEFINED: True}
        await _change(subject, id, DEFINED, address="127.0.0.1:5998")
        assert await _passwords(subject, id) == {DEFINED: True}
        await subject.driver.act(id, Action.START)
        await _change(subject, id, DEFINED, has_password=False)
        assert await _passwords(subject, id) == {STATE: True, DEFINED: False}
        with refuses(Problem.NOT_SUPPORTED):
            await _change(subject, id, STATE, has_password=False)
        with refuses(Problem.NOT_SUPPORTED):
            await _change(subject, id, STATE, keymap="de")
        await subject.driver.act(id, Action.STOP)
        await subject.driver.act(id, Action.START)
        assert await _passwords(subject, id) == {STATE: False, DEFINED: False}
        with refuses(Problem.NOT_SUPPORTED):
            await _change(subject, id, STATE, password=SECRET)
        await _change(subject, id, DEFINED, password=SECRET)
        assert await _passwords(subject, id) == {STATE: False, DEFINED: True}

    async def test_another_password_while_active(self, subject: Subject) -> None:
        subject.lacks(Requirement.MACHINES)
        id = await _locked(subject)
        await subject.driver.act(id, Action.START)
        with subject.needs(Requirement.LIVE_PASSWORD):
            await _change(subject, id, STATE, password="another")
        assert await _passwords(subject, id) == {STATE: True, DEFINED: True}


async def _locked(subject: Subject) -> str:
    graphics = DeviceSpec(kind=DeviceKind.GRAPHICS, type="vnc", address="127.0.0.1", password=SECRET)
    return (await subject.define(devices=(graphics, DeviceSpec(kind=DeviceKind.VIDEO, type="vga")))).id


async def _change(subject: Subject, id: str, kind: ConfigurationKind, **said: Any) -> None:
    spec = DeviceSpec(allocation_id=f"{id}/{kind}/graphics:vnc", **said)
    await subject.driver.modify_resource(id, kind, spec)


async def _passwords(subject: Subject, id: str) -> dict[ConfigurationKind, bool]:
    """Whether the graphics of each configuration have one."""
    found = await subject.read(id)
    assert SECRET not in repr(found)
    return {
        configuration.kind: device.has_password
        for configuration in found.configurations()
        for device in configuration.devices
        if device.kind is DeviceKind.GRAPHICS
    }


def _spec_of(device: DeviceAllocation) -> DeviceSpec:
    """What asks for such a device."""
    said = {name: getattr(device, name) for name in DEVICE_SETTINGS}
    return DeviceSpec(**{**said, "read_only": device.read_only or None, "has_password": device.has_password or None})
