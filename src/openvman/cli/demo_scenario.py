"""What the demonstration does: each step asks through CIM-XML, reads back what became of it, and says both."""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from openvman.client.demo_guest import IMAGE
from openvman.client.errors import ClientError, Reason
from openvman.client.records import REQUESTED_STATES, Action, Configuration, Details, Host, System
from openvman.client.units import format_size
from openvman.client.wishes import Change, DiskWish, NicWish, SystemWish

if TYPE_CHECKING:  # it imports pywbem, which is slow, and help must be quick
    from openvman.client.vman import Client

PREFIX: Final = "openvman-demo-"
MARK: Final = "Made by vman demo, process "
"""A description that begins so, and goes on ``<process> on <machine>``, is the demonstration's own."""
CPUS: Final = 2
MEMORY: Final = 64 * 2**20
MORE_MEMORY: Final = 96 * 2**20
CONSOLE_SECONDS: Final = 20.0
SHUTDOWN_SECONDS: Final = 10.0
EFFECT_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.1


@dataclass(slots=True)
class Step:
    """One step: what it is for, what is asked of which class, and what was found."""

    title: str
    asked: str
    found: str = ""


Report: TypeAlias = Callable[[Step], AbstractContextManager[Step]]
"""Enters a step, and shows it with its time when it is done or has failed."""


