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
    CodedInput,
    Const,
    Edge,
    End,
    MethodMap,
    Modify,
    PlainInput,
    Write,
)
from openvman.model.actor import Role
from openvman.model.errors import Problem
from openvman.model.picture import Picture
from openvman.model.spec import SystemSpec
from openvman.model.system import Configuration, OnCrash, VirtualSystem
from openvman.profiles import states
from openvman.profiles.dsp1057_values import (
    SYSTEM_TYPES,
    hypervisor_of,
    identifier_of,
    lines_of,
    startup_is_automatic,
    system_in,
    timeout_of,
)
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
    extent=lambda p: p.objects.systems.values(),
    find=lambda p, keys: p.objects.system(keys["Name"]),
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
    extent=lambda p: p.objects.systems.values(),
    find=lambda p, keys: p.objects.system(id_in(keys, suffix="/capabilities")),
    keys={"InstanceID": instance_id(suffix="/capabilities")},
    properties={
        "ElementName": Call(lambda vs: f"Capabilities of {vs.name}"),
        "ElementNameEditSupported": Const(False),
        "RequestedStatesSupported": Const(tuple(states.REQUESTED_STATE.values())),
    },
)


SETTING_DATA = ClassMap(
    name="VirtualSystemSettingData",
    cim="CIM_VirtualSystemSettingData",
    description="A configuration of a virtual system: the defined one or the one in force.",
    owner=VirtualSystem,
    extent=lambda p: p.objects.configurations(),
    find=lambda p, keys: p.objects.configuration(id_in(keys)),
    keys={"InstanceID": Call(instance_id().read, Write("system_id", system_in, defining=False))},
    properties={
        "ElementName": Attr("name", Write("name")),
        "Caption": Call(lambda c: f"{c.kind.value.capitalize()} configuration"),
        "Description": Attr("description", Write("description", lines_of)),
        "VirtualSystemIdentifier": Attr("system_id", Write("system_id", identifier_of, modifying=False)),
        "VirtualSystemType": Call(
            lambda c: SYSTEM_TYPES.get(c.hypervisor, f"openvman:{c.hypervisor}"), Write("hypervisor", hypervisor_of)
        ),
        "ConfigurationID": Attr("id"),
        "AutomaticStartupAction": Call(lambda c: 4 if c.autostart else 2, Write("autostart", startup_is_automatic)),
        "AutomaticShutdownAction": Const(2),
        "AutomaticRecoveryAction": Coded("on_crash", {OnCrash.DESTROY: 2, OnCrash.RESTART: 3}, into="on_crash"),
    },
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
        clause="DSP1057 10.5",
    ),
    Edge(
        "CIM_SettingsDefineState",
        End("ManagedElement", (COMPUTER_SYSTEM,)),
        End("SettingData", (SETTING_DATA,)),
        VirtualSystem,
        _settings,
        clause="DSP1057 7.3",
    ),
    Edge(
        "CIM_ElementSettingData",
        End("ManagedElement", (SETTING_DATA,)),
        End("SettingData", (SETTING_DATA,)),
        VirtualSystem,
        _next_configurations,
        clause="DSP1057 7.4",
        properties={
            "IsDefault": Const(1),
            "IsCurrent": Call(lambda is_current: 1 if is_current else 2),
            "IsNext": Const(1),
        },
    ),
)
