"""The state of a virtual system in CIM's codes (DSP1057 7.1; CIM_EnabledLogicalElement)."""

from __future__ import annotations

from functools import cache
from typing import Final

from openvman.model.states import Action, State
from openvman.model.system import VirtualSystem

REQUESTED_STATE: Final[dict[Action, int]] = {
    Action.START: 2,
    Action.STOP: 3,
    Action.SHUT_DOWN: 4,
    Action.SUSPEND: 6,
    Action.PAUSE: 9,
    Action.REBOOT: 10,
    Action.RESET: 11,
}
_NO_CHANGE: Final = 5
_NOT_APPLICABLE: Final = 12
_ENABLED_STATE: Final = {State.ACTIVE: 2, State.DEFINED: 3, State.SUSPENDED: 6, State.PAUSED: 9, State.UNKNOWN: 0}
_STARTING: Final = 10
_SHUTTING_DOWN: Final = 4
_OPERATIONAL_STATUS: Final = {
    State.ACTIVE: 2,  # OK
    State.DEFINED: 10,  # Stopped
    State.PAUSED: 15,  # Dormant
    State.SUSPENDED: 15,
    State.UNKNOWN: 13,  # Lost Communication
}
_HEALTH: Final = {State.UNKNOWN: 0}
_HEALTH_OK: Final = 5


def enabled_state(system: VirtualSystem) -> int:
    """Transitional values while a system comes up or goes down; otherwise the stable state."""
    if system.transition is not None:
        if system.transition.target is State.DEFINED:
            return _SHUTTING_DOWN
        if system.state in (State.DEFINED, State.SUSPENDED):
            return _STARTING
    return _ENABLED_STATE[system.state]


def requested_state(system: VirtualSystem) -> int:
    return _NO_CHANGE if system.requested is None else REQUESTED_STATE[system.requested]


def transitioning_to(system: VirtualSystem) -> int:
    if system.transition is None or system.requested is None:
        return _NOT_APPLICABLE
    return REQUESTED_STATE[system.requested]


def available_states(system: VirtualSystem) -> tuple[int, ...]:
    if system.transition is not None:
        return ()
    return _codes(system.possible)


@cache
def _codes(actions: tuple[Action, ...]) -> tuple[int, ...]:
    return tuple(REQUESTED_STATE[action] for action in actions)


def supported_states(system: VirtualSystem) -> tuple[int, ...]:
    return tuple(code for action, code in REQUESTED_STATE.items() if action in system.actions)


def operational_status(system: VirtualSystem) -> tuple[int, ...]:
    return (_OPERATIONAL_STATUS[system.state],)


def health_state(system: VirtualSystem) -> int:
    return _HEALTH.get(system.state, _HEALTH_OK)
