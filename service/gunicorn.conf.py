"""How `make serve` runs gunicorn; HOST, PORT and WORKERS come from the environment."""

import os

wsgi_app = "service.app:create_app()"
bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WORKERS", "2"))
threads = 8
# Loaded once and shared: the workers are forked from a process that already holds the model.
preload_app = True
# Headlines must not end up in logs by way of a URL, so there is no access log.
accesslog = None
limit_request_line = 4094
graceful_timeout = 30
