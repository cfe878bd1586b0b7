"""What may be asked of a host of containers, and of one of machines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from openvman.messages import containers
from openvman.model.allocation import DeviceKind
from openvman.model.container_rules import CONTAINER_RULES, FILE_SYSTEM_RULES, SERIAL_PORT_RULES, TARGET_RULES
from openvman.model.errors import ModelError
from openvman.model.host import Host, HostFacts
from openvman.model.spec import DeviceSpec, SerialSpec, SystemSpec
from openvman.model.system import BootDevice, Firmware
from openvman.model.validation import Devices, Surroundings, check

FACTS = HostFacts(
    hypervisors=("lxc",),
    architecture="x86_64",
    machines=(),
    maximum_processors=4,
    disk_buses=(),
    nic_models=(),
    is_for_containers=True,
    has_serial_ports=False,
)
HOST = Host(
    id="host",
    name="harbour",
    platform="lxc:///system",
    hypervisor_name="LXC",
    hypervisor_version="1.0.0",
    processors=4,
    processor_model=None,
    processor_mhz=None,
    memory=1 << 30,
    facts=FACTS,
)
HERE = Surroundings(host=HOST)
AMONG_MACHINES = Surroundings(host=replace(HOST, facts=replace(FACTS, is_for_containers=False, has_serial_ports=True)))


def says(row):
    return pytest.raises(ModelError, check=lambda error: error.said.message is row)


def mounted(*targets: str) -> Devices:
    made = (DeviceSpec(kind=DeviceKind.FILE_SYSTEM, source="/srv", target=target) for target in targets)
    return Devices(disks=(), nics=(), others=tuple(made))


@pytest.mark.parametrize(
    "asked",
    [
        {"kernel": "/boot/vmlinuz"},
        {"initrd": "/boot/initrd"},
        {"command_line": "quiet"},
        {"boot_order": (BootDevice.DISK,)},
        {"firmware": Firmware.BIOS},
        {"machine": "q35"},
        {"acpi": True},
        {"user_data": "#!/bin/sh"},
    ],
    ids=lambda asked: next(iter(asked)),
)
def test_a_container_has_nothing_of_a_machine(asked) -> None:
    with says(containers.NO_MACHINE):
        check(CONTAINER_RULES, SystemSpec(**asked), HERE)
    check(CONTAINER_RULES, SystemSpec(**asked), AMONG_MACHINES)


@pytest.mark.parametrize("init", ["sbin/init", "/sbin/../init", "/a\nb", "-x"])
def test_an_init_is_a_path(init) -> None:
    with says(containers.INIT):
        check(CONTAINER_RULES, SystemSpec(init=init), HERE)


@pytest.mark.parametrize("init", [None, "", "/sbin/init", "/with space"])
def test_an_init_may_be(init) -> None:
    check(CONTAINER_RULES, SystemSpec(init=init), HERE)


def test_a_machine_has_no_init() -> None:
    with says(containers.NO_CONTAINER):
        check(CONTAINER_RULES, SystemSpec(init="/sbin/init"), AMONG_MACHINES)


@pytest.mark.parametrize("targets", [(), ("/data",), ("/data", "/root")])
def test_a_container_needs_a_root(targets) -> None:
    with says(containers.NO_ROOT):
        check(FILE_SYSTEM_RULES, mounted(*targets), HERE)
    check(FILE_SYSTEM_RULES, mounted(*targets), AMONG_MACHINES)


@pytest.mark.parametrize("targets", [("/", "/"), ("/", "//"), ("/", "/data", "/data/")])
def test_each_place_is_taken_once(targets) -> None:
    with says(containers.TARGET_TWICE):
        check(FILE_SYSTEM_RULES, mounted(*targets), HERE)


def test_several_file_systems_may_be() -> None:
    check(FILE_SYSTEM_RULES, mounted("/data", "/", "/more"), HERE)


@pytest.mark.parametrize("target", ["data", "/data/../etc", None])
def test_a_target_is_a_place(target) -> None:
    asked = DeviceSpec(kind=DeviceKind.FILE_SYSTEM, source="/srv", target=target)
    with says(containers.TARGET):
        check(TARGET_RULES, asked, HERE)
    check(TARGET_RULES, asked, AMONG_MACHINES)


def test_serial_ports_where_there_are_some() -> None:
    with says(containers.NO_SERIAL_PORT):
        check(SERIAL_PORT_RULES, SerialSpec(port=0), HERE)
    check(SERIAL_PORT_RULES, SerialSpec(port=0), AMONG_MACHINES)
