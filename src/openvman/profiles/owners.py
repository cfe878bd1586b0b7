"""The aggregates of the model: the units in which the picture changes."""

from __future__ import annotations

from dataclasses import replace

from openvman.mapping.declare import Owner
from openvman.model.allocation import Allocation
from openvman.model.boot import BootSource
from openvman.model.capability import Offer, PossibleAllocation
from openvman.model.changes import PossibleChange
from openvman.model.console import Console
from openvman.model.host import Host
from openvman.model.host_device import HostDevice
from openvman.model.host_port import HostPort
from openvman.model.job import Job
from openvman.model.mutability import Mutability
from openvman.model.picture import Picture, Reduced
from openvman.model.pool import ResourcePool
from openvman.model.server import Server
from openvman.model.storage import PoolVolumes
from openvman.model.system import BY_NAME, Configuration, VirtualSystem
from openvman.profiles.dsp1041_service import Share


def _system_of(
    picture: Picture,
    obj: VirtualSystem | Configuration | Allocation | BootSource | Console,
) -> VirtualSystem | None:
    return picture.objects.system(obj.id if isinstance(obj, VirtualSystem) else obj.system_id)


def _host_of(
    picture: Picture,
    obj: Host | ResourcePool | Offer | PossibleAllocation | Share | HostDevice | HostPort | Mutability | PossibleChange,
) -> Host | None:
    match obj:
        case Host(id=host_id):
            pass
        case Offer() | PossibleAllocation() | Mutability() | PossibleChange():
            host_id = obj.host_id
        case Share(pool=pool):
            host_id = pool.host.id
        case _:
            host_id = obj.host.id
    return picture.objects.host(host_id)


OWNERS = (
    Owner(
        VirtualSystem,
        extent=lambda p: p.objects.systems.values(),
        get=lambda p, system_id: p.objects.system(system_id),
        of=_system_of,
        within=lambda p, system: replace(p, objects=Reduced(p.objects, system=system)),
        order=BY_NAME,
        bears=lambda system: ((Host, system.host_id),),  # what its pools have left
    ),
    Owner(
        Host,
        extent=lambda p: p.objects.hosts.values(),
        get=lambda p, host_id: p.objects.host(host_id),
        of=_host_of,
        within=lambda p, host: replace(p, objects=Reduced(p.objects, host=host)),
    ),
    Owner(
        Job,
        extent=lambda p: p.objects.jobs.values(),
        get=lambda p, job_id: p.objects.job(job_id),
        of=lambda _p, job: job,
        within=lambda p, job: replace(p, objects=Reduced(p.objects, job=job)),
    ),
    Owner(
        PoolVolumes,
        extent=lambda p: p.objects.volumes.values(),
        get=lambda p, pool_id: p.objects.volumes.get(pool_id),
        of=lambda p, obj: p.objects.volumes_of(obj.host_id, obj.pool),
        within=lambda p, held: replace(p, objects=Reduced(p.objects, volumes=held)),
    ),
    Owner(
        Server,
        extent=lambda p: (p.server,),
        get=lambda p, _server_id: p.server,
        of=lambda p, _obj: p.server,
    ),
)
