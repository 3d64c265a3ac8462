"""Labelling on a cluster, with the extra `cluster`: Dask as joblib's backend.

joblib is here to hand work to processes of our own; no file is opened with it, and nothing else may import it.
"""

import logging
import warnings
from collections.abc import Iterator
from itertools import islice
from typing import Any

from classifier.errors import ClassifierError, InputError
from classifier.formats import Record
from classifier.label import Labelled, Manner, label
from classifier.model import Classifier

_A_WORKER = 4  # batches of a window: two windows are under way, so that nobody waits while one is written


def on_dask(
    classifier: Classifier, address: str, manner: Manner, batches: Iterator[list[Record]]
) -> Iterator[Labelled]:
    """Yield the batches labelled, in order, by the workers of the cluster whose scheduler is at `address`.

    The model travels to the workers; they need this package alone. What a worker that dies had in hand is done by
    another.

    Raises:
        InputError: joblib or distributed is not installed, or the address is none.
        ClassifierError: the cluster is gone; or what `label` raises.
        OSError: nobody answers at the address.
    """
    try:
        import joblib
        from distributed import Client
    except ImportError as error:
        raise InputError("--dask wants joblib and distributed: pip install 'headline-topics[cluster]'") from error
    try:
        client: Any = Client(address)  # type: ignore[no-untyped-call]
    except ValueError as error:
        raise InputError(f"--dask is the address of a scheduler, as tcp://host:8786: {error}") from error
    _quiet()
    if not client.nthreads():
        client.close()
        raise ClassifierError(f"the cluster at {address} has no worker")
    with client, joblib.parallel_config("dask", client=client, scatter=[classifier]):
        try:
            under_way: list[Iterator[Labelled]] = []
            while window := list(islice(batches, max(1, _A_WORKER * sum(client.nthreads().values())))):
                # All of a window is sent off at once, before the one ahead of it is written.
                send = joblib.Parallel(return_as="generator", pre_dispatch="all", batch_size=1)
                under_way.append(send(joblib.delayed(label)(classifier, manner, batch) for batch in window))
                if len(under_way) > 1:
                    yield from under_way.pop(0)
            for labelled in under_way:
                yield from labelled
        except (ClassifierError, OSError):
            raise
        except Exception as error:  # whatever of Dask's ends a task: a scheduler that went, workers that keep dying
            raise ClassifierError(f"the cluster at {address} gave up: {str(error) or type(error).__name__}") from error


def _quiet() -> None:
    """Leave it to the one line of the command to say what went wrong; a worker that was replaced is no news."""
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("distributed"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", r"\d+ tasks ", UserWarning)
