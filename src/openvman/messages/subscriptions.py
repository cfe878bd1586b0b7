"""What is wrong with a filter, a destination or a subscription: 1600 to 1699."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

FILTERS_OFF: Final = ErrorMessage(
    1601,
    "Filters cannot be made: FilterCreationEnabled is false.",
    "Use the static ones.",
    problem=Problem.NOT_SUPPORTED,
)
QUERY_NEEDED: Final = ErrorMessage(
    1602, "An indication filter needs Query and QueryLanguage.", problem=Problem.INVALID_PARAMETER
)
FILTER_EXISTS: Final = ErrorMessage(
    1603, "There is an indication filter {name!r} already.", problem=Problem.ALREADY_EXISTS
)
STATIC_FILTER: Final = ErrorMessage(
    1604,
    "Indication filter {filter.name!r} comes with the server and cannot be deleted.",
    problem=Problem.NOT_SUPPORTED,
)
FILTER_NAMESPACE: Final = ErrorMessage(
    1605, "Indication filter {filter.name!r}: there is no namespace {namespace!r}.", problem=Problem.INVALID_PARAMETER
)
FILTER_QUERY: Final = ErrorMessage(
    1606, "Indication filter {filter.name!r}: {reason}", problem=Problem.INVALID_PARAMETER
)
URL_NEEDED: Final = ErrorMessage(
    1610, "Listener destination {name!r} needs a Destination.", problem=Problem.INVALID_PARAMETER
)
BAD_URL: Final = ErrorMessage(1611, "Destination {url!r}: {reason}.", problem=Problem.INVALID_PARAMETER)
DESTINATION_EXISTS: Final = ErrorMessage(
    1612, "There is a listener destination {name!r} already.", problem=Problem.ALREADY_EXISTS
)
SUBSCRIBED: Final = ErrorMessage(
    1620, "{source.name!r} is subscribed to by {destination.name!r} already.", problem=Problem.ALREADY_EXISTS
)
RETRY_INTERVAL: Final = ErrorMessage(
    1621, "DeliveryRetryInterval is 1 second or more.", problem=Problem.INVALID_PARAMETER
)
USED: Final = ErrorMessage(
    1622, "{what} {name!r} is used by {count} subscription(s).", "Delete them first.", problem=Problem.IN_USE
)
ANOTHERS: Final = ErrorMessage(
    1623, "{what} belongs to {owner}.", "Ask them or an admin.", problem=Problem.ACCESS_DENIED
)
BAD_NAME: Final = ErrorMessage(
    1624,
    "A name is printable and has at most {most} characters: {name!r} is no name for a {kind}.",
    problem=Problem.INVALID_PARAMETER,
)
TOO_MANY: Final = ErrorMessage(
    1625, "There are {most} {what}, which is the limit.", "Delete some first.", problem=Problem.INSUFFICIENT
)
