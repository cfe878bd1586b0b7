"""A real host beside the driver: others change it, its daemon dies, hangs and returns."""

from __future__ import annotations

import asyncio
import os
import signal
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import libvirt
import pytest
from tests.drivers.conformance import Recorder
from tests.drivers.subject import Subject, refuses
from tests.lab import lab

from openvman.drivers.contract import ConnectionLost, HostChanged, SystemChanged
from openvman.drivers.libvirt import create
from openvman.messages.problem import Problem
from openvman.model.allocation import DeviceKind
from openvman.model.network import NetworkSpec, network_with
from openvman.model.network_filter import FilterReference, filter_named
from openvman.model.spec import DiskSpec, NicSpec, ProcessorSpec, SystemSpec
from openvman.model.states import Action, State
from openvman.model.system import ConfigurationKind

pytestmark = pytest.mark.lab

DOMAIN = """<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>{name}</name><uuid>{uuid}</uuid><title>kept</title>
  <metadata><app:x xmlns:app='urn:app'>kept</app:x></metadata>
  <memory unit='MiB'>32</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type><bootmenu enable='no'/></os>
  <features><acpi/><vmport state='off'/></features>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw' cache='writeback' discard='unmap'/>
      <source file='{image}'/><target dev='vda' bus='virtio'/><serial>kept</serial>
    </disk>
    <interface type='user'><mac address='52:54:00:00:00:01'/><model type='virtio'/></interface>
    <graphics type='vnc' port='-1' listen='127.0.0.1' passwd='secret'/>
    <watchdog model='i6300esb' action='none'/>
  </devices>
  <qemu:commandline><qemu:env name='KEPT' value='yes'/></qemu:commandline>
</domain>"""


async def opened(host: lab.PrivateHost, folder: Path, deadline: float = 20) -> Subject:
    driver = create(host.uri, state=folder, deadline=deadline)
    events = Recorder()
    await driver.open(events)
    return Subject(
        driver=driver,
        events=events,
        host=(await driver.load()).hosts[0],
        image=str(lab.boot_sector_image(folder, "guest")),
        other_image=str(lab.boot_sector_image(folder, "other", "other.img")),
        folder=str(host.images),
        line=b"guest",
    )


@pytest.fixture
async def subject(private_host: lab.PrivateHost, tmp_path: Path) -> AsyncIterator[Subject]:
    made = await opened(private_host, tmp_path)
    try:
        yield made
    finally:
        await made.clean()
        await made.driver.close()


def define_by_virsh(host: lab.PrivateHost, subject: Subject, folder: Path) -> str:
    uuid = str(uuid4())
    file = folder / "domain.xml"
    file.write_text(DOMAIN.format(name=f"conformance-{uuid}", uuid=uuid, image=subject.image))
    host.virsh("define", str(file))
    return uuid


async def test_what_others_do_is_told(private_host, subject, tmp_path) -> None:
    uuid = define_by_virsh(private_host, subject, tmp_path)
    name = f"conformance-{uuid}"
    await subject.events.told(SystemChanged(uuid))
    for command, state in (
        (("start", name), State.ACTIVE),
        (("suspend", name), State.PAUSED),
        (("resume", name), State.ACTIVE),
        (("desc", name, "new", "--live"), State.ACTIVE),
        (("managedsave", name), State.SUSPENDED),
        (("start", name), State.ACTIVE),
        (("attach-disk", name, subject.other_image, "vdb", "--mode", "readonly", "--live"), State.ACTIVE),
        (("destroy", name), State.DEFINED),
    ):
        subject.events.events.clear()
        private_host.virsh(*command)
        await subject.events.told(SystemChanged(uuid))
        assert await subject.state(uuid) is state
    subject.events.events.clear()
    private_host.virsh("undefine", name)
    await subject.events.told(SystemChanged(uuid))
    assert await subject.driver.read_system(uuid) is None


async def test_a_transient_system_has_no_defined_configuration(private_host, subject, tmp_path) -> None:
    uuid = str(uuid4())
    file = tmp_path / "domain.xml"
    file.write_text(DOMAIN.format(name=f"transient-{uuid}", uuid=uuid, image=subject.image))
    private_host.virsh("create", str(file))
    try:
        system = await subject.read(uuid)
        assert (system.state, system.defined) == (State.ACTIVE, None)
        assert system.current is not None
        for call in (
            subject.driver.modify_system(uuid, SystemSpec(description="x")),
            subject.driver.modify_resource(
                uuid, ConfigurationKind.DEFINED, ProcessorSpec(allocation_id=f"{uuid}/defined/processor", count=1)
            ),
        ):
            with refuses(Problem.INVALID_STATE):
                await call
    finally:
        await subject.driver.act(uuid, Action.STOP)
    assert await subject.driver.read_system(uuid) is None


