"""Online Bayesian logistic regression with a diagonal Laplace approximation. Arrays in, arrays out.

Chapelle & Li 2011, "An Empirical Evaluation of Thompson Sampling", algorithm 3, for several classes; the idea of passing on a Gaussian
posterior as the next prior is that of Spiegelhalter & Lauritzen 1990. A batch fit is the same step from the first prior.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

#: L-BFGS ends where no entry of the gradient is larger, or where the objective falls by less than this share.
GRADIENT_TOLERANCE, VALUE_TOLERANCE = 1e-5, 1e-15
MAX_ITERATIONS = 1000

#: Kernels are used up to this many numbers (128 MiB): 4,096 rows from the first prior, 1,365 with nine classes later.
KERNEL_ENTRIES = 1 << 24

#: Share of the largest entry that a kernel's diagonal is raised by.
JITTER = 1e-10


@dataclass(frozen=True)
class Posterior:
    """A Gaussian over weights (n_columns, K) with a diagonal covariance; only columns that texts spoke about are kept.

    columns: int64 (m,), ascending. mean, precision: float64 (m, K), float32 numbers. prior_precision: of all other columns, whose
    mean is 0.
    """

    columns: NDArray[np.int64]
    mean: F64
    precision: F64
    prior_precision: float

    @classmethod
    def prior(cls, n_classes: int, precision: float) -> "Posterior":
        """What is known before any text."""
        return cls(np.zeros(0, np.int64), np.zeros((0, n_classes)), np.zeros((0, n_classes)), precision)

    def logits(self, matrix: Any) -> F64:
        """Mean logits of the rows of a CSR float64 (n, n_columns): float64 (n, K); zeros where nothing is known."""
        if not len(self.columns):
            return np.zeros((matrix.shape[0], self.mean.shape[1]))
        return np.asarray(_columns_of(matrix, self.columns) @ self.mean)

    def spread(self, columns: NDArray[np.int64]) -> "Posterior":
        """The same Gaussian with these columns, int64 ascending, kept as well."""
        joined = np.union1d(self.columns, columns)
        place = np.searchsorted(joined, self.columns)
        mean = np.zeros((len(joined), self.mean.shape[1]))
        precision = np.full(mean.shape, self.prior_precision)
        mean[place], precision[place] = self.mean, self.precision
        return Posterior(joined, mean, precision, self.prior_precision)


def update(prior: Posterior, matrix: Any, target: NDArray[np.intp], weight: F64, base: F64) -> Posterior:
    """The posterior after n labelled rows.

    matrix: scipy CSR float64 (n, n_columns), no entry twice. target: (n,), class numbers below K. weight: (n,), at least 0.
    base: (n, K), fixed logits that the weights' own are added to. The same arguments give the same bytes.

    mean = argmin of the sum of weight * -log p(target) + sum of precision / 2 * (mean - prior mean)**2;
    precision += sum over rows of weight * x**2 * p * (1 - p), p at the new mean.
    """
    from threadpoolctl import threadpool_limits

    seen = np.unique(matrix.indices).astype(np.int64)
    if not len(seen):
        return prior
    spread = prior.spread(seen)
    place = np.searchsorted(spread.columns, seen)
    part = _columns_of(matrix, seen)
    mean, precision = spread.mean[place], spread.precision[place]
    with threadpool_limits(1):  # threads would change the order of sums
        mean = _mode(part, target, weight, base, mean, precision)
        p = np.exp(_log_softmax(base + part @ mean))
        part.data **= 2
        precision = precision + part.T @ (weight[:, None] * p * (1 - p))
    spread.mean[place], spread.precision[place] = _rounded(mean), _rounded(precision)
    return spread


def _mode(matrix: Any, target: NDArray[np.intp], weight: F64, base: F64, mean: F64, precision: F64) -> F64:
    """The most probable weights (m, K), by L-BFGS in units of the prior's standard deviation, where the prior is a unit ball."""
    from scipy.optimize import minimize

    offset, rows = base + matrix @ mean, np.arange(len(target))
    whitened = _kernel_map(matrix, precision) or _weight_map(matrix, precision)

    def error(logits: F64) -> tuple[float, F64]:
        log_p = _log_softmax(logits)
        slope = np.exp(log_p)
        slope[rows, target] -= 1
        return float(-weight @ log_p[rows, target]), slope * weight[:, None]

    def loss(flat: F64) -> tuple[float, F64]:
        value, slope = error(offset + whitened.forward(flat.reshape(whitened.shape)))
        return value + float(0.5 * (flat @ flat)), whitened.backward(slope).reshape(-1) + flat

    options = {"maxiter": MAX_ITERATIONS, "maxfun": 2 * MAX_ITERATIONS, "gtol": GRADIENT_TOLERANCE, "ftol": VALUE_TOLERANCE}
    found = minimize(loss, np.zeros(np.prod(whitened.shape)), jac=True, method="L-BFGS-B", options=options)
    if found.nit >= MAX_ITERATIONS:
        from sklearn.exceptions import ConvergenceWarning

        warnings.warn(f"L-BFGS did not come to an end in {MAX_ITERATIONS} iterations; a smaller C helps", ConvergenceWarning, stacklevel=2)
    # At the optimum the prior's pull on the weights is the rows' pull: precision * (mean - prior mean) = -X' error.
    _, slope = error(offset + whitened.forward(found.x.reshape(whitened.shape)))
    return np.asarray(mean - (matrix.T @ slope) / precision)


