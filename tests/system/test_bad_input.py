"""What the resource model refuses, on a real QEMU host by pywbem: how it is refused, and that virsh sees no change."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import pywbem
from tests.system.conftest import ReturnedError

pytestmark = pytest.mark.lab

NOT_SUPPORTED, IN_USE, INSUFFICIENT = 1, 6, 8
FAILED, INVALID_PARAMETER = 1, 4
INVALID_STATE = 5
MIB, GIB = 2**20, 2**30
DISK, MEMORY, PROCESSOR, NIC, GENERIC = (
    f"VMAN_{name}SettingData"
    for name in (
        *("StorageAllocation", "MemoryAllocation", "ProcessorAllocation", "EthernetPortAllocation"),
        "ResourceAllocation",
    )
)


@pytest.fixture
def server(serve, private_host):
    return serve(private_host.uri)


@pytest.fixture
def manager(server):
    with server.manager() as connected:
        yield connected


@pytest.fixture
def pools(manager):
    """The pool service; the pools of a test are deleted afterwards, children first."""
    made = Pools(manager)
    yield made
    for name in reversed(made.made):
        assert made.delete(name) == 0


class Pools:
    def __init__(self, manager):
        self.manager, self.made = manager, []
        [host] = manager.conn.AssociatorNames(manager.service, AssocClass="CIM_HostedService")
        [self.service] = manager.conn.AssociatorNames(host, ResultClass="CIM_ResourcePoolConfigurationService")

    def path(self, name):
        return self.get(name).path

    def get(self, name):
        return {p["PoolID"]: p for p in self.manager.conn.EnumerateInstances("VMAN_ResourcePool")}[name]

    def all(self):
        return sorted(
            (p["PoolID"], p["Capacity"], p["Reserved"])
            for p in self.manager.conn.EnumerateInstances("VMAN_ResourcePool")
            if not p["PoolID"].startswith("storage:")
        )

    def call(self, method, **arguments):
        return int(self.manager.conn.InvokeMethod(method, self.service, **arguments)[0])

    def share(self, code, quantity, units=None):
        said = {} if units is None else {"VirtualQuantityUnits": units}
        return pywbem.CIMInstance(
            "CIM_ResourceAllocationSettingData",
            {"ResourceType": pywbem.Uint16(code), "VirtualQuantity": pywbem.Uint64(quantity), **said},
        )

    def child(self, name, parent, *share):
        code = self.call(
            "CreateChildResourcePool", ElementName=name, Settings=[self.share(*share)], ParentPool=[self.path(parent)]
        )
        if code == 0:
            self.made.append(name)
        return code

    def delete(self, name):
        return self.call("DeleteResourcePool", Pool=self.path(name))


@pytest.fixture
def guest(manager, server, hypervisor, guest_image):
    """A running guest with a bit of everything; hypervisor removes it afterwards."""
    (server.images / "guest.img").write_bytes(guest_image.read_bytes())
    system = manager.define(
        "guest",
        manager.disk("guest.img", Access=1),
        manager.instance(MEMORY, VirtualQuantity=128, AllocationUnits="byte*2^20"),
        manager.nic(Connection=["user"]),
        manager.instance(GENERIC, ResourceType=24, ResourceSubType="vnc"),
        manager.instance(GENERIC, ResourceType=13, ResourceSubType="tablet", Bus="usb"),
        *(
            manager.instance(GENERIC, ResourceType=1, OtherResourceType=name)
            for name in ("watchdog", "sound", "random number generator")
        ),
    )
    assert manager.request(system, 2) == 0
    return system


def _parts(manager, configuration):
    found = manager.conn.Associators(configuration, AssocClass="CIM_VirtualSystemSettingDataComponent")
    return {part["InstanceID"].split("/", 2)[2]: part for part in found}


def _configurations(manager, system):
    """The one in force, and the next."""
    [now] = manager.conn.AssociatorNames(system, AssocClass="CIM_SettingsDefineState")
    [following] = manager.conn.AssociatorNames(now, AssocClass="CIM_ElementSettingData", ResultRole="SettingData")
    return now, following


def _modify(manager, setting, **said):
    changed = manager.instance(setting.classname, InstanceID=setting["InstanceID"], **said)
    return int(manager.conn.InvokeMethod("ModifyResourceSettings", manager.service, ResourceSettings=[changed])[0])


def _everything(private_host):
    """What virsh says of all domains."""
    names = private_host.virsh("list", "--all", "--name").split()
    return {n: (private_host.virsh("dumpxml", n), private_host.virsh("dumpxml", n, "--inactive")) for n in names}


def _refused(call, *arguments, **said):
    """The CIM status, or minus the method's return code."""
    try:
        code = call(*arguments, **said)
    except pywbem.CIMError as error:
        return int(error.status_code)
    except ReturnedError as error:
        return -error.code
    assert isinstance(code, int), "it was done"
    assert code != 0
    return -code


