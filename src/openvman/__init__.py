"""Manages virtual machines on any hypervisor through the DMTF VMAN standards."""

__version__ = "0.1.0"
