"""``vman pool`` and ``vman vm capabilities`` against a server of their own, over HTTP."""

from __future__ import annotations

import json

import pytest

PLATFORM = "sim://?hosts=1&vms=1"

MIB = 2**20


@pytest.fixture
def vman(served):
    return served


def one(text: str) -> dict:
    (found,) = json.loads(text)
    return found


def test_pools_are_listed_made_shown_and_deleted(vman):
    before = {pool["name"]: pool for pool in json.loads(vman("pool", "list", "--json"))}
    assert before["memory"]["capacity"] > MIB
    vman("pool", "create", "gold", "--parent", "memory", "--size", "64MiB")
    gold = one(vman("pool", "show", "gold", "--json"))
    assert (gold["capacity"], gold["parents"], gold["systems"]) == (64 * MIB, ["memory"], [])
    assert "gold" in vman("pool", "list")
    assert "64 MiB" in vman("pool", "show", "gold")
    assert one(vman("pool", "show", "memory", "--json"))["reserved"] == before["memory"]["reserved"] + 64 * MIB
    vman("pool", "delete", "gold")
    assert {pool["name"] for pool in json.loads(vman("pool", "list", "--json"))} == before.keys()


def test_a_pool_is_made_of_parts_of_two(vman):
    for name in ("a", "b"):
        vman("pool", "create", name, "--parent", "memory", "--size", "8MiB")
    vman("pool", "create", "both", "--parent", "a", "--size", "2MiB", "--parent", "b", "--size", "3MiB")
    both = one(vman("pool", "show", "both", "--json"))
    assert (both["capacity"], both["parents"]) == (5 * MIB, ["a", "b"])
    assert "a, b" in vman("pool", "list")
    for name in ("both", "a", "b"):
        vman("pool", "delete", name)
    assert "one size for each" in vman("pool", "create", "x", "--parent", "a", *("--size", "1MiB") * 2, fails=True)


def test_a_pool_shows_the_machines_that_have_something_of_it(vman):
    system = one(vman("vm", "list", "--json"))
    assert one(vman("pool", "show", "memory", "--json"))["systems"] == [system["id"]]
    assert system["name"] in vman("pool", "show", "memory")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("create", "x", "--parent", "processor", "--size", "100000"), "has not so much left"),
        (("create", "x", "--parent", "memory", "--size", "12"), "is not a size"),
        (("create", "x", "--parent", "processor", "--size", "few"), "is no number"),
        (("create", "a/b", "--parent", "processor", "--size", "1"), "cannot name a pool"),
        (("create", "x", "--parent", "nowhere", "--size", "1"), "There is no pool 'nowhere'"),
        (("delete", "memory"), "primordial"),
        (("delete", "nowhere"), "There is no pool 'nowhere'"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(vman, words, said):
    assert said in vman("pool", *words, fails=True)


def test_capabilities_tell_the_default_and_the_range(vman):
    found = {c["pool"]: c for c in json.loads(vman("vm", "capabilities", "--json"))}
    assert found["memory"]["default"] == 512 * MIB
    assert found["memory"]["minimum"] == MIB
    assert found["memory"]["increment"] == 1024
    assert found["processor"]["maximum"] >= 1
    assert found["network"]["minimum"] is None
    assert "virtio" in found["disk"]["kinds"]
    assert found["memory"]["kinds"] == []
    settings = found["disk"]["settings"]
    assert settings["BytesPerSecondLimit"]["minimum"] == 0 < settings["BytesPerSecondLimit"]["maximum"]
    assert {"none", "writeback"} < set(settings["CacheMode"]["values"])
    assert (settings["Access"]["default"], settings["Access"]["values"]) == (3, [3, 1])
    assert found["memory"]["settings"]["Limit"]["increment"] == 1024
    assert found["network"]["settings"]["TransmitBandwidthLimit"]["increment"] == 8000
    [watchdog] = [c for c in json.loads(vman("vm", "capabilities", "--json")) if c["kind"] == "watchdog"]
    assert (watchdog["pool"], watchdog["settings"]["Action"]["default"]) == (None, "reset")
    printed = vman("vm", "capabilities")
    assert "512 MiB" in printed
    assert "writethrough" in printed
