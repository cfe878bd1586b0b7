"""Addresses that consoles listen on, as text."""

from __future__ import annotations

import pytest

from openvman.model.endpoint import format_endpoint, is_loopback, parse_endpoint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1", ("127.0.0.1", None)),
        ("127.0.0.1:5900", ("127.0.0.1", 5900)),
        ("::1", ("::1", None)),
        ("[::1]:5900", ("::1", 5900)),
        ("[fe80::1%eth0]:5900", ("fe80::1%eth0", 5900)),
    ],
)
def test_an_address_is_read_and_written_back(text, expected):
    assert parse_endpoint(text) == expected
    assert format_endpoint(*expected) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost",
        "localhost:5900",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.0.0.1:\u0661",
        "[fe80::1%\x01]:5900",
        "fe80::1%a'/><x",
        "[fe80::1%eth0 ]:5900",
    ],
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match="address"):
        parse_endpoint(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("127.9.9.9:1", True), ("[::1]:1", True), ("0.0.0.0:1", False), ("[::]:1", False)]
)
def test_loopback_is_told_from_the_rest(text, expected):
    assert is_loopback(text) is expected
