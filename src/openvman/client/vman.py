"""The vocabulary: hosts and virtual machines by the DMTF profiles, as a server with the standard view offers them.

One machine is read by following the profiles' associations; a list of machines is read class by class and joined, so
its cost is a handful of requests however many there are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

import pywbem

from openvman.client import records, settings
from openvman.client.description import Description, Preview, describe
from openvman.client.devices import Device, DeviceWish
from openvman.client.errors import ClientError, Reason
from openvman.client.pools import Pools
from openvman.client.ranges import check_ranges
from openvman.client.records import Action, Configuration, Details, Disk, Host, Nic, Profile, System
from openvman.client.session import Session
from openvman.client.tuning import Tuning
from openvman.client.wishes import Change, DiskWish, NicWish, SystemWish

_END_OF_LOG: Final = 2
_NOTHING: Final = 0
LINE_LIMIT: Final = 100_000
"""Lines read from a console at most; the server keeps less."""
_POLL_SECONDS: Final = 0.2
_SUMMARY: Final = ("Name", "ElementName", "Description", "EnabledState", "AvailableRequestedStates")
_SIZES: Final = ("InstanceID", "VirtualQuantity", "VirtualQuantityUnits", "AllocationUnits")


class Client:
    """Manages one server's hosts and virtual machines. Raises only ClientError."""

    def __init__(
        self,
        session: Session,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.session = session
        self._clock = clock
        self._sleep = sleep

    def close(self) -> None:
        self.session.close()

    # --- hosts ------------------------------------------------------------------------------------------------------

    def hosts(self) -> list[Host]:
        """Every host, by name."""
        found = [records.host_of(instance) for instance in self.session.enumerate("VMAN_HostSystem")]
        return sorted(found, key=lambda host: (host.name.lower(), host.id))

    def host(self, wanted: str) -> Host:
        """The host with this name or UUID."""
        hosts = self.hosts()
        found = [h for h in hosts if wanted.lower() == h.id.lower()] or [h for h in hosts if h.name == wanted]
        if not found:
            raise ClientError(Reason.NOT_FOUND, f"There is no host '{wanted}'.{_listed('Hosts', hosts)}")
        if len(found) > 1:
            raise ClientError(Reason.NOT_FOUND, f"More than one host is named '{wanted}'.{_listed('Say which', found)}")
        return found[0]

    def profiles(self, host: Host) -> list[Profile]:
        """The profiles that the host conforms to (DSP1033), with the version the server registers."""
        found = self.session.associators(
            host.path, "CIM_ElementConformsToProfile", "CIM_RegisteredProfile", role="ManagedElement"
        )
        return sorted((records.profile_of(instance) for instance in found), key=lambda profile: profile.caption)

    def system_types(self, host: Host) -> list[str]:
        """VirtualSystemTypes that can be defined on the host, best first (DSP1042)."""
        found = self.session.associators(
            host.path, "CIM_ElementCapabilities", "CIM_VirtualSystemManagementCapabilities", role="ManagedElement"
        )
        return [str(text) for instance in found for text in instance.get("VirtualSystemTypesSupported") or ()]

    # --- virtual machines -------------------------------------------------------------------------------------------

    def systems(self, host: Host | None = None) -> list[System]:
        """Every virtual machine (of a host), by name, with the processors and memory it has or would have."""
        hosts = {h.id: h for h in self.hosts()}
        on = self._placement()
        cpus = self._quantities("VMAN_ProcessorAllocationSettingData", records.count_of)
        memory = self._quantities("VMAN_MemoryAllocationSettingData", records.size_of)
        found = []
        for instance in self.session.enumerate("VMAN_ComputerSystem", _SUMMARY):
            system_id = str(instance["Name"])
            where = hosts.get(on.get(system_id, ""))
            if host is None or (where is not None and where.id == host.id):
                found.append(records.system_of(instance, where, cpus.get(system_id), memory.get(system_id)))
        return sorted(found, key=lambda system: (system.name.lower(), system.name, system.id))

    def find(self, wanted: str, host: Host | None = None) -> System:
        """The virtual machine with this UUID or name. Raises NOT_FOUND, listing the candidates when several fit."""
        instances = []
        with suppress(ValueError):
            instances = self._by_uuid(str(UUID(wanted)))
        if not instances:
            instances = [
                i for i in self.session.enumerate("VMAN_ComputerSystem", _SUMMARY) if i["ElementName"] == wanted
            ]
        found = [system for system in map(self._placed, instances) if host is None or system.host_id == host.id]
        if not found:
            where = f" on host {host.name}" if host else ""
            raise ClientError(Reason.NOT_FOUND, f"There is no virtual machine '{wanted}'{where}. See: vman vm list")
        if len(found) > 1:
            candidates = "; ".join(f"{s.id} on {s.host}" for s in found)
            raise ClientError(
                Reason.NOT_FOUND,
                f"More than one virtual machine is named '{wanted}': {candidates}. Use the UUID or --host.",
            )
        return found[0]

    def again(self, system: System) -> System:
        """The same machine as it is now."""
        return self._placed(self.session.get(system.path, _SUMMARY))

    def details(self, system: System) -> Details:
        """The machine's configurations: in force by CIM_SettingsDefineState, the next by CIM_ElementSettingData."""
        current = defined = None
        for setting in self.session.associators(
            system.path, "CIM_SettingsDefineState", "CIM_VirtualSystemSettingData", role="ManagedElement"
        ):
            configuration = self._configuration(setting)
            following = self.session.associators(
                setting.path, "CIM_ElementSettingData", "CIM_VirtualSystemSettingData", "ManagedElement", "SettingData"
            )
            if any(other.path == setting.path for other in following):
                defined = configuration
            else:
                current = configuration
                defined = next((self._configuration(other) for other in following), None)
        return Details(system=system, current=current, defined=defined)

    def define(self, wish: SystemWish, host: Host) -> System:
        """Define a virtual machine on the host (DSP1042 8.2.1); it is not started."""
        return self.define_described(self.described(wish, host), host)

    def described(self, wish: SystemWish, host: Host) -> Description:
        """The description that a wish makes."""
        resources = settings.resource_settings(wish, self._pins(host.path, wish.tuning))
        return Description(wish.name, None, settings.system_settings(wish), tuple(resources))

    def define_described(self, description: Description, host: Host) -> System:
        """The same of a description; one that is out of the ranges that the host tells (DSP1043) is not sent."""
        check_ranges(description, Pools(self.session), host)
        result = self.session.call("DefineSystem", self._service(host), _definition(description))
        path = result.outputs.get("ResultingSystem")
        if path is None:
            return self.find(description.name or "", host)
        return self._placed(self.session.get(path, _SUMMARY))

    def check(self, description: Description, host: Host) -> Preview:
        """What a definition would come to: nothing is done. Raises as :meth:`define_described` would."""
        check_ranges(description, Pools(self.session), host)
        result = self.session.call("CheckDefineSystem", self._service(host), _definition(description))
        return Preview(
            description=describe(
                result.outputs["ResultingSystemSettings"], result.outputs["ResultingResourceSettings"] or (), host.name
            ),
            effects=tuple(str(effect) for effect in result.outputs["Effects"] or ()),
        )

    def export(self, system: System) -> dict[str, Any]:
        """The description of what the machine gets at its next start, or else of what it has."""
        details = self.details(system)
        configuration = details.defined or details.current
        assert configuration is not None, "a machine has a configuration"
        setting, *parts = (self.session.get(path) for path in configuration.paths)
        return describe(setting, parts, system.host)

    def modify(self, system: System, configuration: Configuration, change: Change) -> None:
        """Change a configuration: the defined one for the next start, the current one at once where that can be."""
        service = self._service_of(system)
        if change.of_system:
            wanted = settings.changed_settings(change, configuration.id)
            self.session.call("ModifySystemSettings", service, [("SystemSettings", wanted)])
        if change.of_resources:
            parts = []
            tuning = change.tuning
            if change.cpus is not None or (tuning is not None and tuning.of_processors):
                path = _part(configuration, "ProcessorAllocationSettingData")
                pins = self._pins(self._host_path(system), tuning)
                parts.append(settings.processor_settings(change.cpus, path["InstanceID"], tuning, pins))
            if change.memory is not None or (tuning is not None and tuning.of_memory):
                path = _part(configuration, "MemoryAllocationSettingData")
                parts.append(settings.memory_settings(change.memory, path["InstanceID"], tuning))
            parts += [
                settings.changed_disk(disk, _device(configuration, disk.target)["InstanceID"]) for disk in change.disks
            ]
            if change.screen_password is not None:
                parts += [
                    settings.screen_settings(change.screen_password, path["InstanceID"])
                    for path in _screens(system, configuration)
                ]
            self.session.call("ModifyResourceSettings", service, [("ResourceSettings", parts)])

    def attach(
        self, system: System, configuration: Configuration, wish: DiskWish | NicWish | DeviceWish
    ) -> Disk | Nic | Device:
        """Add a device to a configuration (DSP1042, AddResourceSettings); the device as it has become."""
        parameters = [
            ("AffectedConfiguration", configuration.paths[0]),
            ("ResourceSettings", [settings.device_settings(wish)]),
        ]
        result = self.session.call("AddResourceSettings", self._service_of(system), parameters)
        return records.device_of(self.session.get(result.outputs["ResultingResourceSettings"][0]))

    def detach(self, system: System, configurations: Sequence[Configuration], device: str) -> None:
        """Remove a device from configurations, all or none (DSP1042, RemoveResourceSettings); its image stays."""
        paths = [_device(configuration, device) for configuration in configurations]
        self.session.call("RemoveResourceSettings", self._service_of(system), [("ResourceSettings", paths)])

    def change_medium(
        self, system: System, configurations: Sequence[Configuration], drive: str, source: str | None
    ) -> None:
        """Put a medium into a drive, or take it out, in all the configurations or none."""
        wanted = [
            settings.medium_settings(source, _device(configuration, drive)["InstanceID"])
            for configuration in configurations
        ]
        self.session.call("ModifyResourceSettings", self._service_of(system), [("ResourceSettings", wanted)])

    def destroy(self, system: System) -> None:
        """Destroy the machine (DSP1042 8.2.2); an active one is stopped by force first, where the server does so."""
        self.session.call("DestroySystem", self._service_of(system), [("AffectedSystem", system.path)])

    # --- state ------------------------------------------------------------------------------------------------------

    def request(self, system: System, action: Action) -> None:
        """Ask for a change of state (DSP1057 8.2.1). STOP and REBOOT return when the guest has been asked."""
        code = pywbem.Uint16(records.REQUESTED_STATES[action])
        try:
            self.session.call("RequestStateChange", system.path, [("RequestedState", code)])
        except ClientError as error:
            if error.reason is not Reason.REFUSED:
                raise
            raise ClientError(Reason.REFUSED, self._why_not(system, action, error.message)) from error

    def wait(self, system: System, state: str, timeout: float) -> System:
        """Wait until the machine is in the state. TIMEOUT tells the state it was last seen in."""
        end = self._clock() + timeout
        while True:
            now = self.again(system)
            if now.state == state:
                return now
            if self._clock() >= end:
                raise ClientError(
                    Reason.TIMEOUT, f"'{system.name}' is {now.state}, and not {state} after {timeout:.0f} s."
                )
            self._sleep(_POLL_SECONDS)

    # --- consoles ---------------------------------------------------------------------------------------------------

    def console(self, system: System) -> Console:
        """The log of the machine's first serial port. Raises NOT_FOUND when none is kept."""
        logs = self.session.associators(system.path, "CIM_UseOfMessageLog", "CIM_MessageLog", "Dependent", "Antecedent")
        if not logs:
            raise ClientError(Reason.NOT_FOUND, f"The host keeps no log of a serial console for '{system.name}'.")
        first = min(logs, key=lambda log: str(log["Name"]))
        return Console(self.session, first.path)

    # --- inside -----------------------------------------------------------------------------------------------------

    def _host_path(self, system: System) -> Any:
        found = next((host.path for host in self.hosts() if host.id == system.host_id), None)
        if found is None:
            raise ClientError(Reason.REFUSED, f"The host of '{system.name}' is not known now.")
        return found

    def _pins(self, host_path: Any, tuning: Tuning | None) -> list[str]:
        """The paths of the host's processors that a tuning names, in its order."""
        if tuning is None or not tuning.cpu_pin:
            return []
        found = self.session.associators(host_path, "CIM_SystemDevice", "VMAN_HostProcessor", "GroupComponent")
        paths = {int(str(each["DeviceID"]).rpartition(":")[2]): each.path for each in found}
        missing = [number for number in tuning.cpu_pin if number not in paths]
        if missing:
            raise ClientError(Reason.NOT_FOUND, f"The host has no processor {missing[0]}; it has {len(paths)}, from 0.")
        return [paths[number].to_wbem_uri() for number in tuning.cpu_pin]

    def _by_uuid(self, system_id: str) -> list[Any]:
        path = pywbem.CIMInstanceName(
            "VMAN_ComputerSystem",
            {"CreationClassName": "VMAN_ComputerSystem", "Name": system_id},
            namespace=self.session.target.namespace,
        )
        try:
            return [self.session.get(path, _SUMMARY)]
        except ClientError as error:
            if error.reason is Reason.NOT_FOUND:
                return []
            raise

    def _placed(self, instance: Any) -> System:
        hosts = self.session.associators(
            instance.path, "CIM_HostedDependency", "VMAN_HostSystem", "Dependent", "Antecedent"
        )
        return records.system_of(instance, records.host_of(hosts[0]) if hosts else None)

    def _placement(self) -> dict[str, str]:
        """System id to host id."""
        return {
            str(instance["Dependent"]["Name"]): str(instance["Antecedent"]["Name"])
            for instance in self.session.enumerate("CIM_HostedDependency")
        }

    def _quantities(self, class_name: str, read: Callable[[Any], int | None]) -> dict[str, int | None]:
        """System id to a quantity, of the configuration in force where there is one, else of the defined one."""
        found: dict[str, int | None] = {}
        for instance in self.session.enumerate(class_name, _SIZES):
            system_id, kind = _configuration_in(str(instance["InstanceID"]))
            if kind == "state" or system_id not in found:
                found[system_id] = read(instance)
        return found

    def _configuration(self, setting: Any) -> Configuration:
        parts = self.session.associators(
            setting.path, "CIM_VirtualSystemSettingDataComponent", None, "GroupComponent", "PartComponent"
        )
        return records.configuration_of(setting, parts)

    def _service(self, host: Host) -> Any:
        found = self.session.associators(
            host.path, "CIM_HostedService", "CIM_VirtualSystemManagementService", "Antecedent", "Dependent"
        )
        if not found:
            raise ClientError(Reason.REFUSED, f"Host {host.name} has no service that manages virtual machines.")
        return found[0].path

    def _service_of(self, system: System) -> Any:
        found = self.session.associators(
            system.path, "CIM_ServiceAffectsElement", "CIM_VirtualSystemManagementService", "AffectedElement"
        )
        if not found:
            raise ClientError(Reason.REFUSED, f"No service manages '{system.name}' now; its host may be offline.")
        return found[0].path

    def _why_not(self, system: System, action: Action, told: str) -> str:
        now = self.again(system)
        if action in now.possible:
            return told
        possible = ", ".join(now.possible) or "nothing until its present change is done"
        return f"'{now.name}' is {now.state}: it cannot {action}. Possible now: {possible}."


class Console:
    """A serial console's log as a message log (DSP1010): a record is a line."""

    def __init__(self, session: Session, path: Any) -> None:
        self._session = session
        self._path = path
        self._position: Any = None

    def lines(self) -> Iterator[str]:
        """The lines printed since the last call, from the first on; bounded. Undecodable bytes are replaced."""
        for _ in range(LINE_LIMIT):
            if self._position is None:
                first = self._session.invoke("PositionToFirstRecord", self._path)
                if first.value != _NOTHING:
                    return
                self._position = first.outputs.get("IterationIdentifier")
            record = self._session.invoke(
                "GetRecord", self._path, [("IterationIdentifier", self._position), ("PositionToNext", True)]
            )
            if record.value == _END_OF_LOG:
                return
            if record.value != _NOTHING:
                raise ClientError(Reason.FAILED, f"GetRecord: the console cannot be read (return code {record.value}).")
            self._position = record.outputs.get("IterationIdentifier", self._position)
            data = bytes(int(item) for item in record.outputs.get("RecordData") or ())
            yield data.decode("utf-8", "replace").rstrip("\r\n")


def _definition(description: Description) -> list[tuple[str, Any]]:
    parameters: list[tuple[str, Any]] = [("SystemSettings", description.system)]
    if description.resources:
        parameters.append(("ResourceSettings", list(description.resources)))
    return parameters


def _configuration_in(instance_id: str) -> tuple[str, str]:
    """System id and configuration kind in an InstanceID ``VMAN:<system>/<kind>/…``."""
    system_id, kind = [*instance_id.partition(":")[2].split("/"), ""][:2]
    return system_id, kind


def _part(configuration: Configuration, class_suffix: str) -> Any:
    path = configuration.path(class_suffix)
    if path is None:
        raise ClientError(Reason.REFUSED, f"Configuration {configuration.id} has no {class_suffix}.")
    return path


def _device(configuration: Configuration, name: str) -> Any:
    path = configuration.device(name)
    if path is None:
        disks, nics = [disk.target for disk in configuration.disks], [nic.mac for nic in configuration.nics]
        names = ", ".join(disks + nics + [other.id for other in configuration.devices])
        when = "at its next start" if configuration.kind == "defined" else "now"
        raise ClientError(Reason.NOT_FOUND, f"It has no device '{name}' {when}. It has: {names or 'none'}.")
    return path


def _screens(system: System, configuration: Configuration) -> list[Any]:
    found = [_device(configuration, device.id) for device in configuration.devices if device.kind == "graphics"]
    if not found:
        raise ClientError(Reason.REFUSED, f"'{system.name}' has no screen that viewers could see.")
    return found


def _listed(label: str, hosts: list[Host]) -> str:
    return f" {label}: " + ", ".join(f"{h.name} ({h.id})" for h in hosts) + "." if hosts else ""
