"""Why a platform and its hosts cannot be reached: 4100 to 4199."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

NOT_CONNECTED: Final = ErrorMessage(4101, "The platform {uri} is not connected: {reason}.", problem=Problem.UNAVAILABLE)
LOST: Final = ErrorMessage(4102, "The connection to the platform {uri} was lost: {reason}", problem=Problem.UNAVAILABLE)
HOST_OFFLINE: Final = ErrorMessage(4103, "Host {host.name} is offline.", problem=Problem.UNAVAILABLE)
