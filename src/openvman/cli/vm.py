"""``vman vm``: virtual machines."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from openvman.cli import output, vm_change, vm_describe
from openvman.cli.connection import connecting
from openvman.cli.exits import EXPECTED, told
from openvman.cli.kinds import Disk, Nic, Size
from openvman.cli.pool import amount, one_host, pools_of
from openvman.cli.texts import harmless
from openvman.cli.vm_named import NAME, NAMES, ON_HOST, find
from openvman.cli.vm_rows import details_object, print_details, print_systems, system_object
from openvman.cli.vm_tuning import tuning_options
from openvman.client.errors import ClientError, Reason
from openvman.client.records import Action, Host, System
from openvman.client.tuning import Tuning
from openvman.client.wishes import DiskWish, NicWish, SystemWish

if TYPE_CHECKING:  # it imports pywbem, which is slow, and help must be quick
    from openvman.client.capabilities import Capability
    from openvman.client.vman import Client

FOLLOW_SECONDS = 0.5
POINTS = ("default", "minimum", "maximum", "increment")


@click.group("vm")
def command() -> None:
    """Virtual machines. NAME is a name or a UUID; where hosts share a name, the UUID or --host tells them apart."""


def _each(client: Client, names: Sequence[str], host: str | None, do: Callable[[System], str]) -> None:
    """Do something to each; the others go on after a failure, and the first failure's code ends the command."""
    first = None
    for name in names:
        try:
            output.say(do(find(client, name, host)))
        except EXPECTED as error:
            code, sentence = told(error)
            click.echo(f"vman: {harmless(sentence)}", err=True)
            first = first or code
    if first is not None:
        raise click.exceptions.Exit(first)


