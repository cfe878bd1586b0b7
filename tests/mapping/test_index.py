"""The inverse of the edges follows changes, whatever they are."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openvman.mapping.bind import Node
from openvman.mapping.index import EdgeIndex
from openvman.mapping.read import Filter, Reader

_moves = st.lists(
    st.tuples(st.sampled_from(["s1", "s2", "s3"]), st.sampled_from(["a", "b", "nowhere", None])), max_size=12
)


def _reached(reader, view, toy, world, rack):
    node = Node(view.bound[toy.rack], world.racks[rack])
    return sorted(far.obj.id for _edge, _link, far in reader.references(node, Filter(), world))


def _check(toy, moves):
    view = toy.bind()
    index = EdgeIndex(view)
    reader = Reader(view, index)
    world = toy.world(toy.make("s1", "a"))
    assert _reached(reader, view, toy, world, "a") == ["s1"]
    for shelf_id, rack in moves:
        before = world.shelves.get(shelf_id)
        after = None if rack is None else toy.make(shelf_id, rack)
        if before is None and after is None:
            continue
        shelves = {i: s for i, s in world.shelves.items() if i != shelf_id}
        world = replace(world, shelves=shelves if after is None else {**shelves, shelf_id: after})
        index.change(before, after, world)
        for name in world.racks:
            brute = sorted(s.id for s in world.shelves.values() if s.rack == name)
            assert _reached(reader, view, toy, world, name) == brute


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(moves=_moves)
def test_the_index_agrees_with_brute_force_after_any_changes(toy, moves):
    _check(toy, moves)


def test_an_edge_that_tells_what_is_near_is_asked_for_nothing_else(toy):
    """Neither for all that an owner has, nor for an index."""
    asked = []

    def near(obj, world):
        asked.append(obj.id)
        shelves = [obj] if obj.id in world.shelves else world.shelves.values()
        return (((toy.rack, world.racks[s.rack]), (toy.shelf, s)) for s in shelves)

    def pairs(_owner, _world):
        raise AssertionError("the edge is asked for one object")

    view = toy.bind(edges=(replace(toy.edge, near=near, pairs=pairs),))
    reader = Reader(view, EdgeIndex(view))
    world = toy.world(toy.make("s1", "a"), toy.make("s2", "b"), toy.make("s3", "a"))
    assert _reached(reader, view, toy, world, "a") == ["s1", "s3"]
    shelf = Node(view.bound[toy.shelf], world.shelves["s2"])
    assert [far.obj.id for _edge, _link, far in reader.references(shelf, Filter(), world)] == ["b"]
    assert asked == ["a", "s2"]
