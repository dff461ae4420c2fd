"""The analysis of *Algorithmic primitives* on a decoder that the reader has."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from tqdm import tqdm

from inductive.cli.errors import RunError, UsageError
from inductive.data import DamagedDataError, DataUnavailableError, language_models
from inductive.data.language_models import Checkpoint
from inductive.experiments.algorithmic_primitives.language_models import (
    memory,
    pipeline,
    problems,
    report,
    settings,
    tables,
)
from inductive.experiments.algorithmic_primitives.language_models.folder import (
    DamagedResultError,
    Folder,
)
from inductive.experiments.algorithmic_primitives.language_models.loading import loaded
from inductive.experiments.algorithmic_primitives.language_models.settings import (
    Settings,
)
from inductive.experiments.algorithmic_primitives.language_models.stages import Stages
from inductive.models.decoder_lm import Config

_PROMPT = 512
"""Tokens of a prompt, for the memory plan: more than any of ours has."""

_SIZES = "small or large"
DTYPES = ("float32", "bfloat16", "float16")


class Request(NamedTuple):
    """A checked call.

    Attributes:
        model: name or path.
        compare: of the second model, or None.
        out: folder of the results.
        batch: prompts at once.
        dtype: of weights; None is float32 on processors and bfloat16 elsewhere.
        options: of the settings, as ``name=value``.
        quick: whether all is small.
    """

    model: str
    compare: str | None
    out: Path
    batch: int
    dtype: str | None
    options: tuple[str, ...]
    quick: bool


class Files(NamedTuple):
    """A model that is not loaded yet.

    Attributes:
        name: as it was given.
        found: its files.
        config: of its decoder.
        n_new: most tokens of an answer.
    """

    name: str
    found: Checkpoint
    config: Config
    n_new: int


def options(texts: Sequence[str]) -> dict[str, Any]:
    """Values of settings by name; lists have commas between their numbers.

    Raises:
        UsageError: an unknown name, or a value of another type.
    """
    found = {}
    for text in texts:
        name, given, value = text.partition("=")
        if not given or name not in Settings._fields:
            raise UsageError(
                f"-p {text}: write name=value with one of {', '.join(Settings._fields)}"
            )
        try:
            found[name] = _value(name, value)
        except (ValueError, KeyError) as error:
            like = _SIZES if name == "sizes" else Settings._field_defaults[name]
            raise UsageError(
                f"-p {text}: {name} has another type; it is, for example, {like}"
            ) from error
    return found


def _value(name: str, text: str) -> Any:
    like = Settings._field_defaults[name]
    if name == "sizes":
        return {"small": problems.SMALL, "large": problems.LARGE}[text]
    if isinstance(like, tuple):
        return tuple(type(like[0])(part) for part in text.split(","))
    return type(like)(text)


def run(request: Request, tell: Callable[[str], None]) -> list[report.Line]:
    """All stages, the second model after the first; gives the scorecard.

    Args:
        request: the call.
        tell: prints a sentence.

    Raises:
        UsageError: the call does not fit the models.
        RunError: weights or results are missing or damaged.
    """
    with _told():
        names = [request.model, *filter(None, [request.compare])]
        models = [_files(request, name, k) for k, name in enumerate(names)]
        chosen = _settings(request, models[0].config)
        for model in models:
            settings.check(chosen, model.config.n_layers, model.config.n_heads)
            tell(_plan(request, model, chosen))
        base = _base(request, models[0], chosen, tell)
        lines = report.lines(base, chosen)
        if len(models) > 1:
            second = _second(request, models[1], chosen, base)
            lines += report.second_lines(second, base)
        return lines


def _base(
    request: Request, model: Files, chosen: Settings, tell: Callable[[str], None]
) -> Folder:
    stages = _stages(request, model, chosen, "model")
    _do([*pipeline.usage(stages), *pipeline.analysis(stages)], "analysis")
    steps = pipeline.injections(stages)
    tell(f"{len(steps)} cells of {chosen.instances * chosen.inject_samples} traces.")
    _do(steps, "injections")
    tables.write_tables(stages.folder, model.name, chosen)
    return stages.folder


def _second(request: Request, model: Files, chosen: Settings, base: Folder) -> Folder:
    """The first model is let go of before this one is loaded."""
    stages = _stages(request, model, chosen, "compare")
    step = pipeline.Step("difference", lambda: pipeline.difference(stages, base))
    _do([*pipeline.usage(stages), step], "second model")
    tables.write_second(stages.folder, model.name, chosen)
    return stages.folder


def _stages(request: Request, model: Files, chosen: Settings, role: str) -> Stages:
    dtype = _dtype(request)
    told = pipeline.identity(model.found, chosen, model.n_new, request.batch, dtype)
    folder = Folder(request.out / role, told)
    net = loaded(model.found, dtype)
    stages = Stages(net, chosen, folder, model.n_new, request.batch)
    stages.check()
    return stages


def _do(steps: Sequence[pipeline.Step], what: str) -> None:
    with tqdm(steps, desc=what, unit="step") as bar:
        for step in bar:
            bar.set_postfix_str(step.name)
            step.do()


def _files(request: Request, name: str, place: int) -> Files:
    found = language_models.load(name)
    config = Config.from_hub(found.config)
    chosen = _settings(request, config)
    n_new = chosen.compare_new_tokens if place else chosen.new_tokens
    return Files(name, found, config, n_new)


def _settings(request: Request, config: Config) -> Settings:
    base = settings.QUICK if request.quick else Settings()
    blocks = settings.default_blocks(config.n_layers, request.quick)
    return base._replace(**{"blocks": blocks, **options(request.options)})


def _plan(request: Request, model: Files, chosen: Settings) -> str:
    length = model.n_new + min(_PROMPT, model.config.context - model.n_new)
    if model.n_new >= model.config.context:
        raise UsageError(
            f"{model.n_new} new tokens leave no room for a prompt in the context of "
            f"{model.name}, {model.config.context}: take fewer"
        )
    found = memory.budget(
        model.config,
        batch=request.batch,
        length=length,
        dtype=_dtype(request),
        points=2 * chosen.points,
        blocks=len(chosen.blocks),
        devices=memory.usable_devices(model.config),
    )
    memory.check(found, model.name)
    return memory.told(found, model.name)


def _dtype(request: Request) -> str:
    if request.dtype is None:
        return "float32" if jax.default_backend() == "cpu" else "bfloat16"
    if request.dtype not in DTYPES:
        raise UsageError(f"dtype={request.dtype!r}: choose one of {', '.join(DTYPES)}")
    return str(jnp.dtype(request.dtype))


@contextmanager
def _told() -> Iterator[None]:
    """Errors of the library as those of the command."""
    try:
        yield
    except (DataUnavailableError, DamagedDataError, DamagedResultError) as error:
        raise RunError(str(error)) from error
    except ValueError as error:
        raise UsageError(str(error)) from error
