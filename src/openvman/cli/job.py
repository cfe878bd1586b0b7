"""``vman job``: what became of requests for changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from openvman.cli import output
from openvman.cli.connection import connecting
from openvman.cli.texts import harmless
from openvman.client.errors import ClientError, Reason

if TYPE_CHECKING:  # they import pywbem, which is slow, and help must be quick
    from openvman.client.jobs import Job, Jobs
    from openvman.client.vman import Client

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON: a list of objects, times in ISO 8601.")


@click.group("job")
def command() -> None:
    """Jobs: every change that was asked for, how far it is, and how it ended."""


def _jobs_of(client: Client) -> Jobs:
    from openvman.client.jobs import Jobs  # noqa: PLC0415 - it imports pywbem, which is slow

    return Jobs(client.session)


def _job_object(job: Job) -> dict[str, Any]:
    """The stable shape of a job in JSON."""
    return {
        "id": job.id,
        "name": job.name,
        "owner": job.owner,
        "state": job.state,
        "percent": job.percent,
        "submitted": None if job.submitted is None else job.submitted.isoformat(),
        "seconds": None if job.elapsed is None else job.elapsed.total_seconds(),
        "error": job.error,
    }


@command.command("list")
@connecting
@click.option("--running", is_flag=True, help="Only those that have not ended.")
@AS_JSON
def list_jobs(client: Client, running: bool, as_json: bool) -> None:
    """List the jobs that have not ended, and those that ended not long ago."""
    jobs = [job for job in _jobs_of(client).all() if not (running and job.ended)]
    if as_json:
        output.emit_json([_job_object(job) for job in jobs])
        return
    output.table(
        ("ID", "NAME", "OWNER", "STATE", "%", "TIME"),
        [(job.id, job.name, job.owner, output.state(job.state), job.percent, _time(job)) for job in jobs],
        right=("%", "TIME"),
    )


@command.command()
@connecting
@click.argument("job_id", metavar="ID")
@AS_JSON
def show(client: Client, job_id: str, as_json: bool) -> None:
    """Show a job. The beginning of its id is enough."""
    jobs = _jobs_of(client)
    job = jobs.find(job_id)
    affected = [str(each.get("ElementName") or each.path) for each in jobs.affected(job)]
    if as_json:
        output.emit_json([{**_job_object(job), "affected": affected}])
        return
    output.facts(
        (
            ("ID", job.id),
            ("Name", job.name),
            ("Owner", job.owner),
            ("State", output.state(job.state)),
            ("Status", job.status),
            ("Percent", job.percent),
            ("Submitted", None if job.submitted is None else job.submitted.isoformat(sep=" ", timespec="seconds")),
            ("Time", _time(job)),
            ("Works on", ", ".join(affected)),
            ("Error", job.error),
        )
    )


@command.command()
@connecting
@click.argument("job_id", metavar="ID")
@click.option(
    "--for",
    "seconds",
    type=click.FloatRange(min=0),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait.",
)
def wait(client: Client, job_id: str, seconds: float) -> None:
    """Wait for a job's end, and show how far it is. Fails when the job does."""
    jobs = _jobs_of(client)
    job = jobs.find(job_id)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    shown = output.console(stderr=True)
    with Progress(*columns, console=shown, disable=not shown.is_terminal, transient=True) as progress:
        task = progress.add_task(harmless(job.name), total=100)
        job = jobs.wait(job, seconds, lambda seen: progress.update(task, completed=seen.percent))
    if job.state != "completed":
        raise ClientError(Reason.FAILED, f"Job {job.id} is {job.state}: {job.error or job.name}")
    output.say(f"{job.name}: {job.state}.")


@command.command()
@connecting
@click.argument("job_id", metavar="ID")
@click.option("--kill", is_flag=True, help="The job is shown as killed, not as terminated.")
def cancel(client: Client, job_id: str, kill: bool) -> None:
    """End a job. What it did is taken back first, where that can be done."""
    from openvman.client.jobs import JobRequest  # noqa: PLC0415 - it imports pywbem, which is slow

    jobs = _jobs_of(client)
    job = jobs.find(job_id)
    jobs.request(job, JobRequest.KILL if kill else JobRequest.TERMINATE)
    job = jobs.wait(job, 60.0)
    output.say(f"{job.name}: {job.state}.")


@command.command()
@connecting
@click.argument("job_id", metavar="ID")
def delete(client: Client, job_id: str) -> None:
    """Forget a job that has ended, before its time. What it did stays."""
    jobs = _jobs_of(client)
    job = jobs.find(job_id)
    jobs.delete(job)
    output.say(f"Deleted job {job.id} ({job.name}).")


@command.command()
@connecting
@click.argument("job_id", metavar="ID")
def hold(client: Client, job_id: str) -> None:
    """Hold a job back that has not begun, until it is released."""
    _request(client, job_id, "SUSPEND")


@command.command()
@connecting
@click.argument("job_id", metavar="ID")
def release(client: Client, job_id: str) -> None:
    """Let a job begin that was held back."""
    _request(client, job_id, "RESUME")


def _request(client: Client, job_id: str, what: str) -> None:
    from openvman.client.jobs import JobRequest  # noqa: PLC0415 - it imports pywbem, which is slow

    jobs = _jobs_of(client)
    job = jobs.find(job_id)
    jobs.request(job, JobRequest[what])
    job = jobs.again(job)
    output.say(f"{job.name}: {job.state}.")


def _time(job: Job) -> str | None:
    return None if job.elapsed is None else f"{job.elapsed.total_seconds():.1f} s"
