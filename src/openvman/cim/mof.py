"""Reads one instance from MOF text, as clients send it in string parameters (DSP0004 Annex A).

The text is not trusted, so this is not the MOF compiler: one ``instance of``, no pragma, alias, qualifier or class, in
time linear in the text and bounded depth. :mod:`openvman.cim.mofwriter` writes what this reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from openvman.cim.convert import convert
from openvman.cim.declarations import PropertyDeclaration
from openvman.cim.errors import CIMError
from openvman.cim.graph import ClassGraph
from openvman.cim.literals import parse_integer, parse_real
from openvman.cim.mofwriter import format_class, format_instance, format_qualifier_type
from openvman.cim.values import Instance, Property, Value
from openvman.messages import mof

__all__ = ["MAX_LENGTH", "format_class", "format_instance", "format_qualifier_type", "parse_instance"]

MAX_LENGTH: Final = 1024 * 1024
"""Characters of MOF text that are read at most."""

_MAX_DEPTH: Final = 4
_MAX_PROPERTIES: Final = 10_000
_TOKEN: Final = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*(?s:.*?)\*/)
      |(?P<string>"[^"\\]*(?:\\(?s:.)[^"\\]*)*")
      |(?P<char>'[^'\\]*(?:\\(?s:.)[^'\\]*)*')
      |(?P<number>[+-]?(?:INF|NaN|[0-9.](?:[0-9A-Za-z.]|(?<=[eE])[+-])*))
      |(?P<word>[A-Za-z_]\w*)
      |(?P<mark>[{}=;,\[\]$\#:()])""",
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(r"""\\(?:[xX]([0-9a-fA-F]{1,4})|([btnfr"'\\])|.?)""", re.DOTALL)
_ESCAPES: Final = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "'": "'", "\\": "\\"}
_KEYWORD_VALUES: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}
_REFUSED: Final = {"#": mof.NO_PRAGMA, "[": mof.NO_QUALIFIERS, "$": mof.NO_ALIAS}
_SURROGATES: Final = range(0xD800, 0xE000)


def parse_instance(text: str, graph: ClassGraph) -> Instance:
    """The one instance that ``text`` declares, its values typed as its class in ``graph`` says.

    A class or property that the graph does not know is kept as written, with type None: the caller decides. Strings
    of EmbeddedInstance and EmbeddedObject properties become instances. CIMError INVALID_PARAMETER, with line and
    column, for everything else than one well-formed instance.
    """
    return _parse(text, graph, depth=0)


def _parse(text: str, graph: ClassGraph, depth: int) -> Instance:
    if len(text) > MAX_LENGTH:
        raise CIMError(mof.TOO_LONG, length=len(text), most=MAX_LENGTH)
    if depth > _MAX_DEPTH:
        raise CIMError(mof.TOO_DEEP, most=_MAX_DEPTH)
    return _Parser(text, graph, depth).instance()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int

    @property
    def folded(self) -> str:
        return self.text.lower()


@dataclass(frozen=True, slots=True)
class _Place:
    line: int
    column: int


