"""The command ``vman``. Each noun is a file of the same name, loaded when it is used; ``root`` lists them.

Texts from servers and guests are shown through ``output``, which makes them harmless. A failure that can be expected
ends with one sentence on standard error and a code of ``exits``.
"""

from openvman.cli.root import main

__all__ = ["main"]
