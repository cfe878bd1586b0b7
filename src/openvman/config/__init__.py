"""The settings of the server: one table (``settings``), from which come the TOML file, the environment, the command
line's options (``load``) and the reference page (``reference``).
"""
