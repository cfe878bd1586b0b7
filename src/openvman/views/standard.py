"""The standard view: ``root/vman`` for every hypervisor, and ``interop`` beside it."""

from __future__ import annotations

from typing import Final

from openvman.mapping.bind import View
from openvman.mapping.declare import Space
from openvman.profiles import (
    alerts,
    allocations,
    dsp1010_record_log,
    dsp1012_boot_control,
    dsp1014_host_ports,
    dsp1022_cpu,
    dsp1033_profile_registration,
    dsp1041_pools,
    dsp1041_service,
    dsp1042_system_virtualization,
    dsp1043_capabilities,
    dsp1043_mutability,
    dsp1054_indications,
    dsp1054_lifecycle,
    dsp1057_virtual_system,
    dsp1103_job_control,
    host_controllers,
    host_devices,
    redirection,
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
        *host_devices.HOST_DEVICES,
        dsp1022_cpu.PROCESSOR_CAPABILITIES,
        dsp1014_host_ports.HOST_PORT,
        dsp1014_host_ports.HOST_ENDPOINT,
        *host_controllers.HOST_CONTROLLERS.values(),
        dsp1041_pools.RESOURCE_POOL,
        dsp1041_service.POOL_SERVICE,
        dsp1041_service.POOL_CAPABILITIES,
        dsp1041_service.POOL_SETTING,
        dsp1043_capabilities.ALLOCATION_CAPABILITIES,
        *dsp1043_capabilities.TEMPLATES,
        dsp1043_mutability.MUTABILITY,
        *dsp1043_mutability.RANGES,
        dsp1010_record_log.CONSOLE_LOG,
        dsp1103_job_control.CONCRETE_JOB,
        dsp1103_job_control.METHOD_RESULT,
        dsp1012_boot_control.BOOT_CONFIG,
        dsp1012_boot_control.BOOT_SOURCE,
        dsp1012_boot_control.BOOT_SERVICE,
        dsp1012_boot_control.BOOT_CAPABILITIES,
        *redirection.CLASSES,
        dsp1033_profile_registration.REGISTERED_PROFILE,
        dsp1033_profile_registration.OBJECT_MANAGER,
        dsp1033_profile_registration.NAMESPACE,
        dsp1033_profile_registration.COMMUNICATION,
        *dsp1054_indications.CLASSES,
    ),
    edges=(
        *dsp1042_system_virtualization.EDGES,
        *dsp1057_virtual_system.EDGES,
        *allocations.EDGES,
        *host_devices.EDGES,
        *dsp1041_pools.EDGES,
        *dsp1041_service.EDGES,
        *dsp1043_capabilities.EDGES,
        *dsp1043_mutability.EDGES,
        *dsp1010_record_log.EDGES,
        *dsp1103_job_control.EDGES,
        *dsp1012_boot_control.EDGES,
        *dsp1014_host_ports.EDGES,
        *host_controllers.EDGES,
        *dsp1022_cpu.EDGES,
        *redirection.EDGES,
        *dsp1033_profile_registration.EDGES,
        *dsp1054_indications.EDGES,
    ),
    owners=OWNERS,
    collections=dsp1054_lifecycle.COLLECTIONS,
    alerts=alerts.of_change,
    faults=alerts.of_fault,
)
