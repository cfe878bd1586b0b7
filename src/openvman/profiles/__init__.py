"""Declarations only, one file per DMTF profile: which model object is which CIM instance, and how they are joined."""
