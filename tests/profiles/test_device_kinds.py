"""The table of device kinds: what is shown of a device asks for the same kind again."""

from __future__ import annotations

import pytest

from openvman.cim.names import NameMap
from openvman.model.allocation import DeviceAllocation, DeviceKind
from openvman.profiles.device_kinds import OTHER, ROWS, meant, name_of, row_of


def device(kind, **settings):
    base = {"id": "s/defined/x", "system_id": "s", "configuration_id": "s/defined", "host_id": "h", "type": None}
    return DeviceAllocation(kind=kind, **{**base, **settings})


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.kind}-{row.bus}-{row.device}")
def test_what_is_shown_asks_for_the_same(row):
    made = device(row.kind, type=min(row.types) if row.types else None, bus=row.bus)
    assert row_of(made) is row
    shown = NameMap([("ResourceSubType", made.type), ("OtherResourceType", row.name if row.code == OTHER else None)])
    assert meant(row.code, shown) == (row.kind, row.bus)


def test_every_kind_has_a_row():
    assert {row.kind for row in ROWS} == set(DeviceKind)


@pytest.mark.parametrize(("code", "name"), [(1, "teapot"), (1, None), (12, None)])
def test_what_names_nothing_is_refused(code, name):
    with pytest.raises(ValueError, match="is none of"):
        meant(code, NameMap([("OtherResourceType", name)]))


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (device(DeviceKind.GRAPHICS, type="vnc"), "vnc graphics"),
        (device(DeviceKind.VIDEO, type="none"), "no video"),
        (device(DeviceKind.CONTROLLER, bus="usb", address="1", type="qemu-xhci"), "usb controller 1"),
        (device(DeviceKind.INPUT, type="tablet", bus="usb"), "tablet input"),
    ],
)
def test_names_for_people(made, name):
    assert name_of(made) == name
