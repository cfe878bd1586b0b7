"""What may be asked of each pool, as libvirt-cim says it: settings that are minimum, maximum, default and increment.

There are many of one InstanceID, and none is found by its path: clients find them by their pool. What they say is what
libvirt-cim says, not what the host can do, where clients rely on it. Of containers they say what a container can have:
folders of its host, and adapters without a model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from openvman.cim.values import Value
from openvman.mapping.declare import Call, ClassMap, Write, as_it_is, itself
from openvman.model.defaults import ROOT
from openvman.model.host import Host
from openvman.model.picture import Picture
from openvman.model.storage import StoragePool, StorageVolume
from openvman.views.libvirt_cim.devices import SETTING, Kind
from openvman.views.libvirt_cim.own import own
from openvman.views.libvirt_cim.pools import TYPES, Pool
from openvman.views.libvirt_cim.scope import INSTANCE_ID, Scope
from openvman.views.libvirt_cim.settings_of_pools import MADE_FROM

POINTS: Final = ("Minimum", "Maximum", "Default", "Increment")
STORAGE_VOLUME: Final = 32768
Said = dict[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A setting of the class ``<name>ResourceAllocationSettingData``."""

    id: str
    host: Host
    name: str
    said: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Templates:
    """The class maps of templates, by what stands before ``ResourceAllocationSettingData``."""

    maps: Mapping[str, ClassMap]


def _of_points(name: str, values: Mapping[str, Said], *, common: Said | None = None) -> Iterator[tuple[str, Said]]:
    for point, said in values.items():
        yield name, {INSTANCE_ID: point, **(common or {}), **said}


def _processors(pool: Pool) -> Iterator[tuple[str, Said]]:
    most, least = pool.host.facts.maximum_processors, int(pool.host.facts.is_for_containers)
    yield from _of_points(
        "Proc",
        {
            "Minimum": {"VirtualQuantity": least, "Weight": 2},
            "Maximum": {"VirtualQuantity": most, "Weight": 262144},
            "Default": {"VirtualQuantity": 1, "Weight": 1024},
            "Increment": {"VirtualQuantity": 1, "Weight": 1},
        },
        common={"AllocationUnits": "Processors"},
    )


