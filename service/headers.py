"""What browsers are told: what a page may load, and which other sites may call."""

from flask import Flask, Request, Response, request

# An answer of JSON is no page: nothing may be loaded in its name, and nobody may frame it.
NOTHING = "default-src 'none'; frame-ancestors 'none'"

SECURITY = (
    ("Content-Security-Policy", NOTHING),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
)
"""What every answer carries; a page sets a Content-Security-Policy of its own."""

_METHODS = "GET, POST, DELETE"
_HEADERS = "Authorization, Content-Type, X-Request-Id"


def register(app: Flask, origins: tuple[str, ...]) -> None:
    """Let the pages of these origins call; no others, when empty."""
    if not origins:
        return

    @app.before_request
    def preflight() -> Response | None:
        asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        return Response(status=204) if asks and _known(request, origins) else None

    @app.after_request
    def end(response: Response) -> Response:
        headers = response.headers
        headers.add("Vary", "Origin")
        if _known(request, origins):
            headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
            headers["Access-Control-Allow-Methods"] = _METHODS
            headers["Access-Control-Allow-Headers"] = _HEADERS
            headers["Access-Control-Expose-Headers"] = "X-Request-Id, X-Model-Version, Retry-After"
        return response


def _known(asked: Request, origins: tuple[str, ...]) -> bool:
    return asked.headers.get("Origin") in origins
