"""What every test folder can use: the laboratory's fixtures, and the driver conformance suite."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# The helper packages tests.lab and tests.drivers are imported by name from any test folder.
sys.path.insert(0, str(Path(__file__).parent.parent))
pytest.register_assert_rewrite("tests.lab", "tests.drivers")

pytest_plugins = ["tests.lab.fixtures"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-golden", action="store_true", help="write golden files anew; review the difference")
    parser.addoption("--kills", type=int, default=200, help="how often tests/crash kills the server")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compares a text with a golden file, or writes the file with --rewrite-golden."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--rewrite-golden"):
            path.write_text(text)
        assert path.exists(), f"there is no {path}: make it with --rewrite-golden"
        assert text == path.read_text()

    return compare
