"""The services of a host and their capabilities, as libvirt-cim names them: one of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from openvman.mapping.declare import Attr, Call, ClassMap, Const, Source
from openvman.mapping.methods import MethodMap
from openvman.profiles import redirection
from openvman.profiles.dsp1041_service import POOL_CAPABILITIES, POOL_SERVICE
from openvman.profiles.dsp1042_system_virtualization import MANAGEMENT_CAPABILITIES, MANAGEMENT_SERVICE
from openvman.views.libvirt_cim.names import guest_system, keys_on_guest, keys_on_host
from openvman.views.libvirt_cim.own import own
from openvman.views.libvirt_cim.pool_service import OWN_METHODS
from openvman.views.libvirt_cim.scope import INSTANCE_ID, Scope, Seen
from openvman.views.libvirt_cim.systems import PLAIN_STATE, Systems

RELEASE, REVISION, CHANGESET = "0.6.3", "1347", "a5a073c"
"""Those of libvirt-cim whose behaviour this view has: clients decide by the revision what they ask for."""
_ANY_PORT: Final = -1


@dataclass(frozen=True, slots=True)
class Services:
    management: ClassMap
    pools: ClassMap
    migration: ClassMap
    snapshots: ClassMap
    consoles: ClassMap
    management_capabilities: ClassMap
    pool_capabilities: ClassMap
    migration_capabilities: ClassMap
    migration_settings: ClassMap
    snapshot_capabilities: ClassMap
    console_capabilities: ClassMap
    screen: ClassMap

    def all(self) -> tuple[ClassMap, ...]:
        return (
            self.management,
            self.pools,
            self.migration,
            self.snapshots,
            self.consoles,
            self.management_capabilities,
            self.pool_capabilities,
            self.migration_capabilities,
            self.migration_settings,
            self.snapshot_capabilities,
            self.console_capabilities,
            self.screen,
        )


def services(
    scope: Scope, systems: Systems, methods: tuple[MethodMap, ...], pool_methods: tuple[MethodMap, ...]
) -> Services:
    """The family's services; ``methods`` are those of guests, ``pool_methods`` those of pools."""

    def service(standard: ClassMap, called: str, **more: Any) -> ClassMap:
        properties = {**PLAIN_STATE, **more.pop("properties", {})}
        return scope.of_host(standard, keys=keys_on_host(systems.host, Const(called)), properties=properties, **more)

    def own_service(name: str, called: str, description: str) -> ClassMap:
        return scope.singleton(
            name,
            f"CIM_{name}",
            description=description,
            keys=keys_on_host(systems.host, Const(called)),
            properties=PLAIN_STATE,
        )

    def capabilities(name: str, called: str, properties: dict[str, Source], description: str, **more: Any) -> ClassMap:
        return scope.singleton(
            name,
            f"CIM_{name}",
            description=description,
            keys={INSTANCE_ID: Const(called)},
            properties=properties,
            **more,
        )

    return Services(
        management=service(
            MANAGEMENT_SERVICE,
            "Management Service",
            properties={
                "Caption": Call(lambda host: f"{host.hypervisor_name} {host.hypervisor_version}"),
                "OperationalStatus": Const((2,)),
                "LibvirtVersion": Attr("manager_version"),
                "Release": Const(RELEASE),
                "Revision": Const(REVISION),
                "Changeset": Const(CHANGESET),
            },
            extras=own("LibvirtVersion", "Release", "Revision", "Changeset"),
            methods=methods,
        ),
        pools=service(POOL_SERVICE, "RPCS", methods=pool_methods, extra_methods=OWN_METHODS),
        migration=own_service("VirtualSystemMigrationService", "MigrationService", "Moves guests to other hosts."),
        snapshots=own_service("VirtualSystemSnapshotService", "SnapshotService", "Makes snapshots of guests."),
        consoles=service(
            redirection.KVM_SERVICE,
            "ConsoleRedirectionService",
            name="ConsoleRedirectionService",
            properties={
                "ElementName": Const("ConsoleRedirectionService"),
                "EnabledState": Const(2),
                "RedirectionServiceType": Const((3,)),
                "SharingMode": Const(3),
                "MaxCurrentEnabledSAPs": Const(65535),
            },
        ),
        management_capabilities=scope.of_host(
            MANAGEMENT_CAPABILITIES,
            keys={INSTANCE_ID: Const("ManagementCapabilities")},
            properties={
                "SynchronousMethodsSupported": Const((1, 2, 3, 5, 6, 7)),
                "VirtualSystemTypesSupported": Const((scope.prefix,)),
            },
        ),
        pool_capabilities=scope.of_host(
            POOL_CAPABILITIES,
            keys={INSTANCE_ID: Const("RPCC")},
            properties={"SynchronousMethodsSupported": Const((3, 4))},
        ),
        migration_capabilities=capabilities(
            "VirtualSystemMigrationCapabilities",
            "MigrationCapabilities",
            {
                "DestinationHostFormatsSupported": Const((2, 3, 4)),
                "AsynchronousMethodsSupported": Const((2, 3)),
                "SynchronousMethodsSupported": Const((4, 5)),
            },
            "How guests can be moved.",
        ),
        migration_settings=capabilities(
            "VirtualSystemMigrationSettingData",
            "MigrationSettingData",
            {"MigrationType": Const(2), "Priority": Const(0), "TransportType": Const(2)},
            "How a guest is moved when nothing is said.",
            extras=own("TransportType"),
        ),
        snapshot_capabilities=capabilities(
            "VirtualSystemSnapshotServiceCapabilities",
            "SnapshotCapabilities",
            {
                "SynchronousMethodsSupported": Const((3,)),
                "AynchronousMethodsSupported": Const((2, 4)),
                "SnapshotTypesSupported": Const((32768, 32769)),
            },
            "Which snapshots can be made.",
        ),
        console_capabilities=scope.of_host(
            redirection.KVM_CAPABILITIES,
            name="ConsoleRedirectionServiceCapabilities",
            keys={INSTANCE_ID: Const("ConsoleRedirectionCapabilities")},
            properties={
                "ElementName": Const("ConsoleRedirectionCapabilities"),
                "ElementNameEditSupported": Const(value=False),
                "SharingModeSupported": Const((3,)),
            },
        ),
        screen=scope.of_system(
            (redirection.KVM_SAP,),
            name="KVMRedirectionSAP",
            description="The screen of a guest, for viewers elsewhere.",
            guest=guest_system,
            keys=keys_on_guest(systems.guest, "Name", Call(_port_and_state)),
            properties={
                **PLAIN_STATE,
                "ElementName": Call(_port_and_state),
                "EnabledState": Call(lambda seen: 6 if seen.of.is_open else 3),
                "KVMProtocol": Const(4),
            },
        ),
    )


def _port_and_state(seen: Seen) -> str:
    """The port that viewers connect to, and whether it takes any: 0 while the guest runs, else -1."""
    wanted = next((a.address for a in seen.system.effective.devices if seen.of.local_id == a.local_id), None)
    port = seen.of.port if seen.of.is_open else _port_in(wanted)
    return f"{port}:{0 if seen.of.is_open else -1}"


def _port_in(address: str | None) -> int:
    """The port that is asked for; -1 when it is chosen at the start."""
    _, colon, port = (address or "").rpartition(":")
    return int(port) if colon and port.isdigit() else _ANY_PORT
