"""What must survive a crash, in SQLite below the state directory: users now.

Everything here is synchronous. A file may be used by several processes at once; an object belongs to the thread that
made it. Written is durable (WAL, synchronous=FULL) before a call returns.
"""
