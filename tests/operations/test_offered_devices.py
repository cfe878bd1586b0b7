"""What a host has of devices decides what a request gets, and what is offered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from openvman.messages.problem import Problem
from openvman.model.allocation import DeviceKind
from openvman.model.capability import Point, offers_of, possible_of
from openvman.model.errors import ModelError
from openvman.model.spec import DeviceSpec


def _points(host, kind):
    offers = {offer.device: offer for offer in offers_of(host)}
    return {p.point for p in possible_of(offers[kind], host)} if kind in offers else set()


@pytest.fixture
def having(world):
    """The world's host as one that has these types and backends only."""

    def make(types=None, backends=None):
        facts = replace(world.host.facts, device_types=types or {}, device_backends=backends or {})
        return replace(world.host, facts=facts)

    return make


def test_a_host_without_the_usual_backend_offers_no_default(having):
    backends = {DeviceKind.TPM: ("passthrough",)}
    assert _points(having(backends=backends), DeviceKind.TPM) == {Point.SUPPORTED}
    assert _points(having(), DeviceKind.TPM) == {Point.DEFAULT, Point.SUPPORTED}
    assert _points(having(types={DeviceKind.TPM: ()}, backends=backends), DeviceKind.TPM) == set()


def test_what_a_viewer_passes_on_is_offered_where_there_is_such_a_viewer(having):
    assert _points(having(types={DeviceKind.GRAPHICS: ("vnc",)}), DeviceKind.REDIRECTION) == set()
    both = having(types={DeviceKind.GRAPHICS: ("vnc", "spice")})
    assert _points(both, DeviceKind.REDIRECTION) == {Point.DEFAULT, Point.SUPPORTED}


async def test_what_a_viewer_passes_on_brings_the_graphics(world):
    system = await world.define(DeviceSpec(kind=DeviceKind.REDIRECTION))
    kinds = {(d.kind, d.type) for d in system.defined.devices}
    assert (DeviceKind.GRAPHICS, "spice") in kinds
    asked = DeviceSpec(kind=DeviceKind.GRAPHICS, type="spice")
    system = await world.define(DeviceSpec(kind=DeviceKind.REDIRECTION), asked)
    assert [d.type for d in system.defined.devices if d.kind is DeviceKind.GRAPHICS] == ["spice"]


async def test_a_translation_of_addresses_has_to_say_its_model(world):
    with pytest.raises(ModelError) as refused:
        await world.define(DeviceSpec(kind=DeviceKind.IOMMU))
    assert (refused.value.problem, refused.value.subject) == (Problem.NOT_SUPPORTED, "type")
