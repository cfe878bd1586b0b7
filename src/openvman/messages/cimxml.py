"""CIM-XML that does not hold what its elements' names say: 1700 to 1799."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

# Any element

MISPLACED: Final = ErrorMessage(
    1701, "a {tag} element stands where {wanted} is expected", problem=Problem.INVALID_PARAMETER
)
NO_ATTRIBUTE: Final = ErrorMessage(
    1702, "a {tag} element lacks its {name} attribute", problem=Problem.INVALID_PARAMETER
)
BAD_ATTRIBUTE: Final = ErrorMessage(1703, "{name} of a {tag} element: {reason}", problem=Problem.INVALID_PARAMETER)
NOT_ONE_ELEMENT: Final = ErrorMessage(
    1704, "a {tag} element holds {count} elements instead of one", problem=Problem.INVALID_PARAMETER
)
NOT_TEXT: Final = ErrorMessage(
    1705, "a {tag} element holds an element instead of text", problem=Problem.INVALID_PARAMETER
)
NO_TYPE: Final = ErrorMessage(1706, "{name!r} is no CIM type", problem=Problem.INVALID_PARAMETER)
BAD_VALUE: Final = ErrorMessage(1707, "{where}: {reason}", problem=Problem.INVALID_PARAMETER)
GIVEN_TWICE: Final = ErrorMessage(1708, "the {tag} of {name} gives a {part} twice", problem=Problem.INVALID_PARAMETER)
PART_MISSING: Final = ErrorMessage(1709, "the {tag} of {name} lacks its {part}", problem=Problem.INVALID_PARAMETER)

# Paths

UNNAMED_NAMESPACE: Final = ErrorMessage(
    1720,
    "a LOCALNAMESPACEPATH holds named NAMESPACE elements, at least one",
    problem=Problem.INVALID_PARAMETER,
)
NO_HOST: Final = ErrorMessage(
    1721,
    "a path with a host begins with a NAMESPACEPATH of a HOST and a LOCALNAMESPACEPATH",
    problem=Problem.INVALID_PARAMETER,
)
NO_PAIR: Final = ErrorMessage(
    1722, "a {tag} element holds where the object is and its {second}", problem=Problem.INVALID_PARAMETER
)
NO_KEY_BINDING: Final = ErrorMessage(
    1723, "the INSTANCENAME of {name} holds a {tag} among its KEYBINDING elements", problem=Problem.INVALID_PARAMETER
)
NO_VALUE_TYPE: Final = ErrorMessage(
    1724, "the VALUETYPE of a key value is string, boolean or numeric", problem=Problem.INVALID_PARAMETER
)
CLASS_GIVEN: Final = ErrorMessage(
    1725, "the class {name} stands where an instance is expected", problem=Problem.INVALID_PARAMETER
)
NO_TARGET: Final = ErrorMessage(
    1726, "a METHODCALL begins with a LOCALINSTANCEPATH or a LOCALCLASSPATH", problem=Problem.INVALID_PARAMETER
)

# Instances and declarations

TOO_DEEP: Final = ErrorMessage(
    1740, "embedded instances stand deeper than {most} in one another", problem=Problem.INVALID_PARAMETER
)
NOT_WELL_FORMED: Final = ErrorMessage(
    1741, "an embedded instance is not well-formed: {reason}", problem=Problem.INVALID_PARAMETER
)
EMBEDDED_CLASS: Final = ErrorMessage(
    1742, "an embedded class stands where an embedded instance is expected", problem=Problem.INVALID_PARAMETER
)
EMBEDDED_NOTHING: Final = ErrorMessage(
    1743, "an empty string stands where an embedded instance is expected", problem=Problem.INVALID_PARAMETER
)
EMBEDDED_KIND: Final = ErrorMessage(1744, "EmbeddedObject is instance or object", problem=Problem.INVALID_PARAMETER)
MORE_VALUES: Final = ErrorMessage(
    1745, "the property {name} holds more than one value", problem=Problem.INVALID_PARAMETER
)
NO_ARRAY: Final = ErrorMessage(1746, "the array property {name} holds a {tag}", problem=Problem.INVALID_PARAMETER)
ARRAY_SIZE: Final = ErrorMessage(1747, "ARRAYSIZE is a number", problem=Problem.INVALID_PARAMETER)

# Operations

NO_OPERATION: Final = ErrorMessage(1760, "{name} is no operation that this server has", problem=Problem.NOT_SUPPORTED)
PARAMETER_TWICE: Final = ErrorMessage(1761, "{name} got a parameter twice", problem=Problem.INVALID_PARAMETER)
TEXT_OUTSIDE: Final = ErrorMessage(
    1762, "the parameter {name} of {operation} holds text outside of a VALUE", problem=Problem.INVALID_PARAMETER
)
NULL_NAME: Final = ErrorMessage(1763, "a property name is NULL", problem=Problem.INVALID_PARAMETER)
