"""The namespaces of the standard view."""

from __future__ import annotations

from typing import Final

from openvman.mapping.declare import Space

IMPLEMENTATION: Final = Space(
    # root/cimv2 is what many clients ask when they are not told otherwise.
    ("root/vman", "root/cimv2"),
    "everything else, for every hypervisor",
)
INTEROP: Final = Space(("interop", "root/interop"), "profile registration and indications")