@command.command()
@connecting
@click.argument("host", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list of objects, sizes in bytes.")
def capabilities(client: Client, host: str | None, as_json: bool) -> None:
    """What a virtual machine may be given on HOST: the default and the range of each resource, by pool, and then of
    each property of a request for it, under the property's own name; devices that no pool is kept of come last.
    """
    where = one_host(client, host)
    pools = pools_of(client)
    of_pools, of_devices = pools.capabilities(where), pools.device_capabilities(where)
    if as_json:
        output.emit_json([_capability(each) for each in (*of_pools, *of_devices)])
        return
    columns = [point.upper() for point in POINTS]
    rows = [
        (c.pool, c.kind, *(amount(c.points.get(point), c.in_bytes) for point in POINTS), ", ".join(c.kinds))
        for c in of_pools
    ]
    output.table(("POOL", "KIND", *columns, "TO CHOOSE FROM"), rows, right=columns)
    click.echo()
    settings = [
        (c.pool, c.kind, name, *(choice.points.get(point) for point in POINTS), ", ".join(map(_word, choice.values)))
        for c in (*of_pools, *of_devices)
        for name, choice in sorted(c.settings.items())
    ]
    output.table(("POOL", "KIND", "PROPERTY", *columns, "TO CHOOSE FROM"), settings, right=columns)


def _capability(c: Capability) -> dict[str, Any]:
    return {
        "pool": c.pool,
        "kind": c.kind,
        "in_bytes": c.in_bytes,
        **{point: c.points.get(point) for point in POINTS},
        "kinds": list(c.kinds),
        "settings": {name: {**choice.points, "values": list(choice.values)} for name, choice in c.settings.items()},
    }


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# --- reading ---------------------------------------------------------------------------------------------------------


@command.command("list")
@connecting
@ON_HOST
@click.option("--state", metavar="STATE", help="Only in this state: active, defined, paused, suspended …")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list of objects, memory in bytes.")
def list_systems(client: Client, host: str | None, state: str | None, as_json: bool) -> None:
    """List the virtual machines, with the processors and memory they have or would have."""
    systems = client.systems(client.host(host) if host is not None else None)
    systems = [system for system in systems if state in (None, system.state)]
    if as_json:
        output.emit_json([system_object(system) for system in systems])
    elif systems:
        print_systems(systems)
    else:
        output.note("No virtual machines.")


@command.command()
@connecting
@NAME
@ON_HOST
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list of one object.")
def show(client: Client, name: str, host: str | None, as_json: bool) -> None:
    """Show a virtual machine: what it has now, and what it gets at the next start."""
    details = client.details(find(client, name, host))
    if as_json:
        output.emit_json([details_object(details)])
    else:
        print_details(details)


@command.command()
@connecting
@NAME
@ON_HOST
@click.option("--follow", "-f", is_flag=True, help="Go on with what is printed, until interrupted.")
@click.option("--lines", "-n", type=click.IntRange(0), metavar="N", help="Only the last N lines of what there is.")
def console(client: Client, name: str, host: str | None, follow: bool, lines: int | None) -> None:
    """Print what the guest has printed on its serial console."""
    log = client.console(find(client, name, host))
    there = list(log.lines())
    for line in there if lines is None else there[len(there) - min(lines, len(there)) :]:
        click.echo(harmless(line, keep="\t"))
    while follow:
        time.sleep(FOLLOW_SECONDS)
        for line in log.lines():
            click.echo(harmless(line, keep="\t"))


# --- changing what there is ------------------------------------------------------------------------------------------


@command.command()
@connecting
@click.argument("name", required=False)
@vm_describe.FILE
@vm_describe.FORMAT
@click.option("--cpus", type=click.IntRange(1), metavar="N", help="Virtual processors.")
@click.option("--memory", type=Size(), metavar="SIZE", help="For example 64MiB or 2GiB.")
@tuning_options
@click.option(
    "--disk",
    "disks",
    type=Disk(),
    multiple=True,
    metavar="PATH|SIZE[,…]",
    help="An image (relative: below the server's image folders), or the size of a new one. Then any of ,bus=NAME "
    ",target=NAME ,ro and one of ,cdrom ,floppy. May be repeated.",
)
@click.option(
    "--nic",
    "nics",
    type=Nic(),
    multiple=True,
    metavar="user|network=NAME|bridge=NAME|direct=DEVICE[,…]",
    help="A network adapter. Then any of ,model=NAME ,mac=ADDRESS ,mode=NAME (of direct). May be repeated.",
)
@click.option("--host", metavar="HOST", help="Where; may be left out when there is one host only.")
@click.option("--type", "kind", metavar="TYPE", help="VirtualSystemType, as `vman host show` lists them.")
@click.option("--description", metavar="TEXT", help="What it is for.")
@click.option("--autostart/--no-autostart", default=None, help="Start it with its host.")
@click.option("--uuid", type=click.UUID, metavar="UUID", help="The UUID it gets, instead of a new one.")
@click.option("--start", is_flag=True, help="Start it at once.")
@vm_describe.DRY_RUN
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list of one object.")
def define(
    client: Client,
    name: str | None,
    file: str | None,
    format: str | None,
    cpus: int | None,
    memory: int | None,
    tuning: Tuning | None,
    disks: tuple[DiskWish, ...],
    nics: tuple[NicWish, ...],
    host: str | None,
    kind: str | None,
    description: str | None,
    autostart: bool | None,
    uuid: object | None,
    start: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Define a virtual machine. What is not said comes from the server's defaults.

    With --file, the file says everything but the NAME and the --host, which it may leave out.
    """
    wish = SystemWish(
        name=name or "",
        cpus=cpus,
        memory=memory,
        tuning=tuning,
        disks=disks,
        nics=nics,
        description=description,
        autostart=autostart,
        type=kind,
        id=None if uuid is None else str(uuid),
    )
    if file is None and not name:
        raise click.UsageError("Say the NAME, or a --file.")
    if file is not None and wish != SystemWish(name=name or ""):
        raise click.UsageError("With --file, the file says it: leave out the options that describe the machine.")
    described = None if file is None else vm_describe.read(file, format, name)
    if host is None and described is not None:
        host = described.host
    where = client.host(host) if host is not None else _only_host(client)
    if dry_run:
        vm_describe.show(client.check(described or client.described(wish, where), where), as_json=as_json)
        return
    with output.working(f"Defining {described.name if described else name}"):
        system = client.define(wish, where) if described is None else client.define_described(described, where)
    if start:
        with output.working(f"Starting {name}"):
            client.request(system, Action.START)
        system = client.again(system)
    if as_json:
        output.emit_json([details_object(client.details(system))])
    else:
        output.say(f"Defined {system.name} on {system.host}: {system.id}{', started' if start else ''}")


def _only_host(client: Client) -> Host:
    hosts = [host for host in client.hosts() if host.online]
    if len(hosts) != 1:
        names = ", ".join(host.name for host in hosts) or "none is online"
        raise ClientError(Reason.USAGE, f"Say the host with --host: {names}.")
    return hosts[0]


command.add_command(vm_describe.export)
for changing in vm_change.COMMANDS:
    command.add_command(changing)


# --- changing the state ----------------------------------------------------------------------------------------------


def _request(client: Client, system: System, action: Action, doing: str) -> None:
    with output.working(f"{doing} {system.name}"):
        client.request(system, action)


@command.command()
@connecting
@NAMES
@ON_HOST
def start(client: Client, names: tuple[str, ...], host: str | None) -> None:
    """Start; a paused or suspended one goes on."""

    def do(system: System) -> str:
        _request(client, system, Action.START, "Starting")
        return f"Started {system.name}"

    _each(client, names, host, do)


@command.command()
@connecting
@NAMES
@ON_HOST
@click.option("--force", is_flag=True, help="Pull the plug: at once, without asking the guest.")
@click.option(
    "--wait", type=click.IntRange(0), default=60, show_default=True, metavar="SECONDS", help="For the guest to end."
)
def stop(client: Client, names: tuple[str, ...], host: str | None, force: bool, wait: int) -> None:
    """Ask the guest to shut down, and wait until it has. With --force, pull the plug."""

    def do(system: System) -> str:
        if force:
            _request(client, system, Action.FORCE_STOP, "Stopping")
            return f"Stopped {system.name}"
        _request(client, system, Action.STOP, "Stopping")
        if wait == 0:
            return f"Asked {system.name} to shut down"
        try:
            with output.working(f"Waiting for {system.name} to shut down"):
                client.wait(system, "defined", wait)
        except ClientError as error:
            if error.reason is not Reason.TIMEOUT:
                raise
            sentence = f"{error.message} The guest was asked and may not listen; --force pulls the plug."
            raise ClientError(Reason.TIMEOUT, sentence) from error
        return f"Stopped {system.name}"

    _each(client, names, host, do)


def _simple(verb: str, action: Action, doing: str, done: str, text: str, only_from: tuple[str, ...] = ()) -> None:
    """A verb that asks for one change of state."""

    @command.command(verb, help=text)
    @connecting
    @NAMES
    @ON_HOST
    def change(client: Client, names: tuple[str, ...], host: str | None) -> None:
        def do(system: System) -> str:
            if only_from and system.state not in only_from:
                raise ClientError(
                    Reason.REFUSED, f"'{system.name}' is {system.state}, and not {' or '.join(only_from)}."
                )
            _request(client, system, action, doing)
            return f"{done} {system.name}"

        _each(client, names, host, do)


_simple("pause", Action.PAUSE, "Pausing", "Paused", "Stop the processors and keep the memory.")
_simple("resume", Action.START, "Resuming", "Resumed", "Let a paused or suspended one go on.", ("paused", "suspended"))
_simple("suspend", Action.SUSPEND, "Suspending", "Suspended", "Save the memory to disk and free the resources.")
_simple("reboot", Action.REBOOT, "Rebooting", "Asked to reboot:", "Ask the guest to restart.")
_simple("reset", Action.RESET, "Resetting", "Reset", "Press the reset button: restart at once.")


def _confirm(question: str) -> None:
    try:
        agreed = click.confirm(question, err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise click.UsageError("Nobody can be asked here: say --yes.") from None
    if not agreed:
        raise ClientError(Reason.REFUSED, "Nothing was destroyed.")


@command.command()
@connecting
@NAMES
@ON_HOST
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def destroy(client: Client, names: tuple[str, ...], host: str | None, yes: bool) -> None:
    """Remove for good. One that runs is stopped by force first. Disk images stay. (To only stop one: vman vm stop)."""

    def do(system: System) -> str:
        if not yes:
            running = "" if system.state == "defined" else f" It is {system.state}."
            question = f"Destroy {harmless(system.name)} ({system.id}) on {harmless(system.host or '?')}?{running}"
            _confirm(question)
        with output.working(f"Destroying {system.name}"):
            client.destroy(system)
        return f"Destroyed {system.name}"

    _each(client, names, host, do)
