"""The HTTP service: `create_app()` makes it, importing does nothing."""

import os

from flask import Flask

from classifier import Classifier
from service import adapters, api, headers, operations, problems
from service.adapters import Corrections
from service.desk import Desk
from service.settings import Settings


def create_app(
    models: str | os.PathLike[str] | None = None, classifier: Classifier | None = None,
    settings: Settings | None = None, interval: float = 1.0, corrections: Corrections | None = None,
) -> Flask:  # fmt: skip
    """Return a Flask app around a classifier.

    Args:
        models: model folder, as in `classifier.load`. Another version published there takes over while the app runs.
        classifier: an already loaded one, instead of a folder; it stays.
        settings: how it behaves; the environment's when None.
        interval: seconds between two looks for another version, and for other keys.
        corrections: what keeps those that other tools report; they are told that nothing does when None.

    Raises:
        ModelError: the folder holds no model that can be trusted.
        SettingsError: an environment variable or the file of keys is wrong.
    """
    settings = settings or Settings.of()
    desk = Desk(settings, models, classifier, interval)
    app = Flask(__name__, static_folder=None)
    app.config["TRUSTED_HOSTS"] = list(settings.hosts) or None
    problems.register(app)
    operations.register(app, desk)
    headers.register(app, settings.origins)
    for routes in (api.blueprint(desk), *adapters.blueprints(desk, corrections)):
        app.register_blueprint(routes)
    return app
