r"""The peer of state evolution: the authors' Monte-Carlo recipe, in NumPy and in JAX.

The equations of :mod:`inductive.theory.state_evolution` with the means over one sample of
features, drawn once; a ridge of 1e-6 is left. Noise and strength are iterated with
damping, from zero at the first number of examples and from the last solution at the next;
up and down the curve, and the lower error is kept.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from inductive.experiments.pretraining_inductive_bias.settings import Setting
from inductive.tasks import spike_slab

SAMPLES = 80_000
RIDGE, DAMPING, TOLERANCE, MOST = 1e-6, 0.25, 1e-6, 900
"""What is left of the ridge, share of the new value in each iteration, largest change of
noise or strength at the end, and most iterations."""

EXACT, STEPS = 1e-12, 80
"""Residual of the scalar problems, and most Newton steps for them."""

SMALLEST = 1e-15  # noise of the observations, at least


class Sample(NamedTuple):
    r"""One draw of the joint law of teacher, penalty and noise.

    Attributes:
        teacher: coefficients of fine-tuning.
        noise: standard normal.
        width: :math:`\sqrt k` of the penalty.
    """

    teacher: Float[np.ndarray, " m"]
    noise: Float[np.ndarray, " m"]
    width: Float[np.ndarray, " m"]


class State(NamedTuple):
    """Of the iteration.

    Attributes:
        noise: variance of the observations.
        strength: of the penalty.
        dual: u of each feature, from which Newton's method starts.
        error: mean square of the estimates' errors.
        change: of noise or strength, the larger.
        steps: taken.
    """

    noise: Any
    strength: Any
    dual: Any
    error: Any
    change: Any
    steps: Any


def draw(setting: Setting, samples: int = SAMPLES, seed: int = 0) -> Sample:
    """Groups, then coefficients, then noise, in the authors' order.

    Args:
        setting: scales and task.
        samples: number of features.
        seed: of NumPy's generator.
    """
    generator = np.random.default_rng(seed)
    shares = np.asarray(spike_slab.shares(setting.densities))
    group = generator.choice(4, size=samples, p=shares / shares.sum())
    teacher, used = np.zeros(samples), group < 2
    spread = setting.density**-0.5
    teacher[used] = generator.normal(0.0, spread, size=int(used.sum()))
    noise = generator.normal(size=samples)
    pretrained = np.where((group == 0) | (group == 2), 1.0, 0.0)
    c, gain = setting.scale, 2.0 * (1.0 + setting.balance)
    width = gain * (c + np.hypot(c, pretrained)) + setting.readout**2
    return Sample(teacher, noise, width)


def _gap(xp: Any, observed: Any, width: Any, strength: Any, dual: Any) -> Any:
    """What the scalar problem misses, and its slope; x is width/2 sinh u."""
    up = 0.25 * width * xp.exp(dual)
    down = 0.25 * width * xp.exp(-dual)
    gap = (up - down) + 0.5 * strength * dual - observed
    return gap, (up + down) + 0.5 * strength


def _solved(
    xp: Any,
    loop: Callable[..., Any],
    observed: Any,
    width: Any,
    strength: Any,
    dual: Any,
) -> tuple[Any, Any, Any]:
    """Newton's method from the last solution, kept below a bound where it is safe.

    Args:
        xp: NumPy, or its namesake in JAX.
        loop: repeats a function of a state while a condition holds.
        observed: 0 or larger.
        width: of the penalty.
        strength: of the penalty.
        dual: where to start.

    Returns:
        The solution, what is missed there, and the slope.
    """
    linear, steep = 2.0 * observed / strength, xp.arcsinh(2.0 * observed / width)
    bound = xp.minimum(linear, steep)

    def newton(inner: Any) -> Any:
        i, u, gap, slope = inner
        u = xp.clip(u - gap / slope, 0.0, bound)
        return i + 1, u, *_gap(xp, observed, width, strength, u)

    def missed(inner: Any) -> Any:
        return (inner[0] < STEPS) & (xp.abs(inner[2]).max() > EXACT)

    start = xp.minimum(dual, bound)
    first = (0, start, *_gap(xp, observed, width, strength, start))
    return loop(missed, newton, first)[1:]


def _iterated(
    xp: Any, loop: Callable[..., Any], sample: Sample, alpha: Any, state: State
) -> State:
    """One iteration of noise and strength.

    Args:
        xp: NumPy, or its namesake in JAX.
        loop: repeats a function of a state while a condition holds.
        sample: of features.
        alpha: examples per feature.
        state: of the last iteration.
    """
    spread = xp.sqrt(xp.maximum(state.noise, SMALLEST))
    observed, g = sample.teacher + spread * sample.noise, state.strength
    size = xp.abs(observed)
    dual, gap, slope = _solved(xp, loop, size, sample.width, g, state.dual)
    estimate = xp.sign(observed) * (gap + size - 0.5 * g * dual)
    curved = 2.0 * slope - g
    error = xp.mean((estimate - sample.teacher) ** 2)
    noise, strength = error / alpha, RIDGE + g * xp.mean(curved / (curved + g)) / alpha
    change = xp.maximum(abs(noise - state.noise), abs(strength - g))
    keep = xp.where(change < TOLERANCE, 0.0, 1.0 - DAMPING)
    noise = keep * state.noise + (1.0 - keep) * noise
    strength = keep * g + (1.0 - keep) * strength
    return State(noise, strength, dual, error, change, state.steps + 1)


def _unfinished(state: State) -> Any:
    return (state.change >= TOLERANCE) & (state.steps < MOST)


def _repeat(condition: Any, step: Any, state: Any) -> Any:
    """``jax.lax.while_loop`` for NumPy."""
    while condition(state):
        state = step(state)
    return state


def _curve(
    xp: Any,
    loop: Callable[..., Any],
    scan: Callable[..., Any],
    sample: Any,
    alphas: Any,
) -> tuple[Any, Any]:
    """Errors along the curve, and the number of iterations.

    Args:
        xp: NumPy, or its namesake in JAX.
        loop: repeats a function of a state while a condition holds.
        scan: outputs of a function that hands a carry on.
        sample: of features.
        alphas: examples per feature, rising.
    """

    def solve(last: tuple[Any, Any, Any], alpha: Any) -> Any:
        start = State(*last, zero, zero + xp.inf, 0)
        end = loop(_unfinished, lambda s: _iterated(xp, loop, sample, alpha, s), start)
        return end[:3], (end.error, end.steps)

    zero = 0.0 * alphas[0]
    first = (zero, zero + RIDGE, 0.0 * sample.teacher)
    up, counted = scan(solve, first, alphas)
    down, more = scan(solve, first, alphas[::-1])
    return xp.minimum(up, down[::-1]), counted.sum() + more.sum()


def _scan(step: Any, carry: Any, xs: Any) -> Any:
    """Outputs of ``jax.lax.scan``, for NumPy."""
    outputs = []
    for x in xs:
        carry, output = step(carry, x)
        outputs.append(output)
    return tuple(np.array(column) for column in zip(*outputs, strict=True))


def with_numpy(
    sample: Sample, alphas: Float[np.ndarray, " a"]
) -> tuple[np.ndarray, np.ndarray]:
    """Errors along a curve, and the number of iterations in all.

    Args:
        sample: of features.
        alphas: examples per feature, rising.
    """
    return _curve(np, _repeat, _scan, sample, alphas)


@jax.jit
def with_jax(sample: Sample, alphas: Any) -> tuple[jax.Array, jax.Array]:
    """The same, compiled.

    Args:
        sample: of features.
        alphas: examples per feature, rising.
    """

    def scan(step: Any, carry: Any, xs: Any) -> Any:
        return jax.lax.scan(step, carry, xs)[1]

    return _curve(jnp, jax.lax.while_loop, scan, sample, alphas)
