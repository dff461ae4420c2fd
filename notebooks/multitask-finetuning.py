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
# # Multi-task learning and finetuning
#
# A network that learns a main task together with an auxiliary one, or after it, prefers to reuse features and to use few of them; the two preferences trade off one for one {cite:p}`lippl2024multitask`.
#
# ```{chapter-card} multitask-finetuning
# :paper: https://arxiv.org/abs/2310.02396
# :paper-label: arXiv 2310.02396
# :code: https://github.com/sflippl/multi-task
# :code-label: sflippl/multi-task
# :differs: finetuning of diagonal networks is solved exactly; ReLU networks have 3 seeds and up to 256 examples; the CIFAR-100 networks are redrawn, not trained again
# ```
#
# Diagonal linear networks and two-layer ReLU networks are trained on teachers that share features with an auxiliary teacher.
# Wherever theory gives the end of training, we solve for it instead of descending to it, and every loss is exact: there are no test sets.
# The authors' tables lie beside our curves as hollow markers.

# %% tags=["hide-input"]
import jax

jax.config.update("jax_enable_x64", True)  # exact solutions and losses need their digits
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from inductive import rng, sweep
from inductive.experiments import multitask_finetuning as experiments
from inductive.models import diagonal
from inductive.report import panels, published, style
from inductive.report.agreement import agreement_table, log10_agreement
from inductive.report.claims import Ledger, declare
from inductive.solvers import interpolation
from inductive.theory import penalties, population
from inductive.train import gd

style.use_style()
PAPER = "multitask-finetuning"

# %% tags=["parameters", "hide-input"]
profile: str = "paper"  # one of paper, smoke | smoke trains smaller and fewer networks
seed: int = 0  # 0 to 4294967295 | root of every random number
gamma: float = 0.001  # 0.0 to 1.0 | readout before finetuning, in the penalties of the first figure
main_size: float = 1.0  # 0.001 to 1000.0 | main coefficient at which penalties are characterized
overlap: int = 3  # 0 to 5 | features that the tasks of the worked example share

# %% tags=["hide-input"]
paper = profile == "paper"
plans = experiments.plans(profile)
key = rng.root(seed)
COLORS = {"STL": "blue", "MTL": "purple", "PT+FT": "green", "PT+FT (LP)": "vermilion"}
COLORS |= {"STL (LP)": "orange", "PT+FT (NTK)": "sky", "STL (NTK)": "grey"}
COLORS = {name: style.OKABE_ITO[color] for name, color in COLORS.items()}


# %% tags=["hide-input"]
def stored(name):
    """One sweep of the chapter: read from its store in the paper profile, else computed."""
    return sweep.planned(PAPER, name, plans[name], profile, seed)


# %% tags=["hide-input"]
compared = {}  # panel: our means beside the published ones


def curve(ax, panel, ours, table=None, rows=None, **look):
    """Our curve and the published one; both are kept for the table of agreement."""
    theirs = None if rows is None else published.load(PAPER, table).query(rows)
    values = np.full((1, 1), np.nan) if ours is None else ours.transpose("n_train", "seed")
    sizes = [np.nan] if ours is None else ours["n_train"]
    both = panels.learning_curve(ax, sizes, values, theirs, **look)
    if panel and both is not None and len(both):
        seeds = dict(zip(np.asarray(sizes), values, strict=True))
        compared.setdefault(panel, []).append(both.assign(seeds=[seeds[n] for n in both.index]))


def shades(values, name="viridis"):
    """A colour for each of some ordered values."""
    return dict(zip(values, plt.colormaps[name](np.linspace(0, 0.85, len(values))), strict=True))


# %% [markdown]
# ## The question
#
# Two tasks use the same inputs $x \in \mathbb{R}^d$.
# The **auxiliary** task has many examples, the **main** task few.
# *Single-task learning* (STL) sees the main task alone, *multi-task learning* (MTL) both at once, *pretraining and finetuning* (PT+FT) first the auxiliary, then the main task, with its readout reset to a small number γ.
#
# In a **diagonal network** each input has its own hidden weight $w$, shared by both tasks, and a readout $v$ for each task; the task's linear map is $\beta = w_+ \circ v_+ - w_- \circ v_-$.
# When several $\beta$ fit the data, training decides between them as if it minimized a penalty.
# For PT+FT this is exact: gradient flow ends at the interpolator of least
#
# $$P_\text{PT+FT}(\beta \mid \beta_\text{aux}) = \sum_i \kappa_i\, q(2\beta_i/\kappa_i), \qquad q(z) = 2 - \sqrt{4 + z^2} + z\,\text{arcsinh}(z/2),$$ (eq-multitask-finetuning-pt)
#
# where $\kappa_i$ grows with the pretrained coefficient: $|\beta_{\text{aux},i}| + \gamma^2$ if both branches carry it.
# For MTL it is the least norm of all weights that realize both tasks, up to a constant
#
# $$P_\text{MTL}(\beta \mid \beta_\text{aux}) = \sum_i \sqrt{\beta_i^2 + \beta_{\text{aux},i}^2} - |\beta_{\text{aux},i}|.$$ (eq-multitask-finetuning-mtl)
#
# Two numbers describe a penalty $P$ at a feature: its **ℓ-order** $\ell = \partial \log P/\partial \log|\beta|$, 1 for sparse and 2 for quadratic, and its **feature dependence** $\text{FD} = \partial \log P/\partial \log|\beta_\text{aux}|$, negative where pretrained features are cheap.
# As $P$ is homogeneous of degree one (at γ = 0), they obey a **conservation law**, $\ell + \text{FD} = 1$: what is gained in reuse is lost in sparsity.
#
# The worked example finetunes a small network by gradient descent and by solving for its least penalty:

# %%
xs = jax.random.normal(rng.stream(key, "example"), (10, 30))
aux = jnp.zeros(30).at[:5].set(1.0)
main = jnp.zeros(30).at[5 - overlap : 10 - overlap].set(1.0)
pretrained = diagonal.flow(diagonal.init(30, 1e-3, dtype="float64"), jnp.arcsinh(aux / 2e-6))
start = diagonal.reset_readout(pretrained, 0.01)
entropy = penalties.HyperbolicEntropy(*diagonal.amplitudes(start))
exact = interpolation.minimum_penalty(entropy, xs, xs @ main)
loss = gd.gradient_step(lambda p: jnp.mean((xs @ diagonal.coefficients(p)[0] - xs @ main) ** 2))
run = gd.iterate(loss, start, learning_rate=0.01, threshold=1e-12, max_steps=50_000)
for name, beta in {"descent": diagonal.coefficients(run.params), "penalty": exact.coefficients}.items():
    print(f"{name}  generalization loss {population.linear(beta[0], main):.4f} of {main @ main:g}")

# %% [markdown]
# ## The claims
#
# Each line is a claim, the figure of the paper that carries it, and the rule that decides it; the thresholds were fixed before the run.
# C1–C15 are statements of the paper, D1–D3 test what our reading of its public tables says of their conventions, A1 to A3 measure our agreement with those tables, and B1 and B2 go beyond the paper.
# Losses are divided by the STL loss of the same seed and task at 16 examples, as in the paper.

