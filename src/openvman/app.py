"""The composition root: makes the server of its parts, runs it, and takes it down. The only module that knows all."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from math import ceil
from time import monotonic
from typing import Any, Final

import structlog

from openvman import __version__
from openvman.broker.broker import Broker
from openvman.broker.indications.registry import SubscriptionLimits
from openvman.broker.indications.setup import IndicationSetup
from openvman.broker.sessions import Limits
from openvman.broker.visibility import Visibility
from openvman.cim.loader import load_schema
from openvman.config.load import ConfigError, load
from openvman.config.settings import Settings
from openvman.demo_image import place
from openvman.drivers.contract import Driver
from openvman.drivers.registry import choose_default, create
from openvman.inventory.inventory import Inventory
from openvman.model.actor import Role
from openvman.model.indication import ListenerDestination
from openvman.model.server import Server
from openvman.operations.catalogue import USE_CASES
from openvman.operations.jobs.jobs import JobLimits, Jobs
from openvman.operations.kept_requests import KeptRequests
from openvman.operations.operations import Operations
from openvman.operations.policy import Policy
from openvman.security.authenticate import Authenticator
from openvman.security.first_start import ADMIN, State, ensure_admin, prepare_folder
from openvman.security.targets import TargetPolicy
from openvman.security.tls import KeyPair, TLSError, client_context, expires, own_key_pair, server_context
from openvman.server import logs
from openvman.server.application import Application, BodyLimits, Route
from openvman.server.cimom import METHODS, CIMObjectManager
from openvman.server.connection import ConnectionLimits
from openvman.server.delivery.courier import Courier, Opening
from openvman.server.delivery.listener import Reach
from openvman.server.events import METHODS as EVENT_METHODS
from openvman.server.events import EventStream
from openvman.server.gate import CredentialGate, Gate, OpenGate
from openvman.server.listen import ListenError, Listeners
from openvman.store.database import Database, StoreError
from openvman.store.deliveries import DeliveryStore
from openvman.store.files import PRIVATE_FOLDER
from openvman.store.identity import server_id
from openvman.store.jobs import JobStore
from openvman.store.lock import StateLock
from openvman.store.pools import PoolStore
from openvman.store.requests import RequestStore
from openvman.store.subscriptions import SubscriptionStore
from openvman.store.users import UserStore
from openvman.views.everything import VIEWS
from openvman.wire.cimxml.decode import decode_embedded
from openvman.wire.cimxml.encode import Encoder
from openvman.wire.cimxml.encode_values import instance as encode_embedded
from openvman.wire.cimxml.export import begin_indication

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_EXPIRY_WARNING: Final = timedelta(days=30)
_log = structlog.stdlib.get_logger("openvman")


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def run(settings: Settings) -> None:
    """Run the server until SIGINT or SIGTERM.

    Raises ConfigError, :class:`openvman.store.database.StoreError` or :class:`openvman.model.errors.ModelError` when
    it cannot start; the message names the reason and the way out.
    """
    logs.configure(format=settings.log_format, level=settings.log_level)
    try:
        asyncio.run(serve(settings))
    except (ListenError, TLSError) as error:
        raise ConfigError(str(error)) from None


async def serve(settings: Settings, announce: Callable[[str], None] = _print) -> None:
    """The server, from the state directory to the last connection. ``announce`` gets the text that says it is ready."""
    stop = _Stop()
    async with AsyncExitStack() as stack:
        stack.callback(stop.release)
        # Almost all that is made until the server is ready stays: to look through it again and again takes a good part
        # of a start.
        gc.disable()
        stack.callback(gc.enable)
        state = prepare_folder(settings.state)
        stack.callback(StateLock(state.folder).release)
        for root in settings.image_roots:
            if root.parent == state.folder:
                root.mkdir(PRIVATE_FOLDER, exist_ok=True)
        pair = _key_pair(settings, state)
        gate = _gate(settings, state, stack)
        place(settings.image_roots[0])
        pools = PoolStore(state.database)
        stack.callback(pools.close)
        requests = RequestStore(state.database)
        stack.callback(requests.close)
        inventory = Inventory(
            await _drivers(settings, state),
            reconcile_every=settings.reconcile_interval,
            pools=pools.pools(),
            members=pools.members(),
            requested=requests.requested(),
        )
        stack.push_async_callback(KeptRequests(inventory, requests).close)
        policy = Policy(image_roots=settings.image_roots, bridges=settings.bridges)
        operations = Operations(inventory, policy, pool_store=pools)
        courier = _courier(settings, state)
        stack.push_async_callback(courier.close)
        jobs = _jobs(settings, state, inventory, operations, stack)
        broker = _broker(settings, state, inventory, jobs, courier, stack)
        courier.give_up = broker.indications.give_up
        events = EventStream(broker.events)
        application = _application(settings, broker, events, gate)
        await courier.start()
        listeners = Listeners(application, _connection_limits(settings))
        bound = await _listen(settings, listeners, pair)
        stack.push_async_callback(inventory.close)
        stop.hurry = listeners.hurry
        try:
            if await stop.unless_asked(inventory.start()):
                # What was loaded stays: the collector need not look at it again, which takes long with many systems.
                gc.freeze()
                gc.enable()
                jobs.adopt(broker.read_again)
                application.ready = True
                announce(welcome(settings, state, pair, bound))
                _log.info("ready", platforms=[platform.uri for platform in inventory.status()])
                await stop.asked.wait()
        finally:
            application.stopping = True
            events.close()
            _log.info("stopping")
            if not await listeners.close(settings.shutdown_grace):
                _log.warning("requests were cancelled: they were not finished within shutdown_grace")
            await jobs.close()
    _log.info("stopped")


class _Stop:
    """The first signal asks to stop, the second ends the grace (``hurry``), a third has its usual effect."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.hurry: Callable[[], None] | None = None
        self._loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            self._loop.add_signal_handler(number, self._signalled)

    def release(self) -> None:
        for number in _SIGNALS:
            self._loop.remove_signal_handler(number)

    async def unless_asked(self, work: Coroutine[Any, Any, None]) -> bool:
        """Do the work, unless a stop is asked for meanwhile; whether it was done."""
        task, asked = asyncio.ensure_future(work), asyncio.ensure_future(self.asked.wait())
        await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if task.done():
            await task
            return not self.asked.is_set()
        task.cancel()
        await asyncio.wait({task})
        return False

    def _signalled(self) -> None:
        if not self.asked.is_set():
            self.asked.set()
            return
        self.release()
        if self.hurry is not None:
            self.hurry()


