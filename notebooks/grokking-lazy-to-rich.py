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
# # Grokking as the transition from lazy to rich training
#
# A network may first fit its training set as a kernel machine, which does not generalize, and learn features only later: one number, the scale of its output, turns the delay up and down {cite:p}`kumar2024grokking`.
#
# ```{chapter-card} grokking-lazy-to-rich
# :paper: https://arxiv.org/abs/2310.06110
# :paper-label: arXiv 2310.06110
# :code: https://github.com/giovana-morais/amlds_final_project
# :code-label: giovana-morais/amlds_final_project (carries the authors' experiments)
# :differs: 3 seeds instead of one; networks of 500 units are trained in 101, which changes nothing; MNIST takes 60 000 steps instead of 250 000; the Transformer is left out
# ```
#
# Neither weight decay nor minibatches are needed: here plain gradient descent groks on a quadratic target.
# Paper and code give figures without numbers, so hollow markers are an independent run of the public code, with all units.

# %% tags=["hide-input"]
import jax

jax.config.update("jax_enable_x64", True)  # kernel regression needs its digits
import matplotlib.pyplot as plt
import numpy as np

from inductive import rng, sweep
from inductive.experiments import grokking_lazy_to_rich as experiments
from inductive.report import published, style
from inductive.report.claims import Ledger, declare

style.use_style()
PAPER = "grokking-lazy-to-rich"

# %% tags=["parameters", "hide-input"]
profile: str = "paper"  # one of paper, smoke | smoke trains a few small networks
seed: int = 0  # 0 to 4294967295 | root of every random number
scale: float = 1.0  # 0.001 to 1000.0 | output scale of the worked example
rate: float = 0.5  # 0.001 to 1000.0 | learning rate of the worked example
curvature: float = 0.25  # 0.0 to 10.0 | of the units of the worked example

# %% tags=["hide-input"]
paper = profile == "paper"
plans = experiments.plans(profile)
key = rng.root(seed)


def stored(name):
    """One sweep of the chapter: read from its store in the paper profile, else computed."""
    return sweep.planned(PAPER, name, plans[name], profile, seed)


def shades(values, name="viridis"):
    """A colour for each of some ordered values."""
    return dict(zip(values, plt.colormaps[name](np.linspace(0, 0.85, len(values))), strict=True))


# %% tags=["hide-input"]
def fallen(run):
    """Steps at which train and test losses are a tenth of their start, with the time last."""
    ordered = run.transpose(..., "time")
    return experiments.delays(run["time"].values, ordered["train"].values, ordered["test"].values)


def at_half(run, name):
    """A record when the training loss has halved, for all scales (rows) and seeds."""
    ordered = run.transpose("scale", "seed", "time")
    times, train, values = run["time"].values, ordered["train"].values, ordered[name].values
    pairs = [zip(*both, strict=True) for both in zip(train, values, strict=True)]
    return np.array([[experiments.at_fall(times, *one, 0.5) for one in pair] for pair in pairs])


# %% [markdown]
# ## The question
#
# Inputs are Gaussian, $x \in \mathbb{R}^d$, and the target is the square of one projection, $y = (\beta^\top x)^2/d$.
# The student averages $N$ units $\phi(z) = z + \epsilon z^2/2$ without a trained readout,
#
# $$f(x) = \frac{\alpha}{N} \sum_i \phi(w_i^\top x/\sqrt d), \qquad L = \frac{1}{\alpha^2 n} \sum_p (f(x_p) - y_p)^2.$$ (eq-grokking-lazy-to-rich-model)
#
# Descent takes steps of a rate $r$ on $v_i = w_i/\sqrt N$, that is $rN$ on $w_i$: the tangent of its outputs is then independent of N.
# The {term}`output scale` $\alpha$ decides how far weights have to move: the larger it is, the less.
# In the limit of {term}`lazy training`, $\alpha \to \infty$, they hardly move, and descent solves kernel regression with the tangent kernel of the start in these coordinates,
#
# $$K(x, x') = \frac{\alpha^2}{N}\, \frac{x^\top x'}{d} \sum_i \phi'(h_i)\, \phi'(h'_i), \qquad h_i = w_i^\top x/\sqrt d.$$ (eq-grokking-lazy-to-rich-kernel)
#
# This kernel spreads over all $d(d+1)/2$ products of inputs and cannot find the one that matters from $n \ll d^2$ examples.
# In that of {term}`rich training`, $\alpha \to 0$, weights turn towards β.
# Does {term}`grokking`, a test loss that falls long after the training loss, mean that a network starts in the first and ends in the second?
#
# Two facts make this exact.
# With $s_i = 1/\sqrt N$ beside $v_i$, all that matters are inner products over units, so that a rotation of the units changes nothing: $d + 1$ units are enough, at every step of training, and $N = \infty$ needs no more.
# And as $f(x) - y$ is a quadratic function $b^\top x + x^\top C x$, its loss over all inputs has three parts:
#
# $$E\,(f - y)^2 = (\operatorname{tr} C)^2 + |b|^2 + 2\,|C|_F^2.$$ (eq-grokking-lazy-to-rich-parts)
#
# The worked example trains one small network; a scale or rate at which training diverges is refused, with the place.

