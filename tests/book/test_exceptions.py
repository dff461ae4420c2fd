"""The figure of one exception: its HTML against the theory, and how it moves."""

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
import xarray as xr
from playwright.sync_api import Browser, Page

from inductive import rng
from inductive.experiments.transitive_inference_exceptions import frames as experiment
from inductive.tasks import transitive_inference as ti
from inductive.theory import transitive_inference as theory
from support import sliders
from support.sliders import (
    DESKTOP,
    NAME,
    PHONE,
    build,
    fits,
    height,
    module,
    move,
    page_of,
    path,
    places,
    summary,
    values,
)

CAPTION = "**One exception** and what it does to the list of this paper."
FULL = {
    "outer": experiment.OUTERS,
    "length": experiment.LENGTHS,
    "alpha": experiment.ALPHAS,
}
GRID = {"outer": (2, 3, 4), "length": (2, 4), "alpha": (0.1, 0.249, 0.386)}
START = {"outer": 1, "length": 0, "alpha": 1}
MARKS = {"right": "a", "wrong": "L", "trained": "Z", "exception": "Z", "open": "H"}
"""Letter of each mark's path that says how many there are; a disc has two arcs."""


pytestmark = pytest.mark.usefixtures("extension")


def solved(task: ti.Task, alpha: float) -> np.ndarray:
    """Ranks from the rank equation, in double precision."""
    edges, n = ti.train_edges(task), task.n_items
    matrix = np.eye(n)[edges[:, 0]] - np.eye(n)[edges[:, 1]]
    leak = 2 * alpha / (1 - alpha) * np.eye(n)
    return np.linalg.solve(matrix.T @ matrix + leak, matrix.sum(0))


def frames(grid: Mapping[str, tuple[float, ...]] = GRID) -> xr.Dataset:
    """Frames whose ranks are solved for one by one."""
    shape = tuple(map(len, grid.values()))
    ranks, plain = np.zeros((2, *shape, 1, experiment.HALF), np.float32)
    critical = np.ones((*shape, 1))
    for place in np.ndindex(*shape):
        outer, length, alpha = (
            axis[k] for axis, k in zip(grid.values(), place, strict=True)
        )
        task = ti.centred(int(outer), int(length))
        half = task.n_items // 2
        ranks[*place, 0, :half] = solved(task, alpha)[:half]
        plain[*place, 0, :half] = solved(ti.Task(task.n_items), alpha)[:half]
        if outer > 2:
            critical[place] = theory.critical_conjunctivity(int(outer), int(length))
    dims = (*grid, "seed")
    data = {"ranks": ((*dims, "item"), ranks), "plain": ((*dims, "item"), plain)}
    attributes = {"identity": json.dumps({"constants": {}})}
    coordinates = {name: list(axis) for name, axis in grid.items()} | {"seed": [0]}
    return xr.Dataset(data | {"critical": (dims, critical)}, coordinates, attributes)


@pytest.fixture(scope="module")
def full(tmp_path_factory) -> Any:
    """Frames of the whole grid of the chapter, as the figure reads them."""
    file = tmp_path_factory.mktemp("full") / "frames.nc"
    frames(FULL).to_netcdf(file, engine="h5netcdf")
    return module("exceptions").Exceptions.read(file)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """Pages of a book whose chapter has frames."""
    book = tmp_path_factory.mktemp("exceptions")
    sliders.write(book, "exception-explorer", CAPTION, frames())
    folder, warnings = build(book)
    assert warnings == ""
    return folder


@pytest.fixture
def shown(site: Path) -> Any:
    """The frames that the page holds."""
    results = site.parent / "notebooks" / "results" / sliders.SLUG
    return module("exceptions").Exceptions.read(results / "frames.nc")


@pytest.fixture
def html(site: Path) -> str:
    return page_of(site).read_text()


def wanted(setting: Mapping[str, float]) -> tuple[ti.Task, np.ndarray]:
    """Task of a setting of the knobs, and its exact ranks."""
    task = ti.centred(int(setting["outer"]), int(setting["length"]))
    return task, solved(task, setting["alpha"])


def counted(setting: Mapping[str, float]) -> Counter[str]:
    """Number of marks of each kind, by the library's classes and the exact ranks."""
    task, ranks = wanted(setting)
    classes = ti.pair_classes(task)
    tested = np.concatenate([classes[name] for name in ("within", "cross", "half")])
    wrong = int((ranks[tested[:, 0]] < ranks[tested[:, 1]]).sum())
    trained = len(classes["train"]) + len(classes["exc"]) - 1
    count = {"right": len(tested) - wrong, "wrong": wrong, "trained": trained}
    return Counter(count | {"exception": 1, "open": len(classes["cycle_nogt"])})


