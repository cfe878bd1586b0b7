"""What the schema cannot see: which class stands in which role, one golden row per association."""

from __future__ import annotations

import pytest

from openvman.views.standard import STANDARD

# association -> left role and class, right role and class, the clause that says so
GOLDEN = {
    ("CIM_HostedDependency", "Antecedent", "HostSystem", "Dependent", "ComputerSystem"): "DSP1042 10.3",
    ("CIM_HostedService", "Antecedent", "HostSystem", "Dependent", "VirtualSystemManagementService"): "DSP1042 10.4",
    (
        "CIM_ServiceAffectsElement",
        "AffectedElement",
        "ComputerSystem",
        "AffectingElement",
        "VirtualSystemManagementService",
    ): "DSP1042 10.8",
    (
        "CIM_ElementCapabilities",
        "ManagedElement",
        "VirtualSystemManagementService",
        "Capabilities",
        "VirtualSystemManagementCapabilities",
    ): "DSP1042 10.2",
    (
        "CIM_ElementCapabilities",
        "ManagedElement",
        "ComputerSystem",
        "Capabilities",
        "EnabledLogicalElementCapabilities",
    ): "DSP1057 10.5",
    (
        "CIM_SettingsDefineState",
        "ManagedElement",
        "ComputerSystem",
        "SettingData",
        "VirtualSystemSettingData",
    ): "DSP1057 7.3",
    (
        "CIM_ElementSettingData",
        "ManagedElement",
        "VirtualSystemSettingData",
        "SettingData",
        "VirtualSystemSettingData",
    ): "DSP1057 7.4",
    (
        "CIM_VirtualSystemSettingDataComponent",
        "GroupComponent",
        "VirtualSystemSettingData",
        "PartComponent",
        "ProcessorAllocationSettingData",
    ): "DSP1057 10.20",
    (
        "CIM_ElementSettingData",
        "ManagedElement",
        "ProcessorAllocationSettingData",
        "SettingData",
        "ProcessorAllocationSettingData",
    ): "DSP1041 10.3",
    ("CIM_SystemDevice", "GroupComponent", "ComputerSystem", "PartComponent", "Processor"): "DSP1057 10.17",
    (
        "CIM_SettingsDefineState",
        "ManagedElement",
        "Processor",
        "SettingData",
        "ProcessorAllocationSettingData",
    ): "DSP1041 10.11",
    ("CIM_HostedResourcePool", "GroupComponent", "HostSystem", "PartComponent", "ResourcePool"): "DSP1041 10.7",
    (
        "CIM_ResourceAllocationFromPool",
        "Antecedent",
        "ResourcePool",
        "Dependent",
        "ProcessorAllocationSettingData",
    ): "DSP1041 10.9",
    ("CIM_ElementAllocatedFromPool", "Antecedent", "ResourcePool", "Dependent", "Processor"): "DSP1041 10.2",
    (
        "CIM_ElementCapabilities",
        "ManagedElement",
        "ResourcePool",
        "Capabilities",
        "AllocationCapabilities",
    ): "DSP1043 10.2",
    (
        "CIM_SettingsDefineCapabilities",
        "GroupComponent",
        "AllocationCapabilities",
        "PartComponent",
        "ProcessorAllocationTemplate",
    ): "DSP1043 10.3",
    ("CIM_HostedService", "Antecedent", "HostSystem", "Dependent", "ResourcePoolConfigurationService"): "DSP1041 10.8",
    (
        "CIM_ServiceAffectsElement",
        "AffectedElement",
        "ResourcePool",
        "AffectingElement",
        "ResourcePoolConfigurationService",
    ): "DSP1041 10.10",
    (
        "CIM_ElementCapabilities",
        "ManagedElement",
        "ResourcePoolConfigurationService",
        "Capabilities",
        "ResourcePoolConfigurationCapabilities",
    ): "DSP1041 10.1",
    ("CIM_ElementAllocatedFromPool", "Antecedent", "ResourcePool", "Dependent", "ResourcePool"): "DSP1041 7.3",
    (
        "CIM_ResourceAllocationFromPool",
        "Antecedent",
        "ResourcePool",
        "Dependent",
        "PoolAllocationSettingData",
    ): "DSP1041 7.3",
    (
        "CIM_SettingsDefineState",
        "ManagedElement",
        "ResourcePool",
        "SettingData",
        "PoolAllocationSettingData",
    ): "DSP1041 7.3",
    ("CIM_SystemDevice", "GroupComponent", "HostSystem", "PartComponent", "HostProcessor"): "DSP1041 10.12",
    ("CIM_ConcreteComponent", "GroupComponent", "ResourcePool", "PartComponent", "HostProcessor"): "DSP1041 10.1",
    ("CIM_UseOfMessageLog", "Antecedent", "MessageLog", "Dependent", "ComputerSystem"): "DSP1010 10.9",
    ("CIM_ReferencedProfile", "Antecedent", "RegisteredProfile", "Dependent", "RegisteredProfile"): "DSP1033 10.3",
    (
        "CIM_ElementConformsToProfile",
        "ConformantStandard",
        "RegisteredProfile",
        "ManagedElement",
        "RegisteredProfile",
    ): "DSP1033 10.1",
    (
        "CIM_ElementConformsToProfile",
        "ConformantStandard",
        "RegisteredProfile",
        "ManagedElement",
        "HostSystem",
    ): "DSP1033 10.1",
    (
        "CIM_ElementConformsToProfile",
        "ConformantStandard",
        "RegisteredProfile",
        "ManagedElement",
        "ResourcePool",
    ): "DSP1033 10.1",
    (
        "CIM_ElementConformsToProfile",
        "ConformantStandard",
        "RegisteredProfile",
        "ManagedElement",
        "AllocationCapabilities",
    ): "DSP1033 10.1",
    (
        "CIM_ElementConformsToProfile",
        "ConformantStandard",
        "RegisteredProfile",
        "ManagedElement",
        "ComputerSystem",
    ): "DSP1033 10.1",
    ("CIM_NamespaceInManager", "Antecedent", "ObjectManager", "Dependent", "Namespace"): "CIM Schema",
    (
        "CIM_CommMechanismForManager",
        "Antecedent",
        "ObjectManager",
        "Dependent",
        "CIMXMLCommunicationMechanism",
    ): "CIM Schema",
    (
        "CIM_ElementConformsToProfile",
        "ConformantStandard",
        "RegisteredProfile",
        "ManagedElement",
        "IndicationService",
    ): "DSP1033 10.1",
    ("CIM_IndicationSubscription", "Filter", "IndicationFilter", "Handler", "ListenerDestinationCIMXML"): "DSP1054",
    (
        "CIM_FilterCollectionSubscription",
        "Filter",
        "FilterCollection",
        "Handler",
        "ListenerDestinationCIMXML",
    ): "DSP1054",
    (
        "CIM_ElementCapabilities",
        "ManagedElement",
        "IndicationService",
        "Capabilities",
        "IndicationServiceCapabilities",
    ): "DSP1054",
    (
        "CIM_ElementSettingData",
        "ManagedElement",
        "IndicationService",
        "SettingData",
        "IndicationServiceSettingData",
    ): "DSP1054",
    (
        "CIM_ServiceAffectsElement",
        "AffectingElement",
        "IndicationService",
        "AffectedElement",
        "IndicationFilter",
    ): "DSP1054",
    ("CIM_MemberOfCollection", "Collection", "FilterCollection", "Member", "IndicationFilter"): "DSP1054",
}


def _row(edge):
    return edge.cim, edge.left.role, edge.left.maps[0].name, edge.right.role, edge.right.maps[0].name


@pytest.mark.parametrize("edge", STANDARD.edges, ids=lambda e: f"{e.cim}-{e.left.maps[0].name}-{e.right.maps[0].name}")
def test_roles_are_as_the_clause_says(edge):
    assert GOLDEN[_row(edge)] == edge.clause


def test_every_golden_row_is_declared():
    assert set(GOLDEN) == {_row(edge) for edge in STANDARD.edges}
