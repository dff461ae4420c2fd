# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Transitive inference with exceptions
#
# A learner that sees only neighbours of an order, and one comparison that contradicts it, can infer the rest and remember the contradiction, but only if its representation is additive enough and its regularization weak enough {cite:p}`cheng2026balancing`.
#
# ```{chapter-card} transitive-inference-exceptions
# :paper: https://arxiv.org/abs/2605.22972
# :paper-label: arXiv 2605.22972
# :code: https://github.com/sflippl/ti-with-exceptions
# :code-label: sflippl/ti-with-exceptions
# :differs: smaller language models than the paper's; the theory is derived anew, as the paper's theory figures were not available
# ```
#
# This chapter covers the theory of the paper, its published language-model results, redrawn from the authors' tables with the theory fitted to them, and its protocol on three models that can be had here.
# The paper's own models have one to four billion parameters; ours have a hundred thousand to a hundred million, so what they show is said of them by name.
# The paper's theory figures were not available to us; the theory below is derived anew in the paper's setting, checked against direct regression, and drawn where the paper gives no numbers to draw beside it.

# %% tags=["hide-input"]
import itertools
from dataclasses import asdict
from functools import partial

import jax

jax.config.update("jax_enable_x64", True)  # the theory is exact: keep its digits
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap

from inductive import stats, sweep
from inductive.experiments import transitive_inference_exceptions as experiments
from inductive.experiments.transitive_inference_exceptions import frames
from inductive.experiments.transitive_inference_exceptions.language_models import (
    analysis,
    plans,
    pretrained,
)
from inductive.report import intervals, panels, published, style
from inductive.report.claims import Ledger, declare
from inductive.tasks import comparison_prompts
from inductive.tasks import transitive_inference as ti
from inductive.theory import kernels
from inductive.theory import transitive_inference as theory

style.use_style()
PAPER = "transitive-inference-exceptions"  # whose published numbers are drawn

# %% tags=["parameters", "hide-input"]
profile: str = "paper"  # one of paper, smoke | smoke draws fewer tasks, grid points and networks
seed: int = 0  # 0 to 4294967295 | root of every random number
alpha: float = 0.1  # 0.0 to 0.95 | conjunctivity of the worked example and of the mechanism figure
outer: int = 3  # 3 to 20 | items on either side of the exception in the worked example
length: int = 2  # 2 to 20 | adjacent edges inside the cycle of the worked example
language_model: str = "SmolLM2-135M-Instruct"  # any text | decoder to fine-tune: this one, owner/name on the hub, or a directory
trained_blocks: int = 2  # 1 to 200 | how many of its last blocks are trained

# %% tags=["hide-input"]
paper = profile == "paper"
n_draws, n_grid, most_per_side = (2000, 81, 8) if paper else (100, 15, 4)
sizes = (5, 12) if paper else (7, 7)  # smallest and largest number of items of random tasks
widths, n_seeds = ((1000, 10_000, 50_000), 5) if paper else ((1000, 4000), 2)
n_pairs_of_exceptions, long = (300, (9, 30)) if paper else (10, (16, 16))  # and items of their lists
generator = np.random.default_rng([seed, 0])
base = ti.centred(outer, length)
tasks = ti.CONFIGURATIONS
NAMES = {
    "exc_mid_n9": "base case (n = 9)",
    "exc_mid_n11": "more outer items (n = 11)",
    "exc_far_n11": "longer cycle (n = 11)",
}
MODELS = {"qwen35-2b": "Qwen3.5-2B", "llama32-1b": "Llama-3.2-1B"}
ALL_MODELS = MODELS | {"qwen35-4b": "Qwen3.5-4B", "llama32-3b": "Llama-3.2-3B"}

# %% [markdown]
# ## The question
#
# There are $n$ items in an order, item 1 the best.
# A trial shows an ordered pair $(i, j)$; the target is $+1$ if the first item wins, $-1$ if the second does.
# Training shows every adjacent pair and one **exception**, in which the weaker item $p$ beats the stronger item $q$; both orders of each pair are shown.
# The exception closes a **cycle** $q > q+1 > \dots > p > q$ of $\ell = p - q$ adjacent edges and itself.
# Tested are all other pairs: *within-section* (both on one side of the cycle), *cross-section* (one on each side), *half* (one item in the cycle), and those with both items in it, which have no true answer.
#
# The learner is kernel ridge regression.
# Its kernel is **exchangeable**: it depends only on what two trials share, being $s$ for the same trial, $r$ for its swapped copy, $o$ for one item in the same position, $x$ for one in the other position, $d$ for nothing.
# Because the targets change sign when a trial is swapped, only one shape parameter acts, the **conjunctivity**
#
# $$\alpha = 1 - \frac{2(o - x)}{s - r},$$ (eq-transitive-inference-exceptions-alpha)
#
# 0 for a code that adds up its two items, 1 for a code in which every pair is its own symbol.
# The ridge enters as $\rho = \lambda/(s - r)$, its inverse is $c = 1/\rho$; $c = \infty$ is the minimum-norm interpolator, to which gradient flow from zero converges.
# Regression then gives every item a **rank** $r_i$ that solves
#
# $$(L + \mu I)\, r = \text{wins} - \text{losses}, \qquad \mu = \frac{2(\alpha + \rho)}{1 - \alpha},$$ (eq-transitive-inference-exceptions-ranks)
#
# with $L$ the Laplacian of the graph of trained pairs: the potential of a resistor network with a leak $\mu$ at every node.
# Equivalently, $\alpha_\text{eff} = \mu/(2+\mu) = (\alpha+\rho)/(1+\rho)$ is the conjunctivity that would do the same without ridge.
# The **margin** of a pair is the learner's output for it, positive if the better item is chosen.
# An untrained pair has the margin $r_i - r_j$; a trained edge on which $u$ beats $v$ has $[\alpha + \rho(r_u - r_v)]/(\alpha + \rho)$.
# In nine lines, with direct regression on all trials beside the formula, without and with a ridge:

# %%
p, q = base.exceptions[0]
kernel = kernels.additive_conjunctive(alpha)
examples = {"adjacent in the cycle": (q, q + 1), "exception": (p, q)}
examples |= {"within-section": (0, 2), "nearest cross-section": (q - 1, p + 1)}
for rho in (0.0, 1.0):  # ridge in units of s - r
    exact = theory.margins(ti.incidence(base), alpha, rho)
    direct = experiments.kernel_margins(base, kernel, rho)
    for name, (i, j) in examples.items():
        print(f"ρ = {rho:g}  {name:22} theory {exact[i, j]:+.4f}  regression {direct[i, j]:+.4f}")

# %% [markdown]
# ## The claims
#
# Each line is a claim, the figure that carries it, and the rule that decides it; the thresholds were fixed before the run.
# C1–C10b are statements of the theory as derived here, of which the paper's abstract gives the qualitative ones; C11–C15 are the paper's claims on language models, tested on ours: without a letter on a small decoder, with s on SmolLM2, with m on MiniLM; T1 is the reduction above; C16 and C17 fit it to the tables; P1 concerns the tables alone; B1 to B3 go beyond the paper.
# A verdict of *partly* means that the sign or the ordering holds but the number misses its threshold.

# %% tags=["hide-input"]
about_theory = declare("""
    T1 | Worked example | two numbers, α and ρ, decide all margins of any exchangeable kernel | largest difference of theory and direct regression, random kernels and tasks <= 1e-10
    C1 | Ranks | without an exception every untrained pair is right, for all α < 1 and every ridge | smallest untrained margin on the grid > 0
    C2 | Task | for small α and no ridge a margin counts the non-cycle edges between two items | largest error at α = 1e-4, n up to 11 <= 0.02
    C3 | Task | with an exception, within-section pairs stay right for all α < 1 and every ridge | smallest within-section margin, random tasks (n 5 to 12, α < 0.95, ρ 1e-4 to 10) > 0
    C4 | Conjunctivity | the nearest cross-section pair flips at the closed-form α* (1/3, 0.1716, 0.3132) | largest distance of root and closed form <= 1e-6
    C5 | Conjunctivity | conjunctivity and ridge act on untrained pairs only through α_eff = (α + ρ)/(1 + ρ) | largest difference at equal α_eff <= 1e-12
    C6 | Ridge | the mean trained margin around the cycle is α/(α + ρ) | largest error, random tasks <= 1e-12
    C7 | Ridge | the exception is memorized at least as well as the cycle's adjacent edges on average | smallest advantage of the exception, random tasks >= -1e-12
    C8 | Task parameters | no cross-section error with 1 item on a side, or 2 on both | share of such geometries (up to 8 items on a side, ℓ = 2, 3, 4, 8) with an error <= 0
    C8b | Task parameters | α* falls like ½(arccosh(3 + 2/ℓ)/(b − ½))² | largest relative error at b = 8 <= 0.02
    C9 | Dynamics | gradient flow passes through cross-section errors even where it ends without | smallest nearest-cross margin over time at α = 0.147 < 0
    C10 | Networks | random ReLU features follow the kernel theory | RMSE of untrained margins at the largest width <= 0.035 (smoke 0.15)
    C10b | Networks | the deviation falls like 1/√width | distance of the log–log slope from −1/2 <= 0.1 (smoke 0.35)
    C16 | Theory and models | one parameter and a gain per cell explain the logit differences of untrained pairs | smallest R² through the origin over 24 fully fine-tuned cells >= 0.91
    C17 | Theory and models | α_eff fitted without an exception predicts that with one (n = 9, invented teams) | largest difference of the two fits <= 0.02
    P1 | Language models | the pooled intervals in our digest of the authors' tables follow from its points | largest difference, percentage points <= 0.02
    B1 | Two exceptions | an exception nested in another always makes errors appear earlier | smallest relative fall of α*, from the outer one alone to both > 0
    B2 | Two exceptions | a disjoint exception protects the pairs it does not lie between | smallest relative rise of their α*, from the crossed one alone to both >= -1e-9
    B3 | Two exceptions | and harms the pairs that cross both cycles | smallest relative fall of their α*, from the worse one alone to both > 0
    """)

# %% tags=["hide-input"]
about_models = declare("""
    C11 | Own models | without an exception the small decoder learns the trained pairs and infers the others | lower end of the 95 % interval of accuracy on untrained pairs over units, %, 0 unless trained pairs reach 99 % > 50; published 79; changed accuracy on untrained pairs, worse of two models, % > 50: was about the paper's models and never run; fixed for ours before they ran
    C11s | Own models | so does SmolLM2, its last two blocks fine-tuned | the same > 50; published 79
    C11m | Own models | so does MiniLM, fully fine-tuned | the same > 50; published 79
    C12 | Own models | with an exception the small decoder's accuracy falls from trained to exception to within- to cross-section pairs | smallest step from class to class, three configurations pooled, % (trained may equal exception) > 0; published 1.6; changed smallest gap between neighbouring Wilson intervals, % > 0: was about the paper's models and never run; fixed for ours before they ran
    C12s | Own models | so does SmolLM2's | the same > 0; published 1.6
    C12m | Own models | so does MiniLM's | the same > 0; published 1.6
    C13 | Own models | the small decoder judges the nearest cross-section pair below chance with more outer items | z score of the vote against 50 % over units < -3; published -3.4; changed z score of the vote against 50 %, Qwen3.5-2B < -3: was about the paper's models and never run; fixed for ours before they ran
    C13s | Own models | so does SmolLM2 | the same < -3; published -3.4
    C13m | Own models | so does MiniLM | the same < -3; published -3.4
    C14 | Own readouts | regularization of a probe on the small decoder turns the nearest cross-section pair below chance while within-section pairs stay above and the exception outlives its cycle | smallest accuracy of that pair where the rest holds, % < 50; published 41; changed nearest cross-section accuracy at C = 0.1, % < 50: was about the paper's models and never run; fixed for ours before they ran
    C14s | Own readouts | so it does on SmolLM2 | the same < 50; published 41
    C14m | Own readouts | so it does on MiniLM | the same < 50; published 41
    C15 | Own models | more outer items cost the small decoder more cross-section pairs than a longer cycle does | difference of the two losses of accuracy, points > 0; published 5.3; changed drop of cross-section accuracy with more outer items, % > 0: was about the paper's models and never run; fixed for ours before they ran
    C15s | Own models | they cost SmolLM2 more | the same > 0; published 5.3
    C15m | Own models | they cost MiniLM more | the same > 0; published 5.3
    C16o | Own models | one parameter and a gain explain the logit differences of our models, too | smallest R² through the origin, three models, four configurations >= 0.91
    M1 | Own readouts | readouts of the small decoder's frozen features follow the theory at their measured conjunctivity, nothing fitted | smallest correlation of margins over pairs and ridges, by configuration >= 0.95
    M1s | Own readouts | so do SmolLM2's | the same >= 0.95
    M1m | Own readouts | so do MiniLM's | the same >= 0.95 (smoke 0.9)
    M2 | Mechanism in models | the measured conjunctivity of the small decoder predicts the ridge at which the nearest cross-section pair turns | largest distance in powers of ten, by configuration and items <= 0.3
    M2s | Mechanism in models | so does SmolLM2's | the same <= 0.3
    M2m | Mechanism in models | so does MiniLM's | the same <= 0.3
    """)
