"""Draw the measured tables: ``book/_static/benchmarks-sweep.png``."""

from typing import Any

import matplotlib.pyplot as plt
import pandas as pd

from inductive import paths
from inductive.report import style
from measure import folder
from peers import LABELS, SIZES

COLORS = dict(
    zip(
        LABELS, ["black", "blue", "green", "vermilion", "purple", "orange"], strict=True
    )
)
MARKERS = dict(zip(LABELS, ["o", "s", "D", "^", "v", "P"], strict=True))
FUNCTIONS = {
    "network": ("network", "blue", "o"),
    "network_shared_data": ("network, one data set", "vermilion", "s"),
    "ridge": ("ridge solve", "green", "D"),
    "recursion": ("elementwise loop", "purple", "^"),
}


def read(name: str) -> pd.DataFrame:
    """One of the tables."""
    return pd.read_csv(folder() / f"sweep_{name}.csv")


def bars(ax: Any, x: Any, table: pd.DataFrame, column: str, **options: Any) -> None:
    """Medians with bars from the lower to the upper quartile."""
    low = table[column] - table[f"{column}_q1"]
    high = table[f"{column}_q3"] - table[column]
    ax.errorbar(x, table[column], [low, high], elinewidth=0.9, **options)


def draw_speedup(ax: Any, table: pd.DataFrame, cores: int) -> None:
    """How much faster the engine is than each peer, by size of the network."""
    here = table.query("cores == @cores").set_index("size")
    peers = [who for who in LABELS if who != "engine"]
    for k, who in enumerate(peers):
        rows = here.query("contestant == @who").loc[[*SIZES]]
        places = [i + 0.13 * (k - 2) for i in range(len(rows))]
        look = {"color": style.OKABE_ITO[COLORS[who]], "marker": MARKERS[who]}
        bars(ax, places, rows, "engine_speedup", ls="", label=LABELS[who], **look)
    ax.axhline(1, **style.THEORY)
    ax.set(yscale="log", ylabel="times faster than peer")
    ax.set_yticks([0.5, 1, 2, 5, 10, 100], ["½", "1", "2", "5", "10", "100"])
    ax.minorticks_off()
    names = [f"{size.n} × {size.width}" for size in SIZES.values()]
    ax.set_xticks(range(len(names)), names)
    ax.set_xlabel(f"examples × width ({cores} core{'s' * (cores > 1)})")


def draw_how(ax: Any, table: pd.DataFrame) -> None:
    """Time of ``vmap`` over that of ``lax.map`` against the largest array."""
    for function, (label, color, marker) in FUNCTIONS.items():
        rows = table.query(f"function == '{function}' and cores == 1")
        rows = rows.query("dtype == 'float32'")
        ax.plot(
            rows.largest,
            rows.vmap_over_map,
            ls="",
            marker=marker,
            color=style.OKABE_ITO[color],
            label=label,
        )
    ax.axhline(1, **style.THEORY)
    for limit, color in ((1500, "vermilion"), (2**14, "black")):
        ax.plot([limit, limit], [0.18, 6], ls=":", lw=1, color=style.OKABE_ITO[color])
    ax.set(xscale="log", yscale="log", ylabel="time of vmap / map")
    ax.set_xlabel("elements of largest array")
    ax.set_yticks([0.25, 0.5, 1, 2, 4], ["¼", "½", "1", "2", "4"])
    ax.minorticks_off()
    ax.legend(fontsize=7, handletextpad=0.1, borderpad=0, loc="upper left")
    ax.set_ylim(0.18, 30)


def draw_overhead(ax: Any, table: pd.DataFrame) -> None:
    """Seconds a point of the engine itself."""
    looks = {"no store": "blue", "new store": "vermilion", "finished store": "green"}
    for (kind, color), marker in zip(looks.items(), "osD", strict=True):
        rows = table.query("kind == @kind")
        look = {"color": style.OKABE_ITO[color], "marker": marker, "label": kind}
        bars(ax, rows.points, rows, "seconds_per_point", **look)
    ax.set(xscale="log", yscale="log", xlabel="points", ylabel="seconds a point")
    ax.legend(fontsize=7, handletextpad=0.4)


def draw_scaling(ax: Any, table: pd.DataFrame) -> None:
    """Speed on several Dask processes relative to one."""
    look = {"color": style.OKABE_ITO["blue"], "marker": "o"}
    bars(ax, table.workers, table, "speedup", **look)
    ideal = [min(k, table.cores.iloc[0]) for k in table.workers]
    ax.plot(table.workers, ideal, **style.THEORY)
    ax.set(xlabel="Dask processes", ylabel="speed relative to one", ylim=(0, None))
    ax.set_xticks(table.workers)


def main() -> None:
    """Draw all panels and write the picture."""
    style.use_style()
    figure = plt.figure(figsize=(style.PAGE_WIDTH, 5.2))
    parts: Any = figure.subfigures(2, 1, height_ratios=[1.15, 1])
    top, bottom = parts
    table = read("throughput")
    modes = sorted(map(int, table.cores.unique()))
    above = top.subplots(1, len(modes), sharey=True, squeeze=False)[0]
    for ax, count in zip(above, modes, strict=True):
        draw_speedup(ax, table, count)
        ax.label_outer()
    names = above[0].get_legend_handles_labels()
    top.legend(*names, loc="outside upper center", ncols=3)
    below = bottom.subplots(1, 3, width_ratios=[1.4, 1.2, 1])
    draw_how(below[0], read("how"))
    draw_overhead(below[1], read("overhead"))
    draw_scaling(below[2], read("scaling"))
    style.panel_letters([*above, *below])
    path = paths.book() / "_static" / "benchmarks-sweep.png"
    path.write_bytes(style.png_bytes(figure))


if __name__ == "__main__":
    main()
