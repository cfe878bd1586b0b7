"""tools/setup-system with apt, dpkg and sudo played by scripts: what it would do to a machine."""

import os
import shutil
import subprocess

import pytest

TOOLS = ("sh", "awk", "grep", "sed", "dirname", "cat", "env", "head")


class Machine:
    """A machine whose only commands are TOOLS and those played here. ``log`` has each call that changes something."""

    def __init__(self, folder, root):
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.log = folder / "log"
        self.log.touch()
        for name in TOOLS:
            (self.bin / name).symlink_to(shutil.which(name))
        shutil.copytree(root / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
        self.play("python3.11", "exit 0")

    def play(self, name, script):
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def debian(self, *, installed, offered=None, python="3.11.2-1", uid=0, sudo=True):
        """``offered`` None: apt offers everything."""
        self.play("id", f"echo {uid}")
        state = self.folder / "installed"
        state.write_text("".join(f"{name}\n" for name in installed))
        self.play("dpkg-query", f'for p; do :; done; grep -qx "$p" {state} && printf installed')
        names = self.folder / "offered"
        if offered is not None:
            names.write_text("".join(f"{name}\n" for name in offered))
        known = "true" if offered is None else f'grep -qx "$2" {names}'
        self.play(
            "apt-cache",
            f'if [ "$2" = python3 ]; then echo "  Candidate: {python}"; '
            f'elif {known}; then echo "  Candidate: 1.0"; else echo "  Candidate: (none)"; fi',
        )
        self.play("apt-get", f'echo "apt-get $*" >> {self.log}')
        if sudo:
            self.play("sudo", f'echo "sudo $*" >> {self.log}; exec "$@"')

    def run(self, purpose, **environment):
        return subprocess.run(
            [self.folder / "tools/setup-system", purpose],
            env={"PATH": str(self.bin), **environment},
            capture_output=True,
            text=True,
        )

    def changes(self):
        return self.log.read_text().splitlines()

    def wanted(self, *whens):
        rows = [line.split() for line in (self.folder / "tools/packages").read_text().splitlines()]
        return [row[0] for row in rows if row and row[0] != "#" and row[1] in whens]


@pytest.fixture
def machine(tmp_path, root):
    return Machine(tmp_path, root)


def test_nothing_is_done_where_nothing_is_missing(machine):
    machine.debian(installed=machine.wanted("build", "run"), uid=1000)
    done = machine.run("run")
    assert (done.returncode, done.stderr, machine.changes()) == (0, "", [])


def test_only_what_is_missing_is_installed(machine):
    present = machine.wanted("build", "run")
    present.remove("qemu-utils")
    machine.debian(installed=present)
    assert machine.run("run").returncode == 0
    update, install = machine.changes()
    assert update == "apt-get update -qq"
    assert install == "apt-get install -y -qq --no-install-recommends qemu-utils"


def test_tests_want_more(machine):
    machine.debian(installed=machine.wanted("build", "run"))
    assert machine.run("test").returncode == 0
    assert machine.changes()[-1].endswith(" ".join(["recommends", *machine.wanted("test")]))


def test_sudo_is_used_by_others_than_root(machine):
    machine.debian(installed=[], uid=1000)
    assert machine.run("build").returncode == 0
    assert machine.changes()[0] == "sudo apt-get update -qq"
    assert machine.changes()[2].startswith("sudo env DEBIAN_FRONTEND=noninteractive apt-get install")


def test_without_root_and_sudo_the_missing_are_named(machine):
    machine.debian(installed=[], uid=1000, sudo=False)
    done = machine.run("build")
    assert done.returncode == 1
    assert "become root" in done.stderr
    assert all(name in done.stderr for name in machine.wanted("build"))
    assert not machine.changes()


def test_a_package_for_tests_may_be_lacking(machine):
    first, *others = machine.wanted("test")
    machine.debian(installed=machine.wanted("build", "run"), offered=others)
    done = machine.run("test")
    assert done.returncode == 0
    assert f"no package {first}: left out" in done.stderr
    assert machine.changes()[-1].endswith("recommends " + " ".join(others))


def test_any_other_may_not(machine):
    machine.debian(installed=[], offered=[])
    done = machine.run("build")
    assert done.returncode == 1
    assert "apt offers no package" in done.stderr
    assert not [line for line in machine.changes() if "install" in line]


def test_a_service_that_does_not_start_is_no_failure(machine):
    present = machine.wanted("build", "run")
    present.remove("libvirt-daemon-system")
    machine.debian(installed=present)
    machine.play(
        "apt-get", f'[ "$1" = update ] || {{ echo libvirt-daemon-system >> {machine.folder}/installed; exit 100; }}'
    )
    done = machine.run("run")
    assert done.returncode == 0
    assert "going on" in done.stderr


def test_a_package_that_is_not_installed_is_a_failure(machine):
    machine.debian(installed=[])
    machine.play("apt-get", '[ "$1" = update ] || exit 100')
    done = machine.run("build")
    assert done.returncode == 1
    assert "could not install: ca-certificates" in done.stderr


@pytest.mark.parametrize(
    ("python", "packages"),
    [("3.13.5-1", "python3-venv python3-dev"), ("3.10.6-1~22.04", "python3.11-venv python3.11-dev")],
)
def test_a_python_is_installed_where_none_will_do(machine, python, packages):
    machine.debian(installed=machine.wanted("build"), offered=["python3.11-venv", *packages.split()], python=python)
    assert machine.run("build", PYTHON="/none").returncode == 0
    assert machine.changes()[-1].endswith(f"recommends {packages}")


def test_a_release_without_a_python_that_will_do(machine):
    machine.debian(installed=machine.wanted("build"), offered=[], python="3.9.2-3")
    done = machine.run("build", PYTHON="/none")
    assert done.returncode == 1
    assert "offers no Python 3.11 or newer" in done.stderr


def test_another_system_is_told_what_it_needs(machine):
    done = machine.run("run")
    assert done.returncode == 1
    assert all(name in done.stderr for name in machine.wanted("build", "python", "run"))
    assert not any(name in done.stderr for name in machine.wanted("test"))
    assert "SYSTEM=ready" in done.stderr


def test_setup_python_says_when_there_is_none(machine):
    done = subprocess.run(
        [machine.folder / "tools/setup-python", "--find"],
        env={"PATH": str(machine.bin), "PYTHON": "/none"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "PYTHON=/none will not do" in done.stderr


def test_continuous_integration_runs_make_test(root):
    script = root / ".ci/run"
    assert os.access(script, os.X_OK)
    assert "exec make test" in script.read_text().splitlines()
