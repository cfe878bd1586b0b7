"""What KVM Redirection (DSP1076) and Text Console Redirection (DSP1024) share: consoles, and where they are reached.

A console's access point is there as long as the system has the console. The endpoint with its port, and the URL, are
there while connections are taken. No password is shown, nor known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Attr, Call, ClassMap, ClassName, Const, Edge, End, Source
from openvman.model.console import Console, consoles_of
from openvman.model.host import Host
from openvman.model.picture import Picture
from openvman.model.system import VirtualSystem
from openvman.profiles.dsp1052_computer_system import HOST_SYSTEM
from openvman.profiles.dsp1057_virtual_system import COMPUTER_SYSTEM
from openvman.profiles.extents import of_hosts, of_systems
from openvman.profiles.finding import system_with_part
from openvman.profiles.identity import id_in, instance_id
from openvman.profiles.services import service_map

Shows = Callable[[Console], bool]
_UNKNOWN, _ENABLED, _DISABLED = 0, 2, 3
_OK, _STOPPED, _LOST = 2, 10, 13
_URL: Final = 200
_TCP: Final = 4111
_MANAGES: Final = 5


def _of_state(console: Console, is_open: int, is_closed: int, is_unknown: int) -> int:
    if not console.is_known:
        return is_unknown
    return is_open if console.is_open else is_closed


def sap_map(
    name: str, *, cim: str | None = None, shows: Shows, description: str, properties: Mapping[str, Source]
) -> ClassMap:
    """The class map of access points of the consoles that ``shows`` says yes to; the class is ``cim`` or by name.

    The host has them, for the hypervisor takes the connections there.
    """

    def of(system: VirtualSystem) -> Iterator[Console]:
        return (console for console in consoles_of(system) if shows(console))

    def find(picture: Picture, keys: NameMap[Value]) -> Console | None:
        system = picture.objects.system(keys["Name"].partition("/")[0])
        return None if system is None else next((c for c in of(system) if c.id == keys["Name"]), None)

    return ClassMap(
        name=name,
        cim=cim or f"CIM_{name}",
        description=description,
        owner=VirtualSystem,
        extent=of_systems(of),
        find=find,
        found_by={"Name": system_with_part},
        keys={
            "SystemCreationClassName": ClassName(HOST_SYSTEM),
            "SystemName": Attr("host_id"),
            "CreationClassName": ClassName(),
            "Name": Attr("id"),
        },
        properties={
            "ElementName": Call(lambda console: f"{console.protocol} console"),
            "EnabledState": Call(lambda console: _of_state(console, _ENABLED, _DISABLED, _UNKNOWN)),
            "RequestedState": Const(12),
            "EnabledDefault": Const(2),
            "OperationalStatus": Call(lambda console: (_of_state(console, _OK, _STOPPED, _LOST),)),
            "HealthState": Call(lambda console: _of_state(console, 5, 5, 0)),
            **properties,
        },
    )


KVM_SAP: Final = sap_map(
    "KVMRedirectionSAP",
    shows=lambda console: not console.is_text,
    description="The screen, keyboard and mouse of a virtual system, for viewers elsewhere.",
    properties={
        "KVMProtocol": Call(lambda console: {"vnc": 4, "rdp": 3}.get(console.protocol, 1)),
        "OtherKVMProtocol": Call(lambda console: "SPICE" if console.protocol == "spice" else None),
    },
)
TEXT_SAP: Final = sap_map(
    "TextRedirectionSAP",
    shows=lambda console: console.is_text,
    description="A serial port of a virtual system, for terminals elsewhere.",
    properties={"TextFlowType": Const(2)},
)
ENDPOINT: Final = sap_map(
    "TCPProtocolEndpoint",
    shows=lambda console: console.is_open,
    description="The port of a host on which connections to a console are taken.",
    properties={
        "PortNumber": Attr("port"),
        "ProtocolIFType": Const(_TCP),
        "NameFormat": Const("<virtual system>/<device>"),
    },
)
ADDRESS: Final = sap_map(
    "RemoteServiceAccessPoint",
    shows=lambda console: console.is_open,
    description="Where a console is reached, for viewers and terminals.",
    properties={"AccessInfo": Attr("url"), "InfoFormat": Const(_URL), "AccessContext": Const(0)},
)

KVM_SERVICE: Final = service_map(
    "KVMRedirectionService",
    "KVM Redirection Service",
    cim="CIM_RedirectionService",
    description="Offers the screens of the virtual systems of one host.",
    properties={"RedirectionServiceType": Const((3,)), "SharingMode": Const(3)},
)
TEXT_SERVICE: Final = service_map(
    "TextRedirectionService",
    "Text Redirection Service",
    description="Offers the serial ports of the virtual systems of one host.",
    properties={"RedirectionServiceType": Const((2,)), "SharingMode": Const(2)},
)


def _capabilities_map(name: str, title: str, suffix: str, sharing: int) -> ClassMap:
    return ClassMap(
        name=name,
        cim="CIM_RedirectionServiceCapabilities",
        description=f"What the {title} service of a host can be set to.",
        owner=Host,
        extent=of_hosts(),
        find=lambda p, keys: p.objects.host(id_in(keys, suffix=suffix)),
        keys={"InstanceID": instance_id(suffix=suffix)},
        properties={
            "ElementName": Call(lambda host: f"{title} capabilities of {host.name}"),
            "ElementNameEditSupported": Const(False),
            "RequestedStatesSupported": Const(()),
            "SharingModeSupported": Const((sharing,)),
        },
    )


KVM_CAPABILITIES: Final = _capabilities_map(
    "KVMRedirectionCapabilities", "KVM redirection", "/kvm-redirection-capabilities", 3
)
TEXT_CAPABILITIES: Final = _capabilities_map(
    "TextRedirectionCapabilities", "text redirection", "/text-redirection-capabilities", 2
)

SAPS: Final = (KVM_SAP, TEXT_SAP)
_SERVICES: Final = {KVM_SAP: KVM_SERVICE, TEXT_SAP: TEXT_SERVICE}
CLASSES: Final = (*SAPS, ENDPOINT, ADDRESS, *_SERVICES.values(), KVM_CAPABILITIES, TEXT_CAPABILITIES)


def _sap_of(console: Console) -> ClassMap:
    return TEXT_SAP if console.is_text else KVM_SAP


def _hosted(system: VirtualSystem, picture: Picture) -> Iterator[Any]:
    host = picture.objects.host(system.host_id)
    for console in consoles_of(system) if host is not None else ():
        yield (HOST_SYSTEM, host), (_sap_of(console), console)
        if console.is_open:
            yield (HOST_SYSTEM, host), (ENDPOINT, console)
            yield (HOST_SYSTEM, host), (ADDRESS, console)


def _accessed(system: VirtualSystem, picture: Picture) -> Iterator[Any]:
    host = picture.objects.host(system.host_id)
    for console in consoles_of(system) if host is not None else ():
        sap = _sap_of(console)
        yield (_SERVICES[sap], host), (sap, console)


def _open(by: ClassMap) -> Callable[[VirtualSystem, Picture], Iterator[Any]]:
    def pairs(system: VirtualSystem, _picture: Picture) -> Iterator[Any]:
        return (((by, c), (_sap_of(c), c)) for c in consoles_of(system) if c.is_open)

    return pairs


def _hosting(service: ClassMap, clause: str) -> Edge:
    return Edge(
        "CIM_HostedService",
        End("Antecedent", (HOST_SYSTEM,)),
        End("Dependent", (service,)),
        Host,
        lambda host, _p: (((HOST_SYSTEM, host), (service, host)),),
        clause=clause,
    )


def _able(service: ClassMap, capabilities: ClassMap, clause: str) -> Edge:
    return Edge(
        "CIM_ElementCapabilities",
        End("ManagedElement", (service,)),
        End("Capabilities", (capabilities,)),
        Host,
        lambda host, _p: (((service, host), (capabilities, host)),),
        clause=clause,
    )


EDGES: Final = (
    _hosting(KVM_SERVICE, "DSP1076"),
    _hosting(TEXT_SERVICE, "DSP1024"),
    _able(KVM_SERVICE, KVM_CAPABILITIES, "DSP1076"),
    _able(TEXT_SERVICE, TEXT_CAPABILITIES, "DSP1024"),
    Edge(
        "CIM_HostedAccessPoint",
        End("Antecedent", (HOST_SYSTEM,)),
        End("Dependent", (*SAPS, ENDPOINT, ADDRESS)),
        VirtualSystem,
        _hosted,
        clause="DSP1076",
    ),
    Edge(
        "CIM_ServiceAccessBySAP",
        End("Antecedent", tuple(_SERVICES.values())),
        End("Dependent", SAPS),
        VirtualSystem,
        _accessed,
        clause="DSP1076",
    ),
    Edge(
        "CIM_SAPAvailableForElement",
        End("AvailableSAP", SAPS),
        End("ManagedElement", (COMPUTER_SYSTEM,)),
        VirtualSystem,
        lambda vs, _p: (((_sap_of(console), console), (COMPUTER_SYSTEM, vs)) for console in consoles_of(vs)),
        clause="DSP1076",
    ),
    Edge(
        "CIM_BindsTo",
        End("Antecedent", (ENDPOINT,)),
        End("Dependent", SAPS),
        VirtualSystem,
        _open(ENDPOINT),
        clause="DSP1076",
    ),
    Edge(
        "CIM_RemoteAccessAvailableToElement",
        End("Antecedent", (ADDRESS,)),
        End("Dependent", SAPS),
        VirtualSystem,
        _open(ADDRESS),
        clause="CIM Schema",
    ),
)
