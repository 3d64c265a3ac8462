import os
import subprocess
import sys
from pathlib import Path

import pytest

from service import access
from service.settings import VARIABLES, Settings, SettingsError
from tests.conftest import ROOT


def test_defaults_are_safe() -> None:
    settings = Settings.of({})
    assert settings == Settings()
    assert settings.loopback
    assert (settings.origins, settings.log_headlines) == ((), False)


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    assert Settings.of(dict.fromkeys(VARIABLES, " ")) == Settings()


def test_every_setting_is_read() -> None:
    settings = Settings.of(
        {"HOST": "::1", "PORT": "9000", "WORKERS": "3", "THREADS": "9", "BUSY": "2", "SILENCE": "5", "HOSTS": "a, b",
         "ORIGINS": "https://cms.example", "KEYS": "/k.json", "RATE": "600/minute", "LOG_HEADLINES": "1",
         "KEEP_UNCERTAIN": "1"}
    )  # fmt: skip
    assert (settings.host, settings.port, settings.workers, settings.threads) == ("::1", 9000, 3, 9)
    assert (settings.busy, settings.silence, settings.hosts) == (2, 5, ("a", "b"))
    assert (settings.origins, settings.keys) == (("https://cms.example",), Path("/k.json"))
    assert settings.rate is not None
    assert (settings.rate.amount, settings.log_headlines, settings.keep_uncertain) == (600, True, True)
    assert settings.loopback


@pytest.mark.parametrize(
    ("variable", "value"),
    [("PORT", "0"), ("PORT", "65536"), ("PORT", "http"), ("WORKERS", "-1"), ("WORKERS", "2.5"), ("THREADS", "٣"),
     ("BUSY", "9999"), ("SILENCE", "no"), ("RATE", "often"), ("LOG_HEADLINES", "yes"),
     ("KEEP_UNCERTAIN", "2")],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_name(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{variable} must be"):
        Settings.of({variable: value})


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("[::1]", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
     ("10.0.0.5", False), ("desk.example", False)],
)  # fmt: skip
def test_loopback_is_what_only_this_machine_reaches(host: str, loopback: bool) -> None:
    assert Settings(host=host).loopback is loopback


def start(**variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gunicorn", "--check-config", "--config", "service/gunicorn.conf.py"]
    env = os.environ | variables
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_beyond_this_machine_the_service_starts_with_keys_only(models: Path, tmp_path: Path) -> None:
    places = {"HEADLINES_MODELS": str(models), "KEYS": str(tmp_path / "keys.json")}
    refused = start(HOST="0.0.0.0", **places)
    assert refused.returncode == 2
    assert refused.stderr.startswith("service: 0.0.0.0 can be reached from other machines: make a key first")
    assert refused.stderr.count("\n") == 1
    access.add(tmp_path / "keys.json", "desk", ["classify"])
    assert start(HOST="0.0.0.0", **places).returncode == 0


def test_a_wrong_variable_is_one_line_and_exit_code_2() -> None:
    refused = start(PORT="eighty")
    assert (refused.returncode, refused.stderr) == (
        2, "service: PORT must be a whole number from 1 to 65535, not 'eighty'\n"
    )  # fmt: skip


def test_every_variable_is_in_the_readme_and_told_by_make_help() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    told = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [name for name in VARIABLES if f"`{name}`" not in readme] == []
    assert set(VARIABLES) <= set(told.split())
