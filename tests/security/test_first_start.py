"""The first start: what it makes, with which modes, and when it is killed half-way."""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from openvman.model.actor import Role
from openvman.security import first_start, tls
from openvman.security.authenticate import Authenticator
from openvman.security.basic import Credentials
from openvman.security.first_start import ensure_admin, prepare_folder
from openvman.security.tls import KeyPair, TLSError, expires, own_key_pair, server_context
from openvman.security.users import Users
from openvman.store.database import StoreError
from openvman.store.users import UserStore


@pytest.fixture
def no_umask():
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def state(tmp_path):
    return prepare_folder(tmp_path / "a" / "state")


@pytest.fixture
def users(state):
    store = UserStore(state.database)
    yield store
    store.close()


def is_right(users, hasher, password):
    authenticator, credentials = Authenticator(users, hasher), Credentials("admin", password)
    return authenticator.verify(credentials, authenticator.look_up(credentials))


def test_nothing_secret_can_be_read_by_others_under_any_umask(no_umask, state, users, hasher):
    ensure_admin(state, users, hasher)
    own_key_pair(state.folder)
    assert state.folder.stat().st_mode & 0o777 == 0o700
    modes = {p.name: p.stat().st_mode & 0o777 for p in state.folder.rglob("*")}
    assert modes.pop("tls") == 0o700
    assert {modes.pop(name) for name in ("ca.crt", "server.crt")} == {0o644}
    assert set(modes) >= {"admin.password", "openvman.db", "server.key"}
    assert set(modes.values()) == {0o600}


def test_a_folder_open_to_others_is_closed(tmp_path):
    tmp_path.chmod(0o755)
    prepare_folder(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_used_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="as the state directory"):
        prepare_folder(tmp_path / "file" / "state")


def test_another_users_folder_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(StoreError, match="belongs to another user"):
        prepare_folder(tmp_path)


def test_the_admin_gets_in_with_the_password_of_the_file(state, users, hasher):
    assert ensure_admin(state, users, hasher) is True
    password = state.admin_password.read_text().strip()
    assert len(password) >= 20
    assert is_right(users, hasher, password)
    assert users.get("admin").role is Role.ADMIN


def test_the_admin_is_made_once(state, users, hasher):
    ensure_admin(state, users, hasher)
    password = state.admin_password.read_bytes()
    assert ensure_admin(state, users, hasher) is False
    assert state.admin_password.read_bytes() == password


def test_where_there_is_a_user_no_admin_is_made(state, users, hasher):
    Users(users, hasher).add("ann", "correct horse", Role.ADMIN)
    assert ensure_admin(state, users, hasher) is False
    assert not state.admin_password.exists()


def test_a_start_killed_between_file_and_user_is_finished_by_the_next(state, users, hasher, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(first_start, "Users", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            ensure_admin(state, users, hasher)
    password = state.admin_password.read_text().strip()
    assert ensure_admin(state, users, hasher) is True
    assert is_right(users, hasher, password)


def test_the_key_pair_is_made_once(state):
    pair = own_key_pair(state.folder)
    before = pair.certificate.read_bytes()
    assert own_key_pair(state.folder).certificate.read_bytes() == before


def test_a_key_pair_killed_half_way_leaves_nothing(state, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(tls, "sync_folder", lambda _: (_ for _ in ()).throw(OSError("killed")))
        with pytest.raises(OSError, match="killed"):
            own_key_pair(state.folder)
    assert list(state.folder.iterdir()) == []
    assert own_key_pair(state.folder).key.exists()


def test_the_certificate_names_this_machine_and_lasts(state):
    pair = own_key_pair(state.folder)
    certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "localhost" in names.get_values_for_type(x509.DNSName)
    assert [str(a) for a in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    assert expires(pair.certificate) > datetime.now(UTC) + timedelta(days=3000)


def test_the_authoritys_key_is_nowhere(state):
    own_key_pair(state.folder)
    keys = [p.name for p in state.folder.rglob("*") if p.is_file() and b"PRIVATE KEY" in p.read_bytes()]
    assert keys == ["server.key"]


def test_the_context_is_tls_1_2_or_newer(state):
    context = server_context(own_key_pair(state.folder))
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_NONE


@pytest.mark.parametrize("broken", ["certificate", "key"])
def test_a_file_that_cannot_be_used_is_named(state, tmp_path, broken):
    pair = own_key_pair(state.folder)
    bad = tmp_path / "bad.pem"
    bad.write_text("nonsense")
    files = {"certificate": pair.certificate, "key": pair.key} | {broken: bad}
    with pytest.raises(TLSError, match=r"bad\.pem"):
        server_context(KeyPair(**files))
    with pytest.raises(TLSError, match=r"absent\.pem"):
        server_context(pair, client_ca=tmp_path / "absent.pem")
    with pytest.raises(TLSError, match=r"bad\.pem"):
        expires(bad)
