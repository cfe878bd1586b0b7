"""What can be wrong with resource pools and storage pools: 2500 to 2599."""

from __future__ import annotations

from typing import Final

from openvman.messages.message import ErrorMessage
from openvman.messages.problem import Problem

NO_SUCH_POOL: Final = ErrorMessage(
    2501,
    "host {host.name!r} has no pool {name!r} of kind {kind}; it has {names!r}.",
    "Leave the pool out to get {kind!r}.",
    problem=Problem.INVALID_PARAMETER,
)
DELETED_MEANWHILE: Final = ErrorMessage(
    2502, "the pool {id!r} was deleted meanwhile.", "Name another.", problem=Problem.NOT_FOUND
)
TOO_LITTLE_FREE: Final = ErrorMessage(
    2503,
    "{asker} asks for {amount} of pool {pool.name!r} on host {pool.host.name!r}, which has {free} of {pool.capacity} "
    "free.",
    "Ask for less, give the pool more, or name another pool.",
    problem=Problem.INSUFFICIENT,
)
GIVEN_AWAY: Final = ErrorMessage(
    2504,
    "{asker} would leave it with {amount} given away of pool {pool.name!r} on host {pool.host.name!r}, which has "
    "{free} of {pool.capacity} free.",
    "Ask for less, give the pool more, or name another pool.",
    problem=Problem.INSUFFICIENT,
)
NOT_STORED: Final = ErrorMessage(
    2505, "The change could not be stored and was taken back: {reason}.", problem=Problem.FAILED
)
HOST_GONE: Final = ErrorMessage(2511, "There is no host {id!r} any more.", "List the hosts.", problem=Problem.NOT_FOUND)
GONE: Final = ErrorMessage(
    2512,
    "There is no pool {pool.name!r} on host {host.name!r} any more.",
    "List the pools again.",
    problem=Problem.NOT_FOUND,
)
NO_NAME: Final = ErrorMessage(
    2513,
    "{name!r} cannot name a pool.",
    "Use up to 64 letters, digits and _.+-, a letter first.",
    problem=Problem.INVALID_PARAMETER,
)
NAME_TAKEN: Final = ErrorMessage(
    2514,
    "There is a pool {name!r} on host {host.name!r} already.",
    "Choose another name.",
    problem=Problem.ALREADY_EXISTS,
)
NO_KIND: Final = ErrorMessage(
    2515,
    "A pool without resources needs a ResourceType.",
    "Say it, or name resources of the host.",
    problem=Problem.INVALID_PARAMETER,
)
OTHER_KIND: Final = ErrorMessage(
    2516,
    "Pool {pool.name!r} has {pool.kind}, not {kind}.",
    "Name a pool of that kind.",
    problem=Problem.WRONG_KIND,
)
AMOUNT: Final = ErrorMessage(
    2517,
    "A pool of {kind} cannot have {amount}.",
    "Say how much, more than 0, in steps of {increment}.",
    problem=Problem.INVALID_PARAMETER,
)
PRIMORDIAL: Final = ErrorMessage(
    2518,
    "Pool {pool.name!r} of host {host.name!r} is primordial: it cannot be deleted or moved.",
    problem=Problem.INVALID_PARAMETER,
)
IN_USE: Final = ErrorMessage(
    2519,
    "Pool {pool.name!r} on host {host.name!r} is in use by {users}.",
    "Move them to another pool first.",
    problem=Problem.IN_USE,
)
NOTHING_NAMED: Final = ErrorMessage(
    2521, "HostResources is empty.", "Name at least one.", problem=Problem.INVALID_PARAMETER
)
HAS_PARENTS: Final = ErrorMessage(
    2522,
    "Pool {pool.name!r} is a part of {pool.parents!r}, and gets nothing but from there.",
    "Make {pool.kind.value!r} one of its parents first.",
    problem=Problem.INVALID_PARAMETER,
)
NOT_IN_POOL: Final = ErrorMessage(
    2523,
    "Pool {pool.name!r} does not have {device!r}.",
    "Remove what it has.",
    problem=Problem.INVALID_PARAMETER,
)
DEVICE_OF_OTHER_HOST: Final = ErrorMessage(
    2524,
    "{device.id!r} is of host {device.host.name!r}, and the pool of {host.name!r}.",
    "Name its own.",
    problem=Problem.INVALID_PARAMETER,
)
DEVICE_OF_OTHER_KIND: Final = ErrorMessage(
    2525,
    "{device.id!r} is {device.kind}, and pool {pool.name!r} has {pool.kind}.",
    "Name others.",
    problem=Problem.WRONG_KIND,
)
DEVICE_IN_POOL: Final = ErrorMessage(
    2526,
    "{device.id!r} is in pool {holder!r} already.",
    "Remove it there first.",
    problem=Problem.IN_USE,
)
UNDER_ITSELF: Final = ErrorMessage(
    2531,
    "Pool {pool.name!r} cannot be put under {parent.name!r}, which is itself or a part of it.",
    "Name a parent outside of it.",
    problem=Problem.INVALID_PARAMETER,
)
HAS_DEVICES: Final = ErrorMessage(
    2532,
    "Pool {pool.name!r} has resources of the host itself, which come from pool {kind.value!r}.",
    "Remove them first, or keep that parent.",
    problem=Problem.INVALID_PARAMETER,
)
NO_PARENT: Final = ErrorMessage(
    2533,
    "ParentPool is empty.",
    "Name the pools that the pool shall be a part of.",
    problem=Problem.INVALID_PARAMETER,
)
PARENT_TWICE: Final = ErrorMessage(
    2534,
    "ParentPool names a pool twice: {names}.",
    "Name each once, with all that it shall give.",
    problem=Problem.INVALID_PARAMETER,
)
PARENT_OF_OTHER_HOST: Final = ErrorMessage(
    2535,
    "Pool {pool.name!r} is on host {pool.host.name!r}, not on {host.name!r}.",
    "Name one of its pools.",
    problem=Problem.INVALID_PARAMETER,
)
SETTINGS_UNPAIRED: Final = ErrorMessage(
    2536,
    "Settings has {settings} items for {parents} parents.",
    "Give one for each, in the same order.",
    problem=Problem.INVALID_PARAMETER,
)
SETTINGS_OF_OTHERS: Final = ErrorMessage(
    2537,
    "Settings is of the parents {names!r}, and ParentPool has others.",
    "Name each once as PoolID, or none and keep their order.",
    problem=Problem.INVALID_PARAMETER,
)
STORAGE_HAS_NO_QUANTITY: Final = ErrorMessage(
    2551,
    "A storage pool has what its folder has.",
    "Leave the quantity out, or the HostResource.",
    problem=Problem.INVALID_PARAMETER,
)
STORAGE_HAS_ONE_PARENT: Final = ErrorMessage(
    2552,
    "A storage pool has one folder, and pool 'disk' as its parent.",
    "Give one of Settings and ParentPool.",
    problem=Problem.INVALID_PARAMETER,
)
STORAGE_PARENT: Final = ErrorMessage(
    2553,
    "A storage pool is a child of pool 'disk', not of {pool.name!r}.",
    "Name that as the parent.",
    problem=Problem.WRONG_KIND,
)
STORAGE_NAME_TAKEN: Final = ErrorMessage(
    2554,
    "There is a storage pool {name!r} on host {host.name!r} already.",
    "Choose another name.",
    problem=Problem.ALREADY_EXISTS,
)
FOLDER_NOT_OPEN: Final = ErrorMessage(
    2555,
    "The folder {folder!r} is in no image folder (they are: {folders}).",
    "Name one that is.",
    problem=Problem.ACCESS_DENIED,
)
FOLDER_TAKEN: Final = ErrorMessage(
    2556,
    "The folder {folder!r} is that of storage pool {holder!r} already.",
    "Use that, or another folder.",
    problem=Problem.IN_USE,
)
STORAGE_STOPPED_AT_ONCE: Final = ErrorMessage(
    2557, "Storage pool {name!r} was made, and somebody stopped it at once.", problem=Problem.NOT_FOUND
)
STORAGE_HAS_DISKS: Final = ErrorMessage(
    2558,
    "Pool {pool.name!r} on host {host.name!r} has disks of {users}.",
    "Remove them first.",
    problem=Problem.IN_USE,
)
NATIVE_GIVES_NOTHING: Final = ErrorMessage(
    2559,
    "Pool {pool.name!r} of host {pool.host.name!r} is the hypervisor's own: nothing of it can be set aside.",
    "Name another pool.",
    problem=Problem.NOT_SUPPORTED,
)
NATIVE_STAYS: Final = ErrorMessage(
    2560,
    "Pool {pool.name!r} of host {pool.host.name!r} is the hypervisor's own: it has its own place on the host, and no "
    "devices.",
    "Name another pool.",
    problem=Problem.NOT_SUPPORTED,
)
STORAGE_TYPE: Final = ErrorMessage(
    2561, "A storage pool of type {type!r} cannot be made.", "Make one of {types}.", problem=Problem.NOT_SUPPORTED
)
STORAGE_NEEDS: Final = ErrorMessage(
    2562, "A storage pool of type {type!r} needs {needs}.", "Say what they are.", problem=Problem.INVALID_PARAMETER
)
STORAGE_HAS_NO_SUCH: Final = ErrorMessage(
    2563, "A storage pool of type {type!r} has no {setting}.", "Leave it out.", problem=Problem.INVALID_PARAMETER
)
STORAGE_PATH: Final = ErrorMessage(
    2564, "The path {path!r} cannot be used.", "Give an absolute one without '..'.", problem=Problem.INVALID_PARAMETER
)
STORAGE_SETTING: Final = ErrorMessage(
    2565,
    "The {setting} {value!r} cannot be used: it begins with '-', or is no text, or too long.",
    "Give another.",
    problem=Problem.INVALID_PARAMETER,
)
STORAGE_UUID: Final = ErrorMessage(
    2566,
    "{uuid!r} is no UUID.",
    "Write it in lower case with hyphens, or leave it out.",
    problem=Problem.INVALID_PARAMETER,
)
FOLDER_OF_HOST: Final = ErrorMessage(
    2567,
    "The folder {folder!r} cannot be that of a storage pool: {reason}.",
    "Name another.",
    problem=Problem.ACCESS_DENIED,
)
STORAGE_DOES_NOT_LAST: Final = ErrorMessage(
    2568,
    "Storage pool {pool.name!r} does not last, and starts with no host.",
    "Make one that does.",
    problem=Problem.INVALID_STATE,
)
STORAGE_RESTS: Final = ErrorMessage(
    2569,
    "Storage pool {pool.name!r} on host {host.name!r} is not active.",
    "Start it first.",
    problem=Problem.INVALID_STATE,
)
STORAGE_GONE: Final = ErrorMessage(
    2570,
    "There is no such storage pool {name!r} on host {host.name!r} any more.",
    "List the pools again.",
    problem=Problem.NOT_FOUND,
)
VOLUME_NAMED: Final = ErrorMessage(
    2581,
    "{name!r} cannot name a volume.",
    "Use up to 255 bytes without '/', control characters and a leading '-'.",
    problem=Problem.INVALID_PARAMETER,
)
VOLUME_SIZE: Final = ErrorMessage(
    2582,
    "A volume cannot have {capacity} bytes.",
    "Give a number from 0 to {maximum}.",
    problem=Problem.INVALID_PARAMETER,
)
VOLUME_EXISTS: Final = ErrorMessage(
    2583,
    "There is a volume {volume.name!r} in storage pool {volume.pool!r} already.",
    "Choose another name.",
    problem=Problem.ALREADY_EXISTS,
)
VOLUME_GONE: Final = ErrorMessage(
    2584,
    "There is no volume {volume.name!r} in storage pool {volume.pool!r} on host {host.name!r}.",
    "List the volumes again.",
    problem=Problem.NOT_FOUND,
)
VOLUME_IN_USE: Final = ErrorMessage(
    2585,
    "Volume {volume.name!r} of storage pool {volume.pool!r} is in use by {users}.",
    "Remove it there first.",
    problem=Problem.IN_USE,
)
VOLUME_OF_HOST: Final = ErrorMessage(
    2586,
    "The volume {volume.name!r} of storage pool {volume.pool!r} cannot be touched: {reason}.",
    "Name another.",
    problem=Problem.ACCESS_DENIED,
)
