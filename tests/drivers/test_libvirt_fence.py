"""What the fence stands on: a daemon sends its events before it answers a later call, and both are handled in order."""

from __future__ import annotations

from uuid import uuid4

import libvirt
import pytest
from tests.drivers.subject import Recorder
from tests.lab import lab

from openvman.drivers.contract import HostChanged, SystemChanged
from openvman.drivers.libvirt import create

ROUNDS = 60
DOMAIN = (
    "<domain type='qemu'><name>{name}</name><uuid>{id}</uuid><memory>1024</memory><os><type>hvm</type></os></domain>"
)
NETWORK = "<network><name>{name}</name></network>"


@pytest.fixture
async def watched(private_host: lab.PrivateHost, tmp_path):
    """The driver's events, and another client of the same daemon."""
    driver, events = create(private_host.uri, state=tmp_path, deadline=20), Recorder()
    await driver.open(events)
    other = libvirt.open(private_host.libvirt_uri)
    yield driver, events, other
    other.close()
    await driver.close()


@pytest.mark.lab
async def test_what_another_client_did_was_told_when_the_fence_returns(watched):
    driver, events, other = watched
    for number in range(ROUNDS):
        id = str(uuid4())
        domain = other.defineXML(DOMAIN.format(name=f"fence-{number}", id=id))
        await driver.fence()
        assert SystemChanged(id) in events.events, f"round {number}: the definition"
        events.events.clear()
        domain.undefine()
        await driver.fence()
        assert SystemChanged(id) in events.events, f"round {number}: the end"


@pytest.mark.lab
async def test_networks_are_told_as_well(watched):
    driver, events, other = watched
    host = (await driver.load()).hosts[0]
    for number in range(ROUNDS):
        events.events.clear()
        network = other.networkDefineXML(NETWORK.format(name=f"fence-{number}"))
        await driver.fence()
        assert HostChanged(host.id) in events.events, f"round {number}"
        network.undefine()
