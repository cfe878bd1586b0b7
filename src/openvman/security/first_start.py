"""What the first start makes in the state directory. Each step may be repeated: a start that was killed half-way is
finished by the next.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from openvman.model.actor import Role
from openvman.security.passwords import Hasher, generate
from openvman.security.users import Users
from openvman.store.database import StoreError
from openvman.store.files import PRIVATE, PRIVATE_FOLDER, write_whole
from openvman.store.users import UserStore

ADMIN: Final = "admin"


@dataclass(frozen=True, slots=True)
class State:
    """A state directory's well-known places."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "openvman.db"

    @property
    def admin_password(self) -> Path:
        """The first admin's password, for the owner of the machine; may be removed once it is kept elsewhere."""
        return self.folder / "admin.password"


def prepare_folder(folder: Path) -> State:
    """Make the state directory, or see that it is ours and private. Raises :class:`StoreError`."""
    try:
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        found = folder.stat()
        if found.st_uid != os.geteuid():
            raise StoreError(f"{folder} belongs to another user: choose another --state, or start as its owner")
        if found.st_mode & 0o077:
            folder.chmod(PRIVATE_FOLDER)
    except OSError as error:
        raise StoreError(f"cannot use {folder} as the state directory: {error.strerror}") from None
    return State(folder)


def ensure_admin(state: State, store: UserStore, hasher: Hasher | None = None) -> bool:
    """Where there is no user at all, make ``admin`` with a random password; whether it was made.

    The password's file is written first: a crash between the two leaves a password that the next start gives to admin.
    """
    if store.all():
        return False
    if not state.admin_password.exists():
        write_whole(state.admin_password, f"{generate()}\n".encode(), PRIVATE)
    Users(store, hasher).add(ADMIN, state.admin_password.read_text(encoding="ascii").strip(), Role.ADMIN)
    return True
