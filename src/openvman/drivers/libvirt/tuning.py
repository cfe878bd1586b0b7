"""Weights, limits, reservations, mappings and huge pages of a domain: read from its XML, put into it, and set live.

- The limit of processors is ``global_quota`` in ``global_period``: of the whole process, with the threads that are no
  virtual processor. A quota for each virtual processor, as others may have set, is read as one for all together.
  Of a container it is ``quota`` in ``period``: it has no threads but its own, and one limit for all.
- Hard affinity is the ``cpuset`` of ``<vcpu>``, which binds the process; dedicated processors are a ``<vcpupin>`` each.
- QEMU has no reservation of either, so what was reserved stands in the domain's metadata, with how it is mapped.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import libvirt
from lxml import etree

from openvman.drivers.libvirt import xml
from openvman.drivers.libvirt.abilities import CONTAINER
from openvman.drivers.libvirt.errors import reason_of
from openvman.drivers.libvirt.xml import Element, Node
from openvman.messages import hypervisor_devices, resources
from openvman.model.allocation import WHOLE_PROCESSOR, Affinity
from openvman.model.errors import ModelError
from openvman.model.host_device import processor_id, processor_number
from openvman.model.spec import MemorySpec, ProcessorSpec

NAMESPACE: Final = "urn:openvman:tuning"
_PREFIX: Final = "openvman"
_TUNING: Final = f"{{{NAMESPACE}}}tuning"
_PERIOD: Final = WHOLE_PROCESSOR
"""Microseconds: so a quota counts as the model does."""
_KIB: Final = 1024
_UNLIMITED: Final = (2**63 - 1) >> 10
"""KiB that libvirt takes for no limit."""
_CONTROLLERS: Final = Path("/sys/fs/cgroup/cgroup.controllers")
_WEIGHTS: Final = {True: (1, 10_000), False: (2, 262_144)}
_DEFAULT_WEIGHT: Final = {True: 100, False: 1024}
"""Of control groups of the second version, and of the first."""
_ORDINARY: Final = 2**21
"""Bytes of a huge page where a domain leaves the size to a host that does not tell it."""
_MEMORY_INFO: Final = Path("/proc/meminfo")
_LIVE: Final = libvirt.VIR_DOMAIN_AFFECT_LIVE


def weights(*, local: bool) -> tuple[int, int]:
    """What this machine takes for a weight; of another, what either version of control groups takes."""
    first, second = _WEIGHTS[False], _WEIGHTS[True]
    if not local:
        return max(first[0], second[0]), min(first[1], second[1])
    return second if _CONTROLLERS.exists() else first


def page_sizes(capabilities: Element) -> tuple[int, ...]:
    """Bytes of the huge pages that the host's processors know."""
    pages = (xml.number(pages.get("size"), 0) * _KIB for pages in capabilities.iterfind("host/cpu/pages"))
    return tuple(sorted(pages)[1:])


# Reading


def processor(root: Node, host_id: str, count: int, maximum: int) -> dict[str, Any]:
    """What a ``<domain>`` says of its processors beside their number."""
    tune, mark = root.find("cputune"), _marked(root)
    affinity, numbers = _mapping(root, tune, mark, maximum)
    return {
        "weight": _positive(xml.text(tune, "shares")),
        "limit": _limit(tune, 1 if is_container(root) else count),
        "reservation": _positive(None if mark is None else mark.get("processor")),
        "affinity": affinity,
        "processors": tuple(processor_id(host_id, number) for number in numbers),
        "architecture": xml.attribute(root.find("os/type"), ".", "arch"),
    }


def memory(root: Node) -> dict[str, Any]:
    """What a ``<domain>`` says of its memory beside the size."""
    mark, tune = _marked(root), root.find("memtune")
    limit = None if tune is None else xml.size(tune.find("hard_limit"))
    return {
        "limit": None if limit is None or limit >= _UNLIMITED * _KIB else limit,
        "reservation": _positive(None if mark is None else mark.get("memory")),
        "page_size": _page_size(root),
    }


def _marked(root: Node) -> Node | None:
    """Our element in the metadata."""
    metadata = root.find("metadata")
    return None if metadata is None else metadata.find(_TUNING)


