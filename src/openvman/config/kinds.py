"""What kinds of value a setting can have, and how each is written in TOML, in text, and back.

Text (environment, command line) and TOML strings follow one grammar, so that a value can be copied from one place to
another. Every ``parse`` raises ValueError with a sentence that gives an example.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeAlias, TypeVar

T = TypeVar("T")
IPNetwork: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_NUMBER = r"(\d+(?:\.\d+)?)"
_DURATION: Final = re.compile(_NUMBER + r"\s*(ms|s|m|h|d)")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE: Final = re.compile(_NUMBER + r"\s*(B|kB|KiB|MB|MiB|GB|GiB)")
_BYTES: Final = {"B": 1, "kB": 10**3, "KiB": 2**10, "MB": 10**6, "MiB": 2**20, "GB": 10**9, "GiB": 2**30}
_LONGEST: Final = 10 * 365 * 86400.0
_LARGEST: Final = 2**50


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. ``port`` 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it. A name other than localhost counts as reachable."""
        if self.host.lower() == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """``parse`` reads one item of text, ``show`` writes it back; ``example`` serves messages and the reference."""

    name: str
    example: str
    parse: Callable[[str], T]
    show: Callable[[T], str] = str


@dataclass(frozen=True, slots=True)
class Many(Generic[T]):
    """A list of items of one kind: an array in TOML, words in the environment, a repeated option.

    The word ``none`` alone is the empty list, for places where nothing cannot be said by an empty array.
    """

    item: Kind[T]

    @property
    def name(self) -> str:
        return f"list of {self.item.name}"

    @property
    def example(self) -> str:
        return f'["{self.item.example}"]'

    def parse_all(self, texts: Sequence[str]) -> tuple[T, ...]:
        """Read each text; ValueError tells what is wrong with the first bad one."""
        if list(texts) == ["none"]:
            return ()
        return tuple(self.item.parse(text) for text in texts)

    def show(self, value: tuple[T, ...]) -> str:
        return "[" + ", ".join(f'"{self.item.show(v)}"' for v in value) + "]"


AnyKind = Kind[Any] | Many[Any]


def _text(text: str) -> str:
    if not text or not text.isprintable():
        raise ValueError("must be printable text and not empty")
    return text


_CREDENTIALS: Final = re.compile(r"(//[^/@:]*):[^/@]*@|((?:password|secret|token)=)[^&]*", re.IGNORECASE)


def _show_platform(uri: str) -> str:
    """The address without a password that may stand in it: what is shown is read over shoulders and pasted."""
    return _CREDENTIALS.sub(lambda found: f"{found[1]}:…@" if found[1] else f"{found[2]}…", uri)


def _path(text: str) -> Path:
    path = Path(_text(text)).expanduser()
    return path if path.is_absolute() else Path.cwd() / path


def _duration(text: str) -> float:
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a duration: write a number and ms, s, m, h or d, for example 30s")
    seconds = float(found[1]) * _SECONDS[found[2]]
    if not 0 < seconds <= _LONGEST:
        raise ValueError(f"{text!r} is out of range: a duration is more than 0 and at most ten years")
    return seconds


def _show_duration(seconds: float) -> str:
    for unit in ("d", "h", "m", "s"):
        if seconds >= _SECONDS[unit] and seconds % _SECONDS[unit] == 0:
            return f"{seconds / _SECONDS[unit]:g}{unit}"
    return f"{seconds * 1000:g}ms"


def _size(text: str) -> int:
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a size: write a number and B, KiB, MiB or GiB, for example 64MiB")
    size = int(float(found[1]) * _BYTES[found[2]])
    if not 0 < size <= _LARGEST:
        raise ValueError(f"{text!r} is out of range: a size is at least 1B and at most 1048576GiB")
    return size


def _show_size(size: int) -> str:
    for unit in ("GiB", "MiB", "KiB"):
        if size % _BYTES[unit] == 0:
            return f"{size // _BYTES[unit]}{unit}"
    return f"{size}B"


def _count(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,8}", text):
        raise ValueError(f"{text!r} is not a count: write a whole number from 1 to 999999999")
    return int(text)


def _address(text: str) -> Address:
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    host = host[1:-1] if bracketed else host
    if not colon or not host or not re.fullmatch(r"\d{1,5}", port) or int(port) > 65535:
        raise ValueError(f"{text!r} is not ADDRESS:PORT, for example 127.0.0.1:5988 or [::1]:5988")
    if bracketed or ":" in host:
        if not bracketed:
            raise ValueError(f"{text!r}: write an IPv6 address in brackets, for example [::1]:5988")
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            raise ValueError(f"{text!r}: {host!r} is not an IPv6 address") from None
    elif not re.fullmatch(r"[A-Za-z0-9.-]+", host):
        raise ValueError(f"{text!r}: {host!r} is neither an address nor a host name")
    return Address(host, int(port))


def _network(text: str) -> IPNetwork:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a network, for example 192.0.2.0/24 or 2001:db8::1") from None


def choice(*words: str) -> Kind[str]:
    """One of a few words."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"{text!r} is not one of {', '.join(words)}")
        return text

    return Kind(" or ".join(words), words[0], parse)


TEXT: Final = Kind("text", "qemu:///system", _text)
PLATFORM: Final = Kind("platform's address", "qemu:///system", _text, _show_platform)
PATH: Final = Kind("path", "/etc/openvman/server.crt", _path)
DURATION: Final = Kind("duration", "30s", _duration, _show_duration)
SIZE: Final = Kind("size", "64MiB", _size, _show_size)
COUNT: Final = Kind("count", "100", _count)
NETWORK: Final = Kind("network", "192.0.2.0/24", _network)
ADDRESS: Final = Kind("address and port", "127.0.0.1:5988", _address)
