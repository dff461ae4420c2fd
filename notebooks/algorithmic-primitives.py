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
# # Algorithmic primitives and compositional geometry of reasoning
#
# Does a language model that reasons in text use reusable operations, and can we get hold of them: cluster them, turn them into vectors, inject, add and subtract them {cite:p}`lippl2025primitives`? We ask it of models in which the true operation behind every token is known.
#
# ```{chapter-card} algorithmic-primitives
# :paper: https://arxiv.org/abs/2510.15987
# :paper-label: arXiv 2510.15987
# :differs: decoders of 0.8 million parameters that learned a synthetic language of solved problems, where the paper has Phi-4 and Llama-3; vectors also from contrasts of instructions, and controls that the paper does not report; published numbers are second hand
# ```
#
# The paper collects activations of a large model while it solves problems, clusters them, names the clusters by the text under them (nearest neighbour, verification, …), makes a {term}`primitive vector` of each, and adds it to the {term}`residual stream`: the operation becomes more frequent.
# Here solvers with a known policy write the training texts, so that *do clusters find primitives?* gets a number, *is it more than a push on some words?* gets controls, and *does it help?* gets an exact checker.

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import spearmanr

from inductive import rng, sweep
from inductive.experiments.algorithmic_primitives import (
    analysis,
    bank,
    cells,
    checkpoint,
    conditions,
    example,
    geometry,
    labels,
    writing,
)
from inductive.experiments.algorithmic_primitives.language_models import smollm2
from inductive.experiments.algorithmic_primitives.plans import DOSES, GRID, SHARES, plans
from inductive.report import published, style
from inductive.report.claims import Ledger, declare
from inductive.tasks import reasoning_traces as traces

style.use_style()
PAPER = "algorithmic-primitives"

# %% tags=["parameters", "hide-input"]
profile: str = "paper"  # one of paper, smoke | smoke recomputes 24 prompts of the example, not 128
seed: int = 0  # 0 to 4294967295 | root of problems and draws
vector: str = "VER[S]"  # one of VER[S], VER[G], VER[GS], VER[T], ALT[G], ALT[T], NN[T], EXP[G], F - B, heads | injected in the worked example
dose: float = 0.4  # -2.0 to 2.0 | its length, relative to that of the stream
block: int = 3  # 1 to 4 | after which it is added

# %% tags=["hide-input"]
paper = profile == "paper"
key = rng.root(seed)
every = plans("paper")


# %% tags=["hide-input"]
def stored(name):
    """One sweep of the chapter, read from its store (both profiles read the same)."""
    options = {"stream": "primitives", "how": "host"}
    run = sweep.planned(PAPER, name, every[name], "paper", seed, **options)
    return run.isel(seed=0) if every[name].seeds == 1 else run


# %%
runs = {name: stored(name) for name in every}

# %% [markdown]
# ## The question
#
# Three tasks are posed and solved in a language of 50 tokens: find a path in a graph (G), tour four cities (T), satisfy a formula (S).
# A solution is a sequence of *steps*, each an opcode with its content: EXP lists a node's successors, GEN writes a candidate, VER verifies it, CMP compares two, NN picks the nearest city, DST adds up a tour, BTK flips a literal, ANS answers.
# GEN and ANS must come; whether the solver verifies, looks for an alternative (ALT), uses nearest neighbours or expands is chance, with probabilities 0.15 to 0.3 in the *base policy*.
# In half of the prompts an instruction (`<v>`, `<m>`, `<n>`, `<e>`) raises one of them to 0.9 or more; the pair of `<v>` and T never occurs.
# The *reasoning policy* verifies, compares and plans in 70 to 95 % of cases.
#
# A decoder with four blocks learns the base policy (B) and is finetuned on the reasoning policy (F), or on G and S alone (FGS).
# It then writes its own traces, and a vector $v$ is added to the stream after block $\ell$ from the end of the prompt on,
#
# $$r_\ell(t) \leftarrow r_\ell(t) + c\,\|r_\ell\|\,\hat v_\ell.$$ (eq-algorithmic-primitives-injection)
#
# The worked example poses problems of T, with and without a vector, to a decoder that the repository holds:

# %%
asked = writing.prompts(rng.stream(key, "example"), "T", 1)
trace = writing.write(checkpoint.decoder(0, "B"), asked, key)[0]
print("prompt:", traces.decode(asked.tokens[asked.mask]))
print("trace: ", traces.decode(trace[trace > 0]))

# %%
condition = conditions.write((dose, vector), block=block)
n_prompts = 128 if paper else 24
point = rng.seed_key(rng.stream(key, "example"), 0)
plain, treated = (
    cells.injected(point, 0, f"B T: {c}", n_prompts)["outcomes"][None] for c in (conditions.NONE, condition)
)
for name in ("VER", "ALT", "NN", "wf", "ok"):
    found = analysis.change(treated, plain, name)
    print(f"{name:4} {analysis.rate(plain, name).mean:.2f} → {analysis.rate(treated, name).mean:.2f}")

# %% [markdown]
# *VER*, *ALT*, *NN*: share of traces with such a step (ALT: with a second candidate that repairs no failure, and a comparison); *wf*: well formed, the trace ends with an answer; *ok*: the checker accepts the answer.
#
# ## The claims
#
# Each line is a claim and the rule that decides it.
# The thresholds of the paper's claims and of C5, C14, C15 and C17 come from a pilot with other corpora and weights and have not moved; those of L1 and of B1 to B3 were written when the networks were trained, before these sweeps had run.
# Δ is a difference in rate under injection, prompt by prompt, over 512 prompts and all pretrainings; intervals are 95 % bootstraps over both.

# %% tags=["hide-input"]
OF_THE_PAPER = """
    C1 | clusters | clusters of a middle block correspond to primitives | smallest excess of their agreement over that of tokens, third block, K = 50, by pretraining >= 0.05
    C2v | Table 1 | a verification vector elicits verification | Δ of verification on T, vector from G and S >= 0.2
    C2a | Table 1 | a vector for alternatives elicits them | Δ of alternatives on T, vector from G >= 0.2
    C2n | Table 1 | a nearest-neighbour vector elicits nearest neighbours | Δ of nearest neighbours on T, vector from T >= 0.2
    C3 | Table 1 | each hallmark is moved most by its own vector | mean |Δ| off the diagonal over that on it, VER, ALT, NN on T < 0.5
    C4 | 2 | block and dose shape the effect, up to breakdown | well-formed traces at dose 0.6, third block, VER[GS] < 0.6
    C6 | Arithmetic | vectors add: a sum elicits both | smallest lower end of the excess of the joint rate over single vectors at least as long > 0
    C7 | Arithmetic | subtraction suppresses what an instruction asks for | largest Δ, VER on G and ALT on T <= -0.15
    C7f | Arithmetic | and what the finetuned model does by itself | Δ of verification on T, -VER[S], gated, dose 0.8 <= -0.15
    C8 | 5 | primitives transfer across tasks | smaller Δ of verification on T, vectors from G and from S >= 0.2
    C9 | 4 | the finetuned model verifies more systematically | smallest rise of verification over tasks >= 0.5
    C10 | method | a cluster of verification tokens yields a vector for verification | its Δ over that of the instruction contrast >= 0.5
    C11 | abstract | injection induces in the base model what finetuning does | habits of four that move towards the finetuned model, vector F - B (verification by 0.3 or more, candidates, alternatives, nearest neighbours) >= 4; changed Δ of verification on T, vector F - B >= 0.3: the rule asks for all four habits, and one of them missing made it fail whole
    C12 | geometry | finetuning moves states along the verification direction | smallest cosine of F - B and VER[GS], any block and pretraining >= 0.5
    C13 | abstract | what finetuning teaches generalizes to a task that it leaves out | accuracy of verdicts on T, FGS >= 0.8
    C16 | method | few heads make a function vector that does it | its Δ over that of the stream's vector >= 0.5
    """

# %% tags=["hide-input"]
OURS = """
    C5a | Controls | the vector does more than a push on the opcode's logit | excess of Δ over the unembedding at the same share of well-formed traces, VER[S] >= 0.1
    C5b | Controls | and works outside the span of the opcodes' output directions | largest share of Δ that survives without it, five vectors >= 0.7
    C14 | Accuracy | injected verification makes answers right | largest lower end of Δ of right answers, 8 doses, corrected for 8 > 0
    C15 | Geometry | angles between vectors predict transfer | rank correlation of cosine with T's own vector and Δ, sources G, S, GS, by pretraining >= 0.8
    C17 | Seeds | no verdict hangs on one trained model | claims C2v, C2a, C2n, C5b, C9 that not all pretrainings share <= 0
    L1 | Example | recomputing finds the stored traces | share of entries that differ <= 0.03
    B1 | Beyond | a little practice of T makes verdicts on T right | rise of their accuracy from no drills of T to 10 % >= 0.2
    B2 | Beyond | and leaves the policy as it is | largest change of verification on T <= 0.1
    B3 | Beyond | effects of two vectors add in log odds | root mean square error of predicted rates, 16 pairs of doses, VER and ALT <= 0.05
    """
