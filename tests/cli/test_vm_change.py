from __future__ import annotations

from dataclasses import replace

import pytest

from openvman.client.devices import Device, DeviceWish
from openvman.client.errors import ClientError, Reason
from openvman.client.records import Details, Disk
from openvman.client.wishes import Change, DiskWish, NicWish

MIB = 2**20


@pytest.fixture
def active(client, make):
    """``a`` runs, and has a next start; ``b`` is defined only, ``c`` is transient."""
    running = make.system("a", state="active")
    client.put(
        running,
        Details(system=running, current=make.configuration(running, kind="state"), defined=make.configuration(running)),
    )
    client.put(make.system("b"))
    transient = make.system("c", state="active")
    client.put(transient, Details(system=transient, current=make.configuration(transient, kind="state"), defined=None))
    return running


@pytest.fixture
def with_drives(client, active):
    """Drives of ``a`` now and at its next start, by target and medium."""

    def give(current: dict, defined: dict) -> None:
        def drives(of):
            return tuple(
                Disk(target=t, kind="cdrom", bus="ide", source=s, capacity=None, read_only=True) for t, s in of.items()
            )

        details = client.configurations[active.id]
        client.configurations[active.id] = replace(
            details,
            current=replace(details.current, disks=(*details.current.disks, *drives(current))),
            defined=replace(details.defined, disks=(*details.defined.disks, *drives(defined))),
        )

    return give


@pytest.mark.parametrize(
    ("arguments", "kinds", "told"),
    [
        (("a",), ["state", "defined"], "now and at the next start"),
        (("a", "--live"), ["state"], "now"),
        (("a", "--config"), ["defined"], "at the next start"),
        (("a", "--live", "--config"), ["state", "defined"], "now and at the next start"),
        (("b",), ["defined"], "done"),
        (("c",), ["state"], "now"),
    ],
)
def test_which_configurations_change(vman, client, active, arguments, kinds, told):
    for verb in (("set", *arguments, "--cpus", "3"), ("attach", *arguments, "nic", "user")):
        client.asked.clear()
        result = vman("vm", *verb)
        assert result.exit_code == 0, result.output
        assert [asked[1] for asked in client.asked] == kinds
        assert result.output.strip().endswith(f": {told}")
    client.asked.clear()
    assert vman("vm", "detach", *arguments, "vda").exit_code == 0
    assert client.asked == [("detach", kinds, "vda")]


@pytest.mark.parametrize(
    ("name", "option", "named"), [("b", "--live", "leave out --live"), ("c", "--config", "--config")]
)
def test_a_configuration_that_is_not_there_is_refused(vman, client, active, name, option, named):
    for verb in (("set", name, "--cpus", "3"), ("attach", name, "nic", "user"), ("detach", name, "vda")):
        result = vman("vm", *verb, option)
        assert result.exit_code == 4
        assert named in result.stderr
    assert client.asked == []


def test_settings_of_the_whole_are_changed_once(vman, client, active):
    assert vman("vm", "set", "a", "--description", "x", "--no-autostart", "--memory", "96MiB").exit_code == 0
    assert client.asked == [
        ("modify", "state", Change(memory=96 * MIB)),
        ("modify", "defined", Change(memory=96 * MIB)),
        ("modify", "defined", Change(description="x", autostart=False)),
    ]
    client.asked.clear()
    assert vman("vm", "set", "a", "--name", "z", "--live").exit_code == 2
    assert vman("vm", "set", "c", "--name", "z").exit_code == 4
    assert vman("vm", "set", "a").exit_code == 2
    assert client.asked == []


