"""What a libvirt address says: how it is shown, whether the host is this machine, where console logs lie."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from openvman.drivers.libvirt.abilities import Abilities, abilities_of
from openvman.messages import hypervisor
from openvman.model.allocation import NicConnection
from openvman.model.errors import ModelError

CONSOLE_LOGS: Final = "console_logs"
"""Query parameter of our own: a folder on this machine that the hypervisor may write console logs to."""

_LOCAL_TRANSPORTS: Final = frozenset({"", "unix"})
_SECRET_WORDS: Final = ("password", "passwd", "secret", "token")


@dataclass(frozen=True, slots=True)
class Address:
    """A libvirt address, taken apart. ``uri`` is what libvirt gets; it never appears in a message or a log."""

    uri: str
    shown: str
    """The address without credentials."""
    hypervisor: str
    """The hypervisor driver: ``qemu``, ``lxc``, ``test`` …"""
    local: bool
    """The hypervisor runs on this machine: its files are ours to read."""
    embed_root: Path | None
    console_logs: Path | None
    """The folder for console logs; None where they cannot be read from here."""
    private_daemon: bool
    """The address names a daemon's socket, so it need not be the machine's own daemon."""

    @property
    def has_control_groups(self) -> bool:
        """Its domains are machines in control groups: not so those of one person's own daemon."""
        return self.abilities.has_control_groups and urlsplit(self.uri).path != "/session"

    @property
    def nic_connections(self) -> tuple[NicConnection, ...]:
        """One person's own daemon makes no interfaces on the host but those of bridges, by a helper."""
        offered = self.abilities.nic_connections
        if urlsplit(self.uri).path != "/session":
            return offered
        return tuple(each for each in offered if each not in {NicConnection.DIRECT, NicConnection.ETHERNET})

    @property
    def abilities(self) -> Abilities:
        return abilities_of(self.hypervisor)

    def redact(self, message: str) -> str:
        """``message`` without the credentials that libvirt may have repeated in it."""
        text = message.replace(self.uri, self.shown)
        user = urlsplit(self.uri).netloc.rpartition("@")[0]
        return text.replace(f"{user}@", "") if user else text


def parse(uri: str) -> Address:
    """Read a libvirt address such as ``qemu:///system``. Raises INVALID_PARAMETER when it is not one."""
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        query = None  # what was wrong is not told: the parser's own words may repeat a password
    if query is None:
        raise ModelError(hypervisor.ADDRESS_UNREADABLE, "platform")
    kind, _, transport = parts.scheme.partition("+")
    if not kind or any(ord(character) < 0x21 for character in uri):
        raise ModelError(hypervisor.ADDRESS_FORM, "platform")
    values = dict(query)
    embed = kind == "qemu" and not host and parts.path == "/embed"
    root = values.get("root", "")
    if embed and not root.startswith("/"):
        raise ModelError(hypervisor.EMBEDDED_ROOT, "platform")
    local = not host and transport in _LOCAL_TRANSPORTS
    own = values.pop(CONSOLE_LOGS, None)
    if own is not None and not (local and own.startswith("/")):
        raise ModelError(hypervisor.CONSOLE_LOGS, "platform", option=CONSOLE_LOGS)
    kept = [(key, value) for key, value in query if key != CONSOLE_LOGS]
    public = [(key, value) for key, value in query if not any(word in key.lower() for word in _SECRET_WORDS)]
    return Address(
        uri=uri if own is None else _join(parts.scheme, parts.netloc, parts.path, kept),
        shown=_join(parts.scheme, parts.netloc.rpartition("@")[2], parts.path, public),
        hypervisor=kind,
        local=local,
        embed_root=Path(root) if embed else None,
        console_logs=_console_logs(kind, parts.path, local=local, own=own, root=root if embed else None),
        private_daemon="socket" in values,
    )


def _join(scheme: str, netloc: str, path: str, query: list[tuple[str, str]]) -> str:
    """Put an address together; urlunsplit would write ``qemu:/system``, which libvirt does not take."""
    end = "?" + urlencode(query, quote_via=quote, safe="/:") if query else ""
    return f"{scheme}://{netloc}{path}{end}"


def _console_logs(kind: str, path: str, *, local: bool, own: str | None, root: str | None) -> Path | None:
    if kind != "qemu" or not local:
        return None
    if own is not None:
        return Path(own)
    if root is not None:
        return Path(root) / "log" / "console"
    if path == "/system" and os.geteuid() == 0:  # the daemon's logs are for root alone
        return Path("/var/log/libvirt/qemu")
    if path == "/session":
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "libvirt/qemu/log"
    return None
