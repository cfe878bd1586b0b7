"""What a use case tells the job that it is done for: :class:`Work`."""

from __future__ import annotations

from typing import Any, Final, Protocol

from openvman.model.job import Affected


class Work(Protocol):
    async def before(self, step: Any) -> int:
        """Remember until the job's end how to take back what is about to be done; returns the step's number.

        ``step`` is one of :mod:`openvman.operations.steps`. When this returns, a crash cannot forget it.
        """

    def drop(self, number: int) -> None:
        """The step is not needed any more: its act was not done."""

    def tell(self, status: str, percent: int | None = None) -> None:
        """What is being done, and how much of all is done (0 to 100)."""

    def affect(self, affected: Affected) -> None:
        """The job works on this too."""


class _Unrecorded:
    """For a request that no job is made of."""

    async def before(self, step: Any) -> int:  # noqa: ARG002
        return 0

    def drop(self, number: int) -> None:
        pass

    def tell(self, status: str, percent: int | None = None) -> None:
        pass

    def affect(self, affected: Affected) -> None:
        pass


UNRECORDED: Final[Work] = _Unrecorded()
