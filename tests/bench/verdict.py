"""What the benchmarks measured -> ratios, whether each is as promised, a table and a page with plots.

python -m tests.bench.verdict report/bench.json
"""

import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from jinja2 import Environment, FileSystemLoader
from matplotlib.figure import Figure

mpl.use("Agg")
mpl.rcParams.update({"svg.fonttype": "none", "font.family": "sans-serif", "axes.spines.top": False,
                     "axes.spines.right": False})  # fmt: skip

OURS, PLAIN, PIPELINE, FASTTEXT, EMPTY = (
    "classifier",
    "classifier, not compiled",
    "scikit-learn pipeline",
    "fastText, subwords 2 to 5",
    "empty Flask route",
)


@dataclass(frozen=True)
class Promise:
    """A ratio, and the least or the most it may be."""

    what: str
    ratio: float
    bound: float
    at_least: bool

    @property
    def kept(self) -> bool:
        return self.ratio >= self.bound if self.at_least else self.ratio <= self.bound

    def __str__(self) -> str:
        word = "at least" if self.at_least else "at most"
        return f"{self.what:<74}{self.ratio:>8.2f}   {word:<8} {self.bound:>5}   {'yes' if self.kept else 'NO'}"


class Results:
    """The timings of a run, in seconds, by group and by who or what was timed."""

    def __init__(self, report: dict[str, Any]) -> None:
        self.machine = report["machine_info"]
        self.data: dict[str, dict[str, np.ndarray]] = {}
        self.extra: dict[str, dict[str, dict[str, Any]]] = {}
        for found in report["benchmarks"]:
            name = found["name"].partition("[")[2].rstrip("]") or found["name"]
            extra = found["extra_info"]
            taken = extra.pop("taken", None) or {name: found["stats"]["data"]}
            self.data.setdefault(found["group"], {}).update({who: np.array(data) for who, data in taken.items()})
            self.extra.setdefault(found["group"], {})[name] = extra

    def times(self, group: str, by: str, of: str, percentile: float = 50) -> float | None:
        """Return how many times longer `by` takes than `of`; None if either was not measured."""
        measured = self.data.get(group, {})
        if by not in measured or of not in measured:
            return None
        return float(np.percentile(measured[by], percentile) / np.percentile(measured[of], percentile))

    def share(self, group: str, key: str, of: str, by: str) -> float | None:
        """Return one extra figure of `of` divided by that of `by`."""
        measured = self.extra.get(group, {})
        return measured[of][key] / measured[by][key] if of in measured and by in measured else None


def promises(results: Results) -> list[Promise]:
    """Return every promise whose figures were measured."""
    one, at_once = "one headline", "HTTP, 16 clients at once"
    found: list[tuple[str, float | None, float, bool]] = []
    for who, ours in ((OURS, "ours"), (PLAIN, "ours, not compiled")):
        found += [
            (f"One headline, median: pipeline's time / {ours}", results.times(one, PIPELINE, who), 40, True),
            (f"One headline, median: fastText's time / {ours}", results.times(one, FASTTEXT, who), 1, True),
            (
                f"One headline, 99th percentile: fastText's time / {ours}",
                results.times(one, FASTTEXT, who, 99),
                1,
                True,
            ),
        ]
        for group in ("1,024 headlines", "100,000 headlines"):
            found += [
                (f"{group}: pipeline's time / {ours}", results.times(group, PIPELINE, who), 12, True),
                (f"{group}: fastText's time / {ours}", results.times(group, FASTTEXT, who), 1, True),
            ]
    # What compiled code has to bring to be worth having.
    found.append(("One headline, median: ours, not compiled / ours", results.times(one, PLAIN, OURS), 3, True))
    clients = results.extra.get(at_once, {}).get("bench_clients_at_once")
    found += [
        ("Two workers: one worker's time / theirs", results.times("200,000 headlines over cores", "1", "2"), 1.7, True),
        ("Import, load, first answer: our time / pipeline's", results.share("cold start", "seconds", OURS, PIPELINE),
         0.4, False),
        ("Memory after that: ours / pipeline's", results.share("cold start", "megabytes", OURS, PIPELINE), 0.4, False),
        ("HTTP, one headline: our time / empty Flask route's",
         results.times("HTTP, one headline a request", OURS, EMPTY), 1.6, False),
        ("HTTP, 64 headlines: pipeline's time / ours",
         results.times("HTTP, 64 headlines a request", PIPELINE, OURS), 10, True),
        ("HTTP, 16 clients at once: 99th percentile / median", clients and clients["p99"] / clients["p50"], 4, False),
    ]  # fmt: skip
    for text in sorted({extra["text"] for extra in results.extra.get("length of a headline", {}).values()}):
        per_character = {
            extra["characters"]: float(np.median(results.data["length of a headline"][name])) / extra["characters"]
            for name, extra in results.extra["length of a headline"].items()
            if extra["text"] == text
        }
        ratio = per_character[1_000_000] / per_character[10_000]
        found.append((f"A million characters of {text}: time a character / that of 10,000", ratio, 2, False))
    return [Promise(what, ratio, bound, at_least) for what, ratio, bound, at_least in found if ratio is not None]


