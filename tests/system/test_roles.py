"""Viewer, operator and admin over HTTP: what each may do, decided before anything that they send is looked at."""

from __future__ import annotations

import pytest
import pywbem

PASSWORD = "correct horse battery"
DENIED = pywbem.CIM_ERR_ACCESS_DENIED


@pytest.fixture(scope="module")
def managers(simulated):
    """A connection for each role, by its name."""
    users = {role: simulated.add_user(f"a-{role}", role, PASSWORD) for role in ("viewer", "operator", "admin")}
    connected = {role: simulated.manager(user) for role, user in users.items()}
    yield connected
    for manager in connected.values():
        manager.conn.close()


def _changes(manager):
    """Every way to change something, by name; each would do its work if it were let."""
    system = next(iter(manager.systems().values())).path
    [setting] = manager.conn.Associators(system, AssocClass="CIM_SettingsDefineState")
    [memory] = manager.conn.Associators(
        setting.path, ResultClass="VMAN_MemoryAllocationSettingData", Role="GroupComponent"
    )
    service, invoke = manager.service, manager.conn.InvokeMethod
    fresh = manager.instance("VMAN_VirtualSystemSettingData", ElementName="by-a-viewer")
    return {
        "DefineSystem": lambda: invoke("DefineSystem", service, SystemSettings=fresh),
        "DestroySystem": lambda: invoke("DestroySystem", service, AffectedSystem=system),
        "ModifySystemSettings": lambda: invoke("ModifySystemSettings", service, SystemSettings=setting),
        "ModifyResourceSettings": lambda: invoke("ModifyResourceSettings", service, ResourceSettings=[memory]),
        "RequestStateChange": lambda: manager.request(system, 2),
        "ModifyInstance": lambda: manager.conn.ModifyInstance(setting),
        "CreateInstance": lambda: manager.conn.CreateInstance(fresh),
        "DeleteInstance": lambda: manager.conn.DeleteInstance(system),
    }


def _everything(conn):
    return sorted(i.tocimxmlstr() for i in conn.EnumerateInstances("CIM_ManagedElement"))


def test_a_viewer_reads_all_and_changes_nothing(managers):
    viewer, admin = managers["viewer"], managers["admin"]
    before = _everything(admin.conn)
    assert _everything(viewer.conn) == before
    for name, change in _changes(viewer).items():
        with pytest.raises(pywbem.CIMError) as caught:
            change()
        assert caught.value.status_code == DENIED, name
    assert _everything(admin.conn) == before


def test_every_method_of_every_object_is_closed_to_viewers_or_a_read(managers):
    """No method that this server implements runs for a viewer, but those that only read."""
    conn = managers["viewer"].conn
    reads = {"GetRecord", "PositionToFirstRecord", "GetError", "GetErrors"}
    tried = set()
    for instance in conn.EnumerateInstances("CIM_ManagedElement"):
        methods = conn.GetClass(instance.classname, LocalOnly=False).methods
        for name in methods.keys() - reads - {name for class_name, name in tried if class_name == instance.classname}:
            tried.add((instance.classname, name))
            with pytest.raises(pywbem.CIMError) as caught:
                conn.InvokeMethod(name, instance.path)
            assert caught.value.status_code in {DENIED, pywbem.CIM_ERR_METHOD_NOT_AVAILABLE}, (instance.path, name)
    assert len(tried) > 10


@pytest.mark.parametrize("text", ["instance of CIM_X {", "<INSTANCE", "{" * 100_000, '#pragma include ("/etc/passwd")'])
def test_the_role_comes_before_what_is_embedded(managers, text):
    """What a viewer sends as settings is not even parsed."""
    viewer = managers["viewer"]
    with pytest.raises(pywbem.CIMError) as caught:
        viewer.conn.InvokeMethod("DefineSystem", viewer.service, SystemSettings=text)
    assert caught.value.status_code == DENIED


def test_an_operator_manages_virtual_systems(managers):
    operator = managers["operator"]
    system = operator.define("by-an-operator", operator.disk(VirtualQuantity=2**20, VirtualQuantityUnits="byte"))
    assert operator.request(system, 2) == 0
    assert operator.request(system, 3) == 0
    assert operator.destroy(system) == 0


@pytest.mark.parametrize(
    "settings",
    [
        {"HostResource": ["/etc/shadow"]},
        {"HostResource": ["/simulated/other/disk.img"], "VirtualQuantity": 2**20, "VirtualQuantityUnits": "byte"},
    ],
)
def test_an_operator_reaches_no_path_outside_the_image_folders(managers, settings):
    operator, before = managers["operator"], managers["operator"].names()
    with pytest.raises(pywbem.CIMError) as caught:
        operator.define("reaching-out", operator.disk(**settings))
    assert caught.value.status_code == DENIED
    assert operator.names() == before


