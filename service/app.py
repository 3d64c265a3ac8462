"""The HTTP service: `create_app()` makes it, importing does nothing."""

import os

from flask import Flask

from classifier import Classifier
from service import api, headers, operations, page, problems
from service.desk import Desk
from service.settings import Settings


def create_app(
    models: str | os.PathLike[str] | None = None, classifier: Classifier | None = None,
    settings: Settings | None = None, interval: float = 1.0,
) -> Flask:  # fmt: skip
    """Return a Flask app around a classifier.

    Args:
        models: model folder, as in `classifier.load`. Another version published there takes over while the app runs.
        classifier: an already loaded one, instead of a folder; it stays.
        settings: how it behaves; the environment's when None.
        interval: seconds between two looks for another version, and for other keys.

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
    app.register_blueprint(api.blueprint(desk))
    app.register_blueprint(page.blueprint(desk))
    return app