def test_what_no_system_can_be_given(manager, private_host, pools, guest):
    before = _everything(private_host), pools.all()
    memory = pools.get("memory")["Capacity"]
    wrong = {
        "unknown type": (manager.instance(GENERIC, ResourceType=9), INVALID_PARAMETER),
        "wrong unit of memory": (
            manager.instance(MEMORY, VirtualQuantity=64, VirtualQuantityUnits="hertz*10^6"),
            INVALID_PARAMETER,
        ),
        "wrong unit of processors": (
            manager.instance(PROCESSOR, VirtualQuantity=1, VirtualQuantityUnits="byte"),
            INVALID_PARAMETER,
        ),
        "memory between two steps": (
            manager.instance(MEMORY, VirtualQuantity=64 * MIB + 1, VirtualQuantityUnits="byte"),
            INVALID_PARAMETER,
        ),
        "a disk between two steps": (manager.disk(VirtualQuantity=GIB + 1), INVALID_PARAMETER),
        "bandwidth between two steps": (manager.nic(TransmitBandwidthLimit=8001), INVALID_PARAMETER),
        "more memory than there is": (manager.instance(MEMORY, VirtualQuantity=memory + 1024), INVALID_PARAMETER),
        "a disk of another system": (manager.disk("guest.img"), FAILED),
        "a pool that is not": (manager.instance(MEMORY, PoolID="nowhere"), INVALID_PARAMETER),
        "a pool of another kind": (manager.instance(MEMORY, PoolID="processor"), INVALID_PARAMETER),
        "a mode that is not": (manager.disk(VirtualQuantity=GIB, CacheMode="fast"), -NOT_SUPPORTED),
        "a weight of a disk": (manager.disk(VirtualQuantity=GIB, Weight=5), INVALID_PARAMETER),
        "soft affinity": (manager.instance(PROCESSOR, MappingBehavior=4, HostResource=["x"]), INVALID_PARAMETER),
    }
    found = {name: manager.refusal(setting) for name, (setting, _) in wrong.items()}
    expected = {name: status for name, (_, status) in wrong.items()}
    assert found == expected
    assert (_everything(private_host), pools.all()) == before


def test_what_a_pool_cannot_give(manager, private_host, pools, hypervisor):
    assert pools.child("gold", "memory", 4, 160, "byte*2^20") == 0
    assert pools.child("part", "gold", 4, 32, "byte*2^20") == 0
    asked = {"PoolID": "gold", "VirtualQuantity": 96, "AllocationUnits": "byte*2^20"}
    first, second = (manager.define(name, manager.instance(MEMORY, **asked)) for name in ("first", "second"))
    assert manager.request(first, 2) == 0
    before = _everything(private_host), pools.all()
    with pytest.raises(pywbem.CIMError, match="'gold'"):
        manager.request(second, 2)
    [now] = manager.conn.AssociatorNames(first, AssocClass="CIM_SettingsDefineState")
    assert _refused(manager.define, "third", manager.instance(MEMORY, **{**asked, "VirtualQuantity": 512})) != 0
    assert _refused(pools.child, "more", "gold", 4, 64, "byte*2^20") == -INSUFFICIENT
    assert _refused(pools.delete, "gold") == -IN_USE
    assert _refused(pools.delete, "memory") == INVALID_PARAMETER
    move = {"ChildPool": pools.path("gold"), "ParentPool": [pools.path("part")]}
    assert _refused(pools.call, "ChangeParentResourcePool", **move) == INVALID_PARAMETER
    itself = {"ChildPool": pools.path("gold"), "ParentPool": [pools.path("gold")]}
    assert _refused(pools.call, "ChangeParentResourcePool", **itself) == INVALID_PARAMETER
    assert _parts(manager, now)["memory"]["PoolID"] == "gold"
    assert (_everything(private_host), pools.all()) == before
    for system in (first, second):
        assert manager.destroy(system) == 0


