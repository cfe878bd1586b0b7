"""Each class of libvirt-cim's indications on real hosts: asked for by hand, told in order, and taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from tests.system.conftest import eventually
from tests.system.libvirt_cim import mof
from tests.system.libvirt_cim.calls import GUESTS, call, guest, part, request, whole
from tests.system.libvirt_cim.classes import INDICATIONS, SETTING
from tests.system.libvirt_cim.mof import NAME
from tests.system.libvirt_cim.place import MACHINES, Place
from tests.system.libvirt_cim.subscriber import Listener, Subscriber, listening

pytestmark = pytest.mark.lab

OF_GUESTS, OF_SETTINGS, OF_MIGRATIONS = "ComputerSystem", SETTING, "ComputerSystemMigrationJob"


@pytest.fixture
def listeners(place: Place) -> Iterator[dict[str, Listener]]:
    """Of guests, of what they have, and of migrations: each is told of what is made, changed and deleted."""
    subscriber = Subscriber(place.server)
    with listening() as of_guests, listening() as of_settings, listening() as of_migrations:
        made = dict(zip((OF_GUESTS, OF_SETTINGS, OF_MIGRATIONS), (of_guests, of_settings, of_migrations), strict=True))
        for name in INDICATIONS:
            kind = re.split("Created|Modified|Deleted", name)[0]
            subscriber.subscribe(place.name(name), made[kind].port, kind)
        yield made
        for first, second in subscriber.withdraw():
            assert (first, second) == ("", "error 6"), "what is deleted twice was there once"
    for domain in place.hypervisor.listAllDomains():
        if domain.name() == NAME:
            if domain.isActive():
                domain.destroy()
            domain.undefine()


def settings(place: Place) -> set[str]:
    paths = place.conn.EnumerateInstanceNames(place.name(SETTING))
    return {path["InstanceID"] for path in paths if path["InstanceID"].startswith(f"{NAME}/")}


def test_a_guests_life_is_told(place, listeners):
    for listener in listeners.values():
        listener.accept()
    more, local = mof.disk(place, 1), "vdb" if place.kind is MACHINES else "/more"
    call(place, GUESTS, "DefineSystem", SystemSettings=mof.system(place), ResourceSettings=mof.resources(place))
    had = settings(place)
    request(place, 2)
    request(place, 3)
    call(place, GUESTS, "ModifyResourceSettings", ResourceSettings=[mof.memory(place, 48)])
    call(place, GUESTS, "AddResourceSettings", AffectedConfiguration=whole(place), ResourceSettings=[more])
    call(place, GUESTS, "RemoveResourceSettings", ResourceSettings=[part(place, "Disk", local)])
    call(place, GUESTS, "DestroySystem", AffectedSystem=guest(place))

    of_guests, of_settings = listeners[OF_GUESTS], listeners[OF_SETTINGS]
    last = place.name("ComputerSystemDeletedIndication")
    eventually("the guest's end is told", lambda: of_guests.told and of_guests.told[-1].class_name == last)
    kinds = [re.sub(f"{place.kind.prefix}_ComputerSystem|Indication", "", each.class_name) for each in of_guests.told]
    assert kinds[0] == "Created"
    assert set(kinds[1:-1]) == {"Modified"}
    assert all(f'Name="{NAME}"' in each.about for each in of_guests.told)

    def names(event: str) -> set[str]:
        wanted = place.name(f"{SETTING}{event}Indication")
        found = [each.about for each in of_settings.told if each.class_name == wanted]
        return {path.partition('InstanceID="')[2].rstrip('"') for path in found}

    eventually("the end of what it had is told", lambda: had <= names("Deleted"))
    assert names("Created") == names("Deleted") == had | {f"{NAME}/{local}"}
    assert f"{NAME}/mem" in names("Modified")
    assert {each.class_name for each in of_settings.told} <= {place.name(name) for name in INDICATIONS}
    assert listeners[OF_MIGRATIONS].told == []


def test_what_others_do_is_told(place, listeners):
    """As by virsh; what is read in between was seen, so it is told. The listener is slow: nobody waits for it."""
    call(place, GUESTS, "DefineSystem", SystemSettings=mof.system(place), ResourceSettings=mof.resources(place))
    domain = place.domain(NAME)
    domain.create()
    assert place.conn.GetInstance(guest(place))["EnabledState"] == 2
    domain.destroy()
    domain.undefine()
    of_guests = listeners[OF_GUESTS]
    of_guests.accept()
    last = place.name("ComputerSystemDeletedIndication")
    eventually("the guest's end is told", lambda: of_guests.told and of_guests.told[-1].class_name == last)
    found = {each.class_name for each in of_guests.told}
    assert found == {place.name(f"ComputerSystem{event}Indication") for event in ("Created", "Modified", "Deleted")}
