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
    assert set(result.parent.iterdir()) == {result, result.with_suffix(".md"), result.with_suffix(".svg")}
    for figure in figures:
        assert figure["ratio"] == pytest.approx(figure["value"] / figure["reference_value"])


def test_a_result_is_compared_with_a_stored_one(root, tmp_path):
    words = [sys.executable, "-m", "benchmarks.run", "schema", "--results", tmp_path]
    done = subprocess.run(
        [*words, "--against", root / "benchmarks/stored.json"], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "| schema | load from the cache |" in done.stdout


def test_only_a_whole_run_is_stored(root):
    words = [sys.executable, "-m", "benchmarks.run", "encode", "--scale", "0.01", "--store"]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True)
    assert done.returncode != 0
    assert "--store takes a whole run" in done.stderr
    assert json.loads((root / "benchmarks/stored.json").read_text())["scale"] == 1