def marks(paths: Mapping[str, str]) -> Counter[str]:
    """Number of marks of each kind in a plot."""
    found = {kind: paths[kind].count(letter) for kind, letter in MARKS.items()}
    return Counter(
        {k: n // 2 if k in ("right", "wrong") else n for k, n in found.items()}
    )


def test_page_has_a_numbered_figure_and_loads_its_scripts(
    html: str, site: Path
) -> None:
    assert re.search(rf'<figure [^>]*id="{NAME}"', html)
    assert "<strong>One exception</strong> and what it does" in html
    assert f'href="#{NAME}"><span class="std std-numref">Fig. 1</span>' in html
    loaded = re.findall(r'<script defer="defer" src="\.\./_static/(\w+)\.js', html)
    assert loaded == ["sliders", "exceptions"]
    assert all((site / "_static" / f"{name}.js").is_file() for name in loaded)


def test_page_shows_the_base_case_without_any_script(html: str) -> None:
    setting = {name: GRID[name][place] for name, place in START.items()}
    task, ranks = wanted(setting)
    plain = solved(ti.Task(task.n_items), setting["alpha"])
    axis, top = module("exceptions_html").RANKS.y, max(ranks[0], plain[0])
    for kind, exact in (("ranks", ranks), ("plain", plain)):
        drawn = places(path(html, "ranks", f"curve {kind}"))[:, 1]
        np.testing.assert_allclose(values(axis, drawn) * top, exact, atol=1e-3)
    paths = {kind: path(html, "pairs", kind) for kind in MARKS}
    assert marks(paths) == counted(setting)
    words = re.sub(r"<[^>]+>", " ", html)
    assert "this task: α*\u00a0=\u00a00.333.\nNearest cross-section pair, " in words
    assert "items 3 and 7: margin 0.0786.\nWrong: 0 of 9 cross-section pairs" in words
    assert "Within-section pairs: 2 of 2 right." in words
    assert "The sliders need JavaScript; the plots show one setting" in words


def test_classes_of_pairs_are_those_of_the_library() -> None:
    for outer, length in itertools.product(experiment.OUTERS, experiment.LENGTHS):
        task, own = ti.centred(outer, length), module("exceptions").Task(outer, length)
        names = {"train": "trained", "cycle_nogt": "open", "exc": "trained"}
        for (i, j), kind in own.pairs():
            known = ti.pair_class(task, i, j)
            exception = (j, i) in task.exceptions
            assert kind == ("exception" if exception else names.get(known, known))
        assert own.nearest == ti.nearest_cross_pair(task)


def test_few_digits_keep_every_sign_on_the_whole_grid(full) -> None:
    for place in np.ndindex(*(map(len, FULL.values()))):
        setting = {n: FULL[n][k] for n, k in zip(FULL, place, strict=True)}
        task, ranks = wanted(setting)
        wrong, _ = full.wrong(place)
        for kind in ("within", "cross", "half"):
            i, j = ti.pair_classes(task)[kind].T
            assert wrong[kind] == (ranks[i] < ranks[j]).sum(), (setting, kind)
        np.testing.assert_allclose(full.ranks(place), ranks, rtol=6e-5, atol=1e-7)
        assert wrong["within"] == 0


def test_margins_of_the_nearest_pair_change_sign_at_the_critical_value(full) -> None:
    for a, b in np.ndindex(*map(len, (FULL["outer"], FULL["length"]))):
        critical = full.critical((a, b, 0))
        points = full.nearest((a, b, 0))
        assert all((x < critical) == (m > 0) for x, m in points if x != critical)
        assert ((critical, 0.0) in points) == (FULL["outer"][a] > 2)


def test_figure_and_experiment_agree_on_names_and_settings() -> None:
    point = {"outer": 3, "length": 2, "alpha": 0.1}
    outputs = jax.eval_shape(partial(experiment.frame, **point), rng.root(0))
    assert outputs.keys() == set(frames().data_vars)
    assert tuple(FULL) == module("exceptions").KNOBS
    for setting in module("exceptions").PRESETS.values():
        assert all(x in axis for x, axis in zip(setting, FULL.values(), strict=True))


def test_presets_are_the_authors_configurations_and_say_so(full) -> None:
    tasks = {name: full.task(place) for name, place in full.presets.items()}
    known = (ti.CONFIGURATIONS[n] for n in ("exc_mid_n9", "exc_mid_n11", "exc_far_n11"))
    for own, task in zip(tasks.values(), known, strict=False):
        assert (own.n_items, own.cycle[::-1]) == (task.n_items, task.exceptions[0])
    words = module("exceptions_html").PRESET_WORDS
    for name, place in full.presets.items():
        told = {f"n = {tasks[name].n_items}", f"α = {full.alpha(place):g}"}
        assert words[name] in told


def test_all_frames_of_the_chapter_weigh_little(full) -> None:
    assert len(module("exceptions_html").markup(full, NAME)) < 200_000


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda store: None, "there is no some-paper/frames.nc"),
        (lambda store: store.where(store.alpha > 0.2), "not finite"),
        (lambda store: store.isel(outer=[0, 1]), "outer=4, of a preset"),
        (lambda store: store.rename(length="ell"), "no axis 'length'"),
        (lambda store: store.isel(item=slice(4)), "ranks of 4 items, half the longest"),
    ],
)
def test_what_cannot_be_shown_is_a_warning_with_a_fix(
    tmp_path: Path, change, problem: str
) -> None:
    sliders.write(tmp_path, "exception-explorer", CAPTION, change(frames()))
    folder, warnings = build(tmp_path)
    assert "WARNING: exception-explorer: " in warnings
    assert problem in warnings
    assert "run `inductive run some-paper --commit`" in warnings
    assert "Not run yet." in page_of(folder).read_text()


