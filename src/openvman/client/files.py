"""Descriptions as files: TOML, YAML or JSON, bounded, without aliases, and with each key once."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from typing import Any, Final

import yaml

from openvman.client.errors import ClientError, Reason

LIMIT: Final = 4 * 2**20
"""Bytes of a file: the user data that it may hold has one MiB."""
SUFFIXES: Final = {".toml": "toml", ".yaml": "yaml", ".yml": "yaml", ".json": "json"}


class _Loader(yaml.SafeLoader):
    """Plain values; aliases, of which a few make gigabytes, and keys that come twice are refused."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="aliases are not taken", problem_mark=self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        made = super().construct_mapping(node, deep)
        if len(made) != len(node.value):
            raise yaml.MarkedYAMLError(problem="a key comes twice", problem_mark=node.start_mark)
        return made


def parse(content: bytes, format: str, name: str) -> Mapping[str, Any]:
    """What a file says. ClientError USAGE with the file's name, and the line where it is known."""
    if len(content) > LIMIT:
        raise ClientError(Reason.USAGE, f"{name}: it has more than {LIMIT // 2**20} MiB.")
    try:
        found = _PARSERS[format](content.decode())
    except UnicodeDecodeError as error:
        raise ClientError(Reason.USAGE, f"{name}: it is no UTF-8 text.") from error
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark is not None else ""
        raise ClientError(Reason.USAGE, f"{name}{line}: {error.problem}.") from error
    except RecursionError as error:
        raise ClientError(Reason.USAGE, f"{name}: it is nested too deep.") from error
    except (yaml.YAMLError, ValueError) as error:  # those of TOML and JSON tell line and column
        raise ClientError(Reason.USAGE, f"{name}: {' '.join(str(error).split())}.") from error
    if not isinstance(found, dict):
        raise ClientError(Reason.USAGE, f"{name}: a table of keys and values is needed.")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key comes twice")
    return made


_PARSERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "toml": tomllib.loads,
    "yaml": lambda text: yaml.load(text, _Loader),  # noqa: S506 - it is a safe loader
    "json": lambda text: json.loads(text, object_pairs_hook=_once),
}
FORMATS: Final = tuple(_PARSERS)


def print_(description: Mapping[str, Any], format: str) -> str:
    """A description as YAML or JSON. TOML has no writer here."""
    if format == "json":
        return json.dumps(description, indent=2) + "\n"
    return str(yaml.safe_dump(dict(description), allow_unicode=True, sort_keys=False))
