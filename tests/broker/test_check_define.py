"""CheckDefineSystem, a method of our own: it answers with instances that are nowhere else."""

from __future__ import annotations

import pytest

from openvman.cim.errors import CIMError
from openvman.cim.status import Status
from openvman.cim.values import Instance, Property


def _value(instance, name):
    return instance.properties[name].value


async def test_it_answers_with_what_would_be(client):
    service = (await client.paths("VMAN_VirtualSystemManagementService"))[0]
    before = await client.paths("CIM_ManagedElement")
    settings = Instance.of("VMAN_VirtualSystemSettingData", [Property("ElementName", "string", "new")])
    answer = await client.invoke(service, "CheckDefineSystem", SystemSettings=settings)
    assert answer.return_value == 0
    outputs = {output.name: output for output in answer.outputs}
    system = outputs["ResultingSystemSettings"]
    assert (system.embedded, _value(system.value, "ElementName")) == ("instance", "new")
    assert _value(system.value, "AutomaticStartupAction") == 2
    parts = outputs["ResultingResourceSettings"].value
    assert [part.class_name for part in parts[:2]] == [
        "VMAN_ProcessorAllocationSettingData",
        "VMAN_MemoryAllocationSettingData",
    ]
    assert [_value(part, "VirtualQuantity") for part in parts[:2]] == [1, 512 * 1024]
    assert any("define virtual system 'new'" in effect for effect in outputs["Effects"].value)
    assert await client.paths("CIM_ManagedElement") == before


async def test_it_refuses_what_cannot_be(client):
    service = (await client.paths("VMAN_VirtualSystemManagementService"))[0]
    settings = Instance.of("VMAN_VirtualSystemSettingData", [Property("CloudInitUserData", "string", "secret")])
    with pytest.raises(CIMError) as refused:
        await client.invoke(service, "CheckDefineSystem", SystemSettings=settings)
    assert refused.value.status is Status.INVALID_PARAMETER
    assert "secret" not in str(refused.value)