@pytest.mark.parametrize("builder", ["text", "latex"])
def test_other_builders_show_the_caption(tmp_path: Path, builder: str) -> None:
    sliders.write(tmp_path, "exception-explorer", CAPTION, frames())
    folder, warnings = build(tmp_path, builder)
    assert warnings == ""
    files = [*folder.rglob("*.txt"), *folder.rglob("*.tex")]
    assert any("and what it does to the list" in file.read_text() for file in files)


@pytest.fixture
def opened(site: Path, browser: Browser, request) -> Iterator[Page]:
    viewport, scheme = getattr(request, "param", (DESKTOP, "light"))
    with sliders.opened(browser, site, viewport, scheme) as page:
        yield page


def drawn(page: Page) -> dict[str, str]:
    """All paths, texts and circles of the plots, by panel and class or place."""
    return page.evaluate(
        """Object.fromEntries([...document.querySelectorAll(
          '.knobs svg[role] :is(path, text, circle)')].map((e, k) => [
          e.closest('div').className + ' ' + (e.getAttribute('class') || '') + ' ' + k,
          (e.getAttribute('d') || e.textContent || e.getAttribute('cx') + ' '
           + e.getAttribute('cy')) + ' ' + (e.getAttribute('x') || '')]))"""
    )


def shown_marks(page: Page) -> Counter[str]:
    found = {
        kind: page.locator(f".knobs-pairs svg[role] .{kind}").get_attribute("d") or ""
        for kind in MARKS
    }
    return marks(found)


def go(page: Page, place: tuple[int, ...]) -> None:
    for knob, k in zip(GRID, place, strict=True):
        move(page, knob, k)


def test_script_draws_what_the_page_has_at_every_place(
    opened: Page, shown, browser: Browser
) -> None:
    bare = browser.new_context(java_script_enabled=False)
    page = bare.new_page()
    renderer = module("exceptions_html")
    for place in np.ndindex(*map(len, GRID.values())):
        go(opened, place)
        panels = (renderer.PANELS[name](shown, place, NAME) for name in renderer.PANELS)
        page.set_content(f'<div class="knobs">{"".join(panels)}</div>')
        # Numbers that end on a half may be rounded either way.
        for (name, now), fresh in zip(
            drawn(opened).items(), drawn(page).values(), strict=True
        ):
            letters = [re.sub(r"[-\d.]+", "#", text) for text in (now, fresh)]
            assert letters[0] == letters[1], (place, name)
            found, exact = (
                np.array(re.findall(r"-?[\d.]+", text), float) for text in (now, fresh)
            )
            np.testing.assert_allclose(found, exact, atol=0.11)
        assert summary(opened) == renderer.summary(shown, place)
    bare.close()


