"""MNIST: 70 000 grey images of handwritten digits.

LeCun, Bottou, Bengio & Haffner, "Gradient-based learning applied to document recognition" (1998).
The copyright is held by Y. LeCun and C. Cortes; the data are widely passed on, commonly stated to
be under CC BY-SA 3.0.

:func:`load` reads the four published files. :func:`split` gives the 2 000 training and 12 000
validation images of Lippl, Abbott & Chung (2022), which lie in this package. That file is made
again from the published ones by ``python -m inductive.data.mnist``.
"""

from inductive.data.mnist.full import load, read_idx
from inductive.data.mnist.subset import MnistSplit, split, split_indices

__all__ = ["MnistSplit", "load", "read_idx", "split", "split_indices"]
