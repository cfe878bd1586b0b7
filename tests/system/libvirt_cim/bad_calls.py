"""Each of libvirt-cim's methods with bad input: the code, and a text that is in its description.

Whatever is refused, nothing of what libvirt has is another afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pywbem
from tests.system.libvirt_cim import mof
from tests.system.libvirt_cim.calls import GUESTS, POOLS, guest, part, pool, whole
from tests.system.libvirt_cim.place import ACTIVE, NETWORK, POOL, RESTING, VOLUMES, Place

FAILED, INVALID, NOT_FOUND, NOT_SUPPORTED = 1, 4, 6, 7
UNREADABLE: Final = "Unable to parse embedded object"
TEXTS: Final = ("wrong", "instance of what ever { dd = 3; //\\ ]&", "")
"""What is no instance."""
MACHINES_ONLY, CONTAINERS_ONLY = ("KVM",), ("LXC",)
BOTH: Final = (*MACHINES_ONLY, *CONTAINERS_ONLY)
Arguments = Callable[[Place], dict[str, Any]]


@dataclass(frozen=True)
class Bad:
    class_name: str
    method: str
    said: str
    arguments: Arguments
    status: int
    text: str
    on: str | None = None
    """The guest whose method it is; None: the service's."""
    prefixes: tuple[str, ...] = BOTH

    @property
    def id(self) -> str:
        return f"{self.method}-{self.said}".replace(" ", "-")


def _of_guests(method: str, said: str, status: int, text: str, arguments: Arguments, **more: Any) -> Bad:
    return Bad(GUESTS, method, said, arguments, status, text, **more)


def _of_pools(method: str, said: str, status: int, text: str, arguments: Arguments, **more: Any) -> Bad:
    return Bad(POOLS, method, said, arguments, status, text, **more)


def _state(said: str, name: str, state: int | None, status: int, text: str, **more: Any) -> Bad:
    def arguments(_place: Place) -> dict[str, Any]:
        return {} if state is None else {"RequestedState": pywbem.Uint16(state)}

    return Bad("ComputerSystem", "RequestStateChange", said, arguments, status, text, on=name, **more)


def _defining(said: str, status: int, text: str, *settings: Callable[[Place], str], **more: Any) -> Bad:
    """A definition with these beside what a guest needs."""

    def arguments(place: Place) -> dict[str, Any]:
        needed = [mof.disk(place), mof.memory(place)]
        return {
            "SystemSettings": mof.system(place),
            "ResourceSettings": [*needed, *(setting(place) for setting in settings)],
        }

    return _of_guests("DefineSystem", said, status, text, arguments, **more)


def _unreadable() -> Iterator[Bad]:
    """Text that is no instance, before anything else that is wrong."""
    for number, text in enumerate(TEXTS):
        for class_name, method, said, arguments in (
            (GUESTS, "DefineSystem", "SystemSettings", lambda _p, t: {"SystemSettings": t}),
            (
                GUESTS,
                "DefineSystem",
                "ResourceSettings",
                lambda p, t: {"SystemSettings": mof.system(p), "ResourceSettings": [mof.disk(p), t]},
            ),
            (
                GUESTS,
                "AddResourceSettings",
                "ResourceSettings",
                lambda p, t: {"AffectedConfiguration": whole(p, "nobody"), "ResourceSettings": [t]},
            ),
            (GUESTS, "ModifyResourceSettings", "ResourceSettings", lambda _p, t: {"ResourceSettings": [t]}),
            (GUESTS, "ModifySystemSettings", "SystemSettings", lambda _p, t: {"SystemSettings": t}),
            (
                POOLS,
                "CreateChildResourcePool",
                "Settings",
                lambda _p, t: {"ElementName": mof.NAME, "Settings": [t]},
            ),
            (
                POOLS,
                "CreateResourceInPool",
                "Settings",
                lambda p, t: {"Settings": t, "Pool": pool(p, f"DiskPool/{POOL}")},
            ),
            (
                POOLS,
                "DeleteResourceInPool",
                "Resource",
                lambda p, t: {"Resource": t, "Pool": pool(p, f"DiskPool/{POOL}")},
            ),
        ):
            yield Bad(
                class_name,
                method,
                f"{said} is text {number}",
                lambda place, arguments=arguments, text=text: arguments(place, text),
                FAILED,
                UNREADABLE,
            )