# %% tags=["hide-input"]
RULES = declare("""
    C1 | Figure 3a, d | ℓ-order and feature dependence sum to one for all three penalties | largest distance of the sum from 1, aux 1e-4 to 1e2 <= 1e-6
    C2 | Figure 3a, d | at equal magnitudes the ℓ-order is 1.7071 (MTL), 1.8867 (PT+FT), 1.5680 (ReLU) | largest error <= 1e-3
    C3 | Figure 3a, d | the nested regime (-0.5 < FD < -0.1) is much wider for PT+FT than for MTL | ratio of widths in decades of aux magnitude > 3; published 4.8
    C4 | Theory | gradient descent after pretraining ends at the interpolator of least penalty | largest relative distance or KKT residual <= 1e-3
    C5 | Theory | MTL with weight decay equals a group lasso | largest relative difference <= 1e-2
    C6 | Figure 2a, b | without shared features, sparser main tasks need fewer examples | smallest Spearman correlation of loss and number of features > 0.9
    C7 | Figure 2c, d | with identical features, MTL and PT+FT beat STL by orders of magnitude | smallest gap, decades > 1; published 1.65
    C8 | Figure 2e, f | with partly shared features they beat STL, and STL beats probing | smallest gap at n = 256, decades > 0; published 0.72
    C9 | Figure 3b, c | rescaling makes PT+FT sensitive to how many pretrained features are used | factor (k = 40 over 5) at scale 0.1 over that unscaled > 100 (smoke 1.5); published 17000
    C10 | Figure 9 | scaling down shrinks the advantage of nested features | smallest fall of the gap per step, decades > 0; published 0.23
    C11 | Figure 3e, f | unscaled ReLU PT+FT depends on the number of main units, MTL and scale 10 hardly | smallest difference of sensitivities, decades > 1; published 2.55
    C11b | Figure 3f | scale 0.1 enhances it | sensitivity at n = 128 beyond the unscaled one, decades > 0; published 0.76
    C12 | Figure 4a | features correlated at 0.9 help PT+FT | loss over STL at n = 256 < 0.05; published 0.0013
    C12b | Figure 4a | but not MTL | loss over STL at n = 256 > 0.3; published 1.48
    C13 | Figure 4b | correlated features help at matching magnitude only | benefit at magnitude 1 beyond that at 0.01, decades > 1; published 2.15
    C14 | Figure 5 | ResNet-18 finetunes better after scaling down, a vision transformer worse | paired accuracy difference, scale 0.125 minus 1, n = 100 > 0; published 0.038
    C15 | Figure 5 | scaled-down ResNets select nested features, vision transformers replace them | shared over finetuned dimensions, last ResNet stage > 0.8; published 1.28
    C15b | Figure 11 | ReLU networks show the same signature: fewer dimensions after finetuning, all shared | shared over finetuned dimensions, one nested unit, scales 0.1 and 1 > 0.8
    D1 | Convention | the MTL panels depend on the size of the auxiliary coefficients | loss as published over loss with those of PT+FT, n = 64, k = 5, decades > 1
    D2 | Convention | the published losses are the best over training: the last ones exceed the null loss | last over null loss, PT+FT, 0 of 40 shared, n = 32 > 1.5
    D3 | Convention | trained networks see half the auxiliary magnitude of the paper's formula | largest relative error of the factor 2 <= 1e-3
    A1 | All panels | exact solutions agree with the published runs | largest difference of means, decades <= 0.5
    A1b | All panels | published means lie among means of as many of our seeds | share in the 95 % range of 6 of our 24 seeds, sparse panels >= 0.9
    A2 | All panels | so does multi-task learning of diagonal networks | largest difference of means, decades <= 0.5
    A3 | All panels | so do ReLU networks | share of points within half a decade >= 0.9
    B1 | Beyond | the conservation law predicts the best rescaling for a given overlap and sparsity | largest excess of examples at the predicted scale over the best <= 0.25
    B2 | Beyond | and how many examples it needs | median relative error of the number of examples <= 0.15
    """)
claims = Ledger(PAPER, profile, RULES)

# %% tags=["hide-input"]
claims.declared()

# %% [markdown]
# The smoke profile, made to test that the chapter runs, has too few sizes and seeds for most claims.

# %%
if not paper:
    for claim in RULES:
        if claim.id not in ("C1", "C2", "C3", "C9", "C14", "C15"):
            claims.skip(claim.id, "not run in the small sample of the smoke profile")

# %% [markdown]
# ## Figure 1: three penalties
#
# The claim: all three penalties bend at the auxiliary magnitude, from quadratic below to linear above; in ReLU networks a feature that points elsewhere is expensive to turn once it is large.

# %%
sizes, shown = np.geomspace(0.01, 100, 120), (0.001, 1.0, 1000.0)
laws = {
    "(a) MTL": penalties.multi_task,
    "(b) PT+FT, diagonal": lambda m, a: penalties.finetuning(m, a, gamma),
}
for cosine in (1.0, 0.99, 0.9, 0.0):
    laws[f"(c) PT+FT, ReLU, cosine {cosine:g}"] = lambda m, a, c=cosine: penalties.relu_finetuning(m, a, c)
curves = {(name, a): law(jnp.array(sizes), jnp.full(120, a)) for name, law in laws.items() for a in shown}

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Figure 1 of the paper, theory. Penalty of one feature against its main-task coefficient, for three auxiliary magnitudes. (a) MTL, (b) PT+FT in diagonal networks with readouts reset to γ = 0.001, (c) PT+FT in ReLU networks, by the cosine between auxiliary and main feature.", "name": "fig-multitask-finetuning-penalties"}, "image": {"alt": "Six log-log panels of penalty against main coefficient. Curves have slope two below the auxiliary magnitude and about one above it; for cosines below one the curve of the largest auxiliary magnitude is flat and high."}}
figure, axes = plt.subplots(2, 3, figsize=(style.PAGE_WIDTH, 4.0), sharex=True, sharey=True)
tones = shades(shown)
for ax, name in zip(axes.flat, laws, strict=True):
    for a in shown:
        ax.loglog(sizes, curves[name, a], color=tones[a], label=f"aux {a:g}")
    ax.axvline(1.0, color="0.6", lw=0.8, ls="--")
    ax.set_title(name, fontsize=8)
    ax.set(ylim=(1e-7, 1e4))
axes[0, 0].legend()
for ax in axes[-1]:
    ax.set_xlabel("main coefficient")
for ax in axes[:, 0]:
    ax.set_ylabel("penalty")
plt.show()

# %% [markdown]
# In {numref}`fig-multitask-finetuning-penalties` an auxiliary feature of size 1000 makes a main coefficient of 1 a thousand times cheaper, in MTL and PT+FT alike.
# The difference lies in the bend: sharp in (a), spread over decades in (b), because far above the bend $\kappa q(2\beta/\kappa) \approx 2|\beta|(\log(2|\beta|/\kappa) - 1)$ approaches a modulus only logarithmically.

# %% [markdown]
# ## Figures 3a and 3d: order and feature dependence
#
# The claim: between reuse without sparsity and sparsity without reuse lies a nested regime, and it is wide for PT+FT only.

# %%
auxes = np.geomspace(1e-4, 1e2, 121)
at = jnp.full(121, main_size), jnp.array(auxes)
orders = {"MTL": penalties.multi_task_orders(*at), "PT+FT": penalties.finetuning_orders(*at)}
cosines = (1.0, 0.99, 0.95, 0.9, 0.5, 0.0)
turned = {c: penalties.relu_finetuning_orders(*at, c) for c in cosines}

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Figures 3a and 3d of the paper, theory. ℓ-order (left axis) and feature dependence (right axis) against auxiliary magnitude at a main coefficient of 1, γ = 0. Left: diagonal networks; bars: where -0.5 < FD < -0.1. Right: ReLU networks, by cosine between the features.", "name": "fig-multitask-finetuning-orders"}, "image": {"alt": "Left: the order of MTL rises steeply from one to two around equal magnitudes, that of PT+FT slowly from 1.1; the bar of PT+FT is five times as long. Right: orders for cosines below one rise and then collapse to zero beyond equal magnitudes."}}
figure, axes = plt.subplots(1, 2, figsize=(style.PAGE_WIDTH, 2.7))
for (name, order), height in zip(orders.items(), (1.03, 1.08), strict=True):
    axes[0].semilogx(auxes, order.order, color=COLORS[name], label=name)
    band = auxes[(order.feature_dependence < -0.1) & (order.feature_dependence > -0.5)]
    axes[0].plot(band[[0, -1]], [height, height], color=COLORS[name], lw=4)
tones = shades(cosines)
for cosine, order in turned.items():
    axes[1].semilogx(auxes, order.order, color=tones[cosine], label=f"cosine {cosine:g}")
for ax, low in zip(axes, (1, 0), strict=True):
    ax.set(ylim=(low - 0.02, 2.02), xlabel="auxiliary magnitude", ylabel="ℓ-order")
    ax.axvline(main_size, color="0.6", lw=0.8, ls="--")
    right = ax.secondary_yaxis("right", functions=(lambda y: 1 - y, lambda y: 1 - y))
    right.set_ylabel("feature dependence")
    ax.legend(loc="lower left" if low == 0 else "upper left", fontsize=6.5)
plt.show()

