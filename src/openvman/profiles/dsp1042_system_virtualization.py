"""System Virtualization (DSP1042): the host and the service that manages its virtual systems."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from openvman.mapping.declare import Call, ClassMap, Const, Edge, End, own_method, own_parameter
from openvman.mapping.methods import (
    Input,
    InstanceOutput,
    MethodMap,
    ObjectInput,
    ObjectOutput,
    PlainOutput,
    Purpose,
    SpecInput,
)
from openvman.messages import requests
from openvman.messages.problem import Problem
from openvman.model.actor import Role
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.picture import Picture
from openvman.model.spec import SystemSpec
from openvman.model.system import VirtualSystem
from openvman.profiles.allocations import ALLOCATIONS, SETTINGS
from openvman.profiles.dsp1052_computer_system import HOST_SYSTEM
from openvman.profiles.dsp1057_values import SYSTEM_TYPES
from openvman.profiles.dsp1057_virtual_system import COMPUTER_SYSTEM, SETTING_DATA
from openvman.profiles.extents import of_hosts
from openvman.profiles.identity import id_in, instance_id
from openvman.profiles.services import service_map

_DEFINE, _DESTROY, _MODIFY_RESOURCE, _MODIFY_SYSTEM, _REMOVE_RESOURCES, _ADD_RESOURCES = 2, 3, 5, 6, 7, 10
_METHODS = (_DEFINE, _DESTROY, _MODIFY_RESOURCE, _MODIFY_SYSTEM, _REMOVE_RESOURCES, _ADD_RESOURCES)
_INDICATIONS = (2, 3, 4)
"""Changes of virtual resources, of jobs and of virtual systems: indications tell of all that is mapped."""
_RETURNS = {Problem.NOT_SUPPORTED: 1, Problem.TIMEOUT: 3, Problem.INVALID_STATE: 5}
_RETURNS_OF_MAKING = {Problem.NOT_SUPPORTED: 1, Problem.TIMEOUT: 3}  # what makes has no code for a state


def _on_this_host(host: Host, arguments: dict[str, Any]) -> dict[str, Any]:
    """A system is defined on the host whose service was called."""
    system: SystemSpec = arguments["system"] or SystemSpec()
    return {**arguments, "system": replace(system, host_id=host.id), "resources": arguments["resources"] or []}


def _only_of_this_host(host: Host, arguments: dict[str, Any]) -> dict[str, Any]:
    """A service manages what is on its own host."""
    of = arguments.get("allocations") or [arguments["configuration"]]
    elsewhere = next((each.id for each in of if each.host_id != host.id), None)
    if elsewhere is not None:
        raise ModelError(requests.OF_ANOTHER_HOST, elsewhere, id=elsewhere, host=host)
    return arguments


_DEFINITION: dict[str, Input] = {
    "SystemSettings": SpecInput("system", (SETTING_DATA,), Purpose.DEFINE),
    "ResourceSettings": SpecInput("resources", ALLOCATIONS, Purpose.DEFINE),
    "ReferenceConfiguration": ObjectInput("reference", (SETTING_DATA,), required=False),
}

CHECK_DEFINE = own_method(
    "CheckDefineSystem",
    "Tells what DefineSystem would come to with these parameters, and refuses what it would refuse. Nothing is done.",
    own_parameter("SystemSettings", "As DefineSystem takes them.", embedded="CIM_VirtualSystemSettingData"),
    own_parameter(
        "ResourceSettings",
        "As DefineSystem takes them.",
        is_array=True,
        embedded="CIM_ResourceAllocationSettingData",
    ),
    own_parameter("ReferenceConfiguration", "As DefineSystem takes it.", reference="CIM_VirtualSystemSettingData"),
    own_parameter(
        "ResultingSystemSettings",
        "The settings with every default filled in.",
        embedded="CIM_VirtualSystemSettingData",
        is_out=True,
    ),
    own_parameter(
        "ResultingResourceSettings",
        "The allocations, likewise. What a hypervisor adds of its own is not among them.",
        is_array=True,
        embedded="CIM_ResourceAllocationSettingData",
        is_out=True,
    ),
    own_parameter("Effects", "What would be made or taken, as sentences for a person.", is_array=True, is_out=True),
)

METHODS = (
    MethodMap(
        name="CheckDefineSystem",
        operation="check_define",
        permission=Role.OPERATOR,
        inputs=_DEFINITION,
        outputs={
            "ResultingSystemSettings": InstanceOutput((SETTING_DATA,), lambda preview: preview.configuration),
            "ResultingResourceSettings": InstanceOutput(
                SETTINGS, lambda preview: tuple(preview.configuration.allocations())
            ),
            "Effects": PlainOutput(lambda preview: preview.effects),
        },
        returns=_RETURNS,
        arrange=_on_this_host,
    ),
    MethodMap(
        name="AddResourceSettings",
        operation="add_resources",
        permission=Role.OPERATOR,
        inputs={
            "AffectedConfiguration": ObjectInput("configuration", (SETTING_DATA,)),
            "ResourceSettings": SpecInput("specs", ALLOCATIONS, Purpose.DEFINE, required=True),
        },
        outputs={"ResultingResourceSettings": ObjectOutput(SETTINGS, lambda allocations: allocations)},
        returns=_RETURNS_OF_MAKING,
        arrange=_only_of_this_host,
    ),
    MethodMap(
        name="RemoveResourceSettings",
        operation="remove_resources",
        permission=Role.OPERATOR,
        inputs={"ResourceSettings": ObjectInput("allocations", SETTINGS)},
        returns=_RETURNS,
        arrange=_only_of_this_host,
    ),
    MethodMap(
        name="DefineSystem",
        operation="define_system",
        permission=Role.OPERATOR,
        inputs=_DEFINITION,
        outputs={"ResultingSystem": ObjectOutput((COMPUTER_SYSTEM,), lambda system: system)},
        returns=_RETURNS_OF_MAKING,
        arrange=_on_this_host,
    ),
    MethodMap(
        name="DestroySystem",
        operation="destroy_system",
        permission=Role.OPERATOR,
        inputs={"AffectedSystem": ObjectInput("system", (COMPUTER_SYSTEM,))},
        returns=_RETURNS,
    ),
    MethodMap(
        name="ModifySystemSettings",
        operation="modify_system",
        permission=Role.OPERATOR,
        inputs={"SystemSettings": SpecInput("spec", (SETTING_DATA,), Purpose.MODIFY, required=True)},
        returns=_RETURNS,
    ),
    MethodMap(
        name="ModifyResourceSettings",
        operation="modify_resources",
        permission=Role.OPERATOR,
        inputs={"ResourceSettings": SpecInput("specs", ALLOCATIONS, Purpose.MODIFY, required=True)},
        outputs={"ResultingResourceSettings": ObjectOutput(ALLOCATIONS, lambda allocations: allocations)},
        returns=_RETURNS,
    ),
)

MANAGEMENT_SERVICE = service_map(
    "VirtualSystemManagementService",
    "Virtual System Management Service",
    description="Defines, modifies and destroys the virtual systems of one host.",
    properties={"Caption": Call(lambda host: f"{host.hypervisor_name} {host.hypervisor_version}")},
    methods=METHODS,
    extra_methods=(CHECK_DEFINE,),
)

MANAGEMENT_CAPABILITIES = ClassMap(
    name="VirtualSystemManagementCapabilities",
    cim="CIM_VirtualSystemManagementCapabilities",
    description="What a management service can do, and how it answers.",
    owner=Host,
    extent=of_hosts(),
    find=lambda p, keys: p.objects.host(id_in(keys, suffix="/management-capabilities")),
    keys={"InstanceID": instance_id(suffix="/management-capabilities")},
    properties={
        "ElementName": Call(lambda host: f"Management capabilities of {host.name}"),
        "VirtualSystemTypesSupported": Call(
            lambda host: tuple(SYSTEM_TYPES.get(h, f"openvman:{h}") for h in host.facts.hypervisors)
        ),
        # Each answers when its job has ended, or with the job when that takes longer than a client may want to wait.
        "SynchronousMethodsSupported": Const(_METHODS),
        "AsynchronousMethodsSupported": Const(_METHODS),
        "IndicationsSupported": Const(_INDICATIONS),
    },
)


def _hosted(system: VirtualSystem, picture: Picture) -> Iterator[Any]:
    host = picture.objects.host(system.host_id)
    if host is not None:
        yield (HOST_SYSTEM, host), (COMPUTER_SYSTEM, system)


def _managed(system: VirtualSystem, picture: Picture) -> Iterator[Any]:
    host = picture.objects.host(system.host_id)
    if host is not None:
        yield (COMPUTER_SYSTEM, system), (MANAGEMENT_SERVICE, host)


EDGES = (
    Edge(
        "CIM_HostedDependency",
        End("Antecedent", (HOST_SYSTEM,)),
        End("Dependent", (COMPUTER_SYSTEM,)),
        VirtualSystem,
        _hosted,
        clause="DSP1042",
    ),
    Edge(
        "CIM_HostedService",
        End("Antecedent", (HOST_SYSTEM,)),
        End("Dependent", (MANAGEMENT_SERVICE,)),
        Host,
        lambda host, _p: (((HOST_SYSTEM, host), (MANAGEMENT_SERVICE, host)),),
        clause="DSP1042",
    ),
    Edge(
        "CIM_ServiceAffectsElement",
        End("AffectedElement", (COMPUTER_SYSTEM,)),
        End("AffectingElement", (MANAGEMENT_SERVICE,)),
        VirtualSystem,
        _managed,
        clause="DSP1042",
        properties={"ElementEffects": Const((5,))},
    ),
    Edge(
        "CIM_ElementCapabilities",
        End("ManagedElement", (MANAGEMENT_SERVICE, HOST_SYSTEM)),
        End("Capabilities", (MANAGEMENT_CAPABILITIES,)),
        Host,
        lambda host, _p: (
            ((MANAGEMENT_SERVICE, host), (MANAGEMENT_CAPABILITIES, host)),
            ((HOST_SYSTEM, host), (MANAGEMENT_CAPABILITIES, host)),
        ),
        clause="DSP1042",
    ),
)
