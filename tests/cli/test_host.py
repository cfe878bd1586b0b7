from __future__ import annotations


def test_list(vman, client, make):
    client.all_hosts = [make.host("one"), make.host("off", online=False)]
    header, one, off = vman("host", "list").stdout.splitlines()
    assert header.split() == ["NAME", "STATUS", "HYPERVISOR", "PLATFORM", "UUID"]
    assert one.split() == ["one", "online", "QEMU", "7.2", "qemu:///system", "id-of-one"]
    assert off.split()[:2] == ["off", "offline"]


def test_list_as_json(vman_json, client, make):
    client.all_hosts = [make.host("one")]
    assert vman_json("host", "list") == [
        {"id": "id-of-one", "name": "one", "online": True, "hypervisor": "QEMU 7.2", "platform": "qemu:///system"}
    ]


def test_show(vman, vman_json, client, make):
    client.put(make.system("a", state="active"))
    client.put(make.system("b"))
    text = vman("host", "show", "one").stdout
    assert "DSP1042 System Virtualization 1.0.0" in text
    assert "2, 1 active" in text
    (told,) = vman_json("host", "show", "id-of-one")
    assert told["system_types"] == ["DMTF:KVM"]
    assert told["systems"] == ["id-of-a", "id-of-b"]


def test_an_unknown_host(vman):
    assert vman("host", "show", "nowhere").exit_code == 3