# --- the parts ------------------------------------------------------------------------------------------------------


async def _drivers(settings: Settings, state: State) -> list[Driver]:
    platforms = settings.platforms
    if not platforms:
        choice = await choose_default(state.folder)
        if choice.warning is None:
            _log.info("chose a platform", uri=choice.uri, reason=choice.reason)
        else:
            _log.warning(choice.warning)
        platforms = (choice.uri,)
    return [create(uri, state=state.folder, deadline=settings.call_deadline) for uri in platforms]


def _gate(settings: Settings, state: State, stack: AsyncExitStack) -> Gate:
    store = UserStore(state.database)
    stack.callback(store.close)
    if settings.auth == "none":
        return OpenGate()
    if ensure_admin(state, store):
        _log.info("made the user admin", password_file=str(state.admin_password))
    return CredentialGate(Authenticator(store), by_certificate=settings.client_certificates != "off")


def _jobs(
    settings: Settings, state: State, inventory: Inventory, operations: Operations, stack: AsyncExitStack
) -> Jobs:
    store = JobStore(Database(state.database))
    stack.callback(store.close)
    limits = JobLimits(per_host=settings.jobs_per_host, per_owner=settings.max_jobs, kept=settings.jobs_kept)
    return Jobs(operations, USE_CASES, inventory, store, limits)


def _targets(settings: Settings) -> TargetPolicy:
    return TargetPolicy(settings.listener_networks)


def _courier(settings: Settings, state: State) -> Courier:
    policy, context = _targets(settings), client_context(settings.listener_ca)

    def reach(destination: ListenerDestination) -> Reach:
        check = partial(policy.check, may_be_local=destination.may_be_local)
        return Reach(check, context, settings.listener_timeout)

    return Courier(Opening(lambda: DeliveryStore(state.database, settings.max_undelivered), StoreError), policy, reach)


def _application(settings: Settings, broker: Broker, events: EventStream, gate: Gate) -> Application:
    cimom = Route("/cimom", METHODS, Role.VIEWER, CIMObjectManager(broker, Encoder(socket.gethostname())))
    watched = Route("/events", EVENT_METHODS, Role.VIEWER, events)
    return Application([cimom, watched], gate, BodyLimits(settings.max_body, settings.body_timeout))


