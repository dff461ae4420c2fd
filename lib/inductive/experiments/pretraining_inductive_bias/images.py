r"""A residual network, pretrained on all but two classes of images and finetuned on these two.

The vision experiment of Anguita et al. (2026, arXiv 2602.20062) in small: eight classes of CIFAR-10
and a network of four stages, for 98 classes of CIFAR-100 and ResNet-18. The three knobs are the
overall scale s and the relative scale :math:`\kappa` of earlier to later layers at the start of
pretraining, and the scale :math:`\gamma` of the readout drawn anew before finetuning. Where early
layers end, optimiser, stopping rule and sizes of samples are ours, as the paper's are not known to
us: the stem and the first half of the stages are multiplied by :math:`s\kappa`, the other stages
and the readout by :math:`s/\kappa`, each with all of its parameters: kernels, gains and biases.

With batch normalisation such a factor acts otherwise than in a network without. The output of a
normalised layer does not depend on the scale of its kernel, nor on that of its input (up to
:data:`inductive.models.resnet.EPSILON`, which counts below :math:`s\kappa \approx 0.1`); it grows
with gain and bias. At the start, early layers put out :math:`s\kappa` times what they did, later
ones :math:`s/\kappa` times, whatever comes in, and logits are multiplied by :math:`(s/\kappa)^2`
(readout biases by :math:`s/\kappa`) instead of staying as they are when :math:`\kappa` changes. In
training, a gradient step moves the direction of a kernel that is c times as large :math:`1/c^2`
times as far, so that the factors set the relative learning rates of early and late kernels. A
large :math:`\kappa` therefore slows training down; ``stop`` tells which settings have converged and
may be compared.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, Num

from inductive import rng
from inductive.experiments.image_classification.networks import Network, network_for
from inductive.experiments.image_classification.tasks import (
    Problem,
    draw_problem,
    named_images,
)
from inductive.experiments.image_classification.training import (
    Training,
    fit,
    pretrain,
    rescaled,
    test_accuracy,
)
from inductive.models.resnet import ResNet
from inductive.models.scales import Scalar, positive
from inductive.train import epochs

Outputs = dict[str, Num[Array, "..."]]

PER_CLASS = 2500
"""Training images of a class: of CIFAR-10, 20000 for pretraining and up to 5000 for finetuning."""


def scaled_layers(params: ResNet, init_scale: Scalar, kappa: Scalar) -> ResNet:
    """Early layers times ``init_scale * kappa``, later ones times ``init_scale / kappa``.

    Args:
        params: of a residual network.
        init_scale: s, above 0; may be traced.
        kappa: relative scale, above 0; may be traced.

    Raises:
        ValueError: a Python number as scale that is not positive.
    """
    s, ratio = positive("init_scale", init_scale), positive("kappa", kappa)
    half = len(params.stages) // 2
    stem, early = rescaled((params.stem, params.stages[:half]), s * ratio)
    late, readout, bias = rescaled(
        (params.stages[half:], params.readout, params.bias), s / ratio
    )
    return ResNet(stem, (*early, *late), readout, bias)


def scaled_network(network: Network, init_scale: Scalar, kappa: Scalar) -> Network:
    """A residual network whose initial parameters go through :func:`scaled_layers`.

    Args:
        network: to be pretrained.
        init_scale: s, above 0; may be traced.
        kappa: relative scale, above 0; may be traced.
    """

    def init(key: Key[Array, ""]) -> tuple[Any, Any]:
        params, state = network.init(key)
        return scaled_layers(params, init_scale, kappa), state

    return network._replace(init=init)


def reset_readout(
    key: Key[Array, ""], network: Network, params: ResNet, scale: Scalar
) -> ResNet:
    """The network with weights and biases of its readout drawn anew, times ``scale``.

    Args:
        key: of the seed; stream "readout".
        network: unscaled; gives the distribution of the readout at scale 1.
        params: of the pretrained network.
        scale: above 0; may be traced.
    """
    drawn = network.init(rng.stream(key, "readout"))[0]
    readout, bias = rescaled((drawn.readout, drawn.bias), scale)
    return params._replace(readout=readout, bias=bias)


def image_knobs(
    key: Key[Array, ""],
    *,
    init_scale: Scalar,
    kappa: Scalar,
    n_mains: tuple[int, ...],
    readouts: tuple[float, ...],
    network: str = "resnet-small",
    dataset: str = "cifar10",
    per_class: int | None = PER_CLASS,
    threshold: Float[Array, ""] | float = 1e-2,
    max_epochs: int = 1000,
    pretraining_epochs: int = 1000,
    batch_size: int = 128,
) -> Outputs:
    """One pretraining, then finetuning with each number of images and each readout scale.

    All settings of a seed share classes, images, the order of batches and the draws behind all
    parameters; a larger sample contains the smaller ones.

    Args:
        key: of the seed.
        init_scale: overall scale before pretraining, above 0; may be traced.
        kappa: relative scale of earlier to later layers, above 0; may be traced.
        n_mains: numbers of finetuning images.
        readouts: scales of the readout drawn anew.
        network: a residual network that ``network_for`` knows.
        dataset: "generated", or a name that ``inductive.data.load`` knows.
        per_class: training images of each class in the data set; all with ``None``.
        threshold: training has converged at this mean loss of an epoch.
        max_epochs: of finetuning.
        pretraining_epochs: of pretraining.
        batch_size: images a step.

    Returns:
        Test ``accuracy``, ``loss`` of the last epoch, ``epochs`` and ``stop``, each by number of
        images and readout scale; and ``pretraining_loss``, ``pretraining_epochs`` and
        ``pretraining_stop``.

    Raises:
        ValueError: no number of images or no readout scale, a network that is not residual, or a
            number outside its range.
    """
    if not n_mains or not readouts:
        raise ValueError(
            f"n_mains={n_mains}, readouts={readouts}: give one or more of each"
        )
    scales = jnp.asarray([positive("readout", c) for c in readouts], jnp.float32)
    problem = draw_problem(key, named_images(key, dataset, per_class))
    plain = _residual(network, problem)
    net = scaled_network(plain, init_scale, kappa)
    training = Training(threshold, max_epochs, batch_size)
    before = pretrain(
        key, net, problem, training._replace(max_epochs=pretraining_epochs)
    )

    def finetuned(n_main: int, scale: Float[Array, ""]) -> Outputs:
        start = reset_readout(key, plain, before.params, scale), before.state
        run = fit(key, net, problem, n_main, start, training)
        return {"accuracy": test_accuracy(net, problem, run), **_kept(run)}

    rows = [jax.lax.map(lambda c, n=n: finetuned(n, c), scales) for n in n_mains]
    grid = {name: jnp.stack([row[name] for row in rows]) for name in rows[0]}
    return grid | {f"pretraining_{name}": v for name, v in _kept(before).items()}


def _residual(name: str, problem: Problem) -> Network:
    """The network of this name for the images of a seed."""
    _, _, height, width, _ = problem.images.train.shape
    network = network_for(name, problem.n_classes, (height, width))
    params, _ = jax.eval_shape(network.init, rng.root(0))
    if not isinstance(params, ResNet):
        raise ValueError(
            f"network={name!r} has no stages to be scaled: choose a residual network, "
            "such as 'resnet-small'"
        )
    return network


def _kept(run: epochs.Trained) -> Outputs:
    return {"loss": run.loss, "epochs": run.epochs, "stop": run.stop}
