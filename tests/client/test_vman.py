"""The vocabulary's own decisions; that it agrees with a server is shown in tests/cli/test_with_server.py."""

from __future__ import annotations

import pytest
import pywbem

from openvman.client.errors import ClientError, Reason
from openvman.client.records import Action
from openvman.client.vman import Client, Console

U16 = pywbem.Uint16
UUID = "01234567-89ab-cdef-0123-456789abcdef"


def named(class_name: str, name: str, **properties) -> pywbem.CIMInstance:
    path = pywbem.CIMInstanceName(class_name, {"CreationClassName": class_name, "Name": name}, namespace="root/vman")
    return pywbem.CIMInstance(class_name, {"Name": name, **properties}, path=path)


def computer(name: str, uuid: str, state: int = 3) -> pywbem.CIMInstance:
    return named("VMAN_ComputerSystem", uuid, ElementName=name, EnabledState=U16(state))


@pytest.fixture
def place(connection):
    """Puts systems on hosts into the fake server: (system, host name) pairs."""

    def put(*pairs) -> None:
        hosts = {host: named("VMAN_HostSystem", f"id-{host}", ElementName=host) for _, host in pairs}
        on = {system["Name"]: hosts[host] for system, host in pairs}
        classes = {"VMAN_HostSystem": list(hosts.values()), "VMAN_ComputerSystem": [system for system, _ in pairs]}

        def get(path, **_):
            for system, _host in pairs:
                if system.path == path:
                    return system
            raise pywbem.CIMError(6, "gone")

        connection.answers["EnumerateInstances"] = lambda name, **_: classes[name]
        connection.answers["Associators"] = lambda path, **_: [on[path["Name"]]]
        connection.answers["GetInstance"] = get

    return put


def failure(call) -> ClientError:
    with pytest.raises(ClientError) as raised:
        call()
    return raised.value


def test_a_system_is_found_by_name_and_by_uuid(session, place):
    place((computer("a", UUID), "one"))
    client = Client(session)
    assert client.find("a") == client.find(UUID.upper())
    assert client.find("a").host == "one"


def test_a_name_on_two_hosts_is_an_error_that_lists_both(session, place):
    place((computer("a", UUID), "one"), (computer("a", "other"), "two"))
    told = failure(lambda: Client(session).find("a"))
    assert told.reason is Reason.NOT_FOUND
    assert f"{UUID} on one" in told.message
    assert "other on two" in told.message


def test_the_host_tells_systems_of_one_name_apart(session, place):
    place((computer("a", UUID), "one"), (computer("a", "other"), "two"))
    client = Client(session)
    assert client.find("a", client.host("two")).id == "other"


def test_a_name_that_looks_like_a_uuid_is_still_a_name(session, place):
    place((computer(UUID, "u"), "one"))
    assert Client(session).find(UUID).id == "u"


def test_what_is_not_there(session, place):
    place((computer("a", UUID), "one"))
    client = Client(session)
    assert failure(lambda: client.find("b")).reason is Reason.NOT_FOUND
    assert "one (id-one)" in failure(lambda: client.host("b")).message


def test_a_refused_change_of_state_tells_the_state_and_what_is_possible(session, connection, place):
    system = computer("a", UUID)
    system["AvailableRequestedStates"] = [U16(2)]
    place((system, "one"))
    connection.answers["InvokeMethod"] = lambda *_: (4097, {})
    client = Client(session)
    told = failure(lambda: client.request(client.find("a"), Action.PAUSE))
    assert (told.reason, told.message) == (Reason.REFUSED, "'a' is defined: it cannot pause. Possible now: start.")


def test_waiting_ends(session, place, clock):
    place((computer("a", UUID), "one"))
    client = Client(session, clock, clock.sleep)
    assert client.wait(client.find("a"), "defined", 5).state == "defined"
    assert failure(lambda: client.wait(client.find("a"), "active", 5)).reason is Reason.TIMEOUT
    assert 5 <= clock.now < 6


def allocation(class_name: str, configuration: str, quantity: int) -> pywbem.CIMInstance:
    return pywbem.CIMInstance(
        class_name,
        {
            "InstanceID": f"VMAN:{UUID}/{configuration}/x",
            "VirtualQuantity": pywbem.Uint64(quantity),
            "AllocationUnits": "byte",
        },
    )


@pytest.mark.parametrize("order", [("defined", "state"), ("state", "defined")])
def test_lists_tell_what_a_system_has_now(session, connection, order):
    system, host = computer("a", UUID, state=2), named("VMAN_HostSystem", "h", ElementName="one")
    quantities = {"state": 1, "defined": 2}
    classes = {
        "VMAN_HostSystem": [host],
        "VMAN_ComputerSystem": [system],
        "CIM_HostedDependency": [
            pywbem.CIMInstance("VMAN_HostedDependency", {"Antecedent": host.path, "Dependent": system.path})
        ],
        **{
            name: [allocation(name, kind, quantities[kind]) for kind in order]
            for name in ("VMAN_ProcessorAllocationSettingData", "VMAN_MemoryAllocationSettingData")
        },
    }
    connection.answers["EnumerateInstances"] = lambda name, **_: classes[name]
    (seen,) = Client(session).systems()
    assert (seen.cpus, seen.memory, seen.host) == (1, 1, "one")


LOG = pywbem.CIMInstanceName("VMAN_MessageLog", {"Name": "x"}, namespace="root/vman")


class Log:
    """A message log whose iteration identifier is the number of the next record."""

    def __init__(self, *records: bytes) -> None:
        self.records = list(records)

    def __call__(self, method, _path, parameters):
        if method == "PositionToFirstRecord":
            return 0, {"IterationIdentifier": "0"}
        given = dict(parameters)
        number = int(given["IterationIdentifier"])
        if number >= len(self.records):
            return 2, {}
        data = [pywbem.Uint8(byte) for byte in self.records[number]]
        return 0, {"IterationIdentifier": str(number + 1), "RecordData": data}


def test_a_console_gives_each_line_once(session, connection):
    log = connection.answers["InvokeMethod"] = Log(b"one\r\n", b"", b"t\xffwo")
    console = Console(session, LOG)
    assert list(console.lines()) == ["one", "", "t\ufffdwo"]
    assert list(console.lines()) == []
    log.records.append(b"three")
    assert list(console.lines()) == ["three"]


def test_a_console_that_cannot_be_read_is_told(session, connection):
    connection.answers["InvokeMethod"] = lambda method, *_: (
        (0, {"IterationIdentifier": "0"}) if method[0] == "P" else (1, {})
    )
    assert failure(lambda: list(Console(session, LOG).lines())).reason is Reason.FAILED
