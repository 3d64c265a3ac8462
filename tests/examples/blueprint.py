"""A newsroom's own Flask app with the classifier under /topics: flask --app blueprint run."""

from flask import Flask

from service import api, operations
from service.desk import Desk
from service.problems import Problem, answer
from service.settings import Settings

app = Flask(__name__)
desk = Desk(Settings.of())
operations.register(app, desk)  # times, counts and logs requests; adds /healthz, /readyz and /metrics
app.register_blueprint(api.blueprint(desk), url_prefix="/topics")
app.register_error_handler(Problem, answer)


@app.get("/")
def front_page() -> str:
    return "<h1>Our newsroom</h1>"