async def test_networks_change_the_host(private_host, subject, tmp_path) -> None:
    file = tmp_path / "network.xml"
    file.write_text("<network><name>lately</name><bridge name='lately'/></network>")
    private_host.virsh("net-create", str(file))
    try:
        await subject.events.told(HostChanged(subject.host.id))
        assert "lately" in (await subject.driver.read_host(subject.host.id)).network_names
    finally:
        private_host.virsh("net-destroy", "lately")


async def test_a_network_without_a_bridge_gets_one(subject) -> None:
    uuid = "2f0b54d1-25a4-4f2c-a6d6-0f7b7c2f9d11"
    await subject.driver.create_network(subject.host.id, NetworkSpec(name="conformance-bridge", uuid=uuid))
    found = network_with((await subject.driver.read_host(subject.host.id)).networks, uuid)
    assert found.bridge.startswith("virbr")


async def test_a_filter_of_somebody_elses_keeps_what_is_not_understood(private_host, subject, tmp_path) -> None:
    """A reference comes and goes; what a rule asks that the model has no word for stays."""
    written = (
        "<filter name='conformance-odd' chain='stp-odd' priority='-600'>"
        "<uuid>8a7f7a55-05a5-4f0c-a2d3-3a1f4d6f6b6a</uuid>"
        "<rule action='accept' direction='in'><stp srcmacaddr='$MAC' root-priority='0x1000'/></rule>"
        "</filter>"
    )
    for number, text in enumerate((written, "<filter name='conformance-other' chain='root'/>")):
        file = tmp_path / f"{number}.xml"
        file.write_text(text)
        private_host.virsh("nwfilter-define", str(file))
    before = private_host.virsh("nwfilter-dumpxml", "conformance-odd")
    host = await subject.driver.read_host(subject.host.id)
    odd = filter_named(host.filters, "conformance-odd")
    assert odd.rules[0].protocol == "stp"
    assert dict(odd.rules[0].match)["source_mac"] == "$MAC"
    assert int(dict(odd.rules[0].match)["root-priority"], 0) == 0x1000
    reference = FilterReference("conformance-other")
    await subject.driver.add_filter_reference(host.id, odd.uuid, reference)
    assert "conformance-other" in private_host.virsh("nwfilter-dumpxml", "conformance-odd")
    await subject.driver.remove_filter_reference(host.id, odd.uuid, reference)
    assert private_host.virsh("nwfilter-dumpxml", "conformance-odd") == before


async def test_what_is_not_understood_stays(private_host, subject, tmp_path) -> None:
    """All modifications there are, on a domain full of what the model has no word for, passwords too."""
    uuid = define_by_virsh(private_host, subject, tmp_path)
    name = f"conformance-{uuid}"
    before = private_host.virsh("dumpxml", "--inactive", "--security-info", name)
    modify = subject.driver.modify_resource
    await subject.driver.modify_system(uuid, SystemSpec(description="new"))
    await modify(uuid, ConfigurationKind.DEFINED, DiskSpec(allocation_id=f"{uuid}/defined/disk:vda", read_only=True))
    nic = f"{uuid}/defined/nic:52:54:00:00:00:01"
    await modify(uuid, ConfigurationKind.DEFINED, NicSpec(allocation_id=nic, model="e1000"))
    after = private_host.virsh("dumpxml", "--inactive", "--security-info", name)
    changed = set(after.splitlines()) ^ set(before.splitlines())
    assert sorted(line.strip() for line in changed) == [
        "<description>new</description>",
        "<model type='e1000'/>",
        "<model type='virtio'/>",
        "<readonly/>",
    ]


async def test_a_change_that_fails_half_way_is_taken_back(subject) -> None:
    taken, system = await subject.define(), await subject.define()
    with refuses(Problem.ALREADY_EXISTS):
        await subject.driver.modify_system(system.id, SystemSpec(name=taken.name, description="x", autostart=True))
    assert await subject.read(system.id) == system


async def test_a_machine_type_that_is_none(subject) -> None:
    definition = subject.definition(machine="vax")
    with refuses(Problem.INVALID_PARAMETER, Problem.NOT_SUPPORTED):
        await subject.driver.define(definition)
    assert await subject.driver.read_system(definition.id) is None


async def test_a_log_that_began_anew_is_read_from_its_beginning(private_host, subject) -> None:
    system = await subject.active()
    await subject.printed(system.id)
    (log,) = (private_host.folder / "log/console").glob(f"{system.id}*")
    size = log.stat().st_size
    os.truncate(log, 3)
    chunk = await subject.driver.read_console(system.id, 0, size, 100)
    assert (len(chunk.data), chunk.offset, chunk.size) == (3, 0, 3)


