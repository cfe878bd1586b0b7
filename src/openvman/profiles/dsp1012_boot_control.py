"""Boot Control (DSP1012): what a virtual system looks for its guest on, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Attr, Call, ClassMap, Const, Edge, End
from openvman.mapping.methods import MethodMap, ObjectInput
from openvman.messages.problem import Problem
from openvman.model.actor import Role
from openvman.model.boot import BootSource, boot_sources
from openvman.model.host import Host
from openvman.model.picture import Picture
from openvman.model.system import BootDevice, Configuration, VirtualSystem
from openvman.profiles.dsp1052_computer_system import HOST_SYSTEM
from openvman.profiles.dsp1057_virtual_system import COMPUTER_SYSTEM, SETTING_DATA
from openvman.profiles.extents import of_hosts, of_systems
from openvman.profiles.identity import id_in, instance_id
from openvman.profiles.services import service_map

_SUFFIX: Final = "/boot"
_CAPABILITIES: Final = "/boot-capabilities"
_STRUCTURED: Final = {
    BootDevice.DISK: "CIM:Hard-Disk:1",
    BootDevice.CDROM: "CIM:CD/DVD:1",
    BootDevice.FLOPPY: "CIM:Floppy:1",
    BootDevice.NETWORK: "CIM:Network:1",
}
_YES, _NO = 1, 2


def _bootable(system: VirtualSystem) -> Iterator[Configuration]:
    """The configurations that look for their guest at all: a container has nothing to look for."""
    return (c for c in system.configurations() if c.boot_order)


def _find_config(picture: Picture, keys: NameMap[Value]) -> Configuration | None:
    found = picture.objects.configuration(id_in(keys, suffix=_SUFFIX))
    return found if found is not None and found.boot_order else None


def _find_source(picture: Picture, keys: NameMap[Value]) -> BootSource | None:
    wanted = id_in(keys)
    configuration = picture.objects.configuration(wanted.rpartition("/")[0].removesuffix(_SUFFIX))
    sources = () if configuration is None or not configuration.boot_order else boot_sources(configuration)
    return next((source for source in sources if source.id == wanted), None)


BOOT_SOURCE: Final = ClassMap(
    name="BootSourceSetting",
    cim="CIM_BootSourceSetting",
    description="A kind of device that a virtual system may be started from.",
    owner=VirtualSystem,
    extent=of_systems(lambda vs: chain.from_iterable(map(boot_sources, _bootable(vs)))),
    find=_find_source,
    keys={"InstanceID": instance_id()},
    properties={
        "ElementName": Call(lambda source: f"boot from {source.device.value}"),
        "BootString": Call(lambda source: source.device.value),
        "StructuredBootString": Call(lambda source: _STRUCTURED[source.device]),
        "FailThroughSupported": Const(1),
    },
)

CHANGE_BOOT_ORDER: Final = MethodMap(
    name="ChangeBootOrder",
    operation="change_boot_order",
    permission=Role.OPERATOR,
    target="configuration",
    inputs={"Source": ObjectInput("sources", (BOOT_SOURCE,), required=False)},
    returns={Problem.NOT_SUPPORTED: 1, Problem.BUSY: 3, Problem.INVALID_PARAMETER: 5},
)

BOOT_CONFIG: Final = ClassMap(
    name="BootConfigSetting",
    cim="CIM_BootConfigSetting",
    description="The boot order of a configuration of a virtual system.",
    owner=VirtualSystem,
    extent=of_systems(_bootable),
    find=_find_config,
    keys={"InstanceID": instance_id(suffix=_SUFFIX)},
    properties={
        "ElementName": Call(lambda c: f"{c.kind.value} boot order of {c.name}"),
        "ConfigurationName": Attr("id"),
    },
    methods=(CHANGE_BOOT_ORDER,),
)

BOOT_SERVICE: Final = service_map(
    "BootService",
    "Boot Service",
    description="Manages what the virtual systems of one host are started from.",
)

BOOT_CAPABILITIES: Final = ClassMap(
    name="BootServiceCapabilities",
    cim="CIM_BootServiceCapabilities",
    description="What a boot service can do: its configurations are those of the systems, no others are made.",
    owner=Host,
    extent=of_hosts(),
    find=lambda p, keys: p.objects.host(id_in(keys, suffix=_CAPABILITIES)),
    keys={"InstanceID": instance_id(suffix=_CAPABILITIES)},
    properties={
        "ElementName": Call(lambda host: f"Boot capabilities of {host.name}"),
        "ElementNameEditSupported": Const(False),
        "RequestedStatesSupported": Const(()),
        "BootConfigCapabilities": Const(()),
        "BootStringsSupported": Const((2, 4)),
    },
)


def _used(system: VirtualSystem, _picture: Picture) -> Iterator[Any]:
    """What the active system was started with is current; what its next start uses is next, and the default."""
    for configuration in _bootable(system):
        yield (COMPUTER_SYSTEM, system), (BOOT_CONFIG, configuration), (system, configuration)


def _ordered(system: VirtualSystem, _picture: Picture) -> Iterator[Any]:
    for configuration in _bootable(system):
        for source in boot_sources(configuration):
            yield (BOOT_CONFIG, configuration), (BOOT_SOURCE, source), source.place


def _served(system: VirtualSystem, picture: Picture) -> Iterator[Any]:
    host = picture.objects.host(system.host_id)
    if host is not None and system.effective.boot_order:
        yield (COMPUTER_SYSTEM, system), (BOOT_SERVICE, host)


def _is_next(used: tuple[VirtualSystem, Configuration]) -> int:
    system, configuration = used
    return _YES if configuration is system.defined else _NO


EDGES: Final = (
    Edge(
        "CIM_ElementSettingData",
        End("ManagedElement", (COMPUTER_SYSTEM,)),
        End("SettingData", (BOOT_CONFIG,)),
        VirtualSystem,
        _used,
        clause="DSP1012",
        properties={
            "IsDefault": Call(_is_next),
            "IsCurrent": Call(lambda used: _YES if used[1] is used[0].current else _NO),
            "IsNext": Call(_is_next),
        },
    ),
    Edge(
        "CIM_OrderedComponent",
        End("GroupComponent", (BOOT_CONFIG,)),
        End("PartComponent", (BOOT_SOURCE,)),
        VirtualSystem,
        _ordered,
        clause="DSP1012",
        properties={"AssignedSequence": Call(lambda place: place)},
    ),
    Edge(
        "CIM_ConcreteComponent",
        End("GroupComponent", (SETTING_DATA,)),
        End("PartComponent", (BOOT_CONFIG,)),
        VirtualSystem,
        lambda vs, _p: (((SETTING_DATA, c), (BOOT_CONFIG, c)) for c in _bootable(vs)),
        clause="CIM Schema",
    ),
    Edge(
        "CIM_HostedService",
        End("Antecedent", (HOST_SYSTEM,)),
        End("Dependent", (BOOT_SERVICE,)),
        Host,
        lambda host, _p: (((HOST_SYSTEM, host), (BOOT_SERVICE, host)),),
        clause="DSP1012",
    ),
    Edge(
        "CIM_ServiceAffectsElement",
        End("AffectedElement", (COMPUTER_SYSTEM,)),
        End("AffectingElement", (BOOT_SERVICE,)),
        VirtualSystem,
        _served,
        clause="DSP1012",
        properties={"ElementEffects": Const((5,))},
    ),
    Edge(
        "CIM_ElementCapabilities",
        End("ManagedElement", (BOOT_SERVICE,)),
        End("Capabilities", (BOOT_CAPABILITIES,)),
        Host,
        lambda host, _p: (((BOOT_SERVICE, host), (BOOT_CAPABILITIES, host)),),
        clause="DSP1012",
    ),
)
