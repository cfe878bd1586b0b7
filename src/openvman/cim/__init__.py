"""The CIM metamodel as values (DSP0004), and the requests and results of the generic operations (DSP0223).

Imports nothing else of openvman: every other layer may import this one.
"""