def _memory(pool: Pool) -> Iterator[tuple[str, Said]]:
    sizes = {"Minimum": 65536, "Maximum": pool.host.memory // 1024, "Default": 262144, "Increment": 1024}
    values: dict[str, Said] = {point: {"VirtualQuantity": size, "Limit": size} for point, size in sizes.items()}
    yield from _of_points("Mem", values, common={"AllocationUnits": "KiloBytes"})


_VSI: Final[Said] = {
    "VSIType": "802.1Qbg",
    "VSIManagerID": "managerid",
    "VSITypeID": "typeid",
    "VSITypeIDVersion": "typeidversion",
}
_DIRECT: Final[Said] = {"NetworkType": "direct", "NetworkMode": "vepa", "SourceDevice": "eth1"}
_CARD: Final[Said] = {"ResourceSubType": "e1000", "VirtualDevice": "vtap1"}
_ADAPTERS: Final[tuple[Said, ...]] = (
    {"NetworkType": "network", **_CARD},
    {"NetworkType": "network"},
    {"NetworkType": "bridge", "NetworkName": "br0", **_CARD},
    {"NetworkType": "bridge", "NetworkName": "br0"},
    {"NetworkType": "user", **_CARD},
    {"NetworkType": "user"},
    _DIRECT,
    {**_DIRECT, "VSIType": "802.1Qbh", "ProfileID": "my_profile"},
    {**_DIRECT, **_VSI, "VSIInstanceID": "instanceid"},
    {**_DIRECT, **_VSI, "VSIInstanceID": "NULL", "ProfileID": "NULL"},
)
_BANDWIDTH: Final[Said] = {"Limit": 1, "Reservation": 1, "AllocationUnits": "KiloBytes per Second"}
_ADAPTER_POINTS: Final[Mapping[str, Said]] = {
    "Minimum": {"VirtualQuantity": 0, **_BANDWIDTH},
    "Maximum": {"VirtualQuantity": 8},
    "Default": {"VirtualQuantity": 1},
    "Increment": {"VirtualQuantity": 1, **_BANDWIDTH},
}
_NETWORK: Final[Said] = {
    "Address": "192.168.122.1",
    "Netmask": "255.255.255.0",
    "IPRangeStart": "192.168.122.2",
    "IPRangeEnd": "192.168.122.254",
}
_FORWARDS: Final[tuple[Said, ...]] = (
    {"ForwardMode": 0},
    {"ForwardMode": 1},
    {"ForwardMode": 1, "ForwardDevice": "eth0"},
    {"ForwardMode": 2},
    {"ForwardMode": 2, "ForwardDevice": "eth0"},
)


def _adapters(host: Host) -> tuple[Said, ...]:
    """The kinds of adapters; for containers, those that there are."""
    if not host.facts.is_for_containers:
        return _ADAPTERS
    connections = {connection.value for connection in host.facts.nic_connections}
    return tuple(each for each in _ADAPTERS if each["NetworkType"] in connections and not each.keys() & _CARD.keys())


def _networks(pool: Pool) -> Iterator[tuple[str, Said]]:
    for point in POINTS:
        if pool.is_primordial:
            yield from (("NetPool", {INSTANCE_ID: point, **_NETWORK, **forward}) for forward in _FORWARDS)
        else:
            said = _ADAPTER_POINTS[point]
            yield from (("Net", {INSTANCE_ID: point, **said, **adapter}) for adapter in _adapters(pool.host))


_HOST: Final[Said] = {"Host": "host_sys.domain.com"}
_SOURCES: Final[tuple[Said, ...]] = (
    {"Type": 1},
    {"Type": 2, "DevicePaths": ("/dev/sda100",)},
    {"Type": 3, "SourceDirectory": "/var/lib/images", **_HOST},
    {"Type": 4, "DevicePaths": ("/dev/VolGroup00/LogVol100",)},
    {"Type": 5, "DevicePaths": ("iscsi-target",), **_HOST},
    {"Type": 6},
    {
        "Type": 7,
        "AdapterName": "host0",
        "NodeName": "4444555566667777",
        "PortName": "0000111122223333",
        "Path": "/dev/disk/by-id",
    },
)
_DISK: Final[Said] = {"EmulatedType": 0, "VirtualDevice": "hda", "cache": "none"}
_DRIVE: Final[Said] = {"Address": "/dev/null", "readonly": True, "cache": "none"}
_DRIVES: Final[Mapping[str, Said]] = {
    "CDROM": {"EmulatedType": 1, "VirtualDevice": "hdc", **_DRIVE},
    "floppy": {"EmulatedType": 2, "VirtualDevice": "fda", **_DRIVE},
}


_FOLDER: Final = "dir"
"""The type of a volume that is one."""
_MOUNT: Final = "/mnt"


def _file_systems(storage: StoragePool, volumes: Iterable[StorageVolume]) -> Iterator[Said]:
    """What a container can have of a storage pool: a volume that is a folder as its root, and all volumes together."""
    yield from ({"Address": held.path, "MountPoint": ROOT} for held in volumes if held.type == _FOLDER)
    if storage.has_files:
        yield {"Address": storage.folder, "MountPoint": _MOUNT}


def _guest_disks(pool: Pool, point: str) -> Iterator[Said]:
    if pool.host.facts.is_for_containers:
        assert pool.storage is not None, "what makes others has no volumes"
        yield from ({INSTANCE_ID: point, **said} for said in _file_systems(pool.storage, pool.volumes))
        return
    for held in pool.volumes:
        yield {INSTANCE_ID: point, "Address": held.path, "VirtualQuantity": held.capacity, **_DISK}
    for name, said in _DRIVES.items():
        yield {INSTANCE_ID: f"{point} {name}", **said}


def _disks(pool: Pool) -> Iterator[tuple[str, Said]]:
    for point in POINTS:
        if pool.storage is None:
            for source in _SOURCES:
                yield "DiskPool", {INSTANCE_ID: point, "Path": "/dev/null", "Autostart": 0, **source}
            continue
        volume: Said = {
            INSTANCE_ID: f"New Storage Volume {point}",
            "ResourceType": STORAGE_VOLUME,
            "Capacity": 0,
            "AllocationQuantity": 0,
            "FormatType": 1,
            "Path": pool.storage.folder,
            "VolumeName": "tmp.img",
        }
        yield "StorageVolume", volume
        yield "StorageVolume", {**volume, "AllocationUnits": "G"}
        yield from (("Disk", said) for said in _guest_disks(pool, point))


_VNC: Final[Said] = {"ResourceSubType": "vnc", "KeyMap": "en-us"}
_SCREENS: Final[tuple[Said, ...]] = (
    {"ResourceSubType": "sdl"},
    {**_VNC, "Address": "127.0.0.1:-1"},
    {**_VNC, "Address": "[::1]:-1"},
    {**_VNC, "IsIPv6Only": True},
    {**_VNC, "IsIPv6Only": False},
)
_INPUTS: Final[tuple[Said, ...]] = (
    {"Caption": "PS2 Mouse", "ResourceSubType": "mouse", "BusType": "ps2"},
    {"Caption": "USB Mouse", "ResourceSubType": "mouse", "BusType": "usb"},
    {"Caption": "USB Tablet", "ResourceSubType": "tablet", "BusType": "usb"},
)


def _alike(name: str, kinds: tuple[Said, ...]) -> Callable[[Pool], Iterator[tuple[str, Said]]]:
    """Of what containers have none of."""
    return lambda pool: (
        (name, {INSTANCE_ID: point, **said})
        for point in POINTS
        for said in (() if pool.host.facts.is_for_containers else kinds)
    )


_OF_POOL: Final[Mapping[str, Callable[[Pool], Iterator[tuple[str, Said]]]]] = {
    "ProcessorPool": _processors,
    "MemoryPool": _memory,
    "NetworkPool": _networks,
    "DiskPool": _disks,
    "GraphicsPool": _alike("Graphics", _SCREENS),
    "InputPool": _alike("Input", _INPUTS),
}


def templates_of(pool: Pool) -> Iterator[Template]:
    """What may be asked of a pool."""
    make = _OF_POOL.get(pool.class_name)
    common: Said = {
        "PoolID": pool.pool_id,
        "ResourceType": TYPES[pool.class_name],
        "VirtualQuantityUnits": "count",
    }
    for number, (name, said) in enumerate(() if make is None else make(pool)):
        yield Template(id=f"{pool.id}/template/{number}", host=pool.host, name=name, said={**common, **said})


# --- the classes ------------------------------------------------------------------------------------------------------

_POOL_SETTINGS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "NetPool": ("A network to be made.", ("Netmask", "IPRangeStart", "IPRangeEnd", "ForwardMode", "ForwardDevice")),
    "DiskPool": (
        "A storage pool to be made.",
        (
            "Type", "Path", "Autostart", "DevicePaths", "Host", "SourceDirectory", "AdapterName", "NodeName",
            "PortName",
        ),
    ),
    "StorageVolume": (
        "A volume to be made.",
        ("Path", "VolumeName", "FormatType", "Capacity", "AllocationQuantity"),
    ),
}  # fmt: skip


