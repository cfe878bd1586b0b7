"""A response to its bytes, in chunks (DSP0200 5.3, 5.4; DSP0201 5.2.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import groupby, islice
from typing import Any, Final

from openvman.cim.errors import CIMError
from openvman.cim.operations import Answer, Call, MethodAnswer, Output, Response, Shape
from openvman.cim.plan import Extent, Extents, InstancePlan
from openvman.cim.values import ClassPath, Embedded, Instance, Value
from openvman.wire.cimxml import encode_values as values
from openvman.wire.cimxml.compiled import WriteRows, compiled
from openvman.wire.cimxml.decode import Message
from openvman.wire.cimxml.encode_declarations import class_declaration, qualifier_declaration
from openvman.wire.cimxml.escape import quote
from openvman.wire.cimxml.kept import KeptParts

CHUNK: Final = 256 * 1024
"""A chunk is yielded as soon as it has this many bytes; it is longer by at most the rows that are written at a time."""

KEEP: Final = 64 * 1024 * 1024
"""How many bytes of encoded parts an encoder keeps when it is not told otherwise."""

_ROWS_AT_A_TIME: Final = 32
_NAMESPACES: Final = 64
"""The ways to write a namespace's name for which its path is kept."""

_ROWS: Final[dict[Shape, str]] = {
    Shape.INSTANCE: "{instance}",
    Shape.NAMED_INSTANCES: "<VALUE.NAMEDINSTANCE>{name}{instance}</VALUE.NAMEDINSTANCE>",
    Shape.INSTANCE_NAMES: "{name}",
    Shape.OBJECTS_WITH_PATH: (
        "<VALUE.OBJECTWITHPATH><INSTANCEPATH>{at}{name}</INSTANCEPATH>{instance}</VALUE.OBJECTWITHPATH>"
    ),
    Shape.OBJECT_PATHS: "<OBJECTPATH><INSTANCEPATH>{at}{name}</INSTANCEPATH></OBJECTPATH>",
    Shape.PULLED_INSTANCES: (
        "<VALUE.INSTANCEWITHPATH><INSTANCEPATH>{at}{name}</INSTANCEPATH>{instance}</VALUE.INSTANCEWITHPATH>"
    ),
    Shape.PULLED_PATHS: "<INSTANCEPATH>{at}{name}</INSTANCEPATH>",
    Shape.PULLED_QUERY: "{instance}",
    Shape.QUERY_OBJECTS: "<VALUE.OBJECT>{instance}</VALUE.OBJECT>",
}
"""How a shape writes a row; ``at`` is the NAMESPACEPATH of the row's plan."""

_PULLED: Final = (Shape.PULLED_INSTANCES, Shape.PULLED_PATHS, Shape.PULLED_QUERY)


def encode_error(message_id: str, method: str, *, is_extrinsic: bool, error: CIMError) -> bytes:
    """The response that says that an operation failed, with its CIM_Error instances (DSP0201 5.2.6.17 ERROR)."""
    head, tail = _envelope(message_id, method, is_extrinsic=is_extrinsic)
    instances = "".join(map(values.instance, error.errors))
    opening = f'<ERROR CODE="{int(error.status)}" DESCRIPTION="{quote(error.description)}"'
    return f"{head}{opening}>{instances}</ERROR>{tail}".encode()


class Encoder:
    """Writes responses; keeps what it wrote of parts (see :class:`KeptParts`). Not for several threads.

    ``host`` is the server as paths show it: a name or an address, with a port where it is not the usual one.
    """

    def __init__(self, host: str, keep: int = KEEP) -> None:
        self._host = host
        self._kept = KeptParts(keep)
        self._at = lru_cache(maxsize=_NAMESPACES)(lambda name: values.namespace_path(host, name))

    def encode_response(self, message: Message, response: Response) -> Iterator[bytes]:
        """The response in chunks, made as they are asked for. An empty one says that there is none yet: work was done
        for which the server may have others wait long enough.

        A CIMError raised while rows are read becomes an error response as long as no chunk is out; afterwards it is
        raised, for the server to send as a trailer (DSP0200 7.2).
        """
        started = False
        chunk: list[bytes] = []
        size = 0
        try:
            for piece in self._pieces(message, response):
                if not piece:
                    yield b""
                    continue
                chunk.append(piece)
                size += len(piece)
                if size >= CHUNK:
                    started = True
                    yield b"".join(chunk)
                    chunk, size = [], 0
        except CIMError as error:
            if started:
                raise
            name, is_extrinsic = _called(message)
            chunk = [encode_error(message.id, name, is_extrinsic=is_extrinsic, error=error)]
        if chunk:
            yield b"".join(chunk)

    def _pieces(self, message: Message, response: Response) -> Iterator[bytes]:
        name, is_extrinsic = _called(message)
        head, tail = _envelope(message.id, name, is_extrinsic=is_extrinsic)
        yield head.encode()
        if isinstance(message.request, Call):
            if not isinstance(response, Answer):
                raise TypeError(f"{name} is answered with an Answer")
            yield from self._answer(message.request, response)
        else:
            if not isinstance(response, MethodAnswer):
                raise TypeError(f"{name} is answered with a MethodAnswer")
            yield _method_answer(response).encode()
        yield tail.encode()

    # --- intrinsic operations ---------------------------------------------------------------------------------------

    def _answer(self, call: Call, answer: Answer) -> Iterator[bytes]:
        shape = call.operation.shape
        if shape is not Shape.VOID and not (shape is Shape.PROPERTY and answer.result is None):
            yield b"<IRETURNVALUE>"
            if shape in _ROWS:
                yield from self._rows(shape, [answer.result] if shape is Shape.INSTANCE else answer.result, call)
            else:
                yield from (written.encode() for written in _RESULTS[shape](answer.result))
            yield b"</IRETURNVALUE>"
        if shape in _PULLED:
            yield _pull_outputs(answer).encode()

    def _rows(self, shape: Shape, rows: Iterable[Any], call: Call) -> Iterator[bytes]:
        form = _ROWS[shape]
        if isinstance(rows, Extents):
            for extent in rows.extents:
                yield from self._extent(extent, form)
            return
        for plan, group in groupby(rows, _plan):
            if plan is not None:
                yield from _written(self._writer(plan, form), (obj for _plan, obj in group))
            else:
                yield from (self._of_class(row, call).encode() for row in group)

    def _extent(self, extent: Extent, form: str) -> Iterator[bytes]:
        write = self._writer(extent.plan, form)
        if not extent.lasting:
            for part in extent.parts:
                yield from _written(write, extent.objects(part))
                yield b""
            return
        for place, part in enumerate(extent.parts):
            kept = self._kept.get(extent.plan, form, place, part)
            if kept is not None:
                yield from kept
                continue
            pieces = []
            for piece in _written(write, extent.objects(part)):
                pieces.append(piece)
                yield piece
            self._kept.put(extent.plan, form, place, part, tuple(pieces))

    def _writer(self, plan: InstancePlan, form: str) -> WriteRows:
        return compiled(plan, form, self._at(plan.namespace))

    def _of_class(self, row: Any, call: Call) -> str:
        """The row of a class, or of its path alone."""
        if isinstance(row, ClassPath):
            return f"<OBJECTPATH>{self._class_path(row, call)}</OBJECTPATH>"
        path, declared = row
        return (
            f"<VALUE.OBJECTWITHPATH>{self._class_path(path, call)}{class_declaration(declared)}</VALUE.OBJECTWITHPATH>"
        )

    def _class_path(self, path: ClassPath, call: Call) -> str:
        located = ClassPath(path.class_name, path.namespace or call.namespace, path.host or self._host)
        return values.class_path(located)


