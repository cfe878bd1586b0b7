"""Files that describe machines: what they may say, how they are refused, and the way back."""

from __future__ import annotations

import json

import pytest

from openvman.client.description import describe, described
from openvman.client.errors import ClientError, Reason
from openvman.client.fields import CLOUD_INIT, RESOURCES, SYSTEM
from openvman.client.files import LIMIT, parse, print_

EVERYTHING = {
    "name": "web",
    "description": "A web server",
    "uuid": "11111111-2222-4333-8444-555555555555",
    "type": "DMTF:KVM",
    "autostart": True,
    "on_crash": "restart",
    "machine": "q35",
    "firmware": "uefi",
    "boot": ["disk", "network"],
    "kernel": "/k",
    "initrd": "/i",
    "command_line": "quiet",
    "init": "/sbin/init",
    "processors": {"count": 2, "pool": "gold"},
    "memory": {
        "size": "1.5GiB",
        "maximum": "2GiB",
        "limit": "3GiB",
        "reservation": "1GiB",
        "page_size": "2MiB",
        "pool": "memory",
    },
    "disks": [
        {"kind": "cdrom", "source": "a.iso", "bus": "sata", "target": "sda", "read_only": True, "pool": "cdrom"},
        {
            "kind": "disk",
            "size": "10GiB",
            "read_only": False,
            "shareable": True,
            "format": "raw",
            "cache": "none",
            "discard": "unmap",
            "block_size": "4KiB",
            "bytes_limit": "10MiB",
            "read_iops_limit": 100,
            "write_iops_limit": 200,
        },
        {
            "kind": "disk",
            "size": "1GiB",
            "read_bytes_limit": "10MiB",
            "write_bytes_limit": "5MiB",
            "iops_limit": 100,
        },
    ],
    "nics": [
        {"connection": "network:default", "model": "virtio", "mac": "52:54:00:00:00:01", "pool": "network"},
        {"connection": "direct:eth0", "mode": "bridge"},
    ],
    "serials": [{"port": 1, "pool": "serial"}],
    "devices": [
        {
            "kind": "graphics",
            "type": "vnc",
            "address": "127.0.0.1",
            "keymap": "de",
            "password": "pssst",
            "has_password": True,
        },
        {"kind": "video", "type": "vga"},
        {"kind": "usb controller", "type": "qemu-xhci"},
        {"kind": "file system", "source": "/srv", "target": "data", "backend": "path", "read_only": True},
        {"kind": "watchdog", "action": "reset"},
        {"kind": "input", "type": "tablet", "bus": "usb"},
    ],
}


def no_file(path):
    pytest.fail(f"{path} was read")


def make(said, read_file=no_file):
    return described(said, "web.toml", read_file)


def refused(said, read_file=no_file):
    with pytest.raises(ClientError) as caught:
        make(said, read_file)
    assert caught.value.reason is Reason.USAGE
    assert caught.value.message.startswith("web.toml: ")
    return caught.value.message.removeprefix("web.toml: ")


def test_every_key_goes_there_and_back():
    made = make(EVERYTHING)
    assert describe(made.system, made.resources) == EVERYTHING
    keys = {
        key
        for each in EVERYTHING.values()
        for one in (each if isinstance(each, list) else [each])
        for key in (one if isinstance(one, dict) else ())
    } | set(EVERYTHING)
    rows = {field.key for section in (SYSTEM, *RESOURCES.values()) for field in section.fields}
    assert rows - {"code"} <= keys


@pytest.mark.parametrize("format", ["yaml", "json"])
def test_what_is_printed_is_read_again(format):
    assert parse(print_(EVERYTHING, format).encode(), format, "x") == EVERYTHING


def test_short_forms():
    made = make({"name": "w", "processors": 2, "memory": "1GiB", "disks": ["a.img"], "nics": ["user"], "serials": [1]})
    assert describe(made.system, made.resources) == {
        "name": "w",
        "processors": {"count": 2},
        "memory": {"size": "1GiB"},
        "disks": [{"source": "a.img"}],
        "nics": [{"connection": "user"}],
        "serials": [{"port": 1}],
    }


def test_cloud_init_is_sent_and_never_described():
    files = {"user-data.yaml": "#cloud-config\n", "net.yaml": "version: 2\n"}
    made = make(
        {"name": "w", "cloud_init": {"user_data_file": "user-data.yaml", "network_config_file": "net.yaml"}}, files.get
    )
    assert made.system["CloudInitUserData"] == "#cloud-config\n"
    assert made.system["CloudInitNetworkConfig"] == "version: 2\n"
    assert make({"cloud_init": "#!/bin/sh"}).system["CloudInitUserData"] == "#!/bin/sh"
    drive = make({"disks": [{"target": "sda"}, {"target": "vda"}]})
    made.system["CloudInitDisk"] = "sda"
    assert describe(made.system, drive.resources, "one") == {"host": "one", "name": "w", "disks": [{"target": "vda"}]}
    assert {field.key for field in CLOUD_INIT.fields} == {"user_data", "meta_data", "network_config"}


