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
# # Abrupt learning of an induction head
#
# ## The claims
#
# Each line is a claim, where it is measured, and the rule that decides it; the thresholds were fixed before any sweep ran.

# %% tags=["hide-input"]
RULES = declare("""
    A1 | Classes | the transition comes when an independent run has it | distance of log2 of the median step at which IC is 0.75 over 7000, K = 1024 <= 0.5
    A2 | Classes | and ends as there | distance of the median IC at the end from 0.984, K = 1024 <= 0.015
    A3 | Classes | few classes end as there | largest distance of mean IC from 0.60 and mean IW from 0.32 at step 18 500, K = 128 <= 0.1
    C1 | Classes | with many classes a network learns to answer from context | median IC at the end, K = 1024 >= 0.95
    C1b | Classes | and does not memorise | mean IW at the end, K = 1024 <= 0.2
    C2 | Classes | with few classes it does not learn to answer from context | mean IC at the end, K = 128 <= 0.7
    C2b | Classes | since it memorises them | mean training accuracy at the end, K = 128 >= 0.99
    C2c | Classes | IC at the end rises with the number of classes, and IW falls | IC at K = 1024 less that at 128, or IW at 128 less that at 1024, the smaller > 0.1
    C3 | Cliff | the rise is a cliff after a plateau | median over seeds of the shortest time for 80 % of the rise of IC above 0.5, over 12 000 steps, K = 1024 <= 0.25
    C4 | Cliff | answers from context are the same with new and with swapped classes | mean over time and seeds of the absolute difference of IC2 and IC, K = 1024 <= 0.03
    C5 | Progress | first the labels of the context, then attention to the previous token, then attention to matching labels | smallest of the two median delays between half-way steps, K = 1024 > 0
    D1 | Burstiness | burstiness favours answers from context | mean over K of IC at the end above chance among labels of the context, B = 2 less B = 1 > 0.05
    D2 | Burstiness | where the context has one label no cliff is needed | largest median step at which IC is 0.9, B = 4 < 2500
    D3 | Data | a larger share of bursty sequences favours IC over IW | IC with all less IC with none, or IW with none less IW with all, the smaller > 0.1
    D4 | Data | noise within classes favours IC | IC at noise 0.3 less that at 0, K = 128 > 0
    D5 | Data | class frequencies of exponent about 1 let both be learned | smaller of IC and IW at exponent 1 less that at 0, K = 1024, half of the sequences bursty > 0
    P1 | Paper's size | at the sizes of the paper too, IC comes late and suddenly | smallest IC at the end > 0.9
    M1 | Minimal model | gradient descent on three parameters follows the loss | median rms distance, nats, K = 1024 <= 0.1
    M2 | Minimal model | and tells when attention to matching labels is half-way, which is not fitted | median distance of log2 of the ratio of steps from 0 <= 0.5
    M3 | Minimal model | and when attention to the previous token is | median distance of log2 of the ratio of steps from 0 <= 0.5
    M4 | Minimal model | without the first layer there is no cliff | smallest ratio of steps to p = 0.75, first logit frozen over free > 2
    B1 | Beyond | a network that is given a previous-token head skips most of the plateau | median step at which IC is 0.75, strength 8 over strength 0 <= 0.5
    B2 | Beyond | the stronger the head the earlier the cliff | smallest ratio of median steps, each strength over the next > 1
    B3 | Beyond | and the model of three parameters says by how much | largest distance of log2 of ratios of steps, strengths 2 to 8 over 0, from the model's <= 1
    """)
claims = Ledger(PAPER, profile, RULES)
