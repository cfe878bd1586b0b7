"""The whole server over a simulated platform: from the state directory to the last connection."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import ssl
import subprocess
import sys
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from openvman.app import serve, welcome
from openvman.config.load import load
from openvman.model.errors import ModelError
from openvman.security.first_start import prepare_folder
from openvman.server.listen import ListenError
from openvman.store.database import StoreError
from openvman.store.lock import StateLock


@pytest.fixture
def settings(tmp_path):
    def made(**given):
        fixed = {"state": str(tmp_path / "state"), "platforms": ["sim://?hosts=1&vms=2"], "listen": ["127.0.0.1:0"]}
        return load(fixed | {"tls_listen": ["none"]} | given, environment={}).settings

    return made


@asynccontextmanager
async def running(settings):
    """A server in this process; gives what it announced, and ends it as a user would."""
    announced = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(settings, announced.set_result))
    await asyncio.wait({task, announced}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    try:
        yield announced.result()
    finally:
        # A server that a test has stopped already catches no signal: this process would end.
        if not task.done():
            os.kill(os.getpid(), signal.SIGTERM)
        await task


def password_in(file):
    return file.read_text().strip()


async def closed(writer):
    """Close, whether or not the other side was faster; one left open would be reported in some later test."""
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


class Client:
    def __init__(self, text, password="", context=None):
        scheme = "https" if context else "http"
        self.port = int(re.search(rf"{scheme}://127\.0\.0\.1:(\d+)/cimom", text)[1])
        self.password = password
        self.context = context

    async def connect(self):
        name = {"server_hostname": "localhost"} if self.context else {}
        return await asyncio.open_connection("127.0.0.1", self.port, ssl=self.context, **name)

    async def ask(self, request):
        reader, writer = await self.connect()
        writer.write(request)
        status = int((await reader.readline()).split()[1])
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
        body = await reader.readexactly(length)
        await closed(writer)
        return status, body

    async def refuses(self):
        """Wait until nothing listens any more."""
        while True:
            try:
                _, writer = await self.connect()
            except ConnectionRefusedError:
                return
            await closed(writer)


async def test_the_first_start_tells_how_to_get_in_and_lets_in(settings, make, tmp_path):
    async with running(settings()) as text:
        password = password_in(Path(re.search(r"password in (\S+)", text)[1]))
        assert text.count("\n  vman ") == 2
        client = Client(text)
        assert (await client.ask(make.get()))[0] == 200
        status, body = await client.ask(make.post(Authorization=make.basic("admin", password)))
        assert status == 200
        assert b'<CLASSNAME NAME="CIM_ManagedElement"/>' in body
        assert (await client.ask(make.post(Authorization=make.basic("admin", "wrong"))))[0] == 401


async def test_the_next_start_keeps_keys_and_password(settings, tmp_path):
    kept = ("admin.password", "tls/ca.crt", "tls/server.key")
    seen = []
    for _ in range(2):
        async with running(settings(tls_listen=["127.0.0.1:0"])):
            seen.append([(tmp_path / "state" / name).read_bytes() for name in kept])
    assert seen[0] == seen[1]


async def test_https_is_trusted_by_the_authority_that_is_told(settings, make):
    async with running(settings(tls_listen=["127.0.0.1:0"])) as text:
        authority = re.search(r"TLS clients trust (\S+)", text)[1]
        client = Client(text, context=ssl.create_default_context(cafile=authority))
        assert (await client.ask(make.get()))[0] == 200


def test_where_the_command_line_finds_the_server_its_examples_are_short(monkeypatch, tmp_path):
    monkeypatch.setenv("OPENVMAN_STATE", str(tmp_path))
    monkeypatch.setenv("OPENVMAN_LISTEN", "127.0.0.1:5900")
    state = prepare_folder(tmp_path)
    assert "\n  vman vm list\n" in welcome(load().settings, state, None, ["http://127.0.0.1:5900"])
    elsewhere = load({"listen": ["127.0.0.1:5901"]}).settings
    assert "\n  vman vm list --server" in welcome(elsewhere, state, None, ["http://127.0.0.1:5901"])


async def test_without_authentication_it_says_so(settings, make, tmp_path):
    async with running(settings(auth="none")) as text:
        assert "everyone on this machine is admin" in text
        assert (await Client(text).ask(make.post(Authorization=None)))[0] == 200
    assert not (tmp_path / "state" / "admin.password").exists()


@asynccontextmanager
async def under_way(client, make):
    """A request whose body is wanted by the server and not sent yet; gives how to send it and read the answer."""
    reader, writer = await client.connect()
    body = make.names_call()
    request = make.post(body, Expect="100-continue", Authorization=None)
    writer.write(request[: -len(body)])
    assert b"100" in await reader.readuntil(b"\r\n\r\n")

    async def finish():
        writer.write(body)
        return (await reader.read()).split(b"\r\n")[0]

    yield finish
    await closed(writer)


async def test_a_signal_lets_what_is_under_way_finish(settings, make):
    async with running(settings(auth="none", shutdown_grace="10m")) as text:
        client = Client(text)
        async with under_way(client, make) as finish:
            os.kill(os.getpid(), signal.SIGTERM)
            await client.refuses()
            assert await finish() == b"HTTP/1.1 200 OK"


async def test_a_second_signal_does_not_wait(settings, make):
    async with running(settings(auth="none", shutdown_grace="10m")) as text:
        client = Client(text)
        async with under_way(client, make):
            os.kill(os.getpid(), signal.SIGTERM)
            await client.refuses()
            # The context sends the second one; the test would run into its time limit if that did not end the grace.


async def test_a_state_directory_in_use_is_refused(settings, tmp_path):
    prepare_folder(tmp_path / "state")
    lock = StateLock(tmp_path / "state")
    with pytest.raises(StoreError, match=f"process {os.getpid()}"):
        await serve(settings())
    lock.release()


@pytest.mark.parametrize(
    ("given", "error"),
    [({"platforms": ["sim://?hosts=x"]}, ModelError), ({"listen": ["192.0.2.1:5988"]}, ListenError)],
)
async def test_a_start_that_fails_leaves_the_state_directory_free(settings, tmp_path, given, error):
    with pytest.raises(error):
        await serve(settings(**given))
    StateLock(tmp_path / "state").release()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_ends_with_0(tmp_path, number):
    program = (
        "import sys; from openvman.config.load import load; from openvman.app import run\n"
        "given = {'state': sys.argv[1], 'platforms': ['sim://'], 'listen': ['127.0.0.1:0'], 'tls_listen': ['none']}\n"
        "run(load(given, environment={}).settings)\n"
    )
    arguments = [sys.executable, "-c", program, str(tmp_path / "state")]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert "is ready" in process.stdout.readline()
    process.send_signal(number)
    _, logged = process.communicate(timeout=60)
    assert process.returncode == 0
    assert logged.splitlines()[-1].split()[-1] == "stopped"
    assert "Traceback" not in logged