# %%
one = experiments.train_one(key, scale=scale, learning_rate=rate, curvature=curvature)
train, test = (experiments.first_below(one["step"], one[name], 0.5) for name in ("train", "test"))
print(f"train loss has halved after {train:.0f} steps, test loss after {test:.0f}")
print(f"test loss {one['test'][-1]:.2f}, kernel regression {one['kernel_error']:.2f}")
print(f"weights moved by {one['movement'][-1]:.2f}, norm grew {one['growth'][-1]:.2f} times")

# %% [markdown]
# ## The claims
#
# Each line is a claim, where it is measured, and the rule that decides it; the thresholds were fixed before the sweeps ran.
# A loss *has fallen* when it is a tenth of its start, a step that was not reached within training counts as the last one on MNIST, as infinite elsewhere; the *delay* is the difference of the steps of test and train loss, or their ratio where it says so.
# A1 to A3 measure agreement with the independent run, C1–C11, M1 and M2 are statements of the paper in our words and numbers, B1 to B5 go beyond it; B5 was added when B1 was known, before its own sweep ran.

# %% tags=["hide-input"]
RULES = declare("""
    A1 | Output scale | an independent run with all 500 units gives the same curves | largest distance of losses, decades <= 0.01
    A2 | Output scale | and so does its kernel regression | relative distance of test errors <= 1e-3
    A3 | Mechanism | and so does the movement of weights | largest relative distance, scales 0.25, 1 and 8 <= 0.01
    C1 | Output scale | larger output scales delay generalization, relative to fitting | ratio of steps at scale 2 over that at 0.25 > 1.2
    C2 | Output scale | and in steps | smallest factor of the delay per doubling, 0.25 to 2 > 1.5
    C3 | Output scale | test loss first goes to the error of kernel regression | largest distance of their ratio from 1 when train loss has halved, all scales <= 0.1
    C4 | Lazy limit | at large scales training follows its linearisation | largest relative distance of test losses until train loss has fallen, scale 256 <= 0.05
    C5 | Mechanism | norms of weights grow, so that their decay cannot be why networks grok | smallest factor of the norm over training > 1 (smoke 1)
    C6 | Mechanism | the tangent kernel aligns with the target in all runs that generalize | smallest factor of the alignment > 5
    C7 | Mechanism | what is left while a network waits is the quadratic part, which features decide | smallest share when train loss has halved, scales 1 to 32 > 0.5
    C8 | Mechanism | the three parts add up to the test loss | median relative distance from the sample's <= 0.1
    C9 | Curvature | kernels that are better aligned at the start shrink the delay | largest factor of the delay per doubling of the curvature < 1
    C10 | Examples | with too few examples networks never generalize | test loss with 250 examples over its start > 0.5
    C11 | Examples | with many examples they do so without delay | delay with 2000 examples over that with 550 < 0.5
    M1 | MNIST | larger output scales delay generalization | ratio of steps to 80 % accuracy, largest over smallest scale > 2
    M2 | MNIST | at the smallest scale there is no grokking | ratio of steps to 80 % accuracy < 3
    B1 | Beyond | waiting does not help lazy networks | test loss at the end over that of kernel regression, scale 256 > 0.9
    B2 | Beyond | delays are those of infinitely many units | largest relative distance of delays at 500 units <= 0.25
    B3 | Beyond | the delay is proportional to the output scale | distance of its exponent from 1, scales 0.25 to 4 <= 0.2
    B4 | Beyond | eight times as large steps follow the same path | largest relative distance of test losses, scale 4 <= 0.05
    B5 | Beyond | networks that keep their initial function generalize at large scales too, as their quadratic form stays positive | test loss at the end over that of kernel regression without the initial function, scale 32 < 0.2; changed test loss at the end over that of kernel regression, scale 32 < 0.2: the rule now names the error that was divided by, the larger of two ratios
    """)
claims = Ledger(PAPER, profile, RULES)

# %% tags=["hide-input"]
claims.declared()

# %% [markdown]
# The smoke profile, made to test that the chapter runs, has too few networks and steps for most claims.

# %%
if not paper:
    for claim in RULES:
        if claim.id not in ("C5",):
            claims.skip(claim.id, "not run in the small sample of the smoke profile")

# %% [markdown]
# ## The output scale
#
# The claim: scale alone turns grokking on and off; whatever it is, test loss waits at the error of kernel regression with the kernel of the start.

