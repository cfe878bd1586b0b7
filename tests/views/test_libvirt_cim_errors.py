"""libvirt-cim's errors for missing and wrong keys: its clients compare codes and texts."""

from __future__ import annotations

import re

import pytest
from tests.views.conftest import path

from openvman.cim.errors import CIMError
from openvman.cim.status import Status

FAILED, NOT_FOUND = Status.FAILED, Status.NOT_FOUND
NONE = object()
"""In place of a key's value: the key is left out."""

MEMORY = {
    "SystemCreationClassName": "KVM_ComputerSystem",
    "SystemName": "vm-00001",
    "CreationClassName": "KVM_Memory",
    "DeviceID": "vm-00001/mem",
}
SERVICE = {
    "SystemCreationClassName": "KVM_HostSystem",
    "SystemName": "sim-001",
    "CreationClassName": "KVM_VirtualSystemManagementService",
    "Name": "Management Service",
}
SCREEN = {
    "SystemCreationClassName": "KVM_ComputerSystem",
    "SystemName": "vm-00001",
    "CreationClassName": "KVM_KVMRedirectionSAP",
    "Name": "-1:-1",
}
GUEST = {"CreationClassName": "KVM_ComputerSystem", "Name": "vm-00001"}
HOST = {"CreationClassName": "KVM_HostSystem", "Name": "sim-001"}
ID = "InstanceID"
KEYS = {
    "KVM_Memory": MEMORY,
    "KVM_VirtualSystemManagementService": SERVICE,
    "KVM_KVMRedirectionSAP": SCREEN,
    "KVM_ComputerSystem": GUEST,
    "KVM_HostSystem": HOST,
    "KVM_MemResourceAllocationSettingData": {ID: "vm-00001/mem"},
    "KVM_NetResourceAllocationSettingData": {ID: "vm-00001/x"},
    "KVM_VirtualSystemSettingData": {ID: "KVM:vm-00001"},
    "KVM_AllocationCapabilities": {ID: "MemoryPool/0"},
    "KVM_MemoryPool": {ID: "MemoryPool/0"},
    "KVM_VirtualSystemManagementCapabilities": {ID: "ManagementCapabilities"},
    "KVM_VirtualSystemMigrationSettingData": {ID: "MigrationSettingData"},
    "KVM_EnabledLogicalElementCapabilities": {ID: "vm-00001"},
    "KVM_RegisteredProfile": {ID: "CIM:DSP1042-SystemVirtualization-1.0.0"},
}
NO_DOMAIN = "Referenced domain `wrong' does not exist: Domain not found"
MEM = "KVM_MemResourceAllocationSettingData"

