"""The benchmarks run. What they measure is for people to judge, on a quiet machine."""

import json
import subprocess
import sys

import pytest
from tests.lab import lab


def test_every_benchmark_gives_figures(root, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.run", "--scale", "0.01", "--results", tmp_path],
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (result,) = tmp_path.glob("*.json")
    assert result.with_suffix(".md").read_text().startswith("| benchmark |")
    assert result.with_suffix(".svg").read_text().startswith("<svg ")
    figures = json.loads(result.read_text())["figures"]
    assert {figure["benchmark"] for figure in figures} == {
        "schema",
        "encode",
        "read over HTTP",
        "libvirt",
        "indications",
        "restart",
        "simulated fleet",
    } | ({"real host"} if lab.missing() is None else set())
    for figure in figures:
        assert figure["ratio"] == pytest.approx(figure["value"] / figure["reference_value"])
