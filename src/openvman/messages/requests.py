"""What is wrong with a request in CIM's terms: 1000 to 1999."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

NO_INSTANCE: Final = ErrorMessage(1001, "There is no instance {path}", problem=Problem.NOT_FOUND)
