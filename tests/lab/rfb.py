"""A viewer that gets no further than the door (RFC 6143 7.1): who says which password, and whether it is let in.

Run as ``python rfb.py ADDRESS PORT [PASSWORD…]`` where the screen is: a line with the types of security that are
offered, then for each password ``in`` or ``out``.
"""

from __future__ import annotations

import socket
import sys

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

VNC_AUTHENTICATION = 2
_LET_IN = 0
_SECONDS = 20


def main(address: str, port: str, *passwords: str) -> None:
    with socket.create_connection((address, int(port)), _SECONDS) as server:
        sys.stdout.write(" ".join(map(str, _offered(server))) + "\n")
    for password in passwords:
        with socket.create_connection((address, int(port)), _SECONDS) as server:
            _offered(server)
            server.sendall(bytes([VNC_AUTHENTICATION]))
            server.sendall(_answer(_read(server, 16), password))
            sys.stdout.write("in\n" if int.from_bytes(_read(server, 4)) == _LET_IN else "out\n")


def _offered(server: socket.socket) -> list[int]:
    """Agree on version 3.8, and take the types of security."""
    assert _read(server, 12).startswith(b"RFB 003.")
    server.sendall(b"RFB 003.008\n")
    return list(_read(server, _read(server, 1)[0]))


def _answer(challenge: bytes, password: str) -> bytes:
    """The challenge in DES, whose key is the password with the bits of each byte the other way round (7.2.2)."""
    key = bytes(int(f"{byte:08b}"[::-1], 2) for byte in password.encode().ljust(8, b"\0")[:8])
    encryptor = Cipher(TripleDES(key * 3), modes.ECB()).encryptor()  # three times the same key is DES
    return encryptor.update(challenge) + encryptor.finalize()


def _read(server: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = server.recv(count - len(data))
        assert more, "the screen hung up"
        data += more
    return data


if __name__ == "__main__":
    main(*sys.argv[1:])
