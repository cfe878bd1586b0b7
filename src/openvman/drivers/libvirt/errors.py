"""libvirt's errors in the model's words: one table, libvirt's own message kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import libvirt

from openvman.messages import containers, hypervisor
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError

PROBLEMS: Final[dict[int, Problem]] = {
    libvirt.VIR_ERR_NO_DOMAIN: Problem.NOT_FOUND,
    libvirt.VIR_ERR_NO_NETWORK: Problem.NOT_FOUND,
    libvirt.VIR_ERR_NO_STORAGE_POOL: Problem.NOT_FOUND,
    libvirt.VIR_ERR_NO_STORAGE_VOL: Problem.NOT_FOUND,
    libvirt.VIR_ERR_NO_NWFILTER: Problem.NOT_FOUND,
    libvirt.VIR_ERR_NETWORK_EXIST: Problem.ALREADY_EXISTS,
    libvirt.VIR_ERR_DOM_EXIST: Problem.ALREADY_EXISTS,
    libvirt.VIR_ERR_STORAGE_VOL_EXIST: Problem.ALREADY_EXISTS,
    libvirt.VIR_ERR_OPERATION_INVALID: Problem.INVALID_STATE,
    libvirt.VIR_ERR_NO_SUPPORT: Problem.NOT_SUPPORTED,
    libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED: Problem.NOT_SUPPORTED,
    libvirt.VIR_ERR_OPERATION_UNSUPPORTED: Problem.NOT_SUPPORTED,
    libvirt.VIR_ERR_CONFIG_UNSUPPORTED: Problem.NOT_SUPPORTED,
    libvirt.VIR_ERR_INVALID_ARG: Problem.INVALID_PARAMETER,
    libvirt.VIR_ERR_XML_ERROR: Problem.INVALID_PARAMETER,
    libvirt.VIR_ERR_XML_DETAIL: Problem.INVALID_PARAMETER,
    libvirt.VIR_ERR_XML_INVALID_SCHEMA: Problem.INVALID_PARAMETER,
    libvirt.VIR_ERR_OS_TYPE: Problem.INVALID_PARAMETER,
    libvirt.VIR_ERR_RESOURCE_BUSY: Problem.BUSY,
    libvirt.VIR_ERR_BLOCK_COPY_ACTIVE: Problem.BUSY,
    libvirt.VIR_ERR_OPERATION_TIMEOUT: Problem.TIMEOUT,
    libvirt.VIR_ERR_AGENT_UNRESPONSIVE: Problem.TIMEOUT,
    libvirt.VIR_ERR_OPERATION_DENIED: Problem.ACCESS_DENIED,
    libvirt.VIR_ERR_ACCESS_DENIED: Problem.ACCESS_DENIED,
    libvirt.VIR_ERR_AUTH_FAILED: Problem.ACCESS_DENIED,
    libvirt.VIR_ERR_AUTH_CANCELLED: Problem.ACCESS_DENIED,
    libvirt.VIR_ERR_AUTH_UNAVAILABLE: Problem.ACCESS_DENIED,
    libvirt.VIR_ERR_NO_CONNECT: Problem.UNAVAILABLE,
    libvirt.VIR_ERR_INVALID_CONN: Problem.UNAVAILABLE,
    libvirt.VIR_ERR_RPC: Problem.UNAVAILABLE,
}
"""What is not here is FAILED."""

# The message of an error whose code is a plain "operation failed".
_ALREADY_THERE: Final = ("already exists with uuid", "is already defined with uuid")

# The daemon may begin to listen to a container after that has told who its init is, and never asks (libvirt 9).
_INIT_LOST: Final = ("Init process ID is not yet known", "until init PID is known")


def problem_of(error: libvirt.libvirtError) -> Problem:
    """The kind of failure that ``error`` is."""
    text = str(error)
    if any(words in text for words in _ALREADY_THERE):
        return Problem.ALREADY_EXISTS
    return PROBLEMS.get(error.get_error_code(), Problem.FAILED)


def reason_of(error: libvirt.libvirtError) -> str:
    """libvirt's own words, to be the end of a sentence."""
    return (error.get_error_message() or str(error)).rstrip(".\n ")


def translate(
    error: libvirt.libvirtError,
    doing: str,
    subject: str | None,
    *,
    alive: bool = True,
    redact: Callable[[str], str] = str,
) -> ModelError:
    """``error`` as a ModelError. On a connection that is not ``alive`` every failure means UNAVAILABLE."""
    if any(words in str(error) for words in _INIT_LOST):
        return ModelError(containers.INIT_LOST, subject, doing=doing, library="libvirt")
    row = hypervisor.CANNOT[problem_of(error)] if alive else hypervisor.LOST
    return ModelError(row, subject, doing=doing, reason=redact(reason_of(error)))
