"""What becomes of jobs: 2800 to 2899."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

FORGOTTEN: Final = ErrorMessage(2801, "Another version of this server told why, by message {id} ({arguments}).")
UNKNOWN: Final = ErrorMessage(2811, "There is no job {id} any more.", "List the jobs again.", problem=Problem.NOT_FOUND)
NOT_YOURS: Final = ErrorMessage(
    2812,
    "Job {job.id} is {job.owner}'s: only its owner and administrators change it.",
    problem=Problem.ACCESS_DENIED,
)
NOT_POSSIBLE: Final = ErrorMessage(
    2813,
    "Job {job.id} ({job.name}) is {state}: {action} is not possible.",
    "Possible is: {possible}.",
    problem=Problem.INVALID_STATE,
)
NOT_ENDED: Final = ErrorMessage(
    2814, "Job {job.id} ({job.name}) has not ended.", "Terminate it first.", problem=Problem.INVALID_STATE
)
TOO_MANY: Final = ErrorMessage(
    2815,
    "{owner} has {number} jobs that have not ended, as many as one may.",
    "Wait for some of them.",
    problem=Problem.BUSY,
)
NOT_WRITTEN: Final = ErrorMessage(
    2816,
    "The job cannot be written down, so it is not done: {reason}.",
    "Make room in the state directory.",
    problem=Problem.FAILED,
)
AT_THIS_MOMENT: Final = ErrorMessage(
    2817, "Job {job.id} ({job.name}) is about to begin, or to end.", "Ask again.", problem=Problem.BUSY
)
NO_TIMEOUT: Final = ErrorMessage(
    2818,
    "Nobody can say how long job {job.id} ({job.name}) takes to end.",
    "Ask without a timeout.",
    problem=Problem.TIMEOUT,
)
NEVER_BEGAN: Final = ErrorMessage(
    2821, "{job.name}: the server ended before it began.", "Ask again.", problem=Problem.FAILED
)
ENDED_BEFORE: Final = ErrorMessage(2822, "{job.name}: ended by {actor} before it began.", problem=Problem.FAILED)
TAKEN_BACK: Final = ErrorMessage(2823, "{job.name}: ended by {actor}, and taken back.", problem=Problem.FAILED)
SERVER_STOPPED: Final = ErrorMessage(
    2824, "{job.name}: ended by the stop of the server, and taken back.", problem=Problem.FAILED
)
GIVEN_UP: Final = ErrorMessage(2825, "{job.name}: given up by {actor}.", problem=Problem.FAILED)
INTERNAL_ERROR: Final = ErrorMessage(2826, "{job.name}: internal error, see the server's log.", problem=Problem.FAILED)
LEFT: Final = ErrorMessage(
    2827,
    "{job.name}: ended by {actor}. What it had done stays.",
    "Look at the virtual system.",
    problem=Problem.FAILED,
)
LEFT_BY_SERVER: Final = ErrorMessage(
    2828,
    "{job.name}: ended by the stop of the server. What it had done stays.",
    "Look at the virtual system.",
    problem=Problem.FAILED,
)
INTERRUPTED: Final = ErrorMessage(
    2831,
    "{job.name}: the server ended meanwhile, and what it had done was taken back.",
    "Ask again.",
    problem=Problem.FAILED,
)
INTERRUPTED_EARLY: Final = ErrorMessage(
    2832,
    "{job.name}: the server ended meanwhile, and it had changed nothing.",
    "Ask again.",
    problem=Problem.FAILED,
)
SYSTEM_GONE: Final = ErrorMessage(
    2833,
    "{job.name}: the server ended meanwhile, and the virtual system is gone.",
    problem=Problem.NOT_FOUND,
)
STATE_NOT_REACHED: Final = ErrorMessage(
    2834,
    "{job.name}: the server ended meanwhile. The virtual system is {system.state}.",
    "Ask again.",
    problem=Problem.FAILED,
)
HOST_SILENT: Final = ErrorMessage(
    2835, "The host does not answer: {reason}.", "Wait for it.", problem=Problem.UNAVAILABLE
)