# %% [markdown]
# {numref}`fig-multitask-finetuning-orders`: the band in which a penalty is close to sparse and still depends on the auxiliary feature spans 3.66 decades of auxiliary magnitude for PT+FT and 0.76 for MTL.
# On the right, features that point elsewhere help only where magnitudes match; a larger auxiliary feature of cosine 0.9 has FD near 1: it is avoided.
# The paper's compiled figure shows a panel of its image experiment in the place of 3d; its caption and script describe the one drawn here.

# %%
kinds = [*orders.values(), *turned.values()]
error = max(float(jnp.abs(sum(kind) - 1).max()) for kind in kinds)
claims.check("C1", error, sign=error < 0.1)

# %%
ones = jnp.ones(())
exact = [penalties.multi_task_orders(ones, ones), penalties.finetuning_orders(ones, ones)]
exact = np.array([*(k.order for k in exact), penalties.relu_finetuning_orders(ones, ones, 1.0).order])
miss = np.abs(exact - [1.7071, 1.8867, 1.5680]).max()
claims.check("C2", miss, sign=miss < 0.1)

# %%
laws = {"MTL": penalties.multi_task, "PT+FT": penalties.finetuning}
laws["ReLU"] = lambda m, a: penalties.relu_finetuning(m, a, 1.0)
widths = {name: penalties.nested_band(law).decades for name, law in laws.items()}
print({name: round(width, 2) for name, width in widths.items()})
ratio = widths["PT+FT"] / widths["MTL"]
claims.check("C3", ratio, sign=ratio > 1)

# %% [markdown]
# ## Do penalties describe training?
#
# The claim: for PT+FT the penalty is what gradient descent minimizes; for MTL it is what weight decay minimizes, while plain descent ends elsewhere when the data do not determine the main task.

# %%
if paper:
    runs = [experiments.descent_against_dual(key, **start) for start in experiments.STARTS]
    for start, run in zip(experiments.STARTS, runs, strict=True):
        print(f"distance {run['distance']:.1e}  KKT {run['kkt']:.1e}", start)
    worst = max(float(run[name]) for run in runs for name in ("distance", "kkt"))
    print(claims.check("C4", worst, sign=worst < 0.1))

# %%
if paper:
    check = experiments.weight_decay_against_group_lasso
    lasso = max(float(check(key, decay=decay)["distance"]) for decay in (0.01, 0.03, 0.1))
    print(claims.check("C5", lasso, sign=lasso < 0.5))
    plain = [experiments.plain_descent_distance(rng.seed_key(key, i)) for i in range(3)]
    print("plain descent, from the interpolator:", [f"{run['distance_main']:.0%}" for run in plain])

# %% [markdown]
# Gradient descent from a pretrained network stays within rounding and step size of the convex solution, so all PT+FT and STL curves of diagonal networks below are convex solutions.
# Plain MTL descent ends 45 to 99 % away from the group-norm interpolator in under-determined problems: all MTL curves below are gradient descent.

# %% [markdown]
# ## Figures 2a and 2b: sparsity
#
# The claim: with no feature in common, all three ways of learning prefer few features: the fewer the main task has, the fewer examples it needs.

# %%
exact, both = stored("exact-sparse"), stored("mtl-sparse")
single = np.minimum(exact["single"], exact["null"])  # the best over training, see D2
tuned = np.minimum(exact["finetuned"], exact["null"])
base = single.sel(n_train=16, drop=True)
linear = {"STL": single / base, "MTL": both["best"] / base, "PT+FT": tuned.sel(rescaling=1) / base}
linear |= {f"PT+FT × {c:g}": tuned.sel(rescaling=c) / base for c in (0.1, 0.01)}


# %%
def sparse_curve(ax, figure, name, nested, k, **look):
    """Ours and the published curve of one condition of the diagonal networks."""
    setup, _, scale = name.partition(" × ")
    rows = f"setup == '{setup}' and overlap == '{nested}' and active_dims == {k}"
    rows += f" and w_scaling == {scale}" * bool(scale)
    table = "diag_rescaling" if scale else "diag_sparse"
    curve(ax, f"{figure} {name}", linear[name].sel(nested=nested, active=k), table, rows, **look)


# %%
UNITS = (1, 3, 6)
relu_runs = {}
if paper:
    names = ("single", "finetuned", "multitask")
    relu_runs = {name: stored(f"relu-units-{name}") for name in names}
    relu_runs["rescaled"] = stored("relu-rescaled-single")


# %%
def units(name, k, same):
    """Loss of one condition of the experiment on the number of units, over its baseline."""
    if not paper:
        return None
    setup, _, scale = name.partition(" × ")
    row = (k, same, 0.0, float(scale or 1))
    run = {"STL": "single", "MTL": "multitask", "PT+FT": "finetuned"}[setup]
    alone = "relu-rescaled-single" if row[-1] != 1 else "relu-units-single"
    base = relu_runs["rescaled" if row[-1] != 1 else "single"]["loss"].sel(n_train=16, drop=True)
    base = base.isel(condition=plans[alone].constants["rows"].index(row))
    rows = plans[f"relu-units-{run}"].constants["rows"]
    losses = relu_runs[run]["best" if setup == "MTL" else "loss"]
    return losses.isel(condition=rows.index(row)) / base


# %%
def units_curve(ax, figure, name, k, same, **look):
    """Ours and the published curve of one condition of the ReLU networks."""
    setup, _, scale = name.partition(" × ")
    rows = f"setup == '{setup}' and corr == {int(same > 0)} and n_units == {k}"
    rows += f" and weight_scaling == {scale}" * bool(scale)
    table = "relu_rescaling" if scale else "relu_units"
    curve(ax, f"{figure} {name}", units(name, k, same), table, rows, **look)


# %% tags=["hide-input"] mystnb={"figure": {"caption": "Figures 2a and 2b of the paper. Generalization loss over its STL baseline, by number of main features, none of them shared with the auxiliary task. First row: diagonal networks (STL and PT+FT exact, 24 seeds; MTL by gradient descent, 6 seeds); second row: ReLU networks, 3 seeds. Filled: our mean ± 2 s.e.; hollow, dashed: published mean ± 2 s.e. over 6 seeds.", "name": "fig-multitask-finetuning-sparsity"}, "image": {"alt": "Six log-log learning curves. In each, the loss falls with the number of examples, first for the fewest features, last for the most. Our curves lie on the published ones down to a thousandth of the baseline."}}
figure, axes = plt.subplots(2, 3, figsize=(style.PAGE_WIDTH, 4.4), sharey=True)
tones = shades(experiments.ACTIVE), shades(UNITS)
for ax, name in zip(axes[0], ("STL", "MTL", "PT+FT"), strict=True):
    for k, color in tones[0].items():
        sparse_curve(ax, "2a", name, "no", k, color=color, label=f"{k}")
    ax.set_title(name)
for ax, name in zip(axes[1], ("STL", "MTL", "PT+FT"), strict=True):
    for k, color in tones[1].items():
        units_curve(ax, "2b", name, k, 0, color=color, label=f"{k}")
    ax.set_xlabel("main examples n")
for row, word in zip(axes, ("dims", "units"), strict=True):
    row[0].legend(title=word, loc="lower left", fontsize=6.5)
    row[0].set_ylabel("loss / baseline")
    row[0].set_ylim(1e-7, 4)
style.panel_letters(axes[:, 0], "ab")
plt.show()

# %% [markdown]
# In {numref}`fig-multitask-finetuning-sparsity` 5 diagonal features are found with 128 examples, 40 only with 512, whichever way the network learns.
# MTL and PT+FT are a little worse than STL: the auxiliary features are attractive and of no use here.
# Below about 10⁻⁵ the published losses show where training was stopped; exact solutions go on falling.

# %%
SETUPS = ("STL", "MTL", "PT+FT")
if paper:
    new = {"nested": "no", "n_train": 128}
    rises = [spearmanr(experiments.ACTIVE, linear[name].sel(new).mean("seed")) for name in SETUPS]
    losses = [[units(name, k, 0).sel(n_train=64).mean() for k in UNITS] for name in SETUPS]
    rises = [float(rise.statistic) for rise in rises + [spearmanr(UNITS, row) for row in losses]]
    print(claims.check("C6", min(rises), sign=min(rises) > 0))

# %% [markdown]
# ## Figures 2c to 2f: reuse
#
# The claim: shared features are reused, by both MTL and PT+FT; where only some are shared, both reuse these and learn the rest, which a probe (LP, of the readout alone) cannot.

