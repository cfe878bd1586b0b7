from __future__ import annotations

import pytest

from openvman.client.errors import ClientError, Reason
from openvman.client.records import Action, Details
from openvman.client.wishes import DiskWish, NicWish, SystemWish

MIB = 2**20


def test_list_shows_a_row_for_each_with_whole_names(vman, client, make):
    long_name = "a-very-long-name-" * 12
    client.put(make.system("web", state="active"))
    client.put(make.system(long_name))
    result = vman("vm", "list")
    assert result.exit_code == 0
    header, *rows = result.stdout.splitlines()
    assert header.split() == ["NAME", "STATE", "CPUS", "MEMORY", "HOST", "UUID"]
    assert rows[0].split() == ["web", "active", "2", "64", "MiB", "one", "id-of-web"]
    assert long_name in rows[1]


def test_list_as_json_has_a_stable_shape(vman_json, client, make):
    client.put(make.system("web", state="active", description="d"))
    assert vman_json("vm", "list") == [
        {
            "id": "id-of-web",
            "name": "web",
            "state": "active",
            "host": "one",
            "host_id": "id-of-one",
            "cpus": 2,
            "memory": 64 * MIB,
            "description": "d",
        }
    ]


def test_list_as_json_is_an_empty_list_where_there_is_nothing(vman_json):
    assert vman_json("vm", "list") == []


def test_list_filters_by_host_and_state(vman_json, client, make):
    client.put(make.system("a", state="active"))
    client.put(make.system("b", state="active", host=make.host("two")))
    client.put(make.system("c"))
    assert [s["name"] for s in vman_json("vm", "list", "--host", "one", "--state", "active")] == ["a"]


@pytest.mark.parametrize("command", ["list", "show"])
def test_text_of_guests_can_neither_style_nor_steer_the_terminal(vman, client, make, command):
    name = "[red]x[/red]\x1b[31m\x9b2J\u202egnp\n:smile:"
    client.put(make.system(name, id="u"))
    result = vman("vm", command, *(["u"] if command == "show" else []))
    assert result.exit_code == 0
    assert "[red]x[/red]\\x1b[31m\\x9b2J\\u202egnp\\n:smile:" in result.stdout
    assert not set("\x1b\x9b\u202e") & set(result.output)


def test_json_is_ascii(vman, client, make):
    client.put(make.system("\x9b\u202e"))
    result = vman("vm", "list", "--json")
    assert result.stdout.isascii()


def test_an_error_with_foreign_text_cannot_steer_the_terminal(vman):
    result = vman("vm", "show", "x\x1b]0;t\x07")
    assert result.exit_code == 3
    assert "\x1b" not in result.stderr
    assert "\\x1b]0;t\\x07" in result.stderr


def test_show_tells_now_and_next(vman, client, make):
    active = make.system("web", state="active", possible=(Action.PAUSE, Action.STOP))
    details = Details(
        system=active,
        current=make.configuration(active, kind="state"),
        defined=make.configuration(active, memory=96 * MIB),
    )
    client.put(active, details)
    shown = vman("vm", "show", "web").stdout
    assert shown.index("Now") < shown.index("64 MiB") < shown.index("At the next start") < shown.index("96 MiB")
    assert "pause, stop" in shown
    assert "/i.img, 512 B, virtio, read only" in shown


def test_show_as_json(vman_json, client, make):
    client.put(make.system("web"))
    (told,) = vman_json("vm", "show", "web")
    assert told["current"] is None
    assert told["defined"]["disks"] == [
        {
            "target": "vda",
            "kind": "disk",
            "bus": "virtio",
            "source": "/i.img",
            "capacity": 512,
            "read_only": True,
            "shareable": False,
            "format": None,
            "pool": "",
            "cache": "default",
            "discard": "default",
            "limits": {},
        }
    ]
    assert told["defined"]["nics"] == [{"mac": "52:54:00:00:00:01", "model": "virtio", "connection": "user"}]
    assert (told["cpus"], told["memory"]) == (2, 64 * MIB)


def test_define_sends_what_was_said_and_nothing_else(vman, client):
    result = vman(
        *("vm", "define", "web", "--cpus", "2", "--memory", "64MiB", "--host", "two"),
        *("--disk", "web.img,bus=virtio,ro", "--disk", "10GiB", "--disk", "cd.iso,cdrom", "--nic", "user"),
        *("--nic", "network=default,model=virtio,mac=52:54:00:00:00:02"),
        *("--nic", "direct=eth0,mode=bridge", "--nic", "ethernet"),
    )
    assert result.exit_code == 0, result.output
    wish = SystemWish(
        name="web",
        cpus=2,
        memory=64 * MIB,
        disks=(
            DiskWish(source="web.img", bus="virtio", read_only=True),
            DiskWish(capacity=10 * 2**30),
            DiskWish(source="cd.iso", kind="cdrom", read_only=True),
        ),
        nics=(
            NicWish(connection="user"),
            NicWish(connection="network:default", model="virtio", mac="52:54:00:00:00:02"),
            NicWish(connection="direct:eth0", mode="bridge"),
            NicWish(connection="ethernet"),
        ),
    )
    assert client.asked == [("define", wish, "two")]


def test_define_wants_the_host_where_there_are_several(vman, client):
    result = vman("vm", "define", "web")
    assert result.exit_code == 2
    assert "--host: one, two" in result.stderr
    assert client.asked == []


