"""What a hypervisor cannot do with images, volumes and storage pools: 3200 to 3299. Any driver raises these."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

# Images

IMAGES_AWAY: Final = ErrorMessage(
    3201, "Images on {platform} cannot be reached from here.", problem=Problem.NOT_SUPPORTED
)
IMAGE_PATH: Final = ErrorMessage(
    3202, "An image is named by its absolute path on the host, not by {path!r}.", problem=Problem.INVALID_PARAMETER
)
NO_IMAGE: Final = ErrorMessage(3203, "There is no image {path}.", problem=Problem.NOT_FOUND)
NO_FOLDER: Final = ErrorMessage(3204, "There is no folder {folder}.", problem=Problem.NOT_FOUND)
FILE_TAKEN: Final = ErrorMessage(3205, "There is already a file {path}.", problem=Problem.ALREADY_EXISTS)
NOT_REGULAR: Final = ErrorMessage(3206, "{path} is not a regular file.", problem=Problem.INVALID_PARAMETER)
NOT_AN_IMAGE: Final = ErrorMessage(
    3207, "{path} is neither a file nor a block device.", problem=Problem.INVALID_PARAMETER
)
IMAGE_CAPACITY: Final = ErrorMessage(
    3208, "The capacity of an image is more than 0 bytes, not {capacity}.", problem=Problem.INVALID_PARAMETER
)
IMAGE_FORMAT: Final = ErrorMessage(
    3209, "An image cannot be made as {format} here.", "Choose one of {formats}.", problem=Problem.NOT_SUPPORTED
)
IMAGE_FOREIGN: Final = ErrorMessage(
    3210, "{path} is a {format} image.", "Convert it to qcow2 or raw.", problem=Problem.NOT_SUPPORTED
)
IMAGE_SPLIT: Final = ErrorMessage(3211, "{path} keeps its data in another file.", problem=Problem.NOT_SUPPORTED)
IMAGE_BACKING: Final = ErrorMessage(
    3212, "{path} stands on something that is no file of this host.", problem=Problem.NOT_SUPPORTED
)
UPLOAD_FOLDER: Final = ErrorMessage(
    3213,
    "No active storage pool of the host has the folder {folder}.",
    "Start one to have images made there.",
    problem=Problem.NOT_SUPPORTED,
)

# The program that makes images and looks at them

QEMU_IMG_MISSING: Final = ErrorMessage(
    3220, "qemu-img is not installed.", "Install the package qemu-utils.", problem=Problem.UNAVAILABLE
)
QEMU_IMG_LATE: Final = ErrorMessage(
    3221, "qemu-img did not finish with {path} within {seconds:g} s.", problem=Problem.TIMEOUT
)
QEMU_IMG_FAILED: Final = ErrorMessage(3222, "qemu-img failed: {reason}.")
QEMU_IMG_UNREADABLE: Final = ErrorMessage(3223, "qemu-img said something unreadable of {path}.")

# Storage pools and their volumes

NO_STORAGE_POOL: Final = ErrorMessage(3230, "There is no active storage pool {pool}.", problem=Problem.NOT_FOUND)
STORAGE_POOL_TAKEN: Final = ErrorMessage(
    3231, "There is already a storage pool {pool}.", problem=Problem.ALREADY_EXISTS
)
STORAGE_POOL_USED: Final = ErrorMessage(
    3232, "Storage pool {pool} has volumes, {volume!r} among them.", problem=Problem.IN_USE
)
STORAGE_POOL_FULL: Final = ErrorMessage(
    3233,
    "A volume of {capacity} bytes was asked of storage pool {pool}, which has {left} left.",
    "Ask for less, or name another pool.",
    problem=Problem.INSUFFICIENT,
)
NO_VOLUME: Final = ErrorMessage(3234, "Storage pool {pool} has no volume {volume}.", problem=Problem.NOT_FOUND)
VOLUME_NAME: Final = ErrorMessage(3235, "{volume!r} cannot name a volume.", problem=Problem.INVALID_PARAMETER)
VOLUME_TAKEN: Final = ErrorMessage(3236, "There is already a volume {volume}.", problem=Problem.ALREADY_EXISTS)
STORAGE_POOL_UNKNOWN: Final = ErrorMessage(3237, "There is no storage pool {pool}.", problem=Problem.NOT_FOUND)
STORAGE_POOL_TYPE: Final = ErrorMessage(
    3238, "A storage pool of type {type} cannot be made.", "Make one of {types}.", problem=Problem.NOT_SUPPORTED
)
STORAGE_POOL_LACKS: Final = ErrorMessage(
    3239, "A storage pool of type {type} needs {needs}.", problem=Problem.INVALID_PARAMETER
)
VOLUME_CAPACITY: Final = ErrorMessage(
    3240, "The capacity of a volume is not less than 0 bytes, not {capacity}.", problem=Problem.INVALID_PARAMETER
)