def _broker(
    settings: Settings, state: State, inventory: Inventory, jobs: Jobs, courier: Courier, stack: AsyncExitStack
) -> Broker:
    kept = SubscriptionStore(state.database)
    stack.callback(kept.close)
    broker = Broker(
        inventory,
        jobs,
        VIEWS,
        load_schema(),
        Server(id=server_id(state.database), host_name=socket.gethostname(), version=__version__),
        encode_embedded=encode_embedded,
        decode_embedded=decode_embedded,
        clock=monotonic,
        limits=Limits(
            sessions_per_user=settings.max_enumerations,
            default_timeout=ceil(settings.operation_timeout),
            maximum_timeout=ceil(settings.max_operation_timeout),
        ),
        patience=settings.answer_within,
        indications=IndicationSetup(
            keeper=kept,
            outbox=courier,
            encode=begin_indication,
            policy=_targets(settings),
            limits=SubscriptionLimits(per_user=settings.max_subscriptions),
        ),
        visibility=Visibility(own_jobs_only=settings.jobs_shown == "own"),
    )
    stack.callback(broker.close)
    return broker


def _connection_limits(settings: Settings) -> ConnectionLimits:
    return ConnectionLimits(
        max_header=settings.max_header,
        max_connections=settings.max_connections,
        header_timeout=settings.header_timeout,
        idle_timeout=settings.idle_timeout,
    )


def _key_pair(settings: Settings, state: State) -> KeyPair | None:
    """The certificate and key; None where nothing listens with TLS."""
    if not settings.tls_listen:
        return None
    if settings.tls_certificate is not None and settings.tls_key is not None:
        pair = KeyPair(settings.tls_certificate, settings.tls_key)
    else:
        pair = own_key_pair(state.folder)
    end = expires(pair.certificate)
    if end - datetime.now(UTC) < _EXPIRY_WARNING:
        cure = "replace it" if pair.authority is None else f"remove {pair.certificate.parent} and start again"
        _log.warning("the TLS certificate ends soon", file=str(pair.certificate), end=end.isoformat(), cure=cure)
    return pair


async def _listen(settings: Settings, listeners: Listeners, pair: KeyPair | None) -> list[str]:
    """Listen on every address; the URLs bound."""
    bound = []
    for address in settings.listen:
        bound += [f"http://{found}" for found in await listeners.open(address)]
    if pair is not None:
        context = server_context(
            pair,
            client_ca=settings.client_ca,
            client_crl=settings.client_crl,
            require_client=settings.client_certificates == "required",
        )
        for address in settings.tls_listen:
            bound += [f"https://{found}" for found in await listeners.open(address, context)]
    return bound


def welcome(settings: Settings, state: State, pair: KeyPair | None, urls: Sequence[str]) -> str:
    """What a person reads when the server is ready: where it is, how to get in, and what to try."""
    authority = None if pair is None else pair.authority
    with_password = settings.auth != "none" and state.admin_password.exists()
    trust = f" --ca-certs {authority}" if authority is not None and urls[0].startswith("https:") else ""
    user = f" --user {ADMIN}" if with_password else ""
    reach = f" --server {urls[0]}{trust}"
    options = reach + (f"{user} --password-file {state.admin_password}" if with_password else "")
    lines = [f"openvman {__version__} is ready", *(f"  {url}/cimom" for url in urls)]
    if authority is not None:
        lines.append(f"  TLS clients trust {authority}")
    if settings.auth == "none":
        lines.append("  without authentication: everyone on this machine is admin")
    elif with_password:
        lines.append(f"  user {ADMIN}, password in {state.admin_password}")
    if _is_found_by_itself(settings):
        options = ""
    lines += [
        "Try:",
        f"  vman vm list{options}",
        f"  vman host list{options}",
        f"  pywbemcli{reach}{user} --default-namespace root/vman instance enumerate VMAN_ComputerSystem",
        "",
    ]
    return "\n".join(lines)


def _is_found_by_itself(settings: Settings) -> bool:
    """Whether the command line on this machine, told nothing, comes to this server."""
    try:
        found = load().settings
    except ConfigError:
        return False
    return (found.state, found.listen, found.tls_listen) == (settings.state, settings.listen, settings.tls_listen)
