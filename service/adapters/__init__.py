"""The service as other tools expect one: each module speaks one tool's protocol, and none does more than translate.

Headlines are classified and callers admitted at the desk, bodies are read by `service.asked`, as everywhere else. What
a tool reports as right or wrong is handed on as a correction.
"""

from flask import Blueprint

from service.adapters import feeds, inference, label_studio, ninjs, superdesk
from service.corrections import Corrections
from service.desk import Desk


def blueprints(desk: Desk, corrections: Corrections) -> list[Blueprint]:
    """Return the routes of all adapters, around a desk and what keeps the corrections that tools report."""
    return [
        feeds.blueprint(desk),
        ninjs.blueprint(desk),
        inference.blueprint(desk),
        label_studio.blueprint(desk, corrections),
        superdesk.blueprint(desk, corrections),
    ]
