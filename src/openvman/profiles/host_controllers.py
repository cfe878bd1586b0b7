"""The controllers of a host's hardware, by the schema's class for each kind (CIM Schema; no number or version of a
profile for controllers of hosts is known to us, so none is registered).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Attr, Call, ClassMap, ClassName, Const, Edge, End, Source
from openvman.model.host import ControllerKind, Host
from openvman.model.host_controller import HostController, host_controller, host_controllers
from openvman.model.picture import Picture
from openvman.profiles.dsp1052_computer_system import HOST_SYSTEM
from openvman.profiles.extents import of_hosts
from openvman.profiles.finding import host_with_id

_OTHER: Final = 1


@dataclass(frozen=True, slots=True)
class _Kind:
    """What the schema has of a kind: the class, the protocol by its ValueMap, and in words what people call it."""

    shown_by: str
    protocol: int | None
    words: str


_KINDS: Final[Mapping[ControllerKind, _Kind]] = {
    ControllerKind.SCSI: _Kind("HostSCSIController", 2, "SCSI"),
    ControllerKind.SAS: _Kind("HostSCSIController", _OTHER, "Serial Attached SCSI"),
    ControllerKind.FIBRE_CHANNEL: _Kind("HostSCSIController", 10, "Fibre Channel"),
    ControllerKind.IDE: _Kind("HostIDEController", 6, "IDE"),
    ControllerKind.SATA: _Kind("HostController", 48, "SATA"),
    ControllerKind.NVME: _Kind("HostController", _OTHER, "NVM Express"),
    ControllerKind.RAID: _Kind("HostController", 2, "RAID"),
    ControllerKind.USB: _Kind("HostUSBController", 16, "USB"),
    ControllerKind.PCI: _Kind("HostPCIController", 5, "PCI"),
    ControllerKind.DISPLAY: _Kind("HostDisplayController", 2, "display"),
    ControllerKind.SERIAL: _Kind("HostController", 27, "serial"),
}
"""Of SCSI, RAID and displays nobody says how they are spoken to: 2 is the schema's word for unknown."""


def _kind(controller: HostController) -> _Kind:
    return _KINDS[controller.controller.kind]


def _name(controller: HostController) -> str:
    one = controller.controller
    return f"{one.product_name or f'{_kind(controller).words} controller'} {one.name}"


def _map(shown_by: str, cim: str, description: str, properties: Mapping[str, Source]) -> ClassMap:
    def of(host: Host) -> Iterator[HostController]:
        return (each for each in host_controllers(host) if _kind(each).shown_by == shown_by)

    def find(picture: Picture, keys: NameMap[Value]) -> HostController | None:
        host = picture.objects.host(keys["SystemName"])
        found = None if host is None else host_controller(host, keys["DeviceID"])
        return found if found is not None and _kind(found).shown_by == shown_by else None

    return ClassMap(
        name=shown_by,
        cim=cim,
        description=description,
        owner=Host,
        extent=of_hosts(of),
        find=find,
        found_by={"SystemName": host_with_id},
        keys={
            "SystemCreationClassName": ClassName(HOST_SYSTEM),
            "SystemName": Attr("host.id"),
            "CreationClassName": ClassName(),
            "DeviceID": Attr("id"),
        },
        properties={
            "ElementName": Call(_name),
            "Name": Attr("controller.name"),
            "Caption": Attr("controller.vendor_name"),
            "ProtocolSupported": Call(lambda c: _kind(c).protocol),
            "EnabledState": Call(lambda c: 2 if c.host.online else 6),
            "RequestedState": Const(12),
            "EnabledDefault": Const(2),
            "OperationalStatus": Call(lambda c: (2 if c.host.online else 13,)),
            "HealthState": Call(lambda c: 5 if c.host.online else 0),
            **properties,
        },
    )


def _in_words(controller: HostController) -> str | None:
    """The schema has it beside ProtocolSupported 1 (Other) only."""
    return _kind(controller).words if _kind(controller).protocol == _OTHER else None


_INTERFACES: Final = {0x00: 2, 0x10: 3}


def _interface(controller: HostController) -> int:
    """UHCI and OHCI have codes; EHCI and those after it are others."""
    interface = controller.controller.interface
    return 0 if interface is None else _INTERFACES.get(interface, _OTHER)


_IN_WORDS: Final[Mapping[str, Source]] = {"ProtocolDescription": Call(_in_words)}
_ROWS: Final[tuple[tuple[str, str, str, Mapping[str, Source]], ...]] = (
    ("HostSCSIController", "CIM_SCSIController", "A SCSI, SAS or Fibre Channel adapter of a host.", _IN_WORDS),
    ("HostIDEController", "CIM_IDEController", "An IDE controller of a host.", {}),
    ("HostUSBController", "CIM_USBController", "A USB controller of a host.", {"InterfaceType": Call(_interface)}),
    ("HostPCIController", "CIM_PCIController", "A PCI bridge of a host.", {}),
    ("HostDisplayController", "CIM_DisplayController", "A graphics adapter of a host.", {}),
    (
        "HostController",
        "CIM_Controller",
        "A controller of a host without a class of its own.",
        _IN_WORDS,
    ),
)
HOST_CONTROLLERS: Final = {row[0]: _map(*row) for row in _ROWS}
"""By their names."""


def _of_host(host: Host, _picture: Picture) -> Iterator[Any]:
    for controller in host_controllers(host):
        yield (HOST_SYSTEM, host), (HOST_CONTROLLERS[_kind(controller).shown_by], controller)


EDGES: Final = (
    Edge(
        "CIM_SystemDevice",
        End("GroupComponent", (HOST_SYSTEM,)),
        End("PartComponent", tuple(HOST_CONTROLLERS.values())),
        Host,
        _of_host,
        clause="CIM Schema",
    ),
)