# %%
runs = stored("scales")
mean = runs.mean("seed")
theirs, moved = (published.load(PAPER, f"{name}_ours") for name in ("scale_sweep", "movement"))
same = stored("checked").isel(seed=0) if paper else None

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Loss against steps of gradient descent. Left: with data and weights of the public code; lines ours, in 101 units, hollow an independent run with all 500, dashed train, solid test. Right: test loss, mean of 3 seeds, all output scales; thin black: kernel regression with the kernel of the start.", "name": "fig-grokking-lazy-to-rich-scales"}, "image": {"alt": "Losses on logarithmic axes. Training losses fall within a few hundred to thousands of steps, test losses ten times later, and the later the larger the output scale; they leave from about the error of kernel regression. Hollow markers lie on the lines."}}
figure, axes = plt.subplots(1, 2, figsize=(style.PAGE_WIDTH, 3.2), sharey=True)
tones = shades(runs["scale"].values)
if paper:
    for a in same["scale"].values:
        for name, ls in (("train", "--"), ("test", "-")):
            rows = theirs.query("alpha == @a and step > 0")
            axes[0].plot(same["time"], same[name].sel(scale=a), ls, color=tones[a])
            axes[0].plot(
                rows["step"], rows[name], ls="", color=tones[a], **style.PUBLISHED | {"markersize": 3}
            )
for a in runs["scale"].values:
    axes[1].plot(runs["time"], mean["test"].sel(scale=a), color=tones[a], label=f"α = {a:.3g}")
axes[1].axhline(float(mean["kernel_error"].mean()), **style.THEORY)
for ax, title in zip(axes, ("public draws", "three seeds, test"), strict=True):
    ax.set(xscale="log", yscale="log", xlabel="steps", title=title, xlim=(1, None))
axes[0].set_ylabel("mean squared error")
axes[1].legend(fontsize=6.5, ncols=2, loc="lower left")
plt.show()

# %% tags=["hide-input"] mystnb={"figure": {"caption": "When losses have fallen to a tenth. Left: steps of train (triangles) and test loss (dots) against output scale. Right: their ratio. Filled: mean of 3 seeds with the range; hollow: independent run on the public draws. Scales at which some loss did not fall are left out, and 16 and 32, which start at another loss.", "name": "fig-grokking-lazy-to-rich-delay"}, "image": {"alt": "Left: on logarithmic axes, steps of test loss lie four to ten times above those of train loss and rise a little faster with the output scale. Right: the ratio rises from less than four to ten; that of the independent run from nine to thirteen."}}
figure, axes = plt.subplots(1, 2, figsize=(style.PAGE_WIDTH, 2.7))
when = fallen(runs.transpose("scale", "seed", "time"))
look = style.OURS | {"color": style.OKABE_ITO["blue"], "elinewidth": 0.8, "lw": 1}
for ax, steps, marker in zip(axes[[0, 0, 1]], (*when, when[1] / when[0]), "^oo", strict=True):
    kept = np.isfinite(steps).all(1) & (runs["scale"].values <= 8)
    center, shown = steps[kept].mean(1), steps[kept]
    bars = np.abs([shown.min(1) - center, shown.max(1) - center])
    ax.errorbar(runs["scale"][kept], center, bars, **look | {"marker": marker})
if paper:
    other = {a: rows.sort_values("step") for a, rows in theirs.groupby("alpha")}
    losses = [np.stack([rows[name] for rows in other.values()]) for name in ("train", "test")]
    check = experiments.delays(other[1.0]["step"].to_numpy(), *losses)
    for ax, steps in ((axes[0], check[0]), (axes[0], check[1]), (axes[1], check[1] / check[0])):
        ax.plot(
            list(other), np.where(np.isfinite(steps), steps, np.nan), ls="", color="black", **style.PUBLISHED
        )
for ax, label in zip(axes, ("steps", "ratio of steps, test over train"), strict=True):
    ax.set(xscale="log", xlabel="output scale α", ylabel=label)
axes[0].set_yscale("log")
plt.show()

# %%
if paper:
    apart = [
        np.abs(np.log10(same[name].sel(scale=a) / rows[name].to_numpy())).max()
        for a, rows in other.items()
        for name in ("train", "test")
    ]
    print(claims.check("A1", max(apart), sign=max(apart) < 0.1))
    errors = float(same["plain_kernel_error"][0]) / moved["kernel_error"]
    print(claims.check("A2", np.abs(errors - 1).max(), sign=np.abs(errors - 1).max() < 0.1))
    print(f"distance of losses {max(apart):.1e} decades")

# %%
if paper:
    inner = (runs["scale"] >= 0.25) & (runs["scale"] <= 2)
    ratio, gap = (when[1] / when[0])[inner].mean(1), (when[1] - when[0])[inner].mean(1)
    print("ratio", ratio.round(1), " delay", gap.round(-1))
    print(claims.check("C1", ratio[-1] / ratio[0], sign=ratio[-1] > ratio[0]))
    print(claims.check("C2", (gap[1:] / gap[:-1]).min(), sign=(np.diff(gap) > 0).all()))

