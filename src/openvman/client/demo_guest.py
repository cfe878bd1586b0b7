"""The demonstration's guest: the image that a server keeps for it, and the line that it prints."""

from __future__ import annotations

from typing import Final

IMAGE: Final = "openvman-demo.img"
"""The image's name below the server's first image folder."""
LINE: Final = "Hello from a guest of openvman"
