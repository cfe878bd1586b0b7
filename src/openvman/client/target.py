"""Which server, and as whom: what was said, else what the environment says, else the server on this machine."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from openvman.client.errors import ClientError, Reason

DEFAULT_PORTS: Final[Mapping[str, int]] = {"http": 5988, "https": 5989}
NAMESPACE: Final = "root/vman"
TIMEOUT: Final = 120
"""Seconds to wait for one answer: a method may see a suspend of much memory through."""
LIMIT: Final = 4096
"""A password file longer than this is not one."""
_EVERY_ADDRESS: Final[Mapping[str, str]] = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what not to dial
LISTEN: Final = "0A"
"""TCP_LISTEN in /proc/net/tcp."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A server and the credentials for it. ``timeout`` in seconds bounds the wait for one answer."""

    url: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_certs: str | None = None
    insecure: bool = False
    """Do not verify the certificate, and send a password without encryption to another machine."""
    timeout: int = TIMEOUT
    namespace: str = NAMESPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user said; None where nothing was said."""

    server: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    password_file: Path | None = None
    ca_certs: str | None = None
    insecure: bool = False
    timeout: int | None = None
    namespace: str | None = None

    @property
    def asks_for_password(self) -> bool:
        """Whether a person has to be asked: a password file of ``-``, or a user and no file."""
        if self.password_file is None:
            return self.user is not None and self.password is None
        return str(self.password_file) == "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """This machine's own server. The files need not exist, nor be readable."""

    url: str
    user: str
    password_file: Path
    authority: Path
    """The certificate that signed the server's own."""


def resolve(wish: Wish, own: Own, proc: Path = Path("/proc")) -> Target:
    """The target for a wish.

    The own server's password is used when no user is named and the server is on this machine. Raises ClientError
    (USAGE, DENIED) when the address or a password file is unusable, or when the password would travel in the clear.
    """
    url, address = _address(wish.server or own.url)
    local = is_loopback(address.hostname or "")
    user, password, ca_certs = wish.user, wish.password, wish.ca_certs
    if wish.password_file is not None:
        password = read_password(wish.password_file)
    if password is not None and user is None:
        user = own.user
    if user is None and local and _may_use(own.password_file, address, proc):
        user, password = own.user, read_password(own.password_file)
    if user is not None and password is None:
        raise ClientError(Reason.USAGE, f"No password for user '{user}'. Give --password-file FILE, or - to be asked.")
    if user is not None and not local and address.scheme == "http" and not wish.insecure:
        raise ClientError(
            Reason.DENIED,
            f"{url} is another machine and not encrypted: the password would be readable on the way. "
            "Use https://, or --insecure if the way is safe.",
        )
    if ca_certs is None and local and os.access(own.authority, os.R_OK):
        ca_certs = str(own.authority)
    return Target(
        url=url,
        user=user,
        password=password,
        ca_certs=ca_certs,
        insecure=wish.insecure,
        timeout=wish.timeout or TIMEOUT,
        namespace=wish.namespace or NAMESPACE,
    )


def read_password(path: Path) -> str:
    """The first line of a password file. Raises ClientError when it cannot be read or is empty."""
    try:
        with path.open("rb") as file:
            data = file.read(LIMIT + 1)
    except OSError as error:
        raise ClientError(Reason.DENIED, f"Cannot read the password file {path}: {error.strerror}.") from error
    text = data.decode("utf-8", "replace").splitlines()
    if len(data) > LIMIT or not text or not text[0]:
        raise ClientError(Reason.USAGE, f"{path} does not hold a password on its first line.")
    return text[0]


def address_to_connect(host: str, port: int) -> str:
    """``host:port`` of a listening address as a client on the same machine connects to it."""
    if host in _EVERY_ADDRESS:
        host = _EVERY_ADDRESS[host]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_loopback(host: str) -> bool:
    """True for an address of this machine's loopback, and for ``localhost``."""
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host.lower() in ("localhost", "ip6-localhost")


def _address(text: str) -> tuple[str, SplitResult]:
    with_scheme = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(with_scheme)
        port = parts.port
    except ValueError as error:
        raise ClientError(Reason.USAGE, f"'{text}' is not a server's address: {error}.") from error
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ClientError(Reason.USAGE, f"'{text}' is not a server's address; it looks like https://host:5989.")
    if parts.username is not None or parts.password is not None:
        raise ClientError(
            Reason.USAGE, "A user or password does not belong in the address: use --user, --password-file."
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    url = f"{parts.scheme}://{host}:{port or DEFAULT_PORTS[parts.scheme]}"
    return url, urlsplit(url)


def _may_use(path: Path, address: SplitResult, proc: Path) -> bool:
    """Whether the password file is there for us. Raises DENIED when another user than its owner would be sent it."""
    try:
        owner = path.stat()
    except OSError:
        return False
    if not stat.S_ISREG(owner.st_mode) or not os.access(path, os.R_OK):
        return False
    # Any user may listen on the port while the server is down, and would be sent the password.
    strangers = _listeners(address.port or 0, proc) - {owner.st_uid, 0}
    if strangers:
        raise ClientError(
            Reason.DENIED,
            f"Port {address.port} is held by user {min(strangers)}, who does not own {path}: "
            "the password is not sent there. Name the user and password to go on.",
        )
    return True


def _listeners(port: int, proc: Path) -> set[int]:
    """The users (uid) that listen on the TCP port here; empty where the kernel does not tell."""
    found: set[int] = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / table).read_text("ascii", "replace").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if len(fields) > 7 and fields[3] == LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(int(fields[7]))
    return found


def answers(url: str, timeout: float = 1.0) -> bool:
    """True when something accepts connections at the address."""
    _, address = _address(url)
    try:
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=timeout):
            return True
    except OSError:
        return False
