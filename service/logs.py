"""Structured logs: one JSON object a line, on standard error. They hold no headline unless the operator asks."""

from typing import Any

_FORMAT = {
    "()": "pythonjsonlogger.orjson.OrjsonFormatter",
    "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s",
    "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
    "datefmt": "%Y-%m-%dT%H:%M:%S%z",
}


def configuration() -> dict[str, Any]:
    """Return the configuration for `logging.config.dictConfig`, gunicorn's own lines included."""
    handler = {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}
    # Gunicorn counts requests in an access log of its own, which would hold whole URLs.
    silent = {"level": "CRITICAL", "handlers": [], "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": _FORMAT},
        "handlers": {"stderr": handler},
        "root": {"level": "INFO", "handlers": ["stderr"]},
        "loggers": {
            "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
            "gunicorn.access": silent,
        },
    }
