"""Passwords of screens: told to the driver once, kept and shown by nobody, and never gone without a word."""

from __future__ import annotations

import pytest

from openvman.messages.problem import Problem
from openvman.model.allocation import DeviceKind
from openvman.model.errors import ModelError
from openvman.model.spec import DeviceSpec, MemorySpec
from openvman.model.states import Action
from openvman.operations.steps import PackedSpec

SECRET = "pssst-12"
VNC, WATCHDOG = DeviceSpec(kind=DeviceKind.GRAPHICS, type="vnc"), DeviceSpec(kind=DeviceKind.WATCHDOG)


@pytest.fixture
def told(world, monkeypatch):
    """The passwords that the driver is told, in order."""
    found = []
    for name, specs_of in (
        ("define", lambda definition: definition.devices),
        ("modify_resource", lambda _id, _kind, spec: (spec,)),
        ("add_resources", lambda _id, _kind, specs: specs),
    ):
        monkeypatch.setattr(world.driver, name, _listening(getattr(world.driver, name), specs_of, found))
    return found


def _listening(call, specs_of, found):
    async def listening(*arguments):
        specs = (spec for spec in specs_of(*arguments) if isinstance(spec, DeviceSpec))
        found.extend(spec.password for spec in specs if spec.password is not None)
        return await call(*arguments)

    return listening


async def _locked(world, **more):
    graphics = DeviceSpec(kind=DeviceKind.GRAPHICS, type="vnc", password=SECRET)
    return await world.define(graphics, WATCHDOG, **more)


def _screen(configuration):
    return next(d for d in configuration.devices if d.kind is DeviceKind.GRAPHICS)


async def refused(awaitable) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await awaitable
    assert SECRET not in str(caught.value) + repr(caught.value)
    return caught.value


async def test_the_driver_is_told_and_the_inventory_only_that_there_is_one(world, told):
    system = await _locked(world)
    assert told == [SECRET]
    assert _screen(system.defined).has_password
    assert SECRET not in repr(world.inventory.generation.system(system.id))
    assert SECRET not in repr(DeviceSpec(password=SECRET))


async def test_what_else_changes_leaves_it_alone(world, told):
    system = await _locked(world)
    await world.modify(DeviceSpec(allocation_id=_screen(system.defined).id, keymap="de"))
    assert told == [SECRET]
    assert _screen(world.system(system.id).defined).has_password


async def test_it_is_taken_away_and_given_back(world, told):
    system = await _locked(world)
    id = _screen(system.defined).id
    assert not (await world.modify(DeviceSpec(allocation_id=id, has_password=False)))[0].has_password
    assert (await world.modify(DeviceSpec(allocation_id=id, password="another")))[0].has_password
    assert told == [SECRET, "another"]


async def test_an_active_screen_gets_another_but_not_its_first_or_none(world, told):
    system = await _locked(world)
    await world.act(system, Action.START)
    id = _screen(world.system(system.id).current).id
    await world.modify(DeviceSpec(allocation_id=id, password="another"))
    assert told == [SECRET, "another"]
    error = await refused(world.modify(DeviceSpec(allocation_id=id, has_password=False)))
    assert error.problem is Problem.NOT_SUPPORTED
    open_one = await world.define(VNC)
    await world.act(open_one, Action.START)
    id = _screen(world.system(open_one.id).current).id
    error = await refused(world.modify(DeviceSpec(allocation_id=id, password=SECRET)))
    assert error.problem is Problem.NOT_SUPPORTED
    assert "without a password" in str(error)


@pytest.mark.parametrize(
    ("type", "password", "says"),
    [
        ("vnc", "123456789", "1 to 8 characters"),
        ("spice", "x" * 61, "1 to 60 characters"),
        ("vnc", "ümläut", "printable ASCII"),
        ("vnc", "a\tb", "printable ASCII"),
    ],
)
async def test_what_no_viewer_could_say_is_refused_and_not_repeated(world, type, password, says):
    error = await refused(world.define(DeviceSpec(kind=DeviceKind.GRAPHICS, type=type, password=password)))
    assert error.problem is Problem.INVALID_PARAMETER
    assert says in str(error)
    assert password not in str(error)


async def test_only_graphics_have_one(world):
    error = await refused(world.define(DeviceSpec(kind=DeviceKind.WATCHDOG, password=SECRET)))
    assert error.problem is Problem.INVALID_PARAMETER


async def test_a_keymap_is_a_word(world):
    assert _screen((await world.define(VNC)).defined).keymap == "en-us"
    error = await refused(world.define(DeviceSpec(kind=DeviceKind.GRAPHICS, type="vnc", keymap="../../etc/passwd")))
    assert error.problem is Problem.INVALID_PARAMETER


async def test_a_screen_that_is_put_back_is_closed_and_not_open(world, told):
    """Nobody can say the old password again."""
    systems = [await _locked(world), await _locked(world)]
    world.inject(operation="remove_resources", nth=2, problem=Problem.FAILED)
    screens = [_screen(system.defined) for system in systems]
    await refused(world.operations.remove_resources(None, allocations=screens))
    assert all(_screen(world.system(system.id).defined).has_password for system in systems)
    [made] = [password for password in told if password != SECRET]
    assert len(made) == 8


async def test_a_password_that_was_taken_away_in_vain_is_another(world, told):
    system = await _locked(world)
    world.inject(operation="modify_resource", nth=2, problem=Problem.FAILED)
    other = _screen((await world.define(VNC)).defined)
    error = await refused(
        world.modify(
            DeviceSpec(allocation_id=_screen(system.defined).id, has_password=False),
            DeviceSpec(allocation_id=other.id, keymap="de"),
        )
    )
    assert error.problem is Problem.FAILED
    assert _screen(world.system(system.id).defined).has_password
    assert told[0] == SECRET != told[1]


async def test_passwords_change_last(world, told):
    """What fails before leaves them as they were."""
    system = await _locked(world)
    world.inject(operation="modify_resource", nth=1, problem=Problem.FAILED)
    screen, memory = _screen(system.defined).id, f"{system.id}/defined/memory"
    await refused(
        world.modify(
            DeviceSpec(allocation_id=screen, password="another"), MemorySpec(allocation_id=memory, size=64 << 20)
        )
    )
    assert told == [SECRET]


async def test_a_system_like_another_does_not_share_its_password(world, told):
    like = (await _locked(world)).defined
    made = await world.define(reference=like, name="copy")
    assert _screen(made.defined).has_password
    assert told[0] == SECRET != told[1]


def test_a_step_that_is_stored_holds_none():
    with pytest.raises(AssertionError):
        PackedSpec.of(DeviceSpec(password=SECRET))