# %%
overlaps = {}
if paper:
    shared = stored("exact-overlap")
    overlaps = {"STL": shared["single_best"], "MTL": stored("mtl-overlap")["best"]}
    overlaps |= {"PT+FT": shared["finetuned_best"], "PT+FT (LP)": shared["probed"]}
    overlaps["STL (LP)"] = shared["probed_single"]
    base = shared["single_best"].sel(n_train=16, drop=True)
    overlaps = {name: losses / base for name, losses in overlaps.items()}

# %%
ROWS = plans["relu-overlap-single"].constants["rows"]
networks = {"STL": stored("relu-overlap-single")["loss"]}
base = networks["STL"].sel(n_train=16, drop=True)
if paper:
    networks["PT+FT"] = stored("relu-overlap-finetuned")["loss"]
    networks["MTL"], ridge = stored("relu-overlap-multitask")["best"], stored("relu-ridge")
    for name, run in {"STL": "single", "PT+FT": "finetuned"}.items():
        networks |= {f"{name} ({kind})": ridge[f"{run}_{kind.lower()}"] for kind in ("LP", "NTK")}
networks = {name: losses / base for name, losses in networks.items()}

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Figures 2c to 2f of the paper. Loss over its STL baseline where main features are auxiliary features. First row: diagonal networks with 40 main features, 6 seeds, of which 40 (c), 20 and 30 (e) are shared; second row: ReLU networks with 6 main units, 3 seeds, of which 6 (d), 3 and 5 (f) are shared; LP and NTK there are ridge regressions with the best penalty. Filled: our mean ± 2 s.e.; hollow, dashed: published mean ± 2 s.e. over 6 seeds.", "name": "fig-multitask-finetuning-reuse"}, "image": {"alt": "Six log-log learning curves. With identical features MTL and finetuning fall orders of magnitude below single-task learning, and probes further; with partly shared features they still fall below it while probes stay high."}}
figure, axes = plt.subplots(2, 3, figsize=(style.PAGE_WIDTH, 4.6), sharey=True)
for ax, count in zip(axes[0], (40, 20, 30), strict=True):
    for name, ours in overlaps.items():
        rows = f"setup == '{name}' and overlap == {count}"
        look = {"color": COLORS[name], "label": name}
        panel = f"{'2c' if count == 40 else '2e'} {name}"
        curve(ax, panel, ours.sel(overlap=count), "diag_overlap", rows, **look)
    ax.set_title(f"{count} of 40 shared")
for ax, count in zip(axes[1], (6, 3, 5), strict=True):
    for name, ours in networks.items():
        rows = f"setup == '{name}' and units == '{count}/6'"
        ours = ours.isel(condition=ROWS.index((6, count, 0.0, 1.0)))
        look = {"color": COLORS[name], "label": name}
        curve(ax, f"2{'d' if count == 6 else 'f'} {name}", ours, "relu_overlap", rows, **look)
    ax.set_title(f"{count} of 6 shared")
    ax.set_xlabel("main examples n")
for row in axes:
    row[0].set(ylabel="loss / baseline", ylim=(1e-7, 4))
handles, words = axes[1, 0].get_legend_handles_labels()
figure.legend(handles, words, loc="outside lower center", ncols=4)
style.panel_letters(axes[:, :2].flat, "cedf")
plt.show()

# %% [markdown]
# {numref}`fig-multitask-finetuning-reuse`: with all features shared, PT+FT is at 10⁻⁴ of the baseline with 64 examples, STL only with more than 256, and a probe is lower still, since it only has to choose among 40 features.
# With half of them shared, the probe stays at half of the baseline, and MTL and PT+FT fall.
#
# Ridge on pretrained ReLU features (d) ends a few times higher than published.
# It inherits the error of pretraining, which we stopped after 20 000 steps at training losses of 2 × 10⁻⁶ to 10⁻⁵, the authors after 100 000; so does PT+FT with weights times 10 below.


# %%
def gaps(losses, better=("MTL", "PT+FT"), worse=()):
    """Decades between STL and each setup that is expected below or above it."""
    size = {name: float(values.mean("seed")) for name, values in losses.items()}
    below = {name: np.log10(size["STL"] / size[name]) for name in better}
    return below | {name: np.log10(size[name] / size["STL"]) for name in worse}


# %%
if paper:
    same = [gaps({name: losses.sel(overlap=40, n_train=64) for name, losses in overlaps.items()})]
    same += [gaps({name: losses.isel(condition=2).sel(n_train=128) for name, losses in networks.items()})]
    found = np.array([gap for panel in same for gap in panel.values()])
    print(found.round(2), claims.check("C7", found.min(), sign=np.median(found) > 0))

# %%
if paper:
    half = {name: losses.sel(overlap=20, n_train=256) for name, losses in overlaps.items()}
    five = {name: losses.isel(condition=1).sel(n_train=256) for name, losses in networks.items()}
    some = [gaps(losses, worse=["PT+FT (LP)"]) for losses in (half, five)]
    found = np.array([gap for panel in some for gap in panel.values()])
    print(found.round(2), claims.check("C8", found.min(), sign=np.median(found) > 0))

# %% [markdown]
# ## Figures 3b and 3c: nested feature selection
#
# The claim: when the main task uses a few of the auxiliary features, unscaled PT+FT does not care how few; scaled down, it does.

# %% tags=["cover", "hide-input"] mystnb={"figure": {"caption": "Figures 3b and 3c of the paper. Diagonal networks whose main features are a subset of the 40 auxiliary ones; MTL by gradient descent, 6 seeds; PT+FT exact, 24 seeds, with pretrained weights times 1, 0.1 and 0.01. Filled: our mean ± 2 s.e.; hollow, dashed: published mean ± 2 s.e. over 6 seeds.", "name": "fig-multitask-finetuning-nested"}, "image": {"alt": "Four log-log learning curves by number of main features. Unscaled finetuning has nearly one curve for all; scaled by 0.1 and 0.01 the curves fan out, 5 features needing far fewer examples than 40."}}
figure, axes = plt.subplots(1, 4, figsize=(style.PAGE_WIDTH, 2.6), sharey=True)
facets = ("MTL", "PT+FT", "PT+FT × 0.1", "PT+FT × 0.01")
for ax, name in zip(axes, facets, strict=True):
    for k, color in shades(experiments.ACTIVE).items():
        sparse_curve(ax, "3c" if "×" in name else "3b", name, "yes", k, color=color, label=f"{k}")
    ax.set_title(name, fontsize=8.5)
    ax.set_xlabel("n")
axes[0].set(ylabel="loss / baseline", ylim=(1e-7, 4))
axes[0].legend(title="dims", fontsize=6.5)
style.panel_letters(axes[1:3], "bc")
plt.show()

# %% [markdown]
# In {numref}`fig-multitask-finetuning-nested` 64 examples suffice for unscaled PT+FT whether 5 or 40 of the pretrained features are used: it is in the quadratic regime among them, and pays for all 40.
# Scaled down by 100, it finds 5 features with 32 examples and fails on 40 with 64.

# %%
at = {"nested": "yes", "n_train": 64 if paper else 16}
factor = {name: losses.sel(at).mean("seed") for name, losses in linear.items()}
factor = {name: float(losses.sel(active=40) / losses.sel(active=5)) for name, losses in factor.items()}
print({name: f"{value:.3g}" for name, value in factor.items()})
gain = factor["PT+FT × 0.1"] / factor["PT+FT"]
claims.check("C9", gain, sign=gain > 1)

# %% [markdown]
# ## Figure 9: the price of scaling down
#
# The claim: scaled down too far, pretrained features become as expensive as new ones.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Figure 9 of the paper. Main features that are a subset of the auxiliary ones (blue) or new (orange), by setup and scale of the pretrained weights. (a) Diagonal networks, 5 main features, 24 seeds (MTL: 6); (b) ReLU networks, 1 main unit, 3 seeds, each over the STL baseline of the same scale. Filled: our mean ± 2 s.e.; hollow: published mean ± 2 s.e. over 6 seeds.", "name": "fig-multitask-finetuning-price"}, "image": {"alt": "Two rows of learning curves, each with a curve for nested and one for new features. The distance between the two curves shrinks from panel to panel as the weights are scaled down."}}
figure, axes = plt.subplots(2, 4, figsize=(style.PAGE_WIDTH, 4.2), sharey=True)
looks = {"yes": {"color": style.OKABE_ITO["blue"]}, "no": {"color": style.OKABE_ITO["orange"]}}
for ax, name in zip(axes[0], facets, strict=True):
    for nested, look in looks.items():
        sparse_curve(ax, "9a", name, nested, 5, label={"yes": "subset", "no": "new"}[nested], **look)
    ax.set_title(name, fontsize=8.5)
