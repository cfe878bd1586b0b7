"""The filters that come with the server: the life of what profiles show, and what a person should look at."""

from __future__ import annotations

from typing import Final

from openvman.model.indication import FilterCollection, IndicationFilter

_LANGUAGE: Final = "DMTF:CQL"
_LIVES: Final = (
    ("DSP1042", "HostSystem", "VMAN_HostSystem"),
    ("DSP1057", "ComputerSystem", "VMAN_ComputerSystem"),
    ("DSP1057", "VirtualSystemSettingData", "CIM_VirtualSystemSettingData"),
    ("DSP1041", "ResourcePool", "CIM_ResourcePool"),
    ("DSP1041", "ResourceAllocationSettingData", "CIM_ResourceAllocationSettingData"),
    ("DSP1041", "LogicalDevice", "CIM_LogicalDevice"),
    ("DSP1103", "ConcreteJob", "CIM_ConcreteJob"),
)
"""Profile, what it is called, and its class."""
_EVENTS: Final = (
    ("Created", "CIM_InstCreation"),
    ("Changed", "CIM_InstModification"),
    ("Deleted", "CIM_InstDeletion"),
)


def _filter(name: str, query: str) -> IndicationFilter:
    return IndicationFilter(host_name="", name=f"VMAN:{name}", query=query, language=_LANGUAGE, element_name=name)


def _lives(profile: str) -> tuple[IndicationFilter, ...]:
    return tuple(
        _filter(f"{profile}:{element}{event}", f"SELECT * FROM {indication} WHERE SourceInstance ISA {class_name}")  # noqa: S608 - CQL
        for of, element, class_name in _LIVES
        if of == profile
        for event, indication in _EVENTS
    )


COLLECTIONS: Final = (
    *(
        FilterCollection(name=f"{profile}:Lifecycle", filters=_lives(profile))
        for profile in dict.fromkeys(profile for profile, _, _ in _LIVES)
    ),
    FilterCollection(name="Alerts", filters=(_filter("Alerts:All", "SELECT * FROM CIM_AlertIndication"),)),
)
"""Their filters' ``host_name`` is set when the server knows its own."""
