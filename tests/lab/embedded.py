"""One process with an embedded QEMU: does the steps given as arguments, prints what it found as JSON.

embedded.py FOLDER IMAGE [STEP…], where a step is an action (``start``, ``pause`` …) or a name in STEPS.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from openvman.drivers.contract import Driver
from openvman.drivers.registry import create
from openvman.model.allocation import DiskKind, NicConnection
from openvman.model.errors import ModelError
from openvman.model.spec import Definition, DiskSpec, MemorySpec, NicSpec, ProcessorSpec
from openvman.model.states import Action
from openvman.model.system import OnCrash

ID = "3f0f6f8b-0d3c-4b7e-9a50-6f2d5f5f0b11"
NOTHING = object()

folder, image, *steps = sys.argv[1:]


def embedded(name: str) -> Driver:
    return create(f"qemu:///embed?root={folder}/{name}", state=Path(folder), deadline=20)


def told(error: ModelError) -> list[str]:
    return [error.problem.name, error.message]


async def define(driver: Driver) -> Any:
    host = (await driver.load()).hosts[0]
    definition = Definition(
        id=ID,
        host_id=host.id,
        name="guest",
        hypervisor=host.facts.hypervisors[-1],
        description=None,
        autostart=False,
        on_crash=OnCrash.DESTROY,
        machine=None,
        processor=ProcessorSpec(count=1),
        memory=MemorySpec(size=32 << 20),
        disks=(DiskSpec(kind=DiskKind.DISK, bus="ide", source=image, format="raw"),),
        nics=(NicSpec(connection=NicConnection.USER, model="virtio", mac="52:54:00:00:00:01"),),
    )
    await driver.define(definition)
    return NOTHING


async def undefine(driver: Driver) -> Any:
    await driver.undefine(ID)
    return NOTHING


async def console(driver: Driver) -> Any:
    data = b""
    while not data.endswith(b"\n"):
        data = (await driver.read_console(ID, 0, 0, 100)).data
        await asyncio.sleep(0.02)
    return data.decode()


async def state(driver: Driver) -> Any:
    system = await driver.read_system(ID)
    return system.state.value if system is not None else None


async def reopen(driver: Driver) -> Any:
    await driver.close()
    await driver.open(lambda _event: None)
    return NOTHING


async def wait(_driver: Driver) -> Any:
    """Say that the folder is open, and hold it until the standard input ends."""
    sys.stdout.write("open\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    return NOTHING


async def another(_driver: Driver) -> Any:
    """Try to open a second folder."""
    try:
        await embedded("other").open(lambda _event: None)
    except ModelError as error:
        return told(error)
    return NOTHING


STEPS: dict[str, Callable[[Driver], Awaitable[Any]]] = {
    step.__name__: step for step in (define, undefine, console, state, reopen, wait, another)
}


async def main() -> list[Any]:
    driver = embedded("qemu")
    try:
        await driver.open(lambda _event: None)
    except ModelError as error:
        return [told(error)]
    host = (await driver.load()).hosts[0]
    found: list[Any] = [[host.id, list(host.facts.hypervisors), host.facts.has_console_log]]
    for step in steps:
        if step in STEPS:
            found.append(await STEPS[step](driver))
        else:
            await driver.act(ID, Action(step))
    await driver.close()
    return [each for each in found if each is not NOTHING]


sys.stdout.write(json.dumps(asyncio.run(main())) + "\n")
