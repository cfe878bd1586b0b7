"""The domain's problems as CIM errors."""

from __future__ import annotations

from openvman.cim.status import CIMError
from openvman.model.errors import ModelError
from openvman.model.job import Failure
from openvman.profiles.errors import ERRORS, error_instance


def cim_error(error: ModelError) -> CIMError:
    """With the CIM_Error that says more (DSP0201, ERROR)."""
    failure = Failure(error.problem, error.message, error.subject)
    return CIMError(ERRORS[error.problem].status, error.message, (error_instance(failure),))
