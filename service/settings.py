"""What an operator sets, by environment variables with safe defaults."""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import limits

from classifier import ClassifierError

VARIABLES = {
    "HOST": "address to listen on (127.0.0.1); another than a loopback one needs keys",
    "PORT": "port to listen on (8000)",
    "WORKERS": "processes (2)",
    "THREADS": "connections that a process serves at a time, slow ones included (128)",
    "BUSY": "requests that a process works on at a time; others wait, and after a second are told to come back (1)",
    "SILENCE": "seconds that a client may keep silent in the middle of a request (20)",
    "HEADLINES_MODELS": "models folder (models/)",
    "HOSTS": "names the service answers to, comma-separated (any)",
    "ORIGINS": "sites whose pages may call the service, comma-separated, as https://cms.example (none)",
    "KEYS": "file of API keys, written by `make key` (keys.json); without one everybody may do everything",
    "RATE": "requests that one key may make, in each worker, as 600/minute (unlimited)",
    "DATABASE_URL": "where corrections are kept (sqlite:///corrections.db); PostgreSQL for several machines",
    "QUORUM": "editors who must agree on a correction (2)",
    "QUOTA": "corrections that one author may send a day (500)",
    "KEEP_UNCERTAIN": "1 to keep the newest 10,000 uncertain headlines, for `/v1/queue` (0)",
    "LOG_HEADLINES": "1 to write headlines into the log (0)",
}


class SettingsError(ClassifierError):
    """An environment variable that cannot be meant."""


@dataclass(frozen=True)
class Settings:
    """How the service behaves; `VARIABLES` says what each is for."""

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 2
    threads: int = 128
    busy: int = 1
    silence: int = 20
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    keys: Path = Path("keys.json")
    rate: limits.RateLimitItem | None = None
    database: str = field(default="sqlite:///corrections.db", repr=False)  # it may hold a password
    quorum: int = 2
    quota: int = 500
    keep_uncertain: bool = False
    log_headlines: bool = False

    @classmethod
    def of(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read the environment; a variable that is empty counts as not set.

        Raises:
            SettingsError: a value is not what its variable wants.
        """
        given = {name: environ[name].strip() for name in VARIABLES if environ.get(name, "").strip()}
        return cls(
            host=given.get("HOST", cls.host),
            port=_count(given, "PORT", cls.port, 65535),
            workers=_count(given, "WORKERS", cls.workers, 256),
            threads=_count(given, "THREADS", cls.threads, 4096),
            busy=_count(given, "BUSY", cls.busy, 4096),
            silence=_count(given, "SILENCE", cls.silence, 3600),
            hosts=_names(given, "HOSTS"),
            origins=_names(given, "ORIGINS"),
            keys=Path(given.get("KEYS", cls.keys)),
            rate=_rate(given),
            database=given.get("DATABASE_URL", "sqlite:///corrections.db"),
            quorum=_count(given, "QUORUM", cls.quorum, 100),
            quota=_count(given, "QUOTA", cls.quota, 1_000_000),
            keep_uncertain=_switch(given, "KEEP_UNCERTAIN"),
            log_headlines=_switch(given, "LOG_HEADLINES"),
        )

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return self.host == "localhost"


def _names(given: Mapping[str, str], variable: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in given.get(variable, "").split(",") if name.strip())


def _count(given: Mapping[str, str], variable: str, default: int, most: int) -> int:
    text = given.get(variable, str(default))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise SettingsError(f"{variable} must be a whole number from 1 to {most}, not {text!r}")
    return int(text)


def _switch(given: Mapping[str, str], variable: str) -> bool:
    text = given.get(variable, "0")
    if text not in ("0", "1"):
        raise SettingsError(f"{variable} must be 0 or 1, not {text!r}")
    return text == "1"


def _rate(given: Mapping[str, str]) -> limits.RateLimitItem | None:
    if "RATE" not in given:
        return None
    try:
        return limits.parse(given["RATE"])
    except ValueError as error:
        raise SettingsError(f"RATE must be like 600/minute, not {given['RATE']!r}") from error
