"""Why a job failed is kept as a message of the registry, and is told again by whatever version reads it."""

from dataclasses import replace

from openvman.messages.problem import Problem
from openvman.messages.requests import NO_INSTANCE
from openvman.model.errors import ModelError
from openvman.model.job import Failure

SAID = NO_INSTANCE.said(path="VMAN_X.Id=1").within("the host").noted("It was taken back.")


def test_a_failure_tells_what_was_said():
    failure = Failure.of(SAID, "web")
    assert failure.said == SAID
    assert (failure.id, failure.arguments, failure.subject) == ("VMAN1001", ("VMAN_X.Id=1",), "web")


def test_a_message_of_another_version_is_told_by_its_id_and_arguments():
    for unknown in (
        replace(Failure.of(SAID, None), id="VMAN0001"),
        replace(Failure.of(SAID, None), id="OTHER1001"),
        replace(Failure.of(SAID, None), arguments=("a", "VMAN_X.Id=1")),
        replace(Failure.of(SAID, None), id="VMAN9001"),  # an alert is no failure
    ):
        error = ModelError(unknown.said)
        assert error.problem is Problem.FAILED
        assert unknown.id in error.message
        assert "VMAN_X.Id=1" in error.message
