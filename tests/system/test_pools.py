"""Child pools outlive the server, also one that is killed."""

from __future__ import annotations

import pywbem

FLEET = "sim://?hosts=1&vms=0"
MIB = 2**20


def _pools(server) -> dict[str, pywbem.CIMInstance]:
    with server.connection() as conn:
        return {pool["PoolID"]: pool for pool in conn.EnumerateInstances("VMAN_ResourcePool")}


def _create(server, name: str, parent: str, resource_type: int, quantity: int, units: str) -> None:
    share = pywbem.CIMInstance(
        "CIM_ResourceAllocationSettingData",
        {
            "ResourceType": pywbem.Uint16(resource_type),
            "VirtualQuantity": pywbem.Uint64(quantity),
            "VirtualQuantityUnits": units,
        },
    )
    _call(
        server,
        "CreateChildResourcePool",
        [("ElementName", name), ("Settings", [share]), ("ParentPool", [_pools(server)[parent].path])],
    )


def _call(server, method: str, parameters) -> None:
    with server.connection() as conn:
        [service] = conn.EnumerateInstanceNames("VMAN_ResourcePoolConfigurationService")
        code, _ = conn.InvokeMethod(method, service, parameters)
    assert code == 0


def test_pools_survive_a_server_that_is_killed(serve):
    server = serve(FLEET)
    _create(server, "gold", "memory", 4, 64 * MIB, "byte")
    _create(server, "inner", "gold", 4, 16 * MIB, "byte")
    _create(server, "gone", "processor", 3, 1, "count")
    _call(server, "DeleteResourcePool", [("Pool", _pools(server)["gone"].path)])
    before = _pools(server)
    server.kill()
    server.start()
    assert _pools(server) == before
    assert before["gold"]["Reserved"] == 16 * MIB // 1024
    assert "gone" not in before
