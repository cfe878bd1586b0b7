"""What one family of libvirt-cim's classes shows, and through what: one host of a kind, and its guests.

libvirt-cim serves one host, and names everything by the names of guests. So the objects of guests are shown with their
host and their system (:class:`Seen`), of which a getter can read those names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from openvman.cim.names import NameMap
from openvman.cim.values import Value
from openvman.mapping.declare import Attr, Call, ClassMap, ClassName, Coded, Const, Source, UntoldParts
from openvman.model.allocation import Allocation
from openvman.model.host import Host
from openvman.model.picture import Objects, Picture, Reduced
from openvman.model.system import BY_NAME, Configuration, VirtualSystem
from openvman.model.untold import Part, Untold

INSTANCE_ID: Final = "InstanceID"
_NOTHING: Final[Mapping[str, Any]] = {"extras": (), "methods": (), "extra_methods": (), "found_by": {}}
"""What a class of the standard view has of its own, and this view does not have."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An object of the model with the host and the system that it is of."""

    host: Host
    system: VirtualSystem
    of: Any

    @property
    def id(self) -> str:
        return str(self.of.id)

    @property
    def system_id(self) -> str:
        return self.system.id

    @property
    def host_id(self) -> str:
        return self.host.id


def through(source: Source) -> Source:
    """The same property of an object, read through what it is seen in."""
    match source:
        case Attr(path):
            return Attr(f"of.{path}")
        case Coded(path, codes):
            return Coded(f"of.{path}", codes)
        case Call(read):
            return Call(lambda seen: read(seen.of))
        case Const() | ClassName():
            return source
    raise TypeError(f"{source} is never read")


