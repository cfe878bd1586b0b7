from __future__ import annotations

import os
from pathlib import Path

import pytest

from openvman.client.errors import ClientError, Reason
from openvman.client.target import Own, Wish, address_to_connect, read_password, resolve

PORT = 5988
TABLE = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
ROW = "   0: 0100007F:{port:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000 {uid:5} 0 1\n"


@pytest.fixture
def own(tmp_path) -> Own:
    return Own(
        url=f"http://127.0.0.1:{PORT}",
        user="admin",
        password_file=tmp_path / "admin.password",
        authority=tmp_path / "ca.crt",
    )


@pytest.fixture
def proc(tmp_path) -> Path:
    (tmp_path / "net").mkdir()
    return tmp_path


def listening(proc: Path, uid: int, port: int = PORT, state: str = "0A") -> None:
    (proc / "net" / "tcp").write_text(TABLE + ROW.format(port=port, uid=uid, state=state))


def refused(reason: Reason, wish: Wish, own: Own, proc: Path) -> str:
    with pytest.raises(ClientError) as raised:
        resolve(wish, own, proc)
    assert raised.value.reason is reason
    return raised.value.message


def test_the_own_server_and_its_password_are_found(own, proc):
    own.password_file.write_text("s3cret\n")
    target = resolve(Wish(), own, proc)
    assert (target.url, target.user, target.password) == (own.url, "admin", "s3cret")


def test_without_a_password_file_nobody_is_named(own, proc):
    target = resolve(Wish(), own, proc)
    assert (target.user, target.password) == (None, None)


def test_the_own_password_goes_to_no_other_machine(own, proc):
    own.password_file.write_text("s3cret\n")
    target = resolve(Wish(server="https://example.org"), own, proc)
    assert (target.url, target.user, target.password) == ("https://example.org:5989", None, None)


def test_the_own_password_is_not_sent_to_a_port_that_another_user_holds(own, proc):
    own.password_file.write_text("s3cret\n")
    listening(proc, uid=os.getuid() + 4711)
    assert "4711" in refused(Reason.DENIED, Wish(), own, proc)


@pytest.mark.parametrize("holder", [0, os.getuid()])
def test_the_own_password_is_sent_to_its_owner_and_to_root(own, proc, holder):
    own.password_file.write_text("s3cret\n")
    listening(proc, uid=holder)
    assert resolve(Wish(), own, proc).password == "s3cret"


@pytest.mark.parametrize("other", [{"port": PORT + 1}, {"state": "01"}])
def test_other_ports_and_connections_do_not_count(own, proc, other):
    own.password_file.write_text("s3cret\n")
    listening(proc, uid=os.getuid() + 1, **other)
    assert resolve(Wish(), own, proc).password == "s3cret"


def test_a_named_user_needs_a_password(own, proc):
    own.password_file.write_text("s3cret\n")
    assert "--password-file" in refused(Reason.USAGE, Wish(user="me"), own, proc)


def test_a_password_is_not_sent_in_the_clear_to_another_machine(own, proc):
    wish = Wish(server="http://example.org", user="me", password="x")
    refused(Reason.DENIED, wish, own, proc)
    target = resolve(Wish(server="http://example.org", user="me", password="x", insecure=True), own, proc)
    assert target.password == "x"


def test_the_own_authority_is_trusted_on_this_machine_only(own, proc):
    own.authority.write_text("certificate")
    assert resolve(Wish(server="https://localhost"), own, proc).ca_certs == str(own.authority)
    assert resolve(Wish(server="https://example.org"), own, proc).ca_certs is None


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("host", "http://host:5988"),
        ("https://host", "https://host:5989"),
        ("https://host:1", "https://host:1"),
        ("http://[::1]", "http://[::1]:5988"),
    ],
)
def test_addresses(own, proc, text, url):
    assert resolve(Wish(server=text), own, proc).url == url


@pytest.mark.parametrize("text", ["ftp://host", "https://", "https://u:p@host", "https://host:x", "https://[::1"])
def test_what_is_no_address(own, proc, text):
    message = refused(Reason.USAGE, Wish(server=text), own, proc)
    assert "u:p" not in message


def test_a_password_is_not_shown(own, proc):
    assert "x7" not in repr(Wish(password="x7")) + repr(resolve(Wish(user="a", password="x7"), own, proc))


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", Reason.USAGE), (b"\n", Reason.USAGE), (b"x" * 5000, Reason.USAGE)]
)
def test_password_files_that_are_none(tmp_path, content, reason):
    path = tmp_path / "p"
    path.write_bytes(content)
    with pytest.raises(ClientError) as raised:
        read_password(path)
    assert raised.value.reason is reason


def test_a_missing_password_file(tmp_path):
    with pytest.raises(ClientError) as raised:
        read_password(tmp_path / "none")
    assert raised.value.reason is Reason.DENIED


@pytest.mark.parametrize(
    ("host", "text"),
    [("0.0.0.0", "127.0.0.1:1"), ("::", "[::1]:1"), ("10.0.0.1", "10.0.0.1:1"), ("fe80::1", "[fe80::1]:1")],
)
def test_where_a_listening_address_is_reached(host, text):
    assert address_to_connect(host, 1) == text
