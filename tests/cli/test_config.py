from __future__ import annotations

import json

from openvman.config.settings import SETTINGS


def test_show_tells_every_setting_and_its_origin(vman, tmp_path, monkeypatch):
    file = tmp_path / "openvman.toml"
    file.write_text('log_level = "warning"\n')
    monkeypatch.setenv("OPENVMAN_MAX_BODY", "1MiB")
    result = vman("config", "show", "--config", str(file), "--json")
    told = {row["name"]: row for row in json.loads(result.stdout)}
    assert list(told) == [setting.name for setting in SETTINGS]
    assert (told["log_level"]["value"], told["log_level"]["origin"]) == ("warning", "file")
    assert (told["max_body"]["value"], told["max_body"]["origin"]) == ("1MiB", "environment")
    assert (told["tls_key"]["value"], told["tls_key"]["origin"]) == (None, "default")


def test_show_for_people_names_the_file(vman):
    result = vman("config", "show")
    assert result.exit_code == 0
    assert "log_level" in result.stdout
    assert "File:" in result.stderr


def test_a_variable_that_is_nearly_one_of_ours_is_told(vman, monkeypatch):
    monkeypatch.setenv("OPENVMAN_LOG_LEVLE", "debug")
    assert "OPENVMAN_LOG_LEVEL" in vman("config", "show").stderr


def test_the_clients_own_variables_are_not_doubtful(vman, monkeypatch):
    monkeypatch.setenv("OPENVMAN_SERVER", "https://example.org")
    assert "OPENVMAN_SERVER" not in vman("config", "show").output


def test_serve_has_an_option_for_every_setting(vman):
    text = vman("serve", "--help").stdout
    assert all(setting.flag in text for setting in SETTINGS)


def test_serve_refuses_a_wrong_setting(vman):
    result = vman("serve", "--listen", "nowhere")
    assert result.exit_code == 2
    assert "--listen" in result.stderr
