"""Profile Registration (DSP1033): what a client finds first, in the interop namespace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from openvman.mapping.declare import Attr, Call, ClassMap, ClassName, Const, Edge, End
from openvman.model.capability import offers_of
from openvman.model.host import Host
from openvman.model.host_device import host_devices
from openvman.model.host_port import host_ports
from openvman.model.job import Job
from openvman.model.picture import Picture
from openvman.model.pool import pools_of
from openvman.model.resource import ResourceKind
from openvman.model.server import Server
from openvman.model.system import VirtualSystem
from openvman.profiles.dsp1012_boot_control import BOOT_SERVICE
from openvman.profiles.dsp1014_host_ports import HOST_PORT
from openvman.profiles.dsp1041_pools import RESOURCE_POOL
from openvman.profiles.dsp1043_capabilities import ALLOCATION_CAPABILITIES
from openvman.profiles.dsp1052_computer_system import HOST_SYSTEM
from openvman.profiles.dsp1054_indications import SERVICE as INDICATION_SERVICE
from openvman.profiles.dsp1057_virtual_system import COMPUTER_SYSTEM
from openvman.profiles.dsp1103_job_control import CONCRETE_JOB
from openvman.profiles.host_devices import HOST_MEMORY, HOST_PROCESSOR
from openvman.profiles.identity import id_in, instance_id
from openvman.profiles.redirection import KVM_SERVICE, TEXT_SERVICE
from openvman.profiles.registrations import REGISTRATIONS, Registration
from openvman.profiles.services import RUNNING
from openvman.profiles.spaces import INTEROP

_DMTF = 2
_NOT_ADVERTISED = 2

REGISTERED_PROFILE = ClassMap(
    name="RegisteredProfile",
    cim="CIM_RegisteredProfile",
    description="A profile that this server conforms to.",
    space=INTEROP,
    owner=Server,
    extent=lambda _p: REGISTRATIONS,
    find=lambda _p, keys: next((r for r in REGISTRATIONS if r.id == id_in(keys)), None),
    keys={"InstanceID": instance_id()},
    properties={
        "ElementName": Attr("name"),
        "Caption": Call(lambda r: f"{r.specification} {r.name} {r.version}"),
        "RegisteredOrganization": Const(_DMTF),
        "RegisteredName": Attr("name"),
        "RegisteredVersion": Attr("version"),
        "AdvertiseTypes": Const((_NOT_ADVERTISED,)),
        "SpecificationType": Const(2),
    },
)


def _references(_owner: Server, _picture: Picture) -> Iterator[Any]:
    by_specification = {r.specification: r for r in REGISTRATIONS}
    for referencing in REGISTRATIONS:
        for specification in referencing.references:
            yield (REGISTERED_PROFILE, by_specification[specification]), (REGISTERED_PROFILE, referencing)


Of = Callable[[Any, Picture], Iterable[Any]]


def _itself(owner: Any, _picture: Picture) -> Iterable[Any]:
    return (owner,)


def _devices_of(kind: ResourceKind) -> Of:
    return lambda host, _picture: (device for device in host_devices(host) if device.kind is kind)


def _conforming(classmap: ClassMap, of: Of) -> Of:
    profiles = [r for r in REGISTRATIONS if classmap in r.central]
    return lambda owner, picture: (
        ((REGISTERED_PROFILE, r), (classmap, obj)) for obj in of(owner, picture) for r in profiles if r.covers(obj)
    )


def _registration(_owner: Server, _picture: Picture) -> Iterator[Any]:
    """Profile Registration's central instances are the registered profiles themselves."""
    own: Registration = REGISTRATIONS[0]
    for registration in REGISTRATIONS:
        yield (REGISTERED_PROFILE, own), (REGISTERED_PROFILE, registration)


def _conforms(owner: type, classmap: ClassMap, of: Of = _itself) -> Edge:
    """The central instances of profiles; ``of`` gives those that belong to an owner."""
    return Edge(
        "CIM_ElementConformsToProfile",
        End("ConformantStandard", (REGISTERED_PROFILE,)),
        End("ManagedElement", (classmap,)),
        owner,
        _registration if classmap is REGISTERED_PROFILE else _conforming(classmap, of),
        clause="DSP1033",
    )


