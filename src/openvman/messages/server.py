"""What is wrong within the server itself: 4000 to 4099."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage

INTERNAL: Final = ErrorMessage(
    4001, "internal error, reference {reference}.", "Look for the reference in the server's log."
)
