"""What a broker says of waiting: the server gives a request that waits for nothing no task, and watches no client."""

from __future__ import annotations

import pytest

from openvman.broker.rows import ROWS, Change
from openvman.cim.names import NameMap
from openvman.cim.operations import OPERATIONS, Answer, Call, MethodCall


def call(operation, namespace, **arguments):
    return Call(OPERATIONS[operation], namespace, NameMap(arguments))


@pytest.mark.parametrize(
    "operation",
    ["GetInstance", "EnumerateInstances", "EnumerateInstanceNames", "Associators", "ReferenceNames", "GetClass"],
)
async def test_a_read_without_a_fence_is_answered_in_one_step(client, operation):
    (path, *_) = await client.within("root/vman").paths("VMAN_ComputerSystem")
    subject = {"GetInstance": {"InstanceName": path}, "Associators": {"ObjectName": path}}
    subject["ReferenceNames"] = subject["Associators"]
    asked = call(operation, "Root/VMAN", **subject.get(operation, {"ClassName": "VMAN_ComputerSystem"}))
    assert not client.broker.may_wait(asked)
    work = client.broker.perform(asked, client.actor)
    with pytest.raises(StopIteration) as end:
        work.send(None)
    assert isinstance(end.value.value, Answer)


@pytest.mark.parametrize("namespace", ["root/virt", "ROOT/virt"])
async def test_a_read_where_there_are_fences_may_wait(client, namespace):
    assert client.broker.may_wait(call("EnumerateInstances", namespace, ClassName="KVM_ComputerSystem"))


async def test_every_change_may_wait(client):
    for name, row in ROWS.items():
        assert client.broker.may_wait(call(name, "root/vman")) is isinstance(row, Change)
    (path, *_) = await client.within("root/vman").paths("VMAN_ComputerSystem")
    assert client.broker.may_wait(MethodCall("RequestStateChange", path, NameMap()))