def is_container(root: Node) -> bool:
    """Whether a ``<domain>`` is a container."""
    return root.get("type") == CONTAINER


def _positive(value: str | None) -> int | None:
    number = xml.number(value, 0)
    return number if number > 0 else None


def _limit(tune: Node | None, count: int) -> int | None:
    if tune is None:
        return None
    limits = [
        quota * _PERIOD // period * times
        for scope, times in (("global_", 1), ("", count))
        if (quota := xml.number(xml.text(tune, f"{scope}quota"), 0)) > 0
        and (period := xml.number(xml.text(tune, f"{scope}period"), _PERIOD)) > 0
    ]
    return min(limits, default=None)


def _mapping(root: Node, tune: Node | None, mark: Node | None, maximum: int) -> tuple[Affinity, tuple[int, ...]]:
    said = None if mark is None else mark.get("mapping")
    if said == Affinity.NONE:
        return Affinity.NONE, ()
    pinned = () if tune is None else tune.findall("vcpupin")
    cpus = xml.attribute(root, "vcpu", "cpuset")
    if not pinned and cpus is None:
        return Affinity.NONE, ()
    pins = {xml.number(pin.get("vcpu"), -1): _cpus(pin.get("cpuset") or "") for pin in pinned}
    common = _cpus(cpus or "")
    each = [pins.get(number) or common for number in range(maximum)]
    if said == Affinity.DEDICATED and all(len(cpus) == 1 for cpus in each):
        return Affinity.DEDICATED, tuple(cpus[0] for cpus in each)
    numbers = sorted({number for cpus in each for number in cpus})
    return (Affinity.HARD, tuple(numbers)) if numbers else (Affinity.NONE, ())


def _cpus(text: str) -> list[int]:
    """The numbers that a list such as ``0-3,^2,8`` names."""
    found: set[int] = set()
    for part in filter(None, map(str.strip, text.split(","))):
        first, _, last = part.removeprefix("^").partition("-")
        some = range(xml.number(first, 0), min(xml.number(last or first, -1), 4095) + 1)
        found = found.difference(some) if part.startswith("^") else found.union(some)
    return sorted(found)


def _page_size(root: Node) -> int | None:
    backing = root.find("memoryBacking")
    pages = None if backing is None else backing.find("hugepages")
    if pages is None:
        return None
    element = pages.find("page")
    size = None if element is None else xml.number(element.get("size"), 0)
    if not size:
        return _usual_page_size()
    given = etree.Element("size", unit=(element.get("unit") if element is not None else None) or "KiB")
    given.text = str(size)
    return xml.size(given)


def _usual_page_size() -> int:
    try:
        lines = _MEMORY_INFO.read_text().splitlines()
    except OSError:
        return _ORDINARY
    said = next((line.split()[1] for line in lines if line.startswith("Hugepagesize:")), None)
    return xml.number(said, 0) * _KIB or _ORDINARY


# The defined configuration


def put_processor(root: Element, spec: ProcessorSpec, maximum: int) -> None:
    """Put what ``spec`` says of weight, limit, reservation and mapping into a ``<domain>``, and nothing else."""
    if spec.weight is not None:
        _set_text(root, "cputune", "shares", spec.weight)
    if spec.limit is not None:
        for name in ("period", "quota"):
            _set_text(root, "cputune", name, 0)
        scope = "" if is_container(root) else "global_"
        _set_text(root, "cputune", f"{scope}period", _PERIOD if spec.limit else 0)
        _set_text(root, "cputune", f"{scope}quota", spec.limit)
    if spec.reservation is not None:
        _mark(root, "processor", spec.reservation or None)
    if spec.affinity is not None:
        _put_mapping(root, spec.affinity, numbers_of(spec), maximum)
    _drop_if_empty(root, "cputune")


