"""Reads reasoning traces as text: their grammar, and every statement that is untrue.

Independent of the library: it knows the words, and takes the facts from the prompt.
"""

import re
from itertools import pairwise

NAME, DIGITS, LITERAL = "[a-f]", "[0-9] [0-9]", "[+-] [a-f]"
EXP = f"EXP {NAME} :( {NAME})* ;"
BTK = f"BTK {LITERAL} ;"
NN = f"NN {NAME} :( {NAME} [0-9])+ > {NAME} ;"
DST = f"DST( {NAME} {NAME} [0-9] = {DIGITS}){{4}} ;"
GEN = {
    "G": f"GEN( {NAME}){{3,5}} ;",
    "T": f"GEN( {NAME}){{4}} ;",
    "S": f"GEN( {LITERAL}){{4}} ;",
}
LOOK_UPS = {
    "G": f"( {NAME} {NAME} (?:ok|bad))+",
    "T": f"( {NAME} [yn]){{4}}",
    "S": rf"(( {LITERAL} [yn]){{3}} ok)*(( {LITERAL} [yn]){{3}} bad)?",
}
CMP = {"G": "CMP [0-9] [0-9] > [0-9] ;", "T": f"CMP {DIGITS} {DIGITS} > {DIGITS} ;"}
ANS = {
    "G": f"ANS( {NAME}){{3,5}} EOS",
    "T": f"ANS( {NAME}){{4}} = {DIGITS} EOS",
    "S": f"ANS( {LITERAL}){{4}} EOS",
}
HINT = "( <[vmne]>)?"
PROMPTS = {
    "G": f"BOS( <D>)? <G>( {NAME} {NAME} ;){{9}} S {NAME} E {NAME}{HINT}",
    "T": f"BOS( <D>)? <T>( {NAME} {NAME} [1-9]){{12}} S a{HINT}",
    "S": f"BOS( <D>)? <S>(( {LITERAL}){{3}} ;){{5}}{HINT}",
}


def verified(task: str, verdict: str = "(pass|fail)") -> str:
    """Pattern of a verification."""
    return f"VER{LOOK_UPS[task]} {verdict} ;"


def solution(task: str) -> str:
    """Pattern of a solver's trace."""
    gen, failed = GEN[task], verified(task, "fail")
    if task == "S":
        round_ = f"{gen} {failed} {BTK} "
        last = f"{gen} ({verified(task, 'pass')} )?"
        return f"(({round_}){{0,3}}{last}|({round_}){{4}}){ANS[task]}"
    start, total = (f"({EXP} )?", "") if task == "G" else (f"({NN} {NN} )?", f"{DST} ")
    search = f"({gen} {failed} ){{0,3}}{gen} ({verified(task)} )?{total}"
    return f"{start}{search}({search}{CMP[task]} )?{ANS[task]}"


def practice(task: str) -> str:
    """Pattern of a drill, with an end of step in place of its EOS."""
    if task == "G":
        return f"({EXP}|{verified('G')})( ({EXP}|{verified('G')})){{2}}"
    if task == "T":
        return f"({DST}|{NN} {NN}|{GEN['T']} {verified('T')})"
    flipped = f"{verified('S', 'fail')} {BTK} {GEN['S']}"
    return f"{GEN['S']} ({verified('S', 'pass')}|{flipped})"


def is_legal(text: str) -> bool:
    """Whether a document as text keeps to the grammar of its task."""
    prompt, trace = text.split(" | ")
    is_drill = prompt.startswith("BOS <D>")
    task = re.findall("<([GTS])>", prompt)[0]
    if is_drill:
        trace = re.sub(" EOS$", " ;", trace)
    pattern = practice(task) if is_drill else solution(task)
    return bool(re.fullmatch(PROMPTS[task], prompt) and re.fullmatch(pattern, trace))


