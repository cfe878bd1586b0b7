"""Everything is read by a few lists and one XML of each domain: the same must come of it as of reading one by one."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import libvirt
import pytest
from tests.drivers.subject import Recorder
from tests.lab import lab

from openvman.drivers.libvirt import create, xml
from openvman.model.states import State

DOMAIN = """<domain type='{type}'><name>{name}</name><uuid>{id}</uuid><memory unit='MiB'>16</memory><vcpu>1</vcpu>
<os><type arch='x86_64'>hvm</type></os><devices>{disk}</devices></domain>"""
DISK = "<disk type='{type}' device='disk'><driver name='qemu' type='{format}'/>{source}<target dev='vda'/></disk>"


class Domains:
    """Domains in every state, made by another client; ``states`` says which by id, the name is the state's."""

    def __init__(self, connection: libvirt.virConnect, type: str) -> None:
        self.connection = connection
        self.type = type
        self.states: dict[str, State] = {}

    def text(self, name: str, state: State, disk: str = "") -> str:
        id = str(uuid4())
        self.states[id] = state
        return DOMAIN.format(type=self.type, name=name, id=id, disk=disk)

    def make(self, disk: str = "") -> None:
        connection = self.connection
        connection.defineXML(self.text("defined", State.DEFINED, disk))
        connection.defineXML(self.text("autostarting", State.DEFINED)).setAutostart(1)
        connection.defineXML(self.text("running", State.ACTIVE)).create()
        paused = connection.defineXML(self.text("paused", State.PAUSED))
        paused.create()
        paused.suspend()
        connection.createXML(self.text("transient", State.ACTIVE))
        connection.createXML(self.text("transient-paused", State.PAUSED)).suspend()
        saved = connection.defineXML(self.text("saved", State.SUSPENDED))
        saved.setAutostart(1)
        saved.create()
        saved.managedSave()

    def remove(self) -> None:
        for id in self.states:
            domain = self.connection.lookupByUUIDString(id)
            if domain.isActive():
                persistent = domain.isPersistent()
                domain.destroy()
                if not persistent:
                    continue
            domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE)


@pytest.fixture
def simulated() -> Iterator[Domains]:
    connection = libvirt.open("test:///default")
    made = Domains(connection, "test")
    yield made
    made.remove()
    connection.close()


@pytest.fixture
def real(private_host: lab.PrivateHost) -> Iterator[Domains]:
    connection = libvirt.open(private_host.libvirt_uri)
    made = Domains(connection, "qemu")
    yield made
    made.remove()
    connection.close()


async def loaded_and_read(uri: str, folder, domains: Domains) -> None:
    driver = create(uri, state=folder, deadline=20)
    await driver.open(Recorder())
    try:
        loaded = {system.id: system for system in (await driver.load()).systems if system.id in domains.states}
        assert {id: system.state for id, system in loaded.items()} == domains.states
        assert loaded == {id: await driver.read_system(id) for id in domains.states}
    finally:
        await driver.close()


async def test_domains_of_the_test_driver(simulated, tmp_path):
    simulated.make()
    await loaded_and_read("test:///default", tmp_path, simulated)


@pytest.mark.lab
async def test_domains_of_a_real_host(real, private_host, tmp_path):
    image = str(lab.boot_sector_image(private_host.images))
    real.make(DISK.format(type="file", format="raw", source=f"<source file='{image}'/>"))
    await loaded_and_read(private_host.uri, tmp_path, real)


@pytest.mark.lab
async def test_images_and_volumes_of_a_real_host(real, private_host, tmp_path):
    """The sizes of volumes come from the list of their pool, those of a pool that is not active from nowhere."""
    folder = private_host.images / "pool"
    folder.mkdir()
    pool = real.connection.storagePoolDefineXML(
        f"<pool type='dir'><name>bulk</name><target><path>{folder}</path></target></pool>"
    )
    pool.create()
    try:
        pool.createXML("<volume><name>one</name><capacity>4096</capacity></volume>")
        for number, (named, format) in enumerate((("one", "raw"), ("one", "qcow2"), ("absent", "raw"))):
            disk = DISK.format(type="volume", format=format, source=f"<source pool='bulk' volume='{named}'/>")
            real.connection.defineXML(real.text(f"volume-{number}", State.DEFINED, disk))
        path = private_host.images / "raw.img"
        path.write_bytes(bytes(512))
        for number, format in enumerate(("raw", "qcow2")):  # one file, said to be of two formats
            disk = DISK.format(type="file", format=format, source=f"<source file='{path}'/>")
            real.connection.defineXML(real.text(f"file-{number}", State.DEFINED, disk))
        await loaded_and_read(private_host.uri, tmp_path, real)
    finally:
        pool.destroy()
        pool.undefine()


def test_a_document_type_is_refused_wherever_it_stands():
    with pytest.raises(Exception, match="document type"):
        xml.read('<?xml version="1.0"?>\n<!DOCTYPE domain [<!ENTITY a "b">]><domain>&a;</domain>')


def test_what_is_read_and_what_is_changed_are_the_same_document():
    text = DOMAIN.format(type="qemu", name="a&amp;b", id="u", disk="<!-- x --><disk/>")
    read, parsed = xml.read(text), xml.parse(text)
    assert [each.tag for each in read.iter()] == [each.tag for each in parsed.iter() if isinstance(each.tag, str)]
    assert xml.text(read, "name") == xml.text(parsed, "name") == "a&b"