OBJECT_MANAGER = ClassMap(
    name="ObjectManager",
    cim="CIM_ObjectManager",
    description="This server.",
    space=INTEROP,
    owner=Server,
    extent=lambda p: (p.server,),
    find=lambda p, _keys: p.server,
    keys={
        "SystemCreationClassName": Const("CIM_ComputerSystem"),
        "SystemName": Attr("host_name"),
        "CreationClassName": ClassName(),
        "Name": Attr("id"),
    },
    properties={
        "ElementName": Const("openvman"),
        # Clients read the version out of this sentence.
        "Description": Call(lambda server: f"openvman CIM Server Version {server.version}"),
        "GatherStatisticalData": Const(False),
        **RUNNING,
    },
)

NAMESPACE = ClassMap(
    name="Namespace",
    cim="CIM_Namespace",
    description="A namespace of this server.",
    space=INTEROP,
    owner=Server,
    extent=lambda p: p.server.namespaces,
    find=lambda p, keys: next((n for n in p.server.namespaces if n.name == keys["Name"]), None),
    keys={
        "SystemCreationClassName": Const("CIM_ComputerSystem"),
        "SystemName": Attr("host_name"),
        "ObjectManagerCreationClassName": ClassName(OBJECT_MANAGER),
        "ObjectManagerName": Attr("server_id"),
        "CreationClassName": ClassName(),
        "Name": Attr("name"),
    },
    properties={
        "ElementName": Attr("name"),
        "ClassType": Const(1),
        "DescriptionOfClassType": Const("The DMTF CIM Schema, with this server's own subclasses"),
    },
)

COMMUNICATION = ClassMap(
    name="CIMXMLCommunicationMechanism",
    cim="CIM_CIMXMLCommunicationMechanism",
    description="How this server is spoken to in CIM-XML.",
    space=INTEROP,
    owner=Server,
    extent=lambda p: (p.server,),
    find=lambda p, _keys: p.server,
    keys={
        "SystemCreationClassName": Const("CIM_ComputerSystem"),
        "SystemName": Attr("host_name"),
        "CreationClassName": ClassName(),
        "Name": Const("CIM-XML"),
    },
    properties={
        "ElementName": Const("CIM-XML"),
        "CommunicationMechanism": Const(2),
        "CIMXMLProtocolVersion": Const(1),
        "Version": Const("1.4"),
        "CIMValidated": Const(False),
        # reads, writes, schema reads, queries, associations, indications
        "FunctionalProfilesSupported": Const((2, 3, 4, 5, 6, 8, 9)),
        "MultipleOperationsSupported": Const(False),
        "AuthenticationMechanismsSupported": Const((3,)),  # Basic
        "PulledEnumerationContinuationOnErrorSupported": Const(True),
        "PulledEnumerationNoOperationTimeoutSupported": Const(False),
    },
)

EDGES = (
    Edge(
        "CIM_ReferencedProfile",
        End("Antecedent", (REGISTERED_PROFILE,)),
        End("Dependent", (REGISTERED_PROFILE,)),
        Server,
        _references,
        clause="DSP1033",
    ),
    _conforms(Server, REGISTERED_PROFILE),
    _conforms(Host, HOST_SYSTEM),
    _conforms(Host, RESOURCE_POOL, lambda host, picture: pools_of(host, picture.objects.consumed)),
    _conforms(Host, ALLOCATION_CAPABILITIES, lambda host, _picture: offers_of(host)),
    _conforms(VirtualSystem, COMPUTER_SYSTEM),
    _conforms(Host, HOST_PROCESSOR, _devices_of(ResourceKind.PROCESSOR)),
    _conforms(Host, HOST_MEMORY, _devices_of(ResourceKind.MEMORY)),
    _conforms(Host, HOST_PORT, lambda host, _picture: host_ports(host)),
    _conforms(Host, BOOT_SERVICE),
    _conforms(Host, TEXT_SERVICE),
    _conforms(Host, KVM_SERVICE),
    _conforms(Job, CONCRETE_JOB),
    _conforms(Server, INDICATION_SERVICE, lambda _server, picture: (picture.subscriptions,)),
    Edge(
        "CIM_NamespaceInManager",
        End("Antecedent", (OBJECT_MANAGER,)),
        End("Dependent", (NAMESPACE,)),
        Server,
        lambda server, _p: (((OBJECT_MANAGER, server), (NAMESPACE, n)) for n in server.namespaces),
        clause="CIM Schema",
    ),
    Edge(
        "CIM_CommMechanismForManager",
        End("Antecedent", (OBJECT_MANAGER,)),
        End("Dependent", (COMMUNICATION,)),
        Server,
        lambda server, _p: (((OBJECT_MANAGER, server), (COMMUNICATION, server)),),
        clause="CIM Schema",
    ),
)
