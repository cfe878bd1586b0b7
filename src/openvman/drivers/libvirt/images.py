"""Disk images on this machine: looked at, made, removed. Only for local hypervisors.

A guest writes what it likes into its disk, so an image is hostile input: the format is told to qemu-img, never left for
it to probe, and a backing file is reported, never opened on the image's word alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import stat
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from openvman.drivers.contract import Image
from openvman.messages import hypervisor, hypervisor_storage
from openvman.model.errors import ModelError

QEMU_IMG: Final = "qemu-img"
FORMATS_MADE: Final = ("raw", "qcow2")

_HEADER: Final = 512
_MAGICS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"QFI\xfb", "qcow2"),
    (b"KDMV", "vmdk"),
    (b"# Disk DescriptorFile", "vmdk"),
    (b"vhdxfile", "vhdx"),
    (b"conectix", "vpc"),
    (b"QED\0", "qed"),
    (b"LUKS\xba\xbe", "luks"),
    (b"<<< ", "vdi"),
)
_LOOKED_AT: Final = frozenset({"raw", "qcow2", "vdi", "vhdx", "vpc"})
"""Formats that keep everything in one file. A vmdk can name other files as its extents, so it is not opened."""

_QCOW2_SIZE: Final = struct.Struct(">24xQ")
_QCOW2_INCOMPATIBLE: Final = struct.Struct(">4xI64xQ")
_QCOW2_DATA_FILE: Final = 1 << 2


def capacity_of(path: str, format: str | None) -> int | None:
    """The virtual size of a raw or qcow2 image from its own header, without a program; None when not known.

    ``format`` is what the configuration says; it is not probed.
    """
    try:
        header, size = _header(path)
    except (OSError, ModelError, ValueError):
        return None
    if format in {None, "raw"}:
        return size
    if format == "qcow2" and header.startswith(b"QFI\xfb") and len(header) >= _QCOW2_SIZE.size:
        return int(_QCOW2_SIZE.unpack_from(header)[0])
    return None


async def inspect(path: str, deadline: float) -> Image:
    """Look at one image. NOT_FOUND if there is none, NOT_SUPPORTED for one that keeps its data in other files."""
    _check_path(path)
    here = await asyncio.to_thread(_resolved, path)
    format = await asyncio.to_thread(_format, here)
    if format not in _LOOKED_AT:
        raise ModelError(hypervisor_storage.IMAGE_FOREIGN, path, path=path, format=format)
    about = await _info(here, format, deadline)
    named = about.get("backing-filename")
    return Image(
        path=here,
        format=about["format"],
        capacity=int(about["virtual-size"]),
        backing=_backing(here, str(named)) if named else None,
        backing_format=about.get("backing-filename-format"),
    )


async def create(path: str, format: str, capacity: int, deadline: float) -> None:
    """Make an empty image of ``capacity`` bytes; nothing is left on failure. ALREADY_EXISTS when the path is taken."""
    _check_path(path)
    if format not in FORMATS_MADE:
        raise ModelError(hypervisor_storage.IMAGE_FORMAT, "format", format=format, formats=FORMATS_MADE)
    if capacity <= 0:
        raise ModelError(hypervisor_storage.IMAGE_CAPACITY, "capacity", capacity=capacity)
    try:
        # qemu-img overwrites what it finds; the exclusive open decides who makes the file.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except FileExistsError as error:
        raise ModelError(hypervisor_storage.FILE_TAKEN, path, path=path) from error
    except FileNotFoundError as error:
        raise ModelError(hypervisor_storage.NO_FOLDER, path, folder=Path(path).parent) from error
    except OSError as error:
        raise _failed("create", path, error) from error
    try:
        await _run(("create", "-q", "-f", format, "--", path, str(capacity)), path, deadline)
    except BaseException:
        delete(path)
        raise


def write(path: str, content: bytes) -> None:
    """Make a file of these bytes that only its owner may read, in one step: it is never there in part. Blocks."""
    _check_path(path)
    part = _part(path)
    try:
        part.unlink(missing_ok=True)  # of a write that a crash cut short
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with open(handle, "wb") as file:  # noqa: PTH123 - of a handle
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except FileNotFoundError as error:
        raise ModelError(hypervisor_storage.NO_FOLDER, path, folder=Path(path).parent) from error
    except OSError as error:
        raise _failed("write", path, error) from error


def _part(path: str) -> Path:
    """The name that a file has while it is written."""
    return Path(path).with_name(f".{Path(path).name}.openvman-part")


def delete(path: str) -> None:
    """Remove an image file, and what a crash left of writing it; gone already is fine.

    Anything but a regular file stays: INVALID_PARAMETER.
    """
    _check_path(path)
    try:
        _part(path).unlink(missing_ok=True)
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise ModelError(hypervisor_storage.NOT_REGULAR, path, path=path)
        Path(path).unlink()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise _failed("remove", path, error) from error


def _failed(what: str, path: str, error: OSError) -> ModelError:
    return ModelError(hypervisor.FAILED, path, doing=f"{what} {path}", reason=error.strerror)


def _check_path(path: str) -> None:
    # An absolute path is never an option ("-x") and never a protocol ("nbd:…", "json:…") to qemu-img.
    if not path.startswith("/") or any(ord(character) < 0x20 for character in path):
        raise ModelError(hypervisor_storage.IMAGE_PATH, path, path=path)


def _resolved(path: str) -> str:
    """Where the image is once links are followed, so that what is checked cannot become another file later.

    A block device keeps its name: one below /dev/disk outlives a restart of the host, what it leads to does not.
    """
    try:
        return path if stat.S_ISBLK(os.stat(path).st_mode) else os.path.realpath(path)  # noqa: PTH116
    except OSError:
        return path  # whoever opens it says what is wrong


def _header(path: str) -> tuple[bytes, int]:
    """The first bytes and the size of a file or block device."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(handle).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISBLK(mode)):
            raise ModelError(hypervisor_storage.NOT_AN_IMAGE, path, path=path)
        return os.pread(handle, _HEADER, 0), os.lseek(handle, 0, os.SEEK_END)
    finally:
        os.close(handle)


