"""What ``vman doctor`` looks at on this machine, apart from the hypervisors: each check yields findings with a cure."""

from __future__ import annotations

import os
import platform
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from openvman import __version__
from openvman.config.kinds import Address
from openvman.config.load import Loaded
from openvman.config.settings import Settings
from openvman.security.first_start import State
from openvman.security.tls import TLSError, expires
from openvman.store.database import StoreError
from openvman.store.users import UserStore

LIBRARIES: Final = ("pywbem", "lxml", "h11", "cryptography", "argon2-cffi")
_OTHERS: Final = 0o077
_SOON: Final = timedelta(days=30)
_TIMEOUT: Final = 1.0


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Finding:
    """One row: what was looked at, how it is, and what to do when it is not well."""

    subject: str
    verdict: Verdict
    found: str
    cure: str = ""


def check_versions() -> Iterator[Finding]:
    """openvman, Python and the libraries."""
    yield Finding("openvman", Verdict.OK, f"{__version__}, Python {platform.python_version()}, {platform.platform()}")
    for library in LIBRARIES:
        found = _version(library)
        if found is None:
            yield Finding(library, Verdict.FAILURE, "not installed", "pip install --force-reinstall openvman")
        else:
            yield Finding(library, Verdict.OK, found)


def check_settings(loaded: Loaded) -> Iterator[Finding]:
    yield Finding("settings", Verdict.OK, f"file {loaded.file}" if loaded.file else "no file")
    for doubt in loaded.doubts:
        yield Finding("settings", Verdict.WARNING, doubt, "correct or remove it")


def check_state(settings: Settings) -> Iterator[Finding]:
    """The state directory, and what must be private in it."""
    state = State(settings.state)
    try:
        folder = state.folder.stat()
    except FileNotFoundError:
        yield Finding("state directory", *_creatable(state.folder))
        return
    except OSError as error:
        yield Finding("state directory", Verdict.FAILURE, f"{state.folder}: {error.strerror}", "run as its owner")
        return
    if folder.st_uid != os.geteuid():
        found = f"{state.folder} belongs to user {folder.st_uid}"
        yield Finding("state directory", Verdict.FAILURE, found, "run as its owner, or choose another --state")
        return
    yield Finding("state directory", *_private(state.folder, folder))
    for path in (state.database, state.admin_password, state.folder / "tls" / "server.key"):
        if path.exists():
            yield Finding(path.name, *_private(path, path.stat()))
    if state.database.exists():
        yield from _check_users(state)


def check_listening(settings: Settings) -> Iterator[Finding]:
    """Whether the server's addresses are its own, free, or taken by something else."""
    for address, scheme in [(a, "http") for a in settings.listen] + [(a, "https") for a in settings.tls_listen]:
        subject = f"{scheme} {address}"
        if address.port == 0:
            yield Finding(subject, Verdict.OK, "the system chooses a port")
        elif _answers(address):
            yield Finding(subject, Verdict.OK, "something answers: a server runs, or another program has the port")
        else:
            yield Finding(subject, *_bindable(address))


def check_certificate(settings: Settings) -> Iterator[Finding]:
    """How long the server's certificate lasts; none before the first start is as it should be."""
    path = settings.tls_certificate or settings.state / "tls" / "server.crt"
    if settings.tls_certificate is None and not os.access(path, os.R_OK):
        return
    try:
        end = expires(path)
    except TLSError as error:
        yield Finding("certificate", Verdict.FAILURE, str(error), "give another tls_certificate")
        return
    left = end - datetime.now(UTC)
    cure = "give a new tls_certificate" if settings.tls_certificate else f"remove {path.parent} and start the server"
    if left <= timedelta(0):
        yield Finding("certificate", Verdict.FAILURE, f"{path} has expired on {end:%Y-%m-%d}", cure)
    elif left < _SOON:
        yield Finding("certificate", Verdict.WARNING, f"{path} expires on {end:%Y-%m-%d}", cure)
    else:
        yield Finding("certificate", Verdict.OK, f"good until {end:%Y-%m-%d}")


def check_images(settings: Settings) -> Iterator[Finding]:
    """The image folders: new images go into the first, so it has to be writable; the others may be absent."""
    for number, root in enumerate(settings.image_roots):
        if not root.is_dir():
            yield Finding("image folder", Verdict.OK, f"{root} is not there{' yet' if number == 0 else ''}")
        elif number == 0 and not os.access(root, os.W_OK):
            cure = f"run as its owner, or set image_roots; new images go into {root}"
            yield Finding("image folder", Verdict.FAILURE, f"{root} is not writable", cure)
        else:
            free = os.statvfs(root)
            yield Finding("image folder", Verdict.OK, f"{root}, {free.f_bavail * free.f_frsize // 2**30} GiB free")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _creatable(folder: Path) -> tuple[Verdict, str, str]:
    parent = next(parent for parent in folder.parents if parent.exists())
    if os.access(parent, os.W_OK):
        return Verdict.OK, f"{folder} is made at the first start", ""
    return Verdict.FAILURE, f"{folder} cannot be made", f"make it writable, or choose another --state: {parent} is not"


def _private(path: Path, found: os.stat_result) -> tuple[Verdict, str, str]:
    if found.st_mode & _OTHERS:
        mode = stat.filemode(found.st_mode)
        return Verdict.FAILURE, f"{path} is open to others ({mode})", f"chmod go= {path}"
    return Verdict.OK, f"{path}, private", ""


def _check_users(state: State) -> Iterator[Finding]:
    try:
        store = UserStore(state.database)
        try:
            count = len(store.all())
        finally:
            store.close()
    except StoreError as error:
        yield Finding("users", Verdict.FAILURE, str(error), "restore the state directory, or choose another --state")
        return
    if count:
        yield Finding("users", Verdict.OK, str(count))
    else:
        yield Finding("users", Verdict.WARNING, "there are none", "start the server, or: vman user add")


def _answers(address: Address) -> bool:
    try:
        with socket.create_connection((address.host, address.port), timeout=_TIMEOUT):
            return True
    except OSError:
        return False


def _bindable(address: Address) -> tuple[Verdict, str, str]:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address.host, address.port))
    except OSError as error:
        return Verdict.FAILURE, f"cannot be listened on: {error.strerror}", "choose another --listen or --tls-listen"
    return Verdict.OK, "free: no server runs here", ""
