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
# # The symbolic distance effect
#
# Items that are further apart in a learned order are told apart more easily {cite:p}`lippl2024transitive`.
# Replace this title, this sentence and the citation by those of your study.
#
# ```{chapter-card} template-chapter
# :paper: https://arxiv.org/abs/2605.22972
# :paper-label: arXiv 2605.22972
# :differs: say in one line what you do otherwise than the paper
# ```

# %% tags=["hide-input"]
import jax

jax.config.update("jax_enable_x64", True)  # the theory is exact: keep its digits
import matplotlib.pyplot as plt
import numpy as np

from inductive.experiments import template_chapter as experiments
from inductive.report import panels, published, style
from inductive.report.claims import Ledger, declare
from inductive.tasks import transitive_inference as ti

style.use_style()
PAPER = "transitive-inference-exceptions"  # whose published numbers are drawn

# %% tags=["parameters", "hide-input"]
profile: str = "paper"  # one of paper, smoke | smoke computes fewer points
seed: int = 0  # 0 to 4294967295 | root of every random number
alpha: float = 0.2  # 0.0 to 0.95 | conjunctivity of the representation

# %% [markdown]
# ## The question
#
# A learner sees only neighbouring items of an order, and is asked about distant ones.
# Kernel regression gives item $i$ a rank $r_i$, and judges the pair $(i, j)$ by the margin $r_i - r_j$.
# How does the margin depend on the distance $j - i$?

# %%
claims = Ledger(
    "template-chapter",
    profile,
    declare("""
    T1 | distance figure | margins of untrained pairs grow with their distance | smallest growth per step > 0
    """),
)

# %% tags=["hide-input"]
claims.declared()

# %% [markdown]
# ## Margins grow with distance
#
# The claim: the more items lie between two, the larger the margin.

# %%
task = ti.CONFIGURATIONS["ti_n9"]
distances, mean_margins = experiments.margin_by_distance(task, alpha)
table = published.load(PAPER, "pairs_full_post")
shown = table.query("hier == 'ti_n9' and task == 'fake' and not is_train")
observed = shown.groupby(["model", "gap"])["logitdiff_mean"].mean().unstack("model")

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Mean margin of untrained pairs against their distance. Thin black: theory; hollow: published mean logit difference of two fine-tuned language models, divided by its own mean and scaled to the theory's.", "name": "fig-template-chapter-distance"}, "image": {"alt": "Mean margin rises with the distance of the items, for the theory and for two published language models."}}
figure, ax = plt.subplots(figsize=(style.HALF_WIDTH, 2.4))
ax.plot(distances, mean_margins, **style.THEORY, label="theory")
for name, column in observed.items():
    scaled = column * np.mean(mean_margins) / column.mean()
    ax.plot(column.index, scaled, ls="", label=name, **style.PUBLISHED)
panels.zero_line(ax)
ax.set(xlabel="distance j - i (ranks)", ylabel="mean margin")
ax.legend()
plt.show()

# %% [markdown]
# In {numref}`fig-template-chapter-distance` every step of distance adds to the margin.

# %%
steps = np.diff(mean_margins)
claims.check("T1", steps.min(), sign=mean_margins[-1] > mean_margins[0])

# %% [markdown]
# ## Scorecard

# %% tags=["nbval-check-output"]
claims.scorecard()

# %% [markdown]
# ## Where we differ
#
# Say here what your study does otherwise than the paper, largest effect first.
#
# ## Beyond the paper
#
# Ask one new question here, with a figure and a claim of its own.
#
# ## Fork this chapter
#
# 1. `alpha = 0.5` makes the representation more conjunctive: distant pairs gain less.
# 2. `ti.Task(15)` makes the list longer.
# 3. `ti.Task(9, ((5, 3),))` adds an exception.
#
# ```{provenance} template-chapter
# ```

# %%
claims.publish()
