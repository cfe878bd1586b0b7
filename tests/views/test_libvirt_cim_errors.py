"""libvirt-cim's errors for missing and wrong keys: its clients compare codes and texts.

The rows are those that the conformance run drives at real hosts.
"""

from __future__ import annotations

import re

import pytest
from tests.system.libvirt_cim.errors import MISSING, REFUSED
from tests.views.conftest import path

from openvman.cim.errors import CIMError
from openvman.cim.status import Status

FAILED, NOT_FOUND = Status.FAILED, Status.NOT_FOUND
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
GUEST = {"CreationClassName": "KVM_ComputerSystem", "Name": "vm-00001"}
MANAGEMENT = "KVM_VirtualSystemManagementService"
NO_DOMAIN = "Referenced domain `wrong' does not exist: Domain not found"
IN_INTEROP = "RegisteredProfile"
LACKING = {
    "PointingDevice",
    "Controller",
    "InputResourceAllocationSettingData",
    "ControllerResourceAllocationSettingData",
}
"""What simulated guests have none of."""


@pytest.mark.parametrize("class_name", sorted({row.class_name for row in REFUSED} - LACKING))
async def test_a_missing_or_wrong_key(client, class_name):
    namespace = "root/interop" if class_name == IN_INTEROP else "root/virt"
    asking = client.within(namespace)
    [right, *_] = await asking.paths(f"KVM_{class_name}")
    for row in REFUSED:
        if row.class_name == class_name:
            given = {**dict(right.keys.items()), row.key: row.value}
            wrong = path(f"KVM_{class_name}", namespace, **{k: v for k, v in given.items() if v is not MISSING})
            operation, arguments = "GetInstance", {"InstanceName": wrong}
            if row.association is not None:
                operation, arguments = "AssociatorNames", {"ObjectName": wrong, "AssocClass": f"KVM_{row.association}"}
            with pytest.raises(CIMError, match=re.escape(row.text)) as refused:
                await asking.ask(operation, **arguments)
            assert refused.value.status == row.status, row


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
