"""One live, immutable picture of everything: loaded once, kept by events, reconciled now and then.

Public: :class:`openvman.inventory.generation.Generation`, :class:`openvman.inventory.inventory.Inventory`,
:class:`openvman.inventory.difference.Difference`.
"""
