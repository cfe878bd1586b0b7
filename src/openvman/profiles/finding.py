"""By what the aggregates of the model are found, beside the keys of what they are shown as."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from openvman.cim.names import NameMap
from openvman.model.host import Host
from openvman.model.picture import Picture
from openvman.model.system import VirtualSystem
from openvman.profiles.identity import id_in


def systems_named(picture: Picture, name: Any) -> Iterable[VirtualSystem]:
    return picture.objects.systems_named(name)


def system_with_id(picture: Picture, id: Any) -> Iterable[VirtualSystem]:
    found = picture.objects.system(id)
    return () if found is None else (found,)


def system_with_part(picture: Picture, id: Any) -> Iterable[VirtualSystem]:
    """The system whose id an id begins with."""
    return system_with_id(picture, id.partition("/")[0])


def system_with_instance_id(picture: Picture, instance_id: Any) -> Iterable[VirtualSystem]:
    return system_with_id(picture, id_in(NameMap({"InstanceID": instance_id})))


def host_with_id(picture: Picture, id: Any) -> Iterable[Host]:
    found = picture.objects.host(id)
    return () if found is None else (found,)
