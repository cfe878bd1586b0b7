"""What can go wrong with a virtual system: :class:`ModelError`."""

from __future__ import annotations

from typing import Any

from openvman.messages.message import ErrorMessage, Said
from openvman.messages.problem import Problem


class ModelError(Exception):
    """An operation failed. The message names the object, the rule broken and the way out.

    ``subject`` is the id or name of the object, or the name of the setting at fault.
    """

    def __init__(self, message: ErrorMessage | Said, subject: str | None = None, /, **values: Any) -> None:
        """``message`` is a row of the registry with the ``values`` of its fields, or has been said already."""
        self.said = message if isinstance(message, Said) else message.said(**values)
        self.subject = subject
        super().__init__(str(self.said))

    @property
    def problem(self) -> Problem:
        """The kind of failure; the layers above choose their code for each."""
        assert isinstance(self.said.message, ErrorMessage), "alerts are not raised"
        return self.said.message.problem

    @property
    def message(self) -> str:
        """The whole message, for a person."""
        return str(self.said)
