"""Paths that name nothing, on real hosts: refused with libvirt-cim's codes and texts."""

from __future__ import annotations

import pytest
import pywbem
from lxml import etree
from tests.system.libvirt_cim.classes import DEVICES, INSTANCES, VIRT
from tests.system.libvirt_cim.errors import AT_DEVICES, FAILED, MISSING, NOT_FOUND, REFUSED, SCREEN

pytestmark = pytest.mark.lab

NAMESPACE_OF = {row.name: row.namespace for row in INSTANCES}


def first(place, name: str) -> pywbem.CIMInstanceName:
    """The path of an instance that there is; where the host has none of the class, what it would be."""
    for path in place.enumerated(name, NAMESPACE_OF[name]):
        return path.copy()
    if name not in (*DEVICES, SCREEN):
        return place.path(name, InstanceID=f"{place.resting}/none")
    return place.path(
        name,
        SystemCreationClassName=place.name("ComputerSystem"),
        SystemName=place.resting,
        CreationClassName=place.name(name),
        **{"Name" if name == SCREEN else "DeviceID": "none"},
    )


def ask(place, path: pywbem.CIMInstanceName, association: str | None) -> object:
    if association is None:
        return place.conn.GetInstance(path)
    return place.conn.AssociatorNames(path, AssocClass=place.name(association))


def refusal(place, path: pywbem.CIMInstanceName, association: str | None) -> tuple[int, str] | None:
    """Code and text; None when it is answered."""
    try:
        ask(place, path, association)
    except pywbem.CIMError as error:
        return error.status_code, error.status_description
    return None


@pytest.mark.parametrize(("name", "association"), dict.fromkeys((row.class_name, row.association) for row in REFUSED))
def test_wrong_and_missing_keys(place, name, association):
    path = first(place, name)
    if path in place.enumerated(name, NAMESPACE_OF[name]):
        ask(place, path, association)
    wrong = []
    for row in REFUSED:
        if (row.class_name, row.association) == (name, association):
            given = {**path.keybindings, "virt": place.kind.prefix, row.key: row.value}
            keys = {key: value for key, value in given.items() if value is not MISSING}
            asked = pywbem.CIMInstanceName(path.classname, keys, namespace=path.namespace)
            told = refusal(place, asked, association)
            if told is None or told[0] != row.status or row.text not in told[1]:
                wrong.append((row, told))
    assert wrong == []


@pytest.mark.parametrize("name", [row.name for row in INSTANCES if not row.base_of])
def test_the_same_path_of_another_hypervisor(place, name):
    path = first(place, name)
    other = "LXC" if place.kind.prefix == "KVM" else "KVM"
    moved = pywbem.CIMInstanceName(
        f"{other}_{name}",
        {
            key: value.replace(f"{place.kind.prefix}_", f"{other}_").replace(f"{place.kind.prefix}:", f"{other}:")
            for key, value in path.keybindings.items()
        },
        namespace=path.namespace,
    )
    with pytest.raises(pywbem.CIMError) as refused:
        place.conn.GetInstance(moved)
    assert refused.value.status_code in {NOT_FOUND, FAILED}
    for association in ("ElementCapabilities", "HostedDependency", "SystemDevice"):
        with pytest.raises(pywbem.CIMError) as refused:
            place.conn.AssociatorNames(moved, AssocClass=f"{other}_{association}")
        assert refused.value.status_code in {NOT_FOUND, FAILED}


@pytest.mark.parametrize("association", AT_DEVICES)
def test_a_device_that_is_named_by_its_id_alone(place, association):
    """Neither an empty nor a full result, whatever else has the id."""
    for name in DEVICES:
        for other in DEVICES:
            path = place.path(name, CreationClassName=place.name(name), DeviceID=f"resting/{other}")
            with pytest.raises(pywbem.CIMError) as refused:
                ask(place, path, association)
            assert refused.value.status_code == NOT_FOUND
        with pytest.raises(pywbem.CIMError) as refused:
            ask(place, place.path(name, CreationClassName=place.name(name)), association)
        assert refused.value.status_code == FAILED


def test_an_adapter_on_a_network_that_there_is_not(place):
    """Its pool is not known; a network that rests is one."""
    for network, status in (("nowhere", FAILED), ("quiet", None)):
        xml = place.xml(place.resting)
        xml.find("name").text = network
        xml.remove(xml.find("uuid"))
        adapter = xml.find("devices/interface")
        adapter.find("mac").set("address", "00:11:22:33:44:55")
        adapter.find("source").set("network", network)
        domain = place.hypervisor.defineXML(etree.tostring(xml, encoding="unicode"))
        resting = place.hypervisor.networkDefineXML("<network><name>quiet</name><bridge name='quiet0'/></network>")
        try:
            setting = place.path("NetResourceAllocationSettingData", InstanceID=f"{network}/00:11:22:33:44:55")
            told = refusal(place, setting, "ResourceAllocationFromPool")
            assert (told and told[0]) == status
            if told is not None:
                assert f"Unable to determine pool of `{setting['InstanceID']}'" in told[1]
            pools = place.enumerated("NetworkPool")
            found = [ask(place, pool, "ResourceAllocationFromPool") for pool in pools]
            assert sum(setting.keybindings in [path.keybindings for path in paths] for paths in found) == (not told)
        finally:
            domain.undefine()
            resting.undefine()


def test_a_class_that_there_is_not(place):
    path = pywbem.CIMInstanceName("InvalidClassName", {"InstanceID": "x"}, namespace=VIRT)
    with pytest.raises(pywbem.CIMError, match="CIM_ERR_INVALID_PARAMETER") as refused:
        place.conn.AssociatorNames(path)
    assert refused.value.status_code == pywbem.CIM_ERR_INVALID_PARAMETER
