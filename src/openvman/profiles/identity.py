"""InstanceIDs of the standard view: ``VMAN:<local id>`` (DSP0004 recommends <OrgID>:<LocalID>)."""

from __future__ import annotations

from typing import Any, Final

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Call

_PREFIX: Final = "VMAN:"


def instance_id(*, suffix: str = "") -> Call:
    """The InstanceID of an object with an id."""
    return Call(lambda obj: instance_id_of(f"{obj.id}{suffix}"))


def instance_id_of(id: str) -> str:
    """The InstanceID of the object with this id."""
    return f"{_PREFIX}{id}"


def local_id(value: str, suffix: str = "") -> str:
    """The id in an InstanceID; ValueError when it is none of ours."""
    if not value.startswith(_PREFIX) or not value.endswith(suffix):
        raise ValueError(f"an InstanceID here begins with {_PREFIX!r}")
    return value[len(_PREFIX) : len(value) - len(suffix)]


def id_in(keys: NameMap[Value], *, suffix: str = "") -> str:
    """The local id in the key InstanceID, or one that no object has."""
    try:
        return local_id(keys["InstanceID"], suffix)
    except ValueError:
        return ""


def text(value: Any) -> str | None:
    """A string for a property that shows an optional thing."""
    return None if value is None else str(value)
