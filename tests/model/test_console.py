"""Consoles that can be reached: of what a configuration has, and while its system is active."""

from __future__ import annotations

from dataclasses import replace

import pytest

from openvman.model.allocation import (
    DeviceAllocation,
    DeviceKind,
    MemoryAllocation,
    ProcessorAllocation,
    SerialAllocation,
)
from openvman.model.console import consoles_of
from openvman.model.states import State
from openvman.model.system import Configuration, ConfigurationKind, OnCrash, VirtualSystem


def _system(*, type="vnc", address="127.0.0.1:5901", serial=None, state=State.ACTIVE):
    def owned(local):
        return {"id": f"s/state/{local}", "system_id": "s", "configuration_id": "s/state", "host_id": "h"}

    current = Configuration(
        id="s/state",
        system_id="s",
        host_id="h",
        kind=ConfigurationKind.STATE,
        name="seen",
        hypervisor="qemu",
        description=None,
        autostart=False,
        on_crash=OnCrash.DESTROY,
        architecture=None,
        machine=None,
        processor=ProcessorAllocation(**owned("processor"), count=1, maximum=1),
        memory=MemoryAllocation(**owned("memory"), size=1, maximum=1),
        serials=(SerialAllocation(**owned("serial:0"), port=0, has_log=False, address=serial),),
        devices=(DeviceAllocation(**owned("graphics:x"), kind=DeviceKind.GRAPHICS, type=type, address=address),),
    )
    return VirtualSystem(id="s", host_id="h", name="seen", state=state, defined=None, current=current)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1:5901", "vnc://127.0.0.1:5901"),
        ("::1:x", None),
        ("[::1]:5901", "vnc://[::1]:5901"),
        ("viewers.example:5901", "vnc://viewers.example:5901"),
        ("127.0.0.1", None),
        (None, None),
    ],
)
def test_a_screen_is_reached_at_its_port(address, expected):
    [screen] = consoles_of(_system(address=address))
    assert screen.url == expected
    assert screen.is_open == (expected is not None)
    assert screen.id == "s/graphics:x"
    assert not screen.is_text


def test_a_display_on_the_host_itself_is_no_console():
    assert list(consoles_of(_system(type="sdl"))) == []


def test_a_serial_port_is_a_console_where_it_takes_connections():
    [screen, serial] = consoles_of(_system(serial="0.0.0.0:4555"))
    assert (screen.is_text, serial.is_text) == (False, True)
    assert (serial.id, serial.url) == ("s/serial:0", "tcp://0.0.0.0:4555")


def test_nothing_is_known_of_a_console_while_the_hypervisor_does_not_answer():
    [screen] = consoles_of(_system(state=State.UNKNOWN))
    assert (screen.is_known, screen.is_open, screen.port) == (False, False, None)


def test_a_paused_system_keeps_its_consoles():
    system = _system()
    assert list(consoles_of(replace(system, state=State.PAUSED))) == list(consoles_of(system))
