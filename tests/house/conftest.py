"""The programs in tools/, loaded as modules."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _load(name):
    spec = importlib.util.spec_from_file_location(f"openvman_tools_{name}", ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def docs():
    return _load("docs")


@pytest.fixture
def house(tmp_path, monkeypatch):
    """The house rules, looking at an empty project in ``tmp_path``."""
    module = _load("house")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return module
