"""gzip for answers, piece by piece (RFC 1952)."""

from __future__ import annotations

import zlib
from typing import Final

WORTH: Final = 4096
"""A shorter body is not worth the time."""

_LEVEL: Final = 3  # CIM-XML repeats itself: more effort gains a tenth and costs twice as much
_GZIP: Final = 31  # zlib's word for gzip framing with the largest window


class Gzip:
    """Compresses one body."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)

    def feed(self, piece: bytes) -> bytes:
        """What can be sent after ``piece``; often nothing."""
        return self._stream.compress(piece)

    def end(self) -> bytes:
        return self._stream.flush()
