"""How `make serve` runs gunicorn; `settings.py` says what comes from the environment."""

import atexit
import gc
import os
import shutil
import socket
import struct
import sys
import tempfile
from typing import Any

from classifier import ClassifierError
from service import logs
from service.access import Keys
from service.settings import Settings

try:
    settings = Settings.of()
    if not settings.loopback and not Keys(settings.keys):
        raise ClassifierError(
            f"{settings.host} can be reached from other machines: make a key first (`make key NAME=desk`),"
            " or listen on 127.0.0.1"
        )
except ClassifierError as error:
    print(f"service: {error}", file=sys.stderr)
    raise SystemExit(2) from error

wsgi_app = "service.app:create_app()"
bind = f"{settings.host}:{settings.port}"
worker_class = "gthread"
workers = settings.workers
# A slow client holds a thread while its request arrives; an idle thread costs next to nothing.
threads = settings.threads
# Loaded once and shared: the workers are forked from a process that already holds the model.
preload_app = True
limit_request_line = 4094
# Nobody steers a running service but by signals and by publishing models.
control_socket_disable = True
graceful_timeout = 30
logconfig_dict = logs.configuration()
# Headlines must not end up in logs by way of a URL; the service writes a line a request itself.
accesslog = None

# Each worker's metrics, summed when asked for. Set before the service is imported.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = metrics_folder = tempfile.mkdtemp(prefix="headlines-metrics-")
_MASTER = os.getpid()


@atexit.register
def leave_nothing_behind() -> None:
    """Remove the figures when the service ends, not when a worker does."""
    if os.getpid() == _MASTER:
        shutil.rmtree(metrics_folder, ignore_errors=True)


def on_starting(server: Any) -> None:  # noqa: ARG001
    """Keep the garbage collector off what is loaded before the workers are forked.

    It would look through all of it again and again, and every worker would get a copy of its own by being looked at.
    """
    gc.collect()
    gc.freeze()


def when_ready(server: Any) -> None:
    """Give every connection a timeout: accepted sockets inherit that of the socket they come from.

    At once: a client that connects before it is set has none.
    """
    for listener in server.LISTENERS:
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", settings.silence, 0))


def child_exit(server: Any, worker: Any) -> None:  # noqa: ARG001
    """Forget what a worker that is gone was doing; what it had counted stays."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)
