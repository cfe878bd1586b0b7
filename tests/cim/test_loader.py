from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from openvman.cim.compiler import compile_mof
from openvman.cim.graph import ClassGraph
from openvman.cim.loader import SCHEMA_DIRECTORY, cache_directory, load_schema
from openvman.cim.resolve import SchemaError

EXTRA = """
[Version("1.0.0"), Description("One more.")]
class ACME_System : CIM_ComputerSystem {
      [Description("When.")]
   datetime Since = "20260102030405.000000+000";
   uint8 Codes[] = { 1, 2 };
};
"""


def same(left: ClassGraph, right: ClassGraph) -> bool:
    return left.classes == right.classes and left.qualifier_types == right.qualifier_types


def test_the_cache_gives_what_the_compiler_gives_without_importing_pywbem(schema: ClassGraph, cache: Path) -> None:
    assert same(load_schema(), schema)
    assert [file.suffix for file in cache.iterdir()] == [".msgpack"]
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    program = (
        "import sys; from openvman.cim.loader import load_schema\n"
        "print(len(load_schema().classes), 'pywbem' in sys.modules)"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert output.split() == [str(len(schema.classes)), "False"]
    assert same(load_schema(), schema)


@pytest.mark.parametrize("damage", [b"", b"x" * 100, None])
def test_a_damaged_cache_is_rebuilt(schema: ClassGraph, cache: Path, damage: bytes | None) -> None:
    load_schema()
    (file,) = cache.iterdir()
    good = file.read_bytes()
    spoilt = good[:-1000] + b"\0" + good[-999:] if damage is None else damage
    file.write_bytes(spoilt)
    assert same(load_schema(), schema)
    assert file.read_bytes() == good


def test_a_cache_that_cannot_be_written_costs_only_time(
    schema: ClassGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert same(load_schema(), schema)


def test_without_a_home_there_is_no_cache(schema: ClassGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    monkeypatch.setattr(Path, "home", homeless)
    assert cache_directory() is None
    assert same(load_schema(), schema)


def test_extra_files_add_and_replace_and_are_cached(cache: Path, tmp_path: Path) -> None:
    extra = tmp_path / "acme.mof"
    extra.write_text(EXTRA)
    for _ in ("compiled", "cached"):
        graph = load_schema([extra])
        cls = graph["ACME_System"]
        assert str(cls.properties["Since"].default) == "20260102030405.000000+000"
        assert cls.properties["Codes"].default == (1, 2)
        assert graph.is_a("acme_system", "CIM_ManagedElement")
    assert len(list(cache.iterdir())) == 1
    extra.write_text(EXTRA.replace("Since", "From"))
    assert "From" in load_schema([extra])["ACME_System"].properties


def test_a_change_of_an_included_file_is_seen(cache: Path, tmp_path: Path) -> None:
    index, extra = tmp_path / "index.mof", tmp_path / "acme.mof"
    index.write_text('#pragma include ("acme.mof")')
    for name in ("Since", "From"):
        extra.write_text(EXTRA.replace("Since", name))
        assert name in load_schema([index])["ACME_System"].properties
    assert len(list(cache.iterdir())) == 2


def test_a_missing_file_is_an_error(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"):
        load_schema([tmp_path / "missing.mof"])


def test_a_disk_that_fails_leaves_no_half_file(
    schema: ClassGraph, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: Path, _target: Path) -> Path:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    assert same(load_schema(), schema)
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("class {", "acme.mof"),
        ("class A : CIM_Nothing { };", "superclass CIM_Nothing"),
        ("class A { CIM_Nothing REF X; };", "class CIM_Nothing"),
        ('class A { [EmbeddedInstance("CIM_Nothing")] string X; };', "class CIM_Nothing"),
        ("class A : B { }; class B : A { };", "lead back"),
        ("instance of CIM_Error { };", "acme.mof"),
    ],
)
def test_bad_extra_files_say_why(cache: Path, tmp_path: Path, text: str, why: str) -> None:
    extra = tmp_path / "acme.mof"
    extra.write_text(text)
    with pytest.raises(SchemaError, match=why):
        load_schema([extra])


def test_every_class_and_method_has_a_description() -> None:
    classes, _ = compile_mof(sorted(SCHEMA_DIRECTORY.glob("*.mof"), key=lambda file: file.name != "qualifiers.mof"))
    without = [cls.name for cls in classes if "Description" not in cls.qualifiers]
    without += [f"{c.name}.{m.name}" for c in classes for m in c.methods.values() if "Description" not in m.qualifiers]
    assert without == []
