"""What the broker needs for indications from outside; by default it keeps nothing and sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from openvman.broker.indications.outbox import NoOutbox, Outbox
from openvman.broker.indications.registry import Keeper, SubscriptionLimits
from openvman.cim.values import Instance
from openvman.mapping.bind import View
from openvman.model.indication import (
    DeliverySettings,
    FilterCollection,
    IndicationFilter,
    ListenerDestination,
    Subscription,
    Subscriptions,
)
from openvman.security.targets import TargetPolicy


class NoKeeper:
    """Keeps nothing: subscriptions end with the process."""

    def load(self, host_name: str, collections: Sequence[FilterCollection]) -> Subscriptions:
        """What comes with the server."""
        return Subscriptions(
            host_name=host_name,
            filters={f.id: f for collection in collections for f in collection.filters},
            collections={collection.id: collection for collection in collections},
        )

    def save_filter(self, made: IndicationFilter) -> None: ...
    def drop_filter(self, gone: IndicationFilter) -> None: ...
    def save_destination(self, made: ListenerDestination) -> None: ...
    def drop_destination(self, gone: ListenerDestination) -> None: ...
    def save_subscription(self, made: Subscription) -> None: ...
    def drop_subscription(self, gone: Subscription) -> None: ...
    def save_settings(self, settings: DeliverySettings) -> None: ...


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicationSetup:
    """``encode`` turns an indication into what the outbox takes."""

    keeper: Keeper = field(default_factory=NoKeeper)
    outbox: Outbox = field(default_factory=NoOutbox)
    encode: Callable[[Instance], bytes] = lambda _indication: b""
    policy: TargetPolicy = field(default_factory=TargetPolicy)
    limits: SubscriptionLimits = field(default_factory=SubscriptionLimits)
    now: Callable[[], datetime] = _now


def collections_of(views: Sequence[View], host_name: str) -> list[FilterCollection]:
    """The collections that come with the views, on this host."""
    return [
        replace(collection, filters=tuple(replace(f, host_name=host_name) for f in collection.filters))
        for view in views
        for collection in view.collections
    ]
