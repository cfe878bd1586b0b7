"""Filters, destinations and subscriptions: made, changed and taken away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar
from uuid import uuid4

from openvman.messages import subscriptions
from openvman.model.actor import Actor, Role
from openvman.model.errors import ModelError
from openvman.model.indication import (
    DeliverySettings,
    DeliverySpec,
    DestinationSpec,
    FilterCollection,
    FilterSpec,
    IndicationFilter,
    ListenerDestination,
    Persistence,
    RemovalAction,
    Source,
    Subscription,
    Subscriptions,
    SubscriptionState,
    subscription_id,
)
from openvman.security.targets import TargetError, TargetPolicy

_LONGEST_NAME: Final = 256
T = TypeVar("T")


class Keeper(Protocol):
    """What outlives a restart; ``store.subscriptions.SubscriptionStore`` is one."""

    def load(self, host_name: str, collections: Sequence[FilterCollection]) -> Subscriptions: ...
    def save_filter(self, made: IndicationFilter) -> None: ...
    def drop_filter(self, gone: IndicationFilter) -> None: ...
    def save_destination(self, made: ListenerDestination) -> None: ...
    def drop_destination(self, gone: ListenerDestination) -> None: ...
    def save_subscription(self, made: Subscription) -> None: ...
    def drop_subscription(self, gone: Subscription) -> None: ...
    def save_settings(self, settings: DeliverySettings) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionLimits:
    """How many there may be in all, and of one user (of destinations, of filters, and of subscriptions each)."""

    destinations: int = 256
    subscriptions: int = 1024
    per_user: int = 64


class Registry:
    """The use cases of indications. ``current`` is what there is, and ``changed`` is told of each new state.

    ``check`` raises ModelError for a filter whose query cannot be answered.
    """

    def __init__(
        self,
        keeper: Keeper,
        current: Subscriptions,
        policy: TargetPolicy,
        limits: SubscriptionLimits,
        *,
        check: Callable[[IndicationFilter], None],
        changed: Callable[[Subscriptions], None],
        now: Callable[[], datetime],
    ) -> None:
        self._keeper = keeper
        self._policy = policy
        self._limits = limits
        self._check = check
        self._changed = changed
        self._now = now
        self.current = replace(current, most_destinations=limits.destinations, most_subscriptions=limits.subscriptions)

    def use_cases(self) -> Mapping[str, Callable[..., Awaitable[Any]]]:
        """By the names that declarations give them."""
        return {
            "create_filter": self.create_filter,
            "delete_filter": self.delete_filter,
            "create_destination": self.create_destination,
            "delete_destination": self.delete_destination,
            "subscribe": self.subscribe,
            "unsubscribe": self.unsubscribe,
            "change_subscription": self.change_subscription,
            "set_delivery": self.set_delivery,
        }

    # Filters

    async def create_filter(self, actor: Actor, *, spec: FilterSpec) -> IndicationFilter:
        """Raises INVALID_PARAMETER (the query), ALREADY_EXISTS, NOT_SUPPORTED (switched off), INSUFFICIENT."""
        if not self.current.settings.filters_can_be_made:
            raise ModelError(subscriptions.FILTERS_OFF)
        if not spec.query or not spec.language:
            raise ModelError(subscriptions.QUERY_NEEDED)
        name = _name(spec.name, "filter")
        if name in self.current.filters:
            raise ModelError(subscriptions.FILTER_EXISTS, name, name=name)
        namespaces = spec.namespaces or (() if spec.namespace is None else (spec.namespace,))
        made = IndicationFilter(
            host_name=self.current.host_name,
            name=name,
            query=spec.query,
            language=spec.language,
            namespaces=tuple(namespaces),
            element_name=spec.element_name,
            owner=actor.name,
        )
        self._check(made)
        self._spare(actor, "indication filters", self.current.filters)
        self._keeper.save_filter(made)
        self._become(filters={**self.current.filters, made.id: made})
        return made

    async def delete_filter(self, actor: Actor, *, filter: IndicationFilter) -> None:
        """Raises IN_USE while it is subscribed to, ACCESS_DENIED for another's, NOT_SUPPORTED for a static one."""
        if filter.owner is None:
            raise ModelError(subscriptions.STATIC_FILTER, filter.name, filter=filter)
        _own(actor, filter.owner, f"indication filter {filter.name!r}")
        self._unused("Indication filter", filter.name, [s for s in self._all() if s.source == filter])
        self._keeper.drop_filter(filter)
        self._become(filters=_without(self.current.filters, filter.id))

    # Destinations

    async def create_destination(self, actor: Actor, *, spec: DestinationSpec) -> ListenerDestination:
        """Raises INVALID_PARAMETER (the URL), ALREADY_EXISTS, INSUFFICIENT."""
        name = _name(spec.name, "destination")
        may_be_local = actor.role >= Role.ADMIN
        if not spec.url:
            raise ModelError(subscriptions.URL_NEEDED, name, name=name)
        try:
            self._policy.target(spec.url, may_be_local=may_be_local)
        except TargetError as error:
            raise ModelError(subscriptions.BAD_URL, name, url=spec.url[:200], reason=error) from None
        made = ListenerDestination(
            host_name=self.current.host_name,
            kind=spec.kind,
            name=name,
            url=spec.url,
            persistence=spec.persistence,
            owner=actor.name,
            may_be_local=may_be_local,
            element_name=spec.element_name,
        )
        if made.id in self.current.destinations:
            raise ModelError(subscriptions.DESTINATION_EXISTS, name, name=name)
        if len(self.current.destinations) >= self._limits.destinations:
            raise _too_many("listener destinations", self._limits.destinations)
        self._spare(actor, "listener destinations", self.current.destinations)
        self._keeper.save_destination(made)
        self._become(destinations={**self.current.destinations, made.id: made})
        return made

    async def delete_destination(self, actor: Actor, *, destination: ListenerDestination) -> None:
        """Its undelivered indications go with it. Raises IN_USE, ACCESS_DENIED."""
        _own(actor, destination.owner, f"listener destination {destination.name!r}")
        using = [s for s in self._all() if s.destination.id == destination.id]
        self._unused("Listener destination", destination.name, using)
        self._keeper.drop_destination(destination)
        self._become(destinations=_without(self.current.destinations, destination.id))

    # Subscriptions

    async def subscribe(
        self,
        actor: Actor,
        *,
        source: Source,
        destination: ListenerDestination,
        state: SubscriptionState = SubscriptionState.ENABLED,
    ) -> Subscription:
        """Raises ALREADY_EXISTS, INSUFFICIENT, ACCESS_DENIED (another's destination), NOT_FOUND."""
        _own(actor, destination.owner, f"listener destination {destination.name!r}")
        id = subscription_id(source, destination)
        if id in self.current.subscriptions:
            raise ModelError(subscriptions.SUBSCRIBED, source.name, source=source, destination=destination)
        if len(self.current.subscriptions) >= self._limits.subscriptions:
            raise _too_many("subscriptions", self._limits.subscriptions)
        self._spare(actor, "subscriptions", self.current.subscriptions)
        made = Subscription(source=source, destination=destination, owner=actor.name, started=self._now(), state=state)
        self._keeper.save_subscription(made)
        self._become(subscriptions={**self.current.subscriptions, made.id: made})
        return made

    async def unsubscribe(self, actor: Actor, *, subscription: Subscription) -> None:
        """What has happened so far is still delivered. Raises ACCESS_DENIED."""
        _own(actor, subscription.owner, f"the subscription to {subscription.source.name!r}")
        self._keeper.drop_subscription(subscription)
        self._become(subscriptions=_without(self.current.subscriptions, subscription.id))

    async def change_subscription(
        self, actor: Actor, *, subscription: Subscription, state: SubscriptionState | None = None
    ) -> None:
        """Enable or disable. Raises ACCESS_DENIED."""
        _own(actor, subscription.owner, f"the subscription to {subscription.source.name!r}")
        if state is not None and state is not subscription.state:
            self._set_state(subscription, state)

    async def set_delivery(self, actor: Actor, *, spec: DeliverySpec) -> None:  # noqa: ARG002 - as all take it
        """Change how delivery is tried. Raises INVALID_PARAMETER."""
        given = {name: value for name in spec.__slots__ if (value := getattr(spec, name)) is not None}
        if given.get("retry_interval", 1) < 1:
            raise ModelError(subscriptions.RETRY_INTERVAL)
        settings = replace(self.current.settings, **given)
        self._keeper.save_settings(settings)
        self._become(settings=settings)

    def give_up(self, destination_id: str) -> None:
        """A destination has not answered for the removal interval: do what is to be done with its subscriptions."""
        action = self.current.settings.removal_action
        if action is RemovalAction.IGNORE:
            return
        for subscription in [s for s in self._all() if s.destination.id == destination_id]:
            if action is RemovalAction.DISABLE:
                self._set_state(subscription, SubscriptionState.DISABLED)
            else:
                self._keeper.drop_subscription(subscription)
                self._become(subscriptions=_without(self.current.subscriptions, subscription.id))
        destination = self.current.destinations.get(destination_id)
        is_transient = destination is not None and destination.persistence is Persistence.TRANSIENT
        if destination is not None and is_transient and action is RemovalAction.REMOVE:
            self._keeper.drop_destination(destination)
            self._become(destinations=_without(self.current.destinations, destination_id))

    # Within

    def _set_state(self, subscription: Subscription, state: SubscriptionState) -> None:
        changed = replace(subscription, state=state, changed=self._now())
        self._keeper.save_subscription(changed)
        self._become(subscriptions={**self.current.subscriptions, changed.id: changed})

    def _become(self, **changes: Any) -> None:
        self.current = replace(self.current, **changes)
        self._changed(self.current)

    def _all(self) -> list[Subscription]:
        return list(self.current.subscriptions.values())

    def _unused(self, what: str, name: str, using: list[Subscription]) -> None:
        if using:
            raise ModelError(subscriptions.USED, name, what=what, name=name, count=len(using))

    def _spare(self, actor: Actor, what: str, there: Mapping[str, Any]) -> None:
        if actor.role < Role.ADMIN and sum(1 for o in there.values() if o.owner == actor.name) >= self._limits.per_user:
            raise _too_many(f"{what} of {actor.name}", self._limits.per_user)


def _own(actor: Actor, owner: str, what: str) -> None:
    if actor.role < Role.ADMIN and actor.name != owner:
        raise ModelError(subscriptions.ANOTHERS, what=what[0].upper() + what[1:], owner=owner)


def _name(given: str | None, kind: str) -> str:
    """The name given, or one of our own for none."""
    name = given or f"VMAN:{kind}:{uuid4()}"
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise ModelError(subscriptions.BAD_NAME, "Name", most=_LONGEST_NAME, name=name[:80], kind=kind)
    return name


def _without(mapping: Mapping[str, T], key: str) -> dict[str, T]:
    return {k: v for k, v in mapping.items() if k != key}


def _too_many(what: str, most: int) -> ModelError:
    return ModelError(subscriptions.TOO_MANY, most=most, what=what)
