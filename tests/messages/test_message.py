"""What a row makes of values, and what can be made of it again."""

from types import SimpleNamespace

import pytest

from openvman.messages.message import ErrorMessage, Said, readable
from openvman.messages.problem import KINDS, Problem

ROW = ErrorMessage(7, "System {system.name!r} needs {size:,} of {pools}.", "Ask {who}.", problem=Problem.INSUFFICIENT)
VALUES = {"system": SimpleNamespace(name="web"), "size": 2048, "pools": ("a", "b"), "who": "ann"}


def test_a_message_is_its_text_and_its_action():
    said = ROW.said(**VALUES)
    assert said.text == "System 'web' needs 2,048 of a, b."
    assert said.action == "Ask ann."
    assert str(said) == "System 'web' needs 2,048 of a, b. Ask ann."
    assert said.message.id == "VMAN0007"


def test_arguments_are_strings_in_the_order_of_the_fields():
    said = ROW.said(**VALUES)
    assert said.arguments == ("'web'", "2,048", "a, b", "ann")
    assert said.variables == said.arguments[:3]


def test_arguments_alone_make_the_message_again():
    said = ROW.said(**VALUES)
    assert str(Said(ROW, said.arguments)) == str(said)


@pytest.mark.parametrize("hostile", ["{0}", "{system.name}", "%s", "\0", "}{", ""])
def test_values_are_not_templates(hostile):
    said = ErrorMessage(1, "a{x}b").said(x=hostile)
    assert str(said) == f"a{hostile}b"
    assert str(Said(said.message, said.arguments)) == f"a{hostile}b"


@pytest.mark.parametrize(
    ("value", "shown"),
    [((), "none"), ([], "none"), (("a",), "'a'"), (["a", "b"], "'a', 'b'"), ("a", "'a'")],
)
def test_several_are_written_one_after_the_other(value, shown):
    assert str(ErrorMessage(1, "{x!r}").said(x=value)) == shown


def test_a_field_may_stand_twice_and_none_may_lack():
    assert str(ErrorMessage(1, "{x} and {x}", "Not {x}.").said(x=1)) == "1 and 1 Not 1."
    with pytest.raises(KeyError):
        ErrorMessage(1, "{x}").said(y=1)


def test_contexts_stand_before_and_notes_behind():
    said = ROW.said(**VALUES).within("the parameter X").within("Do").noted("It was taken back.", "Twice.")
    assert said.text == "Do: the parameter X: System 'web' needs 2,048 of a, b."
    assert str(said) == f"{said.text} Ask ann. It was taken back. Twice."
    assert said.arguments == ROW.said(**VALUES).arguments


def test_a_template_is_shown_with_the_words_of_its_fields():
    assert readable(ROW.text) == "System <name> needs <size> of <pools>."
    assert readable(ROW.action, "`{}`") == "Ask `who`."


def test_every_problem_has_its_kind():
    assert set(KINDS) == set(Problem)
    assert ROW.kind is KINDS[Problem.INSUFFICIENT]
