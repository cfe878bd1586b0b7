"""``python -m openvman.cli`` is ``vman``."""

from openvman.cli.root import main

main()
