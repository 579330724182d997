"""Memories and questions of a realistic kind, the same in every run.

Words are drawn by Zipf's law from function words, words of the trade and made-up ones, so that a question
meets common and rare terms in the proportion of real notes.
"""

import itertools
import random

FUNCTION_WORDS = """
the to of a in is and for it that with on when as not by this from be are we an or if after must only
then use before has at all which can was
""".split()
TRADE_WORDS = """
test build error file server client request cache token retry query index branch release config timeout
memory thread lock queue table migration deploy version login session user page route header schema
column cursor stream buffer socket proxy certificate container image volume secret variable log metric
alert dashboard pipeline worker job schedule backup restore replica snapshot commit rollback transaction
merge conflict review patch compiler linker header library package dependency module import export type
generic template macro pointer leak crash panic exception trace debugger profile benchmark latency
throughput rate limit quota bucket upload download parser encoder decoder format locale timezone
encoding unicode escape quote regex path folder permission role owner invite webhook callback event
handler listener publisher subscriber broker topic partition
""".split()
SYLLABLES = "ka lo mi ren tu sa vel or dan pi qu es tor bal ni ger mo ly cra fen".split()
MADE_UP_WORDS = 20_000
TITLE_WORDS = (4, 8)
CONTENT_WORDS = (30, 60)
QUESTIONS = [
    "How do we {} the {} when the {} has a {}?",
    "why does {} fail with {} after {}",
    "What did we decide about {} and {} for {}?",
    "{} {} error in {}",
]


class Corpus:
    def __init__(self, seed=20261120):
        self.dice = random.Random(seed)
        made_up = {self.made_up_word() for _ in range(MADE_UP_WORDS)}
        self.words = [*FUNCTION_WORDS, *dict.fromkeys(TRADE_WORDS), *sorted(made_up)]
        self.weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(self.words))))

    def made_up_word(self):
        return "".join(self.dice.choices(SYLLABLES, k=self.dice.randint(2, 4)))

    def text(self, span):
        return " ".join(self.dice.choices(self.words, cum_weights=self.weights, k=self.dice.randint(*span)))

    def memory(self, n):
        """Title and content; the number keeps any two from being equal."""
        return {"title": f"{self.text(TITLE_WORDS)} {n}", "content": f"{self.text(CONTENT_WORDS)}."}

    def memories(self, count, start=0):
        return [self.memory(start + n) for n in range(count)]

    def question(self, memory):
        """What somebody might ask whose answer is `memory`: its own words, rarer ones preferred."""
        words = [word for word in memory["content"].rstrip(".").split() if word not in FUNCTION_WORDS]
        form = self.dice.choice(QUESTIONS)
        return form.format(*self.dice.choices(words, k=form.count("{}")))

    def name(self, n):
        """A word that no memory has, another one for every `n`."""
        letters = ""
        for _ in range(5):
            n, letter = divmod(n, 26)
            letters += chr(ord("a") + letter)
        return f"zx{letters}q"
