r"""The authors' random context functions, drawn without the library that they drew them with.

Their seeds start PyTorch's generator for CPUs, a Mersenne twister whose words are those of NumPy's
legacy generator of the same seed. What is made of the words is rebuilt here:

- uniform single precision: the lower 24 bits of a word;
- uniform double precision: the lower 53 bits of two words, the first one above the second;
- normal, 16 numbers or more: as many uniform ones, turned in blocks of 16 by Box and Muller's
  formula, the first half of a block giving radii and the second angles; numbers that fill no block
  are drawn again, with the last ones of the block before;
- normal, fewer numbers: by the same formula in double precision, two at a time; what is
  left of a pair is the first of such numbers drawn next.

Computed in double precision and then rounded: numbers differ from PyTorch's, which is made of
approximations in single precision, by some units in the last place of the largest ones.
"""

import numpy as np
from jaxtyping import Float32, Float64, UInt32

N_INPUTS = 785
"""Pixels of an image and a constant."""

STD_HYPERPLANE, STD_THRESHOLD = 36.0, 9.0

BLOCK = 16


def hyperplanes(
    seed: int, n_units: int, shatter_dim: int, n_inputs: int = N_INPUTS
) -> tuple[Float32[np.ndarray, "h s d"], Float32[np.ndarray, "h s"]]:
    r"""Normals :math:`a_{hj}` and thresholds :math:`\beta_{hj}` of one layer's contexts.

    Entries are :math:`N(0, 36^2)` and :math:`N(0, 9^2)`. Before them the authors' layer draws a
    uniform number for each of its weights, which it then replaces.

    Args:
        seed: of the contexts, 0 or larger; 1, 2 and 3 in the paper.
        n_units: H, 1 or more.
        shatter_dim: s, hyperplanes of a unit, 0 or more.
        n_inputs: D, with the constant.

    Raises:
        ValueError: a number outside its range.
    """
    if n_units < 1 or shatter_dim < 0 or n_inputs < 1:
        raise ValueError(
            f"n_units={n_units}, shatter_dim={shatter_dim}, n_inputs={n_inputs}: "
            "units and inputs must be 1 or more, hyperplanes 0 or more"
        )
    twister = _Twister(seed)
    rows = n_units * shatter_dim
    twister.words(rows * n_inputs)
    normals = twister.normal(rows * n_inputs, STD_HYPERPLANE)
    thresholds = twister.normal(rows, STD_THRESHOLD)
    return (
        normals.reshape(n_units, shatter_dim, n_inputs),
        thresholds.reshape(n_units, shatter_dim),
    )


def orthogonal(seed: int, rows: int, columns: int) -> Float32[np.ndarray, "r c"]:
    """A random matrix with orthonormal rows, or columns where these are fewer.

    The factor Q of a matrix of standard normal numbers (transposed where rows are fewer), with the
    signs that make the diagonal of R positive.

    Args:
        seed: 0 or larger.
        rows: 1 or more.
        columns: 1 or more.

    Raises:
        ValueError: a number outside its range.
    """
    if rows < 1 or columns < 1:
        raise ValueError(f"rows={rows}, columns={columns}: both must be 1 or more")
    drawn = _Twister(seed).normal(rows * columns, 1.0).reshape(rows, columns)
    tall = drawn.T if rows < columns else drawn
    q, r = np.linalg.qr(tall.astype(np.float64))
    q *= np.sign(np.diag(r))
    return (q.T if rows < columns else q).astype(np.float32)


class _Twister:
    """The generator, and the number left over from a pair."""

    def __init__(self, seed: int) -> None:
        if not 0 <= seed < 2**32:
            raise ValueError(f"seed={seed} is outside 0 .. 2**32 - 1: choose another")
        self._bits = np.random.RandomState(seed)
        self._spare = np.empty(0)

    def words(self, n: int) -> UInt32[np.ndarray, " n"]:
        """The next words."""
        return self._bits.randint(0, 2**32, n, dtype=np.uint32)

    def normal(self, n: int, std: float) -> Float32[np.ndarray, " n"]:
        """The next normal numbers."""
        values = self._blocks(n) if n >= BLOCK else self._pairs(n)
        return (std * values).astype(np.float32)

    def _blocks(self, n: int) -> Float64[np.ndarray, " n"]:
        uniform = (self.words(n) & np.uint32(2**24 - 1)) / 2.0**24
        whole = n - n % BLOCK
        values = np.empty(n)
        values[:whole] = _box_muller(uniform[:whole].reshape(-1, 2, BLOCK // 2))
        if whole < n:
            values[-BLOCK:] = self._blocks(BLOCK)
        return values

    def _pairs(self, n: int) -> Float64[np.ndarray, " n"]:
        pairs = max(n - len(self._spare) + 1, 0) // 2
        words = self.words(4 * pairs).astype(np.uint64).reshape(pairs, 2, 2)
        long = (words[..., 0] << np.uint64(32)) | words[..., 1]
        uniform = (long & np.uint64(2**53 - 1)) / 2.0**53
        # Here the first number gives the angle.
        drawn = _box_muller(uniform[:, ::-1, None])
        values = np.concatenate([self._spare, drawn])
        self._spare = values[n:]
        return values[:n]


def _box_muller(uniform: Float64[np.ndarray, "b 2 k"]) -> Float64[np.ndarray, " n"]:
    """Normal numbers from radii and angles, cosines of a block before its sines."""
    radius = np.sqrt(-2 * np.log1p(-uniform[:, 0]))
    angle = 2 * np.pi * uniform[:, 1]
    turned = [radius * np.cos(angle), radius * np.sin(angle)]
    return np.stack(turned, axis=1).ravel()
