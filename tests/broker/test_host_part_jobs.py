"""Jobs about parts of a host that have no class: shown, without what they affect."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from openvman.broker.indications.event_log import Wanted
from openvman.model.actor import Role
from openvman.model.job import Affected, Element, Job, JobState
from openvman.model.storage import Volume

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def test_a_job_about_a_network_is_shown(client):
    host = min(client.inventory.generation.hosts.values(), key=lambda host: host.name)
    kinds = {
        Element.NETWORK: host.networks[0].id,
        Element.FILTER: host.filters[0].id,
        Element.STORAGE_POOL: host.storage[0].id,
        Element.VOLUME: f"{host.id}/volumes/default/a.img",
    }
    job = Job(
        id="1",
        name="Create virtual network 'new'",
        operation="create_network",
        owner="admin",
        role=Role.ADMIN,
        host_id=host.id,
        state=JobState.COMPLETED,
        submitted=NOW,
        changed=NOW,
        affected=tuple(Affected(element, id) for element, id in kinds.items()),
    )
    client.inventory.show_jobs([(job.id, job)])
    [path] = await client.paths("VMAN_ConcreteJob")
    assert (await client.get(path)).get("ElementName") == job.name
    assert await client.associators(path, AssocClass="CIM_AffectedJobElement") == []
    [owner] = await client.associators(path, AssocClass="CIM_OwningJobElement")
    assert owner.path.keys["SystemName"] == host.id


async def test_who_watches_everything_is_told_of_no_volume_and_of_all_that_follows(client):
    host = min(client.inventory.generation.hosts.values(), key=lambda host: host.name)
    [pool] = host.storage
    driver, events = client.inventory.driver_of(host.id), client.broker.events
    start = events.end
    await driver.create_volume(host.id, Volume(pool.name, "a.img"), "raw", 1 << 20)
    await client.inventory.refresh_volumes(host.id, pool.name)
    await client.inventory.refresh_host(host.id)
    assert client.inventory.generation.host(host.id).storage == (replace(pool, allocated=1 << 20),)
    told, _, lost = events.since(start, Wanted(classes=("CIM_ResourcePool",)), 100, client.actor)
    assert [(each["kind"], "storage:default" in each["path"]) for each in told].count(("modification", True)) == 1
    assert all("volume" not in each["path"].lower() for each in events.since(start, Wanted(), 100, client.actor)[0])
    assert not lost
