"""``vman vm`` verbs that change what a virtual machine has: ``set``, ``attach``, ``detach``, ``eject``.

A running machine has two configurations: what it has now, and what it gets at its next start. ``--live`` means the
first, ``--config`` the second; without either a change goes to both, or to the next start of one that does not run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from openvman.cli import output
from openvman.cli.connection import ask_password, connecting
from openvman.cli.kinds import ChangedDisk, Size
from openvman.cli.kinds import Device as DeviceKind
from openvman.cli.kinds import Disk as DiskKind
from openvman.cli.kinds import Nic as NicKind
from openvman.cli.vm_named import NAME, ON_HOST, find
from openvman.cli.vm_tuning import NAMES, tuning_options
from openvman.client.devices import Device, DeviceWish
from openvman.client.errors import ClientError, Reason
from openvman.client.records import USUAL, Configuration, Disk, Nic, System
from openvman.client.target import read_password
from openvman.client.tuning import Tuning
from openvman.client.wishes import Change, DiskChange, DiskTuning, DiskWish, NicWish

if TYPE_CHECKING:  # it imports pywbem, which is slow, and help must be quick
    from openvman.client.vman import Client

_Wish = DiskWish | NicWish | DeviceWish
_KINDS: Final = ("disk", "nic", "cdrom", "device")


def _when(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--live`` and ``--config``."""
    for option in (
        click.option("--config", is_flag=True, help="Only what it gets at its next start."),
        click.option("--live", is_flag=True, help="Only what it has now."),
    ):
        function = option(function)
    return function


def _meant(client: Client, system: System, *, live: bool, config: bool) -> list[Configuration]:
    """The configurations meant; the running one first: it may refuse, and then nothing has changed."""
    details = client.details(system)
    if live and details.current is None:
        raise ClientError(Reason.REFUSED, f"'{system.name}' is {system.state}: leave out --live.")
    if config and details.defined is None:
        raise ClientError(Reason.REFUSED, f"'{system.name}' is not defined: it has no next start; leave out --config.")
    both = live == config
    chosen = (details.current if both or live else None, details.defined if both or config else None)
    return [configuration for configuration in chosen if configuration is not None]


def _told_when(meant: list[Configuration], system: System) -> str:
    kinds = [configuration.kind for configuration in meant]
    if kinds == ["state"]:
        return "now"
    if len(kinds) > 1:
        return "now and at the next start"
    return "done" if system.state == "defined" else "at the next start"


@contextmanager
def _after(done: object, name: str) -> Iterator[None]:
    """Tell with a failure that the running machine has been changed already."""
    try:
        yield
    except ClientError as error:
        if not done:
            raise
        message = f"{error.message} What {name} has now was changed already; its next start was not."
        raise ClientError(error.reason, message) from error


