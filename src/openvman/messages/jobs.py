"""What becomes of jobs: 2800 to 2899."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage

FORGOTTEN: Final = ErrorMessage(2801, "Another version of this server told why, by message {id} ({arguments}).")
