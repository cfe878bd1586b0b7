"""libvirt-cim's errors: its codes and texts, which its clients compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from openvman.cim.errors import CIMError
from openvman.mapping.declare import ClassMap, Unfound, Words
from openvman.messages import compatible, hypervisor, hypervisor_storage, pools, settings, systems
from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError
from openvman.model.states import Action
from openvman.views.libvirt_cim.device_values import missing_network
from openvman.views.libvirt_cim.devices import SETTING
from openvman.views.libvirt_cim.names import setting_name
from openvman.views.libvirt_cim.scope import INSTANCE_ID, Scope, Seen

Find = Callable[[Unfound, Scope], CIMError]


def _no_such(what: str) -> CIMError:
    return CIMError(compatible.NO_SUCH_KEY, what=what)


def _given(unfound: Unfound, key: str) -> str | None:
    """A key as it came; None when it is missing. An only key may come without its name."""
    found = unfound.given.get(key, unfound.given.get("")) if key == INSTANCE_ID else unfound.given.get(key)
    return None if found is None else str(found)


def _is_wrong(unfound: Unfound, key: str, right: str) -> bool:
    found = _given(unfound, key)
    return found is None or found.lower() != right.lower()


def _first_wrong(unfound: Unfound, scope: Scope, system: str) -> str | None:
    """The first of the keys that every scoped thing has, which is missing or wrong; ``system`` is the scope's class."""
    if _is_wrong(unfound, "CreationClassName", unfound.class_name):
        return "CreationClassName"
    if _is_wrong(unfound, "SystemCreationClassName", f"{scope.prefix}_{system}"):
        return "SystemCreationClassName"
    name = _given(unfound, "SystemName")
    host = scope.host(unfound.picture)
    if system == "HostSystem":
        return "SystemName" if host is None or name != host.name else None
    return "SystemName" if name is None or scope.system_named(unfound.picture, name) is None else None


# --- the table: what is said of a path by what its class is -----------------------------------------------------------


def _device(unfound: Unfound, scope: Scope) -> CIMError:
    device = _given(unfound, "DeviceID")
    if device is None:
        return CIMError(compatible.NO_DEVICE_ID)
    wrong = _first_wrong(unfound, scope, "ComputerSystem")
    return _no_such(wrong if wrong is not None else f"bad id {device}")


def _guest(unfound: Unfound, _scope: Scope) -> CIMError:
    name = _given(unfound, "Name")
    if _is_wrong(unfound, "CreationClassName", unfound.class_name) and (name is not None or unfound.follows):
        return _no_such("CreationClassName")
    if name is None and unfound.follows:
        return CIMError(compatible.NO_DOMAIN_NAME)
    if name is None:
        return CIMError(compatible.DOMAIN_NOT_NAMED)
    return CIMError(compatible.NO_DOMAIN, name=name)


def _host(unfound: Unfound, _scope: Scope) -> CIMError:
    wrong = _is_wrong(unfound, "CreationClassName", unfound.class_name)
    return _no_such("CreationClassName" if wrong else "Name")


def _service(unfound: Unfound, scope: Scope) -> CIMError:
    return _no_such(_first_wrong(unfound, scope, "HostSystem") or "Name")


def _screen(unfound: Unfound, scope: Scope) -> CIMError:
    wrong = _first_wrong(unfound, scope, "ComputerSystem")
    if wrong is not None:
        return _no_such(wrong)
    port, colon, _state = (_given(unfound, "Name") or "").partition(":")
    if not colon or not port.removeprefix("-").isdigit():
        return CIMError(compatible.NO_CONSOLE_PORT)
    return _no_such("Name")


def _pool(unfound: Unfound, _scope: Scope) -> CIMError:
    pool = _given(unfound, INSTANCE_ID)
    if pool is None:
        return CIMError(compatible.MISSING_ID)
    return CIMError(compatible.NOT_THAT_POOL, pool=pool)


def _setting(unfound: Unfound, _scope: Scope) -> CIMError:
    setting = _given(unfound, INSTANCE_ID)
    return CIMError(compatible.MISSING_ID) if setting is None else _no_such(setting)


def _what_may_be_asked(unfound: Unfound, _scope: Scope) -> CIMError:
    if _given(unfound, INSTANCE_ID) is None:
        return CIMError(compatible.MISSING_ID)
    return CIMError(compatible.NO_SUCH_INSTANCE if unfound.follows else compatible.INSTANCE_NOT_FOUND)


def _profile(unfound: Unfound, _scope: Scope) -> CIMError:
    return CIMError(compatible.NO_ID if _given(unfound, INSTANCE_ID) is None else compatible.NO_SUCH_INSTANCE)


def _only_one(_unfound: Unfound, _scope: Scope) -> CIMError:
    return _no_such(INSTANCE_ID)


