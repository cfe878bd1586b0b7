"""A libvirt connection that answers as one did where its hypervisor is, and keeps the domains that it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import libvirt
from lxml import etree

DATA = Path(__file__).parent / "data"


class Refusal(libvirt.libvirtError):
    """libvirt's word for something that is not there, or that the hypervisor cannot do.

    libvirt's own class would take the code and the text of the thread's latest error.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self._code = code
        self._text = text

    def get_error_code(self) -> int:
        return self._code

    def get_error_message(self) -> str:
        return self._text

    def __str__(self) -> str:
        return self._text


def no_support() -> Refusal:
    return Refusal(libvirt.VIR_ERR_NO_SUPPORT, "this function is not supported by the connection driver")


class RecordedDomain:
    """A domain of one XML, whichever is asked for. It starts and stops at once."""

    def __init__(self, connection: RecordedConnection, text: str, *, active: bool = False) -> None:
        self._connection = connection
        self.text = text
        self._state = libvirt.VIR_DOMAIN_RUNNING if active else libvirt.VIR_DOMAIN_SHUTOFF
        root = etree.fromstring(text)
        self._uuid, self._name = str(root.findtext("uuid")).lower(), str(root.findtext("name"))
        self._autostart = 0

    def OSType(self) -> str:  # noqa: N802 - libvirt's names
        return str(etree.fromstring(self.text).findtext("os/type"))

    def connect(self) -> RecordedConnection:
        return self._connection

    def UUIDString(self) -> str:  # noqa: N802
        return self._uuid

    def name(self) -> str:
        return self._name

    def XMLDesc(self, _flags: int = 0) -> str:  # noqa: N802
        return self.text

    def state(self, _flags: int = 0) -> list[int]:
        return [self._state, 0]

    def ID(self) -> int:  # noqa: N802
        return 1 if self.isActive() else -1

    def UUID(self) -> bytes:  # noqa: N802
        return UUID(self.UUIDString()).bytes

    def isActive(self) -> int:  # noqa: N802
        return int(self._state != libvirt.VIR_DOMAIN_SHUTOFF)

    def isPersistent(self) -> int:  # noqa: N802
        return 1

    def hasManagedSaveImage(self, _flags: int) -> int:  # noqa: N802
        return 0

    def autostart(self) -> int:
        return self._autostart

    def setAutostart(self, value: int) -> None:  # noqa: N802
        self._autostart = value

    def create(self) -> None:
        self._state = libvirt.VIR_DOMAIN_RUNNING

    def createWithFlags(self, _flags: int) -> None:  # noqa: N802
        self.create()

    def suspend(self) -> None:
        self._state = libvirt.VIR_DOMAIN_PAUSED

    def resume(self) -> None:
        self._state = libvirt.VIR_DOMAIN_RUNNING

    def destroy(self) -> None:
        self._state = libvirt.VIR_DOMAIN_SHUTOFF

    def undefineFlags(self, _flags: int) -> None:  # noqa: N802
        self._connection.domains.remove(self)

    def __getattr__(self, name: str) -> Any:
        def refuse(*_arguments: object) -> None:
            raise no_support()

        if name.startswith("_"):
            raise AttributeError(name)
        return refuse


class RecordedNetwork:
    """libvirt's usual network, which is active."""

    def XMLDesc(self, _flags: int = 0) -> str:  # noqa: N802
        return (
            "<network><name>default</name><uuid>0f6f0c5e-97a1-4a0f-9a53-6a8ef0f9a1d4</uuid><forward mode='nat'/>"
            "<bridge name='virbr0'/><ip address='192.168.122.1' netmask='255.255.255.0'/></network>"
        )

    def isActive(self) -> int:  # noqa: N802
        return 1

    isPersistent = autostart = isActive  # noqa: N815


class RecordedConnection:
    """Answers as the file in ``data/host`` says; what it has no answer for, the hypervisor does not have.

    ``domains`` are those of the files named, the first of them active.
    """

    def __init__(self, name: str, domains: Iterable[str] = ()) -> None:
        self._name = name
        self._answers = etree.parse(str(DATA / "host" / f"{name}.xml")).getroot()
        self.domains: list[RecordedDomain] = []
        for domain in domains:
            text = (DATA / "read" / f"{domain}.xml").read_text()
            self.domains.append(RecordedDomain(self, text, active=not self.domains))

    def _answer(self, name: str) -> str:
        found = self._answers.find(name)
        if found is None:
            raise no_support()
        return str(etree.tostring(found, encoding="unicode"))

    def getCapabilities(self) -> str:  # noqa: N802 - libvirt's names
        return self._answer("capabilities")

    def getDomainCapabilities(self, *_asked: object) -> str:  # noqa: N802
        return self._answer("domainCapabilities")

    def getInfo(self) -> list[object]:  # noqa: N802
        return ["x86_64", 16384, 8, 2400, 1, 1, 4, 2]

    def getHostname(self) -> str:  # noqa: N802
        return "elsewhere"

    def getType(self) -> str:  # noqa: N802
        return self._name.capitalize()

    def getVersion(self) -> int:  # noqa: N802
        return 4_017_000

    def getLibVersion(self) -> int:  # noqa: N802
        return 9_000_000

    def isAlive(self) -> int:  # noqa: N802
        return 1

    def close(self) -> int:
        return 0

    def _none(self, _flags: int) -> list[object]:
        return []

    listAllDevices = listAllStoragePools = listAllNWFilters = _none  # noqa: N815

    def listAllNetworks(self, _flags: int) -> list[RecordedNetwork]:  # noqa: N802
        return [RecordedNetwork()]

    def listAllDomains(self, flags: int = 0) -> list[RecordedDomain]:  # noqa: N802
        asked: dict[int, Callable[[RecordedDomain], object]] = {
            0: lambda _: True,
            libvirt.VIR_CONNECT_LIST_DOMAINS_AUTOSTART: RecordedDomain.autostart,
            libvirt.VIR_CONNECT_LIST_DOMAINS_PAUSED: lambda d: d.state()[0] == libvirt.VIR_DOMAIN_PAUSED,
        }
        fits = asked.get(flags, lambda _: False)
        return [domain for domain in self.domains if fits(domain)]

    def defineXML(self, text: str) -> RecordedDomain:  # noqa: N802
        made = RecordedDomain(self, text)
        self.domains = [domain for domain in self.domains if domain.UUIDString() != made.UUIDString()]
        self.domains.append(made)
        return made

    def lookupByUUIDString(self, uuid: str) -> RecordedDomain:  # noqa: N802
        return self._only(lambda domain: domain.UUIDString() == uuid.lower())

    def lookupByName(self, name: str) -> RecordedDomain:  # noqa: N802
        return self._only(lambda domain: domain.name() == name)

    def _only(self, fits: Callable[[RecordedDomain], bool]) -> RecordedDomain:
        for domain in self.domains:
            if fits(domain):
                return domain
        raise Refusal(libvirt.VIR_ERR_NO_DOMAIN, "Domain not found")

    def __getattr__(self, name: str) -> Any:
        def refuse(*_arguments: object) -> None:
            raise no_support()

        if name.startswith("_"):
            raise AttributeError(name)
        return refuse
