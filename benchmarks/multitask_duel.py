"""One training problem in all forms, timed in turn in one process, on one core.

Prints one row per pair of forms. Nothing is timed before short runs of all forms had the
same training losses, and no ratio is told unless the timed runs ended alike.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

import multitask_jax
import multitask_torch
from measure import Row, Sample, cores, quartiles, ratios, timed
from multitask_problems import (
    CONDITIONS,
    CURVE,
    KINK,
    LIMIT,
    NETWORKS,
    PROOF,
    SAME,
    Condition,
    Outcome,
    Problem,
    distance,
    functions,
    prove_same_function,
    prove_same_losses,
    prove_same_steps,
    tiny,
)

MOST_REPEATS = 5
AT_LEAST = 0.2
"""Seconds that each measurement of ours fills with calls."""

N_PROBES = 1000
"""Test inputs on which ReLU networks are compared."""

DUELS = {
    "torch": ("descent", "exact"),
    "torch_evaluated": ("descent_evaluated",),
    "torch_vmap": ("descent_map", "descent_vmap"),
    "torch_compiled": ("descent_map", "descent_vmap"),
}
"""Our forms beside each of the peers; the last two train several networks."""


class Form:
    """A call that trains, and remembers how its latest run ended."""

    def __init__(
        self,
        name: str,
        run: Callable[[], Outcome],
        networks: int = 1,
        compile_s: float = 0.0,
    ) -> None:
        """Name what is run.

        Args:
            name: of the form.
            run: trains and returns when it is done.
            networks: number of networks that it trains.
            compile_s: seconds that compilation took.
        """
        self.name, self.run = name, run
        self.networks, self.compile_s = networks, compile_s
        self.outcome: Outcome | None = None

    def __call__(self) -> Outcome:
        """Train."""
        self.outcome = self.run()
        return self.outcome

    @property
    def latest(self) -> Outcome:
        """How the latest run ended; trains if there was none."""
        return self.outcome or self()


def our_form(condition: Condition, problem: Problem, name: str) -> Form:
    """One of our forms, compiled."""
    _, _, how = name.partition("_")
    networks = NETWORKS if how in ("map", "vmap") else 1
    if name == "exact":
        ready = multitask_jax.exact(condition, problem)
    elif networks > 1:
        ready = multitask_jax.descend(condition, problem, how)
    else:
        ready = multitask_jax.descend(condition, problem, evaluated=bool(how))
    return Form(name, ready.call, networks, ready.compile_s)


def their_forms(condition: Condition, problem: Problem) -> list[Form]:
    """The peers, in the order of :data:`DUELS`."""
    loop = partial(multitask_torch.descend, condition, problem)
    joint = partial(multitask_torch.descend_vmap, condition, problem)
    return [
        Form("torch", loop),
        Form("torch_evaluated", partial(loop, evaluated=True)),
        Form("torch_vmap", joint, NETWORKS),
        Form("torch_compiled", partial(joint, compiled=True), NETWORKS),
    ]


def prove_equal(condition: Condition, problem: Problem) -> None:
    """Compare the training losses of short runs; this warms the peers up, too."""
    for steps in PROOF:
        short = condition._replace(max_steps=steps, joint_steps=steps)
        one, mapped, joint = (
            our_form(short, problem, name)()
            for name in ("descent", "descent_map", "descent_vmap")
        )
        allowed = KINK if condition.relu and steps == max(PROOF) else CURVE
        prove_same_losses("descent_vmap", joint, mapped, allowed)
        for form in their_forms(short, problem):
            wanted = one if form.networks == 1 else mapped
            prove_same_losses(form.name, form(), wanted, allowed)


def alternate(
    ours: Sequence[Form], peer: Form, budget: float
) -> tuple[list[list[Sample]], list[Sample]]:
    """Time ours, the peer, ours, the peer, ..., ours.

    Args:
        ours: our forms; their seconds are means of those before and after the peer's.
        peer: the other form.
        budget: no further round begins that would end after so many seconds.

    Returns:
        Samples of each of ours, and of the peer.
    """
    samples: list[list[Sample]] = [[] for _ in ours]
    others: list[Sample] = []
    for form in ours:
        form()
    before, began = [timed(form, AT_LEAST) for form in ours], time.perf_counter()
    while len(others) < MOST_REPEATS:
        started = time.perf_counter()
        others.append(timed(peer))
        after = [timed(form, AT_LEAST) for form in ours]
        for several, *pair in zip(samples, before, after, strict=True):
            several.append(_mean(*pair))
        before, now = after, time.perf_counter()
        if now - began + (now - started) > budget:
            break
    return samples, others


def _mean(one: Sample, other: Sample) -> Sample:
    return Sample((one.wall + other.wall) / 2, (one.cpu + other.cpu) / 2)


def measure(name: str, condition: Condition, budget: float) -> list[Row]:
    """Rows of all pairs of forms for one problem."""
    problem = multitask_jax.draw(condition)
    prove_equal(condition, problem)
    probes = problem.test_inputs[:N_PROBES]
    forms: dict[str, Form] = {}
    rows: list[Row] = []
    for peer in their_forms(condition, problem):
        # ReLU networks have no exact solver.
        names = [n for n in DUELS[peer.name] if not (n == "exact" and condition.relu)]
        for rival in names:
            if rival not in forms:
                forms[rival] = our_form(condition, problem, rival)
        ours = [forms[rival] for rival in names]
        samples, others = alternate(ours, peer, budget)
        labels = {"condition": name, "n": condition.n, "cores": cores()}
        for form, several in zip(ours, samples, strict=True):
            row: Row = labels | {"peer": peer.name, "ours": form.name}
            row |= compare(condition, probes, peer, form)
            rows.append(row | summary(form, several, others))
    return rows


def compare(condition: Condition, probes: np.ndarray, peer: Form, form: Form) -> Row:
    """Steps and distance of two forms, which must have ended alike.

    Args:
        condition: of the problem.
        probes: inputs on which ReLU networks are compared.
        peer: the other form.
        form: ours.

    Raises:
        ValueError: they have not.
    """
    found, wanted = peer.latest, form.latest
    apart = distance(
        functions(condition, found.params, probes),
        functions(condition, wanted.params, probes),
    )
    who = f"{peer.name}, beside {form.name},"
    if form.name == "exact":
        prove_same_function(who, apart, LIMIT)
    else:
        prove_same_steps(who, found, wanted)
        prove_same_function(who, apart, KINK if condition.relu else SAME)
    return {
        "networks": form.networks,
        "peer_steps": int(found.steps.sum()),
        "steps": int(wanted.steps.sum()),
        "peer_loss": float(f"{found.loss.max():.3g}"),
        "loss": float(f"{wanted.loss.max():.3g}"),
        "distance": float(f"{apart:.2g}"),
    }


def summary(form: Form, ours: list[Sample], theirs: list[Sample]) -> Row:
    """Seconds a network, and how many times faster ours is in each repeat."""
    row: Row = {"repeats": len(ours), "compile_s": float(f"{form.compile_s:.3g}")}
    for name, several in (("ours_s", ours), ("peer_s", theirs)):
        row |= quartiles(name, [sample.wall / form.networks for sample in several])
    return row | quartiles("speedup", ratios(theirs, ours))


def main() -> None:
    """Measure one problem, on the core that the process was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("condition", choices=sorted(CONDITIONS))
    parser.add_argument("--budget", type=float, default=30.0)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    condition = CONDITIONS[options.condition]
    if options.quick:
        condition = tiny(condition)
    multitask_jax.jax.config.update("jax_enable_x64", True)
    multitask_torch.torch.set_num_threads(1)
    print(json.dumps(measure(options.condition, condition, options.budget)))


if __name__ == "__main__":
    main()
