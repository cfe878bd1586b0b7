"""What the schema cannot see: which class stands in which role, one golden row per association."""

from __future__ import annotations

import pytest

from openvman.views.standard import STANDARD

# association -> left role and class, right role and class, the clause that says so
GOLDEN = {
    ("CIM_HostedDependency", "Antecedent", "HostSystem", "Dependent", "ComputerSystem"): "DSP1042",
    ("CIM_HostedService", "Antecedent", "HostSystem", "Dependent", "VirtualSystemManagementService"): "DSP1042",
    (
        "CIM_ServiceAffectsElement",
        "AffectedElement",
        "ComputerSystem",
        "AffectingElement",
        "VirtualSystemManagementService",
    ): "DSP1042",
    (
        "CIM_ElementCapabilities",
        "ManagedElement",
        "VirtualSystemManagementService",
        "Capabilities",
        "VirtualSystemManagementCapabilities",
    ): "DSP1042",
    (
        "CIM_ElementCapabilities",
        "ManagedElement",
        "ComputerSystem",
        "Capabilities",
        "EnabledLogicalElementCapabilities",
    ): "DSP1057",
    (
        "CIM_SettingsDefineState",
        "ManagedElement",
        "ComputerSystem",
        "SettingData",
        "VirtualSystemSettingData",
    ): "DSP1057",
    (
        "CIM_ElementSettingData",
        "ManagedElement",
        "VirtualSystemSettingData",
        "SettingData",
        "VirtualSystemSettingData",
    ): "DSP1057",
    (
        "CIM_VirtualSystemSettingDataComponent",
        "GroupComponent",
        "VirtualSystemSettingData",
        "PartComponent",
        "ProcessorAllocationSettingData",
    ): "DSP1057",
    (
        "CIM_ElementSettingData",
        "ManagedElement",
        "ProcessorAllocationSettingData",
        "SettingData",
        "ProcessorAllocationSettingData",
    ): "DSP1041",
    ("CIM_SystemDevice", "GroupComponent", "ComputerSystem", "PartComponent", "Processor"): "DSP1057",
    (
        "CIM_SettingsDefineState",
        "ManagedElement",
        "Processor",
        "SettingData",
        "ProcessorAllocationSettingData",
    ): "DSP1041",
    ("CIM_HostedResourcePool", "GroupComponent", "HostSystem", "PartComponent", "ResourcePool"): "DSP1041",
    (
        "CIM_ResourceAllocationFromPool",
        "Antecedent",
        "ResourcePool",
        "Dependent",
        "ProcessorAllocationSettingData",
    ): "DSP1041",
    ("CIM_ElementAllocatedFromPool", "Antecedent", "ResourcePool", "Dependent", "Processor"): "DSP1041",
    ("CIM_ElementCapabilities", "ManagedElement", "ResourcePool", "Capabilities", "AllocationCapabilities"): "DSP1043",
    (
        "CIM_SettingsDefineCapabilities",
        "GroupComponent",
        "AllocationCapabilities",
        "PartComponent",
        "ProcessorAllocationTemplate",
    ): "DSP1043",
    ("CIM_HostedService", "Antecedent", "HostSystem", "Dependent", "ResourcePoolConfigurationService"): "DSP1041",
    (
        "CIM_ServiceAffectsElement",
        "AffectedElement",
        "ResourcePool",
        "AffectingElement",
        "ResourcePoolConfigurationService",
    ): "DSP1041",
    (
        "CIM_ElementCapabilities",
        "ManagedElement",
        "ResourcePoolConfigurationService",
        "Capabilities",
        "ResourcePoolConfigurationCapabilities",
    ): "DSP1041",
    ("CIM_ElementAllocatedFromPool", "Antecedent", "ResourcePool", "Dependent", "ResourcePool"): "DSP1041",
    (
        "CIM_ResourceAllocationFromPool",
        "Antecedent",
        "ResourcePool",
        "Dependent",
        "PoolAllocationSettingData",
    ): "DSP1041",
    (
        "CIM_SettingsDefineState",
        "ManagedElement",
        "ResourcePool",
        "SettingData",
        "PoolAllocationSettingData",
    ): "DSP1041",
    ("CIM_SystemDevice", "GroupComponent", "HostSystem", "PartComponent", "HostProcessor"): "DSP1041",
    ("CIM_ConcreteComponent", "GroupComponent", "ResourcePool", "PartComponent", "HostProcessor"): "DSP1041",
    ("CIM_UseOfMessageLog", "Antecedent", "MessageLog", "Dependent", "ComputerSystem"): "DSP1010",
    ("CIM_ElementSettingData", "ManagedElement", "ComputerSystem", "SettingData", "BootConfigSetting"): "DSP1012",
    ("CIM_OrderedComponent", "GroupComponent", "BootConfigSetting", "PartComponent", "BootSourceSetting"): "DSP1012",
    (
        "CIM_ConcreteComponent",
        "GroupComponent",
        "VirtualSystemSettingData",
        "PartComponent",
        "BootConfigSetting",
    ): "CIM Schema",
    ("CIM_HostedService", "Antecedent", "HostSystem", "Dependent", "BootService"): "DSP1012",
    ("CIM_ServiceAffectsElement", "AffectedElement", "ComputerSystem", "AffectingElement", "BootService"): "DSP1012",
    ("CIM_ElementCapabilities", "ManagedElement", "BootService", "Capabilities", "BootServiceCapabilities"): "DSP1012",
    ("CIM_SystemDevice", "GroupComponent", "HostSystem", "PartComponent", "HostEthernetPort"): "DSP1014",
    ("CIM_ElementCapabilities", "ManagedElement", "HostProcessor", "Capabilities", "ProcessorCapabilities"): "DSP1022",
    ("CIM_HostedService", "Antecedent", "HostSystem", "Dependent", "KVMRedirectionService"): "DSP1076",
    ("CIM_HostedService", "Antecedent", "HostSystem", "Dependent", "TextRedirectionService"): "DSP1024",
    (
        "CIM_ElementCapabilities",
        "ManagedElement",
        "KVMRedirectionService",
        "Capabilities",
        "KVMRedirectionCapabilities",
    ): "DSP1076",
    (
        "CIM_ElementCapabilities",
        "ManagedElement",
        "TextRedirectionService",
        "Capabilities",
        "TextRedirectionCapabilities",
    ): "DSP1024",
    ("CIM_HostedAccessPoint", "Antecedent", "HostSystem", "Dependent", "KVMRedirectionSAP"): "DSP1076",
    ("CIM_ServiceAccessBySAP", "Antecedent", "KVMRedirectionService", "Dependent", "KVMRedirectionSAP"): "DSP1076",
    ("CIM_SAPAvailableForElement", "AvailableSAP", "KVMRedirectionSAP", "ManagedElement", "ComputerSystem"): "DSP1076",
    ("CIM_BindsTo", "Antecedent", "TCPProtocolEndpoint", "Dependent", "KVMRedirectionSAP"): "DSP1076",
    (
        "CIM_RemoteAccessAvailableToElement",
        "Antecedent",
        "RemoteServiceAccessPoint",
        "Dependent",
        "KVMRedirectionSAP",
    ): "CIM Schema",
    ("CIM_ReferencedProfile", "Antecedent", "RegisteredProfile", "Dependent", "RegisteredProfile"): "DSP1033",
    (
        "CIM_ElementConformsToProfile",
        "ConformantStandard",
        "RegisteredProfile",
        "ManagedElement",
        "RegisteredProfile",
    ): "DSP1033",
    (
        "CIM_ElementConformsToProfile",
        "ConformantStandard",
        "RegisteredProfile",
        "ManagedElement",
        "HostSystem",
    ): "DSP1033",
    (
        "CIM_ElementConformsToProfile",
        "ConformantStandard",
        "RegisteredProfile",
        "ManagedElement",
        "ResourcePool",
    ): "DSP1033",
    (
        "CIM_ElementConformsToProfile",
        "ConformantStandard",
        "RegisteredProfile",
        "ManagedElement",
        "AllocationCapabilities",
    ): "DSP1033",
    (
        "CIM_ElementConformsToProfile",
        "ConformantStandard",
        "RegisteredProfile",
        "ManagedElement",
        "ComputerSystem",
    ): "DSP1033",
    (
        "CIM_ElementConformsToProfile",
        "ConformantStandard",
        "RegisteredProfile",
        "ManagedElement",
        "HostProcessor",
    ): "DSP1033",
    (
        "CIM_ElementConformsToProfile",
        "ConformantStandard",
        "RegisteredProfile",
        "ManagedElement",
        "HostMemory",
    ): "DSP1033",
    (
        "CIM_ElementConformsToProfile",
        "ConformantStandard",
        "RegisteredProfile",
        "ManagedElement",
        "HostEthernetPort",
    ): "DSP1033",
    (
        "CIM_ElementConformsToProfile",
        "ConformantStandard",
        "RegisteredProfile",
        "ManagedElement",
        "BootService",
    ): "DSP1033",
    (
        "CIM_ElementConformsToProfile",
        "ConformantStandard",
        "RegisteredProfile",
        "ManagedElement",
        "TextRedirectionService",
    ): "DSP1033",
    (
        "CIM_ElementConformsToProfile",
        "ConformantStandard",
        "RegisteredProfile",
        "ManagedElement",
        "KVMRedirectionService",
    ): "DSP1033",
    ("CIM_NamespaceInManager", "Antecedent", "ObjectManager", "Dependent", "Namespace"): "CIM Schema",
    (
        "CIM_CommMechanismForManager",
        "Antecedent",
        "ObjectManager",
        "Dependent",
        "CIMXMLCommunicationMechanism",
    ): "CIM Schema",
    ("CIM_AffectedJobElement", "AffectedElement", "ComputerSystem", "AffectingElement", "ConcreteJob"): "DSP1103",
    (
        "CIM_OwningJobElement",
        "OwningElement",
        "VirtualSystemManagementService",
        "OwnedElement",
        "ConcreteJob",
    ): "DSP1103",
    ("CIM_AssociatedJobMethodResult", "Job", "ConcreteJob", "JobParameters", "MethodResult"): "DSP1103",
    (
        "CIM_ElementCapabilities",
        "ManagedElement",
        "ProcessorAllocationSettingData",
        "Capabilities",
        "AllocationMutability",
    ): "DSP1043",
    (
        "CIM_SettingsDefineCapabilities",
        "GroupComponent",
        "AllocationMutability",
        "PartComponent",
        "ProcessorAllocationRange",
    ): "DSP1043",
    (
        "CIM_ElementSettingData",
        "ManagedElement",
        "PoolAllocationSettingData",
        "SettingData",
        "PoolAllocationSettingData",
    ): "DSP1041",
    ("CIM_HostedDependency", "Antecedent", "HostPCIDevice", "Dependent", "LogicalDevice"): "CIM Schema",
}


def _row(edge):
    return edge.cim, edge.left.role, edge.left.maps[0].name, edge.right.role, edge.right.maps[0].name


@pytest.mark.parametrize("edge", STANDARD.edges, ids=lambda e: f"{e.cim}-{e.left.maps[0].name}-{e.right.maps[0].name}")
def test_roles_are_as_the_clause_says(edge):
    assert GOLDEN[_row(edge)] == edge.clause


def test_every_golden_row_is_declared():
    assert set(GOLDEN) == {_row(edge) for edge in STANDARD.edges}
