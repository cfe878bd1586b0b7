"""Consoles and images of simulated systems."""

from __future__ import annotations

import pytest
from tests.drivers.simulated_platform import GIB
from tests.drivers.subject import refuses

from openvman.messages.problem import Problem
from openvman.model.states import Action


async def test_the_console_tells_each_boot(platform) -> None:
    system = await platform.define()
    assert (await platform.driver.read_console(system.id, 0, 0, 100)).size == 0
    for action in (Action.START, Action.RESET):
        await platform.driver.act(system.id, action)
    line = b"openvman simulated guest new\r\n"
    chunk = await platform.driver.read_console(system.id, 0, 0, 1000)
    assert (chunk.data, chunk.offset, chunk.size) == (line * 2, 0, 2 * len(line))
    chunk = await platform.driver.read_console(system.id, 0, 9, 9)
    assert (chunk.data, chunk.offset, chunk.size) == (line[9:18], 9, 2 * len(line))


async def test_a_console_that_is_not_there(platform) -> None:
    system = await platform.define(console_log=False)
    with refuses(Problem.NOT_FOUND):
        await platform.driver.read_console(system.id, 0, 0, 100)
    with refuses(Problem.NOT_FOUND):
        await platform.driver.read_console("nobody", 0, 0, 100)


async def test_an_image_is_made_found_and_removed(platform) -> None:
    driver, host_id, path = platform.driver, platform.host.id, "/simulated/images/mine.qcow2"
    with refuses(Problem.NOT_FOUND):
        await driver.inspect_image(host_id, path)
    await driver.create_image(host_id, path, "qcow2", GIB)
    image = await driver.inspect_image(host_id, path)
    assert (image.path, image.format, image.capacity, image.backing) == (path, "qcow2", GIB, None)
    with refuses(Problem.ALREADY_EXISTS):
        await driver.create_image(host_id, path, "qcow2", GIB)
    for _ in range(2):
        await driver.delete_image(host_id, path)
    with refuses(Problem.NOT_FOUND):
        await driver.inspect_image(host_id, path)


@pytest.mark.parametrize(
    ("path", "format", "capacity", "problem"),
    [
        ("relative", "raw", 1, Problem.INVALID_PARAMETER),
        ("/a/../b", "raw", 1, Problem.INVALID_PARAMETER),
        ("/a\0b", "raw", 1, Problem.INVALID_PARAMETER),
        ("/a/b", "vmdk", 1, Problem.NOT_SUPPORTED),
        ("/a/b", "raw", 0, Problem.INVALID_PARAMETER),
        ("/simulated/images/small.qcow2", "raw", 1, Problem.ALREADY_EXISTS),
    ],
)
async def test_an_image_that_cannot_be_made(platform, path, format, capacity, problem) -> None:
    with refuses(problem):
        await platform.driver.create_image(platform.host.id, path, format, capacity)


async def test_a_real_file_is_an_image_and_stays(platform, tmp_path) -> None:
    real = tmp_path / "real.img"
    real.write_bytes(b"12345")
    image = await platform.driver.inspect_image(platform.host.id, str(real))
    assert (image.format, image.capacity) == ("raw", 5)
    with refuses(Problem.ALREADY_EXISTS):
        await platform.driver.create_image(platform.host.id, str(real), "raw", 1)
    await platform.driver.delete_image(platform.host.id, str(real))
    assert real.read_bytes() == b"12345"
    with refuses(Problem.NOT_FOUND):
        await platform.driver.inspect_image(platform.host.id, str(tmp_path))  # a folder
