"""The classes of libvirt-cim's schema that never have instances: who enumerates them finds none, and no error.

libvirt-cim has most of them for other hypervisors, or for what is shown by others of its classes here.
"""

from __future__ import annotations

from typing import Final

from openvman.mapping.declare import Base
from openvman.views.libvirt_cim.devices import SETTING
from openvman.views.libvirt_cim.scope import Scope

_ROWS: Final = (
    (f"Character{SETTING}", None, "A character device of a guest; not shown."),
    (f"Console{SETTING}", None, "A text console of a guest; not shown."),
    ("ConsoleDisplayController", "CIM_DisplayController", "A text console of a guest; not shown."),
    ("MigrationJob", "CIM_ConcreteJob", "A migration of a guest; there is none."),
    ("SwitchService", "CIM_Service", "Tells of virtual switches of the host's adapters; there is none."),
    ("ConcreteComponent", "CIM_ConcreteComponent", "What a pool is made of; not shown."),
)
"""Each with the class that it derives from; None is the family's own class of settings."""


def unused(scope: Scope) -> tuple[Base, ...]:
    return tuple(Base(name, cim or f"{scope.prefix}_{SETTING}", said) for name, cim, said in _ROWS)