@click.command("set")
@connecting
@NAME
@ON_HOST
@click.option("--cpus", type=click.IntRange(1), metavar="N", help="Virtual processors.")
@click.option("--memory", type=Size(), metavar="SIZE", help="For example 128MiB.")
@tuning_options
@click.option(
    "--disk",
    "disks",
    type=ChangedDisk(),
    multiple=True,
    metavar="TARGET,WORD…",
    help="How a disk is used: vda,cache=none,iops-limit=500. May be repeated.",
)
@click.option(
    "--screen-password-file",
    "screen_password_file",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="What viewers of its screens have to say, on the file's first line; - asks, or reads standard input.",
)
@click.option("--no-screen-password", "without_password", is_flag=True, help="Viewers of its screens say nothing.")
@click.option("--name", "new_name", metavar="NAME", help="A new name; of one that does not run.")
@click.option("--description", metavar="TEXT", help="What it is for.")
@click.option("--autostart/--no-autostart", default=None, help="Start it with its host.")
@_when
def set_(
    client: Client,
    name: str,
    host: str | None,
    cpus: int | None,
    memory: int | None,
    tuning: Tuning | None,
    disks: tuple[DiskChange, ...],
    screen_password_file: Path | None,
    without_password: bool,
    new_name: str | None,
    description: str | None,
    autostart: bool | None,
    live: bool,
    config: bool,
) -> None:
    """Change processors, memory, disks and settings: now and at the next start, or as --live and --config say.

    The words of a disk are ro, rw, shareable, exclusive, cache=MODE, discard=MODE and the limits that `vman vm attach`
    takes; a limit of 0 takes it away. Of a running machine's disk only limits change.

    More memory or processors than the running one can have come with --config, at its next start; so does the first
    password of a screen, or none.
    """
    password = _screen_password(name, screen_password_file, without=without_password)
    resources = Change(cpus=cpus, memory=memory, tuning=tuning, disks=disks, screen_password=password)
    whole = Change(name=new_name, description=description, autostart=autostart)
    if not whole.of_system and not resources.of_resources:
        message = (
            "Say what to change: --cpus, --memory, --disk, --screen-password-file, --no-screen-password, --name, "
            f"--description, --autostart, {NAMES}."
        )
        raise click.UsageError(message)
    if whole.of_system and live and not config:
        raise click.UsageError("Name, description and autostart are not of the running one alone: leave out --live.")
    system = find(client, name, host)
    meant = _meant(client, system, live=live, config=config)
    defined = next((configuration for configuration in meant if configuration.kind == "defined"), None)
    if whole.of_system and defined is None:
        raise ClientError(Reason.REFUSED, f"'{system.name}' is not defined: it has no settings to change.")
    done: list[Configuration] = []
    with output.working(f"Changing {system.name}"):
        for configuration in meant if resources.of_resources else []:
            with _after(done, system.name):
                client.modify(system, configuration, resources)
            done.append(configuration)
        if whole.of_system and defined is not None:
            with _after(done, system.name):
                client.modify(system, defined, whole)
    output.say(f"Changed {system.name}: {_told_when(meant, system) if resources.of_resources else 'done'}")


def _screen_password(name: str, file: Path | None, *, without: bool) -> str | None:
    """An empty text for no password; None where nothing is said. It never stands on a command line."""
    if without and file is not None:
        raise click.UsageError("--screen-password-file and --no-screen-password exclude each other.")
    if without:
        return ""
    if file is None:
        return None
    return ask_password(f"Password of the screens of {name}", confirm=True) if str(file) == "-" else read_password(file)


@click.command()
@connecting
@NAME
@click.argument("kind", type=click.Choice(_KINDS), metavar="disk|nic|cdrom|device")
@click.argument("what")
@ON_HOST
@_when
@click.pass_context
def attach(
    ctx: click.Context, client: Client, name: str, kind: str, what: str, host: str | None, live: bool, config: bool
) -> None:
    """Attach a disk, a network adapter, a medium for a CD drive, or another device.

    WHAT is said as for `vman vm define`: PATH|SIZE|volume:POOL/VOLUME[,bus=NAME][,target=NAME][,ro] for a disk,
    user|network=NAME|bridge=NAME|direct=DEVICE[,model=NAME][,mac=ADDRESS][,mode=NAME] for a network adapter, PATH for a
    CD, which goes into an empty drive; one that does not run gets a new drive when it has none. A device is said by its
    kind and settings:
    rng, watchdog,action=reset or serial; pci=ADDRESS and usb=VENDOR:PRODUCT are devices of the host.

    More words for a disk: shareable, format=raw|qcow2, pool=NAME (storage:NAME is one of the hypervisor's), cache=MODE,
    discard=unmap|ignore, and the limits bytes-limit=SIZE, iops-limit=NUMBER a second, or each of the two for read- and
    write- alone: read-iops-limit=NUMBER.
    """
    wish: _Wish
    if kind == "nic":
        wish = NicKind().convert(what, None, ctx)
    elif kind == "device":
        wish = DeviceKind().convert(what, None, ctx)
    else:
        wish = DiskKind().convert(what if kind == "disk" else f"{what},cdrom", None, ctx)
    system = find(client, name, host)
    meant = _meant(client, system, live=live, config=config)
    with output.working(f"Attaching to {system.name}"):
        if isinstance(wish, DiskWish) and kind == "cdrom":
            place = _insert(client, system, meant, wish)
        else:
            place = _attach(client, system, meant, wish)
    output.say(f"Attached {place} to {system.name}: {_told_when(meant, system)}")


