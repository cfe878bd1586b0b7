"""The hardware of hosts: processors (DSP1022), memory (DSP1026), network ports (DSP1014), controllers; profiles."""

from __future__ import annotations

from dataclasses import replace

import pytest

from openvman.model.host_device import host_devices
from openvman.profiles.host_devices import HOST_PROCESSOR


async def test_a_port_with_a_link_is_enabled_and_one_without_is_offline(client):
    [host, *_] = await client.instances("VMAN_HostSystem")
    found = await client.associators(host.path, AssocClass="CIM_SystemDevice", ResultClass="CIM_EthernetPort")
    ports = {port.get("ElementName"): port for port in found}
    up, down = ports["eth0"], ports["eth1"]
    assert (up.get("EnabledState"), up.get("OperationalStatus"), up.get("Speed")) == (2, (2,), 10**10)
    assert (down.get("EnabledState"), down.get("OperationalStatus"), down.get("Speed")) == (6, (10,), None)
    assert up.get("PermanentAddress") != down.get("PermanentAddress")
    assert all(set(port.get("PermanentAddress")) <= set("0123456789abcdef") for port in ports.values())
    [endpoint] = await client.associators(up.path, AssocClass="CIM_DeviceSAPImplementation")
    assert (endpoint.get("MACAddress"), endpoint.get("EnabledState")) == (up.get("PermanentAddress"), 2)
    [at] = await client.associators(endpoint.path, AssocClass="CIM_HostedAccessPoint")
    assert at.path == host.path
    [back] = await client.associators(up.path, AssocClass="CIM_SystemDevice")
    assert back.path == host.path


async def test_every_processor_of_a_host_leads_to_its_capabilities(client):
    [host, *_] = await client.instances("VMAN_HostSystem")
    processors = await client.associators(host.path, AssocClass="CIM_SystemDevice", ResultClass="CIM_Processor")
    assert processors
    for processor in processors:
        [capabilities] = await client.associators(processor.path, AssocClass="CIM_ElementCapabilities")
        cores, threads = capabilities.get("NumberOfProcessorCores"), capabilities.get("NumberOfHardwareThreads")
        assert (cores, threads) == (processor.get("NumberOfEnabledCores"), 1)
        assert processor.get("CurrentClockSpeed") <= processor.get("MaxClockSpeed")
        assert processor.get("CPUStatus") == 1


async def test_every_controller_of_a_host_is_of_the_class_of_its_kind(client):
    [host, *_] = await client.instances("VMAN_HostSystem")
    found = await client.associators(host.path, AssocClass="CIM_SystemDevice", ResultClass="CIM_Controller")
    told = {
        each.get("Name"): (each.class_name, each.get("ProtocolSupported"))
        for each in found
        if each.class_name != "VMAN_HostPCIDevice"
    }
    assert told == {
        "0000:00:00.0": ("VMAN_HostPCIController", 5),
        "0000:00:01.1": ("VMAN_HostIDEController", 6),
        "0000:00:1d.0": ("VMAN_HostUSBController", 16),
        "0000:00:1d.7": ("VMAN_HostUSBController", 16),
        "0000:00:1f.2": ("VMAN_HostController", 48),
        "0000:03:00.0": ("VMAN_HostController", 1),
        "0000:41:00.0": ("VMAN_HostDisplayController", 2),
        "0000:51:00.0": ("VMAN_HostSCSIController", 1),
        "scsi_host7": ("VMAN_HostSCSIController", 2),
    }
    by_name = {each.get("Name"): each for each in found if each.class_name != "VMAN_HostPCIDevice"}
    assert [by_name[f"0000:00:1d.{n}"].get("InterfaceType") for n in (0, 7)] == [2, 1]
    assert by_name["0000:03:00.0"].get("ProtocolDescription") == "NVM Express"
    assert by_name["scsi_host7"].get("ProtocolDescription") is None
    for each in by_name.values():
        [back] = await client.associators(each.path, AssocClass="CIM_SystemDevice")
        assert back.path == host.path
        assert await client.get(each.path) == each


@pytest.mark.parametrize(
    ("model", "family", "other"),
    [
        ("Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz", 179, None),
        ("AMD EPYC 7763 64-Core Processor", 107, None),
        ("Maker of things " * 8, 1, ("Maker of things " * 4)),
        (None, 2, None),
    ],
)
async def test_the_family_of_a_processor_is_told_by_code_or_in_words(client, model, family, other):
    host = replace(next(iter(client.inventory.generation.hosts.values())), processor_model=model)
    processor = next(iter(host_devices(host)))
    told = {name: HOST_PROCESSOR.properties[name].read(processor) for name in ("Family", "OtherFamilyDescription")}
    assert told == {"Family": family, "OtherFamilyDescription": other}


async def test_the_memory_of_a_host_is_whole(client):
    host = next(iter(client.inventory.generation.hosts.values()))
    memories = await client.instances("VMAN_HostMemory")
    memory = next(m for m in memories if m.get("SystemName") == host.id)
    assert memory.get("BlockSize") * memory.get("NumberOfBlocks") == host.memory
    assert memory.get("ConsumableBlocks") == memory.get("NumberOfBlocks")


async def test_supporting_profiles_are_referenced_and_have_central_instances(client):
    interop = client.within("interop")
    profiles = {p.get("RegisteredName"): p for p in await interop.instances("VMAN_RegisteredProfile")}
    needed = {
        "System Virtualization": {"CPU", "System Memory", "Ethernet Port"},
        "Virtual System": {"Boot Control", "KVM Redirection", "Text Console Redirection"},
    }
    for name, expected in needed.items():
        referenced = await interop.associators(
            profiles[name].path, AssocClass="CIM_ReferencedProfile", ResultRole="Antecedent"
        )
        assert expected <= {p.get("RegisteredName") for p in referenced}
        for each in expected:
            central = await interop.associators(
                profiles[each].path, AssocClass="CIM_ElementConformsToProfile", Role="ConformantStandard"
            )
            assert central, each
