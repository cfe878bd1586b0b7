"""The Basic scheme (RFC 7617): from the Authorization header to a name and a password."""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import dataclass, field

from openvman.security.passwords import LONGEST

REALM = "openvman"
CHALLENGE = f'Basic realm="{REALM}", charset="UTF-8"'


class MalformedCredentialsError(ValueError):
    """The header is not well-formed Basic credentials. The message does not repeat it."""


@dataclass(frozen=True, slots=True)
class Credentials:
    name: str
    password: str = field(repr=False)


def parse(header: bytes) -> Credentials:
    """Read an Authorization header's value. Raises :class:`MalformedCredentialsError`."""
    scheme, _, token = header.partition(b" ")
    if scheme.lower() != b"basic":
        raise MalformedCredentialsError("the scheme is not Basic")
    try:
        decoded = b64decode(token.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise MalformedCredentialsError("the credentials are not base64 of UTF-8 text") from None
    name, colon, password = decoded.partition(":")
    if not colon or not name:
        raise MalformedCredentialsError("the credentials are not a name, a colon and a password")
    if not decoded.isprintable():
        raise MalformedCredentialsError("the credentials hold control characters")
    if len(name) > LONGEST or len(password) > LONGEST:
        raise MalformedCredentialsError(f"the name or the password is longer than {LONGEST} characters")
    return Credentials(name, password)
