"""Which operation a method runs."""

from __future__ import annotations

import pytest

from openvman.mapping.methods import ByType, Choice, MethodMap

BY_TYPE = ByType("asked", (Choice(bool, "switch", "on"), Choice(int, "count", "number")))


def method(operation):
    return MethodMap(
        name="M", operation=operation, permission=0, inputs={}, arrange=lambda _on, given: {**given, "more": 1}
    )


@pytest.mark.parametrize(
    ("asked", "expected"),
    [(True, ("switch", {"on": True, "more": 1})), (7, ("count", {"number": 7, "more": 1}))],
)
def test_the_first_choice_that_fits_counts(asked, expected):
    assert method(BY_TYPE).chosen(None, {"asked": asked}) == expected
    assert method(BY_TYPE).operations == ("switch", "count")


def test_one_operation_takes_what_is_arranged():
    assert method("only").chosen(None, {"asked": 7}) == ("only", {"asked": 7, "more": 1})
    assert method("only").operations == ("only",)


def test_what_no_choice_takes_is_a_fault_of_the_declaration():
    with pytest.raises(TypeError, match="str"):
        method(BY_TYPE).chosen(None, {"asked": "text"})