def _reader(name: str, write: Write | None = None) -> Call:
    return Call(lambda template: template.said.get(name), write)


def _template(like: ClassMap, asked: str = "") -> ClassMap:
    """The class map of the templates of a class; ``asked`` is its name in the table of what is asked for by one."""
    of_schema = ("Caption", "ResourceType", "ResourceSubType", "PoolID", "AllocationUnits", "VirtualQuantity")
    shown = (*of_schema, "VirtualQuantityUnits", "Limit", "Reservation", "Weight", "Address")
    spec, writes = MADE_FROM.get(asked, (None, {}))
    return replace(
        like,
        owner=Host,
        kind=Template,
        extent=lambda _picture: (),
        find=lambda _picture, _keys: None,
        subject=itself,
        seen=as_it_is,
        keys={INSTANCE_ID: _reader(INSTANCE_ID)},
        properties={one: _reader(one, writes.get(one)) for one in (*shown, *(extra.name for extra in like.extras))},
        spec=spec,
        accepts=lambda _values: True,
    )


def template_maps(scope: Scope, kinds: tuple[Kind, ...], setting_of_pool: ClassMap) -> Templates:
    """The class maps of templates: of the classes of what guests have, and of what pools are made from."""

    def of_pool(name: str) -> ClassMap:
        description, names = _POOL_SETTINGS[name]
        made = replace(
            setting_of_pool,
            name=f"{name}{SETTING}",
            cim=f"{scope.prefix}_{SETTING}",
            description=description,
            extras=own(*names),
            methods=(),
            modify=None,
        )
        shown = _template(made, name)
        return replace(shown, kind=None, seen=_of_volume) if name == "StorageVolume" else shown

    of_guests: dict[str, Any] = {kind.setting.name.removesuffix(SETTING): kind.setting for kind in kinds}
    maps = {name: _template(setting, name) for name, setting in of_guests.items()}
    return Templates({**maps, **{name: of_pool(name) for name in _POOL_SETTINGS}})


def _of_volume(picture: Picture, of: Template | StorageVolume) -> Template | None:
    """A volume that was made is named by its path."""
    if isinstance(of, Template):
        return of
    host = picture.objects.host(of.host_id)
    said = {INSTANCE_ID: of.path or of.key}
    return None if host is None else Template(id=of.id, host=host, name="StorageVolume", said=said)
