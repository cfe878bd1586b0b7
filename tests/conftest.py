"""What every test folder can use: the laboratory's fixtures, and the driver conformance suite."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# The helper packages tests.lab and tests.drivers.conformance are imported by name from any test folder.
sys.path.insert(0, str(Path(__file__).parent.parent))
pytest.register_assert_rewrite("tests.lab", "tests.drivers.conformance", "tests.drivers.subject")

pytest_plugins = ["tests.lab.fixtures"]
