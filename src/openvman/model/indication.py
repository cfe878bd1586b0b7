"""Who is told of what: filters, destinations, subscriptions, and how delivery is tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicationFilter:
    """Which indications to send, as a query. Its name is its key.

    ``namespaces`` are those in which the indications arise; empty is every one. ``owner`` is who made it, None for
    one that comes with the server.
    """

    host_name: str
    """Where the server runs, as for everything here."""
    name: str
    query: str
    language: str
    namespaces: tuple[str, ...] = ()
    element_name: str | None = None
    owner: str | None = None

    @property
    def id(self) -> str:
        return self.name

    @property
    def namespace(self) -> str | None:
        """The only namespace, where there is one."""
        return self.namespaces[0] if len(self.namespaces) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterCollection:
    """Filters that come with the server and are subscribed to as one."""

    name: str
    filters: tuple[IndicationFilter, ...]

    @property
    def id(self) -> str:
        return self.name


class DestinationKind(StrEnum):
    """By which class a client made a destination; they differ in nothing else."""

    DESTINATION = "destination"
    HANDLER = "handler"


class Persistence(StrEnum):
    PERMANENT = "permanent"
    TRANSIENT = "transient"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerDestination:
    """Where indications go. Kind and name are its key.

    ``may_be_local``: its maker is an administrator, so that it may be on this very machine.
    """

    host_name: str
    kind: DestinationKind
    name: str
    url: str
    persistence: Persistence
    owner: str
    may_be_local: bool
    element_name: str | None = None

    @property
    def id(self) -> str:
        return f"{self.kind}:{self.name}"


class SubscriptionState(StrEnum):
    ENABLED = "enabled"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What passes a filter, or any filter of a collection, is sent to a destination."""

    source: IndicationFilter | FilterCollection
    destination: ListenerDestination
    owner: str
    started: datetime
    state: SubscriptionState = SubscriptionState.ENABLED
    changed: datetime | None = None
    """When the state changed last."""

    @property
    def id(self) -> str:
        return subscription_id(self.source, self.destination)

    @property
    def filters(self) -> tuple[IndicationFilter, ...]:
        return self.source.filters if isinstance(self.source, FilterCollection) else (self.source,)


Source: TypeAlias = IndicationFilter | FilterCollection


def subscription_id(source: Source, destination: ListenerDestination) -> str:
    """There is at most one subscription of a source and a destination."""
    kind = "collection" if isinstance(source, FilterCollection) else "filter"
    return f"{kind}:{source.name}|{destination.id}"


class RemovalAction(StrEnum):
    """What becomes of the subscriptions of a destination that has not answered for the interval."""

    REMOVE = "remove"
    DISABLE = "disable"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettings:
    """How delivery is tried; intervals in seconds. ``retries`` does not count the first attempt."""

    retries: int = 3
    retry_interval: int = 30
    removal_action: RemovalAction = RemovalAction.REMOVE
    removal_interval: int = 30 * 86400
    filters_can_be_made: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriptions:
    """Everything there is of them, at one time; each mapping by id."""

    id: ClassVar[str] = "indications"
    host_name: str = ""
    filters: Mapping[str, IndicationFilter] = field(default_factory=dict)
    collections: Mapping[str, FilterCollection] = field(default_factory=dict)
    destinations: Mapping[str, ListenerDestination] = field(default_factory=dict)
    subscriptions: Mapping[str, Subscription] = field(default_factory=dict)
    settings: DeliverySettings = DeliverySettings()
    most_destinations: int = 1
    most_subscriptions: int = 1

    def active(self) -> Iterator[Subscription]:
        """The subscriptions that are enabled."""
        return (s for s in self.subscriptions.values() if s.state is SubscriptionState.ENABLED)


# --- what clients ask for -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterSpec:
    query: str | None = None
    language: str | None = None
    name: str | None = None
    namespaces: tuple[str, ...] | None = None
    namespace: str | None = None
    element_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationSpec:
    kind: DestinationKind
    url: str | None = None
    name: str | None = None
    persistence: Persistence = Persistence.PERMANENT
    element_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySpec:
    """None leaves as it is."""

    retries: int | None = None
    retry_interval: int | None = None
    removal_action: RemovalAction | None = None
    removal_interval: int | None = None
    filters_can_be_made: bool | None = None


# --- what is on its way ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Posting:
    """One indication, as it is sent but for filter name and sequence; ``targets`` are (destination id, filter name)."""

    body: bytes
    targets: tuple[tuple[str, str], ...]