# %%
if paper:
    level = at_half(runs, "test") / runs["kernel_error"].transpose("scale", "seed").values
    print("test loss over kernel regression, by scale", level.mean(1).round(2))
    why = "up to 19 % above at scales 0.25 to 2, where fits are half-way; at 16 and 32 the initial function"
    print(claims.check("C3", np.abs(level - 1).max(), sign=np.abs(level - 1).mean() < 0.25, reason=why))

# %% [markdown]
# In {numref}`fig-grokking-lazy-to-rich-scales` every training loss falls first, and the test loss waits near the error of kernel regression.
# The independent run lies on our curves to 10⁻⁵ decades, though it trains five times as many units (A1, A2).
#
# From scale 0.25 to 2 the ratio of steps grows from 5.4 to 9.0 ({numref}`fig-grokking-lazy-to-rich-delay`), and every doubling of the scale stretches the delay 2.2-fold or more, from 720 to 9250 steps (C1, C2).
# Scale turns grokking up and down, but not quite off: at 1/32 a ratio of 3.6 is left.
#
# C3 asks for 10 % and finds it at three scales of nine, 1/32, 4 and 8.
# At 0.25 to 2 test loss is up to 19 % above that of kernel regression when the training loss has halved: the kernel's error is that of complete fitting, and half-way some runs are above it.
# At 16 and 32 the factor is 1.5 and 4.5 in the mean for another reason: the public code does not subtract the initial function, whose mean is α/8, that is 2 and 4 for a target of mean 1. What the training loss loses first is this constant.

# %% [markdown]
# ## The lazy limit
#
# The claim: the first phase is linear training.
# With the initial function subtracted, linearised descent has a closed form, in which no α is left: each eigenvector of the kernel, with eigenvalue λ, keeps a share $1 - 2r\lambda/\alpha^2 n$ of its residual at every step, and λ grows as α².

# %%
if paper:
    lazy, waiting = stored("lazy").isel(width=0).mean("seed"), stored("waiting")
    far = waiting.sel(width=500).mean("seed")

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Test loss (left) and train loss (right) of centred networks of 500 units at large output scales, against steps times learning rate over that of the other figures; mean of 2 seeds. Thin black: linearised training in closed form; dotted: kernel regression.", "name": "fig-grokking-lazy-to-rich-lazy"}, "image": {"alt": "At the largest output scale both losses follow the closed form; smaller scales leave it the earlier the smaller they are, and their test losses fall."}}
figure, axes = plt.subplots(1, 2, figsize=(style.PAGE_WIDTH, 2.7))
if paper:
    clock, tones = 16 * far["time"], shades(far["scale"].values, "plasma")
    for ax, name in zip(axes, ("test", "train"), strict=True):
        for a in far["scale"].values:
            ax.plot(clock, far[name].sel(scale=a), color=tones[a], label=f"α = {a:g}")
        ax.plot(clock, lazy[name], **style.THEORY)
        ax.set(xscale="log", yscale="log", xlabel="steps at rate 0.5", title=name, xlim=(16, None))
    axes[0].axhline(float(far["kernel_error"].mean()), color="black", lw=0.9, ls=":")
    axes[1].legend()
axes[0].set_ylabel("mean squared error")
plt.show()

# %%
if paper:
    early = lazy["train"] > 0.1 * lazy["train"][0]
    off = np.abs(far["test"].sel(scale=256) / lazy["test"] - 1)[early.values]
    print(claims.check("C4", off.max(), sign=off.max() < 0.2))

# %% [markdown]
# At scale 256 the test loss is within 2 % of linearised training until the training loss is a tenth of its start ({numref}`fig-grokking-lazy-to-rich-lazy`, C4).
# Smaller scales leave the curve where features begin to move, and end below it, but not at zero: that is the question of the section beyond the paper.

# %% [markdown]
# ## The mechanism
#
# The claim: the late fall is feature learning, without weight decay: weights move and grow, the kernel aligns with the target, and of the three parts of the loss {eq}`eq-grokking-lazy-to-rich-parts` the quadratic one falls last.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "One network at output scale 1 (left), and all scales (right); mean of 3 seeds. Left: train loss (dashed), test loss of 1000 examples (grey dots), and the three parts of the exact loss. Right: centred alignment of the tangent kernel with the targets of the test set (solid) and squared movement of the weights relative to their size (dotted).", "name": "fig-grokking-lazy-to-rich-mechanism"}, "image": {"alt": "Left: the mean is fitted within about five hundred steps, the linear part rises and falls again, the quadratic part stays until about a thousand steps and then falls; it makes nearly all of the test loss. Right: alignment and movement rise together, the later the larger the scale."}}
figure, axes = plt.subplots(1, 2, figsize=(style.PAGE_WIDTH, 3.0))
middle, tones = mean.sel(scale=1), shades(runs["scale"].values)
for name, color in (("constant", "orange"), ("linear", "purple"), ("quadratic", "blue")):
    axes[0].plot(runs["time"], middle[name], color=style.OKABE_ITO[color], label=name)
