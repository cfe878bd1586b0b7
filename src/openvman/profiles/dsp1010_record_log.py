"""Record Log (DSP1010) on serial consoles: what a guest prints is a message log, a line is a record."""

from __future__ import annotations

from collections.abc import Iterator

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Call, ClassMap, ClassName, Const, Edge, End
from openvman.mapping.methods import MethodMap, PlainInput, PlainOutput
from openvman.messages.problem import Problem
from openvman.model.actor import Role
from openvman.model.allocation import SerialAllocation
from openvman.model.picture import Picture
from openvman.model.system import VirtualSystem
from openvman.profiles.dsp1057_virtual_system import COMPUTER_SYSTEM
from openvman.profiles.extents import of_systems

_NO_RECORD = 2
"""The schema leaves the codes after 1 (not supported) to the implementation."""


def _logs(system: VirtualSystem) -> Iterator[SerialAllocation]:
    return (serial for serial in system.effective.serials if serial.has_log)


def _find(picture: Picture, keys: NameMap[Value]) -> SerialAllocation | None:
    system_id, _, local_id = keys["Name"].partition("/")
    system = picture.objects.system(system_id)
    return None if system is None else next((s for s in _logs(system) if s.local_id == local_id), None)


CONSOLE_LOG = ClassMap(
    name="MessageLog",
    cim="CIM_MessageLog",
    description="What a guest has printed on a serial port, kept by the host.",
    owner=VirtualSystem,
    extent=of_systems(_logs),
    find=_find,
    keys={"CreationClassName": ClassName(), "Name": Call(lambda s: f"{s.system_id}/{s.local_id}")},
    properties={
        "ElementName": Call(lambda s: f"Serial console {s.port}"),
        "Capabilities": Const((8,)),  # variable length records
        "CharacterSet": Const(10),  # octets: the guest prints what it likes
        "EnabledState": Const(2),
        "RequestedState": Const(12),
        "LogState": Const(4),  # not applicable: it is never erased or frozen
    },
    methods=(
        MethodMap(
            name="PositionToFirstRecord",
            operation="first_console_record",
            permission=Role.VIEWER,
            target="serial",
            inputs={},
            outputs={"IterationIdentifier": PlainOutput(lambda position: position)},
            returns={Problem.NOT_SUPPORTED: 1},
        ),
        MethodMap(
            name="GetRecord",
            operation="console_record",
            permission=Role.VIEWER,
            target="serial",
            inputs={
                "IterationIdentifier": PlainInput("position"),
                "PositionToNext": PlainInput("advance", bool),
            },
            outputs={
                "IterationIdentifier": PlainOutput(lambda record: record.position),
                "RecordData": PlainOutput(lambda record: tuple(record.data)),
            },
            returns={Problem.NOT_SUPPORTED: 1, Problem.NOT_FOUND: _NO_RECORD},
        ),
    ),
)

EDGES = (
    Edge(
        "CIM_UseOfMessageLog",
        End("Antecedent", (CONSOLE_LOG,)),
        End("Dependent", (COMPUTER_SYSTEM,)),
        VirtualSystem,
        lambda vs, _p: (((CONSOLE_LOG, serial), (COMPUTER_SYSTEM, vs)) for serial in _logs(vs)),
        clause="DSP1010",
    ),
)
