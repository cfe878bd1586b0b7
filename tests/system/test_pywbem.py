"""pywbem against a running server: everything of WBEMServer, and every read, pull and invoke call of WBEMConnection."""

from __future__ import annotations

import pytest
import pywbem

import openvman


@pytest.fixture(scope="module")
def conn(simulated):
    with simulated.connection(use_pull_operations=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def wbem_server(conn):
    return pywbem.WBEMServer(conn)


def test_the_server_describes_itself(wbem_server):
    assert wbem_server.interop_ns == "interop"
    assert set(wbem_server.namespaces) >= {"interop", "root/vman"}
    assert wbem_server.brand == "openvman"
    assert wbem_server.version == openvman.__version__
    assert wbem_server.cimom_inst["ElementName"] == "openvman"


def test_profiles_and_their_central_instances_are_found(wbem_server):
    names = {p["RegisteredName"] for p in wbem_server.profiles}
    assert names >= {"System Virtualization", "Virtual System", "Profile Registration"}
    [virtual] = wbem_server.get_selected_profiles("DMTF", "Virtual System")
    central = wbem_server.get_central_instances(
        virtual.path, "CIM_ComputerSystem", "CIM_System", ["VMAN_HostedDependency"]
    )
    assert {p.classname for p in central} == {"VMAN_ComputerSystem"}
    assert len(central) == 6
    [system] = wbem_server.get_selected_profiles("DMTF", "System Virtualization")
    hosts = wbem_server.get_central_instances(system.path, "CIM_System", "CIM_System", [])
    assert {p.classname for p in hosts} == {"VMAN_HostSystem"}


def test_the_older_name_of_the_interop_namespace_works_too(conn):
    there = conn.EnumerateInstances("CIM_RegisteredProfile", namespace="root/interop")
    here = conn.EnumerateInstances("CIM_RegisteredProfile", namespace="interop")
    assert [i.properties for i in there] == [i.properties for i in here]
    assert {i.path.namespace for i in there} == {"root/interop"}


def test_plain_reads(conn):
    names = conn.EnumerateInstanceNames("CIM_ComputerSystem")
    assert len(names) == 8
    instances = conn.EnumerateInstances("VMAN_ComputerSystem")
    for instance in instances:
        assert conn.GetInstance(instance.path).properties == instance.properties
    only = conn.EnumerateInstances("VMAN_ComputerSystem", PropertyList=["ElementName"])
    assert {tuple(i.keys()) for i in only} == {("ElementName",)}
    with_origin = conn.GetInstance(instances[0].path, IncludeClassOrigin=True)
    assert with_origin.properties["EnabledState"].class_origin == "CIM_EnabledLogicalElement"


def _local(path):
    """Without the host, which only the association operations name."""
    path = path.copy()
    path.host = None
    return path


def test_associations_both_ways(conn):
    host = conn.EnumerateInstanceNames("VMAN_HostSystem")[0]
    systems = conn.AssociatorNames(host, AssocClass="VMAN_HostedDependency", ResultRole="Dependent")
    assert len(systems) == 3
    for system in systems:
        [back] = conn.Associators(system, AssocClass="VMAN_HostedDependency", ResultClass="CIM_System")
        assert _local(back.path) == host
        [link] = conn.References(system, ResultClass="VMAN_HostedDependency", Role="Dependent")
        assert link["Antecedent"] == host
        assert link["Dependent"] == _local(system)
        assert link.path in conn.ReferenceNames(system)
        assert conn.GetInstance(link.path)["Dependent"] == _local(system)


def test_classes_and_qualifiers(conn):
    declared = conn.GetClass("VMAN_ComputerSystem", LocalOnly=False, IncludeClassOrigin=True)
    assert declared.superclass == "CIM_ComputerSystem"
    assert declared.properties["Name"].qualifiers["Key"].value is True
    assert "RequestStateChange" in declared.methods
    assert conn.GetClass("VMAN_ComputerSystem", LocalOnly=True).properties == {}
    assert "CIM_ComputerSystem" in conn.EnumerateClassNames(ClassName="CIM_System", DeepInheritance=True)
    assert "VMAN_ComputerSystem" in {c.classname for c in conn.EnumerateClasses(ClassName="CIM_ComputerSystem")}
    assert conn.GetQualifier("Key").type == "boolean"
    assert "Abstract" in {q.name for q in conn.EnumerateQualifiers()}
    ends = conn.AssociatorNames("VMAN_ComputerSystem", AssocClass="VMAN_HostedDependency")
    assert ends


def test_every_iterator_of_the_pull_operations(conn):
    host = conn.EnumerateInstanceNames("VMAN_HostSystem")[0]
    by_pull = {"MaxObjectCount": 2}
    assert len(list(conn.IterEnumerateInstances("CIM_ComputerSystem", **by_pull))) == 8
    assert len(list(conn.IterEnumerateInstancePaths("CIM_ComputerSystem", **by_pull))) == 8
    assert len(list(conn.IterAssociatorInstances(host, AssocClass="VMAN_HostedDependency", **by_pull))) == 3
    assert len(list(conn.IterAssociatorInstancePaths(host, AssocClass="VMAN_HostedDependency", **by_pull))) == 3
    assert len(list(conn.IterReferenceInstances(host, ResultClass="VMAN_HostedDependency", **by_pull))) == 3
    assert len(list(conn.IterReferenceInstancePaths(host, ResultClass="VMAN_HostedDependency", **by_pull))) == 3
    query = conn.IterQueryInstances("DMTF:CQL", "SELECT Name FROM CIM_ComputerSystem", **by_pull)
    assert len(list(query.generator)) == 8


def test_sessions_by_hand(conn):
    opened = conn.OpenEnumerateInstances("CIM_ComputerSystem", MaxObjectCount=3, OperationTimeout=30)
    assert len(opened.instances) == 3
    assert not opened.eos
    pulled = conn.PullInstancesWithPath(opened.context, MaxObjectCount=2)
    assert len(pulled.instances) == 2
    conn.CloseEnumeration(pulled.context)
    with pytest.raises(pywbem.CIMError) as caught:
        conn.PullInstancesWithPath(pulled.context, MaxObjectCount=2)
    assert caught.value.status_code == pywbem.CIM_ERR_INVALID_ENUMERATION_CONTEXT


def test_queries(conn):
    found = conn.ExecQuery("WQL", "SELECT * FROM VMAN_ComputerSystem WHERE EnabledState = 2")
    expected = [i for i in conn.EnumerateInstances("VMAN_ComputerSystem") if i["EnabledState"] == 2]
    assert sorted(i["Name"] for i in found) == sorted(i["Name"] for i in expected)
    assert found


def _service(conn):
    return conn.EnumerateInstanceNames("VMAN_VirtualSystemManagementService")[0]


def _setting(conn, class_name, **values):
    declared = conn.GetClass(class_name, LocalOnly=False)
    instance = pywbem.CIMInstance(class_name)
    for name, value in values.items():
        instance[name] = pywbem.CIMProperty(
            name, value, type=declared.properties[name].type, is_array=declared.properties[name].is_array
        )
    return instance


def test_a_system_is_defined_changed_and_destroyed(conn):
    service = _service(conn)
    code, out = conn.InvokeMethod(
        "DefineSystem",
        service,
        SystemSettings=_setting(conn, "VMAN_VirtualSystemSettingData", ElementName="by-pywbem"),
        ResourceSettings=[
            _setting(conn, "CIM_ResourceAllocationSettingData", ResourceType=3, VirtualQuantity=2),
            _setting(conn, "VMAN_MemoryAllocationSettingData", VirtualQuantity=64, AllocationUnits="byte*2^20"),
        ],
    )
    assert code == 0
    system = out["ResultingSystem"]
    try:
        assert conn.GetInstance(system)["ElementName"] == "by-pywbem"
        [setting] = conn.AssociatorNames(system, AssocClass="CIM_SettingsDefineState")
        parts = {
            i["ResourceType"]: i for i in conn.Associators(setting, AssocClass="CIM_VirtualSystemSettingDataComponent")
        }
        assert parts[3]["VirtualQuantity"] == 2
        assert parts[4]["VirtualQuantity"] == 64 * 1024

        more = parts[4].copy()
        more["VirtualQuantity"] = pywbem.Uint64(96 * 1024)
        more["MaximumVirtualQuantity"] = pywbem.Uint64(96 * 1024)
        code, out = conn.InvokeMethod("ModifyResourceSettings", service, ResourceSettings=[more])
        assert code == 0
        assert conn.GetInstance(out["ResultingResourceSettings"][0])["VirtualQuantity"] == 96 * 1024

        renamed = conn.GetInstance(setting)
        renamed["Description"] = "a new one"
        conn.ModifyInstance(renamed, PropertyList=["Description"])
        assert conn.GetInstance(setting)["Description"] == "a new one"

        assert conn.InvokeMethod("RequestStateChange", system, RequestedState=pywbem.Uint16(2))[0] == 0
        assert conn.GetInstance(system)["EnabledState"] == 2
        assert conn.InvokeMethod("RequestStateChange", system, RequestedState=pywbem.Uint16(2))[0] == 4097
        assert conn.InvokeMethod("RequestStateChange", system, RequestedState=pywbem.Uint16(7))[0] == 1
    finally:
        assert conn.InvokeMethod("DestroySystem", service, AffectedSystem=system)[0] == 0
    with pytest.raises(pywbem.CIMError) as caught:
        conn.GetInstance(system)
    assert caught.value.status_code == pywbem.CIM_ERR_NOT_FOUND


def test_https_with_the_servers_own_certificate(simulated, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)  # requests would trust only that
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    [authority] = simulated.state.rglob("ca.crt")
    with pywbem.WBEMConnection(
        simulated.tls_url, ("admin", simulated.password), default_namespace="root/vman", ca_certs=str(authority)
    ) as conn:
        assert len(conn.EnumerateInstanceNames("VMAN_ComputerSystem")) == 6


@pytest.mark.parametrize("credentials", [None, ("admin", "wrong"), ("nobody", "x"), ("", "")])
def test_without_the_right_password_nothing_is_told(simulated, credentials):
    with (
        pywbem.WBEMConnection(simulated.url, credentials, default_namespace="root/vman") as conn,
        pytest.raises(pywbem.AuthError),
    ):
        conn.EnumerateInstanceNames("VMAN_ComputerSystem")
