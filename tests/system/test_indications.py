"""Indications as listeners get them: pywbem's subscription manager and listener beside a server of our own."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field

import pytest
import pywbem
from tests.system.conftest import eventually, free_port

QUERY = "SELECT * FROM {} WHERE SourceInstance ISA CIM_ComputerSystem"
STATE = (
    "SELECT * FROM CIM_InstModification WHERE SourceInstance ISA CIM_ComputerSystem AND "
    "SourceInstance.CIM_ComputerSystem::EnabledState <> PreviousInstance.CIM_ComputerSystem::EnabledState"
)


@dataclass
class Heard:
    """A pywbem listener, and what it got, in order."""

    port: int = field(default_factory=free_port)
    indications: list = field(default_factory=list)

    def __post_init__(self):
        self._listener = None
        self._lock = threading.Lock()

    def start(self):
        self._listener = pywbem.WBEMListener("127.0.0.1", http_port=self.port)
        self._listener.add_callback(self._take)
        self._listener.start()
        return self

    def stop(self):
        if self._listener is not None:
            self._listener.stop()
            self._listener = None

    def _take(self, indication, _host):
        with self._lock:
            self.indications.append(indication)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def names(self):
        with self._lock:
            return [(i.classname, i["SourceInstance"]["ElementName"]) for i in self.indications]

    def numbers(self):
        with self._lock:
            return [int(i["SequenceNumber"]) for i in self.indications]


@pytest.fixture
def listening():
    """Start pywbem listeners."""
    started = []

    def start():
        started.append(Heard().start())
        return started[-1]

    yield start
    for heard in started:
        heard.stop()


@contextlib.contextmanager
def subscribed(server, heard, *queries, language="DMTF:CQL", name="test", owned=True):
    """Subscribe a listener to queries, as pywbem does it; gone afterwards."""
    conn = server.connection(namespace="interop")
    manager = pywbem.WBEMSubscriptionManager(name)
    id = manager.add_server(pywbem.WBEMServer(conn))
    how = {"destination_id": "d"} if owned else {"name": f"{name}-d"}
    destination = manager.add_destination(
        id, heard.url, owned=owned, persistence_type="transient" if owned else "permanent", **how
    )
    filters, subscriptions = [], []
    for number, query in enumerate(queries):
        how = {"filter_id": f"f{number}"} if owned else {"name": f"{name}-f{number}"}
        filters.append(
            manager.add_filter(
                id, query=query, query_language=language, source_namespaces="root/vman", owned=owned, **how
            )
        )
        subscriptions += manager.add_subscriptions(id, filters[-1].path, destination.path, owned=owned)
    try:
        yield manager, id, destination, filters, subscriptions
    finally:
        if owned:
            manager.remove_all_servers()
        else:
            manager.remove_subscriptions(id, [s.path for s in subscriptions])
            for one in filters:
                manager.remove_filter(id, one.path)
            manager.remove_destinations(id, destination.path)
            manager.remove_all_servers()
        conn.close()


def set_delivery(server, **values):
    """Change the settings of the indication service."""
    with server.manager() as manager:
        [settings] = manager.conn.EnumerateInstances("CIM_IndicationServiceSettingData", namespace="interop")
        for name, value in values.items():
            settings[name] = value
        manager.conn.ModifyInstance(settings, PropertyList=list(values))


@pytest.mark.parametrize("owned", [True, False], ids=["owned", "permanent"])
def test_the_life_of_a_system_is_told(simulated, listening, owned):
    heard = listening()
    queries = [QUERY.format(c) for c in ("CIM_InstCreation", "CIM_InstDeletion")]
    with subscribed(simulated, heard, *queries, STATE, owned=owned), simulated.manager() as manager:
        system = manager.define("told")
        assert manager.request(system, 2) == 0
        assert manager.request(system, 3) == 0
        assert manager.destroy(system) == 0
        eventually("its end is told", lambda: ("CIM_InstDeletion", "told") in heard.names())
    kinds = [kind for kind, name in heard.names() if name == "told"]
    changes = heard.indications[1:-1]
    assert kinds == ["CIM_InstCreation", *["CIM_InstModification"] * len(changes), "CIM_InstDeletion"]
    befores = [i["PreviousInstance"]["EnabledState"] for i in changes]
    afters = [i["SourceInstance"]["EnabledState"] for i in changes]
    assert (befores[0], afters[-1]) == (3, 3)
    assert befores[1:] == afters[:-1], "each change begins where the one before it ended"
    assert 2 in afters
    assert all("EnabledState" in i["ChangedPropertyNames"] for i in changes)
    assert heard.numbers() == list(range(len(kinds)))
    assert len({i["SequenceContext"] for i in heard.indications}) == 1
    assert len({i["IndicationIdentifier"] for i in heard.indications}) == len(kinds)
    assert all(
        "filter" in i["IndicationFilterName"] or "test-f" in i["IndicationFilterName"] for i in heard.indications
    )
    assert all(system["Name"] in i["SourceInstanceModelPath"] for i in heard.indications)


def test_what_is_in_use_cannot_be_deleted(simulated, listening):
    with subscribed(simulated, listening(), STATE) as (_, _, destination, filters, _), simulated.manager() as manager:
        for path in (filters[0].path, destination.path):
            with pytest.raises(pywbem.CIMError) as refused:
                manager.conn.DeleteInstance(path)
            assert refused.value.status_code == pywbem.CIM_ERR_FAILED


def test_a_destination_that_is_made_again_begins_anew(simulated, listening):
    creation = QUERY.format("CIM_InstCreation")
    contexts = []
    for round in range(2):
        heard = listening()
        with subscribed(simulated, heard, creation, name="again", owned=False), simulated.manager() as manager:
            system = manager.define(f"again-{round}")
            eventually("it is told", lambda h=heard: h.indications)
            assert manager.destroy(system) == 0
        assert heard.numbers() == [0]
        contexts.append(heard.indications[0]["SequenceContext"])
    assert contexts[0] != contexts[1]


def test_a_collection_of_the_server_is_subscribed_to_as_one(simulated, listening):
    heard = listening()
    conn = simulated.connection(namespace="interop")
    collections = {c["CollectionName"]: c.path for c in conn.EnumerateInstances("CIM_FilterCollection")}
    values = {"Name": "all", "Destination": heard.url}
    made = [conn.CreateInstance(pywbem.CIMInstance("CIM_ListenerDestinationCIMXML", values))]
    ends = {"Filter": collections["VMAN:DSP1057:Lifecycle"], "Handler": made[0]}
    made.append(conn.CreateInstance(pywbem.CIMInstance("CIM_FilterCollectionSubscription", ends)))
    with simulated.manager() as manager:
        assert manager.destroy(manager.define("collected")) == 0
        wanted = {"VMAN:DSP1057:ComputerSystemCreated", "VMAN:DSP1057:VirtualSystemSettingDataDeleted"}
        eventually("all is told", lambda: wanted <= {i["IndicationFilterName"] for i in list(heard.indications)})
    names = {i["IndicationFilterName"] for i in heard.indications}
    assert all(name.startswith("VMAN:DSP1057:") for name in names)
    for path in reversed(made):
        conn.DeleteInstance(path)
    conn.close()


def test_what_a_starting_server_finds_is_not_new(serve, listening):
    server = serve("sim://?hosts=1&vms=3")
    heard = listening()
    with subscribed(server, heard, QUERY.format("CIM_InstIndication"), name="found", owned=False):
        assert server.stop() == 0
        server.start()
        with server.manager() as manager:
            system = manager.define("new")
            assert manager.destroy(system) == 0
        eventually("the end is told", lambda: len(heard.indications) == 2)
    assert heard.names() == [("CIM_InstCreation", "new"), ("CIM_InstDeletion", "new")]