_DEVICES: Final = (
    "Processor",
    "Memory",
    "LogicalDisk",
    "NetworkPort",
    "DisplayController",
    "PointingDevice",
    "Controller",
)
_SERVICES: Final = (
    "VirtualSystemManagementService",
    "ResourcePoolConfigurationService",
    "VirtualSystemMigrationService",
    "VirtualSystemSnapshotService",
    "ConsoleRedirectionService",
)
_FILTERS: Final = ("FilterList", "FilterEntry", "IPHeadersFilter", "Hdr8021Filter")
_BY_CLASS: Final[Mapping[str, Find]] = {
    **dict.fromkeys(_DEVICES, _device),
    **dict.fromkeys((*_SERVICES, *_FILTERS), _service),
    "ComputerSystem": _guest,
    "HostSystem": _host,
    "KVMRedirectionSAP": _screen,
    "AllocationCapabilities": _what_may_be_asked,
    "EnabledLogicalElementCapabilities": lambda _unfound, _scope: CIMError(compatible.NO_SUCH_INSTANCE),
    "RegisteredProfile": _profile,
}
"""By the class's name; the others are told by what the name ends with."""
_BY_END: Final[tuple[tuple[str, Find], ...]] = ((SETTING, _setting), ("Pool", _pool), ("", _only_one))


def _without_pool(seen: Seen) -> CIMError | None:
    network = missing_network(seen)
    return None if network is None else CIMError(compatible.NO_POOL, setting=setting_name(seen), network=network)


_LOST: Final[Mapping[str, tuple[str, Callable[[Seen], CIMError | None]]]] = {
    f"Net{SETTING}": ("ResourceAllocationFromPool", _without_pool),
}
"""What is said when an association leads nowhere: by the class that it is followed from, with its name."""


def _lost(classmap: ClassMap, obj: Any, association: str | None) -> CIMError | None:
    name, find = _LOST.get(classmap.name, (None, None))
    if find is None or name is None or (association or "").partition("_")[2].lower() != name.lower():
        return None
    return find(obj)


_ABSENT: Final = {"AddResourcesToResourcePool": compatible.UNKNOWN_METHOD}


def _absent(method: str) -> CIMError:
    row = _ABSENT.get(method)
    return CIMError(compatible.METHOD_NOT_SUPPORTED, name=method) if row is None else CIMError(row)


_BY_MESSAGE: Final[Mapping[ErrorMessage, ErrorMessage]] = {
    systems.NOT_POSSIBLE: compatible.NOT_RUNNING,
    hypervisor.WRONG_STATE: compatible.NOT_RUNNING,
    hypervisor.NOT_ACTIVE: compatible.NOT_RUNNING,
    settings.NO_NETWORK: compatible.NO_NETWORK,
    settings.NETWORK_UNNAMED: compatible.NO_NETWORK,
    pools.VOLUME_EXISTS: compatible.NO_NEW_VOLUME,
    hypervisor_storage.VOLUME_TAKEN: compatible.NO_NEW_VOLUME,
}


def _of_failure(failure: ModelError) -> CIMError:
    """An operation that cannot be done at all is not supported; every other simply failed.

    Also those of which the hypervisor says that they are not supported: it says so of a volume group that is not there.
    """
    message = failure.said.message
    is_hypervisors = message in hypervisor.CANNOT.values()
    if is_hypervisors and failure.said.arguments[0].startswith(f"{Action.START} "):
        return CIMError(compatible.CANNOT_START, failure.subject, reason=failure.said.arguments[1])
    impossible = failure.problem is Problem.NOT_SUPPORTED and not is_hypervisors
    if impossible or not isinstance(message, ErrorMessage):
        return CIMError(failure.said, failure.subject)
    return CIMError(_BY_MESSAGE.get(message, compatible.REFUSED), failure.subject, reason=failure.message)


def _unacceptable(error: CIMError) -> CIMError | None:
    """What breaks a rule is a failure; of what is of a wrong type or class, the standard's words are right."""
    wrong = error.said.message
    if isinstance(wrong, ErrorMessage) and wrong.problem is Problem.INVALID_PARAMETER:
        return CIMError(compatible.REFUSED, error.subject, reason=str(error.said))
    return None


def words(scopes: Mapping[str, Scope]) -> Words:
    """The words of the families, whose scopes are by their prefixes."""

    def unfound(of: Unfound) -> CIMError:
        name = of.classmap.name
        scope = scopes[of.class_name.partition("_")[0].lower()]
        find = _BY_CLASS.get(name) or next(found for end, found in _BY_END if name.endswith(end))
        return find(of, scope)

    return Words(
        unfound=unfound,
        lost=_lost,
        unreadable=lambda error: CIMError(compatible.UNREADABLE, reason=str(error.said)),
        unacceptable=_unacceptable,
        unknown_code=lambda error: CIMError(compatible.STATE_NOT_SUPPORTED, reason=str(error.said)),
        absent=_absent,
        missing=lambda name: CIMError(compatible.MISSING_ARGUMENT, name, name=name),
        failed=_of_failure,
    )
