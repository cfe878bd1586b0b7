"""The current generation, and who is told of the next."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

import structlog

from openvman.inventory.difference import Change, Difference
from openvman.inventory.generation import Generation
from openvman.inventory.graft import graft
from openvman.model.alert import SystemFault
from openvman.model.host import Host
from openvman.model.job import Job
from openvman.model.storage import PoolVolumes
from openvman.model.system import VirtualSystem

log = structlog.get_logger()

Listener = Callable[[Difference], None]


class Publisher:
    """Makes generations and tells each difference to every listener, in order."""

    def __init__(self) -> None:
        self.generation = Generation()
        self._listeners: dict[object, Listener] = {}
        self._untold: deque[Difference] = deque()
        self._telling = False

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with each difference from now on; returns the unsubscribe (a second call does nothing)."""
        token = object()
        self._listeners[token] = listener

        def unsubscribe() -> None:
            self._listeners.pop(token, None)

        return unsubscribe

    def publish_hosts(self, hosts: Iterable[tuple[str, Host | None]], *, first: bool = False) -> None:
        """Publish what differs from the generation among these (id, host), None: it is gone."""
        before = self.generation
        changed = {i: graft(before.host(i), new) for i, new in hosts}
        changed = {i: new for i, new in changed.items() if new is not before.host(i)}
        if changed:
            self._tell(
                before.following(hosts=changed.items()),
                tuple(Change(before.host(i), new) for i, new in changed.items()),
                first=first,
            )

    def publish_systems(self, systems: Iterable[tuple[str, VirtualSystem | None]], *, first: bool = False) -> None:
        """Publish what differs from the generation among these (id, system), None: it is gone."""
        before = self.generation
        changed = {i: graft(before.system(i), new) for i, new in systems}
        changed = {i: new for i, new in changed.items() if new is not before.system(i)}
        if changed:
            self._tell(
                before.following(systems=changed.items()),
                tuple(Change(before.system(i), new) for i, new in changed.items()),
                first=first,
            )

    def publish_volumes(self, volumes: Iterable[tuple[str, PoolVolumes | None]], *, first: bool = False) -> None:
        """Publish what differs from the generation among these (id, what a storage pool holds), None: it is gone."""
        before = self.generation
        changed = {i: graft(before.volumes.get(i), new) for i, new in volumes}
        changed = {i: new for i, new in changed.items() if new is not before.volumes.get(i)}
        if changed:
            self._tell(
                before.following(volumes=changed.items()),
                tuple(Change(before.volumes.get(i), new) for i, new in changed.items()),
                first=first,
            )

    def publish_jobs(self, jobs: Iterable[tuple[str, Job | None]], *, first: bool = False) -> None:
        """Publish these (id, job), None: it is forgotten. ``first``: they have been there before."""
        before = self.generation
        changed = {i: new for i, new in jobs if new != before.job(i)}
        if changed:
            self._tell(
                before.following(jobs=changed.items()),
                tuple(Change(before.job(i), new) for i, new in changed.items()),
                first=first,
            )

    def publish_fault(self, fault: SystemFault) -> None:
        """Tell of a fault. The generation stays."""
        self._tell(self.generation, (), faults=(fault,))

    def _tell(
        self,
        after: Generation,
        changes: tuple[Change, ...],
        *,
        first: bool = False,
        faults: tuple[SystemFault, ...] = (),
    ) -> None:
        self._untold.append(Difference(self.generation, after, changes, first, faults))
        self.generation = after
        if self._telling:
            return  # a listener published: the others hear of it after this difference, not inside it
        self._telling = True
        try:
            while self._untold:
                difference = self._untold.popleft()
                for listener in tuple(self._listeners.values()):
                    _call(listener, difference)
        finally:
            self._telling = False


def _call(listener: Listener, difference: Difference) -> None:
    try:
        listener(difference)
    except Exception:  # a bad listener must not keep the others from hearing
        log.exception("a subscriber of the inventory failed", generation=difference.after.number, listener=listener)