@pytest.mark.parametrize("knob", GRID)
def test_a_key_moves_a_slider_and_the_plots(opened: Page, knob: str) -> None:
    before, text = drawn(opened), summary(opened)
    slider = opened.locator(f"#{NAME}-{knob}")
    slider.focus()
    opened.keyboard.press("ArrowRight")
    place = START | {knob: START[knob] + 1}
    setting = {name: GRID[name][k] for name, k in place.items()}
    assert slider.get_attribute("aria-valuetext") == f"{setting[knob]:g}"
    task, ranks = wanted(setting)
    plain = solved(ti.Task(task.n_items), setting["alpha"])
    top = max(ranks[0], plain[0])
    curve = opened.locator(".knobs-ranks svg[role] .curve.ranks").get_attribute("d")
    axis = module("exceptions_html").RANKS.y
    found = values(axis, places(curve or "")[:, 1]) * top
    np.testing.assert_allclose(found, ranks, atol=1e-3)
    assert shown_marks(opened) == counted(setting)
    i, j = ti.nearest_cross_pair(task)
    here = opened.locator(".knobs svg[role] .here")
    at = np.array([float(here.get_attribute(name) or "nan") for name in ("cx", "cy")])
    nearest = module("exceptions_html").NEAREST
    assert values(nearest.x, at[0]) == pytest.approx(setting["alpha"], abs=1e-3)
    assert values(nearest.y, at[1]) == pytest.approx(ranks[i] - ranks[j], abs=2e-3)
    assert drawn(opened) != before
    assert summary(opened) != text
    presets = module("exceptions").PRESETS
    current = opened.locator(".knobs button[aria-current] b").all_inner_texts()
    at = tuple(setting.values())
    assert current == [name for name, preset in presets.items() if preset == at]


@pytest.mark.parametrize("number", range(4))
def test_buttons_go_to_the_presets(opened: Page, number: int) -> None:
    setting = list(module("exceptions").PRESETS.values())[number]
    opened.locator(".knobs button").nth(number).click()
    found = [
        GRID[knob][int(opened.locator(f"#{NAME}-{knob}").input_value())]
        for knob in GRID
    ]
    assert tuple(found) == setting
    wrong = (0, 1, 0, 1)[number]  # the second and the last are above their threshold
    assert f"Wrong: {wrong} of {setting[0] ** 2} cross" in summary(opened)
    assert opened.locator(".knobs button[aria-current]").count() == 1


def test_a_task_without_a_critical_conjunctivity_says_so(opened: Page) -> None:
    line = opened.locator(".knobs svg[role] .critical")
    assert line.get_attribute("d")
    move(opened, "outer", 0)
    assert summary(opened).startswith("This task has no critical conjunctivity")
    assert "Within-section pairs: all are trained." in summary(opened)
    assert not line.get_attribute("d")
    assert opened.locator(".knobs svg[role] .mark").text_content() == "no α*"


def test_controls_have_names_and_the_text_is_announced(opened: Page) -> None:
    for knob, sign in zip(GRID, ("b", "ℓ", "αeff"), strict=True):
        named = opened.get_by_label(re.compile(f"^{sign} "))
        assert named.get_attribute("id") == f"{NAME}-{knob}"
    assert opened.locator(".knobs").get_by_role("img").count() == 3
    titles = opened.locator(".knobs svg[role] > title").all_text_contents()
    assert all(len(title) > 40 for title in titles)
    live = opened.locator(".knobs [aria-live=polite]")
    assert live.all_inner_texts() == [summary(opened)]


@pytest.mark.parametrize(
    "opened", [(DESKTOP, "light"), (PHONE, "light")], indirect=True
)
def test_nothing_moves_around_the_figure_and_it_fits(opened: Page) -> None:
    first = height(opened)
    for place in np.ndindex(*map(len, GRID.values())):
        go(opened, place)
        assert height(opened) == first
        assert fits(opened)


@pytest.mark.parametrize(
    "opened", [(DESKTOP, "light"), (DESKTOP, "dark")], indirect=True
)
def test_axe_finds_nothing_in_the_figure(opened: Page) -> None:
    opened.evaluate(
        (resources.files("axe_playwright_python") / "axe.min.js").read_text()
    )
    for place in ((1, 0, 1), (2, 1, 2), (0, 0, 0)):
        go(opened, place)
        found = opened.evaluate("axe.run('.knobs', {preload: false})")["violations"]
        assert [violation["id"] for violation in found] == []


def test_wrong_pairs_differ_from_right_ones_in_form_and_colour(opened: Page) -> None:
    opened.locator(".knobs button").nth(3).click()
    look = {
        kind: opened.locator(f".knobs-pairs svg[role] .{kind}").evaluate(
            "e => [getComputedStyle(e).fill, getComputedStyle(e).stroke]"
        )
        for kind in ("right", "wrong")
    }
    assert look["right"][0] not in ("none", "rgb(0, 0, 0)")
    assert look["right"][1] == look["wrong"][0] == "none"
    assert look["wrong"][1] not in ("none", look["right"][0])


def test_on_paper_the_plots_stay_and_the_controls_go(opened: Page) -> None:
    opened.emulate_media(media="print")
    assert not opened.locator(".knobs-presets").is_visible()
    assert not opened.locator(f"#{NAME}-alpha").is_visible()
    assert opened.locator(f"output[for={NAME}-alpha]").is_visible()
    assert opened.locator(".knobs-pairs svg[role] .right").is_visible()
    assert "Critical conjunctivity" in summary(opened)
