"""What a description of a virtual machine can say: one table, a row for each key of a file and its property in CIM.

Both directions are read from it: a file becomes the embedded instances of DefineSystem (DSP1042), and the instances of
a machine that exists become a file. A new setting is one row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pywbem

from openvman.client import records
from openvman.client.units import bytes_per_unit, format_size, parse_size

_BYTE: Final = "byte"


@dataclass(frozen=True, slots=True)
class Kind:
    """How a file's value becomes a property's: ``write`` raises ValueError with the rule; ``read`` is its inverse."""

    write: Callable[[Any], Any]
    read: Callable[[Any, Any], Any] = lambda value, _instance: value
    beside: Mapping[str, Any] = field(default_factory=dict)
    """Properties that go with it."""


@dataclass(frozen=True, slots=True)
class Field:
    key: str
    property: str
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a description: the class of its instances, what all of them say, and its rows.

    ``short`` is the key that a plain value stands for; ``many`` says that there is a list of them.
    """

    class_name: str
    always: Mapping[str, Any] = field(default_factory=dict)
    fields: tuple[Field, ...]
    short: str | None = None
    many: bool = True


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("text is needed")  # noqa: TRY004 - of a file, not of a caller
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise ValueError("a whole number is needed, 0 or more")
    return pywbem.Uint64(value)


def _digits(value: Any) -> str:
    return str(int(_number(value)))


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false is needed")  # noqa: TRY004 - likewise
    return value