class Scenario:
    """The demonstration on one server; :meth:`run` leaves nothing behind, whatever happens."""

    def __init__(
        self,
        client: Client,
        report: Report,
        host_name: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._report = report
        self._host_name = host_name
        self._clock = clock
        self._sleep = sleep
        # Chosen here, so that a machine is found again even when the answer to its definition was not awaited.
        self._id = str(uuid.uuid4())

    def run(self) -> None:
        """All steps. Raises ClientError at the first effect that is not seen."""
        self._sweep()
        host = self._find_host()
        try:
            self._live_on(host)
        finally:
            self._destroy_what_is_left()

    def _live_on(self, host: Host) -> None:
        system = self._define(host)
        self._change_state(system, Action.START, "Start it", "active")
        self._read_console(system)
        self._change_state(system, Action.PAUSE, "Pause it", "paused")
        self._change_state(system, Action.START, "Let it go on", "active")
        self._change_memory(system)
        self._stop(system)
        self._destroy(system)

    def _sweep(self) -> None:
        """Destroy what an earlier demonstration on this machine left when it was killed."""
        for system in self._client.systems():
            owner = _owner(system)
            if owner is not None and not _lives(owner):
                with self._report(Step("Sweep up an earlier demo", "DestroySystem, ended by force")) as step:
                    self._client.destroy(system)
                    step.found = system.name

    def _find_host(self) -> Host:
        with self._report(Step("Find a host", "EnumerateInstances VMAN_HostSystem")) as step:
            if self._host_name is not None:
                host = self._client.host(self._host_name)
            else:
                host = _first_online(self._client.hosts())
            step.found = f"{host.name}, {host.hypervisor}"
        with self._report(
            Step("Ask what it conforms to", "Associators CIM_ElementConformsToProfile to CIM_RegisteredProfile")
        ) as step:
            profiles = self._client.profiles(host)
            _expect(bool(profiles), f"{host.name} conforms to no profile; a host conforms to DSP1042.")
            step.found = ", ".join(profile.caption for profile in profiles)
        return host

    def _define(self, host: Host) -> System:
        wish = SystemWish(
            name=f"{PREFIX}{self._id[:8]}",
            id=self._id,
            description=f"{MARK}{os.getpid()} on {socket.gethostname()}",
            cpus=CPUS,
            memory=MEMORY,
            disks=(DiskWish(source=IMAGE, read_only=True),),
            nics=(NicWish(connection="user"),),
        )
        asked = "DefineSystem of VMAN_VirtualSystemManagementService"
        with self._report(Step("Define a virtual machine", asked)) as step:
            system = self._client.define(wish, host)
            defined = _defined(self._client.details(system))
            seen = (system.state, defined.cpus, defined.memory, len(defined.disks), len(defined.nics))
            _expect(seen == ("defined", CPUS, MEMORY, 1, 1), f"'{system.name}' is not as it was asked for: {seen}.")
            step.found = (
                f"{system.name}: {defined.cpus} processors, {format_size(defined.memory)}, "
                f"disk {defined.disks[0].target}, network {defined.nics[0].mac}"
            )
        return system

    def _change_state(self, system: System, action: Action, title: str, state: str) -> None:
        with self._report(Step(title, _requesting(action))) as step:
            self._client.request(system, action)
            step.found = self._client.wait(system, state, EFFECT_SECONDS).state

    def _read_console(self, system: System) -> None:
        with self._report(Step("Read its serial console", "GetRecord of VMAN_MessageLog")) as step:
            log = self._client.console(system)
            end = self._clock() + CONSOLE_SECONDS
            while True:
                line = next((line.strip() for line in log.lines() if line.strip()), None)
                if line is not None:
                    break
                _expect(
                    self._clock() < end,
                    f"the guest of '{system.name}' has printed nothing on its serial console in "
                    f"{CONSOLE_SECONDS:.0f} s.",
                )
                self._sleep(_POLL_SECONDS)
            step.found = f'it printed "{line}"'

    def _change_memory(self, system: System) -> None:
        with self._report(Step("Give it more memory", "ModifyResourceSettings of the defined configuration")) as step:
            before = self._client.details(system)
            self._client.modify(system, _defined(before), Change(memory=MORE_MEMORY))
            after = self._client.details(system)
            defined = _defined(after)
            _expect(
                defined.memory == MORE_MEMORY,
                f"'{system.name}' has {format_size(defined.memory)} defined, and not {format_size(MORE_MEMORY)}.",
            )
            now = "" if after.current is None else f" (now {format_size(after.current.memory)})"
            step.found = f"{format_size(defined.memory)} at the next start{now}"

    def _stop(self, system: System) -> None:
        with self._report(Step("Ask the guest to shut down", _requesting(Action.STOP))) as step:
            self._client.request(system, Action.STOP)
            try:
                step.found = self._client.wait(system, "defined", SHUTDOWN_SECONDS).state
            except ClientError as error:
                if error.reason is not Reason.TIMEOUT:
                    raise
                step.found = f"it does not listen ({error.message.rstrip('.')})"
            else:
                return
        self._change_state(system, Action.FORCE_STOP, "Pull its plug", "defined")

    def _destroy(self, system: System) -> None:
        asked = "DestroySystem of VMAN_VirtualSystemManagementService"
        with self._report(Step("Destroy it", asked)) as step:
            self._client.destroy(system)
            _expect(self._left() is None, f"'{system.name}' is still there after it was destroyed.")
            step.found = "it is gone"

    def _left(self) -> System | None:
        """The demonstration's machine as long as there is one."""
        try:
            return self._client.find(self._id)
        except ClientError as error:
            if error.reason is Reason.NOT_FOUND:
                return None
            raise

    def _destroy_what_is_left(self) -> None:
        left = self._left()
        if left is not None:
            self._client.destroy(left)


def _requesting(action: Action) -> str:
    return f"RequestStateChange({REQUESTED_STATES[action]}) of VMAN_ComputerSystem"


def _first_online(hosts: list[Host]) -> Host:
    for host in hosts:
        if host.online:
            return host
    raise ClientError(Reason.FAILED, "The server has no host that is online; `vman host list` shows those it knows.")


def _defined(details: Details) -> Configuration:
    if details.defined is None:
        raise ClientError(Reason.FAILED, f"'{details.system.name}' has no defined configuration.")
    return details.defined


def _expect(fulfilled: bool, otherwise: str) -> None:
    if not fulfilled:
        raise ClientError(Reason.FAILED, f"The demo failed: {otherwise}")


def _owner(system: System) -> tuple[int, str] | None:
    """Process and machine of the demonstration that made a virtual machine; None when none did."""
    description = system.description or ""
    if not system.name.startswith(PREFIX) or not description.startswith(MARK):
        return None
    process, on, machine = description.removeprefix(MARK).partition(" on ")
    return (int(process), machine) if on and process.isascii() and process.isdigit() else None


def _lives(owner: tuple[int, str]) -> bool:
    """Whether a demonstration may still run; of one on another machine that is not known."""
    process, machine = owner
    if machine != socket.gethostname():
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
