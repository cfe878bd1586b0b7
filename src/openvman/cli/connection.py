"""The options by which commands reach a server, and the client that they get."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

import click

from openvman.client.target import Own, Target, Wish, address_to_connect, read_password, resolve
from openvman.config.load import Loaded, load
from openvman.config.settings import Settings
from openvman.security.first_start import ADMIN, State

P = ParamSpec("P")
R = TypeVar("R")


class Closable(Protocol):
    def close(self) -> None: ...


def open_client(target: Target) -> Any:
    """A client for the target. pywbem is imported here, for it is slow to import."""
    from openvman.client.session import Session  # noqa: PLC0415
    from openvman.client.vman import Client  # noqa: PLC0415

    return Client(Session(target))


@dataclass(frozen=True, slots=True)
class App:
    """What commands take from outside: ``connect`` makes a client of a target."""

    connect: Callable[[Target], Any] = open_client


def app() -> App:
    """The application of the running command; one is made when the caller gave none."""
    return click.get_current_context().ensure_object(App)


def connection_options(function: Callable[..., R]) -> Callable[..., R]:
    """Adds the options of a connection to a command; see :func:`wish_from`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def wish_from(options: dict[str, Any]) -> Wish:
    """Takes the connection's options out of a command's arguments."""
    return Wish(
        server=options.pop("server", None),
        user=options.pop("user", None),
        password_file=options.pop("password_file", None),
        ca_certs=options.pop("ca_certs", None),
        insecure=options.pop("insecure", False),
        timeout=options.pop("timeout", None),
        namespace=options.pop("namespace", None),
    )


def connecting(function: Callable[Concatenate[Any, P], R]) -> Callable[P, R]:
    """Adds the options of a connection to a command; its function gets an open client first."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> R:
        client: Closable = app().connect(target_of(wish_from(kwargs)))
        try:
            return function(client, *args, **kwargs)
        finally:
            client.close()

    return connection_options(run)


def load_settings(given: Mapping[str, str | Sequence[str] | None] | None = None, file: Path | None = None) -> Loaded:
    """The settings of this machine's server, read without the variables that are the client's own."""
    environment = {name: value for name, value in os.environ.items() if name not in _VARIABLES}
    return load(given, environment=environment, file=file)


def own_server(settings: Settings) -> Own:
    """This machine's server as the settings describe it."""
    state = State(settings.state)
    addresses = [("http", a) for a in settings.listen] + [("https", a) for a in settings.tls_listen]
    scheme, address = addresses[0]
    return Own(
        url=f"{scheme}://{address_to_connect(address.host, address.port)}",
        user=ADMIN,
        password_file=state.admin_password,
        authority=settings.state / "tls" / "ca.crt",
    )


def target_of(wish: Wish) -> Target:
    """The target for a wish, with a password asked for where one is missing and a person is there to ask."""
    own = own_server(load_settings().settings)
    return resolve(replace(wish, password=_password(wish), password_file=None), own)


def _password(wish: Wish) -> str | None:
    if wish.password_file is not None and not wish.asks_for_password:
        return read_password(wish.password_file)
    if not wish.asks_for_password:
        return None
    return ask_password(f"Password of {wish.user or ADMIN}")


def ask_password(prompt: str, confirm: bool = False) -> str:
    """From the terminal without showing it, or the first line of standard input when that is no terminal."""
    if sys.stdin.isatty():
        answer: str = click.prompt(prompt, hide_input=True, confirmation_prompt=confirm, err=True)
        return answer
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise click.UsageError("No password on standard input, and no terminal to ask at.")
    return line


_SERVER: Final = "OPENVMAN_SERVER"
_USER: Final = "OPENVMAN_USER"
_PASSWORD_FILE: Final = "OPENVMAN_PASSWORD_FILE"  # noqa: S105 - a variable's name
_CA_CERTS: Final = "OPENVMAN_CA_CERTS"
_VARIABLES: Final = frozenset({_SERVER, _USER, _PASSWORD_FILE, _CA_CERTS})
_OPTIONS: Final = (
    click.option(
        "--server",
        metavar="URL",
        envvar=_SERVER,
        help=f"The server, for example https://host:5989. [env: {_SERVER}; default: this machine's own]",
    ),
    click.option("--user", metavar="NAME", envvar=_USER, help=f"Who you are to the server. [env: {_USER}]"),
    click.option(
        "--password-file",
        metavar="FILE",
        envvar=_PASSWORD_FILE,
        type=click.Path(path_type=Path),
        help=f"The password on the file's first line; - asks, or reads standard input. [env: {_PASSWORD_FILE}]",
    ),
    click.option(
        "--ca-certs",
        metavar="FILE",
        envvar=_CA_CERTS,
        help=f"The certificates that may sign the server's. [env: {_CA_CERTS}]",
    ),
    click.option(
        "--insecure",
        is_flag=True,
        help="Do not verify the server's certificate, and send the password unencrypted to another machine.",
    ),
    click.option(
        "--timeout", type=click.IntRange(1, 300), metavar="SECONDS", help="The wait for one answer. [default: 120]"
    ),
)