def _size(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("a size with its unit is needed, for example 64MiB")  # noqa: TRY004 - likewise
    return pywbem.Uint64(parse_size(value))


def _exact_size(value: int) -> str:
    """A size as ``parse_size`` reads it, without loss."""
    text = format_size(value).replace(" ", "")
    try:
        return text if parse_size(text) == value else f"{value}B"
    except ValueError:
        return f"{value}B"


def _size_by(units: str) -> Callable[[Any, Any], str]:
    return lambda value, instance: _exact_size(
        int(value) * (bytes_per_unit(instance.get(units) or instance.get("AllocationUnits")) or 1)
    )


def _size_in_blocks(value: Any, instance: Any) -> str:
    if instance.get("VirtualQuantityUnits") == "count(fixed size block)":
        return _exact_size(int(value) * int(instance.get("VirtualResourceBlockSize") or 1))
    return _size_by("VirtualQuantityUnits")(value, instance)


def _list(value: Any) -> list[str]:
    if not isinstance(value, list) or not value:
        raise ValueError("a list of words is needed")
    return [_text(item) for item in value]


def coded(codes: Mapping[Any, int]) -> Kind:
    """Words (or true and false) for the codes of a ValueMap."""

    def write(value: Any) -> Any:
        found = [code for word, code in codes.items() if word == value and type(word) is type(value)]
        if not found:
            raise ValueError(f"one of {', '.join(str(word).lower() for word in codes)} is needed")
        return pywbem.Uint16(found[0])

    words = {code: word for word, code in codes.items()}
    return Kind(write, lambda code, _instance: words.get(int(code)))


TEXT: Final = Kind(_text)
FLAG: Final = Kind(_flag)
SET: Final = Kind(_flag, lambda value, _instance: True if value else None)
NUMBER: Final = Kind(_number, lambda value, _instance: int(value))
DIGITS: Final = Kind(_digits, lambda value, _instance: int(value))
SIZE: Final = Kind(_size, _size_by("VirtualQuantityUnits"), {"VirtualQuantityUnits": _BYTE, "AllocationUnits": _BYTE})
LIMIT: Final = Kind(_size, _size_by("AllocationUnits"), {"AllocationUnits": _BYTE})
BYTES: Final = Kind(_size, lambda value, _instance: _exact_size(int(value)) if value else None)
BLOCKS: Final = Kind(_size, _size_in_blocks, {**SIZE.beside})
BLOCK_SIZE: Final = Kind(BYTES.write, lambda value, _instance: _exact_size(int(value)) if value > 1 else None)
MODE: Final = Kind(_text, lambda value, _instance: None if value == "default" else value)
FEW: Final = Kind(_number, lambda value, _instance: int(value) or None)
LIST: Final = Kind(_list, lambda value, _instance: list(value))
ONE: Final = Kind(lambda value: [_text(value)], lambda value, _instance: value[0] if value else None)

POOL: Final = Field("pool", "PoolID", TEXT)

SYSTEM: Final = Section(
    class_name="VMAN_VirtualSystemSettingData",
    many=False,
    fields=(
        Field("name", "ElementName", TEXT),
        Field("description", "Description", TEXT),
        Field("uuid", "VirtualSystemIdentifier", TEXT),
        Field("type", "VirtualSystemType", TEXT),
        Field("autostart", "AutomaticStartupAction", coded({True: records.START_ALWAYS, False: records.START_NEVER})),
        Field("on_crash", "AutomaticRecoveryAction", coded({"destroy": 2, "restart": 3})),
        Field("machine", "MachineType", TEXT),
        Field("firmware", "Firmware", TEXT),
        Field("boot", "BootDevices", LIST),
        Field("kernel", "Kernel", TEXT),
        Field("initrd", "Initrd", TEXT),
        Field("command_line", "CommandLine", TEXT),
        Field("init", "InitPath", TEXT),
    ),
)
CLOUD_INIT: Final = Section(
    class_name=SYSTEM.class_name,
    many=False,
    short="user_data",
    fields=(
        Field("user_data", "CloudInitUserData", TEXT),
        Field("meta_data", "CloudInitMetaData", TEXT),
        Field("network_config", "CloudInitNetworkConfig", TEXT),
    ),
)
_GENERIC: Final = "VMAN_ResourceAllocationSettingData"


def _of_type(code: int) -> dict[str, Any]:
    return {"ResourceType": pywbem.Uint16(code)}


RESOURCES: Final[Mapping[str, Section]] = {
    "processors": Section(
        class_name="VMAN_ProcessorAllocationSettingData",
        always=_of_type(records.PROCESSOR),
        short="count",
        many=False,
        fields=(Field("count", "VirtualQuantity", NUMBER), POOL),
    ),
    "memory": Section(
        class_name="VMAN_MemoryAllocationSettingData",
        always=_of_type(records.MEMORY),
        short="size",
        many=False,
        fields=(
            Field("size", "VirtualQuantity", SIZE),
            Field("maximum", "MaximumVirtualQuantity", SIZE),
            Field("limit", "Limit", LIMIT),
            Field("reservation", "Reservation", LIMIT),
            Field("page_size", "HugePageSize", BYTES),
            POOL,
        ),
    ),
    "disks": Section(
        class_name="VMAN_StorageAllocationSettingData",
        short="source",
        fields=(
            Field(
                "kind",
                "ResourceType",
                coded({"disk": records.DISK, "cdrom": records.CDROM, "floppy": records.FLOPPY}),
            ),
            Field("source", "HostResource", ONE),
            Field("size", "VirtualQuantity", BLOCKS),
            Field("bus", "ResourceSubType", TEXT),
            Field("target", "AddressOnParent", TEXT),
            Field("read_only", "Access", coded({True: records.READ_ONLY, False: records.READ_WRITE})),
            Field("shareable", "Shareable", SET),
            Field("format", "Format", TEXT),
            Field("cache", "CacheMode", MODE),
            Field("discard", "DiscardMode", MODE),
            Field("block_size", "VirtualResourceBlockSize", BLOCK_SIZE),
            Field("bytes_limit", "BytesPerSecondLimit", BYTES),
            Field("read_bytes_limit", "ReadBytesPerSecondLimit", BYTES),
            Field("write_bytes_limit", "WriteBytesPerSecondLimit", BYTES),
            Field("iops_limit", "OperationsPerSecondLimit", FEW),
            Field("read_iops_limit", "ReadOperationsPerSecondLimit", FEW),
            Field("write_iops_limit", "WriteOperationsPerSecondLimit", FEW),
            POOL,
        ),
    ),
    "nics": Section(
        class_name="VMAN_EthernetPortAllocationSettingData",
        always=_of_type(records.NIC),
        short="connection",
        fields=(
            Field("connection", "Connection", ONE),
            Field("model", "ResourceSubType", TEXT),
            Field("mac", "Address", TEXT),
            Field("mode", "DirectMode", TEXT),
            POOL,
        ),
    ),
    "serials": Section(
        class_name="VMAN_SerialAllocationSettingData",
        always=_of_type(records.SERIAL),
        short="port",
        fields=(Field("port", "AddressOnParent", DIGITS), POOL),
    ),
    "devices": Section(
        class_name=_GENERIC,
        fields=(
            Field("code", "ResourceType", NUMBER),
            Field("kind", "OtherResourceType", TEXT),
            Field("type", "ResourceSubType", TEXT),
            Field("bus", "Bus", TEXT),
            Field("address", "Address", TEXT),
            Field("source", "HostResource", ONE),
            Field("backend", "Backend", TEXT),
            Field("target", "TargetName", TEXT),
            Field("action", "Action", TEXT),
            Field("read_only", "ReadOnly", FLAG),
            Field("keymap", "KeyMap", TEXT),
            Field("password", "Password", TEXT),
            Field("has_password", "HasPassword", SET),
        ),
    ),
}
"""By the key of a description."""
DEVICE_CODES: Final = {
    "graphics": 24,
    "video": 24,
    "input": 13,
    "parallel port": 22,
    "usb controller": 23,
    "ide controller": 5,
    "scsi controller": 6,
}
"""ResourceTypes of the devices that have one; any other is ResourceType 1, with its name as OtherResourceType."""