def test_a_password_comes_from_a_file_or_who_types_it(vman, client, active, tmp_path):
    file = tmp_path / "screen"
    file.write_text("pssst\nand more\n")
    said = [
        vman("vm", "set", "a", "--config", "--screen-password-file", str(file)),
        vman("vm", "set", "a", "--config", "--screen-password-file", "-", input="typed\n"),
        vman("vm", "set", "a", "--config", "--no-screen-password"),
    ]
    assert [result.exit_code for result in said] == [0, 0, 0]
    assert [change.screen_password for _verb, _kind, change in client.asked] == ["pssst", "typed", ""]
    told = "".join(result.output for result in said) + repr(client.asked)
    assert "pssst" not in told
    assert "typed" not in told
    client.asked.clear()
    assert vman("vm", "set", "a", "--no-screen-password", "--screen-password-file", str(file)).exit_code == 2
    assert vman("vm", "set", "a", "--screen-password-file", str(tmp_path / "none")).exit_code == 6
    assert client.asked == []


@pytest.mark.parametrize(
    "verb", [("set", "a", "--cpus", "3"), ("attach", "a", "nic", "user"), ("attach", "a", "disk", "1GiB")]
)
@pytest.mark.parametrize(("refuses", "asked", "told"), [("state", 1, False), ("defined", 2, True)])
def test_a_refusal_tells_what_was_changed_before(vman, client, active, verb, refuses, asked, told):
    client.refusal, client.refuses = ClientError(Reason.REFUSED, "No."), refuses
    result = vman("vm", *verb)
    assert result.exit_code == 4
    assert len(client.asked) == asked
    assert ("was changed already" in result.stderr) == told


def test_the_next_start_gets_just_what_the_running_one_got(vman, client, active):
    assert "Attached vdb to a" in vman("vm", "attach", "a", "disk", "1GiB,bus=scsi").output
    assert client.asked == [
        ("attach", "state", DiskWish(capacity=2**30, bus="scsi")),
        ("attach", "defined", DiskWish(source="/new.qcow2", bus="scsi", target="vdb")),
    ]
    client.asked.clear()
    assert "Attached 52:54:00:00:00:02" in vman("vm", "attach", "a", "nic", "network=lan").output
    assert client.asked == [
        ("attach", "state", NicWish(connection="network:lan")),
        ("attach", "defined", NicWish(connection="network:lan", mac="52:54:00:00:00:02")),
    ]


@pytest.mark.parametrize(
    ("words", "wish"),
    [
        ("rng", DeviceWish(kind="rng")),
        ("rng,source=/dev/random", DeviceWish(kind="rng", source="/dev/random")),
        (
            "watchdog,action=reset,type=i6300esb",
            DeviceWish(kind="watchdog", said=(("action", "reset"), ("type", "i6300esb"))),
        ),
        ("pci=0000:41:00.0", DeviceWish(kind="pci", source="0000:41:00.0")),
        ("usb=0627:0001", DeviceWish(kind="usb", source="0627:0001")),
        (
            "filesystem,source=/srv,target=shared,ro",
            DeviceWish(kind="filesystem", source="/srv", said=(("target", "shared"),), read_only=True),
        ),
    ],
)
def test_any_device_is_attached_as_it_is_said(vman, client, active, words, wish):
    result = vman("vm", "attach", "b", "device", words)
    assert result.exit_code == 0, result.stderr
    assert client.asked == [("attach", "defined", wish)]
    assert f"Attached {wish.kind}:0 to b" in result.stdout + result.stderr


def test_the_next_start_gets_a_device_just_like_the_running_one(vman, client, active):
    assert vman("vm", "attach", "a", "device", "rng").exit_code == 0
    (_, first, _), (_, second, again) = client.asked
    assert (first, second, again) == ("state", "defined", DeviceWish(kind="rng", like={}))


