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
# # The pitfalls of simplicity bias
#
# When several features each predict the label perfectly, networks trained by stochastic gradient descent use the simplest one and ignore all others, even where these are many, or better {cite:p}`shah2020pitfalls`.
#
# ```{chapter-card} pitfalls-of-simplicity-bias
# :paper: https://arxiv.org/abs/2006.07710
# :paper-label: arXiv 2006.07710
# :code: https://github.com/harshays/simplicitybiaspitfalls
# :code-label: harshays/simplicitybiaspitfalls (authors)
# :differs: digits are stacked on Fashion-MNIST instead of CIFAR-10, with a small convolutional network instead of a ResNet; adversarial training is left out
# ```
#
# Hollow markers are outputs of the authors' notebooks, or an independent run of ours where the legend says so.

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np

from inductive import rng, sweep
from inductive.experiments import pitfalls_of_simplicity_bias as experiments
from inductive.report import published, style
from inductive.report.claims import Ledger, declare
from inductive.tasks import slab_features

style.use_style()
PAPER = "pitfalls-of-simplicity-bias"

# %% tags=["parameters", "hide-input"]
profile: str = "paper"  # one of paper, smoke | smoke trains a few small networks
seed: int = 0  # 0 to 4294967295 | root of every random number
slabs: int = 5  # 3, 5 or 7 | slabs of the harder coordinates of the worked example
margin: float = 0.1  # 0.001 to 0.999 | gap between classes in the worked example, halved
corrupted: float = 0.0  # 0.0 to 1.0 | examples whose linear coordinate says nothing there

# %% [markdown]
# ## The claims
#
# Each line is a claim, where it is measured, and the rule that decides it; the thresholds were fixed before the sweeps ran.
# *S-AUC* is the AUC with the simple part S shuffled over test examples, *Sᶜ-AUC* that with everything else shuffled.
# C1 to C6 and C8 are statements of the paper in our words and numbers, D1 is a remark of an independent run, M1 to M4 concern the stand-in for the paper's images, and B1 to B4 go beyond the paper.
# Seven single trainings with other random numbers had been seen before B1 to B4 were written, five of them with 40 000 examples (shares 0.1, 0.2, 0.3, 0.5 and 1) and two with 400 000 (0.1 and 0.5), and one before M1 to M4; it had an S-AUC of 0.70.

# %% tags=["hide-input"]
RULES = declare("""
    C1 | Randomised AUC | with the simple coordinate shuffled networks are at chance | largest distance of S-AUC from 0.5, networks of LMS-5 and MS-(5,7) <= 0.05 (smoke 0.08); published 0.007
    C1b | Randomised AUC | and with all others shuffled they lose nothing | smallest Sᶜ-AUC >= 0.99; published 1
    C2 | Noisy coordinate | where 10 % of a linear coordinate say nothing, networks lose half of that, though slabs would tell all | distance of mean test accuracy from 0.95 <= 0.01; published 0.001
    C2b | Noisy coordinate | the same network learns slabs where there is nothing else | smallest test accuracy, MS-7 >= 0.995; published 1
    C2c | Noisy coordinate | it uses the noisy coordinate alone: shuffled, nothing is left | distance of mean accuracy from 0.5 <= 0.05; published 0.003
    C2d | Noisy coordinate | and shuffling all slabs costs nothing | mean loss of accuracy <= 0.01; published 0
    C3 | Ensembles | three networks together see no more than one | largest S-AUC of ensembles, LMS-5 and MS-(5,7) <= 0.55 (smoke 0.6); published 0.507
    C4 | Adversaries | adversarial perturbations move along the linear coordinate alone | mean share of their squared length, LMS-5 >= 0.95; published 0.997
    C5 | Decision maps | logits depend on the simple coordinate far more than on any other | smallest ratio of mean changes when one is shuffled, S over the strongest other, LMS-5 >= 10
    C6 | Decision maps | and decisions on it alone | smallest share of the variance of decisions over S and the strongest other, LMS-5 and MS-(5,7) >= 0.95
    C7 | Plateau | slabs are learned late and at once | ratio of steps until the loss is below 0.1, MS-(5,7) over LMS-5 > 10
    C8 | Logits | with S shuffled, logits of both classes have one distribution | largest total variation distance, LMS-5 and MS-(5,7) <= 0.1 (smoke 0.2)
    D1 | Plateau | the plateau of MS-(5,7) ends at about 10 000 steps | distance of log2 of (median steps) / 10000 from 0 <= 1
    M1 | Images | networks on stacked images use the digits alone | distance of mean S-AUC from 0.5 <= 0.05
    M2 | Images | and lose nothing without the clothes | smallest Sᶜ-AUC >= 0.99
    M3 | Images | though clothes alone are enough | smallest AUC of networks on clothes alone >= 0.99
    M4 | Images | three networks together see no more | largest S-AUC of ensembles <= 0.55
    B1 | Beyond | networks ignore slabs up to 30 % corrupted examples | largest mean S-AUC, shares up to 0.3 <= 0.55
    B2 | Beyond | and use them from 70 % on | smallest mean S-AUC, shares from 0.7 >= 0.9
    B3 | Beyond | so that a worse simple coordinate makes a better classifier | smallest mean accuracy, shares from 0.7, minus that at 0.3 > 0
    B4 | Beyond | it takes examples that come again: with 160 000 of them slabs are ignored where 40 000 are half corrupted and used | mean S-AUC, 160 000 examples, half corrupted <= 0.55
    """)
claims = Ledger(PAPER, profile, RULES)

# %% tags=["hide-input"]
claims.declared()
