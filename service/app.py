"""The HTTP service: `create_app()` makes it, importing does nothing."""

import os

from flask import Flask

from classifier import Classifier
from service import adapters, api, editing, headers, operations, page, problems
from service.corrections import Corrections
from service.desk import Desk
from service.doubtful import Doubtful
from service.settings import Settings
from service.store import Store


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
    store = Store(settings.database)
    corrections = Corrections(store, settings.quorum, settings.quota)
    doubtful = Doubtful(store) if settings.keep_uncertain else None
    desk = Desk(settings, models, classifier, interval, corrections.contested, doubtful)
    app = Flask(__name__, static_folder=None)
    app.config["TRUSTED_HOSTS"] = list(settings.hosts) or None
    problems.register(app)
    operations.register(app, desk)
    headers.register(app, settings.origins)
    own = (page.blueprint(desk), api.blueprint(desk), editing.blueprint(desk, corrections, doubtful))
    for routes in (*own, *adapters.blueprints(desk, corrections)):
        app.register_blueprint(routes)
    return app