axes[0].plot(runs["time"], middle["train"], "--", color="black", label="train loss")
axes[0].plot(runs["time"], middle["test"], ls="", marker="o", ms=2.5, color="0.5", label="test loss")
twin = axes[1].twinx()
for a in runs["scale"].values:
    axes[1].plot(runs["time"], mean["alignment"].sel(scale=a), color=tones[a], label=f"{a:g}")
    twin.plot(runs["time"][1:], mean["movement"].sel(scale=a)[1:], ":", color=tones[a], lw=1)
for ax in axes:
    ax.set(xscale="log", xlabel="steps", xlim=(1, None))
axes[0].set(yscale="log", ylabel="mean squared error", ylim=(1e-3, 5), title="scale 1")
twin.set(yscale="log", ylabel="movement", ylim=(1e-6, 1e3))
axes[1].set(ylabel="alignment", title="all scales")
axes[0].legend(fontsize=6.5, loc="lower left", bbox_to_anchor=(0.17, 0))
plt.show()

# %%
growth = runs["growth"].isel(time=-1)
why = "the mean of the target sets the norm at the end, which large scales exceed at the start"
print("growth", growth.mean("seed").values.round(2))
claims.check("C5", growth.min(), sign=float(growth.min()) > 1, reason=why)

# %%
if paper:
    ours = same["movement"].sel(scale=moved["alpha"].to_numpy(), time=20_000).values
    apart = np.abs(ours / moved["movement"] - 1).max()
    print(claims.check("A3", apart, sign=apart < 0.5))
    ended = runs["test"].isel(time=-1) < 0.1 * runs["test"].isel(time=0)
    aligned = (runs["alignment"].isel(time=-1) / runs["alignment"].isel(time=0)).where(ended)
    print("factor of alignment", aligned.mean("seed").values.round(1))
    why = "the larger the scale, the less the kernel has to change for the same function"
    print(claims.check("C6", float(aligned.min()), sign=float(aligned.min()) > 1, reason=why))

# %%
if paper:
    whole = runs["constant"] + runs["linear"] + runs["quadratic"]
    share = at_half(runs.assign(share=runs["quadratic"] / whole), "share").mean(1)
    print("quadratic share", share.round(2))
    some, why = share[runs["scale"].values >= 1], "at 32 the initial function leads"
    print(claims.check("C7", some.min(), sign=share.mean() > 0.33, reason=why))
    apart = float(np.abs(runs["test"] / whole - 1).median())
    print(claims.check("C8", apart, sign=apart < 0.3))

# %% [markdown]
# {numref}`fig-grokking-lazy-to-rich-mechanism` (left) shows an order of events: the mean of the target is learned first, a linear part comes up that is none of the target's, the noise of the kernel's fit, and the quadratic part, 70 % of the test loss when the training loss has halved, falls last.
# The parts add up to the loss of the test set within 5 % in the median (C8), and weights move ever less with the scale, as they should (A3).
#
# Two statements of the mechanism turn out to be about small scales.
# *Norms grow* (C5) at scales up to 4 but shrink at 16 and 32, by a simple identity: once the mean is learned, $\alpha\epsilon\,|V|^2/2d = E\,y$, so that the norm has grown by $\sqrt{2E\,y/\alpha\epsilon}$, whatever the rest.
# Networks whose initial function is subtracted start from no mean, and their norms always grow.
# *The kernel aligns* (C6) 18-fold at scale 1/32, 9-fold at 1 and only 3-fold at 4, where networks generalize as well: the larger the scale, the smaller the change of the kernel that makes the same change of the function.
# Alignment follows feature learning, but a fixed amount of it is not needed.
# At 16 and 32 test losses count as fallen because they start high.
# For the same reason C7 fails at 32: there the mean is still most of what is left.
# At all smaller scales the quadratic part has a share of 60 to 81 %.

# %% [markdown]
# ## Curvature and examples
#
# The claims: the delay shrinks if the kernel at the start knows more of the target, that is with the curvature ε of the units; and it exists only where examples are enough for the features but not for the kernel.