def test_define_takes_the_only_host_that_is_online(vman, client, make):
    client.all_hosts = [make.host("off", online=False), make.host("on")]
    assert vman("vm", "define", "web").exit_code == 0
    assert client.asked[0][2] == "on"


@pytest.mark.parametrize(
    "wrong",
    [
        ("--memory", "64"),
        ("--memory", "much"),
        ("--cpus", "0"),
        ("--disk", ",ro"),
        ("--disk", "a,colour=red"),
        ("--disk", "a,cdrom,floppy"),
        ("--nic", "default"),
        ("--nic", "user,network=a"),
        ("--nic", "network="),
        ("--nic", "direct="),
        ("--nic", "ethernet,user"),
        ("--uuid", "me"),
    ],
)
def test_define_refuses_what_it_cannot_mean(vman, client, wrong):
    result = vman("vm", "define", "web", "--host", "one", *wrong)
    assert result.exit_code == 2
    assert client.asked == []


@pytest.mark.parametrize(
    ("verb", "before", "action"),
    [
        ("start", "defined", Action.START),
        ("stop", "active", Action.STOP),
        ("pause", "active", Action.PAUSE),
        ("resume", "paused", Action.START),
        ("suspend", "active", Action.SUSPEND),
        ("reboot", "active", Action.REBOOT),
        ("reset", "active", Action.RESET),
    ],
)
def test_verbs_ask_for_their_change_of_state(vman, client, make, verb, before, action):
    client.put(make.system("a", state=before))
    client.put(make.system("b", state=before))
    assert vman("vm", verb, "a", "b").exit_code == 0
    assert client.asked == [(action, "a"), (action, "b")]


def test_resume_does_not_start_what_was_not_running(vman, client, make):
    client.put(make.system("a"))
    result = vman("vm", "resume", "a")
    assert result.exit_code == 4
    assert client.asked == []


def test_stop_by_force_pulls_the_plug(vman, client, make):
    client.put(make.system("a", state="active"))
    assert vman("vm", "stop", "--force", "a").exit_code == 0
    assert client.asked == [(Action.FORCE_STOP, "a")]


def test_stop_tells_of_a_guest_that_does_not_listen(vman, client, make):
    client.put(make.system("a", state="active"))
    client.guest_listens = False
    result = vman("vm", "stop", "a", "--wait", "1")
    assert result.exit_code == 7
    assert "--force" in result.stderr


def test_stop_without_waiting_only_asks(vman, client, make):
    client.put(make.system("a", state="active"))
    client.guest_listens = False
    assert vman("vm", "stop", "a", "--wait", "0").exit_code == 0


def test_the_others_go_on_after_a_failure_and_its_code_is_kept(vman, client, make):
    client.put(make.system("a"))
    result = vman("vm", "start", "missing", "a")
    assert result.exit_code == 3
    assert client.asked == [(Action.START, "a")]
    assert "Started a" in result.stdout


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (Reason.FAILED, 1),
        (Reason.USAGE, 2),
        (Reason.NOT_FOUND, 3),
        (Reason.REFUSED, 4),
        (Reason.UNREACHABLE, 5),
        (Reason.DENIED, 6),
        (Reason.TIMEOUT, 7),
    ],
)
def test_every_reason_has_its_exit_code_and_one_sentence(vman, client, make, reason, code):
    client.put(make.system("a"))
    client.refusal = ClientError(reason, "It is so.")
    result = vman("vm", "start", "a")
    assert (result.exit_code, result.stderr) == (code, "vman: It is so.\n")


def test_destroy_asks(vman, client, make):
    client.put(make.system("a", state="active"))
    result = vman("vm", "destroy", "a", input="n\n")
    assert result.exit_code == 4
    assert "It is active" in result.stderr
    assert client.asked == []
    assert vman("vm", "destroy", "a", input="y\n").exit_code == 0
    assert client.asked == [("destroy", "a")]


def test_destroy_does_not_go_on_where_nobody_can_be_asked(vman, client, make):
    client.put(make.system("a"))
    result = vman("vm", "destroy", "a", input="")
    assert result.exit_code == 2
    assert "--yes" in result.stderr
    assert client.asked == []


def test_destroy_with_yes_does_not_ask(vman, client, make):
    client.put(make.system("a"))
    assert vman("vm", "destroy", "--yes", "a").exit_code == 0
    assert client.asked == [("destroy", "a")]


def test_console_prints_lines_without_their_control_characters(vman, client, make):
    client.put(make.system("a", state="active"))
    client.console_log = make.log(["one", "tab\there", "\x1b[2Jtwo"])
    assert vman("vm", "console", "a", "-n", "2").stdout == "tab\there\n\\x1b[2Jtwo\n"


def test_console_follows_until_interrupted(vman, client, make, monkeypatch):
    client.put(make.system("a", state="active"))
    client.console_log = make.log(["one"], ["two"])
    naps = iter([None])

    def nap(_seconds):
        if next(naps, KeyboardInterrupt) is KeyboardInterrupt:
            raise KeyboardInterrupt

    monkeypatch.setattr("openvman.cli.vm.time.sleep", nap)
    result = vman("vm", "console", "a", "--follow")
    assert result.stdout.split() == ["one", "two"]
    assert result.exit_code == 130


def test_the_client_is_closed_also_after_a_failure(vman, client):
    vman("vm", "show", "missing")
    assert client.closed == 1
