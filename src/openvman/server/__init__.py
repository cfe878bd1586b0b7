"""The only listening sockets: HTTP/1.1 with the rules of DSP0200, TLS, authentication, and the routes."""
