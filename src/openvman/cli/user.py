"""``vman user``: the users of this machine's server, in its state directory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from openvman.cli import output
from openvman.cli.connection import ask_password, load_settings
from openvman.client.target import read_password
from openvman.model.actor import Role
from openvman.security.first_start import State
from openvman.security.passwords import generate
from openvman.security.users import Users
from openvman.store.database import StoreError
from openvman.store.users import UserStore

ROLES = {role.name.lower(): role for role in Role}
STATE = click.option(
    "--state", metavar="DIR", help="The server's state directory. [env: OPENVMAN_STATE; default: as `vman serve`]"
)
PASSWORD_FILE = click.option(
    "--password-file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The password on the file's first line; without it you are asked, or standard input is read.",
)
ROLE = click.option("--role", type=click.Choice(list(ROLES)), required=True, help="What the user may do.")


@click.group("user")
def command() -> None:
    """Users of this machine's server. Changes act at once, whether it runs or not.

    \b
    viewer    reads
    operator  manages virtual machines within the policy
    admin     does what touches the host
    """


@contextmanager
def _users(state: str | None) -> Iterator[Users]:
    folder = load_settings({"state": state}).settings.state
    if not folder.is_dir():
        raise StoreError(f"there is no state directory {folder}: start the server once, or say --state")
    store = UserStore(State(folder).database)
    try:
        yield Users(store)
    finally:
        store.close()


def _new_password(name: str, file: Path | None) -> str:
    return ask_password(f"New password of {name}", confirm=True) if file is None else read_password(file)


@command.command("list")
@STATE
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list of objects.")
def list_users(state: str | None, as_json: bool) -> None:
    """List the users."""
    with _users(state) as users:
        rows = [(name, role.name.lower()) for name, role in users.roles().items()]
    if as_json:
        output.emit_json([{"name": name, "role": role} for name, role in rows])
    else:
        output.table(("NAME", "ROLE"), rows)


@command.command()
@click.argument("name")
@ROLE
@STATE
@PASSWORD_FILE
@click.option("--generate", "make", is_flag=True, help="Make a password and print it.")
def add(name: str, role: str, state: str | None, password_file: Path | None, make: bool) -> None:
    """Add a user."""
    if make and password_file is not None:
        raise click.UsageError("--generate and --password-file exclude each other.")
    with _users(state) as users:
        password = generate() if make else _new_password(name, password_file)
        users.add(name, password, ROLES[role])
    output.note(f"Added {name} as {role}")
    if make:
        output.say(password)


@command.command()
@click.argument("name")
@STATE
@PASSWORD_FILE
def passwd(name: str, state: str | None, password_file: Path | None) -> None:
    """Change a user's password."""
    with _users(state) as users:
        users.set_password(name, _new_password(name, password_file))
    output.note(f"Changed the password of {name}")


@command.command()
@click.argument("name")
@ROLE
@STATE
def role(name: str, role: str, state: str | None) -> None:
    """Change what a user may do."""
    with _users(state) as users:
        users.set_role(name, ROLES[role])
    output.note(f"{name} is {role} now")


@command.command()
@click.argument("name")
@STATE
def remove(name: str, state: str | None) -> None:
    """Remove a user."""
    with _users(state) as users:
        users.remove(name)
    output.note(f"Removed {name}")
