"""The tangent kernel of one network at the chapter's 65 angles, in our form and PyTorch's.

Prints a row for each width: PyTorch by gradients of each input and layer by layer, ours
layer by layer, on one core. All must give the same kernel.
"""

import argparse
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np

import tangent_torch
from inductive.experiments.neural_tangent_kernel import circle
from inductive.models import ntk_mlp
from measure import Row, cores, quartiles, ratios, side_by_side
from programs import compiled, finished
from tangent_training import leaves, networks, prove_same

WIDTHS, REPEATS = (200, 500, 1000), 5
FORMS = ("torch_gradients", "torch_layers", "ours")


def measure(width: int, repeats: int, n_angles: int = len(circle.ANGLES)) -> Row:
    """Time all forms at one width.

    Args:
        width: units in each hidden layer.
        repeats: times that each is computed.
        n_angles: inputs.
    """
    params = jax.tree.map(lambda leaf: leaf[0], networks(width, 1))
    xs = circle.on_circle(circle.ANGLES[:n_angles])

    def kernel(params: Any, xs: Any) -> Any:
        return ntk_mlp.ntk(params, xs, xs, circle.BIAS_SCALE)

    ready, seconds = compiled(kernel, params, xs)
    theirs = leaves(params), np.asarray(xs), circle.BIAS_SCALE
    calls: dict[str, Callable[[], Any]] = {
        "torch_gradients": partial(tangent_torch.by_gradients, *theirs),
        "torch_layers": partial(tangent_torch.by_layers, *theirs),
        "ours": lambda: finished(ready, params, xs),
    }
    row: Row = {"width": width, "inputs": n_angles, "cores": cores()}
    row |= {"repeats": repeats, "compile_s": float(f"{seconds:.3g}")}
    wanted = calls["ours"]()
    for name in FORMS[:2]:
        row[f"{name}_apart"] = float(f"{prove_same(name, calls[name](), wanted):.1g}")
    samples = side_by_side(calls, repeats, at_least=0.2)
    for name in FORMS:
        row |= quartiles(f"{name}_s", [sample.wall for sample in samples[name]])
    for peer in FORMS[:2]:
        row |= quartiles(f"{peer}_over_ours", ratios(samples[peer], samples["ours"]))
    return row


def main() -> None:
    """Measure all widths, on the core that the process was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    tangent_torch.torch.set_num_threads(1)
    if options.quick:
        print(json.dumps([measure(50, 1, 5)]))
        return
    print(json.dumps([measure(width, REPEATS) for width in WIDTHS]))


if __name__ == "__main__":
    main()
