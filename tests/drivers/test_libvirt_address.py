"""Addresses: what is shown of them, what is local, and where console logs lie."""

from __future__ import annotations

from pathlib import Path

import libvirt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.drivers.recorded import Refusal

from openvman.drivers.libvirt import create
from openvman.drivers.libvirt.address import parse
from openvman.drivers.libvirt.connection import Connection
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("qemu:///system", "qemu:///system"),
        ("test:///default", "test:///default"),
        ("qemu:///embed?root=/a%20b", "qemu:///embed?root=/a%20b"),
        ("qemu+unix:///system?socket=/run/x", "qemu+unix:///system?socket=/run/x"),
        ("qemu+ssh://root@host:22/system", "qemu+ssh://host:22/system"),
        ("esx://root:secret@host/?no_verify=1&password=secret", "esx://host/?no_verify=1"),
        ("qemu+tls://host/system?Secret=secret&pkipath=/p", "qemu+tls://host/system?pkipath=/p"),
    ],
)
def test_credentials_are_not_shown(uri, shown) -> None:
    address = parse(uri)
    assert (address.shown, address.uri) == (shown, uri)
    assert address.redact(f"cannot open {uri} as root:secret@host") == f"cannot open {shown} as " + (
        "host" if "root:secret@" in uri else "root:secret@host"
    )


@pytest.mark.parametrize(
    ("uri", "local"),
    [
        ("qemu:///system", True),
        ("qemu+unix:///system?socket=/x", True),
        ("lxc:///", True),
        ("test:///default", True),
        ("qemu+ssh://host/system", False),
        ("qemu+tcp:///system", False),
        ("qemu://host/system", False),
    ],
)
def test_what_is_local(uri, local) -> None:
    assert parse(uri).local is local


@pytest.mark.parametrize(
    ("uri", "folder"),
    [
        ("qemu:///embed?root=/srv/qemu", "/srv/qemu/log/console"),
        ("qemu:///system?console_logs=/var/log/vm", "/var/log/vm"),
        ("qemu+unix:///system?socket=/x&console_logs=/a%20b", "/a b"),
        ("qemu+ssh://host/system", None),
        ("lxc:///", None),
        ("test:///default", None),
    ],
)
def test_where_console_logs_lie(uri, folder) -> None:
    assert parse(uri).console_logs == (folder and Path(folder))


def test_a_parameter_of_our_own_does_not_reach_the_hypervisor() -> None:
    given = "qemu+unix:///system?socket=/a%20b&console_logs=/c"
    address = parse(given)
    assert address.uri == "qemu+unix:///system?socket=/a%20b"
    assert address.shown == given


@pytest.mark.parametrize("uri", ["qemu:///system", "qemu:///session"])
def test_only_root_reads_the_daemons_logs(uri, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/home/me/cache")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    found = parse(uri).console_logs
    assert found == (None if uri.endswith("system") else Path("/home/me/cache/libvirt/qemu/log"))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert parse("qemu:///system").console_logs == Path("/var/log/libvirt/qemu")


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/system",
        "qemu:///embed",
        "qemu:///embed?root=relative",
        "qemu:///sys\ntem",
        "qemu:// /system",
        "qemu+ssh://host/system?console_logs=/x",
        "qemu:///system?console_logs=x",
        "qemu://[::/system",
    ],
)
def test_what_is_no_address(uri) -> None:
    with pytest.raises(ModelError) as caught:
        parse(uri)
    assert caught.value.problem is Problem.INVALID_PARAMETER


@given(st.text(max_size=40), st.text("0123456789", min_size=12, max_size=16))
def test_no_address_shows_its_password(path: str, password: str) -> None:
    assume(password not in path)
    try:
        address = parse(f"qemu+ssh://me:{password}@host/{path}")
    except ModelError as error:
        assert password not in error.message  # noqa: PT017 - most texts are addresses
        return
    assert password not in address.shown


def test_an_address_that_cannot_be_read_does_not_show_its_password() -> None:
    with pytest.raises(ModelError) as caught:
        parse("qemu+ssh://me:hunter22@ho\u2100st/system")  # normalized, the host would hold a slash
    chain = [caught.value, caught.value.__cause__, caught.value.__context__]
    assert "hunter22" not in "".join(map(repr, chain))


async def test_the_hypervisors_errors_are_redacted(tmp_path, monkeypatch) -> None:
    uri = "qemu+tcp://me:hunter22@127.0.0.1:9/system"

    def fail(*_arguments: object) -> None:
        text = f"no connection driver available for {uri} (me:hunter22@127.0.0.1)"
        raise Refusal(libvirt.VIR_ERR_NO_CONNECT, text)

    monkeypatch.setattr(libvirt, "openAuth", fail)
    with pytest.raises(ModelError) as caught:
        await create(uri, state=tmp_path, deadline=5).open(lambda _event: None)
    assert "hunter22" not in caught.value.message
    assert "no connection driver available for qemu+tcp://127.0.0.1:9/system" in caught.value.message
    assert "hunter22" not in repr((caught.value.__cause__, caught.value.__context__, caught.value.said))


async def test_errors_of_calls_are_redacted_too() -> None:
    connection = Connection(parse("test://me:hunter22@/default"), 5)

    def fail(_raw: object) -> None:
        raise Refusal(libvirt.VIR_ERR_INTERNAL_ERROR, "test://me:hunter22@/default is no good (me:hunter22@)")

    await connection.open(lambda _reason: None)
    try:
        with pytest.raises(ModelError) as caught:
            await connection.call(fail, "do it")
    finally:
        await connection.close()
    assert caught.value.message == "Cannot do it: test:///default is no good ()."
    assert "hunter22" not in repr((caught.value.__cause__, caught.value.__context__, caught.value.said))


async def test_errors_do_not_show_passwords(tmp_path) -> None:
    driver = create("qemu+tcp://me:hunter22@127.0.0.1:9/system?password=hunter22", state=tmp_path, deadline=5)
    with pytest.raises(ModelError) as caught:
        await driver.open(lambda _event: None)
    assert caught.value.problem is Problem.UNAVAILABLE
    chain = [caught.value, caught.value.__cause__, caught.value.__context__]
    assert "hunter22" not in "".join(map(repr, chain))
    assert "hunter22" not in driver.platform
