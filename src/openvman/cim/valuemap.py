"""ValueMap and Values: the names of coded values, both ways (DSP0004 5.6.3, 5.6.4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from openvman.cim.declarations import MethodDeclaration, ParameterDeclaration, PropertyDeclaration
from openvman.cim.literals import parse_integer

Code: TypeAlias = int | str

_RANGE: Final = re.compile(r"\s*([^.\s]*)\s*\.\.\s*([^.\s]*)\s*")


@dataclass(frozen=True, slots=True)
class _Range:
    """Bounds are inclusive; None is open. Both open is the rest: every code that nothing else claims."""

    least: int | None
    most: int | None
    text: str

    def __contains__(self, code: Code) -> bool:
        return (
            isinstance(code, int)
            and (self.least is None or self.least <= code)
            and (self.most is None or code <= self.most)
        )


@dataclass(frozen=True, slots=True)
class ValueMap:
    """The codes of one element with their names. Codes are int for integer elements, str for string ones.

    Truth says whether the element has any; where it has none, every code is defined and none has a name.
    """

    _texts: dict[Code, str]
    _codes: dict[str, Code]
    _ranges: tuple[_Range, ...]

    @classmethod
    def of(cls, declaration: PropertyDeclaration | ParameterDeclaration | MethodDeclaration) -> ValueMap:
        """What the qualifiers of the element say. ValueError where they are broken (the schema is at fault).

        Values without ValueMap count from 0; ValueMap without Values names each code by itself.
        """
        type_ = declaration.return_type if isinstance(declaration, MethodDeclaration) else declaration.type
        mapped, named = (declaration.qualifiers.get(name) for name in ("ValueMap", "Values"))
        texts = () if named is None or named.value is None else tuple(named.value)
        entries = (
            tuple(mapped.value)
            if mapped is not None and mapped.value is not None
            else tuple(str(index) for index in range(len(texts)))
        )
        texts = texts or entries
        if len(texts) != len(entries):
            raise ValueError(f"{declaration.name} has {len(entries)} ValueMap entries and {len(texts)} Values")
        return cls._read(declaration.name, entries, texts, is_integer=type_ != "string")

    @classmethod
    def _read(cls, where: str, entries: tuple[str, ...], texts: tuple[str, ...], *, is_integer: bool) -> ValueMap:
        by_code: dict[Code, str] = {}
        by_text: dict[str, Code] = {}
        ranges: list[_Range] = []
        for entry, text in zip(entries, texts, strict=True):
            bounds = _RANGE.fullmatch(entry) if is_integer else None
            if bounds:
                least, most = (_integer(where, bound) if bound else None for bound in bounds.groups())
                ranges.append(_Range(least, most, text))
                continue
            code: Code = _integer(where, entry.strip()) if is_integer else entry
            by_code.setdefault(code, text)
            by_text.setdefault(text, code)
        ranges.sort(key=lambda r: r.least is None and r.most is None)  # the rest comes last
        return cls(by_code, by_text, tuple(ranges))

    def __bool__(self) -> bool:
        return bool(self._texts or self._ranges)

    def __iter__(self) -> Iterator[tuple[Code, str]]:
        """(code, name) of each single code, in the order of the schema."""
        return iter(self._texts.items())

    def name(self, code: Code) -> str | None:
        """The name of a code or of the range that it is in; None when it has none."""
        text = self._texts.get(code)
        return text if text is not None else next((r.text for r in self._ranges if code in r), None)

    def code(self, name: str) -> Code:
        """The code of a name; KeyError when no single code has it."""
        return self._codes[name]

    def is_defined(self, code: Code) -> bool:
        """Whether the schema gives the code a meaning, or reserves it with a range."""
        return not self or self.name(code) is not None


def _integer(where: str, text: str) -> int:
    number = parse_integer(text)
    if number is None:
        raise ValueError(f"{where} has a ValueMap entry that is not an integer: {text!r}")
    return number
