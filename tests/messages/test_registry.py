"""The table of all messages is in order, and whoever names a row gives what its text asks for."""

import ast
import re
from collections import Counter
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest

import openvman
from openvman.messages import registry
from openvman.messages.message import AlertMessage, ErrorMessage, Message
from openvman.model.validation import Rule

SOURCE = Path(openvman.__file__).parent
TABLES = sorted(
    path.stem
    for path in (SOURCE / "messages").glob("*.py")
    if path.stem not in {"__init__", "message", "problem", "registry"}
)
ROWS = {table: registry.rows(import_module(f"openvman.messages.{table}")) for table in TABLES}
FILES = sorted(path for path in SOURCE.rglob("*.py") if path.parent != SOURCE / "messages")
RANGE = re.compile(r"(\d{4}) to (\d{4})")
ERRORS = {"ModelError", "CIMError"}
DECLARED = {SOURCE / "model/errors.py", SOURCE / "cim/errors.py", SOURCE / "model/validation.py"}
"""Where the two are declared, and where rules say theirs: they pass values on."""
RULES = [
    (name, place, rule)
    for module in ("cloud_init", "container_rules", "device_rules", "device_tuning_rules", "tuning_rules", "validation")
    for name, rules in vars(import_module(f"openvman.model.{module}")).items()
    if isinstance(rules, tuple)
    for place, rule in enumerate(rules)
    if isinstance(rule, Rule)
]
FOLDERS = sorted({path.relative_to(SOURCE).parts[0] for path in FILES})


def limits(table: str) -> tuple[int, int]:
    first, last = RANGE.search(import_module(f"openvman.messages.{table}").__doc__).groups()
    return int(first), int(last)


# --- the table --------------------------------------------------------------------------------------------------------


def test_every_table_is_collected_in_the_order_of_its_numbers():
    collected = [subject.__name__.rpartition(".")[2] for subject in registry.SUBJECTS]
    assert sorted(collected) == TABLES
    assert collected == sorted(collected, key=limits)


@pytest.mark.parametrize("table", TABLES)
def test_numbers_are_of_the_tables_own_range_and_in_order(table):
    first, last = limits(table)
    numbers = [row.number for row in ROWS[table].values()]
    assert numbers == sorted(numbers)
    assert all(first <= number <= last for number in numbers)


def test_numbers_are_unique_and_ranges_apart():
    counted = Counter(row.number for rows in ROWS.values() for row in rows.values())
    assert [number for number, count in counted.items() if count > 1] == []
    ranges = sorted(map(limits, TABLES))
    assert all(one[1] < other[0] for one, other in pairwise(ranges))


@pytest.mark.parametrize("row", registry.MESSAGES.values(), ids=lambda row: row.id)
def test_a_row_is_whole(row):
    assert isinstance(row, ErrorMessage | AlertMessage)
    assert re.fullmatch(r"VMAN\d{4}", row.id)
    assert row.text
    assert row.text == row.text.strip()
    if row.action:
        assert row.text[-1] in ".?", "a text that is followed by an action is a sentence"
        assert row.action[0].isupper()
        assert row.action.endswith(".")
    assert registry.find(row.id) is row
    if isinstance(row, AlertMessage):
        assert row.event
        assert row.type
        assert row.cause


@pytest.mark.parametrize("id", ["", "VMAN", "VMAN0000", "VMAN-1", "WIPG1001", "1001", "VMAN1001x"])
def test_what_is_no_id_finds_nothing(id):
    assert registry.find(id) is None


# --- where rows are named ---------------------------------------------------------------------------------------------


class Names:
    """What the names of a file mean that it imports from the tables."""

    def __init__(self, tree: ast.Module) -> None:
        self.tables: dict[str, dict[str, Message]] = {}
        self.rows: dict[str, Message] = {}
        self.imported: set[str] = set()
        for node in ast.walk(tree):
            if not isinstance(node, ast.ImportFrom) or node.module is None:
                continue
            for alias in node.names:
                name = alias.asname or alias.name
                if node.module == "openvman.messages" and alias.name in ROWS:
                    self.tables[name] = ROWS[alias.name]
                    self.imported.add(alias.name)
                elif node.module.startswith("openvman.messages."):
                    row = ROWS.get(node.module.rpartition(".")[2], {}).get(alias.name)
                    if row is not None:
                        self.rows[name] = row

    def row(self, node: ast.expr) -> Message | None:
        """The row that an expression names."""
        if isinstance(node, ast.Name):
            return self.rows.get(node.id)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return self.tables.get(node.value.id, {}).get(node.attr)
        return None