def test_a_password_may_stand_in_a_file_of_its_own():
    files = {"screen": "pssst \r\nand more"}
    screen = {"kind": "graphics", "type": "vnc"}
    made = make({"devices": [{**screen, "password_file": "screen"}, {**screen, "password": "x"}]}, files.get)
    assert [each["Password"] for each in made.resources] == ["pssst ", "x"]


def _missing(path):
    raise FileNotFoundError(2, "No such file", path)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"nme": "x"}, "nme: there is no such key; there are host, name"),
        ({"host": 1}, "host: text is needed."),
        ({"name": 7}, "name: text is needed."),
        ({"autostart": 1}, "autostart: one of true, false is needed."),
        ({"on_crash": "explode"}, "on_crash: one of destroy, restart is needed."),
        ({"boot": "disk"}, "boot: a list of words is needed."),
        ({"boot": []}, "boot: a list of words is needed."),
        ({"processors": True}, "processors.count: a whole number is needed, 0 or more."),
        ({"processors": 1.5}, "processors.count: a whole number"),
        ({"processors": 2**63}, "processors.count: a whole number"),
        ({"memory": 512}, "memory.size: a size with its unit is needed, for example 64MiB."),
        ({"memory": "512"}, "memory.size: '512' is not a size; say for example 64MiB or 10GiB."),
        (
            {"memory": {"size": "1GiB", "most": "2GiB"}},
            "memory.most: there is no such key; there are size, ",
        ),
        ({"disks": {"size": "1GiB"}}, "disks: a list is needed."),
        ({"disks": [{"size": "1GiB"}, {"kind": "cd"}]}, "disks[1].kind: one of disk, cdrom, floppy is needed."),
        ({"devices": ["vnc"]}, "devices[0]: a table of keys and values is needed."),
        ({"devices": [{"type": "vnc"}]}, "devices[0].kind: it is needed: graphics, "),
        ({"devices": [{"kind": "graphics"}]}, "devices[0].type: graphics have the type vnc or spice."),
        ({"cloud_init": {"user": "x"}}, "cloud_init.user: there is no such key; there are user_data, "),
        (
            {"cloud_init": {"user_data": "x", "user_data_file": "y"}},
            "cloud_init.user_data_file: there is user_data",
        ),
        ({"cloud_init": {"user_data_file": 1}}, "cloud_init.user_data_file: the path of a file is needed."),
        (
            {"devices": [{"kind": "graphics", "type": "vnc", "password": "a", "password_file": "b"}]},
            "devices[0].password_file: there is password too",
        ),
        (
            {"devices": [{"kind": "graphics", "type": "vnc", "password_file": "b"}]},
            "devices[0].password_file: 'b' cannot be read: ",
        ),
        ({"cloud_init": {"user_data_file": "x"}}, "cloud_init.user_data_file: 'x' cannot be read: "),
    ],
)
def test_a_refusal_names_the_key_and_the_rule(said, told):
    assert told in refused(said, _missing)


@pytest.mark.parametrize(
    ("format", "content", "told"),
    [
        ("toml", b"name = 'x'\nname = 'y'\n", "line 2"),
        ("toml", b"a\n", "line 1"),
        ("yaml", b"a: 1\nb: [\n", "line 3"),
        ("yaml", b"name: x\nname: y\n", "line 1: a key comes twice"),
        ("yaml", b"a: &a [1]\nb: *a\n", "line 2: aliases are not taken"),
        ("yaml", b"a: !!python/object/apply:os.getpid []\n", "line 1"),
        ("yaml", b"[" * 100_000, "nested too deep"),
        ("json", b"[" * 100_000, "nested too deep"),
        ("json", b'{"a": 1,\n}', "line 2"),
        ("json", b'{"a": 1, "a": 2}', "a key comes twice"),
        ("json", b"[]", "a table"),
        ("yaml", b"", "a table"),
        ("json", b"\xff", "no UTF-8"),
        ("json", b" " * (LIMIT + 1), "more than 4 MiB"),
    ],
)
def test_what_is_no_description(format, content, told):
    with pytest.raises(ClientError) as caught:
        parse(content, format, "some file")
    assert caught.value.message.startswith("some file")
    assert told in caught.value.message


def test_toml():
    assert parse(b"name = 'x'\n[[disks]]\nsize = '1GiB'\n", "toml", "x") == {"name": "x", "disks": [{"size": "1GiB"}]}
    assert parse(json.dumps(EVERYTHING).encode(), "yaml", "x") == EVERYTHING