# class, association (None: GetInstance), key, value, status, text
MANAGEMENT = "KVM_VirtualSystemManagementService"
ROWS = [
    ("KVM_Memory", None, "SystemName", "wrong", NOT_FOUND, "No such instance (SystemName)"),
    ("KVM_Memory", None, "CreationClassName", "wrong", NOT_FOUND, "No such instance (CreationClassName)"),
    ("KVM_Memory", None, "SystemCreationClassName", "wrong", NOT_FOUND, "No such instance (SystemCreationClassName)"),
    ("KVM_Memory", None, "DeviceID", "wrong", NOT_FOUND, "No such instance (bad id wrong)"),
    ("KVM_ComputerSystem", None, "Name", "wrong", NOT_FOUND, NO_DOMAIN),
    ("KVM_ComputerSystem", None, "CreationClassName", "wrong", NOT_FOUND, "No such instance (CreationClassName)"),
    ("KVM_HostSystem", None, "Name", "wrong", NOT_FOUND, "No such instance (Name)"),
    ("KVM_HostSystem", None, "Name", NONE, NOT_FOUND, "No such instance (Name)"),
    ("KVM_HostSystem", None, "CreationClassName", NONE, NOT_FOUND, "No such instance (CreationClassName)"),
    ("KVM_HostSystem", "KVM_HostedService", "Name", "wrong", NOT_FOUND, "No such instance (Name)"),
    ("KVM_HostSystem", "KVM_HostedService", "CreationClassName", "wrong", NOT_FOUND, "(CreationClassName)"),
    (MANAGEMENT, None, "Name", "wrong", NOT_FOUND, "No such instance (Name)"),
    (MANAGEMENT, None, "SystemName", "wrong", NOT_FOUND, "No such instance (SystemName)"),
    (MANAGEMENT, None, "CreationClassName", "wrong", NOT_FOUND, "(CreationClassName)"),
    (MANAGEMENT, None, "SystemCreationClassName", "x", NOT_FOUND, "(SystemCreationClassName)"),
    (MANAGEMENT, "KVM_HostedService", "Name", NONE, NOT_FOUND, "No such instance (Name)"),
    (MANAGEMENT, "KVM_HostedService", "CreationClassName", NONE, NOT_FOUND, "(CreationClas"),
    ("KVM_VirtualSystemManagementCapabilities", None, ID, "wrong", NOT_FOUND, "No such instance (InstanceID)"),
    ("KVM_VirtualSystemManagementCapabilities", "KVM_ElementCapabilities", ID, "x", NOT_FOUND, "(InstanceID)"),
    ("KVM_VirtualSystemMigrationSettingData", None, ID, "wrong", NOT_FOUND, "No such instance (InstanceID)"),
    ("KVM_AllocationCapabilities", None, ID, "wrong", NOT_FOUND, "Instance not found"),
    (MEM, None, ID, "vm-00001/x", NOT_FOUND, "No such instance (vm-00001/x)"),
    ("KVM_RegisteredProfile", None, ID, "wrong", NOT_FOUND, "No such instance"),
    ("KVM_EnabledLogicalElementCapabilities", None, ID, "wrong", NOT_FOUND, "No such instance"),
    ("KVM_KVMRedirectionSAP", None, "Name", "invalid_nameport", FAILED, "Unable to determine console port for guest"),
    ("KVM_KVMRedirectionSAP", None, "SystemName", "wrong", NOT_FOUND, "No such instance (SystemName)"),
    ("KVM_MemoryPool", "KVM_HostedResourcePool", ID, NONE, FAILED, "Missing InstanceID"),
    ("KVM_MemoryPool", "KVM_HostedResourcePool", ID, "x", NOT_FOUND, "(x) - resource pool type mismatch"),
    ("KVM_MemoryPool", "KVM_HostedResourcePool", ID, "DiskPool/0", NOT_FOUND, "resource pool type mismatch"),
    ("KVM_Memory", "KVM_ElementAllocatedFromPool", "DeviceID", NONE, FAILED, "No DeviceID specified"),
    ("KVM_Memory", "KVM_ElementAllocatedFromPool", "DeviceID", "wrong", NOT_FOUND, "No such instance"),
    ("KVM_Memory", "KVM_SettingsDefineState", "DeviceID", "wrong", NOT_FOUND, "No such instance (bad id wrong)"),
    ("KVM_Memory", "KVM_SettingsDefineState", "SystemName", NONE, NOT_FOUND, "No such instance (SystemName)"),
    ("KVM_Memory", "KVM_SettingsDefineState", "CreationClassName", "x", NOT_FOUND, "(CreationClassName)"),
    (MEM, "KVM_ElementSettingData", ID, NONE, FAILED, "Missing InstanceID"),
    (MEM, "KVM_SettingsDefineState", ID, "wrong", NOT_FOUND, "No such instance (wrong)"),
    ("KVM_NetResourceAllocationSettingData", "KVM_ResourceAllocationFromPool", ID, "x", NOT_FOUND, "No such instance"),
    ("KVM_AllocationCapabilities", "KVM_SettingsDefineCapabilities", ID, NONE, FAILED, "Missing InstanceID"),
    ("KVM_AllocationCapabilities", "KVM_SettingsDefineCapabilities", ID, "wrong", NOT_FOUND, "No such instance"),
    ("KVM_VirtualSystemSettingData", "KVM_VirtualSystemSettingDataComponent", ID, NONE, NOT_FOUND, "(InstanceID)"),
    ("KVM_VirtualSystemSettingData", "KVM_VirtualSystemSettingDataComponent", ID, "wrong", NOT_FOUND, "(InstanceID)"),
    ("KVM_RegisteredProfile", "KVM_ElementConformsToProfile", ID, NONE, FAILED, "No InstanceID specified"),
    ("KVM_RegisteredProfile", "KVM_ElementConformsToProfile", ID, "wrong", NOT_FOUND, "No such instance"),
    ("KVM_ComputerSystem", "KVM_ElementConformsToProfile", "CreationClassName", NONE, NOT_FOUND, "No such instance"),
    ("KVM_ComputerSystem", "KVM_ElementConformsToProfile", "Name", NONE, FAILED, "No domain name specified"),
    ("KVM_ComputerSystem", "KVM_ElementConformsToProfile", "Name", "wrong", NOT_FOUND, NO_DOMAIN),
    ("KVM_ComputerSystem", "KVM_ElementCapabilities", "Name", "wrong", NOT_FOUND, NO_DOMAIN),
]  # fmt: skip


@pytest.mark.parametrize(("class_name", "association", "key", "value", "status", "text"), ROWS)
async def test_a_missing_or_wrong_key(client, class_name, association, key, value, status, text):
    keys = {**KEYS[class_name], key: value}
    if value is NONE:
        del keys[key]
    namespace = "root/interop" if class_name == "KVM_RegisteredProfile" else "root/virt"
    asking = client.within(namespace)
    wrong = path(class_name, namespace, **keys)
    operation, arguments = "GetInstance", {"InstanceName": wrong}
    if association is not None:
        operation, arguments = "AssociatorNames", {"ObjectName": wrong, "AssocClass": association}
    with pytest.raises(CIMError, match=re.escape(text)) as refused:
        await asking.ask(operation, **arguments)
    assert refused.value.status is status


async def test_a_device_of_another_class_is_neither_an_empty_nor_a_full_result(client):
    for keys, status in (
        ({"DeviceID": "vm-00001/vda", "CreationClassName": "KVM_Memory"}, NOT_FOUND),
        ({**MEMORY, "DeviceID": "vm-00001/vda"}, NOT_FOUND),
        ({"CreationClassName": "KVM_Memory"}, FAILED),
    ):
        with pytest.raises(CIMError) as refused:
            await client.ask("AssociatorNames", ObjectName=path("KVM_Memory", **keys), AssocClass="KVM_SystemDevice")
        assert refused.value.status is status


async def test_references_in_methods(client):
    for keys, text in (
        ({"CreationClassName": "KVM_ComputerSystem"}, "Unable to retrieve domain name: Error 0"),
        ({**GUEST, "Name": "wrong"}, NO_DOMAIN),
    ):
        service = path(MANAGEMENT, **SERVICE)
        with pytest.raises(CIMError, match=re.escape(text)) as refused:
            await client.invoke(service, "DestroySystem", AffectedSystem=path("KVM_ComputerSystem", **keys))
        assert refused.value.status is NOT_FOUND


async def test_a_class_that_there_is_not(client):
    with pytest.raises(CIMError) as refused:
        await client.ask("AssociatorNames", ObjectName=path("InvalidClassName", Name="x"))
    assert refused.value.status is Status.INVALID_PARAMETER