def parsed(path: Path) -> tuple[ast.Module, Names]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return tree, Names(tree)


def named_in(tree: ast.Module, names: Names) -> set[int]:
    found = (names.row(node) for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute))
    return {row.number for row in found if row is not None}


def roots(row: Message) -> set[str]:
    return {field.root for field in row.fields}


def by_kind(table: str):
    """The rows that a table hands out by a key."""
    for value in vars(import_module(f"openvman.messages.{table}")).values():
        if isinstance(value, dict):
            yield from (row.number for row in value.values() if isinstance(row, Message))


def breaches(path: Path):
    """Calls that raise or say a message without exactly the values of its fields."""
    tree, names = parsed(path)
    named = [registry.MESSAGES[number] for number in named_in(tree, names)]
    named += [registry.MESSAGES[number] for table in names.imported for number in by_kind(table)]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        place = f"{path.relative_to(SOURCE.parent)}:{node.lineno}"
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called == "said" and isinstance(node.func, ast.Attribute):
            subject = node.func.value
        elif node.args and (called in ERRORS or (called.endswith("Error") and names.row(node.args[0]) is not None)):
            subject = node.args[0]
        else:
            continue
        if isinstance(subject, ast.Constant | ast.JoinedStr):
            yield f"{place}: a free text is raised: make it a row"
            continue
        given = {keyword.arg for keyword in node.keywords}
        if None in given:
            yield f"{place}: values are given by name, so that this test can compare them"
            continue
        row = names.row(subject)
        if row is not None and given != roots(row):
            yield f"{place}: {row.id} takes {sorted(roots(row))}, not {sorted(given)}"
        if row is None and given and not any(roots(each) <= given for each in named):
            yield f"{place}: no row that this file names takes {sorted(given)}"


@pytest.mark.parametrize("folder", FOLDERS)
def test_who_raises_an_error_gives_the_values_of_its_fields(folder):
    paths = [path for path in FILES if path.relative_to(SOURCE).parts[0] == folder and path not in DECLARED]
    assert [breach for path in paths for breach in breaches(path)] == []


@pytest.mark.parametrize("rule", [rule for _, _, rule in RULES], ids=[f"{name}-{place}" for name, place, _ in RULES])
def test_a_rule_has_what_its_message_asks_for(rule):
    assert roots(rule.message) <= {"spec", "setting", "value", "host", "around", *rule.given}


def test_every_row_is_named_somewhere():
    named = set().union(*(named_in(*parsed(path)) for path in FILES), *map(by_kind, TABLES))
    assert [row.id for row in registry.MESSAGES.values() if row.number not in named] == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("raise CIMError('no')", "free text"),
        ("raise ModelError(f'no {x}', x)", "free text"),
        ("raise CIMError(requests.NO_INSTANCE)", "takes ['path'], not []"),
        ("raise CIMError(requests.NO_INSTANCE, path=p, more=1)", "takes ['path'], not ['more', 'path']"),
        ("raise OtherError(requests.NO_INSTANCE, way=p)", "takes ['path'], not ['way']"),
        ("raise CIMError(requests.NO_INSTANCE, **values)", "given by name"),
        ("requests.NO_INSTANCE.said(way=1)", "takes ['path'], not ['way']"),
        ("from openvman.messages.requests import NO_INSTANCE as X; X.said()", "takes ['path'], not []"),
        ("row = requests.NO_INSTANCE; raise CIMError(row, way=1)", "no row that this file names"),
    ],
)
def test_a_breach_is_found(tmp_path, monkeypatch, text, sentence):
    path = tmp_path / "openvman/x.py"
    path.parent.mkdir()
    path.write_text(f"from openvman.messages import requests\n{text}\n")
    monkeypatch.setattr(f"{__name__}.SOURCE", path.parent)
    (breach,) = breaches(path)
    assert breach.startswith("openvman/x.py:2: ")
    assert sentence in breach


def test_what_is_right_is_no_breach(tmp_path, monkeypatch):
    path = tmp_path / "x.py"
    monkeypatch.setattr(f"{__name__}.SOURCE", tmp_path)
    path.write_text(
        "from openvman.messages import requests as r\n"
        "row = r.NO_INSTANCE\n"
        "raise CIMError(r.NO_INSTANCE, 'it', path=p)\n"
        "raise CIMError(row, path=p)\n"
        "raise CIMError(error.said, subject)\n"
        "f(r.NO_CLASS, anything=1)\n"
    )
    assert list(breaches(path)) == []
