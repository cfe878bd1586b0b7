from __future__ import annotations

import os
import subprocess
import sys

import click
import pytest

from openvman import __version__
from openvman.cli.exits import Exit
from openvman.cli.root import NOUNS, root


def test_version(vman):
    assert vman("--version").stdout == f"vman {__version__}\n"


def test_help_lists_every_noun_and_every_exit_code(vman):
    text = vman("--help").stdout
    assert all(noun in text for noun in NOUNS)
    assert all(f"{code.value}" in text and code.meaning in text for code in Exit)


@pytest.mark.parametrize("noun", NOUNS)
def test_every_noun_can_be_loaded_and_helps(vman, noun):
    result = vman(noun, "--help")
    assert result.exit_code == 0, result.output
    command = root.get_command(click.Context(root), noun)
    assert command is not None
    assert command.name == noun


def test_an_unknown_noun_is_a_mistake_of_usage(vman):
    assert vman("machine").exit_code == Exit.USAGE


def test_help_does_not_wait_for_pywbem():
    script = (
        "import sys\n"
        "from openvman.cli.root import root\n"
        "for words in (['--help'], ['vm', '--help'], ['vm', 'define', '--help'], ['demo', '--help']):\n"
        "    root(words, standalone_mode=False)\n"
        "sys.exit('pywbem' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=False).returncode == 0


def test_a_terminal_without_the_characters_gets_escapes():
    result = subprocess.run(
        [sys.executable, "-m", "openvman.cli", "config", "show"],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii", "OPENVMAN_STATE": "/caf\u00e9", "OPENVMAN_CONFIG": os.devnull},
    )
    assert result.returncode == 0, result.stderr
    assert b"/caf\\xe9" in result.stdout


def test_the_connection_is_taken_from_options_and_environment(vman, targets, tmp_path, monkeypatch):
    password = tmp_path / "password"
    password.write_text("s3cret\n")
    monkeypatch.setenv("OPENVMAN_SERVER", "https://example.org")
    monkeypatch.setenv("OPENVMAN_PASSWORD_FILE", str(password))
    assert vman("vm", "list", "--user", "me", "--ca-certs", "ca.pem", "--timeout", "7").exit_code == 0
    (target,) = targets
    assert (target.url, target.user, target.password) == ("https://example.org:5989", "me", "s3cret")
    assert (target.ca_certs, target.timeout, target.insecure) == ("ca.pem", 7, False)


def test_the_password_is_read_from_standard_input(vman, targets):
    assert vman("vm", "list", "--user", "me", "--password-file", "-", input="s3cret\n").exit_code == 0
    assert targets[0].password == "s3cret"


def test_the_own_servers_address_comes_from_its_settings(vman, targets, monkeypatch):
    monkeypatch.setenv("OPENVMAN_LISTEN", "0.0.0.0:7001")
    assert vman("vm", "list").exit_code == 0
    assert targets[0].url == "http://127.0.0.1:7001"


def test_a_wrong_setting_is_told_in_one_line(vman, monkeypatch):
    monkeypatch.setenv("OPENVMAN_LISTEN", "nowhere")
    result = vman("vm", "list")
    assert result.exit_code == Exit.USAGE
    assert result.stderr.startswith("vman: ")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(("shell", "word"), [("bash", "complete"), ("zsh", "compdef"), ("fish", "complete")])
def test_completion_scripts(vman, shell, word):
    text = vman("completion", shell).stdout
    assert word in text
    assert "_VMAN_COMPLETE" in text


def test_names_of_machines_are_completed(vman, client, make, monkeypatch):
    client.put(make.system("web"))
    client.put(make.system("db"))
    monkeypatch.setenv("_VMAN_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "vman vm start w")
    monkeypatch.setenv("COMP_CWORD", "3")
    assert vman().stdout == "plain,web\n"
