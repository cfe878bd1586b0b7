"""Codecs between bytes and the operations of :mod:`openvman.cim.operations`: no socket, no event loop, no clock."""