# %%
if paper:
    bent, sized = stored("curvatures"), stored("examples")
    base = runs.sel(scale=1)
    bends = np.array([0.25, *bent["curvature"].values])
    steps = [
        fallen(one.transpose(..., "time")) for one in (base, bent.transpose("curvature", "seed", "time"))
    ]
    bent_gap = np.vstack([one[1] - one[0] for one in steps])
    sizes = fallen(sized.transpose("n_train", "seed", "time"))

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Left: delay at output scale 1 against the curvature of the units; dots seeds, line their mean. Right: train (dashed) and test loss (solid) against steps for several numbers of examples n, scale 1; mean of 3 seeds.", "name": "fig-grokking-lazy-to-rich-curvature"}, "image": {"alt": "Left: the delay falls by more than a decade from curvature a quarter to four. Right: with 250 examples test loss stays high, with 550 it falls late, with 2000 together with train loss."}}
figure, axes = plt.subplots(1, 2, figsize=(style.PAGE_WIDTH, 2.8))
if paper:
    axes[0].plot(bends, bent_gap, ls="", color=style.OKABE_ITO["blue"], **style.OURS)
    axes[0].plot(bends, bent_gap.mean(1), color=style.OKABE_ITO["blue"], lw=1)
    tones = shades(sized["n_train"].values, "plasma")
    for n in sized["n_train"].values:
        for name, ls in (("train", "--"), ("test", "-")):
            label = f"n = {n}" if name == "test" else None
            curve = sized[name].sel(n_train=n).mean("seed")
            axes[1].plot(sized["time"], curve, ls, color=tones[n], label=label)
    axes[1].legend(fontsize=7, loc="lower left")
axes[0].set(xscale="log", yscale="log", xlabel="curvature ε", ylabel="delay, steps")
axes[0].set_xticks([0.25, 0.5, 1, 2, 4], ["1/4", "1/2", "1", "2", "4"])
axes[0].set_yticks([200, 500, 1000, 2000, 5000], ["200", "500", "1000", "2000", "5000"])
axes[0].minorticks_off()
axes[1].set(xscale="log", yscale="log", xlabel="steps", ylabel="mean squared error", xlim=(1, None))
plt.show()

# %%
if paper:
    factor = bent_gap[1:].mean(1) / bent_gap[:-1].mean(1)
    print("delay by curvature", bent_gap.mean(1).round(-1))
    print(claims.check("C9", factor.max(), sign=bent_gap[-1].mean() < bent_gap[0].mean()))
    start, end = (sized["test"].sel(n_train=250).isel(time=k) for k in (0, -1))
    left = float((end / start).min())
    print(claims.check("C10", left, sign=left > 0.1))
    late = (sizes[1] - sizes[0]).mean(1)
    print("delay by examples", late.round(-1))
    print(claims.check("C11", late[3] / late[1], sign=late[3] < late[1]))

# %% [markdown]
# From curvature 0.25 to 4 the delay falls from 3740 to about 190 steps ({numref}`fig-grokking-lazy-to-rich-curvature`, C9), while the alignment of the first kernel rises from 0.012 to 0.034.
# Most of this is speed, however: the training loss falls 15 times sooner as well, and the ratio of steps is 7.5, 8.7, 9.5, 8.9 and 6.6.
# With 250 examples the network fits and does not generalize within 20 000 steps, when its test loss still falls slowly (C10); with 2000 the delay is 270 steps, a fourteenth of that with 550 (C11).

# %% [markdown]
# ## MNIST
#
# The claim: the same knob works for real data and deeper networks.
# 1000 digits, three hidden layers of 200 ReLU units, AdamW with weight decay 0.01, weights 150 times as large as usual, mean squared error on one-hot targets; tested on 2000 digits.

# %%
digits = stored("digits").isel(seed=0)
levels = [(digits[f"{part}_accuracy"].values >= 0.8) for part in ("train", "test")]
clock = digits["time"].values
reached = [np.where(ok.any(1), clock[ok.argmax(1)], np.inf) for ok in levels]

# %% tags=["hide-input"] mystnb={"figure": {"caption": "MNIST. Accuracy (left) and mean squared error (right) against steps, for output scales; dashed: train, solid: test; one seed.", "name": "fig-grokking-lazy-to-rich-digits"}, "image": {"alt": "At the smallest output scale train and test accuracy rise together within a thousand steps. At larger scales train accuracy rises later, and test accuracy later still."}}
figure, axes = plt.subplots(1, 2, figsize=(style.PAGE_WIDTH, 2.8))
tones = shades(digits["scale"].values, "plasma")
for a in digits["scale"].values:
    one = digits.sel(scale=a)
    for part, ls in (("train", "--"), ("test", "-")):
        label = f"α = {a:g}" if part == "test" else None
        axes[0].plot(clock, one[f"{part}_accuracy"], ls, color=tones[a], label=label)
        axes[1].plot(clock, one[f"{part}_loss"], ls, color=tones[a])
for ax, label in zip(axes, ("accuracy", "mean squared error"), strict=True):
    ax.set(xscale="log", xlabel="steps", ylabel=label, xlim=(1, None))
axes[1].set_yscale("log")
axes[0].legend(fontsize=7)
plt.show()

