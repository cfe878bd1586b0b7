"""Who is shown whose jobs: in answers, in indications and in events alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from openvman.inventory.difference import Difference
from openvman.mapping.bind import Link
from openvman.model.actor import Actor, Role
from openvman.model.indication import ListenerDestination
from openvman.model.job import Job
from openvman.model.picture import Picture, Withholding


@dataclass(frozen=True, slots=True)
class Visibility:
    """``own_jobs_only``: the jobs of others do not exist for a user who is no administrator."""

    own_jobs_only: bool = False

    def picture(self, picture: Picture, actor: Actor) -> Picture:
        """What there is for the actor."""
        if self._sees_all(is_admin=actor.role >= Role.ADMIN):
            return picture
        return replace(picture, objects=Withholding(picture.objects, lambda job: job.owner == actor.name))

    def difference(self, difference: Difference, actor: Actor) -> Difference:
        """What of a difference is told to the actor."""
        if self._sees_all(is_admin=actor.role >= Role.ADMIN):
            return difference
        mine = tuple(
            change
            for change in difference.changes
            if not isinstance(known := change.after or change.before, Job) or known.owner == actor.name
        )
        return replace(difference, changes=mine)

    def reaches(self, destination: ListenerDestination, obj: Any) -> bool:
        """Whether an object may be told of at a destination: what goes there, its maker reads."""
        if self._sees_all(is_admin=destination.may_be_local):  # which is for what administrators made
            return True
        job = _job_in(obj)
        return job is None or job.owner == destination.owner

    def _sees_all(self, *, is_admin: bool) -> bool:
        return is_admin or not self.own_jobs_only


EVERYTHING: Final = Visibility()


def _job_in(obj: Any) -> Job | None:
    """The job that an instance shows, or that an association leads to."""
    shown = (obj.left.obj, obj.right.obj) if isinstance(obj, Link) else (obj,)
    return next((one for one in shown if isinstance(one, Job)), None)