class Reader:
    """Facts of one prompt, and the statements of its trace that contradict them."""

    def __init__(self, text: str) -> None:
        prompt, trace = text.split(" | ")
        self.task = re.findall("<([GTS])>", prompt)[0]
        self.is_drill = "<D>" in prompt
        self.edges = set(re.findall(f"({NAME}) ({NAME}) ;", prompt))
        self.ends = re.findall(f"S ({NAME}) E ({NAME})", prompt)
        listed = re.findall(f"({NAME}) ({NAME}) ([1-9])", prompt)
        self.distance = {(u, v): int(d) for u, v, d in listed}
        self.distance |= {(u, u): 0 for u in "abcdef"}
        self.clauses = [
            re.findall(f"([+-]) ({NAME})", clause) for clause in prompt.split(";")[:-1]
        ]
        self.steps = [s.split() for s in re.sub(" EOS$", " ;", trace).split(" ;") if s]
        self.candidate: list[str] = []
        self.kept: list[str] | None = None
        self.flip: tuple[str, str] | None = None
        self.n_drafts = 0

    def lies(self) -> list[str]:
        """Steps that are untrue or do not follow from those before."""
        wrong = []
        for k, (opcode, *body) in enumerate(self.steps):
            after = self.steps[k + 1][0] if k + 1 < len(self.steps) else ""
            if not getattr(self, opcode.lower())(body, after):
                wrong.append(" ".join([opcode, *body]))
        return wrong

    def right(self, candidate: list[str]) -> bool:
        """Whether a candidate solves the problem."""
        if self.task == "G":
            ends = (candidate[0], candidate[-1]) == self.ends[0]
            return ends and all(edge in self.edges for edge in pairwise(candidate))
        if self.task == "T":
            return candidate[0] == "a" and sorted(candidate) == list("abcd")
        literals = set(zip(candidate[::2], candidate[1::2], strict=True))
        return all(literals & set(clause) for clause in self.clauses)

    def size(self, candidate: list[str]) -> int:
        """Edges of a path, length of a round trip."""
        if self.task == "G":
            return len(candidate) - 1
        return sum(self.distance[e] for e in pairwise([*candidate, candidate[0]]))

    def exp(self, body: list[str], after: str) -> bool:
        """An expansion names all successors in order."""
        return body[2:] == sorted(v for u, v in self.edges if u == body[0])

    def gen(self, body: list[str], after: str) -> bool:
        """A candidate; an assignment after a flip differs in the flipped literal only."""
        before, self.candidate = self.candidate, body
        self.n_drafts += 1
        ends = self.task != "G" or (body[0], body[-1]) == self.ends[0]
        if self.flip is not None:
            sign, name = self.flip
            before = before.copy()
            before[before.index(name) - 1] = sign
            self.flip = None
            return body == before
        self._keep(after != "VER")
        return ends

    def ver(self, body: list[str], after: str) -> bool:
        """All look-ups, their verdicts and the last verdict."""
        *looked_up, verdict = body
        passed = verdict == "pass"
        self._keep(passed or self.n_drafts >= 4)
        if self.task == "G":
            triples = list(zip(*[iter(looked_up)] * 3, strict=True))
            walk = [(u, v) for u, v, _ in triples]
            truth = [edge in self.edges for edge in walk]
            fine = self.is_drill or walk == list(pairwise(self.candidate))
            said = [word == "ok" for *_, word in triples]
            return fine and said == truth and passed == all(truth)
        if self.task == "T":
            said = list(zip(looked_up[::2], looked_up[1::2], strict=True))
            truth = [(city, "ny"[city in self.candidate]) for city in "abcd"]
            return said == truth and passed == self.right(self.candidate)
        return looked_up == self._clause_words() and passed == self.right(
            self.candidate
        )

    def _keep(self, accepted: bool) -> None:
        if accepted and self.kept is None:
            self.kept = self.candidate

    def _clause_words(self) -> list[str]:
        literals = set(zip(self.candidate[::2], self.candidate[1::2], strict=True))
        words = []
        for clause in self.clauses:
            for literal in clause:
                words += [*literal, "ny"[literal in literals]]
            words.append("ok" if literals & set(clause) else "bad")
            if words[-1] == "bad":
                break
        return words

    def cmp(self, body: list[str], after: str) -> bool:
        """Sizes of the kept and the new candidate; the smaller; which one is kept."""
        assert self.kept is not None
        width = len(body) // 3
        sizes = [self.size(self.kept), self.size(self.candidate)]
        words = [f"{size:0{width}d}" for size in (*sizes, min(sizes))]
        if sizes[1] < sizes[0]:
            self.kept = self.candidate
        return body == [*words[0], *words[1], ">", *words[2]]

    def nn(self, body: list[str], after: str) -> bool:
        """Distances of a city to others; the nearest one, of several the first."""
        city, others = body[0], body[2:-2:2]
        said = dict(zip(others, map(int, body[3:-2:2]), strict=True))
        truth = {other: self.distance[city, other] for other in others}
        best = sorted(others, key=lambda other: (truth[other], other))[0]
        return others == sorted(others) and said == truth and body[-1] == best

    def dst(self, body: list[str], after: str) -> bool:
        """Legs of the last tour, their lengths, the running total."""
        legs = list(zip(*[iter(body)] * 6, strict=True))
        pairs = [(u, v) for u, v, *_ in legs]
        tour = [u for u, _ in pairs] if self.is_drill else self.candidate
        total, fine = 0, pairs == list(pairwise([*tour, tour[0]]))
        for u, v, d, _, tens, ones in legs:
            total += self.distance[u, v]
            fine &= (int(d), int(tens + ones)) == (self.distance[u, v], total)
        return fine

    def btk(self, body: list[str], after: str) -> bool:
        """A literal of the first false clause becomes true."""
        sign, name = body
        literals = set(zip(self.candidate[::2], self.candidate[1::2], strict=True))
        false = [c for c in self.clauses if not literals & set(c)]
        fine = bool(false) and (sign, name) in false[0]
        if after == "ANS":
            self.candidate = self.candidate.copy()
            self.candidate[self.candidate.index(name) - 1] = sign
        else:
            self.flip = sign, name
        return fine

    def ans(self, body: list[str], after: str) -> bool:
        """The answer is the candidate that was kept, with its size."""
        if self.task == "S":
            return body == self.candidate
        assert self.kept is not None
        words = ["=", *f"{self.size(self.kept):02d}"] if self.task == "T" else []
        return body == [*self.kept, *words]
