"""Starting: the schema from its cache, and compiled from its MOF files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure, seconds
from openvman.cim.loader import SCHEMA_DIRECTORY, load_schema


def measure(_scale: float) -> Iterator[Figure]:
    """The work is the same whatever the scale."""
    before = os.environ.get("XDG_CACHE_HOME")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        try:
            compiled = seconds(load_schema, 1)
            cached = seconds(load_schema, 7)
            (cache,) = Path(folder).rglob("schema-*")
            files = [cache, *SCHEMA_DIRECTORY.glob("*.mof")]
            read = seconds(lambda: [file.read_bytes() for file in files], 15)
        finally:
            if before is None:
                del os.environ["XDG_CACHE_HOME"]
            else:
                os.environ["XDG_CACHE_HOME"] = before
    yield Figure("schema", "load from the cache", cached, "compiling the MOF files", compiled)
    yield Figure("schema", "load from the cache", cached, "reading the same files", read)
