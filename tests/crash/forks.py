"""Starts servers by forking, which spares each the second that its imports take: ``python forks.py``.

Reads lines of JSON, ``{"options": {…}, "point": "job.running:kill:1", "log": "/…"}``: starts a server with these
settings and that fault point, and answers with its process id. An empty line waits for the process, and answers with
its status.
"""

from __future__ import annotations

import json
import os
import sys

from openvman import fault_points
from openvman.app import run
from openvman.cim.loader import load_schema
from openvman.config.load import load
from openvman.drivers.libvirt import driver as _driver  # noqa: F401 - imported once, not by each server


def main() -> None:
    load_schema()
    child = 0
    for line in sys.stdin:
        if not line.strip():
            _, status = os.waitpid(child, 0)
            _say(os.waitstatus_to_exitcode(status))
            continue
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _serve(asked)
        _say(child)


def _serve(asked: dict[str, object]) -> None:
    try:
        log = os.open(str(asked["log"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, file in enumerate((nothing, log, log)):
            os.dup2(file, number)
        fault_points.arm(str(asked["point"]))
        run(load(asked["options"], environment={}).settings)
    finally:
        os._exit(1)


def _say(what: int) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
