from __future__ import annotations

from base64 import b64encode
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvman.security.basic import Credentials, MalformedCredentialsError, parse

NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters=":"), min_size=1, max_size=40
)
PASSWORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp", "Zs"]), max_size=40)


@given(NAMES, PASSWORDS)
def test_what_was_put_in_comes_out(name, password):
    header = b"Basic " + b64encode(f"{name}:{password}".encode())
    assert parse(header) == Credentials(name, password)


@pytest.mark.parametrize("scheme", [b"basic", b"BASIC", b"bAsIc"])
def test_the_scheme_is_compared_without_case(scheme):
    assert parse(scheme + b" " + b64encode(b"a:b:c")) == Credentials("a", "b:c")


@given(st.binary(max_size=200))
def test_any_bytes_are_credentials_or_malformed(data):
    for header in (data, b"Basic " + data, b"Basic " + b64encode(data)):
        with suppress(MalformedCredentialsError):
            assert ":" not in parse(header).name
