"""The hardware of hosts: processors (DSP1022), memory (DSP1026) and network ports (DSP1014), and their profiles."""

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
