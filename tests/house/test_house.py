"""Each house rule tells of a breach and keeps quiet where there is none."""

import subprocess
import sys
from pathlib import Path

import pytest


def write(root, name, text=""):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def places(breaches):
    return [breach.place for breach in breaches]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("src/openvman/model/x.py", "a = 1\nb = 'libvirt'\n"),
        ("src/openvman/cli/x.py", "#\nimport libvirt\n"),
        ("src/openvman/inventory/x.py", "#\nCIM_ComputerSystem\n"),
        ("src/openvman/drivers/libvirt/x.py", "#\nKVM_ComputerSystem\n"),
        ("docs/x.md", "#\nTODO: soon\n"),
        ("src/x.py", "#\n# FIXME\n"),
        ("Makefile", "#\n\tpip --extra-index-url=x\n"),
        ("tests/x/key.pem", "\n-----BEGIN EC PRIVATE KEY-----\n"),
        ("tests/x/test_x.py", "#\n    await asyncio.sleep(0.1)\n"),
    ],
)
def test_a_word_in_the_wrong_place(house, tmp_path, name, text):
    write(tmp_path, name, text)
    assert places(house.words()) == [f"{name}:2"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("src/openvman/drivers/libvirt/x.py", "import libvirt"),
        ("src/openvman/drivers/registry.py", "libvirt"),
        ("src/openvman/profiles/x.py", "CIM_ComputerSystem"),
        ("src/x.py", "# TODO(maria): say why"),
        ("docs/x.md", "a homework/plan, and libvirt"),
        ("tests/x.py", "await asyncio.sleep(0)"),
        ("tests/lab/x.py", "sleep(0.1)"),
    ],
)
def test_a_word_in_its_place(house, tmp_path, name, text):
    write(tmp_path, name, text)
    assert not list(house.words())


def test_a_long_file(house, tmp_path):
    write(tmp_path, "src/right.py", "#\n" * house.LONGEST_FILE)
    write(tmp_path, "src/long.py", "#\n" * (house.LONGEST_FILE + 1))
    assert places(house.lengths()) == ["src/long.py"]


def test_a_module_that_promises_nothing(house, tmp_path):
    write(tmp_path, "src/good.py", '"""It is good."""')
    write(tmp_path, "src/bad.py", "x = 1")
    assert places(house.openings()) == ["src/bad.py"]


def test_a_folder_without_contract(house, tmp_path):
    write(
        tmp_path,
        "tools/imports.toml",
        '[[tool.importlinter.contracts]]\ntype = "protected"\nprotected_modules = ["openvman.old.part"]',
    )
    write(tmp_path, "src/openvman/old/__init__.py")
    write(tmp_path, "src/openvman/new/__init__.py")
    write(tmp_path, "src/openvman/app.py")
    assert places(house.guarded_folders()) == ["src/openvman/new"]


def test_a_folder_without_tests(house, tmp_path):
    write(tmp_path, "src/openvman/old/__init__.py")
    write(tmp_path, "src/openvman/new/__init__.py")
    write(tmp_path, "tests/old/test_it.py")
    write(tmp_path, "tests/old/__init__.py")
    assert places(house.mirrored_tests()) == ["src/openvman/new", "tests/old/__init__.py"]


def test_breaches_are_printed_and_fail(house, tmp_path, capsys):
    (tmp_path / "src/openvman").mkdir(parents=True)
    write(tmp_path, "tools/imports.toml", "[tool.importlinter]\ncontracts = []")
    assert house.main() == 0
    write(tmp_path, "README.md", "TODO\n")
    assert house.main() == 1
    assert capsys.readouterr().out.startswith("README.md:1: something left to do needs an owner")


def test_imports_against_the_layers(root, tmp_path):
    """The contracts themselves, over a copy of the package with some imports more."""
    wrong = {
        "openvman.model.host": "openvman.cim.values",
        "openvman.wire.cimxml.escape": "openvman.broker.rows",
        "openvman.profiles.units": "asyncio",
        "openvman.broker.rows": "lxml",
        "openvman.client.units": "openvman.model.host",
        "openvman.inventory.graft": "openvman.drivers.simulated.fleet",
        "openvman.fresh": "openvman.cim.names",
    }
    for source in (root / "src/openvman").rglob("*.py"):
        write(tmp_path, source.relative_to(root / "src"), source.read_text())
    write(tmp_path, "openvman/fresh.py", "from __future__ import annotations\n")
    for module, imported in wrong.items():
        path = tmp_path / f"{module.replace('.', '/')}.py"
        before, future, after = path.read_text().partition("from __future__ import annotations\n")
        path.write_text(f"{before}{future}import {imported}\n{after}")
    found = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--config", root / "tools/imports.toml"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert found.returncode == 1, found.stderr
    assert [
        line for line in (f"{module} -> {name} " for module, name in wrong.items()) if line not in found.stdout
    ] == []
