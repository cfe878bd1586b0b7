"""Virtual System (DSP1057): the virtual computer system, its state machine, its configurations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openvman.mapping.declare import (
    Attr,
    Call,
    ClassMap,
    ClassName,
    Coded,
    Const,
    Edge,
    End,
    Write,
    WriteOnly,
    own_property,
)
from openvman.mapping.methods import CodedInput, MethodMap, Modify, PlainInput
from openvman.messages.problem import Problem
from openvman.model.actor import Role
from openvman.model.picture import Picture
from openvman.model.spec import SystemSpec
from openvman.model.system import BootDevice, Configuration, Firmware, OnCrash, VirtualSystem
from openvman.profiles import states
from openvman.profiles.dsp1057_values import (
    each_of,
    hypervisor_of,
    identifier_of,
    lines_of,
    one_of,
    startup_is_automatic,
    system_type,
    timeout_of,
)
from openvman.profiles.extents import of_systems
from openvman.profiles.finding import system_with_id, system_with_instance_id, system_with_part, systems_named
from openvman.profiles.identity import id_in, instance_id

REQUEST_STATE_CHANGE = MethodMap(
    name="RequestStateChange",
    operation="change_state",
    permission=Role.OPERATOR,
    target="system",
    inputs={
        "RequestedState": CodedInput("action", {code: action for action, code in states.REQUESTED_STATE.items()}),
        "TimeoutPeriod": PlainInput("timeout", timeout_of),
    },
    returns={
        Problem.NOT_SUPPORTED: 1,
        Problem.TIMEOUT: 3,
        Problem.INVALID_STATE: 4097,
        Problem.BUSY: 4099,
    },
    unsupported_code=1,
)

COMPUTER_SYSTEM = ClassMap(
    name="ComputerSystem",
    cim="CIM_ComputerSystem",
    description="A virtual system: a virtual machine or a container.",
    owner=VirtualSystem,
    extent=of_systems(),
    find=lambda p, keys: p.objects.system(keys["Name"]),
    found_by={"ElementName": systems_named, "InstanceID": system_with_instance_id},
    keys={"CreationClassName": ClassName(), "Name": Attr("id")},
    properties={
        "ElementName": Attr("name"),
        "Caption": Const("Virtual System"),
        "Description": Attr("description"),
        "NameFormat": Const("Other"),
        "InstanceID": instance_id(),
        "Dedicated": Const((0,)),
        "EnabledState": Call(states.enabled_state),
        "RequestedState": Call(states.requested_state),
        "TransitioningToState": Call(states.transitioning_to),
        "AvailableRequestedStates": Call(states.available_states),
        "EnabledDefault": Call(lambda vs: 2 if vs.effective.autostart else 3),
        "OperationalStatus": Call(states.operational_status),
        "HealthState": Call(states.health_state),
        "TimeOfLastStateChange": Attr("since"),
        "OtherIdentifyingInfo": Call(lambda vs: (vs.name, vs.id)),
        "IdentifyingDescriptions": Const(("openvman:Name", "openvman:UUID")),
    },
    methods=(REQUEST_STATE_CHANGE,),
)

ENABLED_CAPABILITIES = ClassMap(
    name="EnabledLogicalElementCapabilities",
    cim="CIM_EnabledLogicalElementCapabilities",
    description="Which changes of state a virtual system can be asked for.",
    owner=VirtualSystem,
    extent=of_systems(),
    find=lambda p, keys: p.objects.system(id_in(keys, suffix="/capabilities")),
    keys={"InstanceID": instance_id(suffix="/capabilities")},
    properties={
        "ElementName": Call(lambda vs: f"Capabilities of {vs.name}"),
        "ElementNameEditSupported": Const(False),
        "RequestedStatesSupported": Call(states.supported_states),
    },
)


SETTING_DATA = ClassMap(
    name="VirtualSystemSettingData",
    cim="CIM_VirtualSystemSettingData",
    description="A configuration of a virtual system: the defined one or the one in force.",
    owner=VirtualSystem,
    extent=of_systems(VirtualSystem.configurations),
    find=lambda p, keys: p.objects.configuration(id_in(keys)),
    found_by={"VirtualSystemIdentifier": system_with_id, "ConfigurationID": system_with_part},
    keys={"InstanceID": instance_id()},
    properties={
        "ElementName": Attr("name", Write("name")),
        "Caption": Call(lambda c: f"{c.kind.value.capitalize()} configuration"),
        "Description": Attr("description", Write("description", lines_of)),
        "VirtualSystemIdentifier": Attr("system_id", Write("system_id", identifier_of, modifying=False)),
        "VirtualSystemType": Call(system_type, Write("hypervisor", hypervisor_of)),
        "ConfigurationID": Attr("id"),
        "AutomaticStartupAction": Call(lambda c: 4 if c.autostart else 2, Write("autostart", startup_is_automatic)),
        "AutomaticShutdownAction": Const(2),
        "AutomaticRecoveryAction": Coded("on_crash", {OnCrash.DESTROY: 2, OnCrash.RESTART: 3}, into="on_crash"),
        "MachineType": Attr("machine", Write("machine")),
        "Firmware": Call(lambda c: c.firmware and c.firmware.value, Write("firmware", one_of(Firmware))),
        "BootDevices": Call(
            lambda c: tuple(device.value for device in c.boot_order) or None, Write("boot_order", each_of(BootDevice))
        ),
        "Kernel": Attr("kernel", Write("kernel")),
        "Initrd": Attr("initrd", Write("initrd")),
        "CommandLine": Attr("command_line", Write("command_line")),
        "InitPath": Attr("init", Write("init")),
        "CloudInitUserData": WriteOnly(Write("user_data")),
        "CloudInitMetaData": WriteOnly(Write("meta_data")),
        "CloudInitNetworkConfig": WriteOnly(Write("network_config")),
        "CloudInitDisk": Attr("cloud_init_disk"),
    },
    extras=(
        own_property("MachineType", "string", "The type of machine that the hypervisor makes, for example q35."),
        own_property("Firmware", "string", "What the machine starts with: bios or uefi."),
        own_property(
            "BootDevices",
            "string",
            "Where a guest is looked for, in order: disk, cdrom, floppy, network.",
            is_array=True,
        ),
        own_property("Kernel", "string", "The host path of a kernel to start in place of what the boot devices hold."),
        own_property("Initrd", "string", "The host path of the initial file system that goes with the kernel."),
        own_property("CommandLine", "string", "What the kernel is told."),
        own_property(
            "InitPath", "string", "Of a container: the program that it starts with, a path in its own file system."
        ),
        own_property(
            "CloudInitUserData",
            "string",
            "What cloud-init does in the guest. It is never read back: CloudInitDisk tells that it is there. An empty "
            "text takes it away.",
        ),
        own_property(
            "CloudInitMetaData",
            "string",
            "A YAML mapping that goes with it; instance-id is the UUID and local-hostname the name unless it says so.",
        ),
        own_property("CloudInitNetworkConfig", "string", "A network configuration that goes with it."),
        own_property("CloudInitDisk", "string", "The target of the drive that brings the guest its cloud-init data."),
    ),
    identity=lambda configuration: {"system_id": configuration.system_id},
    spec=SystemSpec,
    modify=Modify("modify_system", "spec", Role.OPERATOR),
)


def _settings(system: VirtualSystem, _picture: Picture) -> Iterator[Any]:
    """The configuration in force describes the state; from it, the defined one is the next."""
    yield (COMPUTER_SYSTEM, system), (SETTING_DATA, system.effective)


def _next_configurations(system: VirtualSystem, _picture: Picture) -> Iterator[Any]:
    if system.defined is not None:
        current: Configuration = system.effective
        yield (SETTING_DATA, current), (SETTING_DATA, system.defined), current is system.defined


EDGES = (
    Edge(
        "CIM_ElementCapabilities",
        End("ManagedElement", (COMPUTER_SYSTEM,)),
        End("Capabilities", (ENABLED_CAPABILITIES,)),
        VirtualSystem,
        lambda vs, _p: (((COMPUTER_SYSTEM, vs), (ENABLED_CAPABILITIES, vs)),),
        clause="DSP1057",
    ),
    Edge(
        "CIM_SettingsDefineState",
        End("ManagedElement", (COMPUTER_SYSTEM,)),
        End("SettingData", (SETTING_DATA,)),
        VirtualSystem,
        _settings,
        clause="DSP1057",
    ),
    Edge(
        "CIM_ElementSettingData",
        End("ManagedElement", (SETTING_DATA,)),
        End("SettingData", (SETTING_DATA,)),
        VirtualSystem,
        _next_configurations,
        clause="DSP1057",
        properties={
            "IsDefault": Const(1),
            "IsCurrent": Call(lambda is_current: 1 if is_current else 2),
            "IsNext": Const(1),
        },
    ),
)
