"""The examples of the white papers do what they say, against a server of their own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from openvman.cli.demo_server import own_server

PAPERS = sorted((Path(__file__).parents[2] / "docs/whitepapers").glob("*.md"))
EXAMPLE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.stem)
def test_examples_run(paper, capsys):
    examples = list(EXAMPLE.finditer(text := paper.read_text()))
    assert examples
    with own_server(["sim://?hosts=1&vms=2&active=50%25"]) as running:
        told = {"url": running.target.url, "user": running.target.user, "password": running.target.password}
        for example in examples:
            line = text.count("\n", 0, example.start(1))
            exec(compile("\n" * line + example[1], paper, "exec"), told)
        told["server"].close()
    assert capsys.readouterr().out
