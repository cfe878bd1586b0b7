"""Who a client is: users and passwords, credentials, client certificates, the server's own keys, the first start.

Synchronous, and free of sockets and threads: ``server`` decides what runs where.
"""
