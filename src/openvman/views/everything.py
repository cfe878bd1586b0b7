"""All that a server shows."""

from __future__ import annotations

from typing import Final

from openvman.mapping.bind import View
from openvman.views.libvirt_cim.family import PREFIXES, families
from openvman.views.standard import STANDARD

LIBVIRT_CIM: Final = families(PREFIXES, STANDARD)
VIEWS: Final[tuple[View, ...]] = (STANDARD, *LIBVIRT_CIM)
