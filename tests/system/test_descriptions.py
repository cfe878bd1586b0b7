"""Machines by their descriptions, on a real QEMU host, by the command line."""

from __future__ import annotations

import json
import os
import subprocess
import xml.etree.ElementTree as ET

import libvirt
import pytest
import yaml
from tests.system.conftest import VMAN

pytestmark = pytest.mark.lab

DESCRIPTION = """
name: described
description: one of each
processors: 2
memory: {size: 64MiB, maximum: 128MiB}
boot: [disk, network]
disks:
  - {size: 1MiB, bus: virtio}
  - {source: reader.img, bus: virtio, read_only: true}
  - {kind: cdrom}
nics: [{connection: user, model: e1000, mac: "52:54:00:00:00:21"}]
serials: [1]
devices:
  - {kind: graphics, type: vnc}
  - {kind: video, type: vga}
  - {kind: input, type: tablet, bus: usb}
  - {kind: watchdog, action: poweroff}
  - {kind: channel, target: org.qemu.guest_agent.0}
cloud_init:
  user_data_file: user-data
"""


@pytest.fixture
def server(serve, private_host):
    made = serve(private_host.uri)
    (made.images / "reader.img").write_bytes(bytes(1 << 20))
    return made


@pytest.fixture
def vman(server, tmp_path):
    """The command against the server, as its owner; what it printed."""
    (tmp_path / "vm.yaml").write_text(DESCRIPTION)
    (tmp_path / "user-data").write_text("#cloud-config\npassword: swordfish\n")

    here = {
        "OPENVMAN_SERVER": server.url,
        "OPENVMAN_USER": "admin",
        "OPENVMAN_PASSWORD_FILE": str(server.state / "admin.password"),
    }

    def run(*arguments, given=None, code=0):
        done = subprocess.run(
            [str(VMAN), *arguments],
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            cwd=tmp_path,
            env={**os.environ, **here},
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "swordfish" not in done.stdout + done.stderr
        return done.stdout if code == 0 else done.stderr

    return run


def domain(hypervisor, name):
    """The definition, without what each new one has for itself."""
    root = ET.fromstring(hypervisor.lookupByName(name).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
    for log in root.iterfind("devices/serial/log"):
        log.set("file", "")
    return ET.canonicalize(ET.tostring(root))


def test_a_dry_run_does_nothing_and_tells_what_it_would(vman, server, hypervisor):
    before = sorted(server.images.iterdir())
    (told,) = json.loads(vman("vm", "define", "-f", "vm.yaml", "--dry-run", "--json"))
    assert told["description"]["disks"][0]["source"] == str(server.images / "described-vda.qcow2")
    assert any("described-vda.qcow2" in effect for effect in told["effects"])
    assert (hypervisor.listAllDomains(), sorted(server.images.iterdir())) == ([], before)
    said = vman("vm", "define", "-f", "-", "--format", "yaml", given=DESCRIPTION.replace("64MiB", "64TiB"), code=4)
    assert "pool 'memory' of host" in said
    assert hypervisor.listAllDomains() == []


def test_what_is_exported_defines_the_same_again(vman, server, hypervisor):
    vman("vm", "define", "-f", "vm.yaml")
    exported = vman("vm", "export", "described")
    seed = list(server.images.glob("cloud-init-*"))
    assert len(seed) == 1
    before = domain(hypervisor, "described").replace(str(seed[0]), "")
    vman("vm", "destroy", "-y", "described")
    assert list(server.images.glob("cloud-init-*")) == []

    # The data itself cannot be read back: who wants it again says it again.
    again = yaml.safe_load(exported) | {"cloud_init": "#cloud-config"}
    vman("vm", "define", "-f", "-", "--format", "json", given=json.dumps(again))
    assert domain(hypervisor, "described").replace(str(seed[0]), "") == before
    assert vman("vm", "export", "described") == exported
