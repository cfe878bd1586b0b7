"""The standard view: ``root/vman`` for every hypervisor, and ``interop`` beside it."""

from __future__ import annotations

from typing import Final

from openvman.mapping.bind import View
from openvman.mapping.declare import Space
from openvman.profiles import (
    allocations,
    dsp1010_record_log,
    dsp1033_profile_registration,
    dsp1042_system_virtualization,
    dsp1057_virtual_system,
)
from openvman.profiles.dsp1052_computer_system import HOST_SYSTEM
from openvman.profiles.owners import OWNERS

STANDARD: Final = View(
    prefix="VMAN",
    namespaces={
        Space.INTEROP: ("interop", "root/interop"),
        # root/cimv2 is what many clients ask when they are not told otherwise.
        Space.IMPLEMENTATION: ("root/vman", "root/cimv2"),
    },
    classes=(
        HOST_SYSTEM,
        dsp1057_virtual_system.COMPUTER_SYSTEM,
        dsp1057_virtual_system.ENABLED_CAPABILITIES,
        dsp1057_virtual_system.SETTING_DATA,
        dsp1042_system_virtualization.MANAGEMENT_SERVICE,
        dsp1042_system_virtualization.MANAGEMENT_CAPABILITIES,
        *allocations.SETTINGS,
        *allocations.DEVICES,
        dsp1010_record_log.CONSOLE_LOG,
        dsp1033_profile_registration.REGISTERED_PROFILE,
        dsp1033_profile_registration.OBJECT_MANAGER,
        dsp1033_profile_registration.NAMESPACE,
        dsp1033_profile_registration.COMMUNICATION,
    ),
    edges=(
        *dsp1042_system_virtualization.EDGES,
        *dsp1057_virtual_system.EDGES,
        *allocations.EDGES,
        *dsp1010_record_log.EDGES,
        *dsp1033_profile_registration.EDGES,
    ),
    owners=OWNERS,
)
