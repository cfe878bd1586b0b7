"""How fast openvman is, as ratios to references that are measured in the same run on the same machine.

Each module has ``measure(scale)``, which yields figures; ``run.py`` lists the modules, prints the figures and keeps
them.
"""
