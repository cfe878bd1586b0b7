"""Images on another machine, as volumes of its storage pools. Each function blocks."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, Final

import libvirt
from lxml import etree

from openvman.drivers.libvirt import xml
from openvman.messages import hypervisor_storage
from openvman.model.errors import ModelError

_CHUNK: Final = 256 * 1024
_ABSENT: Final = frozenset({libvirt.VIR_ERR_NO_STORAGE_POOL, libvirt.VIR_ERR_NO_STORAGE_VOL})


def write(connection: Any, path: str, content: bytes) -> None:
    """Make a raw volume of these bytes. NOT_SUPPORTED when no active storage pool has the folder as its target."""
    pool = _pool(connection, path)
    delete(connection, path)
    volume = pool.createXML(xml.print_(_volume(PurePosixPath(path).name, len(content))))
    try:
        _send(connection, volume, content)
    except BaseException:
        volume.delete()
        raise


def delete(connection: Any, path: str) -> None:
    """Remove a volume; gone already is fine."""
    pool = _pool(connection, path)
    pool.refresh(0)
    try:
        pool.storageVolLookupByName(PurePosixPath(path).name).delete()
    except libvirt.libvirtError as error:
        if error.get_error_code() not in _ABSENT:
            raise


def _pool(connection: Any, path: str) -> Any:
    folder = str(PurePosixPath(path).parent)
    try:
        return connection.storagePoolLookupByTargetPath(folder)
    except libvirt.libvirtError as error:
        if error.get_error_code() not in _ABSENT:
            raise
        raise ModelError(hypervisor_storage.UPLOAD_FOLDER, path, folder=folder) from None


def _volume(name: str, size: int) -> Any:
    root = etree.Element("volume", type="file")
    etree.SubElement(root, "name").text = name
    etree.SubElement(root, "capacity", unit="bytes").text = str(size)
    target = etree.SubElement(root, "target")
    etree.SubElement(target, "format", type="raw")
    permissions = etree.SubElement(target, "permissions")
    etree.SubElement(permissions, "mode").text = "0600"
    return root


def _send(connection: Any, volume: Any, content: bytes) -> None:
    stream = connection.newStream(0)
    try:
        volume.upload(stream, 0, len(content), 0)
        sent = 0
        while sent < len(content):
            sent += stream.send(content[sent : sent + _CHUNK])
        stream.finish()
    except BaseException:
        stream.abort()
        raise