class Scope:
    """The host of a kind, of which the family with ``prefix`` tells.

    A host is of the kind if it executes guests in one of the ways ``executes``. Of several the first by name is shown:
    libvirt-cim knows no other host than its own. With ``of_containers`` the disks of guests are file systems.
    """

    def __init__(self, prefix: str, executes: frozenset[str], *, of_containers: bool = False) -> None:
        self.prefix = prefix
        self.executes = executes
        self.of_containers = of_containers
        self._of: object = None
        self._shown: str | None = None

    def host(self, picture: Picture) -> Host | None:
        """The host; None when there is none of the kind."""
        whole: Objects = picture.objects.whole
        if whole.hosts is not self._of:  # the same object in all generations with the same hosts
            fitting = [host for host in whole.hosts.values() if not self.executes.isdisjoint(host.facts.hypervisors)]
            first = min(fitting, key=lambda host: (host.name, host.id), default=None)
            self._of, self._shown = whole.hosts, None if first is None else first.id
        return None if self._shown is None else whole.host(self._shown)

    def hosts(self, picture: Picture) -> Iterator[Host]:
        """The host, where the picture is not reduced to something else."""
        host = self.host(picture)
        if host is not None and host.id in picture.objects.hosts:
            yield host

    def systems(self, picture: Picture) -> Iterator[VirtualSystem]:
        """The host's guests, as far as the picture has them, in the order of what is associated with them: clients
        compare the one with the other."""
        host, objects = self.host(picture), picture.objects
        if host is None:
            return
        if objects.whole is objects:
            yield from sorted(objects.systems_of(host.id), key=BY_NAME)
        else:
            yield from (system for system in objects.systems.values() if system.host_id == host.id)

    def system_named(self, picture: Picture, name: str) -> VirtualSystem | None:
        host = self.host(picture)
        return None if host is None else picture.objects.system_named(host.id, name)

    def systems_named(self, picture: Picture, name: Value) -> Iterator[VirtualSystem]:
        """One, or several while a name passes from one guest to another."""
        host = self.host(picture)
        found = () if host is None else picture.objects.systems_named(name)
        return (system for system in found if host is not None and system.host_id == host.id)

    def untold(self, part: Part) -> UntoldParts:
        """A part of the host that nobody tells of."""

        def named(picture: Picture) -> tuple[Untold, ...]:
            host = self.host(picture)
            return () if host is None else (Untold(host.id, part),)

        return named

    def seen(self, picture: Picture, of: Any) -> Seen | None:
        """An object of a guest as it is shown; None for one of another host, or of a configuration not in force."""
        host = self.host(picture)
        system = of if isinstance(of, VirtualSystem) else picture.objects.system(of.system_id)
        if host is None or system is None or system.host_id != host.id:
            return None
        if isinstance(of, Configuration) and of is not system.effective:
            return None
        if isinstance(of, Allocation) and of.configuration_id != system.effective.id:
            return None
        return Seen(host, system, of)

    def of_system(
        self,
        standard: tuple[ClassMap, ...],
        *,
        name: str,
        guest: Callable[[NameMap[Value]], str],
        keys: Mapping[str, Source],
        properties: Mapping[str, Source],
        fits: Callable[[Any], bool] = lambda _of: True,
        also_named: tuple[str, ...] = (),
        **more: Any,
    ) -> ClassMap:
        """The class of what the ``standard`` classes show of a guest, as far as it ``fits``.

        ``guest`` is the guest's name in the keys of a path; it is read of the first that is not a class. The properties
        ``also_named`` are that name itself.
        """
        first = standard[0]
        naming = next(name for name, source in keys.items() if not isinstance(source, ClassName))

        def objects(picture: Picture, system: VirtualSystem) -> Iterator[Seen]:
            within = replace(picture, objects=Reduced(picture.objects, system=system))
            for classmap in standard:
                for of in classmap.extent(within):
                    if fits(of) and (seen := self.seen(picture, of)) is not None:
                        yield seen

        def extent(picture: Picture) -> Iterable[Seen]:
            return (seen for system in self.systems(picture) for seen in objects(picture, system))

        def find(picture: Picture, given: NameMap[Value]) -> Seen | None:
            found = self.system_named(picture, guest(given))
            if found is None:
                return None
            return next((seen for seen in objects(picture, found) if _has(seen, keys, given)), None)

        def with_name(picture: Picture, value: Value) -> Iterator[VirtualSystem]:
            return self.systems_named(picture, guest(NameMap({naming: value})))

        return replace(
            first,
            name=name,
            extent=extent,
            find=find,
            seen=lambda picture, of: self.seen(picture, of) if fits(of) else None,
            keys=keys,
            properties=properties,
            modify=None,
            **{
                **_NOTHING,
                "spec": None,
                "subject": lambda seen: seen.of,
                **more,
                "found_by": {naming: with_name, **dict.fromkeys(also_named, self.systems_named)},
            },
        )

    def of_host(
        self,
        standard: ClassMap,
        *,
        keys: Mapping[str, Source],
        properties: Mapping[str, Source],
        **more: Any,
    ) -> ClassMap:
        """The class of something that a host has one of, and is shown by."""
        return replace(
            standard,
            extent=self.hosts,
            find=lambda picture, _keys: self.host(picture),
            keys=keys,
            properties=properties,
            modify=None,
            **{**_NOTHING, **more},
        )

    def singleton(
        self,
        name: str,
        cim: str,
        *,
        description: str,
        keys: Mapping[str, Source],
        properties: Mapping[str, Source],
        **more: Any,
    ) -> ClassMap:
        """The same of something that the standard view does not have."""
        return ClassMap(
            name=name,
            cim=cim,
            description=description,
            owner=Host,
            extent=self.hosts,
            find=lambda picture, _keys: self.host(picture),
            keys=keys,
            properties=properties,
            **more,
        )


def _has(seen: Seen, keys: Mapping[str, Source], given: NameMap[Value]) -> bool:
    """Whether these are its keys, as far as they tell objects apart."""
    return all(source.read(seen) == given[key] for key, source in keys.items() if isinstance(source, Call))
