"""A page on its way through the sieve: every block, kept or cut, and why."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from worker.core.blocks import Block, BlockView
from worker.core.prose import link_share, measured
from worker.core.records import Kind
from worker.core.rules import RuleSet
from worker.core.sieving.weights import Weights

CONTINUES = re.compile(r"[،,;؛:.!?؟)\]»”。、，]")  # what no block of its own begins with


@dataclass(frozen=True, slots=True)
class Hints:
    """What the page's metadata tells the sieve."""

    titles: tuple[str, ...] = ()
    description: str | None = None
    section: str | None = None
    language: str | None = None


@dataclass(slots=True)
class Decision:
    """What became of a block. A block that is not kept and has no kind was never part of the article."""

    keep: bool
    kind: Kind | None = None
    rule: str | None = None


@dataclass(slots=True)
class Draft:
    """The blocks and the decisions on them, which each stage of the sieve changes in turn."""

    view: BlockView
    decisions: list[Decision]
    rules: RuleSet
    hints: Hints
    is_text: bool
    blocks: Sequence[Block] = ()  # the view's, in document order
    words: list[int] = field(default_factory=list)  # of each block, about
    running: list[int] = field(default_factory=list)  # characters of each block that is running text, else 0
    paragraphs: list[int] = field(default_factory=list)  # the indexes of the blocks that are running text
    _weights: Weights = field(init=False)  # of what is kept of it

    def __post_init__(self) -> None:
        self.blocks = self.view.blocks
        self.words, self.running = measured(self.view)
        self.paragraphs = [i for i, size in enumerate(self.running) if size]
        kept = zip(self.running, self.decisions, strict=True)
        self._weights = Weights([size if decision.keep else 0 for size, decision in kept])

    def kept(self) -> list[int]:
        """The indexes of the blocks that are kept so far."""
        return [i for i, decision in enumerate(self.decisions) if decision.keep]

    def cut(self, index: int, kind: Kind, rule: str) -> None:
        """Take a block out of the article, or tell what a block outside it was."""
        if self.decisions[index].keep and self.running[index]:
            self._weights.add(index, -self.running[index])
        self.decisions[index] = Decision(keep=False, kind=kind, rule=rule)

    def keep(self, index: int) -> None:
        """Take a block into the article that extraction left out."""
        if not self.decisions[index].keep:
            self._weights.add(index, self.running[index])
            self.decisions[index] = Decision(keep=True)

    def is_paragraph(self, index: int) -> bool:
        """True for running text: long, or of some length and ended like a sentence; never mostly links."""
        return self.running[index] > 0

    def link_share(self, index: int) -> float:
        """The part of a block's characters that are links, 0 to 1."""
        return link_share(self.blocks[index])

    def first_paragraph(self) -> int:
        """The index of the first running text that is kept; the number of blocks when there is none."""
        return next((i for i in self.paragraphs if self.decisions[i].keep), len(self.blocks))

    def weight(self, first: int, end: int) -> int:
        """Characters of running text kept in the blocks from `first` to `end`."""
        return self._weights.sum(first, min(end, len(self.blocks)))
