"""Manages virtual machines through a server's CIM-XML interface: what the command line is made of.

``target`` finds the server and the password, ``session`` is pywbem with one kind of error, ``vman`` is the vocabulary:
hosts, systems, define, change, console. Nothing here reaches a hypervisor or the server's own files, except the
administrator's password on the same machine. pywbem is slow to import: ``session``, ``settings``
and ``vman`` import it, the others (``target``, ``errors``, ``records``, ``wishes``, ``units``) do not.
"""
