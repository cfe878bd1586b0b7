"""Queries: the SELECT forms of DMTF:CQL (DSP0202) and WQL, and DMTF:FQL filters (DSP0212), over plans.

Parsed by a grammar, typed against the schema before anything is read, evaluated in bounded work per row.
"""