@dataclass(frozen=True)
class _Map:
    """A linear map from whitened unknowns of ``shape`` to logits (n, K), and its transpose."""

    shape: tuple[int, int]
    forward: Callable[[F64], F64]
    backward: Callable[[F64], F64]


def _weight_map(matrix: Any, precision: F64) -> _Map:
    """Unknowns are the weights in standard deviations: (m, K)."""
    scale, transposed = 1 / np.sqrt(precision), matrix.T.tocsr()
    return _Map(precision.shape, lambda steps: matrix @ (steps * scale), lambda slope: (transposed @ slope) * scale)


def _kernel_map(matrix: Any, precision: F64) -> _Map | None:
    """Unknowns are as many as rows, (n, K): logits depend on weights only through rows' products (the kernel). None for many rows.

    With fewer rows than columns this is the same problem, smaller. Classes share one kernel as long as they share their precision.
    """
    n, n_classes = matrix.shape[0], precision.shape[1]
    kernels = 1 if (precision == precision[:, :1]).all() else n_classes
    if n * n * kernels > KERNEL_ENTRIES:
        return None
    roots = np.stack([np.linalg.cholesky(_kernel(matrix, precision[:, k])) for k in range(kernels)])
    return _Map(
        (n, n_classes),
        lambda steps: (roots @ steps.T[..., None])[..., 0].T if kernels > 1 else roots[0] @ steps,
        lambda slope: (roots.mT @ slope.T[..., None])[..., 0].T if kernels > 1 else roots[0].T @ slope,
    )


def _kernel(matrix: Any, precision: F64) -> F64:
    """X diag(1 / precision) X' of CSR (n, m), dense (n, n), with a diagonal raised a little so that equal rows have a root too."""
    scaled = matrix.copy()
    scaled.data /= np.sqrt(precision)[matrix.indices]
    # Sparse products suit rare columns, dense ones those that many rows share.
    shared = np.bincount(matrix.indices, minlength=matrix.shape[1]) > matrix.shape[0] / 16
    dense, sparse = scaled[:, np.flatnonzero(shared)].toarray(), scaled[:, np.flatnonzero(~shared)]
    kernel = dense @ dense.T + (sparse @ sparse.T).toarray()
    kernel[np.diag_indices_from(kernel)] += JITTER * max(kernel.diagonal().max(), 1.0)
    return np.asarray(kernel)


def _columns_of(matrix: Any, columns: NDArray[np.int64]) -> Any:
    """CSR (n, m) of the columns, ascending and not none, out of (n, n_columns); entries of others become zeros."""
    from scipy.sparse import csr_array

    place = np.minimum(np.searchsorted(columns, matrix.indices), len(columns) - 1)
    data = np.where(columns[place] == matrix.indices, matrix.data, 0.0)
    return csr_array((data, place, matrix.indptr), shape=(matrix.shape[0], len(columns)))


def _log_softmax(logits: F64) -> F64:
    """float64 (n, K) -> logarithms of probabilities."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def _rounded(values: F64) -> F64:
    """The nearest float32 numbers: a saved posterior is the one that was saved."""
    return values.astype(np.float32).astype(np.float64)
