"""Teachers: exact overlaps, correlations and distributions."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from inductive import rng
from inductive.tasks import teacher_student
from inductive.tasks.teacher_student import LinearTeachers, ReluTeacher

KEY = rng.root(3)


@st.composite
def tasks(draw: st.DrawFn) -> tuple[int, int, int]:
    """Auxiliary features, main features and overlap that fit into 16 inputs."""
    n_aux, n_main = draw(st.integers(0, 8)), draw(st.integers(0, 8))
    return n_aux, n_main, draw(st.integers(0, min(n_aux, n_main)))


def _teachers(n_inputs: int, seed: int = 0) -> LinearTeachers:
    return teacher_student.linear_teachers(rng.root(seed), n_inputs)


def _relu(**changes: Any) -> tuple[ReluTeacher, ReluTeacher]:
    arguments = {
        "n_inputs": 9,
        "correlations": jnp.array([0.0, 0.5, -1.0, 0.9]),
        "n_main": 3,
        "magnitude_aux": 0.5,
        "magnitude_main": 2.0,
    }
    return teacher_student.relu_teachers(KEY, **(arguments | changes))


def test_inputs_lie_on_the_sphere_and_have_the_identity_as_second_moment() -> None:
    x = np.asarray(teacher_student.sphere(KEY, 20_000, 5), dtype=float)
    np.testing.assert_allclose((x**2).sum(1), 5.0, rtol=1e-6)  # single precision
    # A product of two entries has a variance of at most 5/7 * 3 - 1 < 1.2.
    error = np.abs(x.T @ x / len(x) - np.eye(5))
    assert error.max() < 5 * (1.2 / len(x)) ** 0.5
    assert np.abs(x.mean(0)).max() < 5 * len(x) ** -0.5


def test_coordinates_are_ordered_at_random_with_random_signs() -> None:
    drawn = _teachers(400)
    np.testing.assert_array_equal(np.sort(drawn.rank), np.arange(400))
    assert set(np.unique(drawn.signs)) == {-1.0, 1.0}
    assert abs(float(drawn.signs.sum())) < 5 * 400**0.5
    # Of a random order, neighbours rise half of the time.
    rises = (np.diff(drawn.rank) > 0).sum()
    assert abs(rises - 399 / 2) < 5 * (401 / 12) ** 0.5


@given(sizes=tasks(), seed=st.integers(0, 1000))
def test_tasks_share_exactly_the_overlap_with_its_signs(
    sizes: tuple[int, int, int], seed: int
) -> None:
    n_aux, n_main, overlap = sizes
    teacher_student.check_overlap(overlap, n_aux, n_main, 16)
    drawn = _teachers(16, seed)
    aux = np.asarray(teacher_student.auxiliary(drawn, n_aux, 0.5))
    main = np.asarray(teacher_student.main(drawn, n_aux, n_main, overlap, 0.25))
    assert (aux != 0).sum() == n_aux
    assert (main != 0).sum() == n_main
    assert ((aux != 0) & (main != 0)).sum() == overlap
    np.testing.assert_array_equal(aux[aux != 0], (0.5 * drawn.signs)[aux != 0])
    np.testing.assert_array_equal(main[main != 0], (0.25 * drawn.signs)[main != 0])


def test_nested_main_tasks_grow_by_adding_features() -> None:
    drawn, before = _teachers(20), np.zeros(20, dtype=bool)
    for k in (2, 5, 9):
        used = np.asarray(teacher_student.main(drawn, 9, k, k, 1.0)) != 0
        assert (used & before == before).all()
        before = used


def test_linear_tasks_may_be_batched_over_all_their_numbers() -> None:
    drawn = _teachers(15)
    n_main, overlap, size = jnp.array([2, 5]), jnp.array([0, 4]), jnp.array([1.0, 0.5])
    batch = jax.vmap(lambda k, o, m: teacher_student.main(drawn, 6, k, o, m))
    for k, row in enumerate(batch(n_main, overlap, size)):
        numbers = 6, int(n_main[k]), int(overlap[k]), float(size[k])
        np.testing.assert_array_equal(row, teacher_student.main(drawn, *numbers))


@pytest.mark.parametrize("overlap", [-1, 4])
def test_overlaps_outside_the_features_are_refused(overlap: int) -> None:
    with pytest.raises(ValueError, match=rf"overlap={overlap} is outside 0 \.\. 3"):
        teacher_student.check_overlap(overlap, 5, 3, 100)


def test_tasks_with_more_features_than_inputs_are_refused() -> None:
    teacher_student.check_overlap(1, 5, 3, 7)
    with pytest.raises(ValueError, match=r"5 \+ 3 features .* the 6 inputs there are"):
        teacher_student.check_overlap(1, 5, 3, 6)


def test_relu_units_have_unit_length_and_the_given_correlations() -> None:
    aux, main = _relu()
    # Rounding of a QR decomposition of order 9.
    np.testing.assert_allclose(aux.units @ aux.units.T, np.eye(4), atol=1e-14)
    np.testing.assert_allclose(main.units @ main.units.T, np.eye(4), atol=1e-14)
    expected = np.diag([0.0, 0.5, -1.0, 0.9])
    np.testing.assert_allclose(main.units @ aux.units.T, expected, atol=1e-14)


def test_relu_readouts_have_the_given_magnitudes_and_the_rest_is_silent() -> None:
    aux, main = _relu()
    np.testing.assert_array_equal(np.abs(aux.readout), np.full(4, 0.5))
    np.testing.assert_array_equal(np.abs(main.readout), [2.0, 2.0, 2.0, 0.0])


def test_relu_signs_of_the_two_tasks_are_independent() -> None:
    def agree(key):
        aux, main = teacher_student.relu_teachers(
            key,
            n_inputs=2,
            correlations=jnp.ones(1),
            n_main=1,
            magnitude_aux=1.0,
            magnitude_main=1.0,
        )
        return jnp.stack([aux.readout[0], main.readout[0]])

    signs = np.asarray(jax.vmap(agree)(jax.random.split(rng.root(0), 400)))
    for statistic in (signs[:, 0], signs[:, 1], signs.prod(1)):
        assert abs(statistic.sum()) < 5 * 400**0.5


def test_relu_units_are_uniform_on_the_sphere() -> None:
    def unit(key):
        numbers = {"n_main": 1, "magnitude_aux": 1.0, "magnitude_main": 1.0}
        aux, main = teacher_student.relu_teachers(
            key, n_inputs=3, correlations=jnp.zeros(1), **numbers
        )
        return jnp.concatenate([aux.units[0], main.units[0]])

    units = np.asarray(jax.vmap(unit)(jax.random.split(rng.root(1), 1000)))
    # Archimedes: each coordinate of a uniform point on the sphere is uniform.
    for coordinate in units.T:
        assert kstest(coordinate, "uniform", args=(-1.0, 2.0)).pvalue > 1e-4


def test_relu_teachers_may_be_batched_over_correlation_and_magnitude() -> None:
    correlations, sizes = jnp.array([[0.1, 0.2], [1.0, 0.0]]), jnp.array([1.0, 0.1])
    _, batch = jax.vmap(lambda c, m: _relu(correlations=c, n_main=1, magnitude_main=m))(
        correlations, sizes
    )
    for k in range(2):
        numbers = {"n_main": 1, "magnitude_main": float(sizes[k])}
        _, one = _relu(correlations=correlations[k], **numbers)
        np.testing.assert_allclose(batch.units[k], one.units, atol=1e-15)
        np.testing.assert_array_equal(batch.readout[k], one.readout)


def test_too_few_inputs_for_relu_units_are_refused() -> None:
    _relu(n_inputs=8)
    with pytest.raises(ValueError, match="need 8 inputs or more, not n_inputs=7"):
        _relu(n_inputs=7)


def test_relu_targets_are_the_written_out_sums() -> None:
    teacher = ReluTeacher(jnp.array([[1.0, 0.0], [-1.0, 2.0]]), jnp.array([2.0, -1.0]))
    xs = jnp.array([[1.0, 1.0], [-1.0, 0.5], [0.5, -3.0]])
    # 2 * 1 - 1; 2 * 0 - 2; 2 * 0.5 - 0
    np.testing.assert_array_equal(
        teacher_student.relu_targets(teacher, xs), [1.0, -2.0, 1.0]
    )
    single = teacher_student.relu_targets(teacher, xs.astype("float32"))
    assert single.dtype == jnp.float32


def test_teachers_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="9 coefficients that are not finite"):
        _relu(correlations=jnp.array([0.5, 1.5]), n_main=1)
    teachers = teacher_student.linear_teachers(rng.root(0), 10)
    with pytest.raises(ValueError, match="3 coefficients that are not finite"):
        teacher_student.auxiliary(teachers, 3, math.inf)
    with pytest.raises(ValueError, match="1 coefficients that are not finite"):
        teacher_student.check_finite(jnp.array([0.0, jnp.inf]))
    teacher_student.check_finite(_relu()[1])
