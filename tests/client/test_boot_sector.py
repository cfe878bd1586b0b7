"""The boot sector is one, says its line on a real (emulated) machine, and obeys its power button."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvman.client.boot_sector import LONGEST_LINE, SIZE, boot_sector


@given(st.text(st.characters(codec="ascii", min_codepoint=32, max_codepoint=126), max_size=LONGEST_LINE))
def test_it_is_a_boot_sector(line: str) -> None:
    made = boot_sector(line)
    assert len(made) == SIZE
    assert made.endswith(b"\x55\xaa")
    assert line.encode() + b"\r\n\0" in made


def test_the_code_ends_where_it_looks_for_the_text() -> None:
    """The code loads the text's address, 7C00h and its offset, into SI (opcode BE)."""
    made = boot_sector("a line")
    assert int.from_bytes(made[made.index(b"\xbe") + 1 :][:2], "little") == 0x7C00 + made.index(b"a line")


@pytest.mark.parametrize("line", ["x" * (LONGEST_LINE + 1), "a\nb", "ü", "\0", "\x7f"])
def test_what_cannot_be_printed_is_refused(line) -> None:
    with pytest.raises(ValueError, match="the line"):
        boot_sector(line)


@pytest.mark.skipif(shutil.which("qemu-system-x86_64") is None, reason="needs QEMU")
@pytest.mark.parametrize("machine", ["pc", "q35"])
@pytest.mark.parametrize("bus", ["ide", "virtio"])
def test_it_prints_survives_and_ends(tmp_path, machine, bus) -> None:
    """Pause, resume and reset by QEMU's monitor; then the power button ends it, and so the emulator."""
    image = tmp_path / "image"
    image.write_bytes(boot_sector("hello, world").ljust(1 << 20, b"\0"))
    log = tmp_path / "log"
    command = [
        "qemu-system-x86_64",
        "-accel",
        "tcg",
        "-machine",
        machine,
        "-m",
        "16",
        "-nodefaults",
        "-display",
        "none",
    ]
    command += ["-drive", f"file={image},format=raw,if={'none,id=d' if machine == 'q35' and bus == 'ide' else bus}"]
    command += ["-device", "ide-hd,drive=d"] if machine == "q35" and bus == "ide" else []
    command += ["-chardev", f"stdio,id=s,signal=off,logfile={log}", "-serial", "chardev:s"]
    command += ["-chardev", f"pipe,id=m,path={tmp_path}/monitor", "-mon", "chardev=m"]
    for end in ("in", "out"):
        subprocess.run(["mkfifo", tmp_path / f"monitor.{end}"], check=True)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as emulator:
        assert emulator.stdout is not None
        with (tmp_path / "monitor.in").open("w") as monitor, (tmp_path / "monitor.out").open("rb"):
            try:
                assert emulator.stdout.readline() == b"hello, world\r\n"
                for order in ("stop", "cont", "system_reset"):
                    monitor.write(f"{order}\n")
                    monitor.flush()
                assert emulator.stdout.readline() == b"hello, world\r\n"
                monitor.write("system_powerdown\n")
                monitor.flush()
                assert emulator.wait(20) == 0
            finally:
                emulator.kill()
    assert log.read_bytes() == b"hello, world\r\n" * 2
