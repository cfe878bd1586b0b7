"""Which profiles this server conforms to: one row each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from openvman.mapping.declare import ClassMap
from openvman.profiles.dsp1041_pools import RESOURCE_POOL
from openvman.profiles.dsp1043_capabilities import ALLOCATION_CAPABILITIES
from openvman.profiles.dsp1052_computer_system import HOST_SYSTEM
from openvman.profiles.dsp1054_indications import SERVICE as INDICATION_SERVICE
from openvman.profiles.dsp1057_virtual_system import COMPUTER_SYSTEM


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Registration:
    """A registered profile. ``central`` are the class maps of its central instances; ``references`` other rows' ids."""

    specification: str
    name: str
    version: str
    central: tuple[ClassMap, ...] = ()
    references: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.specification}-{self.name.replace(' ', '')}-{self.version}"


REGISTRATIONS: Final = (
    Registration(specification="DSP1033", name="Profile Registration", version="1.1.0"),
    Registration(
        specification="DSP1041",
        name="Resource Allocation",
        version="1.1.0",
        central=(RESOURCE_POOL,),
        references=("DSP1033",),
    ),
    Registration(
        specification="DSP1043",
        name="Allocation Capabilities",
        version="1.0.0",
        central=(ALLOCATION_CAPABILITIES,),
        references=("DSP1033", "DSP1041"),
    ),
    Registration(
        specification="DSP1042",
        name="System Virtualization",
        version="1.0.0",
        central=(HOST_SYSTEM,),
        references=("DSP1033", "DSP1041", "DSP1043", "DSP1052", "DSP1057"),
    ),
    Registration(
        specification="DSP1052",
        name="Computer System",
        version="1.0.2",
        central=(HOST_SYSTEM, COMPUTER_SYSTEM),
    ),
    Registration(
        specification="DSP1054",
        name="Indications",
        version="1.2.2",
        central=(INDICATION_SERVICE,),
        references=("DSP1033",),
    ),
    Registration(
        specification="DSP1057",
        name="Virtual System",
        version="1.0.0",
        central=(COMPUTER_SYSTEM,),
        references=("DSP1033", "DSP1052"),
    ),
)
