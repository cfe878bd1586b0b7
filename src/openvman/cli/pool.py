"""``vman pool``: resource pools of hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from openvman.cli import output
from openvman.cli.connection import connecting
from openvman.client.errors import ClientError, Reason
from openvman.client.records import Host
from openvman.client.units import parse_size

if TYPE_CHECKING:  # they import pywbem, which is slow, and help must be quick
    from openvman.client.pools import Pool, Pools
    from openvman.client.vman import Client

ON_HOST = click.option("--host", metavar="HOST", help="Which host (name or UUID); may be left out when there is one.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON: a list of objects, sizes in bytes.")


@click.group("pool")
def command() -> None:
    """Resource pools: what hosts have of processors, memory, disks and networks, and what is set aside of it."""


def pools_of(client: Client) -> Pools:
    """The pools of the client's server."""
    from openvman.client.pools import Pools  # noqa: PLC0415 - it imports pywbem, which is slow

    return Pools(client.session)


def one_host(client: Client, host: str | None) -> Host:
    """The host named, or the only one."""
    if host is not None:
        return client.host(host)
    hosts = client.hosts()
    if len(hosts) != 1:
        names = ", ".join(h.name for h in hosts) or "none"
        raise ClientError(Reason.NOT_FOUND, f"Say which host with --host. Hosts: {names}.")
    return hosts[0]


def amount(value: int | None, in_bytes: bool) -> Any:
    """A quantity for a person: a size, or a number."""
    return output.size(value) if in_bytes else output.cell(value)


def _pool_object(pool: Pool) -> dict[str, Any]:
    """The stable shape of a pool in JSON."""
    return {
        "name": pool.name,
        "host": pool.host,
        "kind": pool.kind,
        "parents": list(pool.parents),
        "capacity": pool.capacity,
        "reserved": pool.reserved,
        "consumed": pool.consumed,
        "in_bytes": pool.in_bytes,
    }


@command.command("list")
@connecting
@click.option("--host", metavar="HOST", help="Only on this host (name or UUID).")
@AS_JSON
def list_pools(client: Client, host: str | None, as_json: bool) -> None:
    """List the pools: what they have, what of it is taken, and what their users were given."""
    hosts = client.hosts() if host is None else [client.host(host)]
    pools = [pool for one in hosts for pool in pools_of(client).of(one)]
    if as_json:
        output.emit_json([_pool_object(pool) for pool in pools])
        return
    numbers = ("CAPACITY", "RESERVED", "GIVEN")
    output.table(
        ("NAME", "HOST", "KIND", "PARENT", *numbers),
        [
            (
                p.name,
                p.host,
                p.kind,
                ", ".join(p.parents),
                *(amount(v, p.in_bytes) for v in (p.capacity, p.reserved, p.consumed)),
            )
            for p in pools
        ],
        right=numbers,
    )


@command.command()
@connecting
@click.argument("name")
@ON_HOST
@AS_JSON
def show(client: Client, name: str, host: str | None, as_json: bool) -> None:
    """Show a pool, and the virtual machines that have something of it."""
    where = one_host(client, host)
    pools = pools_of(client)
    pool = pools.find(name, where)
    names = {system.id: system.name for system in client.systems(where)}
    users = pools.users(pool)
    if as_json:
        output.emit_json([{**_pool_object(pool), "systems": users}])
        return
    output.facts(
        (
            ("Name", pool.name),
            ("Host", pool.host),
            ("Kind", pool.kind),
            ("Parents", ", ".join(pool.parents)),
            ("Capacity", amount(pool.capacity, pool.in_bytes)),
            ("Reserved", amount(pool.reserved, pool.in_bytes)),
            ("Given to machines", amount(pool.consumed, pool.in_bytes)),
            ("Virtual machines", ", ".join(names.get(user, user) for user in users)),
        )
    )


@command.command()
@connecting
@click.argument("name")
@click.option("--parent", "parents", metavar="POOL", required=True, multiple=True, help="A pool to take it from.")
@click.option(
    "--size",
    "sizes",
    metavar="SIZE|NUMBER",
    required=True,
    multiple=True,
    help="How much of it: 4GiB of memory, 2 processors. With several parents, one size for each in their order.",
)
@ON_HOST
def create(client: Client, name: str, parents: tuple[str, ...], sizes: tuple[str, ...], host: str | None) -> None:
    """Set a part of one or more pools aside in a pool of its own.

    Its machines get no more than that, and no others get any.
    """
    if len(parents) != len(sizes):
        raise click.UsageError(f"{len(parents)} parents and {len(sizes)} sizes; give one size for each parent.")
    where = one_host(client, host)
    pools = pools_of(client)
    above = [pools.find(parent, where) for parent in parents]
    pools.create(name, [(pool, _quantity(size, pool)) for pool, size in zip(above, sizes, strict=True)], where)
    output.say(f"Created pool {name} in {', '.join(parents)} on {where.name}.")


def _quantity(size: str, parent: Pool) -> int:
    if not parent.in_bytes:
        if size.isascii() and size.isdigit() and 0 < int(size) < 2**63:
            return int(size)
        raise click.BadParameter(f"'{size}' is no number above 0", param_hint="--size")
    try:
        return parse_size(size)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--size") from None


@command.command()
@connecting
@click.argument("name")
@ON_HOST
def delete(client: Client, name: str, host: str | None) -> None:
    """Delete a pool that no machine and no other pool has anything of; what it had goes back to its parent."""
    where = one_host(client, host)
    pools = pools_of(client)
    pools.delete(pools.find(name, where), where)
    output.say(f"Deleted pool {name} on {where.name}.")
