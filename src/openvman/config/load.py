"""Loads the settings: defaults, then the file, then the environment, then the command line; the later wins."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

from openvman.config.kinds import Many
from openvman.config.settings import PREFIX, SETTINGS, Setting, Settings, Surroundings

FILE_VARIABLE: Final = f"{PREFIX}CONFIG"
SYSTEM_FILE: Final = Path("/etc/openvman/openvman.toml")
_BY_NAME: Final = {setting.name: setting for setting in SETTINGS}
_NEAR: Final = 0.7
_BY_VARIABLE: Final = {setting.env: setting for setting in SETTINGS}


class ConfigError(ValueError):
    """A setting cannot be used. The message names where it was read, the rule, and the way out."""


class Origin(Enum):
    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"
    COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings with where each came from.

    ``file`` is the one read, None when there was none. ``doubts`` are sentences about variables that look like ours and
    name no setting: not errors, since other programs of the same prefix have theirs.
    """

    settings: Settings
    origins: Mapping[str, Origin]
    file: Path | None
    doubts: tuple[str, ...]

    def effective(self) -> Iterator[tuple[Setting, str, Origin]]:
        """Each row with its value as it would be written and the value's origin."""
        for setting in SETTINGS:
            yield setting, setting.show(getattr(self.settings, setting.name)), self.origins[setting.name]


def load(
    command_line: Mapping[str, str | Sequence[str] | None] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    file: Path | None = None,
) -> Loaded:
    """Load and check.

    ``command_line`` gives text by setting name (a sequence for a list); None or an empty sequence is an option that was
    not given. Without ``file``: the one that OPENVMAN_CONFIG names, else /etc/openvman/openvman.toml where it exists.
    Raises :class:`ConfigError`.
    """
    environment = os.environ if environment is None else environment
    path = _choose_file(file, environment)
    given: dict[str, tuple[Any, Origin]] = {}
    if path is not None:
        given |= {name: (value, Origin.FILE) for name, value in _read_file(path)}
    given |= {name: (value, Origin.ENVIRONMENT) for name, value in _read_environment(environment)}
    given |= {name: (value, Origin.COMMAND_LINE) for name, value in _read_command_line(command_line or {})}

    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for setting in SETTINGS:
        value, origin = given.get(setting.name, (None, Origin.DEFAULT))
        values[setting.name] = (
            setting.default_in(Surroundings(environment, values)) if origin is Origin.DEFAULT else value
        )
        origins[setting.name] = origin
    settings = Settings(**values)
    _check_together(settings)
    return Loaded(settings, origins, path, tuple(_doubts(environment)))


def _choose_file(file: Path | None, environment: Mapping[str, str]) -> Path | None:
    if file is not None:
        return file
    if named := environment.get(FILE_VARIABLE):
        return Path(named)
    return SYSTEM_FILE if SYSTEM_FILE.exists() else None


def _read_file(path: Path) -> Iterator[tuple[str, Any]]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from None
    for key, value in content.items():
        setting = _BY_NAME.get(key)
        if setting is None:
            raise ConfigError(f"{path}: unknown setting {key!r}{_nearest(key, _BY_NAME)}")
        yield key, _from_toml(setting, value, f"{path}: {key}")


def _read_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for variable, setting in _BY_VARIABLE.items():
        if (text := environment.get(variable)) is not None:
            yield setting.name, _from_texts(setting, text.split() if setting.many else [text], variable)


def _doubts(environment: Mapping[str, str]) -> Iterator[str]:
    for variable in environment:
        if variable.startswith(PREFIX) and variable != FILE_VARIABLE and variable not in _BY_VARIABLE:
            near = difflib.get_close_matches(variable.removeprefix(PREFIX).lower(), _BY_NAME, 1, _NEAR)
            if near:
                yield f"environment variable {variable} is not a setting: did you mean {_BY_NAME[near[0]].env}?"


def _read_command_line(command_line: Mapping[str, str | Sequence[str] | None]) -> Iterator[tuple[str, Any]]:
    for name, text in command_line.items():
        if text is None or (not isinstance(text, str) and not text):
            continue
        setting = _BY_NAME[name]
        yield name, _from_texts(setting, [text] if isinstance(text, str) else list(text), setting.flag)


def _from_toml(setting: Setting, value: Any, place: str) -> Any:
    if setting.many:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ConfigError(f"{place}: must be an array of strings, for example {setting.kind.example}")
        return _from_texts(setting, value, place)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ConfigError(f'{place}: must be a string, for example "{setting.kind.example}"')
    return _from_texts(setting, [value], place)


def _from_texts(setting: Setting, texts: Sequence[str], place: str) -> Any:
    try:
        if isinstance(setting.kind, Many):
            return setting.kind.parse_all(texts)
        return setting.kind.parse(texts[-1])
    except ValueError as error:
        raise ConfigError(f"{place}: {error}") from None


def _nearest(word: str, known: Mapping[str, Setting]) -> str:
    found = difflib.get_close_matches(word, known, 1, _NEAR)
    return f": did you mean {found[0]}?" if found else "; `vman config show` lists those there are"


def _check_together(settings: Settings) -> None:
    """The rules between settings."""
    addresses = (*settings.listen, *settings.tls_listen)
    if not addresses:
        raise ConfigError("listen and tls_listen are both empty: give at least one address")
    if settings.auth == "none":
        reachable = [str(address) for address in addresses if not address.is_loopback]
        if reachable:
            raise ConfigError(
                f"auth is none, and {', '.join(reachable)} can be reached from other machines: every caller would be "
                "admin. Use auth basic, or listen on loopback addresses only"
            )
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        raise ConfigError("tls_certificate and tls_key belong together: give both or neither")
    if settings.client_certificates != "off":
        if settings.client_ca is None:
            raise ConfigError(f"client_certificates is {settings.client_certificates}, which needs client_ca")
        if not settings.tls_listen:
            raise ConfigError("client certificates need HTTPS: give a tls_listen address")
        if settings.client_certificates == "required" and settings.listen:
            raise ConfigError(
                "client_certificates is required, so plain HTTP would be a way around it: set listen to none"
            )
    elif settings.client_ca is not None or settings.client_crl is not None:
        raise ConfigError(
            "client_ca and client_crl have no effect while client_certificates is off: set it to optional"
        )
    if settings.operation_timeout > settings.max_operation_timeout:
        raise ConfigError("operation_timeout is longer than max_operation_timeout: lower the one or raise the other")