def test_other_devices_are_shown(vman, vman_json, client, active):
    details = client.configurations[active.id]
    made = Device(
        id="rng:0",
        name="virtio random number generator",
        type="virtio",
        source="/dev/urandom",
        details=(("backend", "random"),),
    )
    bus = Device(id="controller:usb:0", name="usb controller 0", type="qemu-xhci", source=None, details=())
    client.configurations[active.id] = replace(details, current=replace(details.current, devices=(made, bus)))
    shown = vman("vm", "show", "a").stdout
    assert "virtio random number generator, random, /dev/urandom" in shown
    assert "usb:0" in shown
    (first, _) = vman_json("vm", "show", "a")[0]["current"]["devices"]
    assert first == {
        "id": "rng:0",
        "kind": "rng",
        "name": "virtio random number generator",
        "type": "virtio",
        "source": "/dev/urandom",
        "settings": {"backend": "random"},
    }


def test_a_cd_goes_into_an_empty_drive_of_both(vman, client, with_drives):
    with_drives({"hda": None, "hdc": None}, {"hda": "/full.iso", "hdc": None})
    assert vman("vm", "attach", "a", "cdrom", "x.iso").exit_code == 0
    assert client.asked == [("medium", ["state", "defined"], "hdc", "x.iso")]
    client.asked.clear()
    assert vman("vm", "attach", "a", "cdrom", "x.iso,target=hda", "--live").exit_code == 0
    assert client.asked == [("medium", ["state"], "hda", "x.iso")]


def test_a_cd_without_a_drive(vman, client, active):
    result = vman("vm", "attach", "a", "cdrom", "x.iso")
    assert (result.exit_code, client.asked) == (4, [])
    assert "vm eject" in result.stderr
    assert vman("vm", "attach", "a", "cdrom", "x.iso", "--config").exit_code == 0
    assert client.asked == [("attach", "defined", DiskWish(source="x.iso", kind="cdrom", read_only=True))]


@pytest.mark.parametrize(
    "words",
    [
        ("a", "tape", "x"),
        ("a", "nic", "x"),
        ("a", "disk", ""),
        ("a", "cdrom", "x,floppy"),
        ("a", "disk"),
        ("a", "device", "tape"),
        ("a", "device", "pci"),
        ("a", "device", "rng=x"),
        ("a", "device", "rng,colour=red"),
    ],
)
def test_what_is_no_device(vman, client, active, words):
    assert vman("vm", "attach", *words).exit_code == 2
    assert client.asked == []


@pytest.mark.parametrize(
    ("reason", "code", "named"),
    [(Reason.TIMEOUT, 7, "has not done so"), (Reason.REFUSED, 4, "booted from"), (Reason.FAILED, 1, "No.")],
)
def test_a_device_that_stays(vman, client, active, reason, code, named):
    client.refusal = ClientError(reason, "No.")
    result = vman("vm", "detach", "a", "vda")
    assert result.exit_code == code
    assert named in result.stderr
    assert "may yet" not in vman("vm", "detach", "a", "vda", "--config").stderr


def test_what_only_one_configuration_has_is_detached_there(vman, client, active, monkeypatch):
    details = client.configurations[active.id]
    path = {"InstanceID": f"{details.defined.id}/disk:vdb"}
    client.configurations[active.id] = replace(details, defined=replace(details.defined, paths=(path,)))
    assert vman("vm", "detach", "a", "vdb").exit_code == 0
    assert client.asked == [("detach", ["defined"], "vdb")]


def test_a_medium_is_taken_out(vman, client, with_drives):
    with_drives({"hda": None, "hdc": "/x.iso"}, {"hda": None, "hdc": "/x.iso"})
    assert vman("vm", "eject", "a").exit_code == 0
    assert vman("vm", "eject", "a", "hda", "--live").exit_code == 0
    assert client.asked == [("medium", ["state", "defined"], "hdc", None), ("medium", ["state"], "hda", None)]


def test_which_medium_must_be_said(vman, client, with_drives):
    assert vman("vm", "eject", "a").exit_code == 2
    with_drives({"hda": "/y.iso", "hdc": "/x.iso"}, {})
    assert "hda, hdc" in vman("vm", "eject", "a").stderr
    assert client.asked == []
