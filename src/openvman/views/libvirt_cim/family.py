"""A family of libvirt-cim's classes: those with one prefix, for the hosts of one kind of hypervisor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from openvman.mapping.bind import View
from openvman.mapping.declare import Base, ClassMap, Edge, Manners, Space
from openvman.profiles import redirection
from openvman.profiles.dsp1041_service import POOL_CAPABILITIES, POOL_SERVICE, POOL_SETTING
from openvman.profiles.dsp1042_system_virtualization import MANAGEMENT_CAPABILITIES, MANAGEMENT_SERVICE
from openvman.profiles.dsp1052_computer_system import HOST_SYSTEM
from openvman.profiles.dsp1057_virtual_system import COMPUTER_SYSTEM, ENABLED_CAPABILITIES, SETTING_DATA
from openvman.profiles.owners import OWNERS
from openvman.views.libvirt_cim.device_kinds import ADAPTERS
from openvman.views.libvirt_cim.devices import SETTING, kinds
from openvman.views.libvirt_cim.edges import Own, Translation, is_taken_over
from openvman.views.libvirt_cim.errors import words
from openvman.views.libvirt_cim.filters import filters
from openvman.views.libvirt_cim.indications import indications
from openvman.views.libvirt_cim.methods import guest_methods
from openvman.views.libvirt_cim.pool_service import pool_methods
from openvman.views.libvirt_cim.pools import pool_maps
from openvman.views.libvirt_cim.profiles import registrations
from openvman.views.libvirt_cim.scope import Scope
from openvman.views.libvirt_cim.services import services
from openvman.views.libvirt_cim.systems import systems
from openvman.views.libvirt_cim.templates import template_maps
from openvman.views.libvirt_cim.unused import unused


@dataclass(frozen=True, slots=True)
class Prefix:
    """What the classes of a family begin with, and the ways of executing guests that its hosts have one of."""

    word: str
    executes: frozenset[str]
    of_containers: bool = False


PREFIXES: Final = (
    Prefix("KVM", frozenset({"kvm", "qemu"})),
    Prefix("LXC", frozenset({"lxc"}), of_containers=True),
    Prefix("Xen", frozenset({"xen"})),
)


def families(prefixes: tuple[Prefix, ...], standard: View) -> tuple[View, ...]:
    """The views of ``root/virt``, derived from the standard one."""
    scopes = {
        prefix.word.lower(): Scope(prefix.word, prefix.executes, of_containers=prefix.of_containers)
        for prefix in prefixes
    }
    manners = Manners(
        ignores_surplus=True, takes_class_paths=True, fenced=True, is_told_unasked=False, words=words(scopes)
    )
    virt = Space(("root/virt",), "what libvirt-cim's clients know, under its names", manners)
    interop = Space(("root/interop", "interop"), "the profiles that libvirt-cim's clients look for", manners)
    return tuple(_family(scope, standard, virt, interop) for scope in scopes.values())


def _family(scope: Scope, standard: View, virt: Space, interop: Space) -> View:
    translation = Translation(scope)
    of_systems = systems(scope)
    translation.put(of_systems.host, HOST_SYSTEM)
    translation.put(of_systems.guest, COMPUTER_SYSTEM)
    translation.put(of_systems.guest_capabilities, ENABLED_CAPABILITIES)
    translation.put(of_systems.settings, SETTING_DATA)
    had = kinds(scope, of_systems)
    for kind in had:
        translation.put(kind.setting, kind.row.of_setting)
        translation.put(kind.device, *kind.row.of_device)
    pools = pool_maps(scope)
    templates = template_maps(scope, had, POOL_SETTING)
    of_host = services(scope, of_systems, guest_methods(translation), pool_methods(scope, pools, templates))
    for shown, one in (
        (of_host.management, MANAGEMENT_SERVICE),
        (of_host.management_capabilities, MANAGEMENT_CAPABILITIES),
        (of_host.pools, POOL_SERVICE),
        (of_host.pool_capabilities, POOL_CAPABILITIES),
        (of_host.consoles, redirection.KVM_SERVICE),
        (of_host.console_capabilities, redirection.KVM_CAPABILITIES),
        (of_host.screen, redirection.KVM_SAP),
    ):
        translation.put(shown, one)
    registered = registrations(scope, interop, of_systems, pools, of_host)
    taken_over = [translation.edge(edge) for edge in standard.edges if is_taken_over(edge)]
    filtering = filters(scope, of_systems.host, had[ADAPTERS].device)
    own = Own(scope, translation, of_systems, had, pools, of_host, templates)
    classes: tuple[ClassMap, ...] = (
        of_systems.host,
        of_systems.guest,
        of_systems.guest_capabilities,
        of_systems.settings,
        *(kind.setting for kind in had),
        *(kind.device for kind in had),
        *pools.maps.values(),
        pools.capabilities,
        *templates.maps.values(),
        *of_host.all(),
        *filtering.classes,
        registered.profile,
    )
    edges: list[Edge] = [edge for edge in taken_over if edge is not None]
    return View(
        prefix=scope.prefix,
        spaces=(virt, interop),
        bases=(Base(SETTING, f"CIM_{SETTING}", "What a guest is given, or what may be asked for."), *unused(scope)),
        indications=tuple(indications(of_systems, had)),
        classes=classes,
        edges=(*edges, *own.edges(), *filtering.edges, *registered.edges),
        owners=OWNERS,
    )
