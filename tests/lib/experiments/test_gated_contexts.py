"""The authors' context functions: their draws, medians over all images, the stored file."""

import csv
import hashlib
import json
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from inductive import data
from inductive.data import mnist
from inductive.experiments.gated_linear_networks import contexts, draws
from inductive.experiments.gated_linear_networks.contexts import __main__ as maker
from inductive.models import gated_linear

N_ALL = 60_000

# Made with PyTorch 2.15: seed, units, hyperplanes a unit, inputs; first two and last two entries
# of the hyperplanes, first and last threshold.
HYPERPLANES = {
    (1, 1, 3, 785): (
        [-27.601103, -41.114944, -24.322855, 2.6572433],
        [-4.2136726, -2.6382792],
    ),
    (2**32 - 1, 1, 15, 785): (
        [-0.5601278, 30.647804, 29.983074, -48.585285],
        [8.434696, 6.781966],
    ),
    (12345, 16, 1, 785): (
        [-29.87724, -28.83276, -12.835457, -40.81791],
        [-1.3615844, 3.0866802],
    ),
    (3, 10, 2, 785): (
        [4.5697074, 14.625387, 50.53295, 66.41532],
        [7.750725, 18.529284],
    ),
    (2, 100, 2, 785): (
        [17.429794, -1.8078719, 4.1417575, -11.925613],
        [8.454812, -7.5478888],
    ),
    (2, 3, 1, 7): (
        [-1.7941693, 38.342804, 27.22364, -43.28256],
        [-2.0424979, 5.4938636],
    ),
    # 15 entries: the half of a pair that they leave over is the first threshold.
    (0, 1, 3, 5): (
        [21.727549, 29.195347, -33.031055, -8.104166],
        [21.119743, 14.628175],
    ),
}
ORTHOGONAL = {
    (1, 10, 785): [-0.053468227, -0.026293706, 0.06329398, 0.09451756],
    (3, 50, 785): [-0.002719164, 0.012767526, 0.06315869, -0.017311858],
    (2, 5, 3): [0.17940998, -0.075060494, -0.67834723, -0.07275762],
    (3, 4, 4): [-0.06762838, 0.6093842, -0.42914423, 0.18067354],
}
ENDS = [0, 1, -2, -1]

# PyTorch's logarithm, sine and cosine in single precision: a few units in the last place of the
# largest normal number, 5.8.
BLOCK_ERROR = 3e-6


