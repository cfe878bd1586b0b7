"""Filters, destinations, subscriptions and how delivery is tried, as clients made them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from openvman.model.indication import (
    DeliverySettings,
    DestinationKind,
    FilterCollection,
    IndicationFilter,
    ListenerDestination,
    Persistence,
    RemovalAction,
    Subscription,
    Subscriptions,
    SubscriptionState,
)
from openvman.store.database import Database

_SETTINGS = "delivery_settings"


class SubscriptionStore:
    """In a state directory's database. Every save is on disk when it returns."""

    def __init__(self, path: Path) -> None:
        """Open the database file ``path``, made when absent. Raises :class:`openvman.store.database.StoreError`."""
        self._database = Database(path)

    def close(self) -> None:
        self._database.close()

    def load(self, host_name: str, collections: Iterable[FilterCollection] = ()) -> Subscriptions:
        """What is kept, beside the filters of the ``collections`` that come with the server on ``host_name``.

        A subscription to a filter that does not come with the server any more is left out.
        """
        known = {collection.id: collection for collection in collections}
        filters = {f.id: f for collection in known.values() for f in collection.filters}
        filters |= {f.id: f for f in self._filters(host_name)}
        destinations = {d.id: d for d in self._destinations(host_name)}
        subscriptions: dict[str, Subscription] = {}
        for kind, source, destination, owner, started, state, changed in self._database.read(
            "SELECT kind, source, destination, owner, started, state, changed FROM subscriptions ORDER BY started"
        ):
            found = known.get(source) if kind == "collection" else filters.get(source)
            if found is None or destination not in destinations:
                continue
            subscription = Subscription(
                source=found,
                destination=destinations[destination],
                owner=owner,
                started=datetime.fromisoformat(started),
                state=SubscriptionState(state),
                changed=None if changed is None else datetime.fromisoformat(changed),
            )
            subscriptions[subscription.id] = subscription
        return Subscriptions(
            host_name=host_name,
            filters=filters,
            collections=known,
            destinations=destinations,
            subscriptions=subscriptions,
            settings=self._settings(),
        )

    def _filters(self, host_name: str) -> Iterator[IndicationFilter]:
        for name, query, language, namespaces, element_name, owner in self._database.read(
            "SELECT name, query, language, namespaces, element_name, owner FROM indication_filters"
        ):
            yield IndicationFilter(
                host_name=host_name,
                name=name,
                query=query,
                language=language,
                namespaces=tuple(json.loads(namespaces)),
                element_name=element_name,
                owner=owner,
            )

    def _destinations(self, host_name: str) -> Iterator[ListenerDestination]:
        for kind, name, url, persistence, owner, may_be_local, element_name in self._database.read(
            "SELECT kind, name, url, persistence, owner, may_be_local, element_name FROM destinations"
        ):
            yield ListenerDestination(
                host_name=host_name,
                kind=DestinationKind(kind),
                name=name,
                url=url,
                persistence=Persistence(persistence),
                owner=owner,
                may_be_local=bool(may_be_local),
                element_name=element_name,
            )

    def _settings(self) -> DeliverySettings:
        rows = self._database.read("SELECT value FROM facts WHERE name = ?", (_SETTINGS,))
        if not rows:
            return DeliverySettings()
        kept = json.loads(rows[0][0])
        return DeliverySettings(**kept | {"removal_action": RemovalAction(kept["removal_action"])})

    # Saving

    def save_filter(self, made: IndicationFilter) -> None:
        row = (made.name, made.query, made.language, json.dumps(made.namespaces), made.element_name, made.owner)
        self._write("INSERT OR REPLACE INTO indication_filters VALUES (?, ?, ?, ?, ?, ?)", row)

    def drop_filter(self, gone: IndicationFilter) -> None:
        self._write("DELETE FROM indication_filters WHERE name = ?", (gone.name,))

    def save_destination(self, made: ListenerDestination) -> None:
        row = (
            made.id,
            made.kind.value,
            made.name,
            made.url,
            made.persistence.value,
            made.owner,
            made.may_be_local,
            made.element_name,
        )
        self._write("INSERT OR REPLACE INTO destinations VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def drop_destination(self, gone: ListenerDestination) -> None:
        self._write("DELETE FROM destinations WHERE id = ?", (gone.id,))

    def save_subscription(self, made: Subscription) -> None:
        row = (
            made.id,
            "collection" if isinstance(made.source, FilterCollection) else "filter",
            made.source.name,
            made.destination.id,
            made.owner,
            made.started.isoformat(),
            made.state.value,
            None if made.changed is None else made.changed.isoformat(),
        )
        self._write("INSERT OR REPLACE INTO subscriptions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def drop_subscription(self, gone: Subscription) -> None:
        self._write("DELETE FROM subscriptions WHERE id = ?", (gone.id,))

    def save_settings(self, settings: DeliverySettings) -> None:
        self._write("INSERT OR REPLACE INTO facts VALUES (?, ?)", (_SETTINGS, json.dumps(asdict(settings))))

    def _write(self, statement: str, row: tuple[object, ...]) -> None:
        with self._database.write() as connection:
            connection.execute(statement, row)
