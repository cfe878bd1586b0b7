"""Routes: what exists, what each needs, and what is said while starting and stopping."""

from __future__ import annotations

import pytest

from openvman.model.actor import Role
from openvman.server.application import PublicRoute
from openvman.server.gate import OpenGate


async def test_health_is_told_to_anyone(start, make):
    server = await start()
    connection = await server.connect()
    answer = await connection.ask(make.get())
    assert (answer.status, answer.body) == (200, b"ready\n")


@pytest.mark.parametrize(("ready", "stopping"), [(False, False), (True, True)])
async def test_while_not_ready_health_says_so_and_operations_are_put_off(start, make, ready, stopping):
    server = await start()
    server.application.ready, server.application.stopping = ready, stopping
    connection = await server.connect()
    answer = await connection.ask(make.get())
    assert (answer.status, answer.body) == (503, b"not ready\n")
    answer = await connection.ask(make.post())
    assert answer.status == 503
    assert "retry-after" in answer.headers
    assert server.broker.calls == []


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/", "GET", 404),
        ("/cimom/", "POST", 404),
        ("/../etc/passwd", "GET", 404),
        ("/%2e%2e/etc/passwd", "GET", 404),
        ("/cimom", "GET", 405),
        ("/cimom", "PUT", 405),
        ("/cimom", "CONNECT", 405),
        ("/healthz", "POST", 405),
    ],
)
async def test_what_is_not_there_is_refused(start, make, path, method, status):
    server = await start()
    answer = await (await server.connect()).ask(make.get(path, method))
    assert answer.status == status
    if status == 405:
        assert answer.headers["allow"]


async def test_a_target_with_its_authority_is_accepted(start, make):
    server = await start()
    connection = await server.connect()
    assert (await connection.ask(make.post(path="http://localhost:5988/cimom"))).status == 200


async def test_a_route_needs_its_role(start, make):
    server = await start(role=Role.ADMIN)
    answer = await (await server.connect()).ask(make.post())
    assert answer.status == 403
    assert server.broker.calls == []


async def test_every_route_names_its_role_but_health(start):
    server = await start()
    public = [path for path, route in server.application.routes.items() if isinstance(route, PublicRoute)]
    assert public == ["/healthz"]


async def test_web_pages_are_refused(start, make):
    server = await start()
    answer = await (await server.connect()).ask(make.post(Origin="https://example.org"))
    assert answer.status == 403
    assert server.broker.calls == []


@pytest.mark.parametrize("host", ["localhost", "localhost:5988", "127.0.0.1:5988", "[::1]:5988", "127.0.0.2"])
async def test_without_authentication_everyone_on_loopback_is_admin(start, make, host):
    server = await start(gate=OpenGate())
    answer = await (await server.connect()).ask(make.post(Host=host, Authorization=None))
    assert answer.status == 200
    assert server.broker.calls[0][1].role is Role.ADMIN


@pytest.mark.parametrize("host", ["attacker.example", "192.0.2.1:5988", "localhost.attacker.example", "[", "a:b:c"])
async def test_without_authentication_a_rebound_name_is_refused(start, make, host):
    server = await start(gate=OpenGate())
    answer = await (await server.connect()).ask(make.post(Host=host, Authorization=None))
    assert answer.status == 403
    assert server.broker.calls == []
