"""Points per second of the sweep engine and of its peers, side by side in one process.

Prints one row per contestant. Nothing is timed before all forms were shown to train the
same network.
"""

import argparse
import json

from measure import Row, Sample, cores, quartiles, ratios, side_by_side
from peers import MAKERS, SIZES, Contestant, Size, draw, prove_equal


def measure(name: str, repeats: int) -> list[Row]:
    """Rows of all contestants at one size."""
    size = SIZES[name]
    starts = draw(size)
    prove_equal(size, starts)
    ready = {who: make(size, starts) for who, make in MAKERS.items()}
    for contestant in ready.values():
        contestant.call()
    calls = {who: contestant.call for who, contestant in ready.items()}
    samples = side_by_side(calls, repeats)
    return [
        labels(name, size, who, ready[who])
        | {"repeats": repeats}
        | summary(ready, samples, who)
        for who in ready
    ]


def labels(name: str, size: Size, who: str, contestant: Contestant) -> Row:
    """The columns that say what was run."""
    return {
        "size": name,
        "n": size.n,
        "width": size.width,
        "steps": size.steps,
        "cores": cores(),
        "contestant": who,
        "points": contestant.points,
        "tuned": contestant.tuned,
    }


def summary(
    ready: dict[str, Contestant], samples: dict[str, list[Sample]], who: str
) -> Row:
    """Seconds, points a second, and how much faster the engine is in each repeat."""
    points = ready[who].points
    per_point = ready["engine"].points / points
    speedups = ratios(samples[who], samples["engine"])
    row = quartiles("seconds", [sample.wall for sample in samples[who]])
    row |= quartiles("cpu_seconds", [sample.cpu for sample in samples[who]])
    row |= quartiles("points_per_s", [points / sample.wall for sample in samples[who]])
    return row | quartiles("engine_speedup", [per_point * s for s in speedups])


def main() -> None:
    """Measure one size, on the cores that the process was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", choices=sorted(SIZES))
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    print(json.dumps(measure(options.size, options.repeats)))


if __name__ == "__main__":
    main()
