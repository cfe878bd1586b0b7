"""This server itself, as one of the things it shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NamespaceRecord:
    """A namespace of the server; its name is its id."""

    name: str
    server_id: str
    host_name: str

    @property
    def id(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """``id`` is stable for the life of the state directory; ``host_name`` is where the server runs."""

    id: str
    host_name: str
    version: str
    namespaces: tuple[NamespaceRecord, ...] = ()