def _plan(row: Any) -> InstancePlan | None:
    """The plan of an object's row; None for the row of a class."""
    return row[0] if isinstance(row, tuple) and isinstance(row[0], InstancePlan) else None


def _written(write: WriteRows, objects: Iterable[Any]) -> Iterator[bytes]:
    """The rows of objects, some at a time as they are read."""
    remaining = iter(objects)
    while some := list(islice(remaining, _ROWS_AT_A_TIME)):
        yield write(some)


def _called(message: Message) -> tuple[str, bool]:
    """The method's name as it is written, and whether it is extrinsic."""
    request = message.request
    return (request.operation.name, False) if isinstance(request, Call) else (request.method, True)


def _envelope(message_id: str, method: str, *, is_extrinsic: bool) -> tuple[str, str]:
    tag = "METHODRESPONSE" if is_extrinsic else "IMETHODRESPONSE"
    head = (
        '<?xml version="1.0" encoding="utf-8"?>\n<CIM CIMVERSION="2.0" DTDVERSION="2.4">'
        f'<MESSAGE ID="{quote(message_id)}" PROTOCOLVERSION="1.0"><SIMPLERSP><{tag} NAME="{quote(method)}">'
    )
    return head, f"</{tag}></SIMPLERSP></MESSAGE></CIM>\n"


# --- results that are not rows --------------------------------------------------------------------------------------


def _property_value(value: Value) -> list[str]:
    is_array = isinstance(value, tuple)
    sample = next((item for item in value if item is not None), None) if is_array else value
    embedded: Embedded | None = "instance" if isinstance(sample, Instance) else None
    return [values.value_element(value, values.type_of(sample), is_array=is_array, embedded=embedded)]


_RESULTS: Final[dict[Shape, Callable[[Any], Iterable[str]]]] = {
    Shape.CLASS: lambda declared: [class_declaration(declared)],
    Shape.CLASSES: lambda declared: map(class_declaration, declared),
    Shape.CLASS_NAMES: lambda names: map(values.class_name, names),
    Shape.NEW_PATH: lambda path: [values.instance_name(path)],
    Shape.PROPERTY: _property_value,
    Shape.QUALIFIER: lambda declared: [qualifier_declaration(declared)],
    Shape.QUALIFIERS: lambda declared: map(qualifier_declaration, declared),
    Shape.COUNT: lambda count: [f"<VALUE>{count:d}</VALUE>"],
}


def _pull_outputs(answer: Answer) -> str:
    """The output parameters of the open and pull operations (DSP0200 5.3.2.24)."""
    result_class = answer.query_result_class
    described = "" if result_class is None else class_declaration(result_class)
    return "".join(
        (
            f'<PARAMVALUE NAME="QueryResultClass">{described}</PARAMVALUE>' if described else "",
            _output(Output("EnumerationContext", "string", answer.enumeration_context)),
            _output(Output("EndOfSequence", "boolean", answer.end_of_sequence)),
        )
    )


# --- extrinsic methods ----------------------------------------------------------------------------------------------


def _method_answer(answer: MethodAnswer) -> str:
    returned = values.value_element(answer.return_value, answer.return_type, is_array=False)
    return_value = f'<RETURNVALUE PARAMTYPE="{answer.return_type}">{returned}</RETURNVALUE>' if returned else ""
    return return_value + "".join(map(_output, answer.outputs))


def _output(output: Output) -> str:
    embedded = "" if output.embedded is None else f' EmbeddedObject="{output.embedded}"'
    written = values.value_element(output.value, output.type, is_array=output.is_array, embedded=output.embedded)
    return f'<PARAMVALUE NAME="{quote(output.name)}" PARAMTYPE="{output.type}"{embedded}>{written}</PARAMVALUE>'
