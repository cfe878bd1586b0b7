from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from openvman.store.database import StoreError
from openvman.store.files import write_new, write_whole
from openvman.store.lock import StateLock


@pytest.fixture
def no_umask():
    before = os.umask(0)
    yield
    os.umask(before)


def test_a_file_is_private_under_any_umask(tmp_path, no_umask):
    write_whole(tmp_path / "a", b"x")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


def test_a_file_is_replaced_whole(tmp_path):
    write_whole(tmp_path / "a", b"old")
    write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_failure_leaves_the_old_content_and_nothing_else(tmp_path, monkeypatch):
    write_whole(tmp_path / "a", b"old")

    def fail(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_whole(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_an_existing_file_or_link_is_not_written(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "link", b"x")
    assert not (tmp_path / "target").exists()


def test_a_second_lock_is_refused_and_names_the_holder(tmp_path):
    lock = StateLock(tmp_path)
    with pytest.raises(StoreError, match=rf"process {os.getpid()}\)"):
        StateLock(tmp_path)
    lock.release()
    StateLock(tmp_path).release()


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    program = (
        "import sys, time; from pathlib import Path; from openvman.store.lock import StateLock\n"
        "lock = StateLock(Path(sys.argv[1])); print('locked', flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "locked\n"
    with pytest.raises(StoreError, match=rf"process {process.pid}\)"):
        StateLock(tmp_path)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    StateLock(tmp_path).release()
