"""Subscriptions to indications: a filter and a destination made together, listed and taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pywbem

from openvman.client.errors import ClientError, Reason
from openvman.client.session import CIMPath, Session

_INTEROP: Final = "interop"
_DESTINATION: Final = "CIM_ListenerDestinationCIMXML"
_FILTER: Final = "CIM_IndicationFilter"
_SUBSCRIPTION: Final = "CIM_IndicationSubscription"
_STATES: Final = {2: "enabled", 4: "disabled"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """``name`` is that of the filter; ``query`` is None for a collection of filters."""

    name: str
    destination: str
    query: str | None
    state: str
    path: CIMPath


class Subscriptions:
    """What a server's indication service has, through one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def all(self) -> list[Subscription]:
        """Every subscription, by name."""
        found = [self._shown(i) for i in self._session.enumerate("CIM_AbstractIndicationSubscription", None, _INTEROP)]
        return sorted(found, key=lambda s: (s.name, s.destination))

    def add(self, name: str, url: str, query: str, language: str, namespaces: Sequence[str]) -> Subscription:
        """Make a filter and a destination of this name, and join them; all or nothing."""
        made: list[CIMPath] = []
        try:
            destination = self._create(_DESTINATION, Name=name, Destination=url)
            made.append(destination)
            asked = {"Name": name, "Query": query, "QueryLanguage": language}
            filter = self._create(_FILTER, **asked, **({"SourceNamespaces": list(namespaces)} if namespaces else {}))
            made.append(filter)
            path = self._create(_SUBSCRIPTION, Filter=filter, Handler=destination)
        except ClientError:
            for path in reversed(made):
                self._session.delete(path)
            raise
        return self._shown(self._session.get(path))

    def remove(self, name: str) -> list[Subscription]:
        """Take away the subscriptions of this name, and the filter and destination of this name with them."""
        gone = [s for s in self.all() if s.name == name]
        if not gone:
            raise ClientError(Reason.NOT_FOUND, f"There is no subscription {name!r}; list them to see those there are.")
        for subscription in gone:
            self._session.delete(subscription.path)
        for end in ("Filter", "Handler"):
            for path in {s.path[end].to_wbem_uri(): s.path[end] for s in gone}.values():
                if path.get("Name") == name:
                    self._session.delete(path)
        return gone

    def _create(self, class_name: str, **values: Any) -> CIMPath:
        return self._session.create(pywbem.CIMInstance(class_name, values), _INTEROP)

    def _shown(self, instance: Any) -> Subscription:
        source, handler = instance["Filter"], instance["Handler"]
        query = self._session.get(source).get("Query") if source.classname == _FILTER else None
        return Subscription(
            name=source.get("Name") or source.get("InstanceID"),
            destination=self._session.get(handler)["Destination"],
            query=query,
            state=_STATES.get(int(instance["SubscriptionState"]), "unknown"),
            path=instance.path,
        )