def _missing() -> Iterator[Bad]:
    """Calls that lack what they need, each with the first that is missed."""
    for class_name, method, name, arguments in (
        (GUESTS, "DestroySystem", "AffectedSystem", lambda _p: {}),
        (GUESTS, "AddResourceSettings", "ResourceSettings", lambda p: {"AffectedConfiguration": whole(p, RESTING)}),
        (GUESTS, "AddResourceSettings", "AffectedConfiguration", lambda p: {"ResourceSettings": [mof.disk(p, 1)]}),
        (GUESTS, "ModifyResourceSettings", "ResourceSettings", lambda _p: {}),
        (GUESTS, "RemoveResourceSettings", "ResourceSettings", lambda _p: {}),
        (GUESTS, "ModifySystemSettings", "SystemSettings", lambda _p: {}),
        (POOLS, "CreateChildResourcePool", "Settings", lambda _p: {"ElementName": mof.NAME}),
        (POOLS, "DeleteResourcePool", "Pool", lambda _p: {}),
        (POOLS, "CreateResourceInPool", "Settings", lambda p: {"Pool": pool(p, f"DiskPool/{POOL}")}),
        (POOLS, "CreateResourceInPool", "Pool", lambda p: {"Settings": mof.volume(p)}),
        (POOLS, "DeleteResourceInPool", "Resource", lambda p: {"Pool": pool(p, f"DiskPool/{POOL}")}),
        (POOLS, "DeleteResourceInPool", "Pool", lambda p: {"Resource": mof.disk(p)}),
    ):
        yield Bad(class_name, method, f"without {name}", arguments, INVALID, f"Missing argument `{name}'")


def _asked(place: Place, kind: str, **values: object) -> dict[str, Any]:
    return {"ResourceSettings": [mof.setting(place, kind, **values)]}


