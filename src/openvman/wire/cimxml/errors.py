"""How a request can fail before the broker sees it."""

from __future__ import annotations

from typing import Literal, TypeAlias

from openvman.cim.errors import CIMError

CIMErrorToken: TypeAlias = Literal[
    "unsupported-protocol-version",
    "multiple-requests-unsupported",
    "unsupported-cim-version",
    "unsupported-dtd-version",
    "request-not-valid",
    "request-not-well-formed",
    "header-mismatch",
    "unsupported-operation",
]
"""The values of the ``CIMError`` header that this server sends (DSP0200 6.3.10)."""


class ProtocolError(Exception):
    """The request is no CIM-XML message that can be answered with one: an HTTP status and a CIMError header say so.

    ``cim_error`` is None where HTTP's own status says all. ``message`` is a sentence for a person; it holds only
    printable ASCII, so that it may stand in a header.
    """

    def __init__(self, http_status: int, cim_error: CIMErrorToken | None, message: str) -> None:
        super().__init__(f"{http_status} {cim_error or ''}: {message}")
        self.http_status = http_status
        self.cim_error: CIMErrorToken | None = cim_error
        self.message = "".join(c if " " <= c <= "~" else "?" for c in message)


class RequestError(Exception):
    """The message is in order, its operation is not: the answer is a response message with an ERROR element."""

    def __init__(self, message_id: str, method: str, *, is_extrinsic: bool, error: CIMError) -> None:
        super().__init__(str(error))
        self.message_id = message_id
        self.method = method
        self.is_extrinsic = is_extrinsic
        self.error = error
