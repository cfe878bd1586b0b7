"""How virtual machines look: columns for people, objects for programs (their shape is a promise)."""

from __future__ import annotations

from typing import Any, Final

from openvman.cli import output
from openvman.cli.vm_tuning import tuned_object, tuned_rows
from openvman.client.devices import Device
from openvman.client.records import USUAL, Configuration, Details, Disk, Nic, System


def system_object(system: System) -> dict[str, Any]:
    """The stable shape of a virtual machine in JSON; ``memory`` in bytes."""
    return {
        "id": system.id,
        "name": system.name,
        "state": system.state,
        "host": system.host,
        "host_id": system.host_id,
        "cpus": system.cpus,
        "memory": system.memory,
        "description": system.description,
    }


def configuration_object(configuration: Configuration | None) -> dict[str, Any] | None:
    if configuration is None:
        return None
    return {
        "id": configuration.id,
        "kind": configuration.kind,
        "type": configuration.type,
        "description": configuration.description,
        "autostart": configuration.autostart,
        "cpus": configuration.cpus,
        "memory": configuration.memory,
        "disks": [
            {
                "target": disk.target,
                "kind": disk.kind,
                "bus": disk.bus,
                "source": disk.source,
                "capacity": disk.capacity,
                "read_only": disk.read_only,
                "shareable": disk.shareable,
                "format": disk.format,
                "pool": disk.pool,
                "cache": disk.cache,
                "discard": disk.discard,
                "limits": dict(disk.limits),
            }
            for disk in configuration.disks
        ],
        "tuning": tuned_object(configuration.tuned),
        "nics": [{"mac": nic.mac, "model": nic.model, "connection": nic.connection} for nic in configuration.nics],
        "devices": [
            {
                "id": device.id,
                "kind": device.kind,
                "name": device.name,
                "type": device.type,
                "source": device.source,
                "settings": dict(device.details),
            }
            for device in configuration.devices
        ],
    }


def details_object(details: Details) -> dict[str, Any]:
    effective = details.current or details.defined
    known = {"cpus": effective.cpus, "memory": effective.memory} if effective else {}
    return {
        **system_object(details.system),
        **known,
        "possible": [str(action) for action in details.system.possible],
        "current": configuration_object(details.current),
        "defined": configuration_object(details.defined),
    }


def print_systems(systems: list[System]) -> None:
    output.table(
        ("NAME", "STATE", "CPUS", "MEMORY", "HOST", "UUID"),
        [(s.name, output.state(s.state), s.cpus, output.size(s.memory), s.host, s.id) for s in systems],
        right=("CPUS", "MEMORY"),
    )


def print_details(details: Details) -> None:
    system = details.system
    output.facts(
        (
            ("Name", system.name),
            ("UUID", system.id),
            ("Host", system.host),
            ("State", output.state(system.state)),
            ("Possible now", ", ".join(system.possible)),
            ("Description", system.description),
        )
    )
    if details.current is not None:
        _print_configuration("Now", details.current)
    if details.defined is not None:
        _print_configuration("At the next start" if details.current else "Defined", details.defined)


def _print_configuration(title: str, configuration: Configuration) -> None:
    rows: list[tuple[str, Any]] = [
        ("Type", configuration.type),
        ("Processors", configuration.cpus),
        ("Memory", output.size(configuration.memory)),
        *tuned_rows(configuration.tuned, configuration.memory),
        ("Starts with host", configuration.autostart),
    ]
    rows += [(f"Disk {disk.target}", _disk_text(disk)) for disk in configuration.disks]
    rows += [(f"Network {nic.mac}", _nic_text(nic)) for nic in configuration.nics]
    rows += [(device.id, _device_text(device)) for device in configuration.devices if device.kind != _CONTROLLER]
    controllers = [
        device.id.removeprefix(f"{_CONTROLLER}:") for device in configuration.devices if device.kind == _CONTROLLER
    ]
    if controllers:
        rows.append(("Controllers", ", ".join(controllers)))
    output.facts(rows, title=title, indent=2)


def _disk_text(disk: Disk) -> str:
    size = None if disk.capacity is None else str(output.size(disk.capacity))
    kind = None if disk.kind == "disk" else disk.kind
    parts = (
        disk.source or "empty",
        size,
        kind,
        disk.bus,
        disk.format,
        "read only" if disk.read_only else None,
        "shareable" if disk.shareable else None,
        *(f"{name}={value}" for name, value in (("cache", disk.cache), ("discard", disk.discard)) if value != USUAL),
        *(f"{name.replace('_', '-')}={_limit_text(name, value)}" for name, value in disk.limits.items()),
    )
    return ", ".join(part for part in parts if part)


def _limit_text(name: str, value: int) -> str:
    return f"{output.size(value)}/s" if "bytes" in name else f"{value}/s"


_CONTROLLER: Final = "controller"
"""A machine has many, that nobody asked for: they share a line."""


def _device_text(device: Device) -> str:
    return ", ".join(part for part in (device.name, *(value for _, value in device.details), device.source) if part)


def _nic_text(nic: Nic) -> str:
    return ", ".join(part for part in (nic.connection, nic.model) if part)
