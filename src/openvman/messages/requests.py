"""What is wrong with a request in CIM's terms: 1000 to 1299."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

# What is asked for is not there

NO_INSTANCE: Final = ErrorMessage(1001, "There is no instance {path}", problem=Problem.NOT_FOUND)
NO_NAMESPACE: Final = ErrorMessage(
    1002, "There is no namespace {name!r}.", "Use one of {known}.", problem=Problem.INVALID_NAMESPACE
)
NO_CLASS: Final = ErrorMessage(1003, "There is no class {name} in namespace {namespace}", problem=Problem.INVALID_CLASS)
CLASS_NOT_FOUND: Final = ErrorMessage(
    1004, "There is no class {name} in namespace {namespace}", problem=Problem.NOT_FOUND
)
CLASS_OF_PARAMETER: Final = ErrorMessage(
    1005, "There is no class {name} in namespace {namespace}", problem=Problem.INVALID_PARAMETER
)
CLASS_OF_INSTANCE: Final = ErrorMessage(1006, "There is no class {name}", problem=Problem.INVALID_CLASS)
NO_PROPERTY: Final = ErrorMessage(1007, "Class {class_name} has no property {name}", problem=Problem.NO_SUCH_PROPERTY)
PROPERTY_OF_INSTANCE: Final = ErrorMessage(
    1008, "Class {class_name} has no property {name}", problem=Problem.INVALID_PARAMETER
)
NO_QUALIFIER_TYPE: Final = ErrorMessage(1009, "There is no qualifier type {name}", problem=Problem.NOT_FOUND)
NO_METHOD: Final = ErrorMessage(1010, "Class {class_name} has no method {name}", problem=Problem.METHOD_NOT_FOUND)
NO_PARAMETER: Final = ErrorMessage(1011, "{operation} has no parameter {name}", problem=Problem.INVALID_PARAMETER)
NOT_IDENTIFIED: Final = ErrorMessage(
    1012,
    "{class_name} {identity}: there is nothing of this identity to modify.",
    "Read its InstanceID anew.",
    problem=Problem.NOT_FOUND,
)

# Nobody does this, or not this caller

NOT_IMPLEMENTED: Final = ErrorMessage(
    1020, "{name} is not implemented for {class_name} by this server", problem=Problem.METHOD_NOT_AVAILABLE
)
FIXED_SCHEMA: Final = ErrorMessage(
    1021, "{operation} is not supported: classes and qualifiers come with the server", problem=Problem.NOT_SUPPORTED
)
NO_COUNT: Final = ErrorMessage(
    1022,
    "EnumerationCount is not supported: objects are counted as they are pulled",
    problem=Problem.NOT_SUPPORTED,
)
UNSUPPORTED_PARAMETER: Final = ErrorMessage(
    1023, "{operation}: parameter {name} is not supported", problem=Problem.NOT_SUPPORTED
)
NOT_MODIFIED: Final = ErrorMessage(1024, "Instances of {class_name} cannot be modified", problem=Problem.NOT_SUPPORTED)
NOT_CREATED: Final = ErrorMessage(
    1025, "Instances of {class_name} cannot be created by CreateInstance", problem=Problem.NOT_SUPPORTED
)
NOT_DELETED: Final = ErrorMessage(1026, "{path} cannot be deleted by DeleteInstance", problem=Problem.NOT_SUPPORTED)
DENIED: Final = ErrorMessage(1027, "{what} needs the role {role}; {actor} is {has}", problem=Problem.ACCESS_DENIED)

# Parameters

PARAMETER_MISSING: Final = ErrorMessage(
    1030, "{operation} needs the parameter {name}", problem=Problem.INVALID_PARAMETER
)
PARAMETER_NEEDED: Final = ErrorMessage(1031, "Parameter {name} is needed", problem=Problem.INVALID_PARAMETER)
NOT_STATIC: Final = ErrorMessage(
    1032,
    "{class_name}.{name} is not static.",
    "Invoke it on an instance.",
    problem=Problem.INVALID_PARAMETER,
)
VALUE_REFUSED: Final = ErrorMessage(1033, "{what} = {value}: {reason}", problem=Problem.INVALID_PARAMETER)
CODE_REFUSED: Final = ErrorMessage(
    1034, "{name} {code} is not supported.", "Use one of {known}.", problem=Problem.INVALID_PARAMETER
)
WRONG_OBJECT: Final = ErrorMessage(1035, "{name} takes {wanted}, not {given}", problem=Problem.INVALID_PARAMETER)
NOT_ONE_INSTANCE: Final = ErrorMessage(
    1036, "{name} takes one instance, not {count}", problem=Problem.INVALID_PARAMETER
)
NOT_EMBEDDED: Final = ErrorMessage(1037, "{name} takes an embedded instance", problem=Problem.INVALID_PARAMETER)
NOT_A_REFERENCE: Final = ErrorMessage(
    1038, "{name} takes a reference to an instance", problem=Problem.INVALID_PARAMETER
)

# Instances that are given

END_MISSING: Final = ErrorMessage(
    1040, "{class_name} needs {role}, a reference to an instance", problem=Problem.INVALID_PARAMETER
)
END_NOT_FOUND: Final = ErrorMessage(1041, "{role}: {reason}", problem=Problem.INVALID_PARAMETER)
NOT_TAKEN: Final = ErrorMessage(
    1042,
    "An instance of {class_name} with these values is not among what is taken here: {taken}",
    problem=Problem.INVALID_PARAMETER,
)
NOT_SET: Final = ErrorMessage(
    1043, "{class_name}.{name} cannot be set.", "Leave it out, or give NULL.", problem=Problem.INVALID_PARAMETER
)
NOT_CHANGED: Final = ErrorMessage(
    1044,
    "{class_name}.{name} cannot be set to another value.",
    "Leave it out, or give NULL.",
    problem=Problem.INVALID_PARAMETER,
)
SECRET_REFUSED: Final = ErrorMessage(
    1045, "{what} takes one {type}, and not what was given", problem=Problem.TYPE_MISMATCH
)
OF_ANOTHER_HOST: Final = ErrorMessage(
    1046,
    "{id} is not on host {host.name!r}.",
    "Use the management service of its own host.",
    problem=Problem.INVALID_PARAMETER,
)

# Enumerations that are pulled

FILTER_INCOMPLETE: Final = ErrorMessage(
    1050, "FilterQuery and FilterQueryLanguage go together", problem=Problem.INVALID_PARAMETER
)
QUERY_MISSING: Final = ErrorMessage(
    1051, "FilterQueryLanguage and FilterQuery are needed", problem=Problem.INVALID_PARAMETER
)
TOO_MANY_ENUMERATIONS: Final = ErrorMessage(
    1052,
    "{owner} has {count} enumerations open, which is the limit.",
    "Pull them to the end or close some.",
    problem=Problem.SERVER_LIMITS_EXCEEDED,
)
OTHER_PULL: Final = ErrorMessage(
    1053, "This enumeration was opened for another kind of Pull operation", problem=Problem.INVALID_PARAMETER
)
NO_ENUMERATION: Final = ErrorMessage(
    1054,
    "There is no such enumeration (any more): it ended, expired, or is another's",
    problem=Problem.INVALID_ENUMERATION_CONTEXT,
)
BAD_TIMEOUT: Final = ErrorMessage(
    1055,
    "OperationTimeout {timeout} is outside 1 to {most} seconds",
    problem=Problem.INVALID_OPERATION_TIMEOUT,
)

# What became of a change

SECRETS_GONE: Final = ErrorMessage(
    1060, "{job.name}: the server ended before it began, and its secrets are not kept.", "Ask again."
)
MEANS_NOTHING: Final = ErrorMessage(
    1061, "{job.name}: the server ended before it began, and it cannot be done any more: {reason}"
)
NOT_STORED: Final = ErrorMessage(
    1062, "It could not be stored, and is as it was: {reason}.", "Make room in the state directory."
)
