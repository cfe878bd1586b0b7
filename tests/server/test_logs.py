"""Log lines: one line each, no secrets, both forms."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from openvman.server import logs


@pytest.fixture
def stream():
    """Where lines go; the logging of the test run is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    quiet = {name: logging.getLogger(name).level for name in ("asyncio",)}
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in quiet.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


def lines(stream):
    return stream.getvalue().splitlines()


def test_json_lines_hold_what_was_said(stream):
    logs.configure(format="json", level="info", stream=stream)
    structlog.get_logger().info("request", user="ann", status=200)
    (line,) = lines(stream)
    entry = json.loads(line)
    assert {k: entry[k] for k in ("event", "user", "status", "level")} == {
        "event": "request",
        "user": "ann",
        "status": 200,
        "level": "info",
    }
    assert entry["timestamp"].endswith("Z")


@pytest.mark.parametrize("format", ["json", "text"])
def test_a_value_cannot_end_its_line_or_move_the_cursor(stream, format):
    logs.configure(format=format, level="info", stream=stream)
    structlog.get_logger().warning("failed", user="a\nb\x1b[2Jfake line")
    assert len(lines(stream)) == 1
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize("format", ["json", "text"])
def test_a_long_value_is_cut(stream, format):
    logs.configure(format=format, level="info", stream=stream)
    structlog.get_logger().warning("failed", user="a" * 100_000)
    assert len(stream.getvalue()) < 2_000


@pytest.mark.parametrize("format", ["json", "text"])
def test_a_secret_is_not_shown(stream, format):
    logs.configure(format=format, level="info", stream=stream)
    structlog.get_logger().warning("oops", password="hunter2", token="hunter2")
    assert "hunter2" not in stream.getvalue()


@pytest.mark.parametrize("format", ["json", "text"])
def test_less_than_the_level_is_not_written(stream, format):
    logs.configure(format=format, level="warning", stream=stream)
    structlog.get_logger().info("quiet")
    logging.getLogger("some.library").info("quiet")
    assert lines(stream) == []


@pytest.mark.parametrize("format", ["json", "text"])
def test_the_standard_librarys_lines_take_the_same_way(stream, format):
    logs.configure(format=format, level="info", stream=stream)
    logging.getLogger("some.library").warning("a %s", "word\nand more")
    assert len(lines(stream)) == 1
    assert "a word" in stream.getvalue()


@pytest.mark.parametrize("format", ["json", "text"])
def test_an_exception_has_its_traceback(stream, format):
    logs.configure(format=format, level="info", stream=stream)
    structlog.get_logger().error("failed", exc_info=ZeroDivisionError("by nothing"))
    assert "ZeroDivisionError: by nothing" in stream.getvalue()


class Full(io.StringIO):
    """A stream on a disk that is full."""

    def write(self, text):
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("format", ["json", "text"])
def test_a_line_that_cannot_be_written_does_not_fail_what_it_tells_of(stream, format):
    logs.configure(format=format, level="info", stream=Full())
    structlog.get_logger().info("request", user="ann")