# %%
if paper:
    bound = [np.minimum(one, clock[-1]) for one in reached]
    slow = bound[1] / bound[0]
    for a, *steps in zip(digits["scale"].values, *reached, strict=True):
        print(f"scale {a:<6g} steps to 80 %: train {steps[0]:g}, test {steps[1]:g}")
    print(claims.check("M1", slow[-1] / slow[0], sign=slow[-1] > slow[0]))
    print(claims.check("M2", slow[0], sign=slow[0] < 10))

# %% [markdown]
# At the smallest output scale test accuracy keeps up with train accuracy, 80 % after 1530 and 1080 steps: no grokking (M2, {numref}`fig-grokking-lazy-to-rich-digits`).
# At scale 0.01 it takes eight times as long, 25 060 against 3080 steps.
# At 0.05 and 0.5 train accuracy is 80 % after 7380 and 12 460 steps, and test accuracy has not got there in 60 000: it is at 79 and 23 %, and still rises.
# M1 counts the last step for it, so that its ratio is a lower bound.
# Weights shrink in all of these runs by decay, to 30 to 40 % of their squared norm at the end, so that unlike above the scale is not the only candidate; but it is the only thing that differs.

# %% [markdown]
# ## Beyond the paper
#
# Does every network generalize if one waits?
# Weights move by about $1/\alpha$ of the residual that they have seen, and lazy training uses the residual up: what is left for features is finite.
# We therefore expect the delay of centred networks to grow with α first and then to become infinite: a scale beyond which a network fits its training set and stays a kernel machine for ever.
# And as $d + 1$ units are all there is, width should not matter, up to an infinite number of units.
# Sixteen times as large steps let us wait for 320 000 of the paper's.


# %%
def delay(run, width, steps_per_step):
    """Delay in steps at rate 0.5 of each scale: mean over seeds."""
    train, test = fallen(run.sel(width=width).transpose("scale", "seed", "time"))
    return dict(zip(run["scale"].values, steps_per_step * (test - train).mean(1), strict=True))


if paper:
    rich = stored("rich")
    gaps = {n: delay(rich, n, 2) | delay(waiting, n, 16) for n in (0, 500)}
    parts = [(run["test"].isel(time=-1) / run["kernel_error"]).mean("seed") for run in (rich, waiting)]
    ends = parts[1].combine_first(parts[0].sel(scale=[0.25, 1]))
    kept = stored("positive")["test"].isel(time=-1).mean("seed") / float(
        waiting["kernel_error"].sel(width=0).mean()
    )

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Test loss over that of kernel regression, means of 3 (scales 0.25 and 1) or 2 seeds. Left: centred networks of infinitely many units (lines) and of 500 (thin black, dotted) against steps times learning rate over that of the other figures. Right: at the end of training, 60 000 steps for scales 0.25 and 1, else 320 000; squares: networks of infinitely many units that keep their initial function, over the same errors.", "name": "fig-grokking-lazy-to-rich-waiting"}, "image": {"alt": "Left: curves of small scales fall to a hundredth, those of scale 4 and more stop at levels that rise towards one with the scale; both widths lie on each other. Right: the level at the end rises from zero to one between scales 1 and 256, without centring it stays lower."}}
figure, axes = plt.subplots(1, 2, figsize=(style.PAGE_WIDTH, 2.8))
if paper:
    tones = shades([*rich["scale"].values[:2], *waiting["scale"].values], "plasma")
    for a, color in tones.items():
        run, longer = (rich, 2) if a < 4 else (waiting, 16)
        over = (run["test"] / run["kernel_error"]).sel(scale=a).mean("seed")
        axes[0].plot(longer * run["time"], over.sel(width=0), color=color, label=f"α = {a:g}")
        axes[0].plot(longer * run["time"], over.sel(width=500), **style.THEORY | {"ls": ":"})
    for n, color, marker in ((0, "vermilion", "o"), (500, "blue", "^")):
        look = style.OURS | {"color": style.OKABE_ITO[color], "lw": 1, "marker": marker}
        axes[1].plot(ends["scale"], ends.sel(width=n), label=f"N = {n or '∞'}", **look)
    look |= {"color": style.OKABE_ITO["green"], "marker": "s"}
    axes[1].plot(kept["scale"], kept, **look, label="N = ∞, not centred")
    for ax in axes:
        ax.legend(fontsize=7)
axes[0].set(
    xscale="log", yscale="log", xlabel="steps at rate 0.5", ylabel="test loss, relative", xlim=(10, None)
)
axes[1].set(xscale="log", xlabel="output scale α", ylabel="test loss at the end, relative", ylim=(0, 1.05))
plt.show()

