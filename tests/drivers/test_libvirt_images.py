"""Disk images are hostile input: nothing is opened on an image's word, nothing is overwritten."""

from __future__ import annotations

import asyncio
import os
import struct
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openvman.drivers.contract import Image
from openvman.drivers.libvirt import images
from openvman.messages.problem import Problem
from openvman.model.errors import ModelError

MIB = 1 << 20
SECONDS = 20


def qemu_img(*arguments: object) -> None:
    subprocess.run(["qemu-img", *map(str, arguments)], check=True, capture_output=True)


def refuses(*problems: Problem):
    return pytest.raises(ModelError, check=lambda error: error.problem in problems)


@pytest.fixture
def base(tmp_path):
    path = tmp_path / "base.qcow2"
    qemu_img("create", "-q", "-f", "qcow2", path, "3M")
    return path


@pytest.mark.parametrize("relative", [True, False])
async def test_a_backing_file_is_reported(tmp_path, base, relative) -> None:
    (tmp_path / "sub").mkdir()
    path = tmp_path / "sub/top.qcow2"
    named = "../base.qcow2" if relative else base
    qemu_img("create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", named, path, "5M")
    found = await images.inspect(str(path), SECONDS)
    assert found == Image(str(path), "qcow2", 5 * MIB, str(base), "qcow2")


async def test_a_backing_file_is_relative_to_the_image_not_to_a_link_to_it(tmp_path, base) -> None:
    (tmp_path / "sub").mkdir()
    path, link = tmp_path / "top.qcow2", tmp_path / "sub/link"
    qemu_img("create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", "base.qcow2", path)
    link.symlink_to(path)
    found = await images.inspect(str(link), SECONDS)
    assert (found.path, found.backing) == (str(path), str(base))


async def test_a_backing_file_is_not_opened(tmp_path) -> None:
    path, pipe = tmp_path / "top.qcow2", tmp_path / "pipe"
    os.mkfifo(pipe)  # whoever opens it waits
    for backing in (pipe, "/nonexistent/base"):
        path.unlink(missing_ok=True)
        qemu_img("create", "-q", "-u", "-f", "qcow2", "-F", "raw", "-b", backing, path, "1M")
        assert (await images.inspect(str(path), SECONDS)).backing == str(backing)


async def test_an_image_without_a_base_has_none(base) -> None:
    assert (await images.inspect(str(base), SECONDS)).backing is None


@pytest.mark.parametrize(
    "backing",
    ["nbd://127.0.0.1:1/x", 'json:{"driver":"null-co"}', "http://127.0.0.1:1/a", "ssh://host/a", "fat:/etc"],
)
async def test_a_backing_file_that_is_no_file(tmp_path, backing) -> None:
    path = tmp_path / "evil.qcow2"
    qemu_img("create", "-q", "-u", "-f", "qcow2", "-F", "raw", "-b", backing, path, "1M")
    with refuses(Problem.NOT_SUPPORTED):
        await images.inspect(str(path), SECONDS)


async def test_an_external_data_file_is_refused(tmp_path) -> None:
    path = tmp_path / "data.qcow2"
    qemu_img("create", "-q", "-f", "qcow2", "-o", f"data_file={tmp_path}/outside", path, "1M")
    with refuses(Problem.NOT_SUPPORTED):
        await images.inspect(str(path), SECONDS)


@pytest.mark.parametrize(
    "start", [b"KDMV", b'# Disk DescriptorFile\nRW 1 FLAT "/etc/shadow" 0\n', b"LUKS\xba\xbe", b"QED\0"]
)
async def test_formats_that_name_other_files_are_not_opened(tmp_path, start) -> None:
    path = tmp_path / "image"
    path.write_bytes(start.ljust(MIB, b"\0"))
    with refuses(Problem.NOT_SUPPORTED):
        await images.inspect(str(path), SECONDS)


