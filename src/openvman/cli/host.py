"""``vman host``: hosts that run virtual machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from openvman.cli import output
from openvman.cli.connection import connecting
from openvman.client.records import Host

if TYPE_CHECKING:  # it imports pywbem, which is slow, and help must be quick
    from openvman.client.vman import Client


@click.group("host")
def command() -> None:
    """Hosts that run virtual machines."""


def host_object(host: Host) -> dict[str, Any]:
    """The stable shape of a host in JSON."""
    return {
        "id": host.id,
        "name": host.name,
        "online": host.online,
        "hypervisor": host.hypervisor,
        "platform": host.platform,
    }


def _status(host: Host) -> Any:
    return output.state("online" if host.online else "offline")


@command.command("list")
@connecting
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list of objects.")
def list_hosts(client: Client, as_json: bool) -> None:
    """List the hosts."""
    hosts = client.hosts()
    if as_json:
        output.emit_json([host_object(host) for host in hosts])
        return
    output.table(
        ("NAME", "STATUS", "HYPERVISOR", "PLATFORM", "UUID"),
        [(h.name, _status(h), h.hypervisor, h.platform, h.id) for h in hosts],
    )


@command.command()
@connecting
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list of one object.")
def show(client: Client, name: str, as_json: bool) -> None:
    """Show a host: what runs there, what can, and the profiles it conforms to."""
    host = client.host(name)
    types = client.system_types(host)
    profiles = client.profiles(host)
    systems = client.systems(host)
    if as_json:
        told = {
            **host_object(host),
            "system_types": types,
            "profiles": [{"name": p.name, "version": p.version, "caption": p.caption} for p in profiles],
            "systems": [system.id for system in systems],
        }
        output.emit_json([told])
        return
    active = sum(system.state == "active" for system in systems)
    output.facts(
        (
            ("Name", host.name),
            ("UUID", host.id),
            ("Status", _status(host)),
            ("Hypervisor", host.hypervisor),
            ("Platform", host.platform),
            ("Virtual machines", f"{len(systems)}, {active} active"),
            ("Can define", ", ".join(types)),
            ("Profiles", ", ".join(profile.caption for profile in profiles)),
        )
    )
