"""The rules that cloud-init data must keep. Their messages never repeat a value: it may hold secrets."""

from __future__ import annotations

from typing import Final

from openvman.messages import cloud_init as cloud_init_rows
from openvman.model.spec import SystemSpec
from openvman.model.validation import Rule

MAXIMUM_USER_DATA: Final = 1024**2
"""Bytes in UTF-8."""
MAXIMUM_META_DATA: Final = 64 * 1024
"""Bytes in UTF-8, of the meta-data and of the network-config."""
HEADERS: Final = (
    "#cloud-config",
    "#cloud-boothook",
    "#include",
    "#part-handler",
    "#!",
    "## template: jinja",
    "Content-Type: multipart/",
    "MIME-Version:",
)
"""What user data begins with: by it cloud-init knows what it is, and without it does nothing and says little."""
_FIELDS: Final = {"user_data": MAXIMUM_USER_DATA, "meta_data": MAXIMUM_META_DATA, "network_config": MAXIMUM_META_DATA}
WORDS: Final = {"user_data": "user data", "meta_data": "meta-data", "network_config": "network-config"}
"""The fields as messages call them."""


def has_header(text: str) -> bool:
    return text.lower().startswith(tuple(header.lower() for header in HEADERS))


def _is_text(text: str | None) -> bool:
    if text is None:
        return True
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False


def _fits(text: str | None, limit: int) -> bool:
    return text is None or len(text.encode(errors="replace")) <= limit


def _size(field: str, limit: int) -> Rule[SystemSpec]:
    return Rule(
        (field,),
        lambda v, _: _fits(getattr(v, field), limit),
        cloud_init_rows.TOO_LONG,
        {"what": WORDS[field], "maximum": limit},
    )


def _text(field: str) -> Rule[SystemSpec]:
    return Rule(
        (field,),
        lambda v, _: _is_text(getattr(v, field)),
        cloud_init_rows.NO_TEXT,
        {"what": WORDS[field]},
    )


CLOUD_INIT_RULES: Final[tuple[Rule[SystemSpec], ...]] = (
    *(_size(field, limit) for field, limit in _FIELDS.items()),
    *(_text(field) for field in _FIELDS),
    Rule(
        ("user_data",),
        lambda v, _: not v.user_data or has_header(v.user_data),
        cloud_init_rows.NO_HEADER,
        {"headers": HEADERS},
    ),
    Rule(
        ("meta_data", "network_config"),
        lambda v, _: bool(v.user_data) or not (v.meta_data or v.network_config),
        cloud_init_rows.NO_USER_DATA,
    ),
)