def put_memory(root: Element, spec: MemorySpec) -> None:
    """Put what ``spec`` says of limit, reservation and page size into a ``<domain>``."""
    if spec.limit is not None:
        _set_text(root, "memtune", "hard_limit", -(-spec.limit // _KIB), unit="KiB")
        _drop_if_empty(root, "memtune")
    if spec.reservation is not None:
        _mark(root, "memory", spec.reservation or None)
    if spec.page_size is not None:
        _put_pages(root, spec.page_size)


def _put_pages(root: Element, page_size: int) -> None:
    backing = _section(root, "memoryBacking")
    for old in backing.findall("hugepages"):
        backing.remove(old)
    if page_size:
        pages = etree.Element("hugepages")
        etree.SubElement(pages, "page", size=str(page_size // _KIB), unit="KiB")
        backing.insert(0, pages)
    _drop_if_empty(root, "memoryBacking")


def numbers_of(spec: ProcessorSpec) -> list[int]:
    """The host's processors that a spec names, by number. INVALID_PARAMETER for what is no processor's id."""
    found = []
    for device_id in spec.processors or ():
        number = processor_number(device_id)
        if number is None:
            raise ModelError(hypervisor_devices.NO_PROCESSOR, "processors", processor=device_id)
        found.append(number)
    return found


def _put_mapping(root: Element, affinity: Affinity, numbers: list[int], maximum: int) -> None:
    vcpu = root.find("vcpu")
    assert vcpu is not None, "a domain has virtual processors"
    tune = _section(root, "cputune")
    for pin in tune.findall("vcpupin"):
        tune.remove(pin)
    vcpu.attrib.pop("cpuset", "")
    _mark(root, "mapping", affinity.value if affinity is Affinity.DEDICATED else None)
    if affinity is Affinity.HARD:
        vcpu.set("placement", "static")
        vcpu.set("cpuset", ",".join(map(str, sorted(numbers))))
    elif affinity is Affinity.DEDICATED:
        _check_enough(numbers, maximum)
        for number, cpu in enumerate(numbers):
            etree.SubElement(tune, "vcpupin", vcpu=str(number), cpuset=str(cpu))
    elif affinity is not Affinity.NONE:
        raise _no_such(affinity)


def _check_enough(numbers: list[int], maximum: int) -> None:
    if len(numbers) != maximum:
        raise ModelError(hypervisor_devices.DEDICATED_COUNT, "processors", count=len(numbers), maximum=maximum)


def _no_such(affinity: Affinity) -> ModelError:
    return ModelError(hypervisor_devices.NO_AFFINITY, "affinity", affinity=affinity)


def _section(root: Element, name: str) -> Element:
    found = root.find(name)
    return etree.SubElement(root, name) if found is None else found


def _drop_if_empty(root: Element, name: str) -> None:
    found = root.find(name)
    if found is not None and not len(found):
        root.remove(found)


def _set_text(root: Element, section: str, name: str, value: int, **attributes: str) -> None:
    """Have the element with this number; without it for 0."""
    parent = _section(root, section)
    for old in parent.findall(name):
        parent.remove(old)
    if value:
        element = etree.SubElement(parent, name, attributes)
        element.text = str(value)


def _mark(root: Element, name: str, value: int | str | None) -> None:
    """Have an attribute of our element in the metadata, or none."""
    metadata = _section(root, "metadata")
    tuning = metadata.find(_TUNING)
    if tuning is None:
        tuning = etree.SubElement(metadata, _TUNING, nsmap={_PREFIX: NAMESPACE})
    tuning.attrib.pop(name, "")
    if value is not None:
        tuning.set(name, str(value))
    if not tuning.attrib:
        metadata.remove(tuning)
    _drop_if_empty(root, "metadata")


# The active system

_NO_SUCH_CALL: Final = frozenset({libvirt.VIR_ERR_INVALID_ARG, libvirt.VIR_ERR_NO_SUPPORT})


def tune_processor(domain: Any, spec: ProcessorSpec, undo: contextlib.ExitStack) -> None:
    """Set it on the active system; ``undo`` gets what takes each step back."""
    root = xml.parse(domain.XMLDesc(0))
    maximum = xml.number(xml.text(root, "vcpu"), 1)
    now = processor(root, domain.UUIDString(), xml.number(xml.attribute(root, "vcpu", "current"), maximum), maximum)
    before = ProcessorSpec(
        weight=now["weight"] or 0,
        limit=now["limit"] or 0,
        reservation=now["reservation"] or 0,
        affinity=now["affinity"],
        processors=now["processors"],
    )
    whole = is_container(root)
    steps, back = (_processor_steps(domain, each, maximum, whole=whole) for each in (spec, before))
    _take(steps, back, undo)


def tune_memory(domain: Any, spec: MemorySpec, undo: contextlib.ExitStack) -> None:
    """Likewise. NOT_SUPPORTED for a page size: memory is made of pages when a system starts."""
    now = memory(xml.parse(domain.XMLDesc(0)))
    if spec.page_size is not None and spec.page_size != (now["page_size"] or 0):
        raise ModelError(resources.FIXED_WHILE_ACTIVE, "page_size", setting="page_size", device="memory")
    before = MemorySpec(limit=now["limit"] or 0, reservation=now["reservation"] or 0)
    _take(_memory_steps(domain, spec), _memory_steps(domain, before), undo)


_Steps = dict[str, Callable[[], object]]


def _take(steps: _Steps, back: _Steps, undo: contextlib.ExitStack) -> None:
    for name, step in steps.items():
        try:
            step()
        except libvirt.libvirtError as error:
            if error.get_error_code() in _NO_SUCH_CALL:
                reason = reason_of(error)
                raise ModelError(hypervisor_devices.UNTUNABLE_LIVE, name, setting=name, reason=reason) from error
            undo.callback(back[name])  # it may be half done
            raise
        undo.callback(back[name])


def _processor_steps(domain: Any, spec: ProcessorSpec, maximum: int, *, whole: bool) -> _Steps:
    """``whole``: the domain has one quota for everything."""
    steps: _Steps = {}
    if spec.weight is not None:
        shares = spec.weight or _DEFAULT_WEIGHT[_CONTROLLERS.exists()]
        steps["weight"] = lambda: domain.setSchedulerParametersFlags({"cpu_shares": shares}, _LIVE)
    if spec.limit is not None:
        quota = spec.limit or -1
        quotas = {"vcpu_quota": -1, "global_period": _PERIOD, "global_quota": quota}
        if whole:
            quotas = {"vcpu_period": _PERIOD, "vcpu_quota": quota}
        steps["limit"] = lambda: domain.setSchedulerParametersFlags(quotas, _LIVE)
    if spec.reservation is not None:
        steps["reservation"] = lambda: _mark_live(domain, "processor", spec.reservation or None)
    affinity = spec.affinity
    if affinity is not None:
        numbers = numbers_of(spec)
        steps["affinity"] = lambda: _pin(domain, affinity, numbers, maximum)
    return steps


def _memory_steps(domain: Any, spec: MemorySpec) -> _Steps:
    steps: _Steps = {}
    if spec.limit is not None:
        limit = {"hard_limit": -(-spec.limit // _KIB) or _UNLIMITED}
        steps["limit"] = lambda: domain.setMemoryParameters(limit, _LIVE)
    if spec.reservation is not None:
        steps["reservation"] = lambda: _mark_live(domain, "memory", spec.reservation or None)
    return steps


def _pin(domain: Any, affinity: Affinity, numbers: list[int], maximum: int) -> None:
    there = domain.connect().getInfo()[2]
    if affinity is Affinity.DEDICATED:
        _check_enough(numbers, maximum)
    elif affinity is Affinity.SOFT:
        raise _no_such(affinity)
    for vcpu in range(maximum):
        wanted = {numbers[vcpu]} if affinity is Affinity.DEDICATED else set(numbers) or set(range(there))
        domain.pinVcpuFlags(vcpu, tuple(cpu in wanted for cpu in range(there)), _LIVE)
    _mark_live(domain, "mapping", None if affinity is Affinity.HARD else affinity.value)


def _mark_live(domain: Any, name: str, value: int | str | None) -> None:
    root = xml.parse(domain.XMLDesc(0))
    _mark(root, name, value)
    tuning = root.find(f"metadata/{_TUNING}")
    text = None
    if tuning is not None:
        plain = etree.Element(
            "tuning", {str(key): str(said) for key, said in tuning.attrib.items()}
        )  # libvirt adds the namespace itself
        text = etree.tostring(plain, encoding="unicode")
    kind = libvirt.VIR_DOMAIN_METADATA_ELEMENT
    domain.setMetadata(kind, text, _PREFIX, NAMESPACE, _LIVE)