for ax, name in zip(axes[1], ("MTL", "PT+FT × 10", "PT+FT × 1", "PT+FT × 0.1"), strict=True):
    for nested, look in looks.items():
        units_curve(ax, "9b", name, 1, 6 * (nested == "yes"), **look)
    ax.set(title=name, xlabel="n")
axes[0, 0].legend()
for ax in axes[:, 0]:
    ax.set(ylabel="loss / baseline", ylim=(1e-7, 4))
style.panel_letters(axes[:, 0], "ab")
plt.show()

# %%
if paper:
    at = {"active": 5, "n_train": 64}
    ratios = [linear[name].sel(at).mean("seed") for name in ("PT+FT", "PT+FT × 0.1", "PT+FT × 0.01")]
    gap = [float(np.log10(loss.sel(nested="no") / loss.sel(nested="yes"))) for loss in ratios]
    pairs = [[units(f"PT+FT × {c}", 1, same).sel(n_train=64) for same in (0, 6)] for c in (10, 1, 0.1)]
    relu_gap = [float(np.log10(new.mean() / nested.mean())) for new, nested in pairs]
    print("gaps, decades", {"diagonal": np.round(gap, 2), "ReLU": np.round(relu_gap, 2)})
    falls = -np.concatenate([np.diff(gap), np.diff(relu_gap)])
    why = "our nested loss at scale 0.01 lies below the loss at which published training stopped"
    print(claims.check("C10", falls.min(), sign=np.median(falls) > 0, reason=why))

# %%
if paper:
    scales = ("PT+FT", "PT+FT × 0.1", "PT+FT × 0.01")
    medians = [linear[name].sel(active=5).median("seed").transpose("n_train", "nested") for name in scales]
    for nested in ("yes", "no"):
        losses = [loss.sel(nested=nested).values for loss in medians]
        found = [experiments.measured_examples(exact["n_train"].values, loss) for loss in losses]
        print(f"examples to one percent, nested {nested}:", np.round(found))

# %% [markdown]
# In {numref}`fig-multitask-finetuning-price` the two curves approach each other as weights are scaled down: to reach one percent of the baseline, new features need 65 examples more than nested ones unscaled, 47 at scale 0.1 and 28 at 0.01.
#
# The rule of C10 looks at losses at 64 examples, as the published numbers do, and there our diagonal networks pass only the first step: 5.5, 4.9 and 5.4 decades, published 5.4, 4.9 and 4.7.
# The difference is the last nested loss, 5 × 10⁻⁸ of the baseline where theory gives the end of training, 2 × 10⁻⁷ where the published training was stopped; the losses of new features agree (1.1 % of the baseline in both).
# ReLU networks, which are trained here too, pass both steps.

# %% [markdown]
# ## Figures 3e and 3f: nested selection in ReLU networks
#
# The claim: ReLU networks sit in the nested regime without any rescaling.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Figures 3e and 3f of the paper. ReLU networks whose 1, 3 or 6 main units are auxiliary units; MTL, and PT+FT with pretrained weights times 1, 0.1 and 10. Filled: our mean ± 2 s.e. over 3 seeds; hollow, dashed: published mean ± 2 s.e. over 6 seeds.", "name": "fig-multitask-finetuning-relu-nested"}, "image": {"alt": "Four log-log learning curves by number of main units. Curves of MTL and of scale ten coincide; those of unscaled finetuning and of scale 0.1 fan out."}}
figure, axes = plt.subplots(1, 4, figsize=(style.PAGE_WIDTH, 2.6), sharey=True)
facets_relu = ("MTL", "PT+FT", "PT+FT × 0.1", "PT+FT × 10")
for ax, name in zip(axes, facets_relu, strict=True):
    for k, color in shades(UNITS).items():
        units_curve(ax, "3f" if "×" in name else "3e", name, k, 6, color=color, label=f"{k}")
    ax.set(title=name, xlabel="n")
axes[0].set(ylabel="loss / baseline", ylim=(1e-6, 4))
axes[0].legend(title="units", fontsize=6.5)
style.panel_letters(axes[::2], "ef")
plt.show()


# %%
def sensitivity(name, n):
    """Decades between the losses of 6 and of 1 nested unit."""
    many, one = (float(units(name, k, 6).sel(n_train=n).mean()) for k in (6, 1))
    return np.log10(many / one)


# %%
if paper:
    told = {name: sensitivity(name, 64) for name in facets_relu}
    print({name: round(float(value), 2) for name, value in told.items()})
    beyond = told["PT+FT"] - max(told["MTL"], told["PT+FT × 10"])
    print(claims.check("C11", beyond, sign=beyond > 0))
    more = sensitivity("PT+FT × 0.1", 128) - sensitivity("PT+FT", 128)
    print(claims.check("C11b", more, sign=more > 0))

# %% [markdown]
# In {numref}`fig-multitask-finetuning-relu-nested` the number of units matters to unscaled PT+FT and at scale 0.1; MTL and scale 10 hardly see it.

# %% [markdown]
# ## Figure 4: correlated features
#
# The claim: PT+FT, unlike MTL, profits from auxiliary features that are merely similar, provided that their magnitudes match.

# %%
similar = {name: networks[name].isel(condition=3) for name in SETUPS if name in networks}
weak = {}
if paper:
    alone, after = stored("relu-magnitude-single")["loss"], stored("relu-magnitude-finetuned")["loss"]
    base = alone.isel(condition=0).sel(n_train=32, drop=True)
    weak = {"STL": alone.isel(condition=0) / base}
    weak |= {f"{c:g}": after.isel(condition=i) / base for i, c in enumerate((1, 0.9, 0.8))}

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Figure 4 of the paper, ReLU networks with 6 main units. (a) All main units have cosine 0.9 with an auxiliary unit; our mean ± 2 s.e. over 3 seeds (filled), published over 6 (hollow). (b) One seed, by magnitude of the main task's output weights; PT+FT by cosine.", "name": "fig-multitask-finetuning-correlated"}, "image": {"alt": "Left: finetuning falls orders of magnitude below single-task and multi-task learning. Three panels on the right: at magnitude one finetuning helps for all cosines, at 0.01 only for cosine one."}}
figure, axes = plt.subplots(1, 4, figsize=(style.PAGE_WIDTH, 2.7), sharey=True)
for name, ours in similar.items():
    rows = f"setup == '{name}' and units == 'corr0.9'"
    curve(axes[0], f"4a {name}", ours, "relu_overlap", rows, color=COLORS[name], label=name)
table = published.load(PAPER, "relu_corr_magnitude")
tones = {"STL": COLORS["STL"]} | shades(("1", "0.9", "0.8"), "summer")
for ax, size in zip(axes[1:], ("1", "0.1", "0.01"), strict=True):
    for name, color in tones.items():
        rows = f"magnitude == {size} and setup == '{'STL' if name == 'STL' else 'PT+FT'}'"
        rows += f" and correlation == {1.0 if name == 'STL' else name}"
        theirs = table.query(rows).sort_values("n_train")
        ax.loglog(theirs["n_train"], theirs["ratio"], color=color, ls="--", lw=0.7, **style.PUBLISHED)
        if name in weak:
            curve(ax, "", weak[name].sel(magnitude=size), color=color, label=name)
    ax.set(title=f"magnitude {size}", xlabel="n")
axes[0].set(ylabel="loss / baseline", title="cosine 0.9", ylim=(1e-6, 4), xlabel="n")
axes[0].legend(fontsize=6.5)
axes[1].legend(fontsize=6.5)
style.panel_letters(axes[:2], "ab")
plt.show()

# %% [markdown]
# {numref}`fig-multitask-finetuning-correlated`: turning a pretrained unit by 26° costs less than growing a new one, if it has the right size; a hundred times smaller a main feature, and the turn costs more than it.

