"""What is wrong with a query: 1300 to 1399. Columns count from 1."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

FILTER_LANGUAGE: Final = ErrorMessage(
    1301,
    "Filter language {language} is not known.",
    "Use DMTF:FQL.",
    problem=Problem.QUERY_LANGUAGE_NOT_SUPPORTED,
)
QUERY_LANGUAGE: Final = ErrorMessage(
    1302,
    "Query language {language} is not known.",
    "Use DMTF:CQL or WQL.",
    problem=Problem.QUERY_LANGUAGE_NOT_SUPPORTED,
)
TOO_LONG: Final = ErrorMessage(1303, "The query is longer than {most} characters", problem=Problem.INVALID_QUERY)
TOO_DEEP: Final = ErrorMessage(1304, "The query nests deeper than {most}", problem=Problem.INVALID_QUERY)
NOT_UNDERSTOOD_AT: Final = ErrorMessage(
    1305, "The query is not understood at column {column}: {query!r}", problem=Problem.INVALID_QUERY
)
NOT_UNDERSTOOD_AT_END: Final = ErrorMessage(
    1306, "The query is not understood at its end: {query!r}", problem=Problem.INVALID_QUERY
)
NOT_UNDERSTOOD: Final = ErrorMessage(1307, "The query is not understood: {reason}", problem=Problem.INVALID_QUERY)
SELECTED_CLASS: Final = ErrorMessage(1310, "There is no class {name}", problem=Problem.INVALID_QUERY)
NAMED_CLASS: Final = ErrorMessage(1311, "There is no class {name} (column {column})", problem=Problem.INVALID_QUERY)
NAMED_PROPERTY: Final = ErrorMessage(
    1312, "Class {class_name} has no property {name} (column {column})", problem=Problem.INVALID_QUERY
)
IS_ARRAY: Final = ErrorMessage(
    1313, "{what} is an array (column {column}).", "Use ANY or an index.", problem=Problem.INVALID_QUERY
)
IS_NO_ARRAY: Final = ErrorMessage(1314, "{what} is no array (column {column})", problem=Problem.INVALID_QUERY)
NO_PROPERTY_COMPARED: Final = ErrorMessage(
    1320, "A comparison needs a property on one side", problem=Problem.INVALID_QUERY
)
NOT_LIKE: Final = ErrorMessage(
    1321, "LIKE needs a string: {what} is {type} (column {column})", problem=Problem.INVALID_QUERY
)
NOT_ORDERED: Final = ErrorMessage(
    1322, "{what} is {type}: it can be compared by = and <> only (column {column})", problem=Problem.INVALID_QUERY
)
NOT_COMPARABLE: Final = ErrorMessage(
    1323, "{what} is {type}: it cannot be compared with {literal!r} (column {column})", problem=Problem.INVALID_QUERY
)
BAD_LITERAL: Final = ErrorMessage(1324, "{reason} (column {column})", problem=Problem.INVALID_QUERY)

# Queries of indications

NO_INDICATION: Final = ErrorMessage(
    1330,
    "{name} is no class of indications (column {column}).",
    "Select from CIM_InstModification or another.",
    problem=Problem.INVALID_QUERY,
)
NEVER_SENT: Final = ErrorMessage(1331, "{name} is never sent by this server", problem=Problem.INVALID_QUERY)
NO_INSTANCE_NAMED: Final = ErrorMessage(
    1332,
    "{name} is no instance (column {column}).",
    "Write SourceInstance ISA {class_name}.",
    problem=Problem.INVALID_QUERY,
)
TOO_FAR: Final = ErrorMessage(
    1333,
    "{name} leads too far: properties of SourceInstance and PreviousInstance are read (column {column})",
    problem=Problem.INVALID_QUERY,
)
OF_WHICH_CLASS: Final = ErrorMessage(
    1334,
    "{name} (column {column}): of which class?",
    "Write {instance}.Class::{property}, or AND {instance} ISA Class.",
    problem=Problem.INVALID_QUERY,
)
