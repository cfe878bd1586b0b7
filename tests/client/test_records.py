from __future__ import annotations

import pytest
import pywbem

from openvman.client import records
from openvman.client.records import Action

MIB = 2**20
U16, U64 = pywbem.Uint16, pywbem.Uint64


def instance(class_name: str, **properties) -> pywbem.CIMInstance:
    path = pywbem.CIMInstanceName(class_name, {"InstanceID": properties.get("InstanceID", "x")}, namespace="root/vman")
    return pywbem.CIMInstance(class_name, properties, path=path)


@pytest.mark.parametrize(
    ("code", "word"),
    [(2, "active"), (3, "defined"), (6, "suspended"), (9, "paused"), (10, "starting"), (99, "unknown")],
)
def test_states_have_their_words(code, word):
    seen = records.system_of(instance("VMAN_ComputerSystem", Name="u", ElementName="n", EnabledState=U16(code)), None)
    assert (seen.id, seen.name, seen.state, seen.host) == ("u", "n", word, None)


def test_what_is_possible_is_told_and_unknown_codes_are_left_out():
    codes = pywbem.CIMProperty("AvailableRequestedStates", [U16(9), U16(12345), U16(3)], type="uint16")
    seen = records.system_of(instance("VMAN_ComputerSystem", Name="u", AvailableRequestedStates=codes), None)
    assert seen.possible == (Action.PAUSE, Action.FORCE_STOP)


def test_a_host_tells_its_platform():
    seen = records.host_of(
        instance(
            "VMAN_HostSystem",
            Name="u",
            ElementName="h",
            Caption="QEMU 7.2",
            EnabledState=U16(2),
            OtherIdentifyingInfo=["h", "qemu:///system"],
            IdentifyingDescriptions=["openvman:HostName", "openvman:Platform"],
        )
    )
    assert (seen.id, seen.name, seen.hypervisor, seen.platform, seen.online) == (
        *("u", "h", "QEMU 7.2", "qemu:///system"),
        True,
    )


def test_a_configuration_is_read_from_its_parts():
    setting = instance(
        "VMAN_VirtualSystemSettingData",
        InstanceID="VMAN:u/state",
        VirtualSystemType="DMTF:KVM",
        AutomaticStartupAction=U16(4),
    )
    parts = [
        instance("VMAN_ProcessorAllocationSettingData", ResourceType=U16(3), VirtualQuantity=U64(2)),
        instance(
            "VMAN_MemoryAllocationSettingData",
            ResourceType=U16(4),
            VirtualQuantity=U64(64),
            VirtualQuantityUnits="byte*2^20",
        ),
        instance(
            "VMAN_StorageAllocationSettingData",
            ResourceType=U16(15),
            AddressOnParent="sda",
            ResourceSubType="sata",
            Access=U16(1),
        ),
        instance(
            "VMAN_EthernetPortAllocationSettingData",
            ResourceType=U16(10),
            Address="52:54:00:00:00:01",
            Connection=["network:default"],
        ),
        instance("VMAN_SerialAllocationSettingData", ResourceType=U16(21)),
    ]
    seen = records.configuration_of(setting, parts)
    assert (seen.kind, seen.type, seen.autostart, seen.cpus, seen.memory) == ("state", "DMTF:KVM", True, 2, 64 * MIB)
    assert seen.disks == (
        records.Disk(target="sda", kind="cdrom", bus="sata", source=None, capacity=None, read_only=True),
    )
    assert seen.nics == (records.Nic(mac="52:54:00:00:00:01", model=None, connection="network:default"),)
    assert seen.path("MemoryAllocationSettingData").classname == "VMAN_MemoryAllocationSettingData"
    assert seen.path("Nothing") is None


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({"VirtualQuantity": U64(3), "AllocationUnits": "byte*2^10"}, 3072),
        ({"VirtualQuantity": U64(3), "AllocationUnits": "byte*2^10", "VirtualQuantityUnits": "byte"}, 3),
        ({"VirtualQuantity": U64(3), "AllocationUnits": "hertz"}, None),
        ({"AllocationUnits": "byte"}, None),
    ],
)
def test_sizes_go_by_their_units(fields, size):
    assert records.size_of(instance("VMAN_MemoryAllocationSettingData", **fields)) == size