def _sheet() -> dict:
    return json.loads(contexts.FILE.with_suffix(".json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("setting", HYPERPLANES)
def test_hyperplanes_and_thresholds_are_those_of_the_authors_generator(
    setting: tuple[int, int, int, int],
) -> None:
    normals, thresholds = draws.hyperplanes(*setting)
    assert normals.shape == setting[1:]
    assert normals.dtype == thresholds.dtype == np.float32
    drawn = normals.ravel()[ENDS], thresholds.ravel()[[0, -1]]
    expected = [np.array(values, np.float32) for values in HYPERPLANES[setting]]
    for got, wanted, size, std in zip(
        drawn, expected, (normals.size, thresholds.size), (36, 9), strict=True
    ):
        # Fewer than 16 numbers are made in double precision.
        atol = BLOCK_ERROR * std if size >= 16 else 0
        rtol = 0 if size >= 16 else 1.2e-7
        np.testing.assert_allclose(got, wanted, rtol=rtol, atol=atol)


@pytest.mark.parametrize("setting", ORTHOGONAL)
def test_orthogonal_matrices_are_those_of_the_authors_generator(
    setting: tuple[int, int, int],
) -> None:
    matrix = draws.orthogonal(*setting)
    np.testing.assert_allclose(matrix.ravel()[ENDS], ORTHOGONAL[setting], atol=1e-6)
    gram = matrix @ matrix.T if setting[1] <= setting[2] else matrix.T @ matrix
    np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-6)


@pytest.mark.parametrize(("units", "shatter_dim"), [(10, 1), (2, 8), (1, 15), (4, 0)])
def test_drawn_numbers_are_normal(units: int, shatter_dim: int) -> None:
    sample = [draws.hyperplanes(seed, units, shatter_dim) for seed in range(40)]
    for k, std in enumerate((36.0, 9.0)):
        x = np.concatenate([part[k].ravel() for part in sample]).astype(float) / std
        if not shatter_dim:
            assert x.size == 0
            continue
        # Mean, square and fourth moment within five standard errors.
        assert abs(x.mean()) < 5 / len(x) ** 0.5
        assert abs((x**2).mean() - 1) < 5 * (2 / len(x)) ** 0.5
        assert abs((x**4).mean() - 3) < 5 * (96 / len(x)) ** 0.5


def test_all_stored_medians_are_found_and_the_file_is_the_sheets() -> None:
    raw = contexts.FILE.read_bytes()
    sheet = _sheet()
    assert hashlib.sha256(raw).hexdigest() == sheet["sha256"]
    rows = list(csv.reader(raw.decode().splitlines()))
    assert tuple(rows[0]) == contexts.COLUMNS == tuple(sheet["columns"])
    assert len(rows) - 1 == sheet["rows"]
    layers = contexts.layers()
    assert sum(n * s for _, n, s, _ in layers) == sheet["rows"]
    for layer in layers:
        assert contexts.thresholds(*layer).shape == (layer.n_hidden, layer.shatter_dim)
    # The same draws, arranged otherwise.
    np.testing.assert_array_equal(
        contexts.thresholds("deep", 10, 2, 1).ravel(),
        contexts.thresholds("deep", 20, 1, 1).ravel(),
    )


def test_every_hyperplane_nearly_halves_the_images_of_the_package() -> None:
    split = mnist.split()
    images = np.concatenate([split.train_images, split.validation_images])[::4]
    xs = contexts.inputs(images)
    # Of shares of 3500 images, drawn without replacement.
    error = 0.5 * ((1 - len(xs) / N_ALL) / len(xs)) ** 0.5
    for layer in contexts.layers():
        planes = contexts.hyperplanes(*layer).astype(float)
        fields = xs @ planes.reshape(-1, draws.N_INPUTS).T
        shares = (fields > contexts.thresholds(*layer).ravel()).mean(axis=0)
        # The largest of 2520 deviations stays within five standard errors.
        np.testing.assert_allclose(shares, 0.5, atol=5 * error)


def test_without_medians_three_quarters_of_the_images_lie_on_one_side() -> None:
    images = mnist.split(500, 1).train_images
    for seed in (1, 2, 3):
        larger = []
        for median in (False, True):
            index = contexts.indices(images, "deep", 100, 1, seed, median=median)
            share = index.mean(axis=0)
            larger.append(np.maximum(share, 1 - share).mean())
        assert larger[0] > 0.75
        assert larger[1] < 0.55


@pytest.mark.parametrize("layer", [("deep", 10, 2, 1), ("shallow", 1, 9, 2)])
@pytest.mark.parametrize("median", [True, False])
def test_contexts_of_images_are_those_of_the_model(
    layer: tuple[str, int, int, int], median: bool
) -> None:
    images = mnist.split(200, 1).train_images
    got = contexts.indices(images, *layer, median=median)
    expected = gated_linear.contexts(
        jnp.asarray(contexts.inputs(images)),
        jnp.asarray(contexts.hyperplanes(*layer), float),
        jnp.asarray(contexts.thresholds(*layer, median=median)),
    )
    np.testing.assert_array_equal(got, expected)
    assert got.dtype == np.int32


def test_published_numbers_of_occupied_contexts_are_met() -> None:
    images = mnist.split(500, 1).train_images
    # Authors' logs, n = 500: shatter dimension, seed, medians; occupied contexts, images in the
    # largest one.
    published = {
        (3, 1, True): (8, 85),
        (3, 1, False): (6, 300),
        (9, 2, True): (270, 9),
        (9, 3, False): (62, 45),
    }
    for (s, seed, median), expected in published.items():
        index = contexts.indices(images, "shallow", 1, s, seed, median=median)
        counts = np.bincount(index[:, 0], minlength=2**s)
        assert ((counts > 0).sum(), counts.max()) == expected


def test_one_unit_of_the_random_program_is_always_on() -> None:
    images = mnist.split(300, 1).train_images
    gates = contexts.random_gates(images, 20, 2)
    assert gates.shape == (300, 21)
    assert (gates[:, -1] == 1).all()
    index = contexts.indices(images, "relu_random", 20, 1, 2)
    np.testing.assert_array_equal(gates[:, :-1], index)
    assert set(np.unique(index)) == {0, 1}
    planes = contexts.hyperplanes("relu_random", 20, 1, 2)[:, 0]
    np.testing.assert_allclose(planes @ planes.T, np.eye(20), atol=1e-6)
    # In the authors' precision this image lies on the median of unit 18.
    assert gates[132, 18] == 1


def test_a_median_of_random_gates_lets_the_lower_middle_image_through() -> None:
    generator = np.random.default_rng(0)
    xs = generator.normal(size=(12, 785))
    layer = contexts.Layer("relu_random", 10, 1, 1)
    projections = xs @ contexts.hyperplanes(*layer)[:, 0].T
    beta = contexts.medians(xs, layer)
    np.testing.assert_array_equal((projections > beta).sum(axis=0), 7)
    twice = contexts.medians(np.repeat(xs, 2, axis=0), layer)
    np.testing.assert_array_equal((projections > twice).sum(axis=0), 7)


def test_medians_of_gated_networks_are_those_of_the_model() -> None:
    xs = np.random.default_rng(0).normal(size=(31, 785))
    layer = contexts.Layer("deep", 3, 2, 9)
    expected = np.median(xs @ contexts.hyperplanes(*layer).reshape(6, -1).T, axis=0)
    np.testing.assert_allclose(contexts.medians(xs, layer), expected, rtol=1e-12)


def test_stored_medians_are_those_of_all_images() -> None:
    try:
        images = data.load("mnist", download=False).train_images
    except data.DataUnavailableError as missing:
        pytest.skip(f"all of MNIST is needed: {missing}")
    xs = contexts.inputs(images)
    layers = [
        ("deep", 20, 1, 1),
        ("deep", 10, 2, 3),
        ("shallow", 1, 15, 2),
        ("relu_random", 10, 1, 1),
    ]
    for layer in layers:
        got = contexts.medians(xs, contexts.Layer(*layer))
        # Stored with 12 digits; sums of 785 products of order 100 differ by less.
        np.testing.assert_allclose(
            got, contexts.thresholds(*layer).ravel(), rtol=1e-11, atol=1e-9
        )


def test_the_maker_writes_medians_and_completes_the_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    generator = np.random.default_rng(1)
    images = generator.integers(0, 256, (9, 28, 28, 1), dtype=np.uint8)
    digits = np.arange(9)
    small = data.ImageDataset("mnist", images, digits, images, digits, "a test", {})
    layers = [contexts.Layer("deep", 2, 2, 1), contexts.Layer("shallow", 1, 1, 3)]
    monkeypatch.setattr(data, "load", lambda *_, **__: small)
    monkeypatch.setattr(contexts, "layers", lambda: layers)
    made = tmp_path / "gated_medians.csv"
    made.with_suffix(".json").write_text('{"title": "kept", "rows": 0}')
    maker.main(["--output", str(made)])
    assert "5 medians, from a test" in capsys.readouterr().out
    sheet = json.loads(made.with_suffix(".json").read_text())
    assert sheet["title"] == "kept"
    assert sheet["rows"] == 5
    assert sheet["sha256"] == hashlib.sha256(made.read_bytes()).hexdigest()
    monkeypatch.setattr(contexts, "FILE", made)
    contexts._medians.cache_clear()
    try:
        for layer in layers:
            beta = contexts.thresholds(*layer).ravel()
            expected = contexts.medians(contexts.inputs(images), layer)
            np.testing.assert_allclose(beta, expected, rtol=1e-11)
    finally:
        contexts._medians.cache_clear()


def test_the_maker_says_what_data_it_lacks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nowhere(*_: object, **__: object) -> None:
        raise data.DataUnavailableError("put the files into a folder")

    monkeypatch.setattr(data, "load", nowhere)
    with pytest.raises(SystemExit, match="1"):
        maker.main([])
    assert "put the files into a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (("wide", 10, 1, 1), "choose one of deep, shallow, relu_random"),
        (("deep", 30, 1, 1), r"choose H from \(10, 20, 50, 100\)"),
        (("deep", 10, 3, 1), r"s from \(1, 2\)"),
        (("deep", 10, 1, 4), r"a seed from \(1, 2, 3\)"),
        (("deep", 0, 1, 1), "no medians are stored"),
        (("shallow", 2, 1, 1), "a shallow network has one unit"),
        (("relu_random", 10, 2, 1), "one hyperplane a unit"),
    ],
)
def test_contexts_that_the_authors_do_not_have_are_refused(
    layer: tuple[str, int, int, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        contexts.thresholds(*layer)


def test_draws_outside_their_ranges_are_refused() -> None:
    for sizes in ((0, 1), (1, -1)):
        with pytest.raises(ValueError, match="must be 1 or more"):
            draws.hyperplanes(1, *sizes)
    for seed in (-1, 2**32):
        with pytest.raises(ValueError, match=f"seed={seed} is outside"):
            draws.hyperplanes(seed, 1, 1)
    with pytest.raises(ValueError, match="rows=0"):
        draws.orthogonal(1, 0, 3)
    with pytest.raises(ValueError, match="no other thresholds"):
        contexts.thresholds("relu_random", 10, 1, 1, median=False)
