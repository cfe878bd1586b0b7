"""Which profiles this server conforms to: one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from openvman.mapping.declare import ClassMap
from openvman.model.resource import ResourceKind
from openvman.profiles.dsp1012_boot_control import BOOT_SERVICE
from openvman.profiles.dsp1014_host_ports import HOST_PORT
from openvman.profiles.dsp1041_pools import RESOURCE_POOL
from openvman.profiles.dsp1043_capabilities import ALLOCATION_CAPABILITIES
from openvman.profiles.dsp1052_computer_system import HOST_SYSTEM
from openvman.profiles.dsp1054_indications import SERVICE as INDICATION_SERVICE
from openvman.profiles.dsp1057_virtual_system import COMPUTER_SYSTEM
from openvman.profiles.dsp1103_job_control import CONCRETE_JOB
from openvman.profiles.host_devices import HOST_MEMORY, HOST_PROCESSOR
from openvman.profiles.redirection import KVM_SERVICE, TEXT_SERVICE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Registration:
    """A registered profile. ``central`` are the class maps of its central instances; ``references`` other rows' ids."""

    specification: str
    name: str
    version: str
    central: tuple[ClassMap, ...] = ()
    references: tuple[str, ...] = ()
    covers: Callable[[Any], bool] = lambda _obj: True
    """Which objects of the central class maps conform."""

    @property
    def id(self) -> str:
        return f"{self.specification}-{self.name.replace(' ', '')}-{self.version}"


_STORAGE: Final = frozenset({ResourceKind.DISK, ResourceKind.CDROM, ResourceKind.FLOPPY})

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
        specification="DSP1044",
        name="Processor Resource Virtualization",
        version="1.0.0",
        central=(RESOURCE_POOL,),
        references=("DSP1033", "DSP1041", "DSP1043"),
        covers=lambda pool: pool.kind is ResourceKind.PROCESSOR,
    ),
    Registration(
        specification="DSP1045",
        name="Memory Resource Virtualization",
        version="1.0.0",
        central=(RESOURCE_POOL,),
        references=("DSP1033", "DSP1041", "DSP1043"),
        covers=lambda pool: pool.kind is ResourceKind.MEMORY,
    ),
    Registration(
        specification="DSP1047",
        name="Storage Resource Virtualization",
        version="1.0.0",
        central=(RESOURCE_POOL,),
        references=("DSP1033", "DSP1041", "DSP1043"),
        covers=lambda pool: pool.kind in _STORAGE,
    ),
    Registration(
        specification="DSP1059",
        name="Generic Device Resource Virtualization",
        version="1.0.0",
        central=(RESOURCE_POOL,),
        references=("DSP1033", "DSP1041", "DSP1043"),
    ),
    Registration(
        specification="DSP1042",
        name="System Virtualization",
        version="1.0.0",
        central=(HOST_SYSTEM,),
        references=(
            "DSP1014",
            "DSP1022",
            "DSP1026",
            "DSP1033",
            "DSP1041",
            "DSP1043",
            "DSP1044",
            "DSP1045",
            "DSP1047",
            "DSP1052",
            "DSP1057",
            "DSP1059",
        ),
    ),
    Registration(
        specification="DSP1014",
        name="Ethernet Port",
        version="1.0.0",
        central=(HOST_PORT,),
        references=("DSP1033",),
    ),
    Registration(
        specification="DSP1022",
        name="CPU",
        version="1.0.1",
        central=(HOST_PROCESSOR,),
        references=("DSP1033",),
    ),
    Registration(
        specification="DSP1026",
        name="System Memory",
        version="1.0.1",
        central=(HOST_MEMORY,),
        references=("DSP1033",),
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
        references=("DSP1012", "DSP1024", "DSP1033", "DSP1052", "DSP1076"),
    ),
    Registration(
        specification="DSP1012",
        name="Boot Control",
        version="1.0.2",
        central=(BOOT_SERVICE,),
        references=("DSP1033",),
    ),
    Registration(
        specification="DSP1024",
        name="Text Console Redirection",
        version="1.0.0",
        central=(TEXT_SERVICE,),
        references=("DSP1033",),
    ),
    Registration(
        specification="DSP1076",
        name="KVM Redirection",
        version="1.0.0",
        central=(KVM_SERVICE,),
        references=("DSP1033",),
    ),
    Registration(
        specification="DSP1103",
        name="Job Control",
        version="1.0.0",
        central=(CONCRETE_JOB,),
        references=("DSP1033",),
    ),
)
