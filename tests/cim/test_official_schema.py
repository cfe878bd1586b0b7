"""Our declarations against the official schema of the DMTF, which is not part of this project.

Looks for the schema's zip files in the directory that OPENVMAN_OFFICIAL_SCHEMA names, else in ``../shared/schema``
beside the checkout.
"""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from openvman.cim.compiler import compile_mof
from openvman.cim.declarations import Class, Qualifier
from openvman.cim.loader import SCHEMA_DIRECTORY
from openvman.cim.names import NameMap
from openvman.cim.values import Value

FINAL = "2.49.0Final"
EXPERIMENTAL = "2.41.0Experimental"
FROM_EXPERIMENTAL = frozenset(
    {
        "CIM_AggregatedVirtualSystemManagementService",
        "CIM_MostCurrentSnapshotInBranch",
        "CIM_VirtualSystemMigrationCapabilities",
        "CIM_VirtualSystemMigrationService",
    }
)
LEFT_OUT = frozenset({"description", "mappingstrings", "umlpackagepath"})

Declared = dict[str, Class]


@pytest.fixture(scope="module")
def ours() -> Declared:
    files = sorted(SCHEMA_DIRECTORY.glob("*.mof"), key=lambda file: file.name != "qualifiers.mof")
    return {cls.name: cls for cls in compile_mof(files)[0]}


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> Declared:
    given = os.environ.get("OPENVMAN_OFFICIAL_SCHEMA")
    folder = Path(given) if given else Path(__file__).parents[2].parent / "shared" / "schema"
    zips = {version: folder / f"cim_schema_{version}-MOFs.zip" for version in (EXPERIMENTAL, FINAL)}
    for file in zips.values():
        if not file.is_file():
            pytest.skip(f"the official schema is not here: no {file.name} in {folder} (set OPENVMAN_OFFICIAL_SCHEMA)")
    found: Declared = {}
    for version, file in zips.items():
        target = tmp_path_factory.mktemp(version)
        with zipfile.ZipFile(file) as archive:
            archive.extractall(target)
        (index,) = target.glob("cim_schema_*.mof")
        for cls in compile_mof([index])[0]:
            if version == FINAL or cls.name in FROM_EXPERIMENTAL:
                found[cls.name] = cls
    return found


def facts(qualifiers: NameMap[Qualifier]) -> dict[str, Value]:
    return {q.name.lower(): q.value for q in qualifiers.values() if q.name.lower() not in LEFT_OUT}


def declaration(cls: Class) -> dict[str, Any]:
    """Everything that a class says itself, but for texts."""
    said: dict[str, Any] = {"": (cls.superclass, facts(cls.qualifiers))}
    for p in cls.properties.values():
        said[p.name] = (p.type, p.is_array, p.array_size, p.default, p.reference_class, facts(p.qualifiers))
    for m in cls.methods.values():
        said[f"{m.name}()"] = (m.return_type, list(m.parameters), facts(m.qualifiers))
        for a in m.parameters.values():
            said[f"{m.name}({a.name})"] = (a.type, a.is_array, a.array_size, a.reference_class, facts(a.qualifiers))
    return said


def descriptions(cls: Class) -> list[str]:
    elements = [cls, *cls.properties.values(), *cls.methods.values()]
    elements += [p for m in cls.methods.values() for p in m.parameters.values()]
    found = (element.qualifiers.get("Description") for element in elements)
    return [" ".join(str(q.value).lower().split()) for q in found if q is not None]


def test_every_declaration_is_the_official_one(ours: Declared, official: Declared) -> None:
    for name, cls in ours.items():
        assert name in official, name
        assert declaration(cls) == declaration(official[name]), name


def test_no_description_is_the_official_one(ours: Declared, official: Declared) -> None:
    theirs = {text for name in ours for text in descriptions(official[name])}
    copied = {text for cls in ours.values() for text in descriptions(cls)} & theirs
    assert copied == set()
