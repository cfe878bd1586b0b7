"""The rules that an adapter must keep that is connected to a device of the host itself, or to nothing."""

from __future__ import annotations

import re
from typing import Final

from openvman.messages import settings as settings_rows
from openvman.model.allocation import DIRECT_MODES, STATIONS, NicConnection
from openvman.model.spec import NicSpec
from openvman.model.validation import Rule, Surroundings, is_text, is_uuid

_INTERFACE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,14}")
"""A name that Linux gives an interface (IFNAMSIZ)."""
_LONGEST_PROFILE: Final = 39
"""Characters of a port profile's name (802.1Qbh, as the kernel passes it on)."""
_MANAGERS, _TYPES, _VERSIONS = range(1 << 8), range(1 << 24), range(1 << 8)
_OF_STATION: Final = ("vsi_manager", "vsi_type", "vsi_version", "vsi_instance")
_WITH_TAP: Final = frozenset(NicConnection) - {NicConnection.USER, NicConnection.OTHER}


def _is_direct(nic: NicSpec) -> bool:
    return nic.connection is NicConnection.DIRECT


def _has_device(nic: NicSpec, around: Surroundings) -> bool:
    if not _is_direct(nic):
        return True
    known = around.host.interfaces
    return bool(_INTERFACE.fullmatch(nic.source or "")) and (known is None or nic.source in known)


def _station(nic: NicSpec) -> list[int | None]:
    return [nic.vsi_manager, nic.vsi_type, nic.vsi_version]


def _station_is_whole(nic: NicSpec, _: Surroundings) -> bool:
    """All its numbers are said, or nothing of it is."""
    if nic.vsi_instance is None and _station(nic) == [None] * 3:
        return True
    numbers = zip(_station(nic), (_MANAGERS, _TYPES, _VERSIONS), strict=True)
    return all(number in known for number, known in numbers) and (nic.vsi_instance is None or is_uuid(nic.vsi_instance))


DIRECT_RULES: Final[tuple[Rule[NicSpec], ...]] = (
    Rule(
        ("source", "connection"),
        lambda v, _: not _is_direct(v) or bool(v.source),
        settings_rows.NO_DEVICE_SAID,
    ),
    Rule(
        ("source", "connection"),
        _has_device,
        settings_rows.NO_DEVICE,
    ),
    Rule(
        ("source", "connection"),
        lambda v, _: v.connection is not NicConnection.ETHERNET or not v.source,
        settings_rows.SOURCE_OF_ETHERNET,
    ),
    Rule(
        ("mode", "connection"),
        lambda v, _: v.mode in DIRECT_MODES if _is_direct(v) else v.mode is None,
        settings_rows.DIRECT_MODE,
        {"modes": DIRECT_MODES},
    ),
    Rule(
        ("profile", "connection", *_OF_STATION),
        lambda v, _: _is_direct(v) or (v.profile is None and all(getattr(v, name) is None for name in _OF_STATION)),
        settings_rows.STATION_NOT_DIRECT,
    ),
    Rule(
        ("profile", *_OF_STATION),
        lambda v, _: v.profile is None or all(getattr(v, name) is None for name in _OF_STATION),
        settings_rows.STATION_TWICE,
        {"standards": STATIONS},
    ),
    Rule(
        ("profile",),
        lambda v, _: v.profile is None or (0 < len(v.profile) <= _LONGEST_PROFILE and is_text(v.profile)),
        settings_rows.PORT_PROFILE,
        {"longest": _LONGEST_PROFILE},
    ),
    Rule(
        ("vsi_manager", *_OF_STATION),
        _station_is_whole,
        settings_rows.STATION,
        {"managers": _MANAGERS[-1], "types": _TYPES[-1], "versions": _VERSIONS[-1]},
    ),
    Rule(
        ("target", "connection"),
        lambda v, s: (
            v.target is None
            or (
                v.connection in _WITH_TAP
                and bool(_INTERFACE.fullmatch(v.target))
                and v.target not in {"lo", *(port.name for port in s.host.ports)}
            )
        ),
        settings_rows.HOST_INTERFACE,
    ),
)
