"""The generic operations (DSP0223) as CIM-XML knows them (DSP0200 5.3.2, 5.4.2): one row per operation.

``wire`` turns bytes into :class:`Call` and :class:`MethodCall` values with the help of these rows, ``broker`` answers
them with :class:`Answer` and :class:`MethodAnswer` values; neither knows the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final

from openvman.cim.declarations import Class, QualifierType
from openvman.cim.names import NameMap
from openvman.cim.plan import InstancePlan
from openvman.cim.values import CIMType, ClassPath, Embedded, InstancePath, Value


class Kind(Enum):
    """What a parameter of an intrinsic operation is; the Python value is in brackets."""

    BOOLEAN = auto()  # bool
    STRING = auto()  # str
    UINT32 = auto()  # int
    CLASS_NAME = auto()  # str
    INSTANCE_NAME = auto()  # InstancePath
    OBJECT_NAME = auto()  # InstancePath or ClassPath
    PROPERTY_LIST = auto()  # tuple[str, ...]; None = all, () = none
    NEW_INSTANCE = auto()  # Instance
    MODIFIED_INSTANCE = auto()  # Instance with path
    CLASS = auto()  # Class
    QUALIFIER = auto()  # QualifierType
    PROPERTY_VALUE = auto()  # Value


class Shape(Enum):
    """What an operation answers with; the Python form of ``Answer.result`` is in brackets."""

    VOID = auto()  # None
    CLASS = auto()  # Class
    CLASSES = auto()  # Iterable[Class]
    CLASS_NAMES = auto()  # Iterable[str]
    INSTANCE = auto()  # Row
    NAMED_INSTANCES = auto()  # Rows: VALUE.NAMEDINSTANCE
    INSTANCE_NAMES = auto()  # Rows: INSTANCENAME
    OBJECTS_WITH_PATH = auto()  # Rows, or Iterable[(ClassPath, Class)] when a class was asked: VALUE.OBJECTWITHPATH
    OBJECT_PATHS = auto()  # Rows, or Iterable[ClassPath]: OBJECTPATH
    PULLED_INSTANCES = auto()  # Rows: VALUE.INSTANCEWITHPATH, with EnumerationContext and EndOfSequence
    PULLED_PATHS = auto()  # Rows: INSTANCEPATH, likewise
    PULLED_QUERY = auto()  # Rows: INSTANCE, likewise (and QueryResultClass when asked)
    QUERY_OBJECTS = auto()  # Rows: VALUE.OBJECT (DSP0200 5.3.2.6 ExecQuery)
    NEW_PATH = auto()  # InstancePath: INSTANCENAME
    PROPERTY = auto()  # Value
    QUALIFIER = auto()  # QualifierType
    QUALIFIERS = auto()  # Iterable[QualifierType]
    COUNT = auto()  # int: EnumerationCount


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    kind: Kind
    required: bool = False
    default: Value = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One intrinsic operation: its name, what it takes, and the shape of its answer."""

    name: str
    parameters: NameMap[Parameter]
    shape: Shape
    required: tuple[str, ...]
    """The parameters that must be given, and not as NULL."""


def _row(name: str, shape: Shape, *parameters: Parameter) -> Operation:
    required = tuple(p.name for p in parameters if p.required)
    return Operation(name, NameMap((p.name, p) for p in parameters), shape, required)


def _flags(*names: str, default: bool = False) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, Kind.BOOLEAN, default=default) for name in names)


_CLASS_NAME = Parameter("ClassName", Kind.CLASS_NAME, required=True)
_INSTANCE_NAME = Parameter("InstanceName", Kind.INSTANCE_NAME, required=True)
_PROPERTY_LIST = Parameter("PropertyList", Kind.PROPERTY_LIST)
_LOCAL_ONLY = _flags("LocalOnly", default=True)
_QUALIFIERS_ORIGIN = _flags("IncludeQualifiers", "IncludeClassOrigin")
_ORIGIN = _flags("IncludeClassOrigin")
_OBJECT_NAME = Parameter("ObjectName", Kind.OBJECT_NAME, required=True)
_REFERENCE_FILTER = (Parameter("ResultClass", Kind.CLASS_NAME), Parameter("Role", Kind.STRING))
_ASSOCIATION_FILTER = (
    Parameter("AssocClass", Kind.CLASS_NAME),
    *_REFERENCE_FILTER,
    Parameter("ResultRole", Kind.STRING),
)
_OPEN = (
    Parameter("FilterQueryLanguage", Kind.STRING),
    Parameter("FilterQuery", Kind.STRING),
    Parameter("OperationTimeout", Kind.UINT32),
    *_flags("ContinueOnError"),
    Parameter("MaxObjectCount", Kind.UINT32, default=0),
)
_CONTEXT = Parameter("EnumerationContext", Kind.STRING, required=True)
_PULL = (_CONTEXT, Parameter("MaxObjectCount", Kind.UINT32, required=True))

