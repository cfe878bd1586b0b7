"""Hosts for the conformance run: a libvirt with guests, a network, a storage pool and filters, and a server over it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import libvirt
import pywbem
from lxml import etree
from tests.lab import containers, lab
from tests.lab.lab import PrivateHost
from tests.system.conftest import Server, eventually

RESTING, ACTIVE = "resting", "active"
NETWORK = "moorings"
BRIDGE = "moor0"
POOL = "hold"
VOLUMES = ("resting.img", "active.img", "spare.img")
FILTER, NESTED = "harbour", "pier"

_NETWORK = f"""<network><name>{NETWORK}</name><bridge name='{BRIDGE}'/>
  <ip address='10.97.1.1' netmask='255.255.255.0'/></network>"""
_POOL = f"<pool type='dir'><name>{POOL}</name><target><path>{{folder}}</path></target></pool>"
_FILTERS = (
    f"<filter name='{NESTED}' chain='root'><rule action='drop' direction='inout'/></filter>",
    f"""<filter name='{FILTER}' chain='root'><filterref filter='{NESTED}'/>
      <rule action='accept' direction='in'><tcp srcipaddr='10.0.0.1' srcipmask='24' dstportstart='22'/></rule>
      <rule action='drop' direction='out'><mac srcmacaddr='00:00:00:00:00:01' protocolid='arp'/></rule></filter>""",
)
_MACHINE = """
<domain type='qemu'>
  <name>{name}</name><memory unit='KiB'>65536</memory><vcpu>2</vcpu>
  <cputune><shares>512</shares><period>100000</period><quota>50000</quota></cputune>
  <os><type arch='x86_64' machine='pc'>hvm</type><boot dev='hd'/></os>
  <features><acpi/><apic/><pae/></features>
  <on_crash>restart</on_crash>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/><source file='{folder}/{name}.img'/><target dev='vda' bus='virtio'/>
    </disk>
    <disk type='file' device='cdrom'><target dev='hdc' bus='ide'/><readonly/></disk>
    <disk type='file' device='floppy'><target dev='fda' bus='fdc'/></disk>
    <controller type='scsi' index='0' model='virtio-scsi'/>
    <interface type='network'><mac address='{macs[0]}'/><source network='{network}'/><model type='virtio'/>
      <filterref filter='{filter}'/></interface>
    <interface type='bridge'><mac address='{macs[1]}'/><source bridge='{bridge}'/><model type='e1000'/></interface>
    <interface type='user'><mac address='{macs[2]}'/><model type='rtl8139'/></interface>
    <graphics type='vnc' autoport='yes' keymap='de'><listen type='address' address='127.0.0.1'/></graphics>
    <video><model type='vga'/></video>
    <input type='tablet' bus='usb'/>
    <serial type='pty'><target port='0'/></serial>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <sound model='ich6'/>
    <watchdog model='i6300esb' action='reset'/>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
  </devices>
</domain>"""
_CONTAINER = """
<domain type='lxc'>
  <name>{name}</name><memory unit='KiB'>65536</memory><vcpu>2</vcpu>
  <os><type>exe</type><init>/init</init></os>
  <devices>
    <filesystem type='mount'><source dir='{folder}/root'/><target dir='/'/></filesystem>
    <filesystem type='mount'><source dir='{folder}/shared'/><target dir='/shared'/></filesystem>
    <interface type='network'><mac address='{macs[0]}'/><source network='{network}'/></interface>
    <console type='pty'/>
  </devices>
