"""Faults as records: what goes wrong, when, and for how long.

In an address a fault is ``operation[,key=value…]``, for instance
``fault=act.start,subject=vm-0001*,nth=2,problem=busy``, ``fault=load,disconnect=5s``,
``fault=define,after,problem=timeout,probability=10%25`` or ``fault=read_system,delay=2s``:

- the operation is a pattern (``*``, ``?``, ``[…]``) over :data:`OPERATIONS`;
- ``subject`` is a pattern over the id or name of the system or host, or the path of the image;
- ``nth`` is which of the matching calls fails (from 1), ``probability`` how often they do; without either each does;
- ``delay`` holds the call up for so long;
- ``problem`` is one of :data:`PROBLEMS`: the call fails with it;
- ``disconnect`` breaks the connection, and the platform does not answer for the time given;
- ``after``: the operation is done, and delay and failure come after (an answer lost on its way).

``guest.shut_down`` and ``guest.reboot`` with a problem mean that the guest does not react, ``event.…`` that the event
is lost. ``guest.crash`` is no failure of a call: a guest that was started panics after the delay.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from random import Random
from typing import Final

from openvman.drivers.simulated.quantities import count, duration, share
from openvman.messages import simulated
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.model.states import Action


def name_of(action: Action) -> str:
    """The action as it stands in an operation's name: ``shut_down``."""
    return action.name.lower()


OPERATIONS: Final = (
    "open",
    "load",
    "fence",
    "autostarting",
    "read_host",
    "read_system",
    "define",
    "undefine",
    "modify_system",
    "modify_resource",
    "add_resources",
    "remove_resources",
    *(f"act.{name_of(action)}" for action in Action),
    "read_console",
    "inspect_image",
    "create_image",
    "write_image",
    "delete_image",
    "inspect_volume",
    "create_volume",
    "delete_volume",
    "read_volumes",
    "create_storage_pool",
    "delete_storage_pool",
    "change_storage_pool",
    "refresh_storage_pool",
    "create_network",
    "delete_network",
    "change_network",
    "create_filter",
    "delete_filter",
    "add_filter_reference",
    "remove_filter_reference",
    "guest.shut_down",
    "guest.reboot",
    "guest.crash",
    "event.system",
    "event.host",
)
"""Every operation that a fault can name."""

PROBLEMS: Final = {problem.name.lower(): problem for problem in simulated.ORDERED}
"""Every kind of failure that a fault can be, by its name: those that a driver can mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One rule; times in seconds. See the module for what each field means."""

    operation: str
    subject: str = "*"
    nth: int | None = None
    probability: float = 1.0
    delay: float = 0.0
    problem: Problem | None = None
    disconnect: float | None = None
    after: bool = False

    def __post_init__(self) -> None:
        if not any(fnmatchcase(operation, self.operation) for operation in OPERATIONS):
            raise ModelError(simulated.NO_OPERATION, "platform", pattern=self.operation, operations=OPERATIONS)
        if self.problem is None and self.disconnect is None and not self.delay:
            raise ModelError(simulated.IDLE_FAULT, "platform", pattern=self.operation)
        if self.problem is not None and self.problem not in simulated.ORDERED:
            raise _no_problem(self.problem.name.lower())

    def covers(self, operation: str, subjects: Iterable[str]) -> bool:
        """Whether the rule speaks of this call; ``subjects`` are the ids, names or paths it is about."""
        return fnmatchcase(operation, self.operation) and any(fnmatchcase(s, self.subject) for s in subjects)


@dataclass(slots=True)
class _Armed:
    fault: Fault
    calls: int = 0


@dataclass(slots=True)
class FaultRules:
    """The rules in force. The first that strikes a call counts; each counts its own calls."""

    random: Random
    _armed: list[_Armed] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        self._armed.append(_Armed(fault))

    def clear(self) -> None:
        self._armed.clear()

    def strike(self, operation: str, subjects: Iterable[str]) -> Fault | None:
        """The fault that befalls this call, if any."""
        struck: Fault | None = None
        subjects = tuple(subjects)
        for armed in self._armed:
            fault = armed.fault
            if not fault.covers(operation, subjects):
                continue
            armed.calls += 1
            due = fault.nth is None or armed.calls == fault.nth
            if struck is None and due and (fault.probability >= 1 or self.random.random() < fault.probability):
                struck = fault
        return struck


def parse_fault(text: str) -> Fault:
    """Read a fault as written in an address. Raises ModelError INVALID_PARAMETER."""
    operation, *settings = text.split(",")
    fault = Fault(operation=operation, delay=1.0)  # a delay so that the rule is whole while it is being read
    delay = 0.0
    for setting in settings:
        key, _, value = setting.partition("=")
        if key == "delay":
            delay = duration(value)
        else:
            fault = _set(fault, key, value)
    return replace(fault, delay=delay)


def _set(fault: Fault, key: str, value: str) -> Fault:
    match key:
        case "subject":
            return replace(fault, subject=value)
        case "nth":
            return replace(fault, nth=count(value))
        case "probability":
            return replace(fault, probability=share(value))
        case "disconnect":
            return replace(fault, disconnect=duration(value))
        case "after" if not value:
            return replace(fault, after=True)
        case "problem" if value.lower() in PROBLEMS:
            return replace(fault, problem=PROBLEMS[value.lower()])
        case "problem":
            raise _no_problem(value)
        case _:
            raise ModelError(simulated.NO_SETTING, "platform", setting=key)


def _no_problem(name: str) -> ModelError:
    return ModelError(simulated.NO_PROBLEM, "platform", problem=name, problems=tuple(PROBLEMS))