class _Parser:
    def __init__(self, text: str, graph: ClassGraph, depth: int) -> None:
        self._text = text
        self._graph = graph
        self._depth = depth
        self._tokens = self._scan()
        self._next = next(self._tokens)

    def instance(self) -> Instance:
        self._keyword("instance")
        self._keyword("of")
        class_name = self._take("word", "a class name").text
        if self._next.folded == "as":
            raise CIMError(mof.NO_ALIAS, at=self._place(self._next))
        self._mark("{")
        properties: dict[str, Property] = {}
        while self._next.text != "}":
            start = self._take("word", "a property name or '}'")
            if start.folded in properties:
                raise CIMError(mof.GIVEN_TWICE, at=self._place(start), name=start.text)
            if len(properties) == _MAX_PROPERTIES:
                raise CIMError(mof.TOO_MANY, at=self._place(start), most=_MAX_PROPERTIES)
            properties[start.folded] = self._property(class_name, start)
        self._mark("}")
        if self._next.text == ";":
            self._advance()
        self._take("end", "the end of the text, after one instance,")
        return Instance.of(class_name, properties.values())

    def _property(self, class_name: str, name: _Token) -> Property:
        self._mark("=")
        start = self._next
        raw = self._value()
        self._mark(";")
        declared = self._graph[class_name].properties.get(name.text) if class_name in self._graph else None
        if declared is None:
            return Property(name.text, None, raw, is_array=isinstance(raw, tuple))
        what = f"{class_name}.{declared.name}"
        try:
            if declared.embedded is not None:
                raw = self._embedded(raw)
            value = convert(raw, declared.type, is_array=declared.is_array, embedded=declared.embedded, what=what)
        except CIMError as error:
            raise CIMError(mof.BAD_VALUE, at=self._place(start), reason=error.description) from None
        return _typed(declared, value)

    def _embedded(self, raw: Value) -> Value:
        if isinstance(raw, tuple):
            return tuple(self._embedded(item) for item in raw)
        return _parse(raw, self._graph, self._depth + 1) if isinstance(raw, str) else raw

    def _value(self) -> Value:
        if self._next.text != "{":
            return self._scalar()
        self._advance()
        items: list[Value] = []
        while self._next.text != "}":
            if items:
                self._mark(",")
            items.append(self._scalar())
        self._advance()
        return tuple(items)

    def _scalar(self) -> Value:
        token = self._next
        if token.kind == "string":
            parts = []
            while self._next.kind == "string":  # neighbours are one string
                parts.append(self._unescaped(self._advance()))
            return "".join(parts)
        self._advance()
        if token.kind == "char":
            return self._unescaped(token)
        if token.kind == "number":
            return self._number(token)
        if token.kind == "word" and token.folded in _KEYWORD_VALUES:
            return _KEYWORD_VALUES[token.folded]
        raise self._unexpected(token, "a value")

    def _number(self, token: _Token) -> int | float:
        integer = parse_integer(token.text)
        number = parse_real(token.text) if integer is None else integer
        if number is None:
            raise CIMError(mof.NO_NUMBER, at=self._place(token), text=_shown(token))
        return number

    def _unescaped(self, token: _Token) -> str:
        def replacement(match: re.Match[str]) -> str:
            code, letter = match.groups()
            if letter is not None:
                return _ESCAPES[letter]
            if code is None or int(code, 16) in _SURROGATES or int(code, 16) == 0:
                raise CIMError(mof.NO_ESCAPE, at=self._place(token), text=match[0])
            return chr(int(code, 16))

        return _ESCAPE.sub(replacement, token.text[1:-1])

    def _scan(self) -> Iterator[_Token]:
        position = 0
        while position < len(self._text):
            match = _TOKEN.match(self._text, position)
            if match is None:
                raise self._unreadable(_Token("", self._text[position], position))
            kind = match.lastgroup
            assert kind is not None
            if kind != "space":
                yield _Token(kind, match[0], position)
            position = match.end()
        yield _Token("end", "", position)

    def _unreadable(self, opening: _Token) -> CIMError:
        at = self._place(opening)
        if opening.text in "\"'":
            return CIMError(mof.UNENDED_STRING, at=at, quote=opening.text)
        if opening.text == "/":
            return CIMError(mof.UNENDED_COMMENT, at=at)
        return CIMError(mof.UNEXPECTED, at=at, text=opening.text)

    def _advance(self) -> _Token:
        token = self._next
        if token.kind != "end":
            self._next = next(self._tokens)
        return token

    def _take(self, kind: str, wanted: str) -> _Token:
        if self._next.kind != kind:
            raise self._unexpected(self._next, wanted)
        return self._advance()

    def _keyword(self, word: str) -> None:
        if self._next.folded != word:
            self._take("keyword", f"'{word}'")
        self._advance()

    def _mark(self, mark: str) -> None:
        if self._next.text != mark:
            self._take("mark " + mark, f"'{mark}'")
        self._advance()

    def _unexpected(self, token: _Token, wanted: str) -> CIMError:
        at = self._place(token)
        refused = _REFUSED.get(token.text)
        return (
            CIMError(mof.EXPECTED, at=at, wanted=wanted, found=_shown(token))
            if refused is None
            else CIMError(refused, at=at)
        )

    def _place(self, token: _Token) -> _Place:
        position = token.position
        return _Place(self._text.count("\n", 0, position) + 1, position - self._text.rfind("\n", 0, position))


def _typed(declared: PropertyDeclaration, value: Value) -> Property:
    return Property(
        declared.name,
        declared.type,
        value,
        declared.is_array,
        declared.embedded,
        declared.reference_class,
        declared.class_origin,
    )


def _shown(token: _Token) -> str:
    shown = 40
    if token.kind == "end":
        return "the end of the text"
    return repr(token.text if len(token.text) <= shown else token.text[:shown] + "...")
