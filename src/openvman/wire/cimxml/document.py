"""Bytes to an XML tree: the only place where CIM-XML meets an XML parser.

No document type, no entities, no network, bounded size, depth, elements and attributes; whatever comes ends in a tree
or in :class:`NotWellFormedError`.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from lxml import etree

Element: TypeAlias = etree._Element  # noqa: SLF001 - lxml's name for the type of an element


class NotWellFormedError(ValueError):
    """The bytes are not a document that this server reads; the text says why."""


class UnsupportedEncodingError(NotWellFormedError):
    """The document is in an encoding that this server does not read."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one document, embedded instances included. libxml2 bounds the depth to 256, a text node to 10 MB.

    The defaults take a definition of several hundred devices, and cost a second at most when they are used up.
    """

    bytes: int = 8 * 1024 * 1024
    elements: int = 50_000
    attributes: int = 250_000
    embedded_depth: int = 8
    """How deep embedded instances may hold embedded instances."""


LIMITS: Final = Limits()

_ENCODINGS: Final = {
    "utf-8": "utf-8",
    "ascii": "utf-8",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
}
_DECLARED: Final = re.compile(r"""<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,40})["']""")


def parse_document(body: bytes, charset: str | None, limits: Limits = LIMITS) -> Element:
    """The root element of ``body``; ``charset`` is the one of the Content-Type header.

    A byte order mark wins over the charset, the charset over the XML declaration (RFC 7303 3); a charset that
    contradicts the byte order mark or the declaration is refused, since someone on the way may have read the other.
    """
    if len(body) > limits.bytes:
        raise NotWellFormedError(f"the document has more than {limits.bytes} bytes")
    try:
        text = body.decode(_encoding(body, charset))
    except UnicodeDecodeError as error:
        raise NotWellFormedError(f"the document is not valid {error.encoding}") from None
    return parse_text(text.removeprefix("\ufeff"), limits)


def parse_text(text: str, limits: Limits = LIMITS) -> Element:
    """The root element of a document that is text already (an embedded object)."""
    if len(text) > limits.bytes:
        raise NotWellFormedError(f"the document has more than {limits.bytes} characters")
    # Counted before the parser sees them, so that a flood costs no memory. However deep a tag is escaped, it ends in
    # "lt;" or is a number after "#".
    tags = text.count("<") + text.count("lt;") + text.count("#")
    if tags > 2 * limits.elements or text.count("=") > limits.attributes:
        raise NotWellFormedError(
            f"the document has more than {limits.elements} elements or {limits.attributes} attributes"
        )
    # The parser is told before it reads any declaration; a document type hidden from this check is refused below.
    if "<!DOCTYPE" in text[: _root_start(text)]:
        raise NotWellFormedError("a document type is not accepted")
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
    except UnicodeEncodeError:
        raise NotWellFormedError("the document holds a surrogate character") from None
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotWellFormedError(str(error)) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotWellFormedError("a document type is not accepted")
    return root


def _root_start(text: str) -> int:
    found = text.find("<CIM")
    return len(text) if found < 0 else found


def _encoding(body: bytes, charset: str | None) -> str:
    named = None if charset is None else _supported(charset)
    mark = _mark(body)
    if mark is not None:
        if named is not None and not mark.startswith(named):
            raise NotWellFormedError(f"the charset is {charset}, the byte order mark says {mark}")
        return mark
    guessed = named or _guess(body)
    if guessed == "utf-16":
        guessed = _guess(body) if _guess(body) != "utf-8" else "utf-16-be"  # RFC 2781 4.3
    head = body[:512].decode(guessed, "replace")
    declaration = _DECLARED.match(head)
    if declaration is not None:
        declared = _supported(declaration[1])
        if not guessed.startswith(declared):
            raise NotWellFormedError(f"the document declares {declared}, but it came as {guessed}")
    return guessed


def _supported(name: str) -> str:
    """The Python codec of an encoding's name."""
    try:
        return _ENCODINGS[codecs.lookup(name).name]
    except (LookupError, ValueError):
        raise UnsupportedEncodingError(f"the encoding {name[:40]!r} is not supported: send UTF-8 or UTF-16") from None


def _mark(body: bytes) -> str | None:
    if body.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise UnsupportedEncodingError("UTF-32 is not supported: send UTF-8 or UTF-16")
    if body.startswith(codecs.BOM_UTF8):
        return "utf-8"
    if body.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    return "utf-16-be" if body.startswith(codecs.BOM_UTF16_BE) else None


def _guess(body: bytes) -> str:
    if body.startswith(b"<\0"):
        return "utf-16-le"
    return "utf-16-be" if body.startswith(b"\0<") else "utf-8"