# %%
if paper:
    for n, gap in gaps.items():
        print(f"N = {n or '∞'}: delay", ", ".join(f"{g:.0f} at {a:g}" for a, g in gap.items()))
    print("test loss at the end over kernel regression", ends.values.round(3).tolist())
    last = float(ends.sel(scale=256).min())
    print(claims.check("B1", last, sign=last > 0.5))
    both = np.array([[gap[a] for a in gaps[0] if np.isfinite(gaps[0][a])] for gap in gaps.values()])
    apart = np.abs(both[1] / both[0] - 1).max()
    print(claims.check("B2", apart, sign=apart < 0.5))

# %%
if paper:
    slope = np.log(gaps[0][1] / gaps[0][0.25]) / np.log(4)
    ends_too = bool(np.isfinite(gaps[0][4]))
    why = f"the delay is infinite at scale 4; from 0.25 to 1 its exponent is {slope:.2f}"
    off = abs(slope - 1) if ends_too else np.inf
    print(claims.check("B3", off, sign=ends_too and 0.5 < slope < 1.5, reason=why))
    slow, fast = (one["test"].sel(scale=4, width=500, seed=[0, 1]).mean("seed") for one in (rich, waiting))
    clock, x = 8 * fast["time"].values[1:], slow["time"].values[1:]
    apart = np.abs(fast.values[1:] / np.interp(np.log(clock), np.log(x), slow.values[1:]) - 1)
    print("not centred", kept.values.round(3))
    print(claims.check("B5", float(kept.sel(scale=32)), sign=float(kept.sel(scale=32)) < 0.5))
    print(claims.check("B4", apart[clock <= x[-1]].max(), sign=apart[clock <= x[-1]].max() < 0.2))

# %% [markdown]
# Width hardly matters: 500 units have the delays of infinitely many to 1 % (B2), so that nothing here is an effect of finite width.
#
# Waiting does ({numref}`fig-grokking-lazy-to-rich-waiting`).
# Centred networks have fitted their training set to $10^{-11}$ of its start, and nothing moves any more; yet test loss is a quarter of that of kernel regression at scale 4, 61 % at 16, 86 % at 64 and 96 % at 256 (B1).
# Grokking lies in a window: below it the delay is short, above it there is no generalization.
# B3, a delay proportional to the scale, fails with it.
#
# Without centring the picture is another (squares): at scale 32 test loss has come down to 11 % and still falls.
# What trains is then the whole form $\alpha\epsilon\, V^\top V/2d$ and not its change, and that stays positive semidefinite.
# Phase retrieval by semidefinite programs {cite:p}`candes2013phaselift` rests on the fact that few random equations, a small multiple of d, leave only one positive form, $\beta\beta^\top/d$; with 5.5 d of them fitting would be generalizing, whatever the scale.
# We did not prove this for our 550 equations; the curves agree with it.
# The public sweep over scales is of this kind, which would be why all of its curves come down; a network that starts at zero has to owe its features to a small scale.

# %% [markdown]
# ## Scorecard
#
# Every verdict is computed from the rule fixed above: *reproduced* if it passes, *partly* if only the sign or the ordering holds, *not reproduced* if that fails too.

# %% tags=["nbval-check-output"]
claims.scorecard()

# %% [markdown]
# ## Where we differ
#
# 1. **Published numbers.** The paper and the code that carries its experiments give figures without numbers. Hollow markers are our own earlier run of that code's settings, with all 500 units.
# 2. **Random draws.** The public code draws inputs and weights from the same key. In the jax of the paper's time these were different numbers; since version 0.5 they are the same, and so are they in the independent run. With the older draws train and test loss start at 2.03 and 2.01 instead of 2.62 and 3.46 (scale 0.25). Our seeds draw both apart.
# 3. **Units.** Networks of 500 units are trained in 101, exactly.
# 4. **Centring.** The public sweep over scales does not subtract the initial function, so that large scales start at another loss; we do the same there, and subtract it in the sections on the lazy limit and beyond the paper.
# 5. **MNIST** takes 60 000 steps instead of 250 000, one seed, and other digits of the same training set. 20 000 were planned, and too few: the two largest scales had not got there, so that M1 could not be decided.
# 6. **Weight scale.** The public sweep over the scale σ of the weights is not redrawn: it is output scale ασ and curvature εσ in other units of time.
# 7. **The Transformer on modular addition and the student-teacher networks** are left out.
#
# ## Fork this chapter
#
# `inductive new my-study --from grokking-lazy-to-rich` copies this chapter; three knobs to turn first:
#
# 1. `scale` in the parameters cell: at 0.1 the test loss of the worked example follows at once, at 100 it stays that of kernel regression.
# 2. `rate`: at 5 the same happens ten times sooner; at 20 the example says where training diverges, and which rates the kernel allows.
# 3. `curvature`: at 0 the units are linear: the training loss falls by a quarter only, and the test loss rises.
#
# ```{provenance} grokking-lazy-to-rich
# ```

# %%
claims.publish()
