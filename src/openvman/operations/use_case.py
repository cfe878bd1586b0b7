"""What a use case is, beside the function that does it: :class:`UseCase`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from openvman.inventory.generation import Generation
from openvman.model.allocation import Allocation
from openvman.model.host import Host
from openvman.model.job import Affected, Element
from openvman.model.network import VirtualNetwork
from openvman.model.network_filter import NetworkFilter
from openvman.model.pool import ResourcePool
from openvman.model.spec import ResourceSpec, SystemSpec
from openvman.model.states import State
from openvman.model.storage import StoragePool, StorageVolume
from openvman.model.system import Configuration, VirtualSystem


class Recovery(Enum):
    """What becomes of one that was under way when the server died."""

    TAKE_BACK = auto()  # what it did is taken back, by the steps that it wrote down
    CONTINUE = auto()  # it is done again: what was done already is done no second time
    LOOK = auto()  # it is as done as what is found says, and not done again


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCase:
    """``run`` takes the operations, the actor and keyword arguments.

    ``title`` says what is done, as a person would; None for what changes nothing, of which no job is made.
    ``makes`` gives what the result adds to what the keywords name; ``aim`` is the state that a virtual system is to be
    brought to. ``again`` is for CONTINUE: it takes the operations, the actor and the job. ``stepwise``: it changes
    nothing but behind a step, with which the job is on the disk too, so that nobody has to wait for the job alone.
    """

    run: Callable[..., Awaitable[Any]]
    title: Callable[[Mapping[str, Any]], str] | None = None
    recovery: Recovery = Recovery.TAKE_BACK
    makes: Callable[[Any], tuple[Affected, ...]] = lambda _result: ()
    aim: Callable[[Mapping[str, Any]], State | None] = lambda _keywords: None
    again: Callable[..., Awaitable[Any]] | None = None
    stepwise: bool = False


_ELEMENTS: Final[Mapping[type, Element]] = {
    ResourcePool: Element.POOL,
    VirtualNetwork: Element.NETWORK,
    NetworkFilter: Element.FILTER,
    StoragePool: Element.STORAGE_POOL,
    StorageVolume: Element.VOLUME,
}
"""Kinds of things whose ids begin with that of their host."""


def works_on(keywords: Mapping[str, Any]) -> tuple[Affected, ...]:
    """What keyword arguments name."""
    return tuple(dict.fromkeys(found for value in keywords.values() for found in _named(value)))


def host_in(keywords: Mapping[str, Any], generation: Generation) -> str | None:
    """The id of the host that keyword arguments are about; None when they name none."""
    for value in keywords.values():
        if isinstance(value, Host):
            return value.id
        if isinstance(value, SystemSpec) and value.host_id is not None:
            return value.host_id
    for affected in works_on(keywords):
        if affected.element is Element.SYSTEM:
            system = generation.system(affected.id)
            if system is not None:
                return system.host_id
        else:
            return affected.id.partition("/")[0]
    return None


def _named(value: Any) -> Iterator[Affected]:
    match value:
        case VirtualSystem():
            yield Affected(Element.SYSTEM, value.id)
        case SystemSpec(system_id=str(system_id)):
            yield Affected(Element.SYSTEM, system_id)
        case Configuration() | Allocation():
            yield Affected(Element.SYSTEM, value.system_id)
        case ResourceSpec(allocation_id=str(allocation_id)):
            yield Affected(Element.SYSTEM, allocation_id.partition("/")[0])
        case ResourcePool() | VirtualNetwork() | NetworkFilter() | StoragePool() | StorageVolume():
            yield Affected(_ELEMENTS[type(value)], value.id)
        case list() | tuple():
            for item in value:
                yield from _named(item)