def test_a_running_guest_keeps_what_it_needs(manager, private_host, guest):
    before = _everything(private_host)
    now, _ = _configurations(manager, guest)
    parts = _parts(manager, now)
    gone = [parts["disk:vda"].path]
    code, _ = manager.conn.InvokeMethod("RemoveResourceSettings", manager.service, ResourceSettings=gone)
    assert code == INVALID_STATE, "the guest was booted from it"
    assert _refused(_modify, manager, parts["memory"], VirtualQuantity=2**40) == INVALID_PARAMETER
    assert _everything(private_host) == before


def test_devices_that_a_running_guest_would_not_see_change_stay(manager, private_host, guest):
    """What libvirt can update live is told as a range or choice; of these kinds it is nothing."""
    before = _everything(private_host)
    now, following = _configurations(manager, guest)
    changes = {
        "graphics:vnc": {"Address": "127.0.0.2"},
        "watchdog:0": {"Action": "pause"},
        "sound:0": {"ResourceSubType": "ac97"},
        "rng:0": {"Backend": "builtin"},
        "input:tablet:usb": {"Bus": "virtio"},
    }
    for local, said in changes.items():
        setting = _parts(manager, now)[local]
        [mutability] = manager.conn.AssociatorNames(setting.path, AssocClass="CIM_ElementCapabilities")
        assert manager.conn.AssociatorNames(mutability, AssocClass="CIM_SettingsDefineCapabilities") == []
        assert _modify(manager, setting, **said) == NOT_SUPPORTED
        if not local.startswith("input"):  # for that it would be another device
            assert "defined configuration" in _last_error(manager)
    assert _everything(private_host) == before
    for local, said in changes.items():
        if not local.startswith(("input", "rng")):
            assert _modify(manager, _parts(manager, following)[local], **said) == 0
    assert private_host.virsh("dumpxml", "guest") == before["guest"][0]
    told = private_host.virsh("dumpxml", "guest", "--inactive")
    assert all(text in told for text in ("127.0.0.2", "action='pause'", "model='ac97'"))


def _last_error(manager):
    jobs = manager.conn.EnumerateInstances("VMAN_ConcreteJob")
    failed = [job for job in jobs if job["ErrorDescription"] is not None]
    return max(failed, key=lambda job: job["TimeSubmitted"].datetime)["ErrorDescription"]


def test_two_modifications_at_once_come_one_after_the_other(manager, server, private_host, guest):
    _, following = _configurations(manager, guest)
    setting = _parts(manager, following)["memory"]

    def change(size):
        with server.manager() as own:
            said = {"VirtualQuantity": size * 1024, "MaximumVirtualQuantity": size * 1024}
            return _modify(own, setting, **said)

    sizes = list(range(64, 72))
    with ThreadPoolExecutor(len(sizes)) as threads:
        assert list(threads.map(change, sizes)) == [0] * len(sizes)
    shown = manager.conn.GetInstance(setting.path)
    assert shown["VirtualQuantity"] == shown["MaximumVirtualQuantity"]
    assert shown["VirtualQuantity"] // 1024 in sizes
    assert f"<memory unit='KiB'>{shown['VirtualQuantity']}</memory>" in private_host.virsh(
        "dumpxml", "guest", "--inactive"
    )


def test_definitions_at_once_take_no_more_of_a_pool_than_it_has(manager, server, private_host, pools, hypervisor):
    assert pools.child("full", "disk", 17, 3, "byte*2^30") == 0

    def define(number):
        with server.manager() as own:
            try:
                own.define(f"at-once-{number}", own.disk(VirtualQuantity=GIB, PoolID="full"))
            except pywbem.CIMError as error:
                return error.status_code
            return 0

    with ThreadPoolExecutor(8) as threads:
        results = Counter(threads.map(define, range(8)))
    assert results[0] == 3, results
    pool = pools.get("full")
    assert (pool["Reserved"], pool["Capacity"]) == (3 * GIB, 3 * GIB)
    names = private_host.virsh("list", "--all", "--name").split()
    assert len(names) == 3
    assert len(list(server.images.glob("at-once-*"))) == 3
    for system in manager.conn.EnumerateInstanceNames("VMAN_ComputerSystem"):
        assert manager.destroy(system) == 0
    assert server.mishaps() == []
