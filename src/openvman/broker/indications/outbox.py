"""Where indications go from the broker: a boundary, behind which they are kept and delivered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from openvman.model.indication import Posting, Subscriptions


class Outbox(Protocol):
    def post(self, postings: Sequence[Posting]) -> None:
        """Deliver these, in order. Returns at once."""

    async def settled(self) -> None:
        """Everything posted so far is on disk; after a while returns although it is not (the log tells)."""

    def follow(self, subscriptions: Subscriptions) -> None:
        """These are the destinations and settings from now on. The queue of one that is gone is dropped."""


class NoOutbox:
    """For a broker that sends nothing."""

    def post(self, postings: Sequence[Posting]) -> None:
        """Nothing is kept."""

    async def settled(self) -> None:
        """There is nothing to wait for."""

    def follow(self, subscriptions: Subscriptions) -> None:
        """There is nothing to deliver to."""
