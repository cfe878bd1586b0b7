"""``vman doctor``: what keeps openvman from working here, and the cure."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import click

from openvman.cli import checks, output
from openvman.cli.checks import Finding, Verdict
from openvman.cli.connection import load_settings
from openvman.cli.exits import Exit
from openvman.cli.settings_options import CONFIG_FILE
from openvman.config.load import ConfigError
from openvman.drivers.registry import diagnose

_SIGNS = {Verdict.OK: ("✓", "green"), Verdict.WARNING: ("!", "yellow"), Verdict.FAILURE: ("✗", "red")}

_VERDICTS = {"ok": Verdict.OK, "warn": Verdict.WARNING, "fail": Verdict.FAILURE}


@click.command("doctor")
@CONFIG_FILE
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list of objects.")
def command(config: Path | None, as_json: bool) -> None:
    """Look for what keeps openvman from working here, and say the cure.

    Exits with 1 when something fails; a warning does not count.
    """
    with output.working("Looking"):
        findings = list(_findings(config))
    if as_json:
        output.emit_json(
            [
                {"subject": f.subject, "verdict": f.verdict.value, "found": f.found, "cure": f.cure or None}
                for f in findings
            ]
        )
    else:
        _print(findings)
    if any(finding.verdict is Verdict.FAILURE for finding in findings):
        raise click.exceptions.Exit(Exit.FAILURE)


def _findings(config: Path | None) -> Iterator[Finding]:
    yield from checks.check_versions()
    try:
        loaded = load_settings(file=config)
    except ConfigError as error:
        yield Finding("settings", Verdict.FAILURE, str(error), "correct it; nothing else was looked at")
        return
    yield from checks.check_settings(loaded)
    yield from checks.check_state(loaded.settings)
    yield from checks.check_images(loaded.settings)
    yield from checks.check_listening(loaded.settings)
    yield from checks.check_certificate(loaded.settings)
    yield from _hypervisors()


def _hypervisors() -> Iterator[Finding]:
    for check in asyncio.run(diagnose()):
        yield Finding(check.name, _VERDICTS[check.level], check.found, check.cure or "")


def _print(findings: list[Finding]) -> None:
    rows = []
    for finding in findings:
        sign, style = _SIGNS[finding.verdict]
        rows.append((output.cell(sign, style), finding.subject, finding.found, finding.cure))
    output.table(("", "WHAT", "FOUND", "CURE"), rows)