_ROWS: Final = (
    _row("GetClass", Shape.CLASS, _CLASS_NAME, *_LOCAL_ONLY,
         *_flags("IncludeQualifiers", default=True), *_ORIGIN, _PROPERTY_LIST),
    _row("EnumerateClasses", Shape.CLASSES, Parameter("ClassName", Kind.CLASS_NAME), *_flags("DeepInheritance"),
         *_LOCAL_ONLY,
         *_flags("IncludeQualifiers", default=True), *_ORIGIN),
    _row("EnumerateClassNames", Shape.CLASS_NAMES, Parameter("ClassName", Kind.CLASS_NAME), *_flags("DeepInheritance")),
    _row("CreateClass", Shape.VOID, Parameter("NewClass", Kind.CLASS, required=True)),
    _row("ModifyClass", Shape.VOID, Parameter("ModifiedClass", Kind.CLASS, required=True)),
    _row("DeleteClass", Shape.VOID, _CLASS_NAME),
    _row("GetInstance", Shape.INSTANCE, _INSTANCE_NAME, *_LOCAL_ONLY, *_QUALIFIERS_ORIGIN, _PROPERTY_LIST),
    _row("EnumerateInstances", Shape.NAMED_INSTANCES, _CLASS_NAME, *_LOCAL_ONLY,
         *_flags("DeepInheritance", default=True), *_QUALIFIERS_ORIGIN, _PROPERTY_LIST),
    _row("EnumerateInstanceNames", Shape.INSTANCE_NAMES, _CLASS_NAME),
    _row("CreateInstance", Shape.NEW_PATH, Parameter("NewInstance", Kind.NEW_INSTANCE, required=True)),
    _row("ModifyInstance", Shape.VOID, Parameter("ModifiedInstance", Kind.MODIFIED_INSTANCE, required=True),
         *_flags("IncludeQualifiers", default=True), _PROPERTY_LIST),
    _row("DeleteInstance", Shape.VOID, _INSTANCE_NAME),
    _row("GetProperty", Shape.PROPERTY, _INSTANCE_NAME, Parameter("PropertyName", Kind.STRING, required=True)),
    _row("SetProperty", Shape.VOID, _INSTANCE_NAME, Parameter("PropertyName", Kind.STRING, required=True),
         Parameter("NewValue", Kind.PROPERTY_VALUE)),
    _row("Associators", Shape.OBJECTS_WITH_PATH, _OBJECT_NAME, *_ASSOCIATION_FILTER, *_QUALIFIERS_ORIGIN,
         _PROPERTY_LIST),
    _row("AssociatorNames", Shape.OBJECT_PATHS, _OBJECT_NAME, *_ASSOCIATION_FILTER),
    _row("References", Shape.OBJECTS_WITH_PATH, _OBJECT_NAME, *_REFERENCE_FILTER, *_QUALIFIERS_ORIGIN, _PROPERTY_LIST),
    _row("ReferenceNames", Shape.OBJECT_PATHS, _OBJECT_NAME, *_REFERENCE_FILTER),
    _row("ExecQuery", Shape.QUERY_OBJECTS, Parameter("QueryLanguage", Kind.STRING, required=True),
         Parameter("Query", Kind.STRING, required=True)),
    _row("GetQualifier", Shape.QUALIFIER, Parameter("QualifierName", Kind.STRING, required=True)),
    _row("SetQualifier", Shape.VOID, Parameter("QualifierDeclaration", Kind.QUALIFIER, required=True)),
    _row("DeleteQualifier", Shape.VOID, Parameter("QualifierName", Kind.STRING, required=True)),
    _row("EnumerateQualifiers", Shape.QUALIFIERS),
    _row("OpenEnumerateInstances", Shape.PULLED_INSTANCES, _CLASS_NAME, *_flags("DeepInheritance", default=True),
         *_ORIGIN, _PROPERTY_LIST, *_OPEN),
    _row("OpenEnumerateInstancePaths", Shape.PULLED_PATHS, _CLASS_NAME, *_OPEN),
    _row("OpenReferenceInstances", Shape.PULLED_INSTANCES, _INSTANCE_NAME, *_REFERENCE_FILTER, *_ORIGIN, _PROPERTY_LIST,
         *_OPEN),
    _row("OpenReferenceInstancePaths", Shape.PULLED_PATHS, _INSTANCE_NAME, *_REFERENCE_FILTER, *_OPEN),
    _row("OpenAssociatorInstances", Shape.PULLED_INSTANCES, _INSTANCE_NAME, *_ASSOCIATION_FILTER, *_ORIGIN,
         _PROPERTY_LIST, *_OPEN),
    _row("OpenAssociatorInstancePaths", Shape.PULLED_PATHS, _INSTANCE_NAME, *_ASSOCIATION_FILTER, *_OPEN),
    _row("OpenQueryInstances", Shape.PULLED_QUERY, *_OPEN, *_flags("ReturnQueryResultClass")),
    _row("PullInstancesWithPath", Shape.PULLED_INSTANCES, *_PULL),
    _row("PullInstancePaths", Shape.PULLED_PATHS, *_PULL),
    _row("PullInstances", Shape.PULLED_QUERY, *_PULL),
    _row("CloseEnumeration", Shape.VOID, _CONTEXT),
    _row("EnumerationCount", Shape.COUNT, _CONTEXT),
)  # fmt: skip

