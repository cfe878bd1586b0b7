"""Descriptions of virtual machines: from what a file says to embedded instances, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pywbem

from openvman.client.errors import ClientError, Reason
from openvman.client.fields import CLOUD_INIT, DEVICE_CODES, RESOURCES, SYSTEM, Section

HOST: Final = "host"
_FILE: Final = "_file"
_OTHER: Final = 1
_REMOTE: Final = ("vnc", "spice")


@dataclass(frozen=True, slots=True)
class Description:
    """What DefineSystem is to be given. ``host`` is where, if that was said; ``name`` what it is called."""

    name: str | None
    host: str | None
    system: Any
    resources: tuple[Any, ...]


def described(said: Mapping[str, Any], name: str, read_file: Callable[[str], str]) -> Description:
    """The description that a file's content makes. ``name`` is the file's; ``read_file`` gives the text of another.

    ClientError USAGE names the file, the path of the key, the rule and what is allowed.
    """
    keys = [field.key for field in SYSTEM.fields]
    _known(said, [HOST, *keys, "cloud_init", *RESOURCES], name, "")
    system = _instance(SYSTEM, {key: said[key] for key in keys if key in said}, name, "")
    if "cloud_init" in said:
        data, of_files = said["cloud_init"], [field.key for field in CLOUD_INIT.fields]
        if isinstance(data, Mapping):
            _known(data, [*of_files, *(key + _FILE for key in of_files)], name, "cloud_init")
        data = _with_files(data, of_files, name, "cloud_init", read_file)
        system.update(_instance(CLOUD_INIT, data, name, "cloud_init"))
    resources = []
    for key, section in RESOURCES.items():
        if key not in said:
            continue
        if section.many and not isinstance(said[key], list):
            raise _error(name, key, "a list is needed")
        for number, each in enumerate(said[key] if section.many else [said[key]]):
            path = f"{key}[{number}]" if section.many else key
            whole = each
            if section is RESOURCES["devices"]:
                whole = _with_files(each, ["password"], name, path, lambda file: _first_line(read_file(file)))
            resources.append((section, _instance(section, whole, name, path)))
    host = said.get(HOST)
    if host is not None and not isinstance(host, str):
        raise _error(name, HOST, "text is needed")
    return Description(
        name=said.get("name"),
        host=host,
        system=pywbem.CIMInstance(SYSTEM.class_name, properties=system),
        resources=tuple(pywbem.CIMInstance(s.class_name, properties=p) for s, p in resources),
    )


def _instance(section: Section, said: Any, name: str, at: str) -> dict[str, Any]:
    """The properties of an instance of the section."""
    if not isinstance(said, Mapping):
        if section.short is None:
            raise _error(name, at, "a table of keys and values is needed")
        said = {section.short: said}
    rows = {field.key: field for field in section.fields if field.key != "code"}
    _known(said, rows, name, at)
    made = dict(section.always)
    for key, value in said.items():
        path = f"{at}.{key}" if at else key
        try:
            made[rows[key].property] = rows[key].kind.write(value)
        except ValueError as error:
            raise _error(name, path, f"{str(error).rstrip('.')}") from None
        made |= rows[key].kind.beside
    return made if section is not RESOURCES["devices"] else _device(made, name, at)


def _device(made: dict[str, Any], name: str, at: str) -> dict[str, Any]:
    """A device by the ResourceType of its kind."""
    kind = made.pop("OtherResourceType", None)
    if kind is None:
        raise _error(name, f"{at}.kind", f"it is needed: {', '.join(DEVICE_CODES)}, or the name of another kind")
    if kind == "graphics" and made.get("ResourceSubType") not in _REMOTE:
        raise _error(name, f"{at}.type", f"graphics have the type {' or '.join(_REMOTE)}")
    code = DEVICE_CODES.get(kind, _OTHER)
    named = {"OtherResourceType": kind} if code == _OTHER else {}
    return {**made, "ResourceType": pywbem.Uint16(code), **named}


def _with_files(said: Any, keys: Iterable[str], name: str, at: str, read_file: Callable[[str], str]) -> Any:
    """``user_data_file: PATH`` and its like stand for the text in the file; ``keys`` are those that have a like."""
    if not isinstance(said, Mapping):
        return said
    into = {key + _FILE: key for key in keys}
    made = {key: value for key, value in said.items() if key not in into}
    for key, path in said.items():
        if key not in into:
            continue
        if into[key] in said:
            raise _error(name, f"{at}.{key}", f"there is {into[key]} too; give one of them")
        if not isinstance(path, str):
            raise _error(name, f"{at}.{key}", "the path of a file is needed")
        try:
            made[into[key]] = read_file(path)
        except (OSError, ValueError) as error:
            raise _error(name, f"{at}.{key}", f"{path!r} cannot be read: {error}") from error
    return made


def _first_line(text: str) -> str:
    return text.partition("\n")[0].removesuffix("\r")


def _known(said: Mapping[str, Any], keys: Iterable[str], name: str, at: str) -> None:
    keys = list(keys)
    unknown = next((key for key in said if key not in keys), None)
    if unknown is not None:
        path = f"{at}.{unknown}" if at else str(unknown)
        raise _error(name, path, f"there is no such key; there are {', '.join(keys)}")


def _error(name: str, path: str, rule: str) -> ClientError:
    return ClientError(Reason.USAGE, f"{name}: {path}: {rule}.")


# The other way


@dataclass(frozen=True, slots=True)
class Preview:
    """What a definition would come to: everything filled in, and what would be made or taken for it, as sentences."""

    description: dict[str, Any]
    effects: tuple[str, ...]


def describe(setting: Any, parts: Iterable[Any], host: str | None = None) -> dict[str, Any]:
    """The description of a configuration: its VirtualSystemSettingData and the allocations that it aggregates.

    Of what nobody reads (cloud-init data) nothing is in it, nor the drive that brings it.
    """
    said: dict[str, Any] = {**({HOST: host} if host else {}), **_said(SYSTEM, setting)}
    by_class = {section.class_name.lower(): (key, section) for key, section in RESOURCES.items()}
    for part in parts:
        key, section = by_class.get(part.classname.lower(), (None, None))
        if key is None or section is None or _is_seed(part, setting):
            continue
        each = _said(section, part)
        if section.many:
            said.setdefault(key, []).append(each)
        else:
            said[key] = each
    return said


def _is_seed(part: Any, setting: Any) -> bool:
    drive = setting.get("CloudInitDisk")
    return (
        drive is not None and part.get("AddressOnParent") == drive and part.classname == RESOURCES["disks"].class_name
    )


def _said(section: Section, instance: Any) -> dict[str, Any]:
    said = {}
    for field in section.fields:
        value = instance.get(field.property)
        read = None if value is None else field.kind.read(value, instance)
        if read is not None and read != "":
            said[field.key] = read
    code = said.pop("code", None)
    if code is not None and code != _OTHER:
        said = {"kind": _kind(int(code), said), **said}
    if section is RESOURCES["disks"] and "source" in said:
        said.pop("size", None)  # it would ask for a new image
    return said


def _kind(code: int, said: Mapping[str, Any]) -> str:
    names = [name for name, each in DEVICE_CODES.items() if each == code]
    return names[0] if len(names) == 1 or said.get("type") in _REMOTE else names[-1]
