"""The dense half of the scorer: pooled features in, logits out. Arrays in, arrays out.

All weights and activations are whole numbers small enough that every product and every partial sum stays below 2**24. A float32 matrix
product of them is then exact, whatever library, order of summation, batch or thread count computes it.
"""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Activations lie in 0..127, features in -127..127.
ACTIVATION_LIMIT = 127

#: Below this every whole number is a float32.
EXACT = 1 << 24

#: The compiled layers work on so many units at a time.
LANES = 16


@dataclass(frozen=True)
class Dense:
    """Weights of the two layers over F = 5 * D pooled features, H hidden units and K logits.

    hidden_weights: float32 (F, H), whole numbers; hidden_scale, hidden_bias: float32 (H,), in units of the quantised activation.
    output_weights: float32 (H + D, K), whole numbers, for the hidden units and then the mean features; output_scale, output_bias: (K,).
    """

    hidden_weights: NDArray[np.float32]
    hidden_scale: NDArray[np.float32]
    hidden_bias: NDArray[np.float32]
    output_weights: NDArray[np.float32]
    output_scale: NDArray[np.float32]
    output_bias: NDArray[np.float32]

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def mean_width(self) -> int:
        """D, the number of mean features that reach the logits directly."""
        return len(self.output_weights) - len(self.hidden_scale)

    @cached_property
    def packed(self) -> tuple[NDArray[Any], ...]:
        """The arguments of the compiled layers: weights of pairs of inputs side by side, units filled up with zeros to sixteens.

        int16 (ceil(F / 2), H', 2); float32 (H',) twice; int16 (ceil((H' + D) / 2), K', 2); float32 (K,) twice. Made when first read.
        Raises ValueError for weights that are no int16.
        """
        missing = -len(self.hidden_scale) % LANES
        hidden = np.pad(self.hidden_weights, ((0, 0), (0, missing)))
        output = np.insert(self.output_weights, [len(self.hidden_scale)] * missing, 0, axis=0)
        scale, bias = np.pad(self.hidden_scale, (0, missing)), np.pad(self.hidden_bias, (0, missing))
        made = _pairs(hidden), scale, bias, _pairs(output)
        for array in made:
            array.setflags(write=False)
        return *made, self.output_scale, self.output_bias

    def exact(self) -> bool:
        """Whether no sum of either layer can reach 2**24."""
        largest = max(np.abs(self.hidden_weights).sum(axis=0).max(), np.abs(self.output_weights).sum(axis=0).max())
        return bool(largest * ACTIVATION_LIMIT < EXACT)


def _pairs(weights: NDArray[np.float32]) -> NDArray[np.int16]:
    """float32 (n, k) -> int16 (ceil(n / 2), k', 2), k' the next multiple of ``LANES``. Raises ValueError where a number would change."""
    whole = np.pad(weights, ((0, len(weights) % 2), (0, -weights.shape[1] % LANES)))
    packed = np.ascontiguousarray(whole.reshape(-1, 2, whole.shape[1]).swapaxes(1, 2)).astype(np.int16)
    if not np.array_equal(packed.swapaxes(1, 2).reshape(whole.shape), whole):
        raise ValueError("weights: expected whole numbers from -32768 to 32767")
    return packed


def hidden_values(features: NDArray[np.float32], dense: Dense) -> NDArray[np.float32]:
    """Hidden units before relu and rounding: float32 (n, F) -> float32 (n, H)."""
    return np.asarray((features @ dense.hidden_weights) * dense.hidden_scale + dense.hidden_bias)


def dense_logits(features: NDArray[np.float32], dense: Dense) -> NDArray[np.float32]:
    """Logits of pooled features: float32 (n, F), whole numbers in -127..127 -> float32 (n, K).

    hidden = clip(rint(features @ hidden_weights * hidden_scale + hidden_bias), 0, 127);
    logits = [hidden, features[:, :D]] @ output_weights * output_scale + output_bias.
    """
    hidden = hidden_values(features, dense)
    np.clip(np.rint(hidden, out=hidden), 0, ACTIVATION_LIMIT, out=hidden)
    mixed = np.concatenate([hidden, features[:, : dense.mean_width]], axis=1)
    return np.asarray((mixed @ dense.output_weights) * dense.output_scale + dense.output_bias)