OPERATIONS: Final[NameMap[Operation]] = NameMap((row.name, row) for row in _ROWS)

Row = tuple[InstancePlan, Any]
Rows = Iterable[Row]


@dataclass(frozen=True, slots=True)
class Call:
    """An intrinsic operation as asked. ``arguments`` holds only what was given (an explicit NULL is None)."""

    operation: Operation
    namespace: str
    arguments: NameMap[Value]

    def argument(self, name: str) -> Value:
        """The argument given, or the row's default."""
        given = self.arguments.get(name)
        return self.operation.parameters[name].default if given is None else given


@dataclass(frozen=True, slots=True)
class Answer:
    """What an intrinsic operation gave: ``result`` in the form that the operation's ``shape`` says.

    A lazy ``result`` may raise :class:`openvman.cim.status.CIMError` while it is read.
    """

    result: Any = None
    enumeration_context: str | None = None
    end_of_sequence: bool | None = None
    query_result_class: Class | None = None


@dataclass(frozen=True, slots=True)
class Argument:
    """An input parameter as it came. ``type`` is None when the sender did not say it.

    The value is typed when ``type`` is given, otherwise text (or a path, or an embedded Instance).
    """

    value: Value
    type: CIMType | None = None
    is_array: bool = False
    embedded: Embedded | None = None


@dataclass(frozen=True, slots=True)
class MethodCall:
    """An extrinsic method invocation on an instance or on a class; ``target.namespace`` is always set."""

    method: str
    target: InstancePath | ClassPath
    arguments: NameMap[Argument]


@dataclass(frozen=True, slots=True)
class Output:
    name: str
    type: CIMType
    value: Value
    is_array: bool = False
    embedded: Embedded | None = None


@dataclass(frozen=True, slots=True)
class MethodAnswer:
    return_type: CIMType
    return_value: Value
    outputs: tuple[Output, ...] = field(default=())


Request = Call | MethodCall
Response = Answer | MethodAnswer

__all__ = [
    "OPERATIONS",
    "Answer",
    "Argument",
    "Call",
    "Class",
    "Kind",
    "MethodAnswer",
    "MethodCall",
    "Operation",
    "Output",
    "Parameter",
    "QualifierType",
    "Request",
    "Response",
    "Row",
    "Rows",
    "Shape",
]
