"""All rows: :data:`MESSAGES` by number, :func:`find` by id."""

from __future__ import annotations

from types import ModuleType
from typing import Final

from openvman.messages import (
    alerts,
    cimxml,
    cloud_init,
    compatible,
    consoles,
    containers,
    devices,
    hypervisor,
    hypervisor_devices,
    hypervisor_networks,
    hypervisor_storage,
    images,
    inventory,
    jobs,
    mof,
    network_filters,
    networks,
    pools,
    queries,
    requests,
    resources,
    server,
    settings,
    simulated,
    subscriptions,
    systems,
    tuning,
    users,
    values,
)
from openvman.messages.message import PREFIX, ErrorMessage, Message

SUBJECTS: Final[tuple[ModuleType, ...]] = (
    requests,
    queries,
    values,
    mof,
    subscriptions,
    cimxml,
    compatible,
    systems,
    resources,
    settings,
    tuning,
    images,
    pools,
    devices,
    cloud_init,
    jobs,
    consoles,
    networks,
    network_filters,
    hypervisor,
    hypervisor_devices,
    hypervisor_storage,
    hypervisor_networks,
    simulated,
    containers,
    server,
    inventory,
    users,
    alerts,
)
"""In the order of their numbers."""


def rows(subject: ModuleType) -> dict[str, Message]:
    """The rows of a module, by their names in it."""
    return {name: row for name, row in vars(subject).items() if isinstance(row, Message)}


MESSAGES: Final[dict[int, Message]] = {row.number: row for subject in SUBJECTS for row in rows(subject).values()}


def find(id: str) -> Message | None:
    """The row of an id like ``VMAN2001``; None when this version has it no more."""
    number = id.removeprefix(PREFIX)
    return MESSAGES.get(int(number)) if id.startswith(PREFIX) and number.isdecimal() else None


def kind_of(row: Message) -> str:
    """The kind of a failure in a word or two, or ``alert``."""
    return row.problem.replace("_", " ") if isinstance(row, ErrorMessage) else "alert"
