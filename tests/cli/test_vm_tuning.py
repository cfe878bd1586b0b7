"""Limits, weights, reservations and pins on the command line, against a server of its own."""

from __future__ import annotations

import json

import click
import pytest

from openvman.cli.vm_tuning import Pins, ProcessorTime, SizeOrNone
from openvman.client.tuning import MEGAHERTZ, PERCENT, Time

PLATFORM = "sim://?hosts=1&vms=0"

MIB = 2**20
NOTHING = {
    "cpu_limit": None,
    "cpu_reservation": None,
    "cpu_weight": None,
    "cpu_pin": [],
    "cpu_mapping": None,
    "memory_limit": None,
    "memory_reservation": None,
    "memory_maximum": 64 * MIB,
    "hugepages": None,
}


@pytest.fixture
def vman(served):
    return served


@pytest.fixture
def define(vman):
    """Defines a machine of 64 MiB with more options; it is gone after the test."""
    made = []

    def call(name: str, *options: str) -> dict:
        said = vman("vm", "define", name, "--memory", "64MiB", "--json", *options)
        made.append(name)
        (found,) = json.loads(said)
        return found["defined"]["tuning"]

    yield call
    for name in made:
        vman("vm", "destroy", "--yes", name)


@pytest.fixture
def tuning(vman):
    """The tuning of a machine now and at its next start."""

    def call(name: str) -> tuple[dict | None, dict]:
        (found,) = json.loads(vman("vm", "show", name, "--json"))
        return found["current"] and found["current"]["tuning"], found["defined"]["tuning"]

    return call


def test_what_is_not_said_is_not_set(define):
    assert define("plain") == NOTHING


def test_a_machine_is_defined_with_all_of_it(vman, define):
    options = "--cpu-limit 150% --cpu-reservation 12.5% --cpu-weight 40 --cpu-pin 3,0-1 --memory-limit 1GiB"
    more = "--memory-reservation 32MiB --memory-maximum 128MiB --hugepages 2MiB"
    assert define("tuned", *options.split(), *more.split()) == {
        "cpu_limit": 150,
        "cpu_reservation": 12.5,
        "cpu_weight": 40,
        "cpu_pin": [3, 0, 1],
        "cpu_mapping": "hard",
        "memory_limit": 1024 * MIB,
        "memory_reservation": 32 * MIB,
        "memory_maximum": 128 * MIB,
        "hugepages": 2 * MIB,
    }
    shown = vman("vm", "show", "tuned")
    for words in ("150%", "12.5%", "3, 0, 1 (hard)", "1 GiB", "Huge pages", "128 MiB"):
        assert words in shown


def test_a_running_machine_is_changed_now_and_for_the_next_start(vman, define, tuning):
    define("runs", "--start", "--cpus", "2")
    vman("vm", "set", "runs", "--cpu-limit", "500MHz", "--cpu-weight", "9", "--live")
    assert tuning("runs") == ({**NOTHING, "cpu_limit": 25, "cpu_weight": 9}, NOTHING), "of a clock of 2000 MHz"
    vman("vm", "set", "runs", "--cpu-pin", "2,1", "--cpu-dedicated", "--cpu-limit", "none")
    now, following = tuning("runs")
    assert now == {**NOTHING, "cpu_weight": 9, "cpu_pin": [2, 1], "cpu_mapping": "dedicated"}
    assert following == {**NOTHING, "cpu_pin": [2, 1], "cpu_mapping": "dedicated"}
    vman("vm", "set", "runs", "--cpu-pin", "none")
    assert tuning("runs") == ({**NOTHING, "cpu_weight": 9}, NOTHING)


def test_memory_of_a_running_machine_moves_up_to_its_maximum(vman, define, tuning):
    define("grows", "--start", "--memory-maximum", "96MiB")
    vman("vm", "set", "grows", "--memory", "80MiB", "--live")
    (found,) = json.loads(vman("vm", "show", "grows", "--json"))
    assert (found["current"]["memory"], found["defined"]["memory"]) == (80 * MIB, 64 * MIB)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--cpu-limit", "2"), "is no time of processors"),
        (("--cpu-limit", "0.0001%"), "too fine"),
        (("--cpu-pin", "3-1"), "is no list of processors"),
        (("--cpu-dedicated",), "goes with --cpu-pin"),
        (("--cpu-limit", "50%", "--cpu-reservation", "100MHz"), "both in percent"),
    ],
)
def test_what_cannot_be_meant_is_a_wrong_use(vman, options, words):
    assert words in vman("vm", "define", "wrong", *options, code=2)


def test_what_the_server_refuses_is_told(vman):
    assert "host has no processor 99" in vman("vm", "define", "wrong", "--cpu-pin", "99", code=3)
    said = vman("vm", "define", "wrong", "--memory", "64MiB", "--memory-limit", "300MiB", code=4)
    assert "hypervisor's own needs" in said


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (ProcessorTime(), "none", Time(0, PERCENT)),
        (ProcessorTime(), "0.001%", Time(1, PERCENT)),
        (ProcessorTime(), "2.5 GHz", Time(2500, MEGAHERTZ)),
        (Pins(), "0,2-3", (0, 2, 3)),
        (Pins(), "none", ()),
        (SizeOrNone(), "none", 0),
        (SizeOrNone(), "1MiB", MIB),
    ],
)
def test_words_are_read(kind: click.ParamType, text, value):
    assert kind.convert(text, None, None) == value
    assert kind.convert(value, None, None) == value