# %%
if paper:
    ends = {name: float(losses.sel(n_train=256).mean()) for name, losses in similar.items()}
    print({name: f"{value:.2g}" for name, value in ends.items()})
    print(claims.check("C12", ends["PT+FT"] / ends["STL"], sign=ends["PT+FT"] < ends["STL"]))
    print(claims.check("C12b", ends["MTL"] / ends["STL"], sign=ends["MTL"] > ends["PT+FT"]))

# %%
if paper:
    benefit = weak["STL"].sel(n_train=256) / weak["0.9"].sel(n_train=256)
    change = float(np.log10(benefit.sel(magnitude="1") / benefit.sel(magnitude="0.01")).mean())
    print(claims.check("C13", change, sign=change > 0))

# %% [markdown]
# ## Figures 8 and 11: representations
#
# The claim: nested feature selection leaves a trace in the hidden layer: after finetuning it has fewer dimensions than before, and all of them were there before.
# Dimensions are counted by the participation ratio (PR), shared ones by the effective number of shared dimensions (ENSD).
# The paper's own numbers for ReLU networks are not public; these are ours.

# %%
scales, traces, spread = (0.1, 1.0, 10.0), {}, {}
if paper:
    runs, rows = relu_runs["finetuned"].sel(n_train=64), plans["relu-units-finetuned"].constants["rows"]
    for k in (1, 6):
        chosen = [rows.index((k, 6, 0.0, scale)) for scale in scales]
        traces[k] = runs[["pr_pre", "pr_post", "ensd"]].isel(condition=chosen).mean("seed")
    grown = stored("relu-clusters")
    spread = {name: experiments.cluster_profile(grown, name) for name in SETUPS}

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Left, middle: Figure 11 of the paper for ReLU networks, ours, mean of 3 seeds, n = 64. Dimensions of the hidden layer before and after finetuning, and shared ones, by scale of the pretrained weights, for 1 and 6 nested main units. Right: Figure 8, ours, one seed, n = 128, 3 of 6 units shared: k-means inertia of the hidden weights, relative to one cluster, against the number of clusters.", "name": "fig-multitask-finetuning-dimensions"}, "image": {"alt": "Left: with one main unit, dimensions after finetuning fall from four to one as the scale falls, and the shared dimensions fall with them. Middle: with six units all three curves stay at four. Right: inertia falls with the number of clusters."}}
figure, axes = plt.subplots(1, 3, figsize=(style.PAGE_WIDTH, 2.6))
words = {"pr_pre": "PR before", "pr_post": "PR after", "ensd": "shared (ENSD)"}
for ax, (k, trace) in zip(axes, traces.items(), strict=False):
    for (name, word), marker in zip(words.items(), "so^", strict=True):
        ax.semilogx(scales, trace[name], label=word, **style.OURS | {"marker": marker})
    ax.set(title=f"{k} main unit{'s' * (k > 1)}", xlabel="scale", ylim=(0, 4.6))
axes[0].set_ylabel("dimensions")
axes[0].legend(loc="lower right")
for name, profile_of in (spread if paper else {}).items():
    look = {"color": COLORS[name], "label": name}
    axes[2].plot(profile_of["clusters"], profile_of["inertia"], **look, **style.OURS)
axes[2].set(xlabel="clusters", ylabel="inertia / total", ylim=(0, 1.05))
axes[2].legend()
plt.show()

# %% [markdown]
# In {numref}`fig-multitask-finetuning-dimensions` one nested unit leaves the unscaled network 3.3 of its 4.0 dimensions and the one scaled by 0.1 only 1.1, all of them shared; weights times 10 hardly move, and six units need all dimensions.
# On the right the hidden weights of MTL, which serve 9 different teacher units, gather most tightly once there are enough clusters; the best of six cluster centres has a cosine of 0.92 (MTL), 0.85 (STL) and 0.83 (PT+FT) with a main unit, on average.

# %%
if paper:
    trace = traces[1].isel(condition=[0, 1])
    share = float((trace["ensd"] / trace["pr_post"]).min())
    fewer = bool((trace["pr_post"] < trace["pr_pre"]).all())
    print({name: f"alignment {profile_of['alignment']:.3f}" for name, profile_of in spread.items()})
    print(claims.check("C15b", share, sign=fewer))

# %% [markdown]
# ## Figure 5: images, as published
#
# The claim: scaling a pretrained ResNet-18 down before finetuning helps it on a two-way CIFAR-100 task, because its representation then selects nested features; a vision transformer, whose features are replaced instead, it harms.
# We did not train these networks: 50 seeds of 42 networks need a GPU and the data set.
# The pipeline is part of the library (`inductive.experiments.multitask_finetuning.image_sweeps`, with ResNet-18, the transformer and loaders for CIFAR-10 and CIFAR-100) and is tested on small generated images.
# The paper's axis says *accuracy* where it draws the error, which the labels below correct.

# %%
tables = {name: published.load(PAPER, f"cifar_{name}_acc") for name in ("resnet", "vit")}
dimensions = {name: published.load(PAPER, f"cifar_{name}_ensd") for name in tables}
TITLES = {"resnet": "ResNet-18", "vit": "vision transformer"}
SCALES = shades((0.125, 0.25, 0.5, 1.0, 2.0), "cividis")


def errors(ax, rows, **look):
    """Published error rates with bars of 2 s.e."""
    half = 2 * rows["acc_sd"] / np.sqrt(rows["n"])
    ax.errorbar(rows["n_samples"], 1 - rows["acc_mean"], half, **style.PUBLISHED | {"lw": 1} | look)


# %% tags=["hide-input"] mystnb={"figure": {"caption": "Figure 5 of the paper, published: error on a two-way task of CIFAR-100 against the number of main examples, mean ± 2 s.e. over 28 to 50 seeds. (a, d) by setup; (b, e) PT+FT by the factor of all pretrained weights; (c, f) dimensions before and after finetuning and shared ones by layer, n = 1000, pretrained weights times 0.125.", "name": "fig-multitask-finetuning-images"}, "image": {"alt": "Two rows of three panels. The error of the ResNet falls with smaller scales at every size, that of the transformer is lowest unscaled. In deep layers of the ResNet the shared dimensions equal those after finetuning; in the transformer they are near zero."}}
figure, axes = plt.subplots(2, 3, figsize=(style.PAGE_WIDTH, 4.6))
for row, (name, table) in zip(axes, tables.items(), strict=True):
    for setup in SETUPS:
        chosen = table[(table["setup"] == setup) & (table["scaling"].fillna(1) == 1)]
        errors(row[0], chosen, color=COLORS[setup], label=setup)
    for scale, color in SCALES.items():
        chosen = table[(table["setup"] == "PT+FT") & (table["scaling"] == scale)]
        errors(row[1], chosen, color=color, label=f"× {scale:g}")
    layers = (
        dimensions[name]
        .query("n_samples == 1000 and scaling == 0.125")
        .pivot(index="layer", columns="variable")
    )
    for variable, marker in zip(("PR Pre", "PR Post", "ENSD"), "so^", strict=True):
        look = style.PUBLISHED | {"marker": marker, "label": variable}
        row[2].semilogy(layers.index + 1, layers["mean"][variable], **look)
    for ax in row[:2]:
        ax.set(xscale="log", yscale="log", yticks=[0.1, 0.2, 0.4], xlabel="main examples n")
        ax.set_yticklabels([0.1, 0.2, 0.4])
        ax.minorticks_off()
    row[0].set(ylabel=f"{TITLES[name]}\nerror")
    row[2].set(xlabel="layer", ylabel="dimensions")
for ax in axes[0]:
    ax.legend(fontsize=6.5)
style.panel_letters(axes.flat, "abcdef")
plt.show()

# %%
untested = "not run here: 50 seeds of CIFAR-100 networks need a GPU and the data set; the authors' tables are redrawn"
print(claims.skip("C14", untested))
claims.skip("C15", untested)

# %% [markdown]
# In {numref}`fig-multitask-finetuning-images` a ResNet at scale 0.125 ends with 2.05 dimensions in its last stage (6.80 before), and 2.62 effectively shared: a subset.
# The transformer at that scale ends with 2.38 of which 0.07 are shared: new features.
# The same signature is live above in ReLU networks (C15b).

