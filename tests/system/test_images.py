"""Disk images that mean harm, by the real DefineSystem and qemu-img: an operator reaches no file of the host."""

from __future__ import annotations

import json
import struct
import subprocess
import xml.etree.ElementTree as ET

import libvirt
import pytest
import pywbem

pytestmark = pytest.mark.lab

DENIED, INVALID = pywbem.CIM_ERR_ACCESS_DENIED, pywbem.CIM_ERR_INVALID_PARAMETER
NOT_FOUND, NOT_SUPPORTED, FAILED = pywbem.CIM_ERR_NOT_FOUND, pywbem.CIM_ERR_NOT_SUPPORTED, pywbem.CIM_ERR_FAILED
RETURNED_NOT_SUPPORTED = 1


@pytest.fixture(scope="module")
def operator(on_qemu):
    user = on_qemu.add_user("an-operator", "operator", "correct horse battery")
    with on_qemu.manager(user) as connected:
        yield connected


@pytest.fixture
def images(on_qemu, hypervisor):
    """The image folder, as it was before when the test is over; no domain is left that was not there."""
    before = set(on_qemu.images.rglob("*"))
    yield on_qemu.images
    for path in sorted(set(on_qemu.images.rglob("*")) - before, reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    assert on_qemu.mishaps() == []


@pytest.fixture
def secret(tmp_path):
    """A file of the host that no operator may have."""
    path = tmp_path / "secret"
    path.write_bytes(b"the host's secret".ljust(1024))
    return path


def qemu_img(*arguments):
    subprocess.run(["qemu-img", *map(str, arguments)], check=True, capture_output=True, timeout=60)


def test_paths_that_lead_out_of_the_image_folders(operator, images, secret):
    (images / "link.img").symlink_to(secret)
    (images / "folder").symlink_to(secret.parent)
    (images / "twice.img").symlink_to(images / "link.img")
    (images / "null.img").symlink_to("/dev/null")
    (images / "memory.img").symlink_to("/proc/self/mem")
    written = [
        *("link.img", "folder/secret", "twice.img", "null.img", "memory.img", str(images / "link.img")),
        *(str(secret), "/etc/shadow", "/dev/null", "/proc/self/environ", str(images), str(images) + "-x/a.img"),
    ]
    for source in written:
        assert operator.refusal(operator.disk(source)) == DENIED, source
        assert operator.refusal(operator.disk(source, Access=1)) == DENIED, source
    for source in ("../secret", f"{images}/../secret", "a/../../secret", "-x", ""):
        assert operator.refusal(operator.disk(source)) == INVALID, source
    for source in ("nbd://127.0.0.1:1/x", "json:{}", "http://127.0.0.1/x", "file:///etc/shadow", "none.img"):
        assert operator.refusal(operator.disk(source)) == NOT_FOUND, source
    for source in ("folder/new.img", "/etc/new.img"):
        new = operator.disk(source, VirtualQuantity=2**20, VirtualQuantityUnits="byte")
        assert operator.refusal(new) == DENIED, source
    assert sorted(secret.parent.iterdir()) == [secret]


def test_what_is_no_image_at_all(operator, images, tmp_path):
    (images / "folder.img").mkdir()
    subprocess.run(["mkfifo", images / "pipe.img"], check=True)
    (images / "loop.img").symlink_to("loop.img")
    for name in ("folder.img", "pipe.img"):
        assert operator.refusal(operator.disk(name)) == INVALID, name
    assert operator.refusal(operator.disk("loop.img")) in {DENIED, FAILED}


def test_a_raw_disk_that_its_guest_made_look_like_qcow2(operator, images, secret):
    """Its content is not believed."""
    qemu_img("create", "-f", "qcow2", "-b", secret, "-F", "raw", images / "guest.img")
    assert operator.refusal(operator.disk("guest.img")) == INVALID


@pytest.mark.parametrize("depth", [1, 3])
def test_an_image_that_stands_on_a_file_of_the_host(operator, images, secret, depth):
    below = secret
    for level in range(depth):
        image = images / f"level{level}.qcow2"
        qemu_img("create", "-f", "qcow2", "-b", below, "-F", "qcow2" if level else "raw", image)
        below = image
    assert operator.refusal(operator.disk(below.name)) == DENIED


def test_an_image_that_stands_on_a_link_out_of_the_folders(operator, images, secret):
    (images / "link.img").symlink_to(secret)
    qemu_img("create", "-f", "qcow2", "-b", "link.img", "-F", "raw", images / "top.qcow2")
    assert operator.refusal(operator.disk("top.qcow2")) == DENIED


@pytest.mark.parametrize(
    "named", ["nbd:127.0.0.1:1:exportname=x", 'json:{"driver":"file","filename":"/etc/shadow"}', "fat:/etc", "/dev/sr0"]
)
def test_an_image_that_stands_on_what_is_no_file(operator, images, named):
    path = images / "odd.qcow2"
    qemu_img("create", "-f", "qcow2", "-u", "-b", named, "-F", "raw", path, "1M")
    assert operator.refusal(operator.disk(path.name)) in {DENIED, -RETURNED_NOT_SUPPORTED}


def test_an_image_that_keeps_its_data_elsewhere(operator, images, secret):
    """CVE-2024-32498."""
    path = images / "data.qcow2"
    data = images / "data.raw"
    qemu_img("create", "-f", "qcow2", "-o", f"data_file={data},data_file_raw=on", path, "1M")
    assert operator.refusal(operator.disk(path.name)) == -RETURNED_NOT_SUPPORTED
    qemu_img("create", "-f", "qcow2", "-b", path, "-F", "qcow2", images / "over.qcow2")
    assert operator.refusal(operator.disk("over.qcow2")) == -RETURNED_NOT_SUPPORTED


def test_an_image_whose_extents_are_other_files(operator, images, secret):
    """The text of a VMDK names any file as its data."""
    path = images / "extents.vmdk"
    path.write_text(f'# Disk DescriptorFile\nversion=1\ncreateType="monolithicFlat"\nRW 2 FLAT "{secret}" 0\n')
    assert operator.refusal(operator.disk(path.name)) in {INVALID, -RETURNED_NOT_SUPPORTED}


def test_images_that_stand_on_each_other_or_on_themselves(operator, images):
    one, two = images / "one.qcow2", images / "two.qcow2"
    qemu_img("create", "-f", "qcow2", one, "1M")
    qemu_img("create", "-f", "qcow2", "-b", one, "-F", "qcow2", two)
    qemu_img("rebase", "-u", "-b", two, "-F", "qcow2", one)
    assert operator.refusal(operator.disk("one.qcow2")) == -RETURNED_NOT_SUPPORTED
    qemu_img("rebase", "-u", "-b", one, "-F", "qcow2", one)
    assert operator.refusal(operator.disk("one.qcow2")) == -RETURNED_NOT_SUPPORTED


def test_headers_that_are_broken_or_boast(operator, images):
    """qemu-img's own checks stand between; whatever it says, it is a refusal in time."""
    whole = images / "whole.qcow2"
    qemu_img("create", "-f", "qcow2", whole, "1M")
    header = bytearray(whole.read_bytes()[:512])
    broken = {
        "short": header[:20],
        "huge": header[:24] + struct.pack(">Q", 2**63) + header[32:],
        "tables": header[:36] + struct.pack(">I", 2**32 - 1) + header[40:],
        "version": header[:4] + struct.pack(">I", 77) + header[8:],
        "features": header[:72] + b"\xff" * 8 + header[80:],
        "name": header[:8] + struct.pack(">QI", 512, 2**32 - 1) + header[20:],
    }
    for name, content in broken.items():
        (images / f"{name}.qcow2").write_bytes(content)
        assert operator.refusal(operator.disk(f"{name}.qcow2")) in {FAILED, -RETURNED_NOT_SUPPORTED}, name


def test_a_link_within_the_folders_is_resolved_once_and_for_all(operator, hypervisor, images, secret):
    """The path that was checked is the one that is defined: a link that is changed later leads nowhere else."""
    (images / "real.img").write_bytes(bytes(1024))
    (images / "alias.img").symlink_to("real.img")
    system = operator.define("by-alias", operator.disk("alias.img"))
    (images / "alias.img").unlink()
    (images / "alias.img").symlink_to(secret)
    xml = ET.fromstring(hypervisor.lookupByUUIDString(system["Name"]).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
    assert xml.find("devices/disk/source").get("file") == str(images / "real.img")


def test_an_image_in_use_is_kept_for_its_user(operator, images):
    (images / "mine.img").write_bytes(bytes(1024))
    (images / "alias.img").symlink_to("mine.img")
    qemu_img("create", "-f", "qcow2", "-b", "mine.img", "-F", "raw", images / "over.qcow2")
    system = operator.define("owner", operator.disk("mine.img"))
    for name in ("mine.img", "alias.img", "over.qcow2"):
        assert operator.refusal(operator.disk(name)) == FAILED, name
        assert operator.refusal(operator.disk(name, Access=1)) == FAILED, name
    assert operator.destroy(system) == 0
    assert (images / "mine.img").exists()


def test_what_was_made_for_a_refused_definition_is_gone(operator, images):
    """Two new images before the disk that cannot be: neither stays."""
    before = sorted(images.iterdir())
    size = {"VirtualQuantity": 2**20, "VirtualQuantityUnits": "byte"}
    assert operator.refusal(operator.disk(**size), operator.disk("new.qcow2", **size), operator.disk("none.img")) == 6
    huge = {"VirtualQuantity": 2**45, "VirtualQuantityUnits": "byte"}
    assert operator.refusal(operator.disk(**size), operator.disk("huge.img", **huge)) == FAILED
    assert sorted(images.iterdir()) == before


def test_a_new_image_never_overwrites(operator, images):
    (images / "there.img").write_bytes(b"precious".ljust(512))
    size = {"VirtualQuantity": 2**20, "VirtualQuantityUnits": "byte"}
    assert operator.refusal(operator.disk("there.img", **size)) == INVALID
    assert (images / "there.img").read_bytes().startswith(b"precious")
    (images / "dangling.img").symlink_to(images / "target.img")
    operator.refusal(operator.disk("dangling.img", **size))
    assert not (images / "target.img").exists()


def test_a_new_image_is_private_from_its_birth(operator, images):
    system = operator.define("private", operator.disk(VirtualQuantity=2**20, VirtualQuantityUnits="byte"))
    [made] = [path for path in images.iterdir() if path.name.startswith("private")]
    assert made.stat().st_mode & 0o077 == 0
    about = json.loads(subprocess.run(["qemu-img", "info", "--output=json", made], capture_output=True).stdout)
    assert about["virtual-size"] == 2**20
    assert operator.destroy(system) == 0