def test_an_operator_reaches_no_bridge_that_is_not_open(managers):
    operator, before = managers["operator"], managers["operator"].names()
    with pytest.raises(pywbem.CIMError) as caught:
        operator.define("bridged", operator.nic(Connection=["bridge:br0"]))
    assert caught.value.status_code == DENIED
    assert operator.names() == before


def test_an_operator_cannot_move_a_disk_or_a_nic_out_of_reach_later(managers):
    """What a definition refuses, a modification and a definition by reference refuse too."""
    operator, admin = managers["operator"], managers["admin"]
    system = operator.define(
        "moving", operator.disk(VirtualQuantity=2**20, VirtualQuantityUnits="byte"), operator.nic(Connection=["user"])
    )
    [setting] = operator.conn.AssociatorNames(system, AssocClass="CIM_SettingsDefineState")
    parts = {
        i.classname: i for i in operator.conn.Associators(setting, AssocClass="CIM_VirtualSystemSettingDataComponent")
    }
    disk, nic = parts["VMAN_StorageAllocationSettingData"], parts["VMAN_EthernetPortAllocationSettingData"]
    disk["HostResource"], nic["Connection"] = ["/etc/shadow"], ["bridge:br0"]
    try:
        for moved in (disk, nic):
            for change in (
                lambda moved=moved: operator.conn.ModifyInstance(moved),
                lambda moved=moved: operator.conn.InvokeMethod(
                    "ModifyResourceSettings", operator.service, ResourceSettings=[moved]
                ),
            ):
                with pytest.raises(pywbem.CIMError) as caught:
                    change()
                assert caught.value.status_code == DENIED
        assert admin.conn.InvokeMethod("ModifyResourceSettings", admin.service, ResourceSettings=[nic])[0] == 0
        before = operator.names()
        with pytest.raises(pywbem.CIMError) as caught:
            operator.conn.InvokeMethod(
                "DefineSystem",
                operator.service,
                SystemSettings=operator.instance("VMAN_VirtualSystemSettingData", ElementName="copied"),
                ReferenceConfiguration=setting,
            )
        assert caught.value.status_code == DENIED
        assert operator.names() == before
    finally:
        admin.destroy(system)


def test_an_enumeration_is_its_owners(managers):
    viewer, operator = managers["viewer"].conn, managers["operator"].conn
    opened = viewer.OpenEnumerateInstancePaths("CIM_ManagedElement", MaxObjectCount=1)
    for ask in (
        lambda: operator.PullInstancePaths(opened.context, 1),
        lambda: operator.CloseEnumeration(opened.context),
    ):
        with pytest.raises(pywbem.CIMError) as caught:
            ask()
        assert caught.value.status_code == pywbem.CIM_ERR_INVALID_ENUMERATION_CONTEXT
    viewer.CloseEnumeration(opened.context)


def test_one_users_open_enumerations_do_not_shut_out_another(managers):
    viewer, operator = managers["viewer"].conn, managers["operator"].conn
    held = [viewer.OpenEnumerateInstancePaths("CIM_ManagedElement", MaxObjectCount=1).context for _ in range(32)]
    with pytest.raises(pywbem.CIMError) as caught:
        viewer.OpenEnumerateInstancePaths("CIM_ManagedElement", MaxObjectCount=1)
    assert caught.value.status_code == pywbem.CIM_ERR_SERVER_LIMITS_EXCEEDED
    assert viewer.EnumerateInstanceNames("VMAN_HostSystem"), "plain reads go on"
    operator.CloseEnumeration(operator.OpenEnumerateInstancePaths("CIM_ManagedElement", MaxObjectCount=1).context)
    for context in held:
        viewer.CloseEnumeration(context)


def test_a_role_taken_away_is_gone_at_once(simulated, managers):
    name, password = simulated.add_user("demoted", "operator", PASSWORD)
    with simulated.manager((name, password)) as manager:
        system = manager.define("of-the-demoted")
        simulated.vman("user", "role", name, "--role", "viewer")
        with pytest.raises(pywbem.CIMError) as caught:
            manager.destroy(system)
        assert caught.value.status_code == DENIED
        simulated.vman("user", "remove", name)
        with pytest.raises(pywbem.AuthError):
            manager.names()
    assert managers["admin"].destroy(system) == 0