# %% [markdown]
# ## Three conventions
#
# The public tables follow conventions that the text does not mention; each moves a curve.
#
# 1. **Coefficients.** The text and the generator in the public code give a task of $k$ features coefficients $1/\sqrt k$. The sparse tables were made with $1/k$, and MTL with auxiliary coefficients of 1/40 where PT+FT has $1/\sqrt{40}$.
# 2. **Best over training.** The published loss of a diagonal network is the least on the way, so it never exceeds that of the zero function.
# 3. **A factor 2.** The formula assumes that both branches carry a feature, $\kappa = |\beta_\text{aux}| + \gamma^2$; a trained network has it in one branch, and $\kappa \approx |\beta_\text{aux}|/2$.
#
# A fourth difference is ours: MTL takes 10⁵ steps everywhere, where the paper's experiment on overlap took 10⁶.


# %%
def relative(losses, run, nested, active):
    """Losses of one condition over its STL baseline, which comes from an exact run."""
    base = np.minimum(run["single"], run["null"]).sel(nested=nested, active=active)
    return losses.sel(nested=nested, active=active) / base.sel(n_train=16, drop=True)


# %%
variants = {
    "MTL, 5 nested": {"published": relative(both["best"], exact, "yes", 5)},
    "PT+FT, 40 nested": {"published": relative(tuned.sel(rescaling=1), exact, "yes", 40)},
    "PT+FT, 5 new": {
        "best": relative(tuned.sel(rescaling=1), exact, "no", 5),
        "last": relative(exact["finetuned"].sel(rescaling=1), exact, "no", 5),
    },
    "MTL, 30 of 40 shared": {},
}
if paper:
    text, norm = stored("exact-sparse-text"), stored("mtl-sparse-magnitude")["best"]
    capped = np.minimum(text["finetuned"], text["null"]).sel(rescaling=1)
    variants["MTL, 5 nested"]["aux 1/√40"] = relative(norm, exact, "yes", 5)
    unit = relative(stored("mtl-sparse-text")["best"], text, "yes", 5)
    variants["MTL, 5 nested"]["as in the text"] = unit
    variants["PT+FT, 40 nested"]["as in the text"] = relative(capped, text, "yes", 40)
    for label, name in {"10⁵ steps": "mtl-overlap", "10⁶ steps": "mtl-overlap-long"}.items():
        losses = stored(name)["best"].sel(overlap=30, seed=[0])
        base = shared["single_best"].sel(n_train=16, overlap=30, drop=True)
        variants["MTL, 30 of 40 shared"][label] = losses / base

# %% tags=["hide-input"] mystnb={"figure": {"caption": "What the conventions change, diagonal networks. MTL of 5 nested features with coefficients of 1/k and auxiliary ones of 1/40 (as published, 6 seeds) and others (one seed); PT+FT of 40 nested features, coefficients as published and as in the text; PT+FT of 5 new features, best and last loss over training (all exact); MTL with 30 of 40 features shared after 10⁵ and 10⁶ steps (one seed). Filled: ours, mean ± 2 s.e.; hollow: published.", "name": "fig-multitask-finetuning-conventions"}, "image": {"alt": "Four log-log learning curves. In the first, larger auxiliary coefficients lower the loss by more than a decade. In the second, the coefficients of the text move the loss below a thousandth of the baseline. In the third, the last loss rises above the best where there are few examples. In the fourth, ten times more steps lower only small losses."}}
figure, axes = plt.subplots(1, 4, figsize=(style.PAGE_WIDTH, 2.7), sharey=True)
sparse_rows = "setup == '{}' and overlap == '{}' and active_dims == {}"
sources = {
    "MTL, 5 nested": ("diag_sparse", sparse_rows.format("MTL", "yes", 5)),
    "PT+FT, 40 nested": ("diag_sparse", sparse_rows.format("PT+FT", "yes", 40)),
    "PT+FT, 5 new": ("diag_sparse", sparse_rows.format("PT+FT", "no", 5)),
    "MTL, 30 of 40 shared": ("diag_overlap", "setup == 'MTL' and overlap == 30"),
}
for ax, (title, drawn) in zip(axes, variants.items(), strict=True):
    for i, (label, ours) in enumerate(drawn.items()):
        table, rows = sources[title] if label in ("published", "best", "10⁶ steps") else (None, None)
        color = style.OKABE_ITO[("green", "orange", "purple")[i]]
        curve(ax, "", ours, table, rows, color=color, label=label)
    ax.set(xlabel="main examples n", ylim=(1e-7, 4))
    ax.set_title(title, fontsize=8)
    if drawn:
        ax.legend(fontsize=6, loc="upper right")
axes[0].set_ylabel("loss / baseline")
plt.show()

# %% [markdown]
# In {numref}`fig-multitask-finetuning-conventions` larger auxiliary coefficients lower the loss of MTL 20-fold at 64 examples, and those of the text raise that of PT+FT with 40 features 17-fold.
# Dividing by the baseline hides this only where the ratio is near 1.
# Ten times more steps of MTL lower the loss only below 10⁻⁴ of the baseline, and there reach the published one.

# %%
if paper:
    ours, larger = list(variants["MTL, 5 nested"].values())[:2]
    ours = ours.sel(seed=larger["seed"])  # those that both have
    change = float(np.log10(ours.mean("seed") / larger.mean("seed")).sel(n_train=64))
    print(claims.check("D1", change, sign=change > 0))
    apart = float((shared["finetuned"] / shared["null"]).sel(overlap=0, n_train=32).mean())
    print(claims.check("D2", apart, sign=apart > 1))

# %%
if paper:
    task = experiments.draw_task(rng.stream(key, "convention"), 16)
    network = experiments.finetuning_start(experiments.pretrain(task, "flow"), 1.0)
    width = penalties.HyperbolicEntropy(*diagonal.amplitudes(network)).kappa
    factor_two = np.asarray(40**-0.5 / width[task.teachers.rank < experiments.AUX_FEATURES])
    print(claims.check("D3", np.abs(factor_two / 2 - 1).max(), sign=np.median(factor_two) > 1.5))

# %% [markdown]
# ## Agreement with the published tables
#
# For every curve that has a published counterpart, the distance of the means on a logarithmic scale, over all points with a published ratio above 10⁻³; below, the published losses depend on where training was stopped.

# %%
together = {panel: pd.concat(rows) for panel, rows in compared.items()}
above = {panel: rows for panel, rows in together.items() if (rows["published"] > 1e-3).any()}
agreement = {panel: log10_agreement(rows["ours"], rows["published"]) for panel, rows in above.items()}
print(agreement_table(agreement))

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Our means against the published ones, one point for each size of training set of each curve of the figures above; thin black: equality. Grey: published ratios below 10⁻³, which are not compared. Left: diagonal networks, filled dots exact solutions, triangles MTL by gradient descent; right: ReLU networks.", "name": "fig-multitask-finetuning-agreement"}, "image": {"alt": "Two scatter plots on logarithmic axes. Points lie on the line of equality above a thousandth. In the grey region those of diagonal networks lie below it, those of ReLU networks above."}}
figure, axes = plt.subplots(1, 2, figsize=(style.PAGE_WIDTH, 3.2))
RELU = ("2b", "2d", "2f", "3e", "3f", "4a", "9b")
for panel, rows in together.items():
    ax, marker = axes[int(panel[:2] in RELU)], "^" if panel.endswith("MTL") else "o"
    for part, color in ((rows["published"] > 1e-3, "blue"), (rows["published"] <= 1e-3, "grey")):
        look = {"ls": "", "color": style.OKABE_ITO[color], "ms": 3, "mew": 0}
        ax.loglog(rows["published"][part], rows["ours"][part], marker, **look)
for ax, title in zip(axes, ("diagonal networks", "ReLU networks"), strict=True):
    ax.axline((1e-3, 1e-3), (1, 1), **style.THEORY)
    ax.set(title=title, xlabel="published ratio", xlim=(1e-8, 3), ylim=(1e-8, 3))
axes[0].set_ylabel("our ratio")
plt.show()

# %%
linear_ones = {panel: a.max for panel, a in agreement.items() if panel[:2] not in RELU}
descent = [a for panel, a in linear_ones.items() if panel.endswith("MTL")]
exactly = [a for panel, a in linear_ones.items() if not panel.endswith("MTL")]
if paper:
    rows = pd.concat([rows for panel, rows in above.items() if panel[:2] in RELU])
    relu_share = log10_agreement(rows["ours"], rows["published"]).share_within_half
    print(claims.check("A1", max(exactly), sign=np.median(exactly) < 0.5))
    print(claims.check("A2", max(descent), sign=np.median(descent) < 0.5))
    print(claims.check("A3", relu_share, sign=relu_share > 0.5))

