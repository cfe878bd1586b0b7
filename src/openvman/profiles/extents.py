"""Extents of classes whose objects are each read off one system, or one host, alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from openvman.mapping.declare import OfEach, alone
from openvman.model.shelves import shelves_of


def of_systems(objects: Callable[[Any], Iterable[Any]] = alone) -> OfEach:
    """What each virtual system has; without ``objects`` the systems themselves."""
    return OfEach(lambda picture: shelves_of(picture.objects.systems), objects)


def of_hosts(objects: Callable[[Any], Iterable[Any]] = alone) -> OfEach:
    """What each host has; without ``objects`` the hosts themselves."""
    return OfEach(lambda picture: shelves_of(picture.objects.hosts), objects)
