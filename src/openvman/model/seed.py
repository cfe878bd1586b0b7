"""The names of the disk images that bring cloud-init's data to a guest (NoCloud).

The server makes them; by its name an image is known as the server's, and whose it is.
"""

from __future__ import annotations

import re
from typing import Final

_NUMBERS: Final = (1, 2, 3)
"""One that the active system reads, one for its next activation, and one that is made to take the place of that."""
_NAME: Final = re.compile(r"cloud-init-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-[1-3]\.iso", re.IGNORECASE)


def seed_names(system_id: str) -> tuple[str, ...]:
    """The file names that the images of a system may have."""
    return tuple(f"cloud-init-{system_id}-{number}.iso" for number in _NUMBERS)


def seed_owner(path: str | None) -> str | None:
    """The id of the system whose image a path names; None for any other path."""
    found = _NAME.fullmatch((path or "").rpartition("/")[2])
    return None if found is None else found[1].lower()
