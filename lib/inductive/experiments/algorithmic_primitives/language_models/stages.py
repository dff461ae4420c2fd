"""Stages of a run on one model: traces, clusters, vectors, injections, one file each."""

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from jaxtyping import Array, Key

from inductive import rng
from inductive.experiments.algorithmic_primitives import vectors
from inductive.experiments.algorithmic_primitives.corpora import generator
from inductive.experiments.algorithmic_primitives.heads import strongest
from inductive.experiments.algorithmic_primitives.language_models import (
    clusters,
    collect,
    constructions,
    heads,
    outcomes,
    problems,
    walks,
)
from inductive.experiments.algorithmic_primitives.language_models.collect import (
    Prompts,
    Traces,
)
from inductive.experiments.algorithmic_primitives.language_models.folder import Folder
from inductive.experiments.algorithmic_primitives.language_models.loading import (
    Model,
    first_tokens,
)
from inductive.experiments.algorithmic_primitives.language_models.outcomes import (
    Outcomes,
)
from inductive.experiments.algorithmic_primitives.language_models.problems import (
    Problem,
)
from inductive.experiments.algorithmic_primitives.language_models.settings import (
    Settings,
)

TAUGHT = ("graph", "sat")
"""Tasks whose prompts make the instruction's vector."""


class Stages:
    """What is computed with one model; every result is read from the folder if it is there.

    Args:
        model: at hand.
        settings: of the run.
        folder: of the results.
        n_new: most tokens of an answer.
        batch: prompts at once.
    """

    def __init__(
        self,
        model: Model,
        settings: Settings,
        folder: Folder,
        n_new: int,
        batch: int,
    ) -> None:
        """Take the model; nothing is computed yet."""
        self.model, self.settings, self.folder = model, settings, folder
        self.n_new, self.batch = n_new, batch

    def key(self, name: str) -> Key[Array, ""]:
        """Stream of random numbers for a purpose, the same for all models."""
        return rng.stream(rng.root(self.settings.seed), name)

    def problems(self, task: str, samples: int) -> list[Problem]:
        """Problems of a task, each as often as there are traces of it.

        Args:
            task: one of ``problems.TASKS``.
            samples: traces of each problem.
        """
        drawn = generator(self.key(f"problems {task}"))
        found = problems.draw(drawn, task, self.settings.instances, self.settings.sizes)
        return [one for one in found for _ in range(samples)]

    def asked(self, task: str, samples: int, verify: bool = False) -> Prompts:
        """Prompts of a task, as wide with the instruction as without it.

        Args:
            task: one of ``problems.TASKS``.
            samples: traces of each problem.
            verify: whether the instruction is given.
        """
        posed = self.problems(task, samples)
        both = [
            collect.prompts(
                self.model,
                self.settings.system,
                [problems.question(one, told) for one in posed],
            )
            for told in (False, True)
        ]
        widest = max(one.tokens.shape[1] for one in both)
        return _widened(both[verify], widest)

    def check(self) -> None:
        """Refuse prompts that leave no room for answers.

        Raises:
            PromptTooLongError: saying by how much.
        """
        for task in problems.TASKS:
            collect.check_lengths(self.model, self.asked(task, 1), self.n_new)

    def traces(self, task: str) -> Traces:
        """What the model answers, without an instruction to verify."""

        def compute() -> Mapping[str, np.ndarray]:
            made = collect.write(
                *(self.model, self.asked(task, self.settings.samples)),
                *(self.key(f"draws {task}"), self.n_new),
                temperature=self.settings.temperature,
                top_p=self.settings.top_p,
                batch=self.batch,
            )
            return {k: np.asarray(v) for k, v in made._asdict().items()}

        held = self.folder.arrays(f"traces-{task}", compute)
        return Traces(held["tokens"], held["mask"], int(held["start"]))

    def outcomes(self, task: str) -> Outcomes:
        """What the answers show."""
        posed = self.problems(task, self.settings.samples)

        def compute() -> Mapping[str, np.ndarray]:
            return outcomes.outcomes(self.model, posed, self.traces(task))._asdict()

        held = self.folder.arrays(f"outcomes-{task}", compute)
        return Outcomes(**held)

    @cached_property
    def walk(self) -> walks.Walk:
        """Streams at sampled tokens and at ends of sentences; read anew in each process."""
        chosen = {task: self.chosen(task, self.traces(task)) for task in problems.TASKS}
        return walks.walk(
            self.model,
            {task: self.traces(task) for task in chosen},
            *(chosen, self.settings.blocks),
        )

    def chosen(self, task: str, traces: Traces) -> walks.Chosen:
        """Which tokens of traces are kept; the same for all models of a run.

        Args:
            task: of the traces.
            traces: of any model of the run.
        """
        drawn = generator(self.key(f"sample {task}"))
        most = -(-self.settings.points // len(problems.TASKS))
        return walks.choose(drawn, self.model, traces, most)

    def clusters(self, place: int) -> dict[str, np.ndarray]:
        """Clusterings of streams after one of the blocks that are read."""
        block = self.settings.blocks[place]

        def compute() -> Mapping[str, np.ndarray]:
            walk = self.walk
            on = walk.sampled
            return clusters.tables(
                generator(self.key(f"clusters {block}")),
                *(walk.points[place, on], walk.labels[on], walk.tokens[on]),
                *(self.settings.clusters, self.settings.cluster_seeds),
                self.settings.nulls,
            )

        return self.folder.arrays(f"clusters-{block}", compute)

    def prompt_pairs(self) -> dict[str, tuple[Prompts, Prompts]]:
        """Prompts with and without the instruction, by task that makes its vector."""
        pairs = {
            task: tuple(self.asked(task, 1, told) for told in (True, False))
            for task in TAUGHT
        }
        return {task: (pair[0], pair[1]) for task, pair in pairs.items()}

    @cached_property
    def groups(self) -> dict[str, vectors.Group]:
        """Streams at the ends of these prompts."""
        blocks = self.settings.blocks
        return {
            task: (
                collect.last_streams(self.model, told, blocks),
                collect.last_streams(self.model, plain, blocks),
            )
            for task, (told, plain) in self.prompt_pairs().items()
        }

    def geometry(self) -> dict[str, np.ndarray]:
        """Cosine of the instruction's vectors of two tasks, with a shuffled null."""

        def compute() -> Mapping[str, np.ndarray]:
            drawn = generator(self.key("geometry"))
            cosine, null = constructions.across_tasks(
                drawn, self.groups, self.settings.nulls
            )
            return {"cosine": cosine, "null": null}

        return self.folder.arrays("geometry", compute)

    def function_vector(self) -> dict[str, np.ndarray]:
        """The function vector, effects of all heads, and the heads that make it."""

        def compute() -> Mapping[str, np.ndarray]:
            words = constructions.words(constructions.VERIFY)
            said = heads.said(self.model, self.prompt_pairs())
            traces = self.traces(self.settings.inject_task)
            texts = heads.contexts(self.model, traces, self.settings.contexts)
            effect = heads.effects(
                self.model, said, texts, first_tokens(self.model, words)
            )
            vector, places = strongest(said, effect, self.settings.heads)
            return {"vector": vector, "effects": effect, "heads": places}

        return self.folder.arrays("heads", compute)

    def vectors(self) -> dict[str, np.ndarray]:
        """All vectors, by name and block; ``residual`` is the mean length of streams."""
        return self.folder.arrays("vectors", self._vectors)

    def _vectors(self) -> Mapping[str, np.ndarray]:
        walk, settings = self.walk, self.settings
        found = constructions.of_labels(walk.points, walk.labels, walk.following)
        wanted = vectors.contrast(list(self.groups.values()))
        found["verify instruction"] = wanted
        function = self.function_vector()["vector"]
        found["verify heads"] = np.repeat(function[None], len(settings.blocks), axis=0)
        drawn = generator(self.key("controls"))
        found |= constructions.controls(
            drawn, self.model, self.groups, wanted, settings.controls
        )
        lengths = np.linalg.norm(walk.points[:, walk.sampled], axis=-1)
        return {**found, "residual": lengths.mean(1), "ends": walk.mean_end()}


def _widened(asked: Prompts, width: int) -> Prompts:
    """Prompts with more padding on the left."""
    room = width - asked.tokens.shape[1]
    return Prompts(*(np.pad(one, ((0, 0), (room, 0))) for one in asked))
