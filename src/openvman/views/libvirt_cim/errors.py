"""libvirt-cim's errors: its codes and texts, which its clients compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from openvman.cim.status import CIMError, Status
from openvman.mapping.declare import Unfound, Words
from openvman.model.errors import ModelError, Problem
from openvman.views.libvirt_cim.devices import SETTING
from openvman.views.libvirt_cim.scope import INSTANCE_ID, Scope

Find = Callable[[Unfound, Scope], CIMError]


def _no_such(what: str = "") -> CIMError:
    return CIMError(Status.NOT_FOUND, f"No such instance ({what})" if what else "No such instance")


def _failed(text: str) -> CIMError:
    return CIMError(Status.FAILED, text)


def _no_domain(name: object) -> CIMError:
    return CIMError(Status.NOT_FOUND, f"Referenced domain `{name}' does not exist: Domain not found")


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
        return _failed("No DeviceID specified")
    wrong = _first_wrong(unfound, scope, "ComputerSystem")
    return _no_such(wrong if wrong is not None else f"bad id {device}")


def _guest(unfound: Unfound, _scope: Scope) -> CIMError:
    name = _given(unfound, "Name")
    if _is_wrong(unfound, "CreationClassName", unfound.class_name) and (name is not None or unfound.follows):
        return _no_such("CreationClassName")
    if name is None and unfound.follows:
        return _failed("No domain name specified")
    if name is None:
        return CIMError(Status.NOT_FOUND, "Unable to retrieve domain name: Error 0")
    return _no_domain(name)


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
        return _failed("Unable to determine console port for guest")
    return _no_such("Name")


def _pool(unfound: Unfound, _scope: Scope) -> CIMError:
    pool = _given(unfound, INSTANCE_ID)
    if pool is None:
        return _failed("Missing InstanceID")
    return CIMError(Status.NOT_FOUND, f"No such instance ({pool}) - resource pool type mismatch")


def _setting(unfound: Unfound, _scope: Scope) -> CIMError:
    setting = _given(unfound, INSTANCE_ID)
    return _failed("Missing InstanceID") if setting is None else _no_such(setting)


def _what_may_be_asked(unfound: Unfound, _scope: Scope) -> CIMError:
    if _given(unfound, INSTANCE_ID) is None:
        return _failed("Missing InstanceID")
    return _no_such() if unfound.follows else CIMError(Status.NOT_FOUND, "Instance not found")


def _profile(unfound: Unfound, _scope: Scope) -> CIMError:
    return _failed("No InstanceID specified") if _given(unfound, INSTANCE_ID) is None else _no_such()


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
_BY_CLASS: Final[Mapping[str, Find]] = {
    **dict.fromkeys(_DEVICES, _device),
    **dict.fromkeys(_SERVICES, _service),
    "ComputerSystem": _guest,
    "HostSystem": _host,
    "KVMRedirectionSAP": _screen,
    "AllocationCapabilities": _what_may_be_asked,
    "EnabledLogicalElementCapabilities": lambda _unfound, _scope: _no_such(),
    "RegisteredProfile": _profile,
}
"""By the class's name; the others are told by what the name ends with."""
_BY_END: Final[tuple[tuple[str, Find], ...]] = ((SETTING, _setting), ("Pool", _pool), ("", _only_one))

_ABSENT: Final = {"AddResourcesToResourcePool": _failed("Unknown Method")}


def _absent(method: str) -> CIMError:
    return _ABSENT.get(method) or CIMError(Status.NOT_SUPPORTED, f"{method} is not supported")


_FAILURES: Final[tuple[tuple[Problem, str, str], ...]] = (
    (Problem.INVALID_STATE, "", "Domain not running"),
    (Problem.NOT_FOUND, "has no network", "Network not found"),
)
"""What libvirt-cim's text begins with, by the problem and a part of the message."""


def _of_failure(failure: ModelError) -> CIMError:
    """An operation that cannot be done at all is not supported; every other simply failed."""
    status = Status.NOT_SUPPORTED if failure.problem is Problem.NOT_SUPPORTED else Status.FAILED
    for problem, part, text in _FAILURES:
        if failure.problem is problem and part in failure.message:
            return CIMError(status, f"{text}: {failure.message}")
    return CIMError(status, failure.message)


def words(scopes: Mapping[str, Scope]) -> Words:
    """The words of the families, whose scopes are by their prefixes."""

    def unfound(of: Unfound) -> CIMError:
        name = of.classmap.name
        scope = scopes[of.class_name.partition("_")[0].lower()]
        find = _BY_CLASS.get(name) or next(found for end, found in _BY_END if name.endswith(end))
        return find(of, scope)

    return Words(
        unfound=unfound,
        unreadable=lambda error: _failed(f"Unable to parse embedded object: {error.description}"),
        unacceptable=lambda error: CIMError(
            Status.FAILED if error.status is Status.INVALID_PARAMETER else error.status, error.description
        ),
        unknown_code=lambda sentence: CIMError(Status.NOT_SUPPORTED, f"State not supported: {sentence}"),
        absent=_absent,
        failed=_of_failure,
    )
