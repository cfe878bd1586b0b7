from __future__ import annotations

from openvman.client import settings
from openvman.client.wishes import Change, DiskWish, NicWish, SystemWish


def said(instance) -> dict:
    return dict(instance.items())


def test_what_is_not_said_is_not_sent():
    assert said(settings.system_settings(SystemWish(name="a"))) == {"ElementName": "a"}
    assert settings.resource_settings(SystemWish(name="a")) == []
    assert said(settings.changed_settings(Change(description="d"), "VMAN:u/defined")) == {
        "InstanceID": "VMAN:u/defined",
        "Description": "d",
    }


def test_a_system_with_everything():
    wish = SystemWish(
        name="a",
        id="u",
        type="DMTF:KVM",
        autostart=True,
        description="d",
        cpus=2,
        memory=64 * 2**20,
        disks=(
            DiskWish(source="i.img", read_only=True),
            DiskWish(capacity=1024, kind="floppy", bus="fdc", target="fda"),
        ),
        nics=(NicWish(connection="user", model="virtio", mac="52:54:00:00:00:01"),),
    )
    assert said(settings.system_settings(wish)) == {
        "ElementName": "a",
        "VirtualSystemIdentifier": "u",
        "VirtualSystemType": "DMTF:KVM",
        "Description": "d",
        "AutomaticStartupAction": 4,
    }
    cpus, memory, disk, floppy, nic = settings.resource_settings(wish)
    assert said(cpus) == {"ResourceType": 3, "VirtualQuantity": 2}
    assert said(memory)["VirtualQuantity"] == 64 * 2**20
    assert said(memory)["VirtualQuantityUnits"] == "byte"
    assert said(disk) == {"ResourceType": 17, "HostResource": ["i.img"], "Access": 1}
    assert said(floppy)["VirtualQuantity"] == 1024
    assert (said(floppy)["ResourceSubType"], said(floppy)["AddressOnParent"]) == ("fdc", "fda")
    assert said(nic) == {
        "ResourceType": 10,
        "ResourceSubType": "virtio",
        "Address": "52:54:00:00:00:01",
        "Connection": ["user"],
    }