def _format(path: str) -> str:
    """The format by the image's first bytes; ``raw`` when they are none that we know."""
    try:
        header, _ = _header(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ModelError(hypervisor_storage.NO_IMAGE, path, path=path) from error
    except OSError as error:
        raise _failed("read", path, error) from error
    found = next((format for magic, format in _MAGICS if header.startswith(magic)), "raw")
    if found == "qcow2" and len(header) >= _QCOW2_INCOMPATIBLE.size:
        version, incompatible = _QCOW2_INCOMPATIBLE.unpack_from(header)
        if version >= 3 and incompatible & _QCOW2_DATA_FILE:
            raise ModelError(hypervisor_storage.IMAGE_SPLIT, path, path=path)
    return found


def _backing(image: str, named: str) -> str:
    """The path of a backing file; relative to the image's folder."""
    name = named.removeprefix("file:")
    if ":" in name.partition("/")[0]:
        raise ModelError(hypervisor_storage.IMAGE_BACKING, image, path=image)
    return os.path.normpath(Path(image).parent / name)


async def _info(path: str, format: str, deadline: float) -> dict[str, Any]:
    # -U: a running guest holds the image's lock. Without --backing-chain no other file is opened.
    output = await _run(("info", "-U", "--output=json", "-f", format, "--", path), path, deadline)
    try:
        about = json.loads(output)
        int(about["virtual-size"])
        return dict(about)
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(hypervisor_storage.QEMU_IMG_UNREADABLE, path, path=path) from error


async def _run(arguments: Sequence[str], subject: str, deadline: float) -> bytes:
    try:
        process = await asyncio.create_subprocess_exec(
            QEMU_IMG,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        )
    except FileNotFoundError as error:
        raise ModelError(hypervisor_storage.QEMU_IMG_MISSING, subject) from error
    try:
        async with asyncio.timeout(deadline):
            output, errors = await process.communicate()
    except TimeoutError:
        raise ModelError(hypervisor_storage.QEMU_IMG_LATE, subject, path=subject, seconds=deadline) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        reason = errors.decode(errors="replace").strip(". \n").removeprefix("qemu-img: ")
        raise ModelError(hypervisor_storage.QEMU_IMG_FAILED, subject, reason=reason[:500])
    return output
