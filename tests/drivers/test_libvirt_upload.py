"""Images on a host whose files are not this machine's: they go through its storage pools."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from uuid import uuid4

import libvirt
import pytest
from tests.drivers.subject import Recorder, refuses

from openvman.drivers.libvirt import create
from openvman.messages.problem import Problem

pytestmark = pytest.mark.lab

POOL = "<pool type='dir'><name>{name}</name><target><path>{path}</path></target></pool>"
RELAY = """#!{python} -SE
import os, select, socket
daemon = socket.socket(socket.AF_UNIX)
daemon.connect("{socket}")
to = {{0: daemon.fileno(), daemon.fileno(): 1}}
while True:
    for source in select.select(list(to), [], [])[0]:
        data = os.read(source, 65536)
        if not data:
            raise SystemExit
        while data:
            data = data[os.write(to[source], data):]
"""


@pytest.fixture
def relay(private_host, tmp_path) -> Path:
    """A program that speaks for the daemon, as ssh does: with it libvirt takes the host for another machine."""
    path = tmp_path / "relay"
    path.write_text(RELAY.format(python=sys.executable, socket=private_host.socket))
    path.chmod(0o755)
    return path


@pytest.fixture
async def remote(relay, tmp_path):
    driver = create(f"qemu+ext:///system?command={relay}", state=tmp_path, deadline=20)
    await driver.open(Recorder())
    yield driver
    await driver.close()


@pytest.fixture
def pool(private_host):
    """An active storage pool with a folder of its own."""
    connection = libvirt.open(private_host.libvirt_uri)
    name = f"pool-{uuid4()}"
    folder = private_host.images / name
    folder.mkdir()
    made = connection.storagePoolCreateXML(POOL.format(name=name, path=folder))
    yield folder
    made.destroy()
    connection.close()
    shutil.rmtree(folder)


async def test_an_image_goes_through_the_pool_of_its_folder(remote, pool):
    [host] = (await remote.load()).hosts
    path = pool / "seed.iso"
    content = bytes(range(256)) * 3000 + b"end"
    await remote.write_image(host.id, str(path), b"half of it")
    await remote.write_image(host.id, str(path), content)
    assert path.read_bytes() == content
    assert path.stat().st_mode & 0o777 == 0o600
    await remote.delete_image(host.id, str(path))
    await remote.delete_image(host.id, str(path))
    assert list(pool.iterdir()) == []


async def test_a_folder_of_no_pool_is_refused(remote, tmp_path):
    [host] = (await remote.load()).hosts
    with refuses(Problem.NOT_SUPPORTED):
        await remote.write_image(host.id, f"{tmp_path}/seed.iso", b"content")
    with refuses(Problem.NOT_SUPPORTED):
        await remote.delete_image(host.id, f"{tmp_path}/seed.iso")
    assert not (tmp_path / "seed.iso").exists()
