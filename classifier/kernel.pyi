from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

class Kernel:
    def __init__(
        self,
        folded: NDArray[np.uint32],
        fold_code: Callable[[int], int],
        translation: Mapping[int, str],
        word_keys: NDArray[np.uint64],
        word_slots: NDArray[np.int32],
        ngram_keys: NDArray[np.uint64],
        ngram_slots: NDArray[np.int32],
        table: NDArray[np.float32],
    ) -> None: ...
    def sums(self, headlines: list[str]) -> tuple[NDArray[np.float64], NDArray[np.intp]]: ...
