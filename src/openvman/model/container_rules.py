"""The rules that a container must keep, and what may be said of one alone; see :mod:`openvman.model.validation`."""

from __future__ import annotations

from typing import Final

from openvman.messages import containers as containers_rows
from openvman.model.allocation import DeviceKind
from openvman.model.defaults import ROOT
from openvman.model.spec import DeviceSpec, SerialSpec, SystemSpec
from openvman.model.validation import Devices, Rule, Surroundings, is_path

_OF_MACHINES: Final = (
    "kernel",
    "initrd",
    "command_line",
    "boot_order",
    "firmware",
    "machine",
    "acpi",
    "apic",
    "pae",
    "user_data",  # it comes by a drive
)


def _is_place(path: str) -> bool:
    return path.startswith("/") and is_path(path)


CONTAINER_RULES: Final[tuple[Rule[SystemSpec], ...]] = (
    *(
        Rule(
            (setting,),
            lambda v, s, setting=setting: not (s.host.facts.is_for_containers and getattr(v, setting)),  # type: ignore[misc]
            containers_rows.NO_MACHINE,
        )
        for setting in _OF_MACHINES
    ),
    Rule(
        ("init",),
        lambda v, s: not v.init or s.host.facts.is_for_containers,
        containers_rows.NO_CONTAINER,
    ),
    Rule(
        ("init",),
        lambda v, _: not v.init or _is_place(v.init),
        containers_rows.INIT,
    ),
)


def _targets(devices: Devices) -> list[str]:
    found = (device.target or "" for device in devices.others if device.kind is DeviceKind.FILE_SYSTEM)
    return [target.rstrip("/") or ROOT for target in found]


FILE_SYSTEM_RULES: Final[tuple[Rule[Devices], ...]] = (
    Rule(
        ("target", "devices"),
        lambda v, s: not s.host.facts.is_for_containers or ROOT in _targets(v),
        containers_rows.NO_ROOT,
    ),
    Rule(
        ("target", "devices"),
        lambda v, s: not s.host.facts.is_for_containers or len(set(_targets(v))) == len(_targets(v)),
        containers_rows.TARGET_TWICE,
    ),
)
"""Of all the devices of a container together, also of those that are left when others are removed."""


def _target_fits(device: DeviceSpec, around: Surroundings) -> bool:
    applies = around.host.facts.is_for_containers and device.kind is DeviceKind.FILE_SYSTEM
    return not applies or _is_place(device.target or "")


TARGET_RULES: Final[tuple[Rule[DeviceSpec], ...]] = (Rule(("target", "kind"), _target_fits, containers_rows.TARGET),)

SERIAL_PORT_RULES: Final[tuple[Rule[SerialSpec], ...]] = (
    Rule(("port",), lambda _v, s: s.host.facts.has_serial_ports, containers_rows.NO_SERIAL_PORT),
)