def growth(results: Results) -> list[dict[str, float]]:
    """Return lines, seconds and megabytes of every training that was timed."""
    rows = results.extra.get("training", {}).values()
    return sorted(({k: float(v) for k, v in row.items()} for row in rows), key=lambda row: row["lines"])


def machine(results: Results) -> str:
    """Return what the figures were measured on."""
    from importlib.metadata import version

    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scikit-learn", "flask", "gunicorn"))
    cpu = results.machine["cpu"]
    return f"{cpu.get('brand_raw', 'unknown processor')}, {cpu['count']} cores, " + (
        f"{results.machine['system']}, Python {results.machine['python_version']}, {packages}"
    )


def write(folder: Path, results: Results, kept: list[Promise]) -> Path:
    """Write `bench.html`: the promises and, drawn, the timings behind them."""
    page = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True).get_template("bench.html.j2")
    target = folder / "bench.html"
    plots = [_latencies(results), _medians(results), _lengths(results)]
    text = page.render(machine=machine(results), promises=kept, plots=plots, growth=growth(results))
    target.write_text(text, encoding="utf-8")
    return target


def _latencies(results: Results) -> str:
    figure = Figure(figsize=(7, 3.4), layout="constrained")
    axes = figure.subplots()
    for name, seconds in results.data.get("one headline", {}).items():
        share = np.linspace(0, 1, len(seconds))
        axes.plot(np.sort(seconds) * 1e6, share, label=name)
    axes.set(xscale="log", xlabel="microseconds", ylabel="share of calls that take no longer", ylim=(0, 1))
    axes.set_title("One headline at a time, none met before", loc="left")
    axes.grid(alpha=0.2)
    axes.legend(frameon=False)
    return _svg(figure)


def _medians(results: Results) -> str:
    groups = [g for g in results.data if len(results.data[g]) > 1 and not g.startswith(("length", "training", "200"))]
    figure = Figure(figsize=(7, 0.7 * sum(len(results.data[g]) for g in groups) * 0.55 + 1), layout="constrained")
    axes = figure.subplots()
    labels, values, colours = [], [], []
    for group in groups:
        for name, seconds in results.data[group].items():
            labels.append(f"{group}: {name}")
            values.append(float(np.median(seconds)) * 1e3)
            colours.append("#3a7d44" if name == OURS else "#b0b0b0")
    axes.barh(labels[::-1], values[::-1], color=colours[::-1])
    axes.set(xscale="log", xlabel="milliseconds, median")
    return _svg(figure)


def _lengths(results: Results) -> str:
    figure = Figure(figsize=(7, 3.4), layout="constrained")
    axes = figure.subplots()
    rows = results.extra.get("length of a headline", {})
    for text in dict.fromkeys(row["text"] for row in rows.values()):
        points = sorted(
            (row["characters"], float(np.median(results.data["length of a headline"][name])) * 1e3)
            for name, row in rows.items()
            if row["text"] == text
        )
        axes.plot(*zip(*points, strict=True), marker="o", label=text)
    axes.set(xscale="log", yscale="log", xlabel="characters in the headline", ylabel="milliseconds")
    axes.set_title("Longer headlines", loc="left")
    axes.grid(alpha=0.2)
    axes.legend(frameon=False)
    return _svg(figure)


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg")
    return text.getvalue()[text.getvalue().index("<svg") :]


def main(argv: list[str]) -> int:
    """Print the promises and write the page; return 1 if one is not kept, 2 if there is nothing to judge."""
    try:
        file = Path(argv[0])
        results = Results(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        print(f"verdict: no benchmarks to judge: {error}", file=sys.stderr)
        return 2
    found = promises(results)
    print(machine(results), *found, sep="\n")
    for row in growth(results):
        print(f"training on {row['lines']:>12,.0f} lines{row['seconds']:>10.0f} s {row['megabytes']:>8.0f} MB")
    print(write(file.parent, results, found))
    return 0 if all(promise.kept for promise in found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
