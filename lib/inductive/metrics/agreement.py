"""How well a clustering agrees with labels, beyond what another variable explains."""

import numpy as np
from jaxtyping import Float, Int
from sklearn.metrics import adjusted_mutual_info_score


def adjusted_mutual_information(
    clusters: Int[np.ndarray, " n"], labels: Int[np.ndarray, " n"]
) -> float:
    """Mutual information beyond chance, over the mean entropy: 1 if equal, about 0 if
    independent (Vinh, Epps & Bailey 2010, JMLR 11).

    Args:
        clusters: of the points.
        labels: of the points.
    """
    return float(adjusted_mutual_info_score(labels, clusters))


def permuted_within(
    generator: np.random.Generator,
    labels: Int[np.ndarray, " n"],
    groups: Int[np.ndarray, " n"],
) -> Int[np.ndarray, " n"]:
    """Labels permuted among the points of each group, so that what groups tell stays.

    Args:
        generator: of the permutations.
        labels: of the points.
        groups: of the points.
    """
    permuted = np.empty_like(labels)
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        permuted[members] = labels[generator.permutation(members)]
    return permuted


def null_agreements(
    generator: np.random.Generator,
    clusters: Int[np.ndarray, " n"],
    labels: Int[np.ndarray, " n"],
    groups: Int[np.ndarray, " n"],
    n: int,
) -> Float[np.ndarray, " n"]:
    """Adjusted mutual information with labels permuted within groups.

    Args:
        generator: of the permutations.
        clusters: of the points.
        labels: of the points.
        groups: of the points.
        n: how many permutations.
    """
    return np.array(
        [
            adjusted_mutual_information(
                clusters, permuted_within(generator, labels, groups)
            )
            for _ in range(n)
        ]
    )


def purity(clusters: Int[np.ndarray, " n"], labels: Int[np.ndarray, " n"]) -> float:
    """Share of points with the most frequent label of their cluster.

    It grows with the number of clusters whatever they are.

    Args:
        clusters: of the points.
        labels: of the points.
    """
    return float(_counts(clusters, labels).max(1).sum() / len(labels))


def explained_information(
    clusters: Int[np.ndarray, " n"],
    labels: Int[np.ndarray, " n"],
    groups: Int[np.ndarray, " n"],
) -> float:
    r"""Share of the labels' entropy within groups that clusters explain,
    :math:`I(c; y \mid t) / H(y \mid t)`; not a number where groups tell the label.

    Args:
        clusters: c.
        labels: y.
        groups: t.
    """
    both = _paired(clusters, groups)
    left = _conditional_entropy(labels, groups)
    return 1 - _conditional_entropy(labels, both) / left if left > 0 else float("nan")


def _paired(
    one: Int[np.ndarray, " n"], other: Int[np.ndarray, " n"]
) -> Int[np.ndarray, " n"]:
    return np.unique(np.stack([one, other]), axis=1, return_inverse=True)[1].ravel()


def _conditional_entropy(
    labels: Int[np.ndarray, " n"], given: Int[np.ndarray, " n"]
) -> float:
    """Entropy of labels within groups, in nats, from frequencies."""
    counts = _counts(given, labels).astype(float)
    shares = counts / counts.sum(1, keepdims=True)
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return float(-(counts * logs).sum() / counts.sum())


def _counts(
    rows: Int[np.ndarray, " n"], columns: Int[np.ndarray, " n"]
) -> Int[np.ndarray, "r c"]:
    _, i = np.unique(rows, return_inverse=True)
    _, j = np.unique(columns, return_inverse=True)
    table = np.zeros((i.max() + 1, j.max() + 1), int)
    np.add.at(table, (i, j), 1)
    return table