@pytest.mark.parametrize("format", ["vdi", "vhdx", "vpc"])
async def test_other_formats_of_one_file(tmp_path, format) -> None:
    path = tmp_path / "image"
    qemu_img("create", "-q", "-f", format, path, "4M")
    assert (await images.inspect(str(path), SECONDS)).format == format


async def test_what_is_no_file(tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, "/dev/zero"):
        with refuses(Problem.INVALID_PARAMETER, Problem.FAILED):
            await images.inspect(str(path), SECONDS)


async def test_names_are_not_options(tmp_path) -> None:
    for name in ("-U", "--help", "json:{}", "a:b", "a,b=c", "ü"):
        path = str(tmp_path / name)
        await images.create(path, "qcow2", MIB, SECONDS)
        assert (await images.inspect(path, SECONDS)).capacity == MIB
    with refuses(Problem.INVALID_PARAMETER):
        await images.create("--help", "raw", MIB, SECONDS)


async def test_nothing_is_overwritten(tmp_path, base) -> None:
    before = base.read_bytes()
    link, dangling = tmp_path / "link", tmp_path / "dangling"
    link.symlink_to(base)
    dangling.symlink_to(tmp_path / "nowhere")
    for path in (base, link, dangling):
        with refuses(Problem.ALREADY_EXISTS):
            await images.create(str(path), "raw", MIB, SECONDS)
    assert base.read_bytes() == before
    assert not (tmp_path / "nowhere").exists()


async def test_of_many_at_once_one_makes_the_file(tmp_path) -> None:
    path = str(tmp_path / "image")
    made = await asyncio.gather(*(images.create(path, "raw", MIB, SECONDS) for _ in range(5)), return_exceptions=True)
    assert made.count(None) == 1


async def test_a_failure_leaves_nothing(tmp_path) -> None:
    path = tmp_path / "image"
    with refuses(Problem.FAILED):
        await images.create(str(path), "qcow2", 1 << 62, SECONDS)
    assert not path.exists()
    with refuses(Problem.NOT_FOUND):
        await images.create(str(tmp_path / "none/image"), "raw", MIB, SECONDS)


async def test_a_program_that_hangs_is_ended(tmp_path, monkeypatch) -> None:
    program = tmp_path / "qemu-img"
    program.write_text(f"#!/bin/sh\necho $$ >{tmp_path}/pid\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    path = tmp_path / "image"
    with refuses(Problem.TIMEOUT):
        await images.create(str(path), "raw", MIB, 1.0)
    assert not path.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


async def test_without_the_program(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with refuses(Problem.UNAVAILABLE):
        await images.create(str(tmp_path / "image"), "raw", MIB, SECONDS)


def test_only_files_are_removed(tmp_path, base) -> None:
    with refuses(Problem.INVALID_PARAMETER):
        images.delete(str(tmp_path))
    link = tmp_path / "link"
    link.symlink_to(base)
    with refuses(Problem.INVALID_PARAMETER):
        images.delete(str(link))
    images.delete(str(base))
    images.delete(str(base))
    images.delete(f"{link}/below")


def test_the_capacity_is_read_from_the_header(tmp_path, base) -> None:
    assert images.capacity_of(str(base), "qcow2") == 3 * MIB
    assert images.capacity_of(str(base), "raw") == base.stat().st_size
    assert images.capacity_of(str(base), "vdi") is None
    assert images.capacity_of(str(tmp_path / "none"), "raw") is None
    assert images.capacity_of(str(tmp_path), "raw") is None
    assert images.capacity_of("/dev/zero", "raw") is None
    assert images.capacity_of("a\0b", "raw") is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=128), st.integers(0, 2**64 - 1))
def test_any_header_is_read(tmp_path, rest: bytes, size: int) -> None:
    path = tmp_path / "image"
    path.write_bytes(b"QFI\xfb" + rest)
    assert images.capacity_of(str(path), "qcow2") is None or len(rest) >= 28
    path.write_bytes(struct.pack(">4sIQIIQ", b"QFI\xfb", 3, 0, 0, 16, size) + rest)
    assert images.capacity_of(str(path), "qcow2") == size
