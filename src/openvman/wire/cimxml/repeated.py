"""Requests that come again: who polls sends the same document each time, but for the message's id."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Final, TypeAlias

from openvman.cim.operations import Call, Shape
from openvman.wire.cimxml.decode import Message, decode_request

# Up to the id there is nothing but the declaration and the root's tag, so that what matches is the message's own id and
# stands in no comment; and its characters mean only themselves.
_UP_TO_ID: Final = re.compile(
    rb'(?:<\?xml [^<>]{0,100}\?>[ \r\n]{0,4})?<CIM [^<>]{0,100}>[ \r\n]{0,4}<MESSAGE ID="([A-Za-z0-9._:-]{1,40})"'
)
_LONGEST: Final = 4096
_MOST: Final = 2048
_CHANGES: Final = (Shape.VOID, Shape.NEW_PATH)

_Key: TypeAlias = tuple[str | None, bytes, bytes]


class RequestDecoder:
    """Decodes requests, and remembers the small reads among them by all their bytes but the id's.

    What is remembered is only what was asked, which is immutable, and nothing of who asked. Not for several threads.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._known: OrderedDict[_Key, Message] = OrderedDict()

    def decode(self, body: bytes, charset: str | None) -> Message:
        """As :func:`decode_request`."""
        found = _UP_TO_ID.match(body) if len(body) <= _LONGEST else None
        if found is None:
            return decode_request(body, charset=charset)
        begin, end = found.span(1)
        key = charset, body[:begin], body[end:]
        known = self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
            return Message(body[begin:end].decode("ascii"), known.protocol_version, known.request)
        message = decode_request(body, charset=charset)
        if isinstance(message.request, Call) and message.request.operation.shape not in _CHANGES:
            self._known[key] = message
            if len(self._known) > self._most:
                self._known.popitem(last=False)
        return message
