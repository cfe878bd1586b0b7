"""What a request says of processors in other words than the model's, put into these; and dedicated processors. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from openvman.inventory.generation import Generation
from openvman.messages import tuning as tuning_rows
from openvman.model.allocation import WHOLE_PROCESSOR, Affinity
from openvman.model.errors import ModelError
from openvman.model.host import Host
from openvman.model.spec import ProcessorSpec, ResourceSpec

_MHZ = 10**6


def in_parts(spec: ProcessorSpec, host: Host, mapped: Affinity | None = None) -> ProcessorSpec:
    """With limit and reservation as parts of a processor, and with what a mapping does not say of itself.

    ``mapped`` is how the processors are mapped now. Processors named without an affinity are mapped hard, unless they
    were mapped otherwise; none, or the affinity NONE, ends a mapping. Raises NOT_SUPPORTED for Hz of a host that does
    not tell its clock.
    """
    limit = spec.limit if spec.limit_hertz is None else _parts(spec.limit_hertz, host, "limit")
    reservation = spec.reservation
    if spec.reservation_hertz is not None:
        reservation = _parts(spec.reservation_hertz, host, "reservation")
    affinity, processors = spec.affinity, spec.processors
    if affinity is Affinity.NONE or (affinity is None and processors == ()):
        affinity, processors = Affinity.NONE, ()
    elif affinity is None and processors is not None:
        affinity = Affinity.HARD if mapped in {None, Affinity.NONE} else mapped
    return replace(
        spec,
        limit=limit,
        limit_hertz=None,
        reservation=reservation,
        reservation_hertz=None,
        affinity=affinity,
        processors=processors,
    )


def _parts(hertz: int, host: Host, setting: str) -> int:
    """Of a processor at the host's clock, rounded up to whole parts."""
    if host.processor_mhz is None:
        raise ModelError(tuning_rows.NO_CLOCK, setting, host=host, setting=setting)
    return -(-hertz * WHOLE_PROCESSOR // (host.processor_mhz * _MHZ))


def check_dedicated(generation: Generation, host: Host, system_id: str, spec: ResourceSpec, of: str) -> None:
    """Refuse to share a dedicated processor: neither ask for one that another system is mapped to, nor map to theirs.

    Raises INSUFFICIENT naming the processor and who has it. Defined and active configurations count alike.
    """
    if not isinstance(spec, ProcessorSpec) or not spec.processors:
        return
    for other, affinity, processors in _mappings(generation, host, system_id):
        shared = set(processors) & set(spec.processors)
        if shared and Affinity.DEDICATED in {affinity, spec.affinity}:
            said = tuning_rows.DEDICATED_TO_ANOTHER.said(processor=min(shared), host=host, holder=other)
            raise ModelError(said.within(of), min(shared))


def mapping_turns(host_id: str, spec: ResourceSpec) -> list[str]:
    """The turns that a mapping needs, so that two requests do not get the same processor."""
    mapped = isinstance(spec, ProcessorSpec) and spec.processors
    return [f"processors of host {host_id}"] if mapped else []


def _mappings(generation: Generation, host: Host, but: str) -> Iterator[tuple[str, Affinity, tuple[str, ...]]]:
    for system in generation.systems_of(host.id):
        if system.id != but:
            for configuration in system.configurations():
                yield system.name, configuration.processor.affinity, configuration.processor.processors