BAD: Final = (
    *_unreadable(),
    *_missing(),
    # RequestStateChange
    _state("a pause of a guest that rests", RESTING, 9, FAILED, "Domain not running"),
    _state("a reboot of a guest that rests", RESTING, 10, FAILED, "Domain not running"),
    _state("a reset of a guest that rests", RESTING, 11, FAILED, "Domain not running", prefixes=MACHINES_ONLY),
    _state("a suspension of a guest that rests", RESTING, 6, NOT_SUPPORTED, "State not supported"),
    _state("a state that there is not", ACTIVE, 77, NOT_SUPPORTED, "State not supported"),
    _state("a reset of a container", ACTIVE, 11, NOT_SUPPORTED, "", prefixes=CONTAINERS_ONLY),
    _state("no state", ACTIVE, None, INVALID, "Missing argument `RequestedState'"),
    _state("a guest that there is not", "nobody", 2, NOT_FOUND, "Referenced domain `nobody' does not exist"),
    # DefineSystem
    _defining("an empty bridge", FAILED, "Bridge name is empty", lambda p: mof.bridged(p, NetworkName="")),
    _defining(
        "no bridge",
        FAILED,
        "No Network bridge name specified",
        lambda p: mof.setting(p, "Net", ResourceType=10, NetworkType="bridge"),
    ),
    _defining("no such network", FAILED, "Network not found", lambda p: mof.adapter(p, PoolID="NetworkPool/nowhere")),
    _defining("no kind of network", FAILED, "NetworkType", lambda p: mof.adapter(p, NetworkType="token-ring")),
    _defining("no MAC address", FAILED, "MAC address", lambda p: mof.adapter(p, "nonsense")),
    _defining("no processor", FAILED, "", lambda p: mof.setting(p, "Proc", ResourceType=3, VirtualQuantity=0)),
    _defining("no unit", FAILED, "programmatic unit", lambda p: mof.memory(p, AllocationUnits="Bananas")),
    _defining("no memory", FAILED, "", lambda p: mof.memory(p, 0)),
    _defining("two disks of a name", FAILED, "", mof.disk),
    _defining("no kind of drive", FAILED, "EmulatedType", lambda p: mof.disk(p, 1, EmulatedType=9),
        prefixes=MACHINES_ONLY),
    _defining("no image", FAILED, "", lambda p: mof.disk(p, 1, Address="/nowhere/at/all.img"), prefixes=MACHINES_ONLY),
    _of_guests(
        "DefineSystem",
        "a guest's name",
        FAILED,
        ACTIVE,
        lambda p: {"SystemSettings": mof.system(p, ACTIVE), "ResourceSettings": [mof.disk(p)]},
    ),
    _of_guests(
        "DefineSystem",
        "a reference that there is not",
        NOT_FOUND,
        "No such instance",
        lambda p: {"SystemSettings": mof.system(p), "ReferenceConfiguration": whole(p, "nobody")},
    ),
    _of_guests(
        "DefineSystem",
        "a class of something else",
        FAILED,
        "",
        lambda p: {"SystemSettings": mof.memory(p), "ResourceSettings": [mof.disk(p)]},
    ),
    _of_guests(
        "DefineSystem",
        "no root",
        FAILED,
        "would have the host's",
        lambda p: {"SystemSettings": mof.system(p), "ResourceSettings": [mof.disk(p, 1)]},
        prefixes=CONTAINERS_ONLY,
    ),
    # DestroySystem
    _of_guests("DestroySystem", "no name", NOT_FOUND, "Unable to retrieve domain name: Error 0",
        lambda p: {"AffectedSystem": p.path("ComputerSystem", CreationClassName=p.name("ComputerSystem"))}),
    _of_guests("DestroySystem", "a guest that there is not", NOT_FOUND,
        "Referenced domain `nobody' does not exist: Domain not found",
        lambda p: {"AffectedSystem": guest(p, "nobody")}),
    _of_guests("DestroySystem", "something else", INVALID, "ComputerSystem",
        lambda p: {"AffectedSystem": pool(p, "MemoryPool/0")}),
    # AddResourceSettings
    _of_guests("AddResourceSettings", "settings that there are not", NOT_FOUND, "No such instance (InstanceID)",
        lambda p: {"AffectedConfiguration": whole(p, "nobody"), "ResourceSettings": [mof.disk(p, 1)]}),
    _of_guests("AddResourceSettings", "a disk that there is", FAILED, "",
        lambda p: {"AffectedConfiguration": whole(p, RESTING), "ResourceSettings": [mof.disk(p)]}),
    _of_guests("AddResourceSettings", "a network that there is not", FAILED, "Network not found",
        lambda p: {"AffectedConfiguration": whole(p, ACTIVE),
            "ResourceSettings": [mof.adapter(p, PoolID="NetworkPool/nowhere")]}),
    _of_guests("AddResourceSettings", "one of two that cannot be", FAILED, "Bridge name is empty",
        lambda p: {"AffectedConfiguration": whole(p, RESTING),
            "ResourceSettings": [mof.adapter(p), mof.bridged(p, mof.OTHER_MAC, NetworkName="")]}),
    # ModifyResourceSettings
    _of_guests("ModifyResourceSettings", "a setting that there is not", NOT_FOUND, "No such instance (nobody/mem)",
        lambda p: _asked(p, "Mem", InstanceID="nobody/mem", ResourceType=4, VirtualQuantity=1)),
    _of_guests("ModifyResourceSettings", "no InstanceID", FAILED, "Missing InstanceID",
        lambda p: _asked(p, "Mem", ResourceType=4, VirtualQuantity=32768)),
    _of_guests("ModifyResourceSettings", "no processor", FAILED, "",
        lambda p: _asked(p, "Proc", InstanceID=f"{RESTING}/proc", ResourceType=3, VirtualQuantity=0)),
    _of_guests("ModifyResourceSettings", "one of two that cannot be", FAILED, "",
        lambda p: {"ResourceSettings": [
            mof.memory(p, 32, InstanceID=f"{RESTING}/mem"),
            mof.setting(p, "Proc", InstanceID=f"{RESTING}/proc", ResourceType=3, VirtualQuantity=0)]}),
    # RemoveResourceSettings
    _of_guests("RemoveResourceSettings", "a device that there is not", NOT_FOUND,
        f"No such instance ({RESTING}/invalid)",
        lambda p: {"ResourceSettings": [part(p, "Net", "invalid", RESTING)]}),
    _of_guests("RemoveResourceSettings", "one of two that there is not", NOT_FOUND, "No such instance",
        lambda p: {"ResourceSettings": [
            part(p, "Net", p.kind.macs(RESTING)[0], RESTING), part(p, "Disk", "xyz", RESTING)]}),
    _of_guests("RemoveResourceSettings", "all memory", FAILED, "",
        lambda p: {"ResourceSettings": [part(p, "Mem", "mem", RESTING)]}),
    # ModifySystemSettings
    _of_guests("ModifySystemSettings", "a guest that there is not", NOT_FOUND, "No such instance (InstanceID)",
        lambda p: {"SystemSettings": mof.system(p, "nobody")}),
    _of_guests("ModifySystemSettings", "another guest's UUID", FAILED, "cannot get the UUID",
        lambda p: {"SystemSettings": mof.system(p, RESTING, UUID=p.domain(ACTIVE).UUIDString())}),
    _of_guests("ModifySystemSettings", "no recovery", FAILED, "AutomaticRecoveryAction",
        lambda p: {"SystemSettings": mof.system(p, RESTING, AutomaticRecoveryAction=77)}),
    # CreateChildResourcePool
    _of_pools("CreateChildResourcePool", "no way to forward", FAILED, "ForwardMode",
        lambda p: {"ElementName": mof.NAME, "Settings": [mof.network_pool(p, ForwardMode=9)]}),
    _of_pools("CreateChildResourcePool", "a network's name", FAILED, NETWORK,
        lambda p: {"ElementName": NETWORK, "Settings": [mof.network_pool(p)]}),
    _of_pools("CreateChildResourcePool", "half a range", FAILED, "IPRangeStart and IPRangeEnd",
        lambda p: {"ElementName": mof.NAME, "Settings": [
            mof.setting(p, "NetPool", Address="10.98.1.1", Netmask="255.255.255.0", IPRangeEnd="10.98.1.9")]}),
    _of_pools("CreateChildResourcePool", "no type of pool", FAILED, "Type",
        lambda p: {"ElementName": mof.NAME, "Settings": [mof.disk_pool(p, "/nowhere", Type=77)]}),
    _of_pools("CreateChildResourcePool", "a pool's name", FAILED, POOL,
        lambda p: {"ElementName": POOL, "Settings": [mof.disk_pool(p, "/nowhere")]}),
    _of_pools("CreateChildResourcePool", "no folder", FAILED, "",
        lambda p: {"ElementName": mof.NAME, "Settings": [mof.disk_pool(p, "/nowhere/at/all")]}),
    _of_pools("CreateChildResourcePool", "two settings", FAILED, "2 settings",
        lambda p: {"ElementName": mof.NAME, "Settings": [mof.network_pool(p)] * 2}),
    _of_pools("CreateChildResourcePool", "no name", FAILED, "",
        lambda p: {"Settings": [mof.network_pool(p)]}),
    # DeleteResourcePool
    _of_pools("DeleteResourcePool", "a pool that there is not", NOT_FOUND, "resource pool type mismatch",
        lambda p: {"Pool": pool(p, "DiskPool/nowhere")}),
    *(_of_pools("DeleteResourcePool", f"{name}/0", FAILED, "does not support this resource type",
        lambda p, name=name: {"Pool": pool(p, f"{name}/0")}) for name in ("MemoryPool", "DiskPool", "NetworkPool")),
    _of_pools("DeleteResourcePool", "a network in use", FAILED, NETWORK,
        lambda p: {"Pool": pool(p, f"NetworkPool/{NETWORK}")}),
    _of_pools("DeleteResourcePool", "a pool with volumes", FAILED, POOL,
        lambda p: {"Pool": pool(p, f"DiskPool/{POOL}")}),
    # CreateResourceInPool
    *(_of_pools("CreateResourceInPool", f"format {code}", FAILED, "Unable to generate XML for new resource",
        lambda p, code=code: {"Settings": mof.volume(p, FormatType=code), "Pool": pool(p, f"DiskPool/{POOL}")})
        for code in (21, 101)),
    _of_pools("CreateResourceInPool", "a volume that there is", FAILED, "Unable to create storage volume",
        lambda p: {"Settings": mof.volume(p, VolumeName=VOLUMES[0]), "Pool": pool(p, f"DiskPool/{POOL}")}),
    *(_of_pools("CreateResourceInPool", f"in {name}", FAILED, "does not support this resource type",
        lambda p, name=name: {"Settings": mof.volume(p), "Pool": pool(p, name)})
        for name in ("MemoryPool/0", "DiskPool/0", f"NetworkPool/{NETWORK}")),
    _of_pools("CreateResourceInPool", "a pool that there is not", NOT_FOUND, "resource pool type mismatch",
        lambda p: {"Settings": mof.volume(p), "Pool": pool(p, "DiskPool/nowhere")}),
    _of_pools("CreateResourceInPool", "a path for a name", FAILED, "",
        lambda p: {"Settings": mof.volume(p, VolumeName="../made.img"), "Pool": pool(p, f"DiskPool/{POOL}")}),
    # DeleteResourceInPool
    _of_pools("DeleteResourceInPool", "a volume that there is not", FAILED, "no storage vol with matching path",
        lambda p: {"Resource": mof.setting(p, "Disk", Address="/nowhere"), "Pool": pool(p, f"DiskPool/{POOL}")}),
    _of_pools("DeleteResourceInPool", "no Address", FAILED, "Missing Address in resource RASD",
        lambda p: {"Resource": mof.setting(p, "Disk", ResourceType=17), "Pool": pool(p, f"DiskPool/{POOL}")}),
)  # fmt: skip
