"""States of a virtual system and the legal transitions between them (DSP1057 7.1), as a table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """The stable states of DSP1057, and UNKNOWN while its hypervisor does not answer."""

    DEFINED = "defined"
    ACTIVE = "active"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    UNKNOWN = "unknown"


class Action(StrEnum):
    """What can be asked of a virtual system's state."""

    START = "start"  # activate; a paused or suspended system is resumed
    STOP = "stop"  # deactivate at once, as by pulling the plug; a suspended system loses its saved memory
    SHUT_DOWN = "shut down"  # ask the guest to end
    SUSPEND = "suspend"  # save memory to disk, release the resources
    PAUSE = "pause"  # stop the processors, keep the memory
    REBOOT = "reboot"  # ask the guest to restart
    RESET = "reset"  # restart at once, as by the reset button


@dataclass(frozen=True, slots=True)
class Transition:
    """``target`` is the state to reach; ``doing`` names the transition while it lasts."""

    target: State
    doing: str


TRANSITIONS: Final[dict[State, dict[Action, Transition]]] = {
    State.DEFINED: {
        Action.START: Transition(State.ACTIVE, "starting"),
    },
    State.ACTIVE: {
        Action.STOP: Transition(State.DEFINED, "stopping"),
        Action.SHUT_DOWN: Transition(State.DEFINED, "shutting down"),
        Action.SUSPEND: Transition(State.SUSPENDED, "suspending"),
        Action.PAUSE: Transition(State.PAUSED, "pausing"),
        Action.REBOOT: Transition(State.ACTIVE, "rebooting"),
        Action.RESET: Transition(State.ACTIVE, "resetting"),
    },
    State.PAUSED: {
        Action.START: Transition(State.ACTIVE, "resuming"),
        Action.STOP: Transition(State.DEFINED, "stopping"),
        Action.SUSPEND: Transition(State.SUSPENDED, "suspending"),
        Action.RESET: Transition(State.ACTIVE, "resetting"),
    },
    State.SUSPENDED: {
        Action.START: Transition(State.ACTIVE, "resuming"),
        Action.STOP: Transition(State.DEFINED, "stopping"),
    },
    State.UNKNOWN: {},
}

TARGET: Final[dict[Action, State]] = {
    action: transition.target
    for transitions in TRANSITIONS.values()
    for action, transition in transitions.items()
    if action not in (Action.REBOOT, Action.RESET)
}
"""Where an action leads, from whatever state; not of one after which the state is as before."""
