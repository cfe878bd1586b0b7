"""A medium is changed although firmware, looking for something to boot, closes the tray meanwhile."""

from __future__ import annotations

import json

import libvirt
import libvirt_qemu
import pytest

from openvman.drivers.libvirt import medium, xml

LIVE = libvirt.VIR_DOMAIN_AFFECT_LIVE
FORCED = LIVE | libvirt.VIR_DOMAIN_DEVICE_MODIFY_FORCE
DRIVE = "<disk device='cdrom'><target dev='hdc' bus='ide'/><alias name='ide0-1-0'/></disk>"


class Domain:
    """``failures``: how often it cannot be done. ``stuck``: libvirt takes the tray for open, and it never is until
    it is opened past libvirt."""

    def __init__(self, failures: int = 0, *, stuck: bool = False) -> None:
        self.failures = failures
        self.stuck = stuck
        self.asked: list[int] = []

    def updateDeviceFlags(self, _text: str, flags: int) -> None:  # noqa: N802 - libvirt's name
        self.asked.append(flags)
        if self.stuck or len(self.asked) <= self.failures:
            raise libvirt.libvirtError("Tray of device 'ide0-1-0' is not open")


@pytest.fixture(autouse=True)
def monitor(monkeypatch):
    """The commands that were given to QEMU itself."""
    given = []

    def command(domain, text, _flags):
        given.append(json.loads(text))
        domain.stuck = False

    monkeypatch.setattr(medium, "_PAUSE", 0)
    monkeypatch.setattr(libvirt_qemu, "qemuMonitorCommand", command)
    return given


def test_it_is_asked_for_first_and_then_forced_until_it_is_done():
    domain = Domain(failures=3)
    medium.change(domain, xml.parse(DRIVE))
    assert domain.asked == [LIVE, FORCED, FORCED, FORCED]


def test_a_tray_that_was_closed_behind_libvirts_back_is_opened(monitor):
    domain = Domain(stuck=True)
    medium.change(domain, xml.parse(DRIVE))
    assert domain.asked == [LIVE, FORCED]
    assert monitor == [{"execute": "blockdev-open-tray", "arguments": {"id": "ide0-1-0", "force": True}}]


def test_where_nothing_can_be_opened_it_is_tried_again(monkeypatch):
    def refuse(*_):
        raise libvirt.libvirtError("not supported")

    monkeypatch.setattr(libvirt_qemu, "qemuMonitorCommand", refuse)
    domain = Domain(failures=2)
    medium.change(domain, xml.parse(DRIVE))
    assert domain.asked == [LIVE, FORCED, FORCED]


def test_a_drive_that_never_lets_go_is_told():
    domain = Domain(failures=1000)
    with pytest.raises(libvirt.libvirtError):
        medium.change(domain, xml.parse(DRIVE))
    assert 1 < len(domain.asked) < 20