async def test_a_console_that_is_a_link_is_not_followed(private_host, subject) -> None:
    system = await subject.active()
    await subject.printed(system.id)
    (log,) = (private_host.folder / "log/console").glob(f"{system.id}*")
    log.unlink()
    log.symlink_to("/etc/passwd")
    with refuses(Problem.NOT_FOUND):
        await subject.driver.read_console(system.id, 0, 0, 100)


async def test_reading_while_domains_come_and_go(private_host, subject) -> None:
    """Nobody sees an error for a system that ends while it is read."""
    definitions = [subject.definition() for _ in range(20)]

    async def churn() -> None:
        for definition in definitions:
            await subject.driver.define(definition)
        for definition in definitions:
            await subject.driver.undefine(definition.id)

    async def look() -> None:
        while not done.done():
            await subject.driver.load()
            await asyncio.gather(*(subject.driver.read_system(each.id) for each in definitions))

    done = asyncio.ensure_future(churn())
    await asyncio.gather(done, look())


async def test_a_killed_daemon_is_told_and_found_again(private_hosts, tmp_path) -> None:
    host = private_hosts()
    subject = await opened(host, tmp_path)
    try:
        system = await subject.active()
        host.kill_daemon()
        await subject.events.wait(lambda event: isinstance(event, ConnectionLost), "ConnectionLost")
        with refuses(Problem.UNAVAILABLE):
            await subject.driver.load()
        with refuses(Problem.UNAVAILABLE):
            await subject.driver.open(subject.events)
        host.start_daemon()
        await subject.driver.open(subject.events)
        assert await subject.state(system.id) is State.ACTIVE
        lost = [event for event in subject.events.events if isinstance(event, ConnectionLost)]
        assert len(lost) == 1
        await subject.clean()
        await subject.events.told(SystemChanged(system.id))
    finally:
        await subject.driver.close()


async def test_a_daemon_that_hangs_is_given_up_by_all_calls(private_hosts, tmp_path) -> None:
    host = private_hosts()
    subject = await opened(host, tmp_path, deadline=2)
    try:
        host.signal_daemon(signal.SIGSTOP)
        calls = [subject.driver.load(), *(subject.driver.read_system(str(uuid4())) for _ in range(3))]
        ends = await asyncio.gather(*calls, return_exceptions=True)
        assert [getattr(end, "problem", end) for end in ends] == [Problem.UNAVAILABLE] * len(calls)
        await subject.events.wait(lambda event: isinstance(event, ConnectionLost), "ConnectionLost")
        host.signal_daemon(signal.SIGCONT)
        await subject.driver.open(subject.events)
        await subject.driver.load()
    finally:
        await subject.driver.close()


async def test_closing_ends_the_calls_under_way(private_hosts, tmp_path) -> None:
    host = private_hosts()
    subject = await opened(host, tmp_path, deadline=1)
    host.signal_daemon(signal.SIGSTOP)
    try:
        call = asyncio.ensure_future(subject.driver.load())
        await asyncio.sleep(0)
        await subject.driver.close()
        with refuses(Problem.UNAVAILABLE):
            await call
        assert subject.events.events == []
    finally:
        host.signal_daemon(signal.SIGCONT)


async def test_who_listens_nowhere_is_unavailable(tmp_path) -> None:
    driver = create(f"qemu+unix:///system?socket={tmp_path}/none", state=tmp_path, deadline=5)
    with refuses(Problem.UNAVAILABLE) as caught:
        await driver.open(lambda _event: None)
    assert "Start the daemon" in caught.value.said.action


async def test_devices_are_those_that_the_hypervisor_tells_of(private_host: lab.PrivateHost, tmp_path: Path) -> None:
    connection = libvirt.open(private_host.libvirt_uri)
    told = ET.fromstring(connection.getDomainCapabilities(None, "x86_64", None, "qemu", 0))
    connection.close()
    subject = await opened(private_host, tmp_path)
    facts = subject.host.facts
    await subject.driver.close()
    for choices, kind, path in (
        (facts.device_types, DeviceKind.VIDEO, "video/enum[@name='modelType']"),
        (facts.device_types, DeviceKind.TPM, "tpm/enum[@name='model']"),
        (facts.device_backends, DeviceKind.TPM, "tpm/enum[@name='backendModel']"),
        (facts.device_backends, DeviceKind.RNG, "rng/enum[@name='backendModel']"),
    ):
        assert choices[kind] == tuple(value.text for value in told.iterfind(f"devices/{path}/value"))
