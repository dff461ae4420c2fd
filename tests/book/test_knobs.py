"""The figure of the scales of pretraining: its HTML, what it refuses, how it moves."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from playwright.sync_api import Browser, Page

from inductive import rng
from inductive.experiments.pretraining_inductive_bias import frames as experiment
from inductive.experiments.pretraining_inductive_bias import settings
from inductive.theory.penalties import pretraining
from support import sliders
from support.sliders import (
    DESKTOP,
    NAME,
    PHONE,
    SLUG,
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

CAPTION = "**Three knobs** and what they do to the network of this paper."
GRID = {
    "scale": (1e-6, 1e-3, 1.0),
    "balance": (-1.0, -0.99, -0.5, 0.0),
    "readout": (0.0, 1e-6, 10.0),
}
START = {"scale": 1, "balance": 1, "readout": 0}
CURVES = ("new", "pretrained", "few")


pytestmark = pytest.mark.usefixtures("extension")


def frames(grid: Mapping[str, tuple[float, ...]] = GRID) -> xr.Dataset:
    """Frames with the widths and orders of the theory, and errors out of thin air."""
    c, balance, gamma = np.meshgrid(*grid.values(), indexing="ij")
    alive = ~((balance == -1) & (gamma == 0))
    new, pretrained = (
        2 * (1 + balance) * (c + np.hypot(c, aux)) + gamma**2 for aux in (0, 1)
    )
    knobs = (jnp.asarray(np.where(alive, knob, 0.5)) for knob in (c, balance, gamma))
    order, dependence = pretraining.orders(1.0, 1.0, pretraining.Knobs(*knobs))
    shape = (*c.shape, 1, len(settings.TASKS), len(experiment.ALPHAS))
    values = {
        "new": new,
        "pretrained": pretrained,
        "order": np.where(alive, order, 1.0),
        "dependence": np.where(alive, dependence, 0.0),
        "alive": alive,
        "converged": np.ones_like(alive),
    }
    dims = (*grid, "seed")
    data: dict[str, Any] = {n: (dims, value[..., None]) for n, value in values.items()}
    draws = np.random.default_rng(0).uniform(0, 2.5, shape).astype(np.float32)
    data["error"] = ((*dims, "task", "alpha"), draws)
    constants = {"tasks": settings.TASKS, "alphas": experiment.ALPHAS}
    attributes = {"identity": json.dumps({"constants": constants})}
    coordinates = {name: list(axis) for name, axis in grid.items()}
    return xr.Dataset(data, coordinates | {"seed": [0]}, attributes)


def write(book: Path, store: xr.Dataset | None) -> None:
    sliders.write(book, "knobs-explorer", CAPTION, store)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """Pages of a book whose chapter has frames."""
    book = tmp_path_factory.mktemp("knobs")
    write(book, frames())
    folder, warnings = build(book)
    assert warnings == ""
    return folder


@pytest.fixture
def html(site: Path) -> str:
    return page_of(site).read_text()


def drawn(html: str, panel: str, kind: str) -> np.ndarray:
    return places(path(html, panel, f"curve {kind}"))


def test_page_has_a_numbered_figure_and_loads_its_script(html: str, site: Path) -> None:
    assert re.search(rf'<figure [^>]*id="{NAME}"', html)
    assert '<span class="caption-number">Fig. 1 </span>' in html
    assert "<strong>Three knobs</strong> and what they do" in html
    assert f'href="#{NAME}"><span class="std std-numref">Fig. 1</span>' in html
    loaded = re.findall(r'<script defer="defer" src="\.\./_static/(\w+)\.js', html)
    assert loaded == ["sliders", "scales"]
    assert "sliders.js" not in (site / "index.html").read_text()
    assert all((site / "_static" / f"{name}.js").is_file() for name in loaded)


def test_page_shows_the_fourth_regime_without_any_script(html: str) -> None:
    found = frames().isel(START).isel(seed=0)
    panel = module("scales_html").ERROR
    for curve, wanted in zip(CURVES, found["error"].to_numpy(), strict=True):
        x, y = drawn(html, "error", curve).T
        np.testing.assert_allclose(values(panel.x, x), experiment.ALPHAS, atol=2e-4)
        # Places have a tenth of a unit; at the top of the root scale that is 0.002.
        np.testing.assert_allclose(values(panel.y, y), wanted, atol=2.5e-3)
    words = re.sub(r"<[^>]+>", " ", html)
    assert "Nearest regime: IV, rich, dependent.\nℓ = 1.23, PD = −0.23.\n" in words
    assert "costs 2.4 times as much" in words
    assert "The sliders need JavaScript" in words
    assert html.count(' disabled aria-valuetext="') == 3


def test_costs_are_those_of_the_library(html: str) -> None:
    panel = module("scales_html").COST
    found = frames().isel(START).isel(seed=0)
    unit = pretraining.penalty(1.0, float(found["new"]))
    for curve in CURVES[:2]:
        x, y = drawn(html, "cost", curve).T
        beta = jnp.asarray(values(panel.x, x))
        wanted = pretraining.penalty(beta, float(found[curve])) / unit
        np.testing.assert_allclose(values(panel.y, y), wanted, atol=0.015)


@pytest.mark.parametrize("width", [1e-3, 0.1, 4.0, 100.0])
def test_cost_is_the_penalty_of_the_library(width: float) -> None:
    # The library is in single precision here.
    wanted = float(pretraining.penalty(1.0, width))
    assert module("scales").cost(1.0, width) == pytest.approx(wanted, rel=1e-5)


def test_figure_and_experiment_agree_on_names_tasks_and_settings() -> None:
    options = {"tasks": settings.TASKS, "alphas": experiment.ALPHAS}
    point = {"scale": 1.0, "balance": 0.0, "readout": 0.0}
    outputs = jax.eval_shape(partial(experiment.frame, **options, **point), rng.root(0))
    assert outputs.keys() == set(frames().data_vars)
    known = module("scales")
    assert known.TASKS == settings.TASKS
    grid = (experiment.SCALES, experiment.BALANCES, experiment.READOUTS)
    for setting in known.REGIMES.values():
        assert all(x in axis for x, axis in zip(setting, grid, strict=True))


def test_all_frames_of_the_paper_weigh_little(tmp_path: Path) -> None:
    grid = (experiment.SCALES, experiment.BALANCES, experiment.READOUTS)
    frames(dict(zip(GRID, grid, strict=True))).to_netcdf(
        tmp_path / "frames.nc", engine="h5netcdf"
    )
    found = module("scales").Scales.read(tmp_path / "frames.nc")
    assert len(module("scales_html").markup(found, NAME)) < 200_000


def test_dead_network_is_told_in_words(tmp_path: Path) -> None:
    frames().to_netcdf(tmp_path / "frames.nc", engine="h5netcdf")
    found = module("scales").Scales.read(tmp_path / "frames.nc")
    assert module("scales_html").summary(found, (1, 0, 0)).startswith("Dead network")
    assert "Nearest" in module("scales_html").summary(found, (1, 0, 1))


def other_tasks(store: xr.Dataset) -> xr.Dataset:
    constants = {"tasks": [[0.1, 0.0]], "alphas": experiment.ALPHAS}
    return store.assign_attrs(identity=json.dumps({"constants": constants}))


def not_read(store: xr.Dataset) -> xr.Dataset:
    constants = {"tasks": settings.TASKS, "alphas": [0.2] * len(experiment.ALPHAS)}
    return store.assign_attrs(identity=json.dumps({"constants": constants}))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda store: None, f"there is no {SLUG}/frames.nc"),
        (lambda store: store.where(store.balance > -1), "not finite"),
        (lambda store: store.isel(readout=[0, 1]), "readout=10, of a preset"),
        (other_tasks, "other tasks"),
        (not_read, "no errors at alpha = 0.1"),
    ],
)
def test_what_cannot_be_shown_is_a_warning_with_a_fix(
    tmp_path: Path, change, problem: str
) -> None:
    write(tmp_path, change(frames()))
    folder, warnings = build(tmp_path)
    assert problem in warnings
    assert f"run `inductive run {SLUG} --commit`" in warnings
    assert f"{SLUG}.md:5: WARNING" in warnings
    page = page_of(folder).read_text()
    assert "Not run yet." in page
    assert "After it." in page


def test_caption_must_be_one_paragraph(tmp_path: Path) -> None:
    write(tmp_path, frames())
    page = tmp_path / "notebooks" / f"{SLUG}.md"
    page.write_text(page.read_text().replace("paper.\n```", "paper.\n\nMore.\n```"))
    assert "the content is a caption, one paragraph" in build(tmp_path)[1]


@pytest.mark.parametrize("builder", ["text", "latex"])
def test_other_builders_show_the_caption(tmp_path: Path, builder: str) -> None:
    write(tmp_path, frames())
    folder, warnings = build(tmp_path, builder)
    assert warnings == ""
    texts = [
        path.read_text()
        for path in folder.rglob("*")
        if path.suffix in (".txt", ".tex")
    ]
    assert any("and what they do to the network" in text for text in texts)


@pytest.fixture
def opened(site: Path, browser: Browser, request) -> Iterator[Page]:
    with sliders.opened(browser, site, getattr(request, "param", DESKTOP)) as page:
        yield page


def curves(page: Page) -> dict[str, np.ndarray]:
    paths = page.evaluate(
        "[...document.querySelectorAll('.knobs svg[role] .curve')].map(p => ["
        "p.closest('div').className + ' ' + p.classList[1], p.getAttribute('d')])"
    )
    return {name: places(d) for name, d in paths}


def test_script_starts_with_what_the_page_showed(opened: Page, html: str) -> None:
    for name, found in curves(opened).items():
        panel, curve = name.removeprefix("knobs-").split()
        np.testing.assert_allclose(found, drawn(html, panel, curve), atol=0.11)
    assert f">{summary(opened)}<" in html
    current = opened.locator(".knobs button[aria-current]")
    assert current.all_inner_texts() == ["IV rich, dependent"]


@pytest.mark.parametrize("knob", GRID)
def test_a_slider_redraws_curves_point_and_text(opened: Page, knob: str) -> None:
    before, text = curves(opened), summary(opened)
    slider = opened.locator(f"#{NAME}-{knob}")
    slider.focus()
    opened.keyboard.press("ArrowRight")
    place = START | {knob: START[knob] + 1}
    assert slider.get_attribute("aria-valuetext") == np.format_float_positional(
        GRID[knob][place[knob]], trim="-"
    )
    now = curves(opened)
    panel = module("scales_html").ERROR
    wanted = frames().isel(place).isel(seed=0)
    for curve, errors in zip(CURVES, wanted["error"].to_numpy(), strict=True):
        y = values(panel.y, now[f"knobs-error {curve}"][:, 1])
        np.testing.assert_allclose(y, errors, atol=2.5e-3)
    assert any(np.abs(now[name] - before[name]).max() > 1 for name in now)
    assert summary(opened) != text
    assert opened.locator(".knobs button[aria-current]").count() == 0
    plane = module("scales_html").PLANE
    here = opened.locator(".knobs svg[role] .here")
    order, dependence = (
        float(values(axis, np.array(float(here.get_attribute(name) or "nan"))))
        for axis, name in ((plane.x, "cx"), (plane.y, "cy"))
    )
    assert order == pytest.approx(float(wanted["order"]), abs=2e-3)
    assert dependence == pytest.approx(float(wanted["dependence"]), abs=2e-3)


@pytest.mark.parametrize("number", range(4))
def test_buttons_go_to_the_regimes(opened: Page, number: int) -> None:
    regime = ("I", "II", "III", "IV")[number]
    setting = module("scales").REGIMES[regime]
    opened.locator(".knobs button").nth(number).click()
    found = [
        GRID[knob][int(opened.locator(f"#{NAME}-{knob}").input_value())]
        for knob in GRID
    ]
    assert tuple(found) == setting
    assert summary(opened).startswith(f"Nearest regime: {regime},")
    assert opened.locator(".knobs button[aria-current]").count() == 1


def test_the_dead_network_has_no_curves_but_a_sentence(opened: Page) -> None:
    move(opened, "balance", 0)
    assert summary(opened).startswith("Dead network")
    assert not len(curves(opened)["knobs-cost new"])
    assert not opened.locator(".knobs svg[role] .here").is_visible()
    assert opened.locator(".knobs text.dead").is_visible()
    move(opened, "readout", 1)
    assert summary(opened).startswith("Nearest regime: I,")
    assert opened.locator(".knobs svg[role] .here").is_visible()


def test_controls_have_names_and_the_text_is_announced(opened: Page) -> None:
    assert opened.get_by_role("slider").count() == 3
    for knob, sign in zip(GRID, "cλγ", strict=True):
        named = opened.get_by_label(re.compile(f"^{sign} "))
        assert named.get_attribute("id") == f"{NAME}-{knob}"
    assert opened.locator(".knobs").get_by_role("img").count() == 3
    titles = opened.locator(".knobs svg[role] > title").all_text_contents()
    assert all(len(title) > 40 for title in titles)
    live = opened.locator(".knobs [aria-live=polite]")
    assert live.all_inner_texts() == [summary(opened)]


@pytest.mark.parametrize("opened", [DESKTOP, PHONE], indirect=True)
def test_nothing_moves_around_the_figure_and_it_fits(opened: Page) -> None:
    first = height(opened)
    for balance in range(len(GRID["balance"])):
        for scale in range(len(GRID["scale"])):
            move(opened, "balance", balance)
            move(opened, "scale", scale)
            assert height(opened) == first
    assert fits(opened)


def test_without_scripts_the_plots_are_legible_and_say_so(
    site: Path, browser: Browser
) -> None:
    context = browser.new_context(viewport=DESKTOP, java_script_enabled=False)
    page = context.new_page()
    page.goto(page_of(site).as_uri())
    box = page.locator(".knobs noscript p").bounding_box()
    assert box
    assert box["height"] > 10
    assert page.locator(".knobs input:disabled").count() == 3
    look = {
        kind: page.locator(f".knobs svg[role] .{kind}").first.evaluate(
            "e => [getComputedStyle(e).fill, getComputedStyle(e).stroke]"
        )
        for kind in ("allowed", "axes", "ring")
    }
    # An unknown colour would fill the triangle black and leave the others out.
    assert look["allowed"][0] not in ("rgb(0, 0, 0)", "none")
    assert "none" not in (look["axes"][1], look["ring"][1])
    context.close()
