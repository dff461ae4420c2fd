"""Problems with written solutions, whose steps are known: a language of reasoning traces.

Our reproduction of Lippl et al. (2025, arXiv 2510.15987), who look for the primitive steps of
reasoning in large language models, uses tasks of theirs in a synthetic language of 50 tokens:
graph navigation (G), the travelling salesman (T), satisfiability (S). ``draw_instance`` draws a
problem, ``prompt`` poses it and ``solve`` writes a trace with the optional steps of a ``Policy``;
an instruction in the prompt raises the probability of one of them. ``drill`` practises single
steps. ``draw_documents`` and ``pack`` make a corpus, ``score`` and ``rates`` tell what the traces
of a model do and whether they are right, ``result_kinds`` where skills show.
"""

from inductive.tasks.reasoning_traces.checkers import (
    Candidate,
    accepts,
    shortest_length,
    tour_length,
)
from inductive.tasks.reasoning_traces.documents import (
    BASE_CORPUS,
    REASONING_CORPUS,
    REASONING_CORPUS_WITHOUT_T,
    Corpus,
    Document,
    draw_documents,
)
from inductive.tasks.reasoning_traces.drills import drill
from inductive.tasks.reasoning_traces.health import RESULTS, result_kinds
from inductive.tasks.reasoning_traces.instances import (
    Cities,
    Formula,
    Graph,
    Instance,
    Sizes,
    draw_cities,
    draw_formula,
    draw_graph,
    draw_instance,
)
from inductive.tasks.reasoning_traces.packing import Rows, pack
from inductive.tasks.reasoning_traces.parsing import Step, candidate_in, steps_of
from inductive.tasks.reasoning_traces.policy import (
    ALLOWED,
    BASE,
    HELD_OUT,
    REASONING,
    Policy,
    instructed,
)
from inductive.tasks.reasoning_traces.prompts import prompt
from inductive.tasks.reasoning_traces.scoring import Outcome, rates, score
from inductive.tasks.reasoning_traces.solvers import solve
from inductive.tasks.reasoning_traces.vocabulary import (
    LABELS,
    N_TOKENS,
    OPCODES,
    SEPARATORS,
    TASKS,
    WORDS,
    decode,
    encode,
    labels_of,
)

__all__ = [
    "ALLOWED",
    "BASE",
    "BASE_CORPUS",
    "HELD_OUT",
    "LABELS",
    "N_TOKENS",
    "OPCODES",
    "REASONING",
    "REASONING_CORPUS",
    "REASONING_CORPUS_WITHOUT_T",
    "RESULTS",
    "SEPARATORS",
    "TASKS",
    "WORDS",
    "Candidate",
    "Cities",
    "Corpus",
    "Document",
    "Formula",
    "Graph",
    "Instance",
    "Outcome",
    "Policy",
    "Rows",
    "Sizes",
    "Step",
    "accepts",
    "candidate_in",
    "decode",
    "draw_cities",
    "draw_documents",
    "draw_formula",
    "draw_graph",
    "draw_instance",
    "drill",
    "encode",
    "instructed",
    "labels_of",
    "pack",
    "prompt",
    "rates",
    "result_kinds",
    "score",
    "shortest_length",
    "solve",
    "steps_of",
    "tour_length",
]
