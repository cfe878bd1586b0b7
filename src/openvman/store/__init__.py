"""What must survive a crash, in SQLite below the state directory: users now.

Everything here is synchronous and safe to use from several threads and processes at once. Written is durable
(WAL, synchronous=FULL) before a call returns.
"""