def _attach(client: Client, system: System, meant: list[Configuration], wish: _Wish) -> str:
    """To the first configuration as wished, to the next one exactly what the first got."""
    place = ""
    for configuration in meant:
        with _after(place, system.name):
            made = client.attach(system, configuration, wish)
        place, wish = _place(made), _same(made)
    return place


def _place(device: Disk | Nic | Device) -> str:
    """What it is detached by."""
    match device:
        case Disk():
            return device.target
        case Nic():
            return device.mac
    return device.id


def _same(device: Disk | Nic | Device) -> _Wish:
    if isinstance(device, Device):
        return DeviceWish(kind=device.kind, like=device.setting)
    if isinstance(device, Nic):
        return NicWish(connection=device.connection, model=device.model, mac=device.mac, mode=device.mode)
    return DiskWish(
        source=device.source,
        kind=device.kind,
        bus=device.bus,
        target=device.target,
        read_only=device.read_only,
        shareable=device.shareable,
        format=device.format,
        tuning=DiskTuning(cache=_unusual(device.cache), discard=_unusual(device.discard), **device.limits),
    )


def _unusual(mode: str) -> str | None:
    return None if mode == USUAL else mode


def _insert(client: Client, system: System, meant: list[Configuration], wish: DiskWish) -> str:
    """Into an empty drive that all the configurations have; into a new one where nothing runs."""
    empty = [
        {disk.target for disk in configuration.disks if disk.kind == "cdrom" and disk.source is None}
        for configuration in meant
    ]
    drives = sorted(set.intersection(*empty))
    fitting = [drive for drive in drives if wish.target in (None, drive)]
    if fitting:
        client.change_medium(system, meant, fitting[0], wish.source)
        return fitting[0]
    if any(configuration.kind == "state" for configuration in meant):
        raise ClientError(
            Reason.REFUSED,
            f"'{system.name}' has no such empty CD drive. Take out what is in one (vman vm eject), or add a drive at "
            "the next start with --config.",
        )
    return _attach(client, system, meant, wish)


@click.command()
@connecting
@NAME
@click.argument("device")
@ON_HOST
@_when
def detach(client: Client, name: str, device: str, host: str | None, live: bool, config: bool) -> None:
    """Detach DEVICE: the target of a disk, the MAC address of a network adapter, or the name of another device as
    `vman vm show` has it, for example rng:0. Disk images stay."""
    system = find(client, name, host)
    meant = _meant(client, system, live=live, config=config)
    if not (live or config):
        # What only one of them has is detached there.
        meant = [one for one in meant if one.device(device) is not None] or meant
    try:
        with output.working(f"Detaching {device} from {system.name}"):
            client.detach(system, meant, device)
    except ClientError as error:
        hint = _HINTS.get(error.reason)
        if hint is None or all(configuration.kind != "state" for configuration in meant):
            raise
        raise ClientError(error.reason, f"{error.message} {hint}") from error
    output.say(f"Detached {device} from {system.name}: {_told_when(meant, system)}")


_LATER: Final = "--config takes it away at the next start."
_HINTS: Final = {
    Reason.TIMEOUT: f"The guest was asked to let go of it and has not done so; it may yet. {_LATER}",
    Reason.REFUSED: "A running guest keeps the disk that it was booted from, a paused one keeps all that it has, and "
    f"not everything can be unplugged. {_LATER}",
}


@click.command()
@connecting
@NAME
@click.argument("drive", required=False)
@ON_HOST
@_when
def eject(client: Client, name: str, drive: str | None, host: str | None, live: bool, config: bool) -> None:
    """Take the medium out of a drive. DRIVE may be left out when one drive has a medium."""
    system = find(client, name, host)
    meant = _meant(client, system, live=live, config=config)
    full = sorted(
        {disk.target for one in meant for disk in one.disks if disk.kind != "disk" and disk.source is not None}
    )
    if drive is None and len(full) != 1:
        raise ClientError(Reason.USAGE, f"Say which drive. A medium is in: {', '.join(full) or 'none'}.")
    place = full[0] if drive is None else drive
    with output.working(f"Ejecting {place} of {system.name}"):
        client.change_medium(system, meant, place, None)
    output.say(f"Ejected {place} of {system.name}: {_told_when(meant, system)}")


COMMANDS: Final = (set_, attach, detach, eject)