claims = Ledger(PAPER, profile, declare(OF_THE_PAPER) + declare(OURS))

# %% tags=["hide-input"]
claims.declared()

# %% tags=["hide-input"]
OUTCOMES, EXCESS = {}, {}
for name in ("usage", "injection-T", "injection-others"):
    for case in runs[name]["case"].values:
        OUTCOMES[str(case)] = runs[name]["outcomes"].sel(case=case).to_numpy()
        EXCESS[str(case)] = runs[name]["tour_excess"].sel(case=case).to_numpy()
PRETRAININGS = runs["usage"]["pretraining"].values.tolist()


# %% tags=["hide-input"]
def one(name, dose=0.4, block=3):
    """The condition that injects one vector."""
    return conditions.write((dose, name), block=block)


def change(condition, name, cell="B T", level=0.95):
    """Δ of a rate under a condition."""
    return analysis.change(OUTCOMES[f"{cell}: {condition}"], OUTCOMES[cell], name, level)


# %% tags=["hide-input"]
def rate(condition, name, cell="B T"):
    """A rate under a condition."""
    return float(analysis.indicator(OUTCOMES[f"{cell}: {condition}"], name).mean())


# %%
held = OUTCOMES[f"B T: {one('VER[S]')}"][0, :n_prompts]
stored_point = rng.seed_key(rng.stream(key, "primitives"), 0)
again = cells.injected(stored_point, 0, f"B T: {one('VER[S]')}", n_prompts)["outcomes"]
differing = float(np.mean(again != held))
print(f"{differing:.4f} of the entries differ")
print(claims.check("L1", differing, sign=differing < 0.5))

# %% [markdown]
# ## Do clusters find primitives?
#
# The claim (C1): k-means on the stream of a middle block groups tokens by primitive.
# One trace of S and one of T, token by token, with the true labels and the clusters' majority labels:

# %% tags=["hide-input"]
INK = ["#dddddd", "#56B4E9", "#E69F00", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#999999"]
shown = example.examples(rng.stream(key, "shown"), 0, ("S", "T"), 32 if paper else 16)


def draw_trace(ax, trace, width=34):
    """Tokens in lines; above each the true label, below it that of its cluster."""
    for k, (word, label, cluster) in enumerate(zip(trace.words, trace.labels, trace.clusters, strict=True)):
        x, y = k % width, -(k // width) * 2.2
        ax.add_patch(plt.Rectangle((x, y), 1, 0.8, color=INK[label], lw=0))
        ax.add_patch(plt.Rectangle((x, y - 0.75), 1, 0.7, color=INK[cluster], lw=0))
        ax.text(x + 0.5, y + 0.36, word, ha="center", va="center", fontsize=5)
    ax.set(xlim=(0, width), ylim=(-(len(trace.words) // width) * 2.2 - 1, 1))
    ax.axis("off")


# %% tags=["hide-input"] mystnb={"figure": {"caption": "One trace on S (above) and one on T that the base model wrote, from the bar on. Upper row of each line: the tokens on the colour of their true label; lower row: colour of the most frequent label in the token's cluster, k-means with 50 clusters on directions of the stream after the third block.", "name": "fig-algorithmic-primitives-traces"}, "image": {"alt": "Tokens of two traces with two rows of colours. In most steps both rows have the same colour; they differ at tokens that several kinds of steps share, such as digits and city names."}}
lines = [len(one_trace.words) // 34 + 1 for one_trace in shown]
figure, axes = plt.subplots(2, 1, figsize=(style.PAGE_WIDTH, 0.34 * sum(lines) + 0.5), height_ratios=lines)
for ax, one_trace in zip(axes, shown, strict=True):
    draw_trace(ax, one_trace)
marks = [plt.Rectangle((0, 0), 1, 1, color=color) for color in INK[1:]]
figure.legend(marks, traces.OPCODES, loc="outside lower center", ncol=8, fontsize=6)
plt.show()

# %%
agreed = runs["clusters"].isel(k=0)
of_tokens = agreed["labels"].sel(net="B", block=0)
null = agreed["null"].quantile(0.99, "permutation")

# %%
third = agreed.sel(net="B", block=3)
for content, word in enumerate(("all", "content")):
    numbers = [float(x.sel(content=content).mean()) for x in (third["labels"], of_tokens)]
    print(f"{word:8} tokens, third block: agreement {numbers[0]:.3f}, of token identity {numbers[1]:.3f}")

# %%
beyond = (third["labels"] - of_tokens).sel(content=0).values
above_null = bool((third["labels"] > null.sel(net="B", block=3)).all())
print(f"information beyond tokens: {third['explained'].mean('pretraining').values.round(2)}")
claims.check("C1", beyond.min(), sign=above_null, reason="above the null, but hardly beyond token identity")

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Adjusted mutual information of clusters (K = 50) with true labels against the block, mean over pretrainings, dots: each; all tokens (left) and tokens that are no opcodes, separators or marks (middle). Filled: trained; crosses: the same network before training, on the same text; thin black: token identity as the clusters; grey band: labels permuted within token type, all permutations. Right: the same against the number of clusters, third block.", "name": "fig-algorithmic-primitives-clusters"}, "image": {"alt": "Agreement of trained networks lies above token identity and above the null in all blocks, highest after the first; untrained networks lie below. Agreement rises with the number of clusters."}}
figure, axes = plt.subplots(1, 3, figsize=(style.PAGE_WIDTH, 2.6), sharey=True)
for content, ax in enumerate(axes[:2]):
    for net, look in (("B", style.OURS), ("untrained", {"marker": "x", "color": "grey", "ls": ":"})):
        some = agreed["labels"].sel(net=net, content=content, block=slice(1, 4))
        ax.plot(some["block"], some.mean("pretraining"), **look | {"markersize": 4})
        ax.plot(some["block"], some.transpose("block", "pretraining"), ls="", marker=".", ms=2, color="black")
    lowest = agreed["null"].sel(net="B", content=content, block=slice(1, 4))
    low, high = (getattr(lowest, end)(["pretraining", "permutation"]) for end in ("min", "max"))
    ax.fill_between(lowest["block"], low, high, color="grey", alpha=0.2, lw=0)
    ax.axhline(float(of_tokens.sel(content=content).mean()), **style.THEORY)
    ax.set(xlabel="block", title=("all tokens", "content tokens")[content], xticks=range(1, 5))
numbers = runs["cluster-numbers"]["labels"].isel(net=0, block=0).mean("pretraining")
for content, mark in enumerate("os"):
    look = style.OURS | {"marker": mark, "markersize": 4, "label": ("all", "content")[content]}
    axes[2].plot(numbers["k"], numbers.sel(content=content), **look)
axes[2].set(xscale="log", xlabel="clusters", xticks=[10, 100])
axes[2].legend()
axes[0].set(ylabel="adjusted mutual information", ylim=(0, None))
plt.show()

# %%
moved = runs["transitions"]
following = {net: moved["steps"].isel(net=k).mean("pretraining")[1:, 1:] for k, net in enumerate("BF")}
pairs = np.zeros((8, 8))
for document in traces.draw_documents(np.random.default_rng(seed), 1500, traces.Corpus(traces.BASE)):
    taken = [traces.OPCODES.index(traces.WORDS[s.opcode]) for s in traces.steps_of(document.tokens)]
    np.add.at(pairs, (taken[:-1], taken[1:]), 1)
in_text = pairs / np.maximum(pairs.sum(1, keepdims=True), 1)
for net, found in following.items():
    print(f"{net}: largest distance from the base policy's text {np.abs(found - in_text).max():.2f}")

# %% tags=["hide-input"] mystnb={"figure": {"caption": "From the left: probability of the next step given the present one in 1500 traces of the base policy without instructions (text like that of pretraining), in traces of the base and of the finetuned model, all tasks, mean over pretrainings. Right: how often tokens of one cluster follow those of another (first pretraining, logarithm of 1 + counts), clusters ordered by eight groups from spectral clustering (white lines).", "name": "fig-algorithmic-primitives-transitions"}, "image": {"alt": "The base model's table looks like that of its policy's text: a candidate is mostly followed by the answer or the sum of distances; in the finetuned model by verification. Clusters fall into groups along the diagonal that follow each other."}}
figure, axes = plt.subplots(1, 4, figsize=(style.PAGE_WIDTH, 2.2))
shown_steps = {"policy's text": in_text, "base": following["B"], "finetuned": following["F"]}
for ax, (title, found) in zip(axes, shown_steps.items(), strict=False):
    ax.imshow(found, vmin=0, vmax=1, cmap="Blues")
    ax.set(title=title, xlabel="next step", xticks=range(8), yticks=range(8))
    ax.set_xticklabels(traces.OPCODES, rotation=90, fontsize=6)
    ax.set_yticklabels(traces.OPCODES if ax is axes[0] else [], fontsize=6)
first = moved.isel(pretraining=0)
axes[3].imshow(np.log1p(first["moves"]), cmap="Greys")
for edge in np.flatnonzero(np.diff(first["groups"])):
    axes[3].axhline(edge + 0.5, color="white", lw=0.7)
    axes[3].axvline(edge + 0.5, color="white", lw=0.7)
axes[3].set(title="clusters", xlabel="next cluster", ylabel="cluster")
axes[0].set_ylabel("present step")
plt.show()

# %%
for name in ("with_labels", "with_tasks"):
    print(f"agreement of groups of clusters {name.replace('_', ' ')}: {moved[name].values.round(2)}")

# %% [markdown]
# {numref}`fig-algorithmic-primitives-traces` and {numref}`fig-algorithmic-primitives-clusters`: clusters do find primitives, well beyond chance and beyond what the tokens alone say, in all blocks: the claim is about the third, but the first does as well, and an untrained network on the same text does not.
# What they find is mostly *where in a step* a token stands: seven or eight tenths of the label information that tokens leave open are explained, and the agreement keeps rising with the number of clusters.
# Steps of the base model follow each other as in its policy's text, to within 0.17 in probability; those of the finetuned model differ from it by up to 0.79.
# Groups of clusters that follow each other ({numref}`fig-algorithmic-primitives-transitions`) agree with the task more than with the primitive.
#
# ## What finetuning on systematic traces changes
#
# The claim (C9): the reasoning-finetuned model verifies, compares and plans more systematically.

# %% tags=["hide-input"]
NETS = {"B": "base", "F": "finetuned", "FGS": "finetuned without T"}
TOLD = {"G": "<v>", "T": "<v>", "S": "<v>"}
cells_shown = {label: net for net, label in NETS.items()} | {"base, told to verify": "B told"}


def used(task, net, name):
    """A rate of one model on one task."""
    cell = f"B {task} {TOLD[task]}" if net == "B told" else f"{net} {task}"
    return analysis.rate(OUTCOMES[cell], name)


# %% tags=["hide-input"] mystnb={"figure": {"caption": "Usage of steps without injection: share of traces with each step, and share of right answers (ok), by model and task; mean over pretrainings and 512 prompts, 95 % bootstrap interval over both. Dotted: the rate of the policy that wrote the training traces. The pair of <v> and T was never trained; T was not among the finetuning data of the model that leaves it out.", "name": "fig-algorithmic-primitives-usage"}, "image": {"alt": "Three panels of points. The finetuned model verifies in nearly all traces of all tasks, the base model in 11 to 24 percent; right answers rise on T and hardly on G."}}
figure, axes = plt.subplots(1, 3, figsize=(style.PAGE_WIDTH, 2.7), sharey=True)
steps = ("VER", "ALT", "NN", "EXP", "wf", "ok")
for ax, task in zip(axes, traces.TASKS, strict=True):
    for k, (label, net) in enumerate(cells_shown.items()):
        color, marker = list(style.OKABE_ITO.values())[k], "os^D"[k]
        for x, name in enumerate(steps):
            found = used(task, net, name)
            bar = [[found.mean - found.low], [found.high - found.mean]]
            look = style.OURS | {"marker": marker, "markersize": 4, "color": color, "ls": ""}
            ax.errorbar(x + 0.15 * (k - 1.5), found.mean, bar, label=label if x == 0 else None, **look)
    for x, name in enumerate(steps[:4]):
        for policy in (traces.BASE, traces.REASONING):
            ax.hlines(getattr(policy, name.lower()), x - 0.4, x + 0.4, color="black", lw=0.6, ls=":")
    ax.set(title=task, xticks=range(len(steps)))
    ax.set_xticklabels(steps, rotation=90)
axes[0].set(ylabel="share of traces", ylim=(0, 1.02))
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncol=4, fontsize=7)
plt.show()

# %%
rises = {task: used(task, "F", "VER").mean - used(task, "B", "VER").mean for task in traces.TASKS}
candidates = [used("T", net, "n_gen").mean for net in ("B", "F")]
right = {net: analysis.verdict_accuracy(OUTCOMES[f"{net} T"]) for net in NETS}
print("rise of verification:", {task: round(rise, 2) for task, rise in rises.items()})
print("told to verify on T, by pretraining:", used("T", "B told", "VER").each.round(2))
print("candidates on T:", np.round(candidates, 2), " accuracy of verdicts on T:")
print({net: np.round(accuracy, 2) for net, accuracy in right.items()})

# %%
print(claims.check("C9", min(rises.values()), sign=candidates[1] >= 1.5 * candidates[0]))

# %%
tours = {net: round(analysis.tour_ratio(EXCESS[f"{net} T"]), 3) for net in NETS}
print("right tours over the shortest:", tours)
policy, ok = used("T", "FGS", "VER").mean, [used("T", net, "ok").mean for net in ("B", "FGS", "F")]
print(f"T: right answers of B, FGS, F {np.round(ok, 2)}; verification of FGS {policy:.2f}")
why = "the policy transfers, the skill does not"
claims.check("C13", right["FGS"].mean(), sign=policy >= 0.8 and ok[1] >= ok[0], reason=why)

# %% tags=["hide-input"]
skilled = runs["skills"]["skills"].mean("pretraining")
print(f"{'':18}" + "".join(f"{net:>6}" for net in NETS))
for kind, name in enumerate(traces.RESULTS[1:]):
    row = [float(skilled.sel(net=net).isel(skill=kind)) for net in NETS]
    print(f"{name:18}" + "".join(f"{value:6.2f}" for value in row))

# %% [markdown]
# {numref}`fig-algorithmic-primitives-usage`: the base model follows its policy, the finetuned one its own, on all tasks (C9); right answers rise by a fifth of all prompts on T and S, and less on G, where nodes' successors are looked up wrongly in a third of cases.
# Told to verify on T, a combination that it never met, the base model does so in 31 to 100 % of traces, depending on the pretraining.
# The model that was finetuned without T verifies there nearly always, and judges with an accuracy of 0.63 to 0.86, where the base model has 0.84 to 1.00 (C13): the policy generalizes; the skill is damaged.
#
# ## Vectors
#
# A vector is a difference of two mean states, after each block.
# Ours compare {term}`decision points <decision point>`, separators that an opcode follows, with and without the **instruction** that asks for a step, after the same kind of step; VER[GS] comes from traces of G and S, never from T.
# No label of what was written is used.
#
# ### Dose and block
#
# The claim (C4): the effect grows with the dose, has its peak in a middle block, and too much breaks the grammar.

# %%
dosed = {(b, c): one("VER[GS]", c, b) for b in range(1, 5) for c in DOSES}
ver = {place: change(condition, "VER") for place, condition in dosed.items()}
formed = {place: rate(condition, "wf") for place, condition in dosed.items()}

# %%
at_third = [ver[3, c].mean for c in DOSES[:4]]
peak = max(range(1, 5), key=lambda b: ver[b, 0.4].mean)
print("third block, Δ of verification:", np.round(at_third, 2))
print("well formed:", np.round([formed[3, c] for c in DOSES], 2), " block with the largest Δ at 0.4:", peak)
grows = bool(np.all(np.diff(at_third) > 0)) and min(formed[3, c] for c in DOSES[:4]) >= 0.9
why = "it grows with the dose, and the grammar holds longer than in the pilot"
claims.check("C4", formed[3, 0.6], sign=grows, reason=why)

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Injection of VER[GS] into the base model on T after one of the four blocks, against the dose: rate of verification, share of well-formed traces, share of right answers; mean over pretrainings, bars: 95 % bootstrap over pretrainings and prompts. Third block: grey, five random directions (range); dotted, output direction of the opcode VER.", "name": "fig-algorithmic-primitives-doses"}, "image": {"alt": "Verification rises with the dose for all blocks; well-formed traces and right answers fall at large doses. The output direction of the opcode raises verification as much, at a higher cost of form."}}
figure, axes = plt.subplots(1, 3, figsize=(style.PAGE_WIDTH, 2.6))
for ax, name in zip(axes, ("VER", "wf", "ok"), strict=True):
    for b, tone in zip(range(1, 5), np.linspace(0.4, 1, 4), strict=True):
        found = [analysis.rate(OUTCOMES[f"B T: {dosed[b, c]}"], name) for c in DOSES]
        mean = np.array([f.mean for f in found])
        bars = np.abs(np.array([[f.low, f.high] for f in found]).T - mean)
        look = style.OURS | {"color": plt.cm.Blues(tone), "markersize": 3.5, "lw": 1}
        ax.errorbar(DOSES, mean, bars, label=f"block {b}", **look)
    some = [[rate(one(f"random {k}", c), name) for k in range(5)] for c in (0.2, 0.4, 0.6)]
    ax.fill_between((0.2, 0.4, 0.6), np.min(some, 1), np.max(some, 1), color="grey", alpha=0.3, lw=0)
    ax.plot(DOSES[:4], [rate(one("unembedding VER", c), name) for c in DOSES[:4]], "k:")
    ax.axhline(analysis.rate(OUTCOMES["B T"], name).mean, **style.THEORY)
    ax.set(xlabel="dose c", title={"VER": "verification", "wf": "well formed", "ok": "right"}[name])
    ax.set(ylim=(0, 1.02))
axes[0].set_ylabel("share of traces")
axes[0].legend(fontsize=6)
plt.show()

# %% [markdown]
# In {numref}`fig-algorithmic-primitives-doses` verification grows with the dose, least after the last block; up to 0.4 the grammar holds and right answers stay.
# At 0.6 a quarter of the traces are broken, at 0.8 three quarters: the breakdown comes later than in the pilot (C4).
# All blocks do nearly the same, and the output direction of the opcode (dotted) does more at each dose, at a cost of form.
#
# ### Table 1: each vector and each hallmark
#
# The claims (C2, C3): a vector elicits its own primitive, more than any control does, and moves its own hallmark most.

# %%
OWN = {"VER": "VER[GS]", "ALT": "ALT[G]", "NN": "NN[T]"}
controls = {
    name: [one(f"random {k}") for k in range(5)] + [one(f"shuffled {k} {v}") for k in range(5)]
    for name, v in OWN.items()
}

# %%
own = {name: change(one(v), name) for name, v in OWN.items()}
largest = {name: max(change(c, name).mean for c in controls[name]) for name in OWN}


# %%
def elicits(name):
    """C2 for one primitive: its Δ, and whether it is above 0 and above all controls."""
    found = own[name]
    print(
        f"{name}: Δ {found.mean:+.2f} [{found.low:+.2f}, {found.high:+.2f}], largest of 10 controls {largest[name]:+.2f}"
    )
    beats = bool(found.low > 0 and found.mean > largest[name])
    return {"measured": found.mean, "sign": beats, "reason": "smaller than in the pilot"}


print(claims.check("C2v", **elicits("VER")))
print(claims.check("C2a", **elicits("ALT")))
print(claims.check("C2n", **elicits("NN")))

# %%
ROWS = {**{v: one(v) for v in (*OWN.values(), "EXP[G]", "F - B")}}
ROWS |= {f"unembedding {name}": one(f"unembedding {name}", 0.2) for name in ("VER", "CMP", "NN")}
ROWS |= {"random (5)": [one(f"random {k}") for k in range(5)]}
ROWS |= {"shuffled (5)": [one(f"shuffled {k} VER[GS]") for k in range(5)]}
ROWS |= {"their raw length": [one(f"raw shuffled {k} VER[GS]") for k in range(5)]}
COLUMNS = ("VER", "ALT", "NN", "EXP", "wf", "ok")


# %%
def cell_of(condition, name):
    """Δ in points; of several conditions the one that is furthest from 0."""
    some = [condition] if isinstance(condition, str) else condition
    return max((100 * change(c, name).mean for c in some), key=abs)


# %%
table = np.array([[cell_of(condition, name) for name in COLUMNS] for condition in ROWS.values()])
square = table[:3, :3]
off = np.abs(square[~np.eye(3, dtype=bool)]).mean() / np.abs(np.diag(square)).mean()
diagonal = [int(np.argmax(table[:4, k])) == k for k in range(3)]
claims.check("C3", off, sign=all(diagonal), reason="own hallmarks are moved most, but others much as well")

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Left: what injections into the base model on T change, in percentage points, dose 0.4 (unembeddings 0.2), third block; of five random or shuffled directions the one furthest from 0. Boxes: a vector's own hallmark. Right: Table 1 of the paper, Phi-4 on TSP, second hand: percent change of counts of hallmarks.", "name": "fig-algorithmic-primitives-table"}, "image": {"alt": "Two tables as heat maps. On the left the largest numbers of the first three columns are on the diagonal; on the right they are, too, apart from distance computations, which fall under every vector."}}
reported = published.load(PAPER, "table1").set_index("vector")
reported.columns = ["nearest", "paths", "distance", "verify", "compare"]
figure, axes = plt.subplots(1, 2, figsize=(style.PAGE_WIDTH, 3.1), width_ratios=(6, 5))
for ax, values, rows, columns in (
    (axes[0], table, list(ROWS), COLUMNS),
    (axes[1], reported.to_numpy(), list(reported.index), list(reported.columns)),
):
    limit = 80 if ax is axes[0] else 400
    ax.imshow(values, cmap="RdBu", vmin=-limit, vmax=limit, aspect="auto")
    for (i, j), value in np.ndenumerate(values):
        look = {"color": "white" if abs(value) > 0.7 * limit else "black", "fontsize": 6.5}
        ax.text(j, i, f"{value:+.0f}", ha="center", va="center", **look)
    ax.set(xticks=range(len(columns)), yticks=range(len(rows)))
    ax.set_xticklabels(columns, rotation=40, ha="right")
    ax.set_yticklabels(rows)
for k in range(3):
    axes[0].add_patch(plt.Rectangle((k - 0.5, k - 0.5), 1, 1, fill=False, lw=1.2))
axes[0].set_title("ours, Δ in points")
axes[1].set_title("published, change in %")
plt.show()

# %% tags=["hide-input"]
counts = {
    "nearest-neighbour traces": "NN",
    "candidates": "n_gen",
    "verifications": "n_ver",
    "comparisons": "n_cmp",
}
print("relative change of counts per trace, in percent")
for label, v in (("NN[T]", "NN[T]"), ("ALT[G]", "ALT[G]"), ("VER[GS]", "VER[GS]"), ("VER[S]", "VER[S]")):
    row = []
    for name in counts.values():
        before, after = analysis.rate(OUTCOMES["B T"], name).mean, rate(one(v), name)
        row.append(f"{100 * (after / before - 1):+7.0f}")
    print(f"{label:10}", *row, " ", ", ".join(counts) if label == "NN[T]" else "")

# %% [markdown]
# {numref}`fig-algorithmic-primitives-table`: each of the three vectors elicits its own step (C2), by 23, 60 and 51 points, and more than any of ten controls of the same length does; off the diagonal changes are small (C3), but the vector for expansion, a step that T does not have, raises nearest neighbours by 26 points, as both answer an instruction at the start.
# Shuffles of the labels are no clean null once they are stretched to the dose: a shuffle of some hundred decisions is a short piece of the true contrast plus noise, with cosines of either sign up to 0.95, and moves hallmarks by up to 33 points, three fifths of the effect of the vector itself; at its raw length it does nothing.
# In relative counts, as the paper gives them, the effects have the paper's order of magnitude: verifications rise by 210 %, comparisons by 497 %, nearest neighbours by 165 %.
# The published table has one column, distance computations, that falls under every vector: a generic effect of injection, which no control there measures.
#
# ### Transfer and geometry
#
# The claims (C8, C12, C15): vectors from one task act in another, finetuning moves states along them, and angles say which vector transfers.

# %%
sources = {name: change(one(name), "VER") for name in ("VER[G]", "VER[S]", "VER[GS]", "VER[T]", "F - B")}
for name, found in sources.items():
    print(
        f"{name:8} on T: Δ {found.mean:+.2f} [{found.low:+.2f}, {found.high:+.2f}], each {found.each.round(2)}"
    )

# %%
transferred = [sources[name].mean for name in ("VER[G]", "VER[S]")]
share = min(transferred) / sources["VER[T]"].mean
why = "the effect is above 0 and two thirds of that of T's own vector, but smaller than in the pilot"
print(claims.check("C8", min(transferred), sign=share >= 0.5 and min(transferred) > 0, reason=why))

# %%
index = {name: k for k, name in enumerate(geometry.NAMES)}
cosines = runs["geometry"]["cosines"].to_numpy()
towards = cosines[:, :, index["F - B"], index["VER[GS]"]]
print("cosine of F - B and VER[GS] after each block:", towards.mean(0).round(2))
print(claims.check("C12", towards.min(), sign=towards.min() > 0))

# %%
near = np.array([cosines[:, 2, index[name], index["VER[T]"]] for name in ("VER[G]", "VER[S]", "VER[GS]")])
effect = np.array([sources[name].each for name in ("VER[G]", "VER[S]", "VER[GS]")])
mixed = [index[f"shuffled {k} VER[GS]"] for k in range(5)]
lengths = runs["geometry"]["lengths"].to_numpy()[:, 2]
print(
    "five shuffles, third block: cosine with VER[GS]", cosines[:, 2, mixed, index["VER[GS]"]].mean(0).round(2)
)
print(
    f"lengths {lengths[:, mixed].mean():.2f} of the stream's, VER[GS] {lengths[:, index['VER[GS]']].mean():.2f}"
)

# %%
ordered = spearmanr(near.ravel(), effect.ravel()).statistic
why = "the vectors of all sources point the same way here, so that angles have nothing to order"
print(claims.check("C15", ordered, sign=ordered > 0, reason=why))

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Left: cosines between vectors after the third block, mean over pretrainings. Middle: cosine with T's own verification vector against the effect on verification on T, one mark a source and pretraining; thin black: least-squares line. Right: cosines after each block: F − B with VER[GS], the same primitive from two tasks, two primitives.", "name": "fig-algorithmic-primitives-geometry"}, "image": {"alt": "Vectors of one primitive from several tasks have cosines near 0.7, different primitives near 0. Effects hardly depend on the cosine among sources of one primitive."}}
figure, axes = plt.subplots(1, 3, figsize=(style.PAGE_WIDTH, 2.9), width_ratios=(1.3, 1, 1))
some = [*bank.SOURCES, "F - B", "heads", "unembedding VER"]
places = [index[name] for name in some]
image = axes[0].imshow(cosines[:, 2][:, places][:, :, places].mean(0), vmin=-1, vmax=1, cmap="RdBu")
axes[0].set(xticks=range(len(some)), yticks=range(len(some)))
axes[0].set_xticklabels(some, rotation=90, fontsize=6)
axes[0].set_yticklabels(some, fontsize=6)
figure.colorbar(image, ax=axes[0], shrink=0.6)
for name, marker, x, y in zip(("VER[G]", "VER[S]", "VER[GS]"), "os^", near, effect, strict=True):
    axes[1].plot(x, y, ls="", label=name, **style.OURS | {"marker": marker})
axes[1].axline(
    (near.mean(), effect.mean()), slope=np.polyfit(near.ravel(), effect.ravel(), 1)[0], **style.THEORY
)
axes[1].set(xlabel="cosine with VER[T]", ylabel="Δ of verification on T")
axes[1].legend(fontsize=6)
pairs = {"F − B, VER[GS]": ("F - B", "VER[GS]"), "VER[S], VER[T]": ("VER[S]", "VER[T]")}
pairs |= {"ALT[G], ALT[T]": ("ALT[G]", "ALT[T]"), "VER[GS], ALT[G]": ("VER[GS]", "ALT[G]")}
for (label, (a, b)), marker in zip(pairs.items(), "os^D", strict=True):
    look = style.OURS | {"marker": marker, "markersize": 3.5}
    axes[2].plot(range(1, 5), cosines[:, :, index[a], index[b]].mean(0), label=label, **look)
axes[2].set(xlabel="block", ylabel="cosine", xticks=range(1, 5), ylim=(-0.6, 1.02))
axes[2].legend(fontsize=5.5)
plt.show()

# %% [markdown]
# Vectors from other tasks raise verification on T, whose combination with the instruction was never trained, by 20 and 26 points, two thirds or more of what T's own vector does; the threshold of C8 is missed by a hair for G.
# Finetuning moves the states after a candidate along the verification direction, with cosines near 0.7 in all blocks (C12), and the vector of that difference is stronger than those of instructions (35 points; C11 below).
# Angles, however, do not say which source transfers (C15, {numref}`fig-algorithmic-primitives-geometry`): among sources of one primitive there is no order.
#
# ### Arithmetic
#
# The claims (C6, C7, B3): vectors add and subtract.
# *Joint* is the share of well-formed traces with a verification and a comparison.

# %%
total = conditions.write((0.3, "VER[GS]"), (0.3, "ALT[G]"))
singles = [one("VER[GS]", 0.5), one("ALT[G]", 0.5)]
joint = {c: analysis.rate(OUTCOMES[f"B T: {c}"], "joint").mean for c in (total, *singles)}

# %%
over = [analysis.change(OUTCOMES[f"B T: {total}"], OUTCOMES[f"B T: {c}"], "joint") for c in singles]
print("joint rates of the sum (0.3 + 0.3) and of both at 0.5:", np.round(list(joint.values()), 3))
print(
    "product of the rates of VER and CMP traces in the sum:",
    np.round(
        rate(total, "VER") * analysis.indicator(OUTCOMES[f"B T: {total}"], "n_cmp").astype(bool).mean(), 3
    ),
)
why = "it is above the longer verification vector, but not surely above that for alternatives"
print(claims.check("C6", min(f.low for f in over), sign=all(f.mean > 0 for f in over), reason=why))

# %%
REMOVED = {"<v> on G": ("B G <v>", "VER[S]", "VER"), "<m> on T": ("B T <m>", "ALT[G]", "ALT")}
removed, by_random = {}, {}
for label, (cell, v, name) in REMOVED.items():
    removed[label] = change(one(v, -0.4), name, cell)
    by_random[label] = min(change(one(f"random {k}", -0.4), name, cell).mean for k in range(5))
    found = removed[label]
    print(
        f"{label}: Δ {found.mean:+.2f} [{found.low:+.2f}, {found.high:+.2f}], lowest random {by_random[label]:+.2f}"
    )

# %%
least = max(found.mean for found in removed.values())
below = all(removed[label].mean < by_random[label] for label in REMOVED)
why = "both fall, and below random directions, but not both by as much"
print(claims.check("C7", least, sign=least < 0 and below, reason=why))

# %%
gone = {}
for label, dose_, gated in (("0.4", 0.4, False), ("0.8", 0.8, False), ("0.8, gated", 0.8, True)):
    for v in ("VER[GS]", "VER[S]", *(f"random {k}" for k in range(5))):
        c = conditions.write((-dose_, v), gated=gated)
        gone[label, v] = [change(c, "VER", "F T"), rate(c, "wf", "F T"), rate(c, "ok", "F T")]
for (label, v), (found, wf, ok_) in gone.items():
    print(f"-{label:10} {v:9} Δ {found.mean:+.2f}  well formed {wf:.2f}  right {ok_:.2f}")

# %%
found, wf, _ = gone["0.8, gated", "VER[S]"]
why = "verification is too firmly settled in the finetuned model for this dose"
print(claims.check("C7f", found.mean, sign=found.high < 0 and wf >= 0.9, reason=why))

# %%
grid = {(a, b): conditions.write((a, "VER[GS]"), (b, "ALT[G]")) for a in GRID for b in GRID}
maps = {
    name: np.array([[rate(grid[a, b], name) for b in GRID] for a in GRID])
    for name in ("VER", "ALT", "joint", "wf")
}

# %%
predicted = {
    name: analysis.added_log_odds(rates[:, :1] + 0 * rates, rates[:1] + 0 * rates, rates[0, 0] + 0 * rates)
    for name, rates in maps.items()
    if name in ("VER", "ALT")
}

# %%
errors = [maps[name][1:, 1:] - rates[1:, 1:] for name, rates in predicted.items()]
print(
    "measured minus predicted, mean:",
    {n: round(float(e.mean()), 3) for n, e in zip(predicted, errors, strict=True)},
)
rms = float(np.sqrt(np.mean(np.square(errors))))
print(claims.check("B3", rms, sign=rms < 0.1, reason="vectors help or hinder each other more than that"))

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Sums c₁ VER[GS] + c₂ ALT[G] injected into the base model on T after the third block: rates of verification, alternatives, both in one well-formed trace, and well-formed traces (colour and numbers, percent; mean over pretrainings). Right: measured rates against those that follow if effects add in log odds; thin black: equality.", "name": "fig-algorithmic-primitives-sums"}, "image": {"alt": "Verification grows along one axis and alternatives along the other; joint traces are most frequent in the corner of both, where fewer traces are well formed. Measured rates lie near the line of equality."}}
figure, axes = plt.subplots(1, 5, figsize=(style.PAGE_WIDTH, 1.9), width_ratios=(1, 1, 1, 1, 1.2))
for ax, (name, rates) in zip(axes, maps.items(), strict=False):
    ax.imshow(rates, vmin=0, vmax=1, cmap="Blues", origin="lower")
    for (i, j), value in np.ndenumerate(rates):
        ink = "white" if value > 0.6 else "black"
        ax.text(j, i, f"{100 * value:.0f}", ha="center", va="center", fontsize=5.5, color=ink)
    ax.set(title=name, xticks=[0, 2, 4], yticks=[0, 2, 4], xlabel="c₂ (ALT)")
    ax.set_xticklabels(["0", "0.2", "0.4"])
    ax.set_yticklabels(["0", "0.2", "0.4"])
axes[0].set_ylabel("c₁ (VER)")
for name, marker in (("VER", "o"), ("ALT", "s")):
    look = style.OURS | {"marker": marker, "markersize": 3, "ls": "", "label": name}
    axes[4].plot(predicted[name][1:, 1:].ravel(), maps[name][1:, 1:].ravel(), **look)
axes[4].axline((0, 0), slope=1, **style.THEORY)
axes[4].set(xlabel="added log odds", title="rates", xlim=(0, 1), ylim=(0, 1))
axes[4].legend(fontsize=6)
plt.show()

# %% [markdown]
# The sum elicits traces with both steps more often than either vector alone does at a larger length (C6); but at 27 % they are hardly more frequent than independent steps would be (25 %): co-occurrence, not a new skill.
# Subtraction undoes what an instruction asks for (C7), and, at separators only, three tenths of the finetuned model's own verification with the grammar intact (C7f); at all positions the same dose ruins traces, with random directions more than with the vector.
# Effects of two vectors nearly add in log odds ({numref}`fig-algorithmic-primitives-sums`), but for the corner of large doses, where traces break.
#
# ## Which vector works, and how
#
# The claims (C10, C16): a cluster's vector does what an instruction's does, and so does a vector of few heads.
# The controls (C5): does the vector do more than raise the opcode's logit?

# %%
BARS = {
    "instruction, G and S": "VER[GS]",
    "instruction, S": "VER[S]",
    "instruction, T itself": "VER[T]",
    "label: inside the step": "label inside",
    "label: opcode": "label opcode",
    "label: token before": "label before",
    "label: decision after GEN": "label decision",
    "label: decision, told and not": "label decision told",
    "clusters, all tokens": f"cluster {labels.CLUSTERED}",
    "clusters, decisions": "cluster decisions 8",
    "clusters, decisions, told and not": "cluster decisions told 8",
    "five heads": "heads",
    "finetuned minus base": "F - B",
    "label: decision of the finetuned": "label F",
}

# %%
bars = {label: (change(one(v), "VER"), rate(one(v), "wf")) for label, v in BARS.items()}
for label, (found, wf) in bars.items():
    print(f"{label:34} Δ {found.mean:+.2f} [{found.low:+.2f}, {found.high:+.2f}]  wf {wf:.2f}")

# %%
contrast = bars["instruction, G and S"][0].mean
cluster, cluster_formed = bars["clusters, all tokens"]
why = "tokens inside a step say that the step is going on, not that one is due"
print(
    claims.check("C10", cluster.mean / contrast, sign=cluster.low > 0 and cluster_formed >= 0.9, reason=why)
)
print(claims.check("C16", bars["five heads"][0].mean / contrast, sign=bars["five heads"][0].low > 0))

# %%
moves = {name: change(one("F - B"), name) for name in ("VER", "n_gen", "ALT", "NN")}
print({name: round(found.mean, 2) for name, found in moves.items()})
aims = {name: used("T", "F", name).mean - used("T", "B", name).mean for name in ("n_gen", "ALT", "NN")}
agrees = [moves["VER"].mean >= 0.3] + [moves[name].mean * aim > 0 for name, aim in aims.items()]
why = "verification, candidates and alternatives move towards the finetuned model, nearest neighbours do not"
print(claims.check("C11", sum(agrees), sign=agrees[0], reason=why))

# %%
SPANS = {"VER[S]": "VER", "VER[GS]": "VER", "ALT[G]": "ALT", "NN[T]": "NN", "F - B": "VER"}
left = {}
for v, name in SPANS.items():
    whole, outside = change(one(v), name), change(one(f"{v} outside"), name)
    left[v] = outside.mean / whole.mean
    print(
        f"{v:8} Δ {whole.mean:+.2f}, outside the span of the opcodes {outside.mean:+.2f} [{outside.low:+.2f}, {outside.high:+.2f}]"
    )

# %%
inside = change(one("VER[S] inside"), "VER")
names_removed = change(one("VER[S] outside names"), "VER")
print(
    f"VER[S]: only inside the span {inside.mean:+.2f}; without 8 directions of names and digits {names_removed.mean:+.2f}"
)
why = "little is left: the effect runs through the opcodes' output directions"
print(claims.check("C5b", max(left.values()), sign=max(left.values()) > 0.5, reason=why))

# %%
pushes = {
    c: (change(one("unembedding VER", c), "VER").mean, rate(one("unembedding VER", c), "wf"))
    for c in DOSES[:4]
}
effects, forms = (np.array(column) for column in zip(*pushes.values(), strict=True))

# %%
found, wf = change(one("VER[S]"), "VER").mean, rate(one("VER[S]"), "wf")
matched = float(np.interp(wf, forms[::-1], effects[::-1]))
print(
    f"VER[S]: Δ {found:+.2f} at {wf:.2f} well formed; the unembedding there {matched:+.2f}; accuracy of verdicts:"
)
for label, c in (("VER[S]", one("VER[S]")), ("unembedding 0.3", one("unembedding VER", 0.3))):
    print(f"  {label}: {np.round(analysis.verdict_accuracy(OUTCOMES[f'B T: {c}']), 2)}")
why = "the unembedding does nearly as much at the same cost of form"
print(claims.check("C5a", found - matched, sign=found > matched, reason=why))

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Constructions of a verification vector, injected into the base model on T at dose 0.4 after the third block: change of verification (filled: the vector; crosses: without what lies in the span of the opcodes' output directions, where computed) and share of well-formed traces; bars: 95 % bootstrap over pretrainings and prompts. Grey: ranges of five random and five shuffled directions; dotted: output direction of the opcode at 0.2, 0.3 and 0.4.", "name": "fig-algorithmic-primitives-constructions"}, "image": {"alt": "Vectors from contrasts of instructions and from finetuning raise verification most; labels inside the step and clusters of all tokens do nothing. Without the opcodes' output directions hardly anything is left."}}
figure, axes = plt.subplots(1, 2, figsize=(style.PAGE_WIDTH, 3.6), sharey=True, width_ratios=(1.5, 1))
heights = -np.arange(len(BARS))
for y, (label, v) in zip(heights, BARS.items(), strict=True):
    found, wf = bars[label]
    bar = [[found.mean - found.low], [found.high - found.mean]]
    axes[0].errorbar(found.mean, y, xerr=bar, **style.OURS | {"color": style.OKABE_ITO["blue"], "ls": ""})
    axes[1].plot(wf, y, **style.OURS | {"color": style.OKABE_ITO["blue"], "ls": ""})
    if f"B T: {one(f'{v} outside')}" in OUTCOMES:
        axes[0].plot(change(one(f"{v} outside"), "VER").mean, y, "x", color=style.OKABE_ITO["vermilion"])
for kind, shade in (("random {}", 0.35), ("shuffled {} VER[GS]", 0.18)):
    some = [change(one(kind.format(k)), "VER").mean for k in range(5)]
    axes[0].axvspan(min(some), max(some), color="grey", alpha=shade, lw=0)
for c in (0.2, 0.3, 0.4):
    axes[0].axvline(pushes[c][0], color="black", ls=":", lw=0.8)
axes[0].axvline(0, **style.THEORY)
axes[0].set(yticks=heights, xlabel="Δ of verification on T")
axes[0].set_yticklabels(BARS)
axes[1].set(xlabel="well formed", xlim=(0.5, 1.02))
plt.show()

# %% [markdown]
# {numref}`fig-algorithmic-primitives-constructions` answers both questions.
# **Which vector?** Means over the tokens of a cluster, or of the true label, inside a step: all but inert (C10).
# They say that a step is going on, not that one is due.
# Where the base policy flips a coin, the state before a verification is the state before anything else, and labels of single outcomes find little (*label: decision after GEN*, 5 points).
# What works compares states in which a step is more or less likely: instructions, finetuning, heads that read the instruction (C16), clusters that separate told from untold traces; and the mean over tokens before a verification, because these stand behind candidates, which other tokens do not.
#
# **How?** Through the opcodes' output directions: without the eight-dimensional span of these, a sixteenth of the vector's 128 dimensions, 7 to 23 % of the effects are left (C5b), while the part inside the span does more than the whole, and removing eight directions of names and digits changes nothing.
# Beside the unembedding of VER the vector has an effect that is 3 points larger at the same share of well-formed traces (C5a), and its verdicts are better: 0.61 to 0.88 of them are right, against 0.22 to 0.59 under the unembedding at 0.3.
# At this scale the reviewer's *bag-of-words* reading of primitive vectors is right, for most of the effect.
#
# ## Does it help?
#
# The claim (C14) is the question behind the paper: do traces with injected verification end in right answers more often?

# %%
tried = [one(v, c) for v in ("VER[S]", "VER[GS]") for c in DOSES[:4]]
gains = {c: change(c, "ok", level=1 - 0.05 / len(tried)) for c in tried}
for c, found in gains.items():
    print(
        f"{c:14} Δ right {found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}], verification {change(c, 'VER').mean:+.2f}"
    )

# %%
best = max(found.low for found in gains.values())
some_gain = any(found.mean > 0 for found in gains.values())
claims.check("C14", best, sign=some_gain, reason="no dose has an interval above 0")

# %%
chosen = f"B T: {one('VER[S]', 0.3)}"
before, after = (analysis.indicator(OUTCOMES[c], "ok") > 0 for c in ("B T", chosen))

# %%
noise = analysis.indicator(OUTCOMES[f"B T: {one('random 0', 0.4)}"], "ok") > 0
print(
    f"wrong before: {after[~before].mean():.2f} right under VER[S], {noise[~before].mean():.2f} under a random direction"
)
print(
    f"right before: {1 - after[before].mean():.2f} wrong under VER[S], {1 - noise[before].mean():.2f} under a random direction"
)
verified = analysis.indicator(OUTCOMES["B T"], "VER") > 0
print(
    f"right without injection: {before[verified].mean():.2f} of verified traces, {before[~verified].mean():.2f} of others"
)

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Left: single prompts, all pretrainings: right or wrong without injection against right or wrong under VER[S] at 0.3 (first) and under a random direction at 0.4 (second), percent of all. Middle and right: share of right answers and accuracy of verdicts against the share of verified traces, one dot an injection into the base model on T (blue: verification vectors of any dose, block or construction; grey: all others; star: no injection; diamond: finetuned model).", "name": "fig-algorithmic-primitives-accuracy"}, "image": {"alt": "As many prompts turn from wrong to right as from right to wrong. Right answers do not rise with the share of verified traces, and verdicts become less accurate; the finetuned model has both high."}}
figure, axes = plt.subplots(1, 3, figsize=(style.PAGE_WIDTH, 2.6))
for x, other in ((0, after), (2.6, noise)):
    for i, j in np.ndindex(2, 2):
        part = float(((before == bool(1 - i)) & (other == bool(1 - j))).mean())
        axes[0].add_patch(plt.Rectangle((x + j, 1 - i), 1, 1, color=plt.cm.Blues(part * 1.4)))
        axes[0].text(x + j + 0.5, 1.5 - i, f"{100 * part:.0f}", ha="center", va="center")
axes[0].set(xlim=(0, 4.6), ylim=(0, 2), xticks=[0.5, 1.5, 3.1, 4.1], yticks=[0.5, 1.5], ylabel="without")
axes[0].set_xticklabels(["right", "wrong"] * 2, rotation=45)
axes[0].set_yticklabels(["wrong", "right"])
axes[0].set_title("VER[S]            random", fontsize=8)
for c, outcomes in OUTCOMES.items():
    if c.startswith("B T: "):
        own_kind = "VER" in c and "ALT" not in c and "unembedding" not in c and "shuffled" not in c
        x, color = analysis.rate(outcomes, "VER").mean, style.OKABE_ITO["blue" if own_kind else "grey"]
        for ax, y in (
            (axes[1], analysis.rate(outcomes, "ok").mean),
            (axes[2], np.nanmean(analysis.verdict_accuracy(outcomes))),
        ):
            ax.plot(x, y, ".", color=color, ms=4)
for net, marker in (("B", "*"), ("F", "D")):
    x = used("T", net, "VER").mean
    axes[1].plot(x, used("T", net, "ok").mean, marker, color="black")
    axes[2].plot(x, right[net].mean(), marker, color="black")
axes[1].set(xlabel="verified traces", ylabel="right answers", xlim=(0, 1.02), ylim=(0, 1))
axes[2].set(xlabel="verified traces", ylabel="right verdicts", xlim=(0, 1.02), ylim=(0, 1.02))
plt.show()


# %% [markdown]
# It does not, measurably (C14, {numref}`fig-algorithmic-primitives-accuracy`): verified traces are right more often without injection (0.78 against 0.63), but injected verifications come at worse moments and are worse: a fifth of the wrong answers turn right and a tenth of the right ones wrong, as many, and the same happens under a random direction, which only draws anew.
# The finetuned model verifies as often as the largest doses do and is right: what it learned is more than a direction.
# Whether one trained model would have told the same story (C17):


# %%
def verdicts(k):
    """Whether five claims pass for one pretraining alone."""
    alone = {name: float(own[name].each[k]) >= 0.2 for name in own}
    span = max(
        change(one(f"{v} outside"), name).each[k] / change(one(v), name).each[k] for v, name in SPANS.items()
    )
    rise = min(used(t, "F", "VER").each[k] - used(t, "B", "VER").each[k] for t in traces.TASKS)
    return [*alone.values(), span >= 0.7, rise >= 0.5]


# %%
each = np.array([verdicts(k) for k in range(len(PRETRAININGS))])
for number, row in zip(PRETRAININGS, each, strict=True):
    print(number, dict(zip(("C2v", "C2a", "C2n", "C5b", "C9"), map(bool, row), strict=True)))
split = int((each.any(0) != each.all(0)).sum())
claims.check("C17", split, sign=split <= 2, reason="the verdict depends on the network that was trained")

# %% [markdown]
# Of these five one hangs on the network: verification rises by 0.2 or more (C2v) in three of five pretrainings. C2a, C2n and C9 pass in all, C5b in none.
#
# ## The same pipeline on a pretrained language model
#
# SmolLM2-135M-Instruct {cite:p}`allal2025smollm2` reads the three tasks in English and answers in at most 96 tokens, drawn at temperature 0.7.
# Nobody knows the true step of a token here: regular expressions find four *hallmarks* in its sentences, and tokens inherit them as silver labels.
# Streams are read, and vectors added, after block 16 of 30.
# The vector is again a contrast of instructions, on graphs and formulas: ends of prompts with and without "After proposing an answer, verify each step of it before you finish."
# It is injected while the model answers 32 round trips, for each of three seeds.
# No claim was made beforehand, and none is made here.

# %%
pretrained = runs["smollm2"].isel(model=0, drop=True)
for name in ("health", "usage"):
    print(pretrained[name].mean("seed").to_pandas().round(2).to_string(), "\n")

# %%
print(f"silver labels and token identity, by seed: {pretrained['ami_identity'].values.round(3)}")
for k in pretrained["clusters"].values:
    some = pretrained.sel(clusters=k)
    found, most = some["ami"].isel(start=0).values, some["ami_null"].max("permutation").values
    print(f"{k} clusters and silver labels: {found.round(3)}, largest permutation {most.round(3)}")
    print(f"   and tokens: {some['ami_tokens'].mean():.2f}; two starts: {some['stability'].mean():.2f}")

# %%
band = pretrained["cosine_null"].quantile((0.025, 0.975), ("seed", "shuffle")).values
print("after blocks          ", *(f"{block:5d}" for block in pretrained["after"].values))
for label, numbers in (
    ("cosine, mean of seeds ", pretrained["cosine"].mean("seed").values),
    ("97.5 % of 60 shuffles ", band[1]),
    ("length / the stream's ", pretrained["size"].mean(("seed", "contrast")).values),
):
    print(label, *(f"{number:5.2f}" for number in numbers))

# %%
steered = pretrained[list(smollm2.TRACED)]
print(steered.mean(("seed", "trace")).to_pandas().round(2).to_string())
print("tokens, by seed:")
print(steered["tokens"].mean("trace").to_pandas().round(0).astype(int).to_string())


# %% tags=["hide-input"]
def draw_agreement(ax):
    """Clusters and silver labels beside the null and token identity, seed by seed."""
    blue, tokens = style.OKABE_ITO["blue"], pretrained["ami_identity"].values
    for (i, j), _ in np.ndenumerate(np.zeros((2, 3))):
        x, some = i + 0.25 * (j - 1), pretrained.isel(clusters=i, seed=j)
        low, high = (float(getattr(some["ami_null"], end)()) for end in ("min", "max"))
        ax.fill_between([x - 0.1, x + 0.1], low, high, color="grey", alpha=0.4, lw=0)
        ax.hlines(tokens[j], x - 0.1, x + 0.1, **style.THEORY)
        ax.plot([x] * 3, some["ami"], ".", color=blue, ms=6)
    ax.set(xticks=[0, 1], ylim=(0, None), ylabel="agreement with labels")
    ax.set_xticklabels([f"{k} clusters" for k in pretrained["clusters"].values])


def draw_cosines(ax):
    """Cosine of the vectors of two tasks by block, and its shuffled null."""
    blocks, cosines = pretrained["after"], pretrained["cosine"]
    ax.fill_between(blocks, *band, color="grey", alpha=0.3, lw=0)
    ax.plot(blocks, cosines.mean("seed"), **style.OURS)
    ax.plot(blocks, cosines.transpose("after", "seed"), ls="", marker=".", ms=3, color="black")
    ax.set(xlabel="block", ylabel="cosine of two tasks", xticks=blocks, ylim=(-1, 1))


# %% tags=["hide-input"]
INKS = ["black", *[style.OKABE_ITO["blue"]] * 2, *[style.OKABE_ITO["grey"]] * 2]


def draw_outcome(ax, name, label, most):
    """Mean over traces of one outcome by condition: over seeds, and of each."""
    each = steered[name].mean("trace").transpose("condition", "seed").values
    for y, (color, values) in enumerate(zip(INKS, each, strict=True)):
        ax.plot(values.mean(), -y, color=color, **style.OURS | {"markersize": 7})
        ax.plot(values, -y + np.array([-0.25, 0, 0.25]), ls="", marker=".", ms=3, color="black")
    ax.set(xlabel=label, xlim=(-0.03 * most, 1.03 * most), yticks=-np.arange(len(INKS)))
    ax.set_yticklabels(pretrained["condition"].values if name == "verifies" else [])


# %% tags=["hide-input"] mystnb={"figure": {"caption": "The pipeline on SmolLM2-135M-Instruct, three seeds. A: adjusted mutual information of clusters after block 16 with silver labels (dots: starts of k-means); grey: range of 20 permutations of labels within token type, first start; thin black: token identity as the clusters. B: cosine of the instruction's vectors of graphs and formulas after each block, mean over seeds (dots: each); grey: 2.5 to 97.5 % of 60 shuffles of labels. C to E: answers to round trips without injection, with the vector, and with a random direction, at doses 0.2 and 0.4: share with a verification word, mean share of distinct pieces of four tokens, mean number of tokens (at most 96); large: mean over seeds, dots: each, 32 answers.", "name": "fig-algorithmic-primitives-smollm2"}, "image": {"alt": "Agreement of clusters with silver labels is below 0.06, about that of permuted labels and of tokens. Cosines of 0.4 to 0.9 lie near the upper edge of a wide band of shuffles. Hardly any answer has a verification word under any condition; with the vector answers shrink from 77 tokens to 25 and 19, and their pieces are more often distinct."}}
figure, panels = plt.subplot_mosaic(
    [[*"AAABBB"], [*"CCDDEE"]], figsize=(style.PAGE_WIDTH, 4.3), height_ratios=(1.1, 1)
)
draw_agreement(panels["A"])
draw_cosines(panels["B"])
draw_outcome(panels["C"], "verifies", "with a verification word", 1)
draw_outcome(panels["D"], "distinct", "distinct pieces", 1)
draw_outcome(panels["E"], "tokens", "tokens written", 96)
style.panel_letters(panels.values())
plt.show()

# %% [markdown]
# {numref}`fig-algorithmic-primitives-smollm2` says what the pipeline does, and nothing about reasoning: the model solves none of the 144 problems and seldom writes an answer line.
#
# - **Clusters** are stable and agree with tokens (0.63 to 0.74), hardly with silver labels: by 0.02 to 0.05, as much as the tokens alone do. Five of six are above all 20 permutations within tokens, by 0.004 at most.
# - **The cosine** of the two tasks' vectors is large, but so is that of shuffles, as differences of small means lie along the few directions in which prompts vary. It is above 97.5 % of them after blocks 1, 16 and 26 only. And as the instruction is one sentence in both tasks, a common direction need not be more than its trace.
# - **Injection** does not elicit verification: no answer has its words at 0.2 and one of 96 at 0.4, against none without and four of 192 under random directions. What it does is to cut answers short, from 77 tokens to 25 and 19, in all seeds; random directions shorten them in one of three. That pieces repeat less is then no gain, and that words of verification are lacking says less: a short answer has little room for either.

# %% [markdown]
# ## Beyond the paper: how little practice restores a skill?
#
# A model that was finetuned without T verifies on T nearly always, but its verdicts are wrong: the policy generalizes, the skill does not.
# We replace a share of its finetuning documents by *drills* of T, single steps without any policy.

# %%
practice = runs["practice"]
practised = {share: practice["outcomes"].sel(share=share).to_numpy() for share in SHARES}

# %%
accuracy = {share: analysis.verdict_accuracy(o) for share, o in practised.items()}
habit = {share: analysis.rate(o, "VER") for share, o in practised.items()}
for share in SHARES:
    ok_ = analysis.rate(practised[share], "ok")
    print(
        f"{100 * share:3.0f} % drills: verification {habit[share].mean:.2f}, right verdicts {accuracy[share].mean():.2f}, right answers {ok_.mean:.2f}"
    )

# %%
gain = accuracy[0.1].mean() - accuracy[0.0].mean()
print(claims.check("B1", gain, sign=gain > 0, reason="verdicts improve, but less"))
drift = max(abs(habit[share].mean - habit[0.0].mean) for share in SHARES)
print(claims.check("B2", drift, sign=drift < 0.2, reason="drills change how often it verifies as well"))

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Finetuning without T, some of its documents replaced by drills of T: share of verified traces, accuracy of verdicts and share of right answers on T; mean over pretrainings (dots: each). Thin black: the model that was finetuned with T.", "name": "fig-algorithmic-primitives-practice"}, "image": {"alt": "Verification falls from 0.95 to 0.74 as the share of drills grows; accuracy of verdicts rises a little, right answers hardly."}}
figure, axes = plt.subplots(1, 3, figsize=(style.PAGE_WIDTH, 2.3), sharey=True)
shown_rates = {
    "verified": [habit[share].each for share in SHARES],
    "right verdicts": [accuracy[share] for share in SHARES],
    "right answers": [analysis.rate(practised[share], "ok").each for share in SHARES],
}
levels = (used("T", "F", "VER").mean, right["F"].mean(), used("T", "F", "ok").mean)
for ax, (title, values), level in zip(axes, shown_rates.items(), levels, strict=True):
    ax.plot(100 * np.array(SHARES), np.mean(values, 1), **style.OURS)
    ax.plot(100 * np.array(SHARES), values, ls="", marker=".", ms=3, color="black")
    ax.axhline(level, **style.THEORY)
    ax.set(title=title, xlabel="drills of T (%)", ylim=(0, 1.02))
plt.show()

# %% [markdown]
# With drills of T verdicts become better, from 0.73 to 0.82 right, but by less than we had expected (B1), and answers hardly (0.65 to 0.68).
# And the policy does not stay as it is (B2): the more single steps of T the model has practised, the less it verifies there, 74 % of traces instead of 95 with a tenth of drills ({numref}`fig-algorithmic-primitives-practice`).
# A drill is text about T in which candidates mostly are not verified, so that skill and policy of one task compete for the same few examples.
# That the policy of other tasks reached T at all, then, rested on the absence of anything about T.

# %% [markdown]
# ## Scorecard

# %% tags=["nbval-check-output"]
claims.scorecard()

# %% [markdown]
# ## Where we differ
#
# 1. **Scale.** 0.8 million parameters, 50 tokens, 4 blocks; the paper has 8 to 14 billion, words, 40 blocks. Everything below about output directions may change with depth. SmolLM2, the one pretrained language model here, has 135 million and solves nothing: its section tries the pipeline, not the paper's claims.
# 2. **Where vectors come from.** The paper averages over the tokens of a cluster; here such vectors are inert, and the working ones are contrasts of contexts that differ in how likely a step is. In the base policy a step is a coin of fixed bias, so that no label of what happened finds a switch; traces of large models presumably vary more.
# 3. **Second hand.** The published numbers are a table quoted by a third party; models, counts and controls behind it are not known to us.
# 4. **Five pretrainings**, 512 prompts; intervals resample both.
# 5. **Vector of finetuning.** F − B reads the base model's text with both networks, so that only weights differ.
#
# ## Fork this chapter
#
# `inductive new my-study --from algorithmic-primitives` copies this chapter; three knobs to turn first:
#
# 1. `vector` and `dose` in the parameters cell: what the worked example injects; `dose = -0.4` subtracts.
# 2. `block`: where.
# 3. A list of conditions of your own, such as `"0.2*VER[S]@2 + 0.2*NN[T]@3; gated"`, for `cells.injected`.
#
# ```{provenance} algorithmic-primitives
# ```

# %%
claims.publish()