# %%
if paper:
    sparse = [rows for panel, rows in above.items() if len(rows["seeds"].iloc[0]) == 24]
    sparse = pd.concat(sparse).query("published > 1e-3")
    draw = np.random.default_rng(seed)
    ranges = [np.quantile(draw.choice(one, (5000, 6)).mean(1), [0.025, 0.975]) for one in sparse["seeds"]]
    low, high = np.transpose(ranges)
    inside = sparse["published"].between(low * (1 - 1e-6), high * (1 + 1e-6))
    near = sparse["published"].between(0.97, 1.03)
    print(f"outside: {(~inside).sum()} of {len(inside)}, {(~inside & near).sum()} of them next to 1")
    why = "capped losses differ by up to 1.5 percent where both are next to those of the zero function"
    print(claims.check("A1b", float(inside.mean()), sign=inside.mean() > 0.5, reason=why))

# %% [markdown]
# At steep transitions one seed decides the mean of six.
# With our first 6 seeds five exact points lay more than half a decade from the published ones, one of them 1.16 decades, and A1 came out as *partly*; we then solved for 24 seeds, and by the same rule the largest distance is 0.30.
# A1b asks whether the published means look like means of 6 of our seeds, and 15 of 95 do not (points that stand in two figures count twice).
# Ten of these are ratios within 3 % of 1: there we cap by the loss of the zero function, while the best of the published trajectories lies up to 1.5 % below it.
# The other five are as many as a 95 % range lets out of 95 points.
#
# Below a published ratio of 10⁻³ ({numref}`fig-multitask-finetuning-agreement`, grey) exact solutions are lower than published, which stopped at a finite training loss; ReLU networks are higher, which we pretrained for fewer steps.

# %% [markdown]
# ## Beyond the paper
#
# Which scale of the pretrained weights is best?
# By the conservation law a penalty depends on $\beta/\kappa$ only, so that scaling all κ trades reuse against sparsity.
# How many examples a separable penalty needs is known for the modulus: the statistical dimension of its descent cone {cite:p}`amelunxen2014living`.
# We extend it to penalties that are smooth at zero, by calling a feature negligible below a tolerance of one percent of the null loss, and count the examples that each scale needs for main tasks of different sparsity and overlap, without training anything.
# Then we train: 16 sizes of training set, 8 scales, 8 tasks, 4 seeds.

# %%
tasks, fine = experiments.TASKS, np.geomspace(3.16, 1e-3, 60)
over_tasks = jax.vmap(experiments.predicted_examples, in_axes=(0, None))
predict = jax.jit(jax.vmap(over_tasks, in_axes=(None, 0)))
predicted = np.asarray(predict(experiments.main_tasks(), jnp.array(fine)))
if paper:
    grid, trained = plans["rescaling"].constants["rescalings"], stored("rescaling")
    at_grid = np.asarray(predict(experiments.main_tasks(), jnp.array(grid)))
    portion = (trained["loss"] / trained["null"]).median("seed")
    portion = portion.transpose("rescaling", "task", "n_train")
    sizes, count = portion["n_train"].values, experiments.measured_examples
    needed = np.array([[count(sizes, one) for one in of_scale] for of_scale in portion.values])

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Examples that finetuning needs to reach one percent of the null loss, against the factor of the pretrained weights, for main tasks of unit length with k features of which s are auxiliary. Thin black: prediction from the penalty; dots: interpolated from the median loss of 4 seeds, exact solutions, d = 1000.", "name": "fig-multitask-finetuning-best-scale"}, "image": {"alt": "Two panels of number of examples against scale. For 5 nested features examples fall as the scale falls, for 40 they rise; predictions follow the measured dots."}}
figure, axes = plt.subplots(1, 2, figsize=(style.PAGE_WIDTH, 3.0))
for j, ((k, shared_count), color) in enumerate(zip(tasks, 2 * list(shades(range(4)).values()), strict=True)):
    ax = axes[j // 4]
    ax.loglog(fine, predicted[:, j], **style.THEORY)
    if paper:
        look = {"ls": "", "color": color, "label": f"k = {k}, s = {shared_count}"}
        ax.loglog(grid, needed[:, j], **look, **style.OURS)
for ax, title in zip(axes, ("nested", "partly new"), strict=True):
    ax.set(title=title, xlabel="scale of pretrained weights")
    ax.set(yticks=[30, 50, 100, 200], yticklabels=[30, 50, 100, 200])
    ax.minorticks_off()
    if paper:
        ax.legend(fontsize=6.5)
axes[0].set_ylabel("examples needed")
plt.show()

# %%
if paper:
    best = at_grid.argmin(0)
    excess = needed[best, range(len(tasks))] / needed.min(0) - 1
    wrong = np.abs(at_grid / needed - 1)
    for task, i, j, more in zip(tasks, best, needed.argmin(0), excess, strict=True):
        print(
            f"k, s = {task!s:9} best scale predicted {grid[i]:<7g} measured {grid[j]:<7g} excess {100 * more:.0f} %"
        )
    print(claims.check("B1", excess.max(), sign=np.median(excess) < 0.25))
    print(claims.check("B2", np.median(wrong[np.isfinite(needed)]), sign=np.median(wrong) < 0.5))

# %% [markdown]
# {numref}`fig-multitask-finetuning-best-scale`: few nested features want small weights, which make the penalty sparse among the pretrained features; many want them large.
# Half new features want them small, so that new ones become affordable, and 30 shared of 40 want something between, 0.3, which the prediction finds.
# Choosing the scale by the prediction costs at most 18 % more examples than the best of the eight scales (10 nested features, where the prediction puts the large scales first), and its number of examples is off by 3 % in the median.
# Errors are largest for the sparsest tasks at scales near 1: 40 predicted for 25 needed.

# %% [markdown]
# ## Scorecard
#
# Every verdict is computed from the rule fixed above: *reproduced* if it passes, *partly* if only the sign or the ordering holds, *not reproduced* if that fails too.

# %% tags=["nbval-check-output"]
claims.scorecard()

# %% [markdown]
# ## Where we differ
#
# 1. **Images.** No CIFAR-100 network was trained here (C14, C15).
# 2. **ReLU networks are fewer and smaller runs.** 3 seeds instead of 6, up to 256 examples instead of 512 (128 for the number of units), 20 000 steps of pretraining instead of 100 000, units 1, 3 and 6 of 1 to 6. MTL takes 10 000 epochs instead of 100 000, and none of its networks reaches the threshold of 10⁻⁸ on the training loss. With one seed, STL stays in a bad minimum, and rounding alone then changes its loss up to threefold.
# 3. **Exact solutions.** PT+FT and STL of diagonal networks are infinite-time limits, capped by the null loss; where the minimum lies inside the trajectory (partial overlap) it is taken along the exact flow. Below 10⁻⁵ our losses therefore fall below the published ones, which stop at a training loss of 10⁻¹⁰.
# 4. **MTL of diagonal networks** takes 10⁵ steps everywhere; the paper's overlap experiment took 10⁶, which changes losses below 10⁻⁴ of the baseline only (right panel of {numref}`fig-multitask-finetuning-conventions`).
# 5. **More seeds.** Exact solutions of the sparse panels have 24 seeds instead of 6, since one seed decides a mean of 6 at steep transitions; the other conventions have one seed.
# 6. **Random draws.** Teachers and inputs are drawn anew, so that means and spreads are comparable, single seeds are not.
# 7. **Figures 6, 7 and 10 of the supplement** are not redrawn: their settings and numbers are not public.
#
# ## Fork this chapter
#
# `inductive new my-study --from multitask-finetuning` copies this chapter; three knobs to turn first:
#
# 1. `gamma` in the parameters cell: a large readout makes finetuning lazy, and the three curves of Figure 1b collapse.
# 2. `main_size`: the regimes of Figures 3a and 3d move along the axis of auxiliary magnitudes, since only the ratio matters.
# 3. `overlap`: from 0 to 5 shared features in the worked example, and what finetuning makes of 10 examples.
#
# ```{provenance} multitask-finetuning
# ```

# %%
claims.publish()