claims = Ledger("transitive-inference-exceptions", profile, [*about_theory, *about_models])

# %% tags=["hide-input"]
claims.declared()

# %% [markdown]
# Claim T1 says that this reduction is exact for every exchangeable kernel, so it is measured on random kernels and random tasks, one and two exceptions, with and without ridge.

# %%
errors = experiments.reduction_errors(generator, n_draws // 10, sizes)
claims.check("T1", errors.max(), sign=np.median(errors) < 1e-10)

# %% [markdown]
# ## The task, and what conjunctivity does to it
#
# Without an exception, all margins are positive whatever the representation.
# With one, the additive limit keeps the order outside the cycle and stores the exception apart; a conjunctive code lets the exception disturb its surroundings, and pairs just across the cycle come out inverted.

# %%
shades = (0.05, 0.5)
columns = {"no exception": tasks["ti_n9"], "exception": tasks["exc_mid_n9"]}
maps = {
    (name, shade): np.round(theory.margins(ti.incidence(task), shade), 2) + 0.0
    for name, task in columns.items()
    for shade in shades
}


def regions(task):
    """Pairs to box and outline in a heat map."""
    classes = {k: set(map(tuple, v)) for k, v in ti.pair_classes(task).items()}
    marks = {"trained": "train", "cycle": "exc", "within": "within", "cross": "cross"}
    return {mark: classes[name] for mark, name in marks.items()}


def upper(matrix):
    """The matrix above its diagonal, nan elsewhere."""
    return np.where(np.triu(np.ones_like(matrix), 1) > 0, matrix, np.nan)


def mirrored(measured, expected):
    """One map of two: what was measured above the diagonal, what theory expects below it."""
    return np.where(np.tril(np.ones_like(measured), -1) > 0, expected.T, upper(measured))


# %% tags=["hide-input"] mystnb={"figure": {"caption": "Margins of all pairs for n = 9, minimum-norm solution, theory. Rows: without and with an exception in which item 6 beats item 4; columns: conjunctivity. Boxes: trained pairs (black) and cycle edges (orange); outlines: within-section (green) and cross-section (purple) pairs.", "name": "fig-transitive-inference-exceptions-task"}, "image": {"alt": "Four heat maps of margins. Without an exception all cells are positive. With it the exception cell is minus one, and at conjunctivity 0.5 the cross-section cell next to the cycle is slightly negative, as are cells with one item in the cycle."}}
figure, axes = plt.subplots(2, 2, figsize=(style.PAGE_WIDTH, 5.6))
for ax, ((name, shade), margins) in zip(axes.flat, maps.items(), strict=True):
    scale = {"vmin": -1, "vmax": 1, "center": 0, "fmt": ".2f"}
    image = panels.heatmap_with_regions(ax, upper(margins), **scale, **regions(columns[name]))
    ax.set_title(f"{name}, α = {shade:g}")
panels.colorbar(image, axes, "margin, colours clipped at ±1", shrink=0.5)
plt.show()

# %% [markdown]
# In {numref}`fig-transitive-inference-exceptions-task` the exception cell (I₄, I₆) is −1 in every map of the lower row: it is always memorized without ridge.
# From α = 0.05 to 0.5 the cross-section pair nearest to the cycle, (I₃, I₇), falls from +1.0 to −0.04, while the within-section pairs keep their sign.

# %%
errors = experiments.additive_limit_errors(1e-4, max_items=11 if paper else 7)
print(claims.check("C2", errors.max(), sign=errors.max() < 0.5))
within = experiments.within_margins(generator, n_draws, sizes)
claims.check("C3", within.min(), sign=np.median(within) > 0)

# %% [markdown]
# ## Ranks: a potential with wrong-signed sources
#
# The claim behind everything: the margins of untrained pairs come from one rank per item.
# Without an exception only the two ends of the list win or lose on balance.
# The exception makes its strong loser a net loser and its weak winner a net winner, two sources of the wrong sign next to the border between the sections.

# %%
levels = (0.01, 0.05, 0.1, 0.3, 0.5)
curves = {
    (name, level): (
        theory.ranks(ti.incidence(task), theory.conjunctivity_to_leak(level)),
        experiments.simulated_ranks(task, level),
    )
    for name, task in columns.items()
    for level in levels
}

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Learned ranks for n = 9 and five conjunctivities, minimum-norm solution. Thin black: theory; dots: ranks recovered from direct regression on all trials. Insets: wins minus losses of every item, the sources of the potential.", "name": "fig-transitive-inference-exceptions-ranks"}, "image": {"alt": "Two panels of rank against item. Without an exception every curve falls steadily. With it the curves have a plateau or a reversed slope inside the cycle of items 4 to 6."}}
figure, axes = plt.subplots(1, 2, figsize=(style.PAGE_WIDTH, 2.7), sharey=True)
items = np.arange(1, 10)
shades_of_blue = plt.colormaps["viridis"](np.linspace(0, 0.85, len(levels)))
for ax, (name, task) in zip(axes, columns.items(), strict=True):
    for level, color in zip(levels, shades_of_blue, strict=True):
        exact, simulated = curves[name, level]
        ax.plot(items, exact, **style.THEORY)
        ax.plot(items, simulated, ls="", color=color, label=f"α = {level:g}", **style.OURS)
    panels.zero_line(ax)
    inset = ax.inset_axes((0.64, 0.68, 0.35, 0.3))
    inset.bar(items, ti.incidence(task).sum(0), color="0.5")
    inset.set(xticks=[], yticks=[-1, 0, 1])
    inset.set_title("wins − losses", fontsize=7)
    ax.set(title=name, xlabel="item", xticks=items)
axes[0].set_ylabel("rank r")
axes[0].legend(loc="lower left")
plt.show()

# %% [markdown]
# In {numref}`fig-transitive-inference-exceptions-ranks` the ranks fall from item to item without an exception, for every α.
# With it they fall in both sections but rise inside the cycle, and the more conjunctive the code, the less of the ends' signal reaches the cycle: at α = 0.5 item 3 lies below item 7.
# Claim C1 holds down to the corner of its grid, where α and ridge are largest: there the smallest margin is 10⁻¹⁷, which is its size in theory ($2/\mu^4$ for two steps in the middle of nine items), not rounding.

# %%
alphas = np.linspace(0, 0.99, n_grid)
ridges = np.concatenate([[0.0], np.geomspace(1e-4, 1e2, n_grid - 1)])
grid = experiments.margins_over(tasks["ti_n9"], jnp.array(alphas), jnp.array(ridges))
i, j = experiments.untrained_pairs(tasks["ti_n9"]).T
smallest = float(grid[:, :, i, j].min())
claims.check("C1", smallest, sign=float(jnp.median(grid[:, :, i, j])) > 0)

# %% [markdown]
# ## Margins against conjunctivity
#
# The claim: as α grows, within-section pairs weaken but stay right, while the nearest cross-section pair crosses zero at a critical α*.

# %%
kinds = {
    "trained (1, 2)": ((0, 1), "train"),
    "cycle, adjacent (4, 5)": ((3, 4), "exc"),
    "within (1, 3)": ((0, 2), "within"),
    "half (3, 6)": ((2, 5), "half"),
    "nearest cross (3, 7)": ((2, 6), "cross"),
    "far cross (1, 9)": ((0, 8), "cross"),
}
task = tasks["exc_mid_n9"]
fine = jnp.geomspace(1e-3, 0.99, 10 * n_grid)
coarse = np.geomspace(1e-3, 0.95, 13)
exact = experiments.margins_over(task, fine, jnp.zeros(1))[:, 0]
simulated = np.array([experiments.kernel_margins(task, kernels.additive_conjunctive(a)) for a in coarse])
star = {name: experiments.critical_nearest(tasks[name]) for name in NAMES}

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Margins against conjunctivity for the base case (n = 9, item 6 beats item 4), minimum-norm solution. Thin black: theory; dots: direct regression, coloured by class of pair. Dotted: the critical conjunctivity, 1/3.", "name": "fig-transitive-inference-exceptions-conjunctivity"}, "image": {"alt": "Margins of six pairs against conjunctivity on a logarithmic axis. Trained margins stay at one, the others fall, and the nearest cross-section pair becomes negative at one third."}}
figure, ax = plt.subplots(figsize=(style.PAGE_WIDTH, 2.9))
for (name, ((i, j), kind)), marker in zip(kinds.items(), "os^Dvp", strict=True):
    ax.plot(fine, exact[:, i, j], **style.THEORY)
    look = style.OURS | {"marker": marker, "color": style.CLASS_COLORS[kind]}
    look["markersize"] = 8 if kind == "train" else 4.5  # else hidden under the cycle's
    ax.plot(coarse, simulated[:, i, j], ls="", label=name, **look)
panels.zero_line(ax)
ax.axvline(star["exc_mid_n9"], color="0.3", ls=":", lw=1)
ax.text(star["exc_mid_n9"] * 1.03, 1.9, "α* = 1/3")
ax.set(xscale="log", xlabel="conjunctivity α", ylabel="margin", ylim=(-0.3, 2.6))
ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
plt.show()

# %% [markdown]
# {numref}`fig-transitive-inference-exceptions-conjunctivity` shows the far cross-section pair, fed by both ends, shrinking but never wrong, and the nearest one turning negative at 1/3.
# The three configurations of the paper flip at these roots; the one with more outer items is the most fragile, because its sections are longer; the longer cycle lowers α* only from 0.333 to 0.313.

# %%
geometry = {"exc_mid_n9": (3, 2), "exc_mid_n11": (4, 2), "exc_far_n11": (3, 4)}
closed = {name: theory.critical_conjunctivity(*sizes) for name, sizes in geometry.items()}
closed_distance = max(abs(star[name] - closed[name]) for name in star)
stated = max(abs(star["exc_mid_n9"] - 1 / 3), abs(star["exc_mid_n11"] - (3 - 2 * 2**0.5)))
ordered = star["exc_mid_n11"] < star["exc_far_n11"] < star["exc_mid_n9"]
print({name: round(value, 4) for name, value in star.items()})
print(claims.check("C4", max(closed_distance, stated), sign=ordered))
differences = experiments.screening_differences(generator, task, n_draws // 10)
claims.check("C5", differences.max(), sign=differences.max() < 1e-6)

# %% [markdown]
# ## Margins against regularization, beside the published probes
#
# The claim: a ridge acts on untrained pairs like conjunctivity, and on trained ones by forgetting.
# The authors trained linear probes on Qwen3.5-4B with an L2 penalty and report accuracies against $C$, the inverse penalty.
# Their $C$ and our $c$ are both inverse regularizations, but on scales that are only monotonically related.

# %%
c_grid = np.geomspace(1e-2, 1e4, 10 * n_grid)
c_dots = np.geomspace(1e-2, 1e4, 13)
rows = (0.05, 0.1, 0.2)
exact = experiments.margins_over(task, jnp.array(rows), jnp.array(1 / c_grid))
simulated = np.array(
    [[experiments.kernel_margins(task, kernels.additive_conjunctive(a), 1 / c) for c in c_dots] for a in rows]
)
probes = published.load(PAPER, "fig_main_EF_curves").query("model == 'qwen35-4b' and task == 'fake'")
looks = {  # pair: panel of the paper, sign, marker, class
    (3, 4): ("e", 1, "o", "exc"),
    (4, 5): ("e", 1, "^", "exc"),
    (3, 5): ("e", -1, "s", "exc"),
    (0, 2): ("f", 1, "o", "within"),
    (2, 6): ("f", 1, "o", "cross"),
}
by_pair = probes.sort_values("C").groupby(["rank_higher", "rank_lower"])

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Above: margins against inverse ridge c for three conjunctivities in the base case; thin black: theory; dots: direct regression (squares: the exception, towards its trained winner). Below: published accuracies of linear probes on Qwen3.5-4B against inverse penalty C (panels E and F of the paper), mean over 50 seeds, bars 1.96 standard errors.", "name": "fig-transitive-inference-exceptions-ridge"}, "image": {"alt": "Three panels of margins against inverse ridge and two of published accuracy against inverse penalty. In both, the adjacent cycle pairs and the nearest cross-section pair fail first as regularization grows, while within-section pairs and the exception last longer."}}
figure, axes = plt.subplot_mosaic("aabbcc;eeefff", figsize=(style.PAGE_WIDTH, 4.4))
for ax, level, curve, dots in zip((axes[k] for k in "abc"), rows, exact, simulated, strict=True):
    for (i, j), (_, side, marker, kind) in looks.items():
        ax.plot(c_grid, side * curve[:, i, j], **style.THEORY)
        look = {"color": style.CLASS_COLORS[kind], "ms": 3.5, "label": f"({i + 1}, {j + 1})"}
        ax.plot(c_dots, side * dots[:, i, j], marker, **look)
    panels.zero_line(ax)
    ax.set(xscale="log", title=f"α = {level:g}", xlabel="inverse ridge c", ylim=(-0.4, 2))
axes["a"].set_ylabel("margin")
axes["a"].legend(ncols=2, loc="upper left", fontsize=6.5, columnspacing=0.8, handletextpad=0.2)
for (i, j), (panel, _, marker, kind) in looks.items():
    data = by_pair.get_group((i, j))
    look = style.PUBLISHED | {"color": style.CLASS_COLORS[kind], "marker": marker, "lw": 1}
    mean, half = 100 * data["acc_mean"], 196 * data["acc_sem"]
    axes[panel].errorbar(range(6), mean, half, label=f"({i + 1}, {j + 1})", **look)
for panel in "ef":
    panels.zero_line(axes[panel], 50, ls="--")
    axes[panel].set(xlabel="inverse penalty C", ylim=(30, 105), xticks=range(6))
    axes[panel].set_xticklabels([f"{c:g}" for c in data["C"]])
    axes[panel].legend()
axes["e"].set_ylabel("accuracy (%)")
style.panel_letters([axes["e"], axes["f"]], "EF")
plt.show()

# %% [markdown]
# In {numref}`fig-transitive-inference-exceptions-ridge` the nearest cross-section pair of the probes falls below chance first (41 % at C = 0.1), when the adjacent cycle pairs are still above it (61.5 %); those follow at C = 0.05.
# The within-section pair fades (78 % at C = 0.1), and the exception outlives its cycle (92 %).
# The theory has this order for α above 0.077 (middle and right panel); below, the cycle is forgotten before a cross-section pair is inverted (left panel).

# %%
memory = experiments.cycle_memory(generator, n_draws, sizes)
print(claims.check("C6", memory["error"].max(), sign=memory["error"].max() < 1e-6))
claims.check("C7", memory["advantage"].min(), sign=np.median(memory["advantage"]) > 0)

# %% [markdown]
# ## Phase diagram
#
# The claim: success needs both a small α and a weak ridge, and which failure comes first depends on α.

# %%
alphas, ridges = np.linspace(0.005, 0.6, n_grid), np.geomspace(1e-2, 1e2, n_grid)
grid = jnp.array(alphas), jnp.array(1 / ridges)
phases = {name: experiments.phase_diagram(tasks[name], *grid) for name in NAMES}
borders = {name: experiments.phase_borders(tasks[name], alphas) for name in NAMES}

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Where ridge regression both generalizes and memorizes, by conjunctivity and ridge. Shading: sign of the worst margin, from the rank equation on a grid; thin black: closed form for the nearest cross-section pair (solid) and root for the adjacent cycle edges (dashed).", "name": "fig-transitive-inference-exceptions-phase"}, "image": {"alt": "Three phase diagrams of ridge against conjunctivity. A success region lies at small conjunctivity and weak ridge; it is smallest for the configuration with more outer items."}}
shades = ListedColormap(["#f0e2c4", "#d9c8e8", "#e3b7a8", "#bfe3d0"])
words = ["cycle forgotten", "cross-section wrong", "both fail", "both right"]
figure, axes = plt.subplots(1, 3, figsize=(style.PAGE_WIDTH, 2.9), sharey=True)
for ax, (name, label) in zip(axes, NAMES.items(), strict=True):
    wrong, forgotten = (np.asarray(phases[name][kind]).T < 0 for kind in ("cross", "cycle"))
    state = np.select([wrong & forgotten, wrong, forgotten], [2, 1, 0], 3)
    ax.pcolormesh(alphas, ridges, state, cmap=shades, vmin=-0.5, vmax=3.5)
    ax.plot(alphas, borders[name]["cross"], **style.THEORY)
    ax.plot(alphas, borders[name]["cycle"], ls="--", **style.THEORY)
    ax.set(yscale="log", ylim=(ridges[0], ridges[-1]), title=label, xlabel="conjunctivity α")
axes[0].set_ylabel("ridge ρ = 1/c")
handles = [plt.Rectangle((0, 0), 1, 1, color=shades(k)) for k in range(4)]
figure.legend(handles, words, loc="outside lower center", ncols=4)
plt.show()

# %% [markdown]
# The borders in {numref}`fig-transitive-inference-exceptions-phase` are not fitted: they are $c^* = (1 - \alpha^*)/(\alpha^* - \alpha)$ and the root of the cycle's margin, and the shading, solved point by point, changes sign on them.
# Left of their crossing a growing ridge first forgets the cycle, right of it it first inverts cross-section pairs.

# %% [markdown]
# ## Task parameters: length of the sections and of the cycle
#
# The claim: an error needs at least two items on one side and three on the other; the longer the sections, the less conjunctivity they bear, while the length of the cycle matters little.

# %%
outers, lengths, sides = tuple(range(3, 17 if paper else 9)), (2, 4, 8), range(2, most_per_side + 1)
critical = experiments.critical_grid(outers, lengths)
asymptote = np.array([[theory.critical_asymptote(b, ell) for ell in lengths] for b in outers])
off_centre = experiments.off_centre_grid(max(sides), 2)
shallow = float(kernels.conjunctivity(kernels.random_feature_kernel(1)))
wrong = {a: [experiments.wrong_cross_fraction(b, 2, a) for b in sides] for a in (shallow, 0.5)}

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Left: critical conjunctivity of centred exceptions against items per side, roots (dots) and long-list limit (thin black). Middle: the same for unequal sides, cycle of two edges; white: no error for any α. Right: share of cross-section pairs that are wrong without ridge, centred exceptions, cycle of two edges.", "name": "fig-transitive-inference-exceptions-parameters"}, "image": {"alt": "Left: critical conjunctivity falls as the inverse square of the section length, nearly the same for three cycle lengths. Middle: a map that is white in the first row and column. Right: the share of wrong cross pairs grows with the section length."}}
figure, axes = plt.subplots(1, 3, figsize=(style.PAGE_WIDTH, 2.6))
for k, ell in enumerate(lengths):
    axes[0].plot(outers, critical[:, k], ls="", label=f"ℓ = {ell}", **style.OURS)
    axes[0].plot(outers, asymptote[:, k], **style.THEORY)
axes[0].set(
    xscale="log",
    yscale="log",
    xlabel="items per side b",
    ylabel="critical α*",
    xticks=[3, 5, 8, 16],
)
axes[0].set_xticklabels([3, 5, 8, 16])
axes[0].minorticks_off()
axes[0].legend()
shown = np.where(off_centre < 1, off_centre, np.nan)
image = axes[1].imshow(shown, origin="lower", extent=(0.5, most_per_side + 0.5) * 2, vmin=0, vmax=0.65)
axes[1].set(xlabel="items below", ylabel="items above", xticks=[1, 4, 8], yticks=[1, 4, 8])
panels.colorbar(image, axes[1], "critical α*")
for (level, share), marker in zip(wrong.items(), "os", strict=True):
    axes[2].plot(sides, share, label=f"α = {level:.3f}", **style.OURS | {"marker": marker})
axes[2].set(xlabel="items per side b", ylabel="wrong cross-section pairs", ylim=(0, 0.4))
axes[2].legend()
plt.show()

# %% [markdown]
# {numref}`fig-transitive-inference-exceptions-parameters`: with 8 items on either side α* is 0.038, with 3 it is 0.333; a cycle four times as long changes it by less than a fifth.
# A section of one item, or two of two, never fails.

# %%
above, below = np.indices(off_centre.shape) + 1
exempt = (above == 1) | (below == 1) | ((above == 2) & (below == 2))
grids = [experiments.off_centre_grid(most_per_side, ell) for ell in (2, 3, 4, 8)]
failing = np.mean([(grid < 1)[exempt].mean() for grid in grids])
print(claims.check("C8", failing, sign=failing < 0.5))
error = np.abs(asymptote / critical - 1)[outers.index(8)].max()
why = (
    "the limit is approached slowly for long cycles: at b = 8 it is within 2 % for ℓ = 2 and 4, not for ℓ = 8"
)
claims.check("C8b", error, sign=bool((np.diff(critical, axis=0) < 0).all()), reason=why)

# %% [markdown]
# ## Mechanism: a wrong-signed dipole
#
# In closed form the ranks are those of the plain list plus a dipole at the two ends of the cycle, $r = r^0 + \kappa\, G w$ with $\kappa = (1 + m^0)/(1 + R)$.
# Here $w$ is $+1$ at the weak winner $p$ and $-1$ at the strong loser $q$, $G = (L_0 + \mu I)^{-1}$ the response of the plain list with Laplacian $L_0$, $m^0 = r^0_q - r^0_p$ the margin that the list alone would give, and $R = w^\top G w$.

# %%
parts = []
for level in (alpha, 0.5):
    task, mu = ti.centred(outer + 1, length), theory.conjunctivity_to_leak(level)
    chain = theory.ranks_without_exception(task.n_items, theory.screening_rate(mu))
    dipole = theory.ranks_with_exceptions(task.n_items, task.exceptions, mu) - chain
    parts.append((level, chain, dipole, theory.ranks(ti.incidence(task), mu)))

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Ranks as the sum of the plain list's ranks and the dipole of the exception, one more item per side than in the worked example. Thin black: closed form; dots: solution of the rank equation.", "name": "fig-transitive-inference-exceptions-mechanism"}, "image": {"alt": "Two panels of stacked bars over the items. The list's ranks decay from the ends; the dipole has the opposite sign next to the cycle, and at conjunctivity 0.5 it outweighs them there."}}
figure, axes = plt.subplots(1, 2, figsize=(style.PAGE_WIDTH, 2.6))
for ax, (level, chain, dipole, total) in zip(axes, parts, strict=True):
    items = np.arange(1, len(chain) + 1)
    ax.bar(
        items - 0.2,
        chain,
        width=0.4,
        color=style.OKABE_ITO["sky"],
        label="list alone, $r^0$",
    )
    ax.bar(
        items + 0.2,
        dipole,
        width=0.4,
        color=style.OKABE_ITO["orange"],
        label="dipole, $κGw$",
    )
    ax.plot(items, chain + dipole, **style.THEORY)
    ax.plot(items, total, ls="", color="black", label="ranks $r$", **style.OURS)
    panels.zero_line(ax)
    ax.set(title=f"α = {level:g}", xlabel="item", xticks=items[::2])
axes[0].set_ylabel("rank")
axes[0].legend()
plt.show()

# %% [markdown]
# In {numref}`fig-transitive-inference-exceptions-mechanism` the signal of the list's ends decays over the screening length $1/k$, $\cosh k = 1 + \mu/2$.
# At α = 0.1 it still outweighs the dipole next to the cycle; at α = 0.5 it has died out there, and the dipole alone decides the nearest cross-section pair.
# Pairs on one side share the disturbance in order, and stay right.

# %% [markdown]
# ## Random features and finite networks
#
# The claim: networks of finite width follow the kernel theory with the α of their infinite-width kernel.
# Two kinds: random features, of which only the readout is trained, and lazy networks, all of whose layers are trained but move little, as described by the neural tangent kernel (NTK).


# %%
def networks(store, margins, n, axes, **constants):
    """n networks at each setting: read from the store of the paper profile, else computed."""
    how = {"static": axes, "constants": constants, "root_seed": seed, "stream": "networks"}
    chapter = "transitive-inference-exceptions"
    return sweep.stored(chapter, store, margins, axes, n, profile=profile, **how)


# %%
task = tasks["exc_mid_n9"]
features, lazy = experiments.random_feature_margins, experiments.empirical_ntk_margins
runs = networks("features-width", features, n_seeds, {"width": widths}, **asdict(task))
rmse = runs["rmse"].to_numpy()  # one row a width, one column a network
depths, size = (1, 2, 3, 4, 5, 7, 10), widths[0]
measured, three = {}, {"depth": depths[:3]}
if paper:
    deep = networks("features-depth", features, 1, three, width=size, **asdict(task))
    deep_lazy = networks("lazy-depth", lazy, 1, three, width=size // 4, **asdict(task))
    values = (sizes["conjunctivity"].sel(seed=0) for sizes in (deep, deep_lazy))
    measured = dict(zip(("random features", "lazy (NTK)"), values, strict=True))
kinds = {"random features": kernels.random_feature_kernel, "lazy (NTK)": kernels.ntk}
predicted = {name: [kernels.conjunctivity(kind(d)) for d in depths] for name, kind in kinds.items()}

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Left: conjunctivity of ReLU networks against depth, infinite width (thin black) and measured in one finite network each (dots; width 1000 for random features, 250 for lazy networks); dotted: α* of the three configurations. Middle: margins of untrained pairs in the base case, one network of each of the two largest widths against kernel theory. Right: root-mean-square deviation against width, one dot a network, thin black 1/√width through their mean.", "name": "fig-transitive-inference-exceptions-networks"}, "image": {"alt": "Left: conjunctivity rises with depth from 0.15, faster for lazy networks. Middle: margins of networks lie on the line of equality with theory. Right: the deviation falls along a line of slope minus one half."}}
figure, axes = plt.subplots(1, 3, figsize=(style.PAGE_WIDTH, 2.7))
for (name, curve), color in zip(predicted.items(), ("blue", "vermilion"), strict=True):
    axes[0].plot(depths, curve, **style.THEORY)
    look = style.OURS | {"color": style.OKABE_ITO[color], "label": name}
    axes[0].plot(depths[:3] if paper else [], measured.get(name, []), ls="", **look)
for value, word in zip(star.values(), ("base", "outer", "cycle"), strict=True):
    axes[0].axhline(value, color="0.5", ls=":", lw=0.8)
    axes[0].text(10, value, word, fontsize=6, ha="right", va="top" if word == "cycle" else "bottom")
axes[0].set(xlabel="depth (layers)", ylabel="conjunctivity α", ylim=(0, 1.15), xticks=depths[::2])
axes[0].legend()
i, j = experiments.untrained_pairs(task).T
for size, color in zip(widths[-2:], ("orange", "blue"), strict=True):
    run = runs.sel(width=size, seed=0)
    both = (run[name].to_numpy()[i, j] for name in ("theory", "network"))
    look = {"color": style.OKABE_ITO[color], "label": f"width {size}", "ms": 3}
    panels.scatter_identity(axes[1], *both, **look)
axes[1].set(xlabel="margin, theory", ylabel="margin, network")
axes[1].legend()
axes[2].loglog(np.repeat(widths, n_seeds), rmse.ravel(), ls="", **style.OURS)
scale = np.exp(np.mean(np.log(rmse.mean(1) * np.sqrt(widths))))
axes[2].plot(widths, scale / np.sqrt(widths), **style.THEORY)
axes[2].set(xlabel="width", ylabel="RMSE of margins", yticks=[0.02, 0.05, 0.1, 0.2])
axes[2].set_yticklabels([0.02, 0.05, 0.1, 0.2])
axes[2].minorticks_off()
plt.show()

# %% [markdown]
# By theory, in {numref}`fig-transitive-inference-exceptions-networks`, one layer of random features (α = 0.147) makes no cross-section error in the base case and barely none with more outer items (α* = 0.172).
# Two layers already err there, three with the longer cycle, four in the base case; our finite network of three layers, at 0.34, is just over.

# %%
slope = np.polyfit(np.log(widths), np.log(rmse.mean(1)), 1)[0]
print(dict(zip(widths, rmse.mean(1).round(4).tolist(), strict=True)), f"slope {slope:.3f}")
print(claims.check("C10", rmse[-1].mean(), sign=rmse[-1].mean() < rmse[0].mean()))
claims.check("C10b", abs(slope + 0.5), sign=slope < 0)

# %% [markdown]
# ## Dynamics: errors on the way
#
# The claim: early training acts like a strong ridge, so gradient flow passes through cross-section errors even where it ends without any.

# %%
times = np.geomspace(0.1, 300, 10 * n_grid)
dots = np.geomspace(0.1, 300, 13)
rates = (0.02, 0.05, 0.147, 0.3)
task = tasks["exc_mid_n9"]
i, j = ti.nearest_cross_pair(task)
flow = {a: theory.gradient_flow_margins(ti.incidence(task), a, jnp.array(times))[:, i, j] for a in rates}
descent = {
    a: experiments.gradient_descent_margins(task, kernels.additive_conjunctive(a), dots)[:, i, j]
    for a in rates
}

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Margin of the nearest cross-section pair during training from zero, base case. Thin black: gradient flow in closed form; dots: gradient descent on direct regression, small steps. t: step size times number of steps, times s − r.", "name": "fig-transitive-inference-exceptions-dynamics"}, "image": {"alt": "Margin of the nearest cross-section pair against training time for four conjunctivities. All dip below zero early; the three smaller conjunctivities end above zero."}}
figure, ax = plt.subplots(figsize=(style.PAGE_WIDTH, 2.6))
for a in rates:
    ax.plot(times, flow[a], **style.THEORY)
    ax.plot(dots, descent[a], ls="", label=f"α = {a:g}", **style.OURS)
panels.zero_line(ax)
ax.set(xscale="log", xlabel="training time t", ylabel="margin of (I₃, I₇)")
ax.legend()
plt.show()

# %% [markdown]
# Every curve of {numref}`fig-transitive-inference-exceptions-dynamics` first falls below zero: stopping early acts like a ridge.
# All four end above zero, since all four α lie below 1/3.

# %%
claims.check("C9", flow[0.147].min(), sign=bool(flow[0.147][-1] > 0))

# %% [markdown]
# ## Move the exception yourself
#
# On the site, the figure below has a slider for the items on each side of the cycle, one for its length and one for the effective conjunctivity; the cell computes all its frames.
# In a notebook it is shown as text only.

# %% tags=["hide-input"]
some = slice(None) if paper else slice(1)
knobs = {"outer": frames.OUTERS[some], "length": frames.LENGTHS[some], "alpha": frames.ALPHAS}
how = {"static": ("outer", "length"), "dims": dict.fromkeys(("ranks", "plain"), ("item",))}
held = sweep.stored(PAPER, "frames", frames.frame, knobs, 1, profile=profile, root_seed=seed, **how)
print(held["critical"].size, "frames")

# %% [markdown]
# ```{exception-explorer} transitive-inference-exceptions
# :name: fig-transitive-inference-exceptions-knobs
#
# **Move the exception.** *Ranks*: with the exception and without it. *Pairs*: their margins, trained pairs as squares. *Nearest cross-section pair*: its margin against conjunctivity, on square-root axes. Theory without ridge; the buttons set the authors' configurations at the α of two layers of random ReLU features, the last one at that of four.
# ```
#
# In {numref}`fig-transitive-inference-exceptions-knobs` the second button inverts the nearest cross-section pair, the third does not.

# %% [markdown]
# ## Language models, as published
#
# The authors fine-tuned language models on prompts such as "Q: Will the X win against the Y? A:", one prompt for every trained pair in both orders, with invented team names.
# A model's *logit difference* is the log-odds of Yes against No.
# The maps show the *vote*, the probability that the item ranked higher wins, averaged over 50 seeds, two directions of the list and two orders of the prompt.
# Everything in this section is drawn from the authors' tables; below each published map lies the one-parameter theory of the next section, fitted to the logit differences.

# %%
full = published.load(PAPER, "pairs_full_post").replace({"pair_type": {"between": "cross"}})


def cell(hier, model, team="fake"):
    """Rows of one fully fine-tuned cell: a configuration, a model, a kind of items."""
    return full.query("hier == @hier and model == @model and task == @team")


def fitted(rows, task):
    """One-parameter fit to the logit differences of the untrained pairs."""
    shown = rows[~rows["is_train"]]
    pairs = shown[["rank_higher", "rank_lower"]].to_numpy()
    return theory.fit_leak(jnp.array(shown["logitdiff_mean"]), ti.incidence(task), pairs)


fits = {
    (team, hier, model): fitted(cell(hier, model, team), tasks[hier])
    for team in ("fake", "real", "poker")
    for hier in tasks
    for model in MODELS
}


# %%
def vote_map(hier, model):
    """Published votes in percent, nan where none."""
    rows = cell(hier, model)
    grid = np.full((tasks[hier].n_items,) * 2, np.nan)
    grid[rows["rank_higher"], rows["rank_lower"]] = 100 * rows["p_mean"]
    return grid


def theory_map(hier, model):
    """Mean vote of the fitted theory in percent, spread over seeds as published, untrained pairs."""
    rows = cell(hier, model)
    spread = np.full((tasks[hier].n_items,) * 2, np.nan)
    spread[rows["rank_higher"], rows["rank_lower"]] = rows["logitdiff_sem"] * np.sqrt(rows["n_seeds"])
    return analysis.expected_votes(fits["fake", hier, model], tasks[hier], spread)


def vote_maps(axes, cells):
    """Published maps in the first row, the fitted theory in the second."""
    for column, (hier, model) in zip(axes.T, cells, strict=True):
        for ax, grid in zip(column, (vote_map(hier, model), theory_map(hier, model)), strict=True):
            image = panels.heatmap_with_regions(ax, grid, label_every=2, **regions(tasks[hier]))
            ax.label_outer()
            ax.tick_params(labelleft=True)  # lists of different lengths
    return image


# %% tags=["hide-input"] mystnb={"figure": {"caption": "Panels B and C of the paper, and the theory below. Votes of fully fine-tuned models, invented teams, n = 9, without an exception (B) and with one (C). First row: published; second row: theory with fitted leak and gain and the published spread over seeds, untrained pairs only. Boxes: trained pairs (black) and cycle edges (orange); outlines: within-section (green) and cross-section (purple).", "name": "fig-transitive-inference-exceptions-votes"}, "image": {"alt": "Eight heat maps. Votes are near 100 percent far from the diagonal without an exception; with it, cross-section cells around the cycle fade to grey, in the published maps and in the fitted theory alike."}}
figure, axes = plt.subplots(2, 4, figsize=(style.PAGE_WIDTH, 3.6))
cells = [(hier, model) for hier in ("ti_n9", "exc_mid_n9") for model in MODELS]
image = vote_maps(axes, cells)
for ax, (_, model) in zip(axes[0], cells, strict=True):
    ax.set_title(MODELS[model], fontsize=8)
for ax, word in zip(axes[:, 0], ("published", "theory"), strict=True):
    ax.set_ylabel(f"{word}\nitem 1 (higher)")
panels.colorbar(image, axes, "vote for item 1 (%)")
style.panel_letters(axes[0, ::2], "BC")
plt.show()

# %% tags=["cover", "hide-input"] mystnb={"figure": {"caption": "Panel G of the paper, and the theory below. Votes of Qwen3.5-2B, fully fine-tuned on invented teams, in three configurations. First row: published; second row: fitted theory, untrained pairs only. Boxes and outlines as before.", "name": "fig-transitive-inference-exceptions-configurations"}, "image": {"alt": "Six heat maps in three columns. With more outer items the cross-section cells nearest to the cycle are red, in the published votes and in the fitted theory; in the other two configurations they are near grey."}}
figure, axes = plt.subplots(2, 3, figsize=(style.PAGE_WIDTH, 4.3))
cells = [(hier, "qwen35-2b") for hier in NAMES]
image = vote_maps(axes, cells)
for ax, (hier, _) in zip(axes[0], cells, strict=True):
    ax.set_title(NAMES[hier], fontsize=8)
for ax, word in zip(axes[:, 0], ("published", "theory"), strict=True):
    ax.set_ylabel(f"{word}\nitem 1 (higher)")
panels.colorbar(image, axes, "vote for item 1 (%)")
style.panel_letters(axes[0, :1], "G")
plt.show()

# %% [markdown]
# {numref}`fig-transitive-inference-exceptions-votes` and {numref}`fig-transitive-inference-exceptions-configurations`: the models are right within sections; the weakest pairs have one item in the cycle, as in the theory, then comes the nearest cross-section pair.
# With more outer items that pair falls below one half for Qwen3.5-2B, as it should: already the α_eff fitted without an exception (0.20) lies above α* = 0.17.
# The fitted votes differ from the published ones by 6 to 10 percentage points (root mean square over untrained pairs), most around long cycles, where the theory is too pessimistic.

# %%
misfit = {
    key: np.sqrt(np.nanmean((vote_map(*key) - theory_map(*key)) ** 2))
    for key in itertools.product(tasks, MODELS)
}
print({f"{hier} {model}": round(float(value), 1) for (hier, model), value in misfit.items()})

# %%
SETTINGS = {
    "Full FT": "full fine-tuning",
    "LoRA r=32": "LoRA, r = 32",
    "Probe C=1e4": "probe, C = 10⁴",
}
summary = published.load(PAPER, "fig_main_DH_summary")
points, pooled, differences = {}, {}, []
for panel, column, names in [("D", "setting", SETTINGS), ("H", "hier", NAMES)]:
    dots = published.load(PAPER, f"fig_main_{panel}_points").rename(columns={column: "group"})
    bars = intervals.pooled_proportions(dots, ["group", "pair_type"])
    both = bars.merge(summary[summary["panel"] == panel], on=["group", "pair_type"])
    ours, theirs = ["accuracy_x", "low", "high"], ["accuracy_y", "lo", "hi"]
    differences.append(np.abs(both[ours].to_numpy() - both[theirs].to_numpy()).max())
    bars = bars.set_index("group").loc[list(names)].reset_index()
    tidy = {"group": names, "pair_type": {"between": "cross"}}
    points[panel], pooled[panel] = dots.replace(tidy), bars.replace(tidy)
classes = pooled["D"].query("group == 'full fine-tuning'").set_index("pair_type")
print(classes[["accuracy", "low", "high"]].round(1).to_string())

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Panels D and H of the paper, published. Accuracy by class of pair: one ring per model, kind of items, configuration and pair (200 answers each); bar: pooled proportion with Wilson 95 % interval, which takes answers as independent. D: three ways of training, three configurations with an exception pooled. H: full fine-tuning by configuration.", "name": "fig-transitive-inference-exceptions-classes"}, "image": {"alt": "Violins of accuracy for trained, exception, within-section and cross-section pairs. For full fine-tuning accuracy falls in this order, from 96 to 76 percent; cross-section pairs are lowest with more outer items."}}
figure, axes = plt.subplots(2, 1, figsize=(style.PAGE_WIDTH, 4.6))
for ax, panel in zip(axes, "DH", strict=True):
    panels.violins_with_intervals(
        ax, points[panel], pooled[panel], group="group", hue="pair_type", hollow=True
    )
    ax.set(ylabel="accuracy (%)", ylim=(15, 103))
panels.class_legend(figure, ["train", "exc", "within", "cross"])
style.panel_letters(axes, "DH")
plt.show()

# %% [markdown]
# The pooled values and intervals of {numref}`fig-transitive-inference-exceptions-classes` are recomputed from the published points.
# For full fine-tuning the four Wilson intervals (for a proportion of independent answers) are disjoint, if only just: those of within-section and exception pairs are 0.46 points apart.
# LoRA (fine-tuning of low-rank factors) and probes (of the readout alone) order the classes otherwise, and the three groups pool different models and items.
# The models of the following sections are ours.

# %%
claims.check("P1", max(differences), sign=max(differences) < 0.5)

# %% [markdown]
# ## Theory and language models
#
# The claim, ours: a single number, the leak $\mu$ (or $\alpha_\text{eff} = \mu/(2+\mu)$), explains the logit differences of all untrained pairs up to their scale.
# We fit it by least squares to every fully fine-tuned cell, and to the probes at every penalty.

# %%
every_probe = published.load(PAPER, "pairs_probe_post")
probe = every_probe.query("task == 'fake' and hier == 'exc_mid_n9'")
strengths = sorted(probe["l2"].unique())
by_penalty = {
    model: [float(fitted(rows, tasks["exc_mid_n9"]).alpha_eff) for _, rows in group.groupby("l2")]
    for model, group in probe.groupby("model")
}
fake = {key[1:]: fit for key, fit in fits.items() if key[0] == "fake"}
places = {"ti_n9": "TI", "exc_mid_n9": "base", "exc_mid_n11": "outer", "exc_far_n11": "cycle"}


def against_theory(hier, model, team="fake", leak=None):
    """Fitted and published logit differences of the untrained pairs of one cell."""
    shown, fit = cell(hier, model, team).query("not is_train"), fits[team, hier, model]
    ranks = np.asarray(theory.ranks(ti.incidence(tasks[hier]), fit.mu if leak is None else leak))
    margins, observed = ranks[shown["rank_higher"]] - ranks[shown["rank_lower"]], shown["logitdiff_mean"]
    return margins * (margins @ observed) / (margins @ margins), observed


def r_squared(team, hier, model, leak=None, centre=False):
    """Share of the (centred or raw) sum of squares that the fit explains."""
    fitted_values, observed = against_theory(hier, model, team, leak)
    return 1 - np.sum((observed - fitted_values) ** 2) / np.sum((observed - centre * observed.mean()) ** 2)


centred = np.array([r_squared(*key, centre=True) for key in fits])
rigid = np.array([r_squared(*key, leak=0.0) for key in fits])


# %% tags=["hide-input"] mystnb={"figure": {"caption": "Left: published mean logit differences of untrained pairs against the fitted theory, fully fine-tuned models, invented teams; hollow: one pair, thin black: equality. Middle: our fit of the effective conjunctivity by configuration (filled); thin black: critical value. Right: our fits to the published probes of four models (base case) against inverse penalty C; the fit is capped at 0.99, where it explains as little as 62 % of the squares.", "name": "fig-transitive-inference-exceptions-fit"}, "image": {"alt": "Left: points along the line of equality. Middle: fitted conjunctivity of two models in four configurations, beside the critical values; Llama lies above Qwen. Right: fitted conjunctivity rises as the penalty grows, for all four models."}}
figure, axes = plt.subplots(1, 3, figsize=(style.PAGE_WIDTH, 2.7), width_ratios=(1.1, 1, 1))
for (model, label), color, marker in zip(MODELS.items(), ("blue", "vermilion"), "os", strict=True):
    look = {"color": style.OKABE_ITO[color], "marker": marker, "ls": ""}
    for hier in tasks:
        axes[0].plot(*against_theory(hier, model), **style.PUBLISHED | look | {"markersize": 3})
    values = [fake[hier, model].alpha_eff for hier in places]
    axes[1].plot(list(places.values()), values, label=label, **style.OURS | look)
axes[0].axline((0, 0), slope=1, **style.THEORY)
axes[0].set(xlabel="gain × rank margin (theory)", ylabel="logit difference (published)")
for k, hier in enumerate(list(places)[1:], start=1):
    axes[1].hlines(star[hier], k - 0.35, k + 0.35, **style.THEORY)
axes[1].set(ylabel="fitted α_eff", ylim=(0, 0.5))
axes[1].legend(loc="lower right")
for (model, values), marker in zip(by_penalty.items(), "os^D", strict=True):
    look = {"marker": marker, "markersize": 3.5, "lw": 0.8, "label": ALL_MODELS[model]}
    axes[2].plot(1 / np.array(strengths), values, **style.OURS | look)
axes[2].set(xscale="log", xlabel="inverse penalty C", ylim=(0, 1), xticks=[1e4, 1, 1e-2])
axes[2].legend(fontsize=6)
plt.show()

# %% [markdown]
# In {numref}`fig-transitive-inference-exceptions-fit` one leak and one gain per cell explain 91 to 99.9 % of the raw sum of squares; the largest margins of Qwen3.5-2B saturate below the line.
# The sum of squares is not centred, and nearly all differences are positive, which flatters the fit: the numbers below give the centred R² and that of a gain without a leak beside it.
# The leak is not a constant of the model: Qwen's α_eff rises from 0.20 to 0.27 in longer lists.
# For invented teams Llama-3.2-1B behaves more conjunctively than Qwen3.5-2B in all four configurations; with poker hands and an exception it does not.
# Where α_eff lies well above α* (more outer items), both models fall significantly below chance; Qwen's base case, well below it, lies 1.5 standard errors above chance, the other three cells within 1.2.
# Poker disagrees: its base case is fitted above α*, and yet its votes are 58 and 61 %.
# Nor does the fit without an exception predict the one with it outside invented teams (C17): for real teams α_eff moves by up to 0.13, for poker hands by 0.26.
# Stronger penalties look like more conjunctive codes, from C = 1 down.

# %%
r2 = np.array([fit.r2_origin for fit in fits.values()])
positive = all(fit.pearson > 0 for fit in fits.values())
print(
    f"R² {r2.min():.3f} to {r2.max():.3f}, centred from {centred.min():.2f}, without a leak from {rigid.min():.2f}"
)
print(claims.check("C16", r2.min(), sign=positive))
shift = {}
for team in ("fake", "real", "poker"):
    before, after = ([fits[team, hier, m].alpha_eff for m in MODELS] for hier in ("ti_n9", "exc_mid_n9"))
    shift[team] = np.subtract(after, before)
    print(f"{team:6} shift of α_eff {shift[team].round(3)}")
more = [fake[hier, "llama32-1b"].alpha_eff > fake[hier, "qwen35-2b"].alpha_eff for hier in tasks]
claims.check("C17", np.abs(shift["fake"]).max(), sign=all(more))

# %% [markdown]
# ## Three models of our own
#
# The paper's models have one to four billion parameters and cannot be had here, so its protocol is run on three others.
#
# - **The small decoder** is ours: two blocks, 109 568 parameters, pretrained on questions about 16 synthetic orders of two-part names ({doc}`the library <../book/library>`, `tasks.ordered_relations`), three times with other orders, weights and prompts. It then meets a relation that it has never seen.
# - **SmolLM2-135M-Instruct** {cite:p}`allal2025smollm2`, 4-bit weights, reads the paper's prompts in English. Its last two blocks are fine-tuned, or low-rank factors in them (LoRA), or the readout alone (a probe); the 28 lower blocks stay frozen, so they run once.
# - **all-MiniLM-L6-v2** {cite:p}`wang2020minilm` encodes sentences; a readout from zero judges its vector, frozen or with all weights trained.
#
# The items are invented teams, real baseball teams (the order then contradicts what the model knows) and poker hands.
# Each list is learned forwards and backwards; a *unit* is one list in both directions, and statistics over units are those of the paper.

# %%
drawn = comparison_prompts.draw_invented(np.random.default_rng(seed), 9)
asked = dict(zip(map(tuple, ti.all_trials(9)), comparison_prompts.prompts(drawn, "invented"), strict=True))
print("trained, answer Yes:", asked[3, 4])
print("trained exception, answer Yes:", asked[5, 3].split("No. ")[1])
print("tested, across the cycle:", asked[2, 6].split("No. ")[1])

# %% tags=["hide-input"]
models_run = plans.plans(profile)


def language_runs(name):
    """One sweep of language models: read from its store in the paper profile, else computed."""
    plan = models_run[name]
    options = {"stream": "language models"}
    if name.startswith(plans.HOSTED):
        options["how"] = "host"  # weights and texts: no single program
    if name.startswith("smollm2"):
        chosen = plans.of_model(plan, language_model, trained_blocks)
        plan = plan._replace(constants=dict(plan.constants) | chosen)
    return sweep.planned(PAPER, name, plan, profile, seed, **options)


runs = {name: language_runs(name) for name in models_run}
OURS = {"decoder": "small decoder", "smollm2": "SmolLM2-135M", "minilm": "MiniLM"}
TUNED = {"decoder": "decoder-full", "smollm2": "smollm2-blocks", "minilm": "minilm-full"}
TUNED = {name: store for name, store in TUNED.items() if store in runs}


# %% tags=["hide-input"]
def after(store, hier):
    """Logit differences by unit and direction; a unit is a list of items and a pretraining."""
    some = runs[store]["after"].sel(configuration=hier)
    some = some.isel(items=0) if "items" in some.dims else some
    units = [dim for dim in ("pretraining", "seed") if dim in some.dims]
    return some.stack(unit=units).transpose("unit", "backwards", "first", "second").to_numpy()


# %% [markdown]
# ### Votes, beside the published ones
#
# The claim (C11, C13): without an exception untrained pairs come out right; with one, and more outer items, the nearest cross-section pair is judged below chance.


# %%
def own_fit(name, hier):
    """The one-parameter theory of our runs."""
    return analysis.fitted(after(TUNED[name], hier), tasks[hier])


def own_votes(hier, name):
    """Mean votes of our runs in percent, upper triangle; nan where there are none."""
    if hier not in shown[name]:
        return np.full((tasks[hier].n_items,) * 2, np.nan)
    return upper(analysis.votes(after(TUNED[name], hier), tasks[hier]).mean)


# %%
def own_theory(hier, name):
    """Mean votes of the theory fitted to our runs in percent, untrained pairs."""
    if hier not in shown[name]:
        return np.full((tasks[hier].n_items,) * 2, np.nan)
    spread = analysis.spread(after(TUNED[name], hier), tasks[hier])
    return analysis.expected_votes(own_fits[name, hier], tasks[hier], spread)


# %%
shown = {name: [h for h in tasks if h in runs[TUNED[name]].configuration] for name in TUNED}

# %%
own_fits = {(name, hier): own_fit(name, hier) for name in TUNED for hier in shown[name]}
print(f"{'':14} {'':12} α_eff    R²")
for (name, hier), fit in own_fits.items():
    print(f"{OURS[name]:14} {hier:12} {float(fit.alpha_eff):.3f} {float(fit.r2_origin):6.3f}")

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Panels B, C and G of the paper beside our models. Vote for the item ranked higher, invented teams, four configurations. Above the diagonal: measured; below it, mirrored: the theory with leak and gain fitted to that map and the spread over seeds or lists, untrained pairs only. First two rows: published, full fine-tuning, mean over 50 seeds; then our models after fine-tuning (small decoder: 3 pretrainings × 30 lists; SmolLM2, last two blocks: 4 lists; MiniLM, all weights: 4 lists), each list in both directions. Boxes: trained pairs (black) and cycle edges (orange); outlines: within-section (green) and cross-section (purple).", "name": "fig-transitive-inference-exceptions-own-votes"}, "image": {"alt": "Grid of heat maps, one column a configuration, one row a model, two published and three ours; the fitted theory is mirrored below each diagonal. Far pairs are blue everywhere; cells around the cycle fade to grey, and with more outer items the nearest cross-section cells turn red."}}
heads = {"ti_n9": "no exception"} | {hier: word.split(" (")[0] for hier, word in NAMES.items()}
rows = {
    label: (partial(vote_map, model=key), partial(theory_map, model=key)) for key, label in MODELS.items()
}
rows |= {OURS[name]: (partial(own_votes, name=name), partial(own_theory, name=name)) for name in TUNED}
figure, axes = plt.subplots(len(rows), 4, figsize=(style.PAGE_WIDTH, 1.5 * len(rows)))
for line, (label, (votes, fitted_votes)) in zip(axes, rows.items(), strict=True):
    for ax, hier in zip(line, tasks, strict=True):
        both = mirrored(votes(hier), fitted_votes(hier))
        image = panels.heatmap_with_regions(ax, both, label_every=2, **regions(tasks[hier]))
        ax.set(xlabel="", ylabel="")
    line[0].set_ylabel(label)
for ax, hier in zip(axes[0], tasks, strict=True):
    ax.set_title(heads[hier], fontsize=8)
panels.colorbar(image, axes, "vote for the higher item (%)", shrink=0.4)
plt.show()

# %% [markdown]
# In {numref}`fig-transitive-inference-exceptions-own-votes` all five models show one picture: blue far from the diagonal, a grey or red shadow around the cycle, and the exception remembered; four lists leave MiniLM's map patchy.
# Fitted to each map, the theory explains 97 to 98 % of the squares of the small decoder's logit differences, 90 to 94 % of SmolLM2's and 67 to 77 % of MiniLM's (C16o); without an exception MiniLM's fit runs into its bound, α = 0.99, where the theory ranks only the ends of the list.
# With more outer items the nearest cross-section pair falls below one half in all of ours, but not by three standard errors: 46 ± 3 % for the small decoder, where the paper has 38 ± 3 and 36 ± 3 %.
# The small decoder lies on the published votes almost cell by cell, though it is ten thousand times smaller and saw no word of English.
# SmolLM2 goes further than the paper's models: its shadow reaches the nearest cross-section pair in the base case, too, and even without an exception the pairs in the middle of the list come out inverted, which no conjunctivity explains (claim C1).

# %%
small = "needs the runs of the paper profile"


def untrained_low(name):
    """C11 for one model: lower end of the interval over units, 0 unless training succeeded."""
    by_class = analysis.shares(after(TUNED[name], "ti_n9"), tasks["ti_n9"])
    mean, low, high = analysis.interval(by_class["within"].by_unit)
    print(
        f"{OURS[name]}: trained {by_class['train'].mean:.1f} %, untrained {mean:.1f} % ({low:.1f} to {high:.1f})"
    )
    return {"measured": low if by_class["train"].mean >= 99 else 0.0, "sign": mean > 50}


# %%
def below_chance(name):
    """C13 for one model: distance of the nearest cross-section pair's vote from 50 %."""
    task = tasks["exc_mid_n11"]
    votes, (i, j) = analysis.votes(after(TUNED[name], "exc_mid_n11"), task), ti.nearest_cross_pair(task)
    mean, error = votes.mean[i, j], votes.error[i, j]
    print(f"{OURS[name]}: vote {mean:.1f} ± {error:.1f} %")
    why = f"below chance, at {mean:.1f} ± {error:.1f} %, but not by three standard errors"
    return {"measured": (mean - 50) / error, "sign": mean < 50, "reason": why}


# %%
if paper:
    print(claims.check("C11", **untrained_low("decoder")))
    print(claims.check("C11s", **untrained_low("smollm2")))
    print(claims.check("C11m", **untrained_low("minilm")))
    print(claims.check("C13", **below_chance("decoder")))
    print(claims.check("C13s", **below_chance("smollm2")))
    print(claims.check("C13m", **below_chance("minilm")))
else:
    for claim in ("C11", "C11s", "C11m", "C13", "C13s", "C13m"):
        claims.skip(claim, small)

# %% [markdown]
# ### Accuracy by class
#
# The claims (C12, C15): accuracy falls from trained pairs to the exception's cycle to within- and cross-section pairs; cross-section pairs suffer from more outer items, not from a longer cycle.
# The intervals below are Wilson's, as in the paper; they take answers as independent.

# %%
WAYS = {
    "small decoder": {"full": "decoder-full", "LoRA": "decoder-lora"},
    "SmolLM2-135M": {"last 2": "smollm2-blocks", "LoRA": "smollm2-lora"},
    "MiniLM": {"full": "minilm-full"},
}
WAYS = {m: {w: s for w, s in ways.items() if s in runs} for m, ways in WAYS.items()}
exceptions = list(tasks)[1:]


def by_class(store, hiers):
    """Accuracy by class of pairs, pooled over configurations."""
    parts = [(after(store, hier), tasks[hier]) for hier in hiers if hier in runs[store].configuration]
    return {name: analysis.pooled(parts, name) for name in ("train", "exc", "within", "cross")}


accuracies = {(m, way): by_class(s, exceptions) for m, ways in WAYS.items() for way, s in ways.items()}
by_task = {(m, hier): by_class(s, [hier]) for m, s in TUNED.items() for hier in shown[m] if hier != "ti_n9"}
for (label, way), shares in accuracies.items():
    told = "  ".join(f"{k} {s.mean:5.1f} ({s.low:.0f} to {s.high:.0f})" for k, s in shares.items())
    print(f"{label:14} {way:7} {told}")

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Panels D and H of the paper beside our models. Accuracy by class of pair, invented teams. Hollow: published, pooled over models, kinds of items and (D) configurations, with Wilson 95 % intervals; filled: ours, mean and 95 % interval (Student) over units. D: ways of training, three configurations with an exception pooled. H: by configuration, full fine-tuning (SmolLM2: the last two blocks).", "name": "fig-transitive-inference-exceptions-own-classes"}, "image": {"alt": "Two panels of accuracies by class. In most groups accuracy falls from trained pairs to exception, within-section and cross-section pairs; cross-section pairs are lowest with more outer items."}}
figure, axes = plt.subplots(2, 1, figsize=(style.PAGE_WIDTH, 5.2))
columns, short = {"D": [], "H": []}, {NAMES[hier]: word for hier, word in places.items() if hier in NAMES}
for panel in "DH":
    for group, rows in pooled[panel].groupby("group", sort=False):
        values = {r.pair_type: (r.accuracy, r.low, r.high) for r in rows.itertuples()}
        label = short.get(group, group).replace("full fine-tuning", "full").replace(", ", "\n")
        columns[panel].append((f"published\n{label}", values, style.PUBLISHED))
for (label, way), shares in accuracies.items():
    values = {name: analysis.interval(share.by_unit) for name, share in shares.items()}
    columns["D"].append((f"{label}\n{way}", values, style.OURS))
for (name, hier), shares in by_task.items():
    values = {key: analysis.interval(share.by_unit) for key, share in shares.items()}
    columns["H"].append((f"{OURS[name].replace(' ', chr(10))}\n{places[hier]}", values, style.OURS))
for ax, groups in zip(axes, columns.values(), strict=True):
    for k, (_, values, look) in enumerate(groups):
        for shift, kind in zip((-0.24, -0.08, 0.08, 0.24), style.CLASS_COLORS, strict=False):
            mean, low, high = values[kind]
            bar = [[mean - low], [high - mean]]
            ax.errorbar(k + shift, mean, bar, ls="", **look | {"color": style.CLASS_COLORS[kind]})
    panels.zero_line(ax, 50, ls="--")
    ax.set(ylabel="accuracy (%)", ylim=(20, 103), xticks=range(len(groups)))
    ax.set_xticklabels([label for label, *_ in groups], fontsize=5.5)
panels.class_legend(figure, ["train", "exc", "within", "cross"])
style.panel_letters(axes, "DH")
plt.show()

# %% [markdown]
# In {numref}`fig-transitive-inference-exceptions-own-classes` the published order of the classes returns in all of our fine-tuned models, and LoRA at the paper's number of steps leaves the small decoder as under-trained as it left the paper's models, class by class.
# SmolLM2's low-rank factors learn nothing in 20 steps: all answers stay alike.
# The published trained pairs are below 100 % as they include real teams and poker hands, which the paper's models learn less well.


# %%
def steps_down(name):
    """C12 for one model: smallest step between neighbouring classes."""
    shares = by_class(TUNED[name], exceptions)
    train, exc, within, cross = (shares[key].mean for key in ("train", "exc", "within", "cross"))
    steps = (within - cross, exc - within)
    print(
        f"{OURS[name]}: cross {cross:.1f} < within {within:.1f} < exception {exc:.1f} ≤ trained {train:.1f}"
    )
    return {"measured": min(steps) if train >= exc else min(train - exc, *steps), "sign": min(steps) > 0}


# %%
def lost_more(name):
    """C15 for one model: what more outer items cost beyond what a longer cycle costs."""
    base, outer_items, cycle = (by_task[name, hier]["cross"].by_unit for hier in exceptions)
    mean, low, high = analysis.interval((base - outer_items) - (base - cycle))
    print(
        f"{OURS[name]}: lost {np.mean(base - outer_items):.1f} (outer), {np.mean(base - cycle):.1f} (cycle)"
    )
    return {"measured": mean, "sign": mean > 0, "interval": (low, high)}


# %%
if paper:
    print(claims.check("C12", **steps_down("decoder")))
    print(claims.check("C12s", **steps_down("smollm2")))
    print(claims.check("C12m", **steps_down("minilm")))
    print(claims.check("C15", **lost_more("decoder")))
    print(claims.check("C15s", **lost_more("smollm2")))
    print(claims.check("C15m", **lost_more("minilm")))
else:
    for claim in ("C12", "C12s", "C12m", "C15", "C15s", "C15m"):
        claims.skip(claim, small)

# %% [markdown]
# ### Readouts of frozen features, over the ridge
#
# The claims (C14, M1): as regularization grows, the nearest cross-section pair fails while within-section pairs hold and the exception outlives its cycle; and the theory says where, with the conjunctivity **measured** on the features and nothing fitted.
#
# The features are what the readout reads at the last token (MiniLM: the sentence vector).
# Swapping the items and taking the difference removes what says Yes whatever the order; the conjunctivity $\hat\alpha$ of {eq}`eq-transitive-inference-exceptions-alpha` is then a ratio of mean inner products.
# The margins above are those of ridge regression; below are answers of the probe, a logistic readout that starts at the pretrained head, solved to its optimum (MiniLM has no head: signs of the margins).

# %%
PROBES = {name: f"{name}-probe" for name in OURS if f"{name}-probe" in runs}


def frozen(name, hier, items="invented"):
    """Runs of one model's readouts, and the mean conjunctivity of what is read."""
    some = runs[PROBES[name]].sel(configuration=hier)
    some = some.sel(items=items) if "items" in some.dims else some
    alpha = some["conjunctivity"]
    alpha = alpha.isel(block=-1) if "block" in alpha.dims else alpha
    return some, float(alpha.mean())


# %%
def tables_of(some, variable):
    """One output with its runs on the first axis."""
    inner = ("c", "first", "second")
    array = some[variable].stack(run=[dim for dim in some[variable].dims if dim not in inner])
    return array.transpose("run", *inner).to_numpy()


# %%
strengths = np.array(models_run["minilm-probe"].coords["c"])
readouts, agreement = {}, {}
for name in PROBES:
    for hier in [h for h in exceptions if h in runs[PROBES[name]].configuration]:
        some, alpha_hat = frozen(name, hier)
        found = analysis.readout(tables_of(some, "ridge"), alpha_hat, tasks[hier], tuple(strengths))
        readouts[name, hier] = alpha_hat, found
        agreement[name, hier] = np.corrcoef(found.measured.ravel(), found.predicted.ravel())[0, 1]
        slope = np.sum(found.measured * found.predicted) / np.sum(found.predicted**2)
        numbers = f"correlation {agreement[name, hier]:.3f}  slope {slope:.2f}"
        size = f"dimension {float(some['dimension'].mean()):4.1f} of {tasks[hier].n_items - 1}"
        print(f"{OURS[name]:14} {hier:12} α = {alpha_hat:.3f}  {size:20}  {numbers}")

# %% tags=["hide-input"]
FOLLOWED = {
    "cycle (4, 5)": ((3, 4), "o", "exc"),
    "exception (4, 6)": ((3, 5), "s", "exc"),
    "within (1, 3)": ((0, 2), "o", "within"),
    "nearest cross (3, 7)": ((2, 6), "o", "cross"),
}


def answered(name, hier):
    """Accuracy of single pairs over the path of a probe, by run: run, c, pair."""
    some, _ = frozen(name, hier)
    half = tables_of(some, "ridge")
    tables = tables_of(some, "logistic") if "logistic" in some else half - half.swapaxes(-1, -2)
    right = analysis.right_answers(tables, tasks[hier])
    return {label: analysis.of_pair(right, pair) for label, (pair, *_) in FOLLOWED.items()}


paths = {name: answered(name, "exc_mid_n9") for name in PROBES if (name, "exc_mid_n9") in readouts}

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Panels E and F of the paper with our models; base case, invented teams. Above: margins of ridge regression on frozen features against the inverse ridge c, mean over runs (dots) and the theory at the measured conjunctivity (thin black, nothing fitted); squares: the exception, towards its trained winner. Below: accuracy of the probe, mean and standard error over runs (filled), and the published probe of Qwen3.5-4B against its C (hollow; another scale).", "name": "fig-transitive-inference-exceptions-own-probes"}, "image": {"alt": "Above, one panel a model: margins fall with the ridge along the theory's curves, the nearest cross-section pair crossing zero first or after the cycle's pairs. Below: accuracies, with published ones beside; the nearest cross-section pair falls below one half while the within-section pair stays above."}}
figure, axes = plt.subplots(2, 3, figsize=(style.PAGE_WIDTH, 4.6), sharex=True, squeeze=False)
fine = np.geomspace(strengths.min(), strengths.max(), 100)
for (above, below), name in zip(axes.T, paths, strict=False):
    alpha_hat, found = readouts[name, "exc_mid_n9"]
    exact = experiments.margins_over(tasks["exc_mid_n9"], jnp.array([alpha_hat]), jnp.array(1 / fine))[0]
    index = {pair: k for k, pair in enumerate(zip(*np.triu_indices(9, 1), strict=True))}
    for label, ((i, j), marker, kind) in FOLLOWED.items():
        side = -1 if marker == "s" else 1
        look = style.OURS | {"marker": marker, "color": style.CLASS_COLORS[kind], "markersize": 3.5}
        above.plot(fine, side * exact[:, i, j], **style.THEORY)
        above.plot(strengths, side * found.measured[:, index[i, j]], ls="", label=label, **look)
        share = paths[name][label]
        below.errorbar(strengths, share.mean(0), stats.standard_error(share), lw=0.8, **look)
        theirs = by_pair.get_group((i, j))
        hollow = style.PUBLISHED | {"marker": marker, "color": style.CLASS_COLORS[kind]}
        below.plot(theirs["C"], 100 * theirs["acc_mean"], ls=":", lw=0.8, **hollow | {"markersize": 3})
    panels.zero_line(above)
    panels.zero_line(below, 50, ls="--")
    above.set(title=f"{OURS[name]}, α = {alpha_hat:.2f}", ylim=(-0.4, 2))
    below.set(xscale="log", xlabel="inverse ridge c", ylim=(-3, 103))
for ax in axes[:, len(paths) :].flat:
    ax.set_visible(False)
axes[0, 0].set_ylabel("margin")
axes[1, 0].set_ylabel("accuracy (%)")
axes[0, 0].legend(fontsize=6)
plt.show()

# %% [markdown]
# {numref}`fig-transitive-inference-exceptions-own-probes`: regularization inverts the nearest cross-section pair of all three probes while the within-section pair holds (C14).
# On MiniLM's vectors one number measured beforehand, the conjunctivity, gives the margins of all pairs at all ridges; on SmolLM2's states nearly so.
# The small decoder's features obey only the order of events: its margins are about half of what theory says, and the nearest cross-section pair turns at a ridge a hundred times weaker.
# The theory assumes more than one number: items must be *exchangeable*, that is, their codes must point in $n - 1$ equally important directions.
# The *dimension* printed above, the participation ratio of the antisymmetrised features, is 7 of 8 for MiniLM and 2 of 8 for the small decoder: pretraining on orders has taught it to compress items to a value or two, and items that share a direction cannot be ranked freely.


# %%
def crossed_first(name):
    """C14 for one model: smallest accuracy of the nearest cross-section pair where the rest holds."""
    mean = {label: share.mean(0) for label, share in paths[name].items()}
    cross, within = mean["nearest cross (3, 7)"], mean["within (1, 3)"]
    outlives = mean["exception (4, 6)"] >= mean["cycle (4, 5)"]
    print(
        f"{OURS[name]}: cross {cross.round(0)}, within {within.round(0)}, exception outlives: {outlives.all()}"
    )
    good = (within > 50) & outlives.all()
    return {"measured": cross[good].min() if good.any() else 100.0, "sign": cross.min() < 50}


def followed(name):
    """M1 for one model: smallest correlation of readouts and theory."""
    smallest = min(value for (m, _), value in agreement.items() if m == name)
    why = "its features span about two directions, so items are not exchangeable"
    return {"measured": smallest, "sign": smallest > 0.5, "reason": why}


print(claims.check("M1m", **followed("minilm")))
if paper:
    print(claims.check("M1", **followed("decoder")))
    print(claims.check("M1s", **followed("smollm2")))
    print(claims.check("C14", **crossed_first("decoder")))
    print(claims.check("C14s", **crossed_first("smollm2")))
    print(claims.check("C14m", **crossed_first("minilm")))
else:
    for claim in ("M1", "M1s", "C14", "C14s", "C14m"):
        claims.skip(claim, small)

# %% [markdown]
# ### Other items: real teams and poker hands
#
# Probes at their weakest penalty, the published ones and ours, on items that a model may have an opinion about.
# A probe's numbers have no common unit, so each map is divided by the mean logit difference of its trained pairs.


# %%
def probed_pairs(hier, team, name):
    """Mean logit differences of one probe, ours or published, and the theory fitted to them."""
    task = tasks[hier]
    if name in MODELS:
        rows = every_probe.query("hier == @hier and task == @team and model == @name and l2 == l2.min()")
        mean = np.full((task.n_items,) * 2, np.nan)
        mean[rows["rank_higher"], rows["rank_lower"]] = rows["logitdiff_mean"]
        return mean, fitted(rows, task)
    some, _ = frozen(name, hier, team)
    half = tables_of(some, "ridge")[:, None, 0]
    answers = tables_of(some, "logistic")[:, None, 0] if "logistic" in some else half - half.swapaxes(-1, -2)
    return analysis.mean_margins(answers, task), analysis.fitted(answers, task)


# %%
def in_trained_pairs(hier, team, name):
    """Map of :func:`probed_pairs`, theory mirrored below, and the fit."""
    mean, fit = probed_pairs(hier, team, name)
    trained = np.array(list(regions(tasks[hier])["trained"]))
    expected = analysis.fitted_margins(fit, tasks[hier])
    return mirrored(mean, expected) / np.mean(mean[tuple(trained.T)]), fit


asked_all = [name for name in PROBES if "real" in runs[PROBES[name]].get("items", [])]
probed_models = MODELS | {name: OURS[name] for name in asked_all}
teams = {"real": "real teams", "poker": "poker hands"}
lines = [("exc_mid_n9", "real"), ("exc_mid_n9", "poker"), ("exc_mid_n11", "real")]
probed_maps = {(*line, name): in_trained_pairs(*line, name) for line in lines for name in probed_models}

# %%
for (hier, team, name), (_, fit) in probed_maps.items():
    print(
        f"{probed_models[name]:14} {team:6} {hier:12} α_eff {float(fit.alpha_eff):.3f}  R² {float(fit.r2_origin):.3f}"
    )

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Probes on real teams and poker hands, weakest penalty. Above the diagonal: mean logit difference (MiniLM: margin) in units of the mean over trained pairs; below it, mirrored: the theory with fitted leak and gain, untrained pairs only. Two columns of published models (50 seeds), two of ours (SmolLM2: 4 lists, MiniLM: 10 lists). Boxes and outlines as before.", "name": "fig-transitive-inference-exceptions-own-items"}, "image": {"alt": "Grid of heat maps, rows: real teams and poker hands in the base case, real teams with more outer items; columns: two published models and two of ours, the fitted theory mirrored below each diagonal. Far pairs are blue; cells around the cycle fade, those nearest to it turn red in several maps."}}
figure, axes = plt.subplots(3, len(probed_models), figsize=(style.PAGE_WIDTH, 4.8))
scale = {"vmin": -2, "vmax": 2, "center": 0, "label_every": 2}
for line, (hier, team) in zip(axes, lines, strict=True):
    for ax, name in zip(line, probed_models, strict=True):
        values, _ = probed_maps[hier, team, name]
        image = panels.heatmap_with_regions(ax, values, **scale, **regions(tasks[hier]))
        ax.set(xlabel="", ylabel="")
    line[0].set_ylabel(f"{teams[team]}\n{heads[hier]}")
for ax, label in zip(axes[0], probed_models.values(), strict=True):
    ax.set_title(label, fontsize=8)
panels.colorbar(image, axes, "logit difference\n(trained pairs = 1)", shrink=0.5)
plt.show()

# %% [markdown]
# {numref}`fig-transitive-inference-exceptions-own-items`: with the weakest penalty the leak is small, and far pairs are surer than trained ones, in all but Llama's probe (α_eff from 0.37 to 0.54).
# The authors publish no probe on poker hands with more outer items.
# On both kinds of items our probes look less conjunctive than the published ones; one difference is that ours are solved to their optimum (see *Where we differ*).

# %% [markdown]
# ### Does the measured conjunctivity predict where a model fails?
#
# The mechanism, tested (M2): from $\hat\alpha$ alone the theory predicts the ridge at which the nearest cross-section pair turns, $c^* = (1-\alpha^*)/(\alpha^* - \hat\alpha)$.
# We compare it with the ridge at which the mean margin of that pair does turn, for each model, kind of items and configuration; and on the blocks of SmolLM2, whose conjunctivity grows with depth, the margin at one ridge.

# %%
turning = {}
for name, store in PROBES.items():
    kinds = runs[store].get("items", ["invented"])
    for kind, hier in itertools.product(np.asarray(kinds).tolist(), exceptions):
        if hier not in runs[store].configuration:
            continue
        some, alpha_hat = frozen(name, hier, kind)
        i, j = ti.nearest_cross_pair(tasks[hier])
        margins = tables_of(some, "ridge").mean(0)[:, i, j]
        measured = analysis.failing_inverse_ridge(margins, tuple(strengths))
        turning[name, kind, hier] = theory.critical_inverse_ridge(alpha_hat, star[hier]), measured
        print(
            f"{OURS[name]:14} {kind:8} {hier:12} predicted {turning[name, kind, hier][0]:7.2f}  measured {measured:7.2f}"
        )

# %% tags=["hide-input"]
by_depth = {}
if "smollm2" in PROBES:
    step, c = pretrained.BLOCK_STEP, pretrained.BLOCK_RIDGE
    for hier in exceptions:
        some, _ = frozen("smollm2", hier)
        (i, j), runs_of = ti.nearest_cross_pair(tasks[hier]), ("backwards", "seed")
        found = some["by_block"][..., i, j].mean(runs_of).to_numpy()
        each = some["conjunctivity"].mean(runs_of).to_numpy()[len(some.block) % step + step - 1 :: step]
        expected = [experiments.task_margins(tasks[hier], a, 1 / c)[i, j] for a in each]
        by_depth[hier] = each, np.array(expected), found

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Left: inverse ridge at which the nearest cross-section pair turns, measured on frozen features against the theory's prediction from their measured conjunctivity; one mark a model, kind of items and configuration, thin black: equality; cases that are inverted without ridge or never turn are not drawn, their numbers stand above. Right: margin of that pair in readouts of every third block of SmolLM2 at c = 10, invented teams, against the block's conjunctivity; thin black: theory, dots: mean over lists.", "name": "fig-transitive-inference-exceptions-mechanism-models"}, "image": {"alt": "Left: points along the line of equality. Right: margins of three configurations against conjunctivity, falling with depth along the curves of the theory."}}
figure, axes = plt.subplots(1, 2, figsize=(style.PAGE_WIDTH, 2.9))
hues = dict(zip(("invented", "real", "poker"), ("blue", "vermilion", "green"), strict=True))
for name, marker in zip(PROBES, "os^", strict=False):
    for kind, color in hues.items():
        pairs = [value for (m, k, _), value in turning.items() if (m, k) == (name, kind)]
        look = style.OURS | {"marker": marker, "color": style.OKABE_ITO[color]}
        axes[0].plot(*np.array(pairs).T, ls="", label=f"{OURS[name]}, {kind}", **look) if pairs else None
axes[0].axline((1, 1), (10, 10), **style.THEORY)
axes[0].set(xscale="log", yscale="log", xlabel="c predicted from measured α", ylabel="c measured")
axes[0].legend(fontsize=5.5, loc="center left", bbox_to_anchor=(0, 0.6))
for (hier, (alphas_, expected, found)), color in zip(by_depth.items(), hues.values(), strict=False):
    order = np.argsort(alphas_)
    axes[1].plot(alphas_[order], expected[order], **style.THEORY)
    look = style.OURS | {"color": style.OKABE_ITO[color]}
    axes[1].plot(alphas_, found, ls="", label=NAMES[hier].split(" (")[0], **look)
panels.zero_line(axes[1])
axes[1].set(xlabel="conjunctivity of the block", ylabel="margin of the nearest cross pair")
axes[1].legend(fontsize=6) if by_depth else None
plt.show()

# %% [markdown]
# Left in {numref}`fig-transitive-inference-exceptions-mechanism-models`, the prediction holds where items are exchangeable and measured well.
# Invented and real teams read by MiniLM turn within a factor of 1.7 of it.
# Poker hands, whose names share ranks and suits (dimension 4 to 5 of 8 to 10), do not turn at all in two configurations, and the small decoder turns far too early.
# SmolLM2 with four lists decides little: the margin of a single pair has a standard error about as large as itself; right, only the fall from shallow to deep blocks is seen.
# That dimension tells the cases apart was seen after the runs, so it is an observation, not a claim.


# %%
WHY = {
    "decoder": "its features span about two directions, so items are not exchangeable",
    "smollm2": "with four lists the margin of one pair is as uncertain as it is large",
    "minilm": "poker hands, which share ranks and suits, do not turn in two of three configurations",
}


def predicted_turn(name):
    """M2 for one model: largest distance of the ridges at which the pair turns."""
    apart = [analysis.decades_apart(*pair, strengths) for key, pair in turning.items() if key[0] == name]
    print(
        f"{OURS[name]}: largest factor {10 ** max(apart):.2f}, median {10 ** np.median(apart):.2f}, {len(apart)} cases"
    )
    return {"measured": max(apart), "sign": np.median(apart) < np.log10(2), "reason": WHY[name]}


# %%
if paper:
    print(claims.check("M2", **predicted_turn("decoder")))
    print(claims.check("M2s", **predicted_turn("smollm2")))
    print(claims.check("M2m", **predicted_turn("minilm")))
    smallest = min(float(fit.r2_origin) for fit in own_fits.values())
    unfit = "MiniLM over four lists, and SmolLM2 without an exception, are not explained as well"
    print(claims.check("C16o", smallest, sign=smallest > 0, reason=unfit))
else:
    for claim in ("M2", "M2s", "M2m", "C16o"):
        claims.skip(claim, small)
for name, store in TUNED.items():
    before, after_ = runs[store]["conjunctivity"].mean(
        [d for d in runs[store]["conjunctivity"].dims if d != "time"]
    )
    print(f"{OURS[name]}: conjunctivity {float(before):.3f} before fine-tuning, {float(after_):.3f} after")

# %% [markdown]
# ## Beyond the paper
#
# What if there are two exceptions at once?
# Two cycles can be disjoint, overlap, or lie one in the other; pairs are now classed by the strongly connected parts of the graph of trained comparisons, and the rank equation holds as it stands.
# For each of many random pairs of exceptions we compute the smallest α at which any cross-section pair is inverted, with both exceptions and with one alone on the same items: the outer one for nested cycles, else the more fragile of the two.

# %%
drawn = {
    kind: [experiments.random_two_exceptions(generator, kind, long) for _ in range(n_pairs_of_exceptions)]
    for kind in experiments.GEOMETRIES
}
results = {kind: [experiments.two_exceptions(task) for task in some] for kind, some in drawn.items()}
disjoint = [experiments.pair_ratios(task) for task in drawn["disjoint"]]
one, both = (np.concatenate([ratios[name] for ratios in disjoint]) for name in ("one", "both"))
lists = {"two, disjoint": ti.Task(12, ((5, 3), (8, 6)))}
lists |= {"one exception": ti.Task(12, ((5, 3),))} if paper else {}
fine, coarse = np.linspace(0.01, 0.6, 10 * n_grid), np.linspace(0.05, 0.6, 12 if paper else 4)
pairs = [task.exceptions for task in lists.values()]
lazy_runs = networks(
    "lazy-two-exceptions", lazy, n_seeds, {"exceptions": pairs}, n_items=12, width=5000 if paper else 500
)
worst = {}
for name, task in lists.items():
    i, j = ti.pair_classes(task)["cross"].T
    curve = experiments.margins_over(task, jnp.array(fine), jnp.zeros(1))[:, 0, i, j].min(1)
    codes = [kernels.additive_conjunctive(a) for a in coarse]
    dots = [experiments.kernel_margins(task, code)[i, j].min() for code in codes]
    stars = lazy_runs["network"].isel(exceptions=pairs.index(task.exceptions)).to_numpy()
    worst[name] = curve, dots, stars[:, i, j].min(1)

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Two exceptions. Left: critical conjunctivity with both exceptions against that of the reference (outer exception alone for nested cycles, else the more fragile one alone), random lists of 9 to 30 items; thin black: equality. Right: worst margin of a cross-section pair for 12 items, items 4 to 6 in the first cycle, 7 to 9 in the second; thin black: theory; dots: direct regression; stars: regression with the tangent kernels of random ReLU networks, drawn at the α of infinite width. Left, α* = 1: no error at any α.", "name": "fig-transitive-inference-exceptions-two"}, "image": {"alt": "Left: points of nested cycles lie below the line of equality, those of disjoint cycles above it, overlapping ones mostly above. Right: the worst margin crosses zero at conjunctivity 0.19 with one exception and at 0.31 with two; the networks lie between them, below zero with one and above with two."}}
figure, axes = plt.subplots(1, 2, figsize=(style.PAGE_WIDTH, 3.0))
for (kind, rows), color, marker in zip(results.items(), ("blue", "grey", "vermilion"), "os^", strict=True):
    look = style.OURS | {"color": style.OKABE_ITO[color], "marker": marker, "markersize": 3, "alpha": 0.6}
    axes[0].plot([r["reference"] for r in rows], [r["both"] for r in rows], ls="", label=kind, **look)
axes[0].axline((0.1, 0.1), (1, 1), **style.THEORY)
axes[0].set(xscale="log", yscale="log", xlabel="α* of the reference", ylabel="α* with both")
axes[0].legend()
conjunctivity = kernels.conjunctivity(kernels.ntk(1))
for (name, (curve, dots, stars)), color in zip(worst.items(), ("blue", "green"), strict=False):
    axes[1].plot(fine, curve, **style.THEORY)
    axes[1].plot(coarse, dots, ls="", color=style.OKABE_ITO[color], label=name, **style.OURS)
    look = {"color": style.OKABE_ITO[color], "ms": 8, "mec": "black", "mew": 0.4, "zorder": 6}
    axes[1].plot(np.full(n_seeds, conjunctivity), stars, "*", **look)
panels.zero_line(axes[1])
axes[1].set(xlabel="conjunctivity α", ylabel="worst cross-section margin", ylim=(-0.2, 0.5))
axes[1].legend()
plt.show()

# %% [markdown]
# {numref}`fig-transitive-inference-exceptions-two`: a contradiction inside a contradiction did harm in all random draws; a second one elsewhere made the first error of the list appear later.
# That is only half of the story, because the second cycle takes its items out of the cross-section pairs, so we also follow single pairs (numbers below).
# A pair that crosses only one of two disjoint cycles is protected by the other, whose near end is a source of the right sign close by (median ratio of α* 1.48).
# A pair that crosses both is harmed, because both dipoles push it the same way (median 0.75).
# Overlapping cycles obey no law of this kind: mostly they protect, but not always.
# On the right, lazy ReLU networks (α = 0.258) that fail with one exception succeed with two.

# %%
nested = np.array([result["both"] / result["reference"] for result in results["nested"]])
for name, values in {"nested": nested, "one crossed": one, "both crossed": both}.items():
    print(
        f"{name:13} {len(values):5}  α* ratio {values.min():.3f} to {values.max():.3f}, median {np.median(values):.3f}"
    )
print(claims.check("B1", 1 - nested.max(), sign=np.median(nested) < 1))
print(claims.check("B2", one.min() - 1, sign=np.median(one) > 1))
claims.check("B3", 1 - both.max(), sign=np.median(both) < 1)

# %% [markdown]
# ## Scorecard
#
# Every verdict is computed from the rule fixed above: *reproduced* if it passes, *partly* if only the sign or the ordering holds, *not reproduced* if that fails too.

# %% tags=["nbval-check-output"]
claims.scorecard()

# %% [markdown]
# ## Where we differ
#
# 1. **Other, smaller models.** The paper fine-tuned Qwen3.5 and Llama-3.2, whose tables are redrawn and re-analysed (P1, C16, C17). Ours are a decoder of 0.1 million parameters on a synthetic language, SmolLM2-135M with 4-bit weights, of which two blocks are trained, and an encoder; learning rates are larger (10⁻³, 3·10⁻⁴, 10⁻⁴), chosen so that one list is learned in the paper's 100 steps. All weights of the small decoder are trained in double precision: in single precision 91 of its 720 runs ended elsewhere on two cores than on one, as fine-tuning amplifies rounding. Real teams and poker hands are read out, not fine-tuned.
#    The rules of C11 to C15 on our models were fixed before these ran; before, the same ids stood for the paper's models and were not tested. M1 and M2 were split by model when the small decoder's readouts were known, with the thresholds they had.
# 2. **Theory figures are ours.** The paper's own panels were not available, so the theory figures follow our derivation, and their n, α and c are our choice; the reduction to ranks is checked by direct regression on random tasks (T1), and dots are direct regression wherever a caption says so.
# 3. **C16 and C17 are not predictions.** Their thresholds come from notes in which the same tables had been fitted before; they guard the computation, and what they say about the models is in the text above.
# 4. **Squared error against cross-entropy.** The theory is that of squared error; the models were trained with cross-entropy. Gradient descent on a logistic loss tends to the maximum-margin solution, which here equals the minimum-norm interpolator (checked numerically in our notes, not in this chapter), so signs carry over, sizes do not.
# 5. **Probes at their optimum.** The authors' probe takes 50 or 100 steps of AdamW; ours is the solution of the convex problem, with the answers Yes and No alone.
# 6. **Published C against our c.** The authors' penalty acts through AdamW with weight decay on top, so $C$ is only monotonically related to the inverse ridge $c$, and the two axes are drawn apart.
# 7. **Wilson intervals take answers as independent.** Answers to one pair of items are not; the published intervals are therefore narrower than the spread over pairs suggests.
# 8. **Position-symmetric kernels.** The reduction needs the same overlap for first and second item; codes that weigh the positions differently give margins that are not antisymmetric.
#
# ## Fork this chapter
#
# `inductive new my-study --from transitive-inference-exceptions` copies this chapter; four knobs to turn first:
#
# 1. `alpha` in the parameters cell: without ridge 0.1 is a success and 0.5 a failure of the worked example; with ρ = 1 both invert the nearest cross-section pair, and 0.1 also forgets the adjacent edges of the cycle.
# 2. `outer` and `length`: longer sections bear less conjunctivity, longer cycles hardly matter.
# 3. `kernels.additive_conjunctive` in any simulation: replace it by a measured kernel, `kernels.class_means(gram, ti.all_trials(n))`, of your own representation.
# 4. `language_model` and `trained_blocks`: another decoder in SmolLM2's place, on a GPU; {doc}`how to run <../book/how-to-run>` says what it costs.
#
# ```{provenance} transitive-inference-exceptions
# ```

# %%
claims.publish()
