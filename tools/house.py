"""The house rules that no other linter knows: each a function that yields what breaks it, all listed in RULES.

``tools/house.py`` prints one sentence per breach, with its place, and exits with 1 if there is any.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
CODE: Final = ("src", "tests", "tools", "benchmarks")
WRITTEN: Final = (*CODE, "docs", ".ci", "Makefile", "pyproject.toml", "mkdocs.yml", "*.md")
LONGEST_FILE: Final = 600
TESTED_ELSEWHERE: Final = {"views": "tests/broker, since a view is what the broker shows"}


@dataclass(frozen=True, slots=True)
class Breach:
    """``place`` is the file below the root, with the line where one is to blame."""

    place: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class Word:
    """Text that may stand only in some places. ``but`` gives each place that may with the reason why."""

    pattern: re.Pattern[str]
    within: tuple[str, ...]
    but: dict[str, str]
    sentence: str


WORDS: Final = (
    Word(
        re.compile(r"libvirt", re.IGNORECASE),
        ("src/openvman",),
        {
            "src/openvman/drivers/libvirt": "the driver",
            "src/openvman/drivers/registry.py": "says which driver answers for which address",
            "src/openvman/views": "one is for clients of a project of that name",
            "src/openvman/cli/checks.py": "tells which binding is missing",
            "src/openvman/cli/doctor.py": "likewise",
            "src/openvman/config/settings.py": "help texts, from which a page of the documentation is made",
        },
        "the word libvirt belongs into drivers/libvirt: the rest must not know which hypervisor it manages",
    ),
    Word(
        re.compile(r"\b(CIM|VMAN|KVM|Msvm)_\w+"),
        ("src/openvman/model", "src/openvman/drivers", "src/openvman/inventory", "src/openvman/store"),
        {},
        "a CIM class is named below the mapping: model, drivers, inventory and store know no CIM",
    ),
    Word(
        re.compile(r"\b(TODO|FIXME|XXX)\b(?!\([\w.-]+\): \S)"),
        WRITTEN,
        {"tools/house.py": "this rule", "tests/house": "its test"},
        "something left to do needs an owner: TODO(name): what",
    ),
    Word(
        re.compile(r"index-url"),
        WRITTEN,
        {
            "tools/house.py": "this rule",
            "tests/house": "its test",
        },
        "the project names no package index: which one is used is the machine's own setting",
    ),
    Word(
        re.compile(r"BEGIN [A-Z ]*PRIVATE KEY"),
        WRITTEN,
        {"tools/house.py": "this rule", "tests/house": "its test"},
        "no key lies in the tree: tests make their own",
    ),
    Word(
        re.compile(r"\bsleep\((?!0\)|60\)|self\b)"),
        ("tests",),
        {
            "tests/house": "this rule's test",
            "tests/lab": "waits for daemons, which tell nobody when they are ready",
            "tests/system": "likewise",
            "tests/drivers/subject.py": "asks until a guest has done something, with a deadline",
        },
        "a test does not sleep: wait for what is to happen, or give it a clock (60 means: until it is ended)",
    ),
)


def files(*within: str) -> Iterator[Path]:
    """The text files in these folders (or matching these names), in order."""
    for name in within:
        found = ROOT / name
        for path in sorted(found.rglob("*") if found.is_dir() else ROOT.glob(name)):
            if path.is_file() and "__pycache__" not in path.parts and path.suffix not in {".gz", ".png", ".zip"}:
                yield path


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def words() -> Iterator[Breach]:
    """Words stand where they may."""
    for word in WORDS:
        for path in files(*word.within):
            name = named(path)
            if any(name == allowed or name.startswith(allowed + "/") for allowed in word.but):
                continue
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if word.pattern.search(line):
                    yield Breach(f"{name}:{number}", word.sentence)


def lengths() -> Iterator[Breach]:
    """No file eats the project."""
    for path in files(*CODE):
        if path.suffix in {".py", ".sh"}:
            count = len(path.read_text(encoding="utf-8").splitlines())
            if count > LONGEST_FILE:
                yield Breach(named(path), f"{count} lines: a file has at most {LONGEST_FILE}, find the seam in it")


def openings() -> Iterator[Breach]:
    """A module opens with what it promises."""
    for path in files("src", "tools", "benchmarks"):
        if path.suffix == ".py" and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))):
            yield Breach(named(path), "a module opens with what it promises: write its docstring")


def guarded_folders() -> Iterator[Breach]:
    """Every folder has a contract that says who may import it."""
    contracts = tomllib.loads((ROOT / "tools/imports.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    guarded = [
        module
        for contract in contracts["contracts"]
        if contract["type"] == "protected"
        for module in contract["protected_modules"]
    ]
    for path in sorted((ROOT / "src/openvman").iterdir()):
        if (path / "__init__.py").exists():
            module = f"openvman.{path.name}"
            if not any(name == module or name.startswith(module + ".") for name in guarded):
                yield Breach(named(path), "who may import this folder? Enter it in tools/imports.toml")


def mirrored_tests() -> Iterator[Breach]:
    """Tests stand where their code does, and import no other test."""
    for path in sorted((ROOT / "src/openvman").iterdir()):
        if not (path / "__init__.py").exists() or path.name in TESTED_ELSEWHERE:
            continue
        if not any((ROOT / "tests" / path.name).rglob("test_*.py")):
            yield Breach(named(path), f"this folder has no tests: make tests/{path.name}")
    for path in files("tests"):
        if path.name == "__init__.py":
            yield Breach(named(path), "a folder of tests is no package: shared code stands in a conftest.py")


RULES: Final[tuple[Callable[[], Iterator[Breach]], ...]] = (
    words,
    lengths,
    openings,
    guarded_folders,
    mirrored_tests,
)


def main() -> int:
    """Print every breach; 1 if there was one."""
    breaches = [breach for rule in RULES for breach in rule()]
    for breach in breaches:
        print(breach)
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
