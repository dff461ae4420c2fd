"""The networks that learn images, small versions of them, and how each is optimised."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
from jaxtyping import Array, Key

from inductive.models import resnet, vision_transformer
from inductive.train import epochs

BLOCK = 4000
"""Units of a vision transformer's layer whose dimensions are measured together."""


class Network(NamedTuple):
    """An architecture and how it is trained.

    Attributes:
        init: parameters and state from a key.
        apply: ``apply(params, state, images, train=...)``, with logits, features and
            state in what it returns.
        optimiser: made by :mod:`inductive.train.epochs`.
        block: units of a layer that are measured together; all by default.
    """

    init: Callable[[Key[Array, ""]], tuple[Any, Any]]
    apply: Callable[..., resnet.Output]
    optimiser: Any
    block: int | None = None


_TINY_VIT = {"width": 16, "depth": 2, "hidden": 32}
_SIZES: dict[str, dict[str, Any]] = {
    "resnet18": resnet.RESNET18,
    "resnet-small": {"widths": (16, 32, 64, 128), "blocks": 1},
    "resnet-tiny": {"widths": (4, 8), "blocks": 1},
    "vit": {**vision_transformer.PAPER, "n_heads": vision_transformer.HEADS},
    "vit-tiny": {**_TINY_VIT, "n_heads": 2},
}


def network_for(name: str, n_classes: int, shape: tuple[int, int]) -> Network:
    """A network by its name.

    Learning rates are those of Lippl & Lindsey (NeurIPS 2024).

    Args:
        name: "resnet18", "vit" (those of that paper), "resnet-small" (as deep in stages as
            ResNet-18, with a block each and a quarter of the channels), "resnet-tiny" or
            "vit-tiny".
        n_classes: number of outputs.
        shape: height and width of the images in pixels.

    Raises:
        ValueError: there is no such network, or it cannot take images of this size.
    """
    if name not in _SIZES:
        raise ValueError(f"network={name!r}: choose one of {', '.join(_SIZES)}")
    sizes = {**_SIZES[name], "n_classes": n_classes}
    if name.startswith("resnet"):
        optimiser = epochs.sgd(1e-3, momentum=0.9)
        return Network(partial(resnet.init, **sizes), resnet.apply, optimiser)
    height, side = shape
    if height != side or side % vision_transformer.PATCH:
        raise ValueError(
            f"images of {height} × {side} pixels do not suit {name!r}: it takes square "
            f"ones whose side is a multiple of {vision_transformer.PATCH}"
        )
    n_heads = sizes.pop("n_heads")
    init = partial(vision_transformer.init, side=side, **sizes)
    one = partial(vision_transformer.apply, n_heads=n_heads)

    def apply(params: Any, state: Any, images: Array, *, train: bool) -> resnet.Output:
        del train  # it has no dropout and normalises each token by itself
        logits, layers = jax.vmap(one, in_axes=(None, 0))(params, images)
        flat = layers.swapaxes(0, 1).reshape(layers.shape[1], len(images), -1)
        return resnet.Output(logits, tuple(flat), state)

    optimiser = epochs.adam(1e-3, l2=5e-5)
    return Network(lambda key: (init(key), ()), apply, optimiser, BLOCK)
