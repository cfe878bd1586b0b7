"""What can be wrong with disk images and volumes: 2400 to 2499."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

NOT_OPEN: Final = ErrorMessage(
    2401,
    "The path {path!r} is not in an image folder (they are: {folders}).",
    "Move the image there, or ask an administrator.",
    problem=Problem.ACCESS_DENIED,
)
OF_THE_HOST: Final = ErrorMessage(
    2402,
    "The path {path!r} cannot be a disk: {reason}.",
    "Copy the image to an image folder ({folders}).",
    problem=Problem.ACCESS_DENIED,
)
OF_CLOUD_INIT: Final = ErrorMessage(
    2403,
    "The image {path!r} holds the cloud-init data of a virtual system, which alone has it.",
    "Leave the disk out, and give cloud-init data in the system's settings.",
    problem=Problem.ACCESS_DENIED,
)
UNKNOWN: Final = ErrorMessage(
    2411,
    "There is no image {source!r} on host {host.name!r} (image folders: {folders}).",
    "Put it there, or give a capacity to have a new one made.",
    problem=Problem.NOT_FOUND,
)
THERE_ALREADY: Final = ErrorMessage(
    2412,
    "There is an image {source!r} already.",
    "Use it by giving it as the source without a capacity, or name a source that does not exist.",
    problem=Problem.ALREADY_EXISTS,
)
IN_USE: Final = ErrorMessage(
    2413,
    "The image {path!r} for disk {disk.target} is in use by virtual system {system!r}.",
    "Give another source, or a capacity to have a new image made; or let both have it read-only or shareable.",
    problem=Problem.INVALID_STATE,
)
IN_USE_BY_NOW: Final = ErrorMessage(
    2414,
    "The image {path!r} is in use by virtual system {system!r} by now, and stays.",
    problem=Problem.IN_USE,
)
NO_FOLDER: Final = ErrorMessage(
    2415,
    "No image folder is configured to make a new image in.",
    "Configure one, or give an absolute source.",
    problem=Problem.INVALID_PARAMETER,
)
RELATIVE: Final = ErrorMessage(
    2416,
    "The source {source!r} is relative, and no image folder is configured.",
    "Give an absolute path.",
    problem=Problem.INVALID_PARAMETER,
)
STRANGE: Final = ErrorMessage(
    2421,
    "The path {image.path!r} is in no image folder ({folders}), and its name is not that of an image.",
    "Say its format to have it as a disk all the same.",
    problem=Problem.INVALID_PARAMETER,
)
FORMAT_UNCERTAIN: Final = ErrorMessage(
    2422,
    "The image {image.path!r} is {by_name} by its name and {image.format} by its content.",
    "Say the format: 'raw' if a guest has written to it as a raw disk, for then its content may pretend.",
    problem=Problem.INVALID_PARAMETER,
)
OTHER_FORMAT: Final = ErrorMessage(
    2423,
    "The image {image.path!r} is {image.format}, not {wanted}.",
    problem=Problem.INVALID_PARAMETER,
)
OTHER_CAPACITY: Final = ErrorMessage(
    2424,
    "The image {image.path!r} exists and holds {image.capacity} bytes, not {wanted}.",
    "Leave the capacity out to use it as it is.",
    problem=Problem.INVALID_PARAMETER,
)
ENDLESS_CHAIN: Final = ErrorMessage(
    2425,
    "The image {image.path!r} stands on itself, or on too many others.",
    problem=Problem.NOT_SUPPORTED,
)
PATH_IN_STORAGE_POOL: Final = ErrorMessage(
    2441,
    "Disk {disk.target}: the source {disk.source!r} is a path, and pool {disk.pool!r} has volumes.",
    "Give the name of a volume, or leave the pool out.",
    problem=Problem.INVALID_PARAMETER,
)
NO_VOLUME: Final = ErrorMessage(
    2442,
    "Disk {disk.target}: {disk.source!r} names no volume.",
    "Write volume:<pool>/<volume>.",
    problem=Problem.INVALID_PARAMETER,
)
OTHER_POOL: Final = ErrorMessage(
    2443,
    "Disk {disk.target}: the volume {disk.source!r} is not from pool {disk.pool!r}.",
    "Leave the pool out.",
    problem=Problem.INVALID_PARAMETER,
)
STORAGE_POOL_UNKNOWN: Final = ErrorMessage(
    2444,
    "Host {host.name!r} has no active storage pool {name!r}; it has {known}.",
    "Name one of these, or start it.",
    problem=Problem.NOT_FOUND,
)
VOLUME_FORMAT: Final = ErrorMessage(
    2445,
    "A volume of storage pool {pool.name!r} ({pool.type}) is {formats} and cannot be {wanted}.",
    "Leave the format out.",
    problem=Problem.INVALID_PARAMETER,
)
EMPTY: Final = ErrorMessage(
    2446,
    "A new image for {disk.target} cannot have {disk.capacity} bytes.",
    "Give a capacity that is more than 0.",
    problem=Problem.INVALID_PARAMETER,
)
