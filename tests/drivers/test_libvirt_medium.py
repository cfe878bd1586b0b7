"""A medium is changed although firmware, looking for something to boot, closes the tray meanwhile."""

from __future__ import annotations

import libvirt
import pytest

from openvman.drivers.libvirt import modify

LIVE = libvirt.VIR_DOMAIN_AFFECT_LIVE
FORCED = LIVE | libvirt.VIR_DOMAIN_DEVICE_MODIFY_FORCE


class Domain:
    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.asked: list[int] = []

    def updateDeviceFlags(self, _text: str, flags: int) -> None:  # noqa: N802 - libvirt's name
        self.asked.append(flags)
        if len(self.asked) <= self.failures:
            raise libvirt.libvirtError("Tray of device 'ide0-1-0' is not open")


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch):
    monkeypatch.setattr(modify, "_TRAY_PAUSES", [0] * len(modify._TRAY_PAUSES))


@pytest.mark.parametrize("failures", [3, 20])
def test_it_is_asked_for_first_and_then_forced_until_it_is_done(failures):
    domain = Domain(failures)
    modify._change_medium(domain, "<disk/>")
    assert domain.asked == [LIVE, *[FORCED] * failures]


def test_a_drive_that_never_lets_go_is_told():
    domain = Domain(failures=1000)
    with pytest.raises(libvirt.libvirtError):
        modify._change_medium(domain, "<disk/>")
    assert 1 < len(domain.asked) < 30
