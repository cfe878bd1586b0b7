"""The NoCloud disk: an ISO 9660 image with the label ``cidata``, on which cloud-init looks for its data."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any, Final

import pycdlib
import yaml

from openvman.messages import cloud_init as cloud_init_rows
from openvman.model.errors import ModelError
from openvman.model.spec import SystemSpec

LABEL: Final = "cidata"
_LONGEST_HOST_NAME: Final = 63


class _Loader(yaml.SafeLoader):
    """Plain values, and no aliases: a few of them make gigabytes of a few bytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it has an alias")
        return super().compose_node(parent, index)


def seed_image(data: SystemSpec, system_id: str, name: str) -> bytes:
    """The image for the data in ``data``, of the system with the id and name. Takes a moment.

    Raises INVALID_PARAMETER for meta-data that is no YAML mapping.
    """
    assert data.user_data, "there is no disk without user data"
    files = {"user-data": data.user_data, "meta-data": _meta_data(data.meta_data, system_id, name)}
    if data.network_config:
        files["network-config"] = data.network_config
    image = pycdlib.PyCdlib()
    image.new(interchange_level=3, vol_ident=LABEL, joliet=3, rock_ridge="1.09")
    try:
        for number, (file, text) in enumerate(files.items()):
            content = text.encode()
            short = f"/FILE{number}.;1"  # what is read where neither Rock Ridge nor Joliet is known
            image.add_fp(BytesIO(content), len(content), short, rr_name=file, joliet_path=f"/{file}")
        written = BytesIO()
        image.write_fp(written)
    finally:
        image.close()
    return written.getvalue()


def _meta_data(text: str | None, system_id: str, name: str) -> str:
    """What was given, with an instance-id and a host name where it has none."""
    whole = {"instance-id": system_id, "local-hostname": host_name(name, system_id), **_mapping(text or "")}
    return str(yaml.safe_dump(whole, allow_unicode=True, sort_keys=False))


def host_name(name: str, system_id: str) -> str:
    """A name that a guest can have as its host name, made of the system's."""
    allowed = re.sub(r"[^A-Za-z0-9.-]+", "-", name)[:_LONGEST_HOST_NAME].strip("-.")
    return allowed or f"vm-{system_id[:8]}"


def _mapping(text: str) -> dict[Any, Any]:
    where = ""
    try:
        found = yaml.load(text, _Loader)  # noqa: S506 - it is a safe loader
        if found is None or isinstance(found, dict):
            return found or {}
    except yaml.MarkedYAMLError as error:
        where = f" (line {error.problem_mark.line + 1})" if error.problem_mark is not None else ""
    except (yaml.YAMLError, ValueError, RecursionError):
        pass  # what is wrong is said below; the text itself is not repeated
    raise ModelError(cloud_init_rows.NO_MAPPING, "meta_data", where=where)
