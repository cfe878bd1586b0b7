"""The domain's failures as CIM's."""

from __future__ import annotations

from openvman.cim.errors import CIMError
from openvman.model.errors import ModelError


def cim_error(error: ModelError) -> CIMError:
    """The same for a client."""
    return CIMError(error.said, error.subject)