</domain>"""


@dataclass(frozen=True)
class Kind:
    """A kind of host: ``nics`` is how many adapters its guests have."""

    prefix: str
    fixture: str
    uri: Callable[[PrivateHost], str]
    libvirt_uri: Callable[[PrivateHost], str]
    domain: str
    nics: int
    number: int

    def macs(self, name: str) -> tuple[str, ...]:
        of_guest = (RESTING, ACTIVE).index(name)
        return tuple(f"00:11:22:{self.number:02x}:{of_guest:02x}:{nic:02x}" for nic in range(self.nics))


MACHINES = Kind("KVM", "machines", lambda host: host.uri, lambda host: host.libvirt_uri, _MACHINE, 3, 1)
CONTAINERS = Kind(
    "LXC", "container_host", lambda host: host.container_uri, lambda host: host.container_uri, _CONTAINER, 1, 2
)


@dataclass(frozen=True)
class Place:
    """A server over a host of one kind. ``folder`` has what its guests have."""

    kind: Kind
    server: Server
    hypervisor: libvirt.virConnect
    private: PrivateHost
    host: str
    folder: Path
    conn: pywbem.WBEMConnection
    """Of a client, in ``root/virt``."""
    resting: str = RESTING
    active: str = ACTIVE
    known: set[int] = field(default_factory=set)
    """The activations of the active guest whose init libvirt knows."""
    _got: dict[pywbem.CIMInstanceName, pywbem.CIMInstance] = field(default_factory=dict)
    _enumerated: dict[tuple[str, str], list[pywbem.CIMInstanceName]] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        """What libvirt is reached by."""
        return self.kind.libvirt_uri(self.private)

    @property
    def guests(self) -> tuple[str, str]:
        return self.resting, self.active

    def domain(self, name: str) -> libvirt.virDomain:
        return self.hypervisor.lookupByName(name)

    def xml(self, name: str) -> etree._Element:
        """What libvirt says of a guest: of its activation, if it is active."""
        return etree.fromstring(self.domain(name).XMLDesc())

    def name(self, local: str) -> str:
        """The name of a class."""
        return f"{self.kind.prefix}_{local}"

    def enumerated(self, local: str, namespace: str = "root/virt") -> list[pywbem.CIMInstanceName]:
        """The paths of a class, asked for once: for tests that change nothing."""
        if (local, namespace) not in self._enumerated:
            paths = self.conn.EnumerateInstanceNames(self.name(local), namespace=namespace)
            self._enumerated[local, namespace] = here(paths)
        return self._enumerated[local, namespace]

    def got(self, path: pywbem.CIMInstanceName) -> pywbem.CIMInstance:
        """An instance, got once; likewise."""
        if path not in self._got:
            self._got[path] = self.conn.GetInstance(path, LocalOnly=False)
        return self._got[path]

    def forget(self) -> None:
        """What was got and enumerated: the names of screens say their ports."""
        self._got.clear()
        self._enumerated.clear()

    def path(self, local: str, namespace: str = "root/virt", **keys: str) -> pywbem.CIMInstanceName:
        return pywbem.CIMInstanceName(self.name(local), keys, namespace=namespace)


def here(paths: Iterable[pywbem.CIMInstanceName]) -> list[pywbem.CIMInstanceName]:
    """As they can be asked for, whichever host they say."""
    found = [path.copy() for path in paths]
    for path in found:
        path.host = None
    return found


def running(place: Place) -> None:
    """The active guest runs, whatever became of it; of a container libvirt knows the init."""
    domain, lines = place.domain(place.active), place.folder / "shared/lines"
    if domain.isActive() and domain.state()[0] == libvirt.VIR_DOMAIN_PAUSED:
        domain.resume()
    while not domain.isActive() or not _is_known(place):
        place.forget()
        if domain.isActive():
            domain.destroy()
        lines.unlink(missing_ok=True)
        domain.create()
        if place.kind is CONTAINERS:
            eventually("the container's init has run", lines.exists)


def _is_known(place: Place) -> bool:
    """Asked once for each start."""
    activation = place.domain(place.active).ID()
    if activation not in place.known and (place.kind is MACHINES or containers.is_known(place.uri, place.active)):
        place.known.add(activation)
    return activation in place.known


@contextmanager
def shared(host: PrivateHost, folder: Path) -> Iterator[None]:
    """What the guests of both kinds use: a network, filters, and a storage pool with ``folder``."""
    connection = libvirt.open(host.libvirt_uri)
    for name in VOLUMES:
        lab.boot_sector_image(folder, name=name)
    network = connection.networkCreateXML(_NETWORK)
    pool = connection.storagePoolCreateXML(_POOL.format(folder=folder))
    filters = [connection.nwfilterDefineXML(xml) for xml in _FILTERS]
    yield
    for one in reversed(filters):
        one.undefine()
    pool.destroy()
    network.destroy()
    connection.close()


@contextmanager
def furnished(host: PrivateHost, kind: Kind, folder: Path, state: Path) -> Iterator[Place]:
    """A place, whose guests have what is below ``folder``; nothing of it is left."""
    connection = libvirt.open(kind.libvirt_uri(host))
    for name in (RESTING, ACTIVE):
        said = {"network": NETWORK, "bridge": BRIDGE, "filter": FILTER}
        domain = connection.defineXML(kind.domain.format(name=name, folder=folder, macs=kind.macs(name), **said))
        domain.setAutostart(name == RESTING)
    server = Server(state, (kind.uri(host),))
    server.start()
    conn = server.connection("root/virt")
    place = Place(kind, server, connection, host, connection.getHostname(), folder, conn)
    running(place)
    yield place
    conn.close()
    server.stop()
    for domain in connection.listAllDomains():
        if domain.isActive():
            domain.destroy()
        if domain.isPersistent():
            domain.undefine()
    connection.close()
