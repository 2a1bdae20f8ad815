"""The crash ledger: how many workers died with a page in hand, told from one to the next. Pure.

It lives in the metadata of the committed offsets (see `notes`), not in Redis: there it is transactional with
the results, it needs no second service that may be down, full or lying when it is wanted, and it costs no
round trip in normal work: the note rides in commits that are made anyway.

A worker signs a partition before it takes its first page in hand, and signs off when it gives it back. A
signature of another worker's therefore tells of a death, or of a worker put out of the group. Its pages in
flight, at most a window of them from the committed offset on, have then been in hand of one dead worker. They
are taken again in small batches whose offsets are committed first: the next death tells which few it can have
been. Those are cleaned one by one, each alone, so a third death names the page.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from worker.pipeline.deadletter_breaker import DeadLetterBreaker
from worker.pipeline.notes import Mark, Note, decode_note, encode_note
from worker.pipeline.ports import Partition

MAX_DEATHS = 3  # of workers with a page in hand: then it goes to the dead letters


@dataclass(slots=True)
class _Lane:
    """One partition, as long as this worker has it."""

    base: int  # the committed offset; where nothing was committed yet, that of the first page
    text: str  # the note beside it
    until: int  # pages below it were in hand of a worker that died
    deaths: dict[int, int]  # by offset; of those two and more
    next: int  # the offset after the last page that came
    tripped: bool = False  # this deploy was stopped by its dead letters, and has not probed since
    gaps: dict[int, int] = field(default_factory=dict)  # offsets left out, by that of the page after them
    in_hand: set[int] = field(default_factory=set)  # those of the doubtful pages that are not finished
    open: bool = False  # any page may be in hand
    signed: bool = True
    recorded: bool = True  # what is here is what is committed


class Ledger:
    """The pages that may have killed a worker, of each partition. Used by one thread.

    `session` names this worker's process and no other; `span` is how many pages it may have in flight, and
    `deploy` the code and rules that it runs.
    """

    def __init__(self, session: str, span: int, deploy: str, breaker: DeadLetterBreaker):
        self._session = session
        self._span = span
        self._deploy = deploy
        self._breaker = breaker
        self._lanes: dict[Partition, _Lane] = {}

    def __contains__(self, partition: Partition) -> bool:
        return partition in self._lanes

    @property
    def busy(self) -> bool:
        """Whether a doubtful page is in hand."""
        return any(lane.in_hand for lane in self._lanes.values())

    def begin(self, partition: Partition, offset: int, note: str) -> bool:
        """A partition is read from its committed `offset` on, with this note beside it.

        True when the worker that had it has died.
        """
        found = decode_note(note, offset)
        died = found.session not in {"", self._session}
        deaths = {place: mark.deaths + (died and mark.in_hand) for place, mark in found.marks.items()}
        until = max(found.until, offset + found.span) if died and found.span else found.until
        known = {at: n for at, n in deaths.items() if n > 1}
        tripped = found.tripped == self._deploy
        self._lanes[partition] = _Lane(
            offset, encode_note(found, offset), until, known, next=offset, tripped=tripped
        )
        return died

    def came(self, partition: Partition, offset: int) -> None:
        """A page was read, the next one of its partition.

        Offsets without a page (markers of transactions, what was compacted or is too old) were in nobody's
        hand: `until` moves on by them.
        """
        lane = self._lanes.get(partition)
        if lane is None or offset < lane.base:  # nothing was committed, or it is of a topic made anew
            self.begin(partition, offset, "")
            lane = self._lanes[partition]
        if lane.tripped:
            lane.tripped = False
            self._breaker.probe()
        if lane.next < offset and lane.next < lane.until:
            lane.gaps[offset] = offset - lane.next
            lane.until += offset - lane.next
        lane.next = max(lane.next, offset + 1)

    def deaths(self, partition: Partition, offset: int) -> int:
        """How many workers died with this page in hand, as far as known."""
        lane = self._lanes[partition]
        return lane.deaths.get(offset, int(offset < lane.until))

    def open(self, partition: Partition) -> bool:
        """Any page of it may be taken in hand from now on; False while doubtful ones are."""
        lane = self._lanes[partition]
        if not lane.open and not lane.in_hand:
            lane.open, lane.recorded = True, False
        return lane.open

    def start(self, partition: Partition, offset: int) -> None:
        """A doubtful page is taken in hand, as soon as that is recorded."""
        lane = self._lanes[partition]
        lane.in_hand.add(offset)
        lane.recorded = False

    def finished(self, partition: Partition, offset: int) -> None:
        """The page has an outcome: it is in hand no longer."""
        lane = self._lanes.get(partition)
        if lane is not None:
            lane.in_hand.discard(offset)

    def sign_off(self, partitions: Iterable[Partition] | None = None) -> None:
        """These, or all, are given back: what is in hand there is not finished, but nobody has died."""
        for place in list(self._lanes) if partitions is None else partitions:
            lane = self._lanes.get(place)
            if lane is not None:
                lane.in_hand.clear()
                lane.open = lane.signed = False
                lane.recorded = self._text(lane, lane.base) == lane.text

    def drop(self, partitions: Iterable[Partition]) -> None:
        """Forget these: they are another's, or their offsets are read anew."""
        for place in partitions:
            self._lanes.pop(place, None)

    def unrecorded(self, partitions: Collection[Partition] | None = None) -> Mapping[Partition, int]:
        """The partitions, of these or of all, whose note is to be committed, with their committed offsets."""
        wanted = self._lanes.keys() if partitions is None else self._lanes.keys() & partitions
        return {place: self._lanes[place].base for place in wanted if not self._lanes[place].recorded}

    def notes(self, offsets: Mapping[Partition, int]) -> Mapping[Partition, str]:
        """What to commit beside each of these offsets."""
        return {place: self._text(self._lanes[place], at) for place, at in offsets.items()}

    def committed(self, offsets: Mapping[Partition, int]) -> None:
        """These were committed, with their notes."""
        for place, offset in offsets.items():
            lane = self._lanes[place]
            lane.base, lane.text, lane.recorded = offset, self._text(lane, offset), True
            if lane.deaths:
                lane.deaths = {at: deaths for at, deaths in lane.deaths.items() if at >= offset}
            if lane.gaps:
                lane.gaps = {at: gap for at, gap in lane.gaps.items() if at > offset}

    def _text(self, lane: _Lane, offset: int) -> str:
        return encode_note(self._note(lane, offset), offset)

    def _note(self, lane: _Lane, offset: int) -> Note:
        known = {at: Mark(deaths, in_hand=False) for at, deaths in lane.deaths.items()}
        in_hand = {at: Mark(lane.deaths.get(at, 1), in_hand=True) for at in lane.in_hand}
        return Note(
            session=self._session if lane.signed else "",
            span=self._span if lane.open else 0,
            until=lane.until - sum(gap for at, gap in lane.gaps.items() if at > offset),
            marks={at: mark for at, mark in (known | in_hand).items() if at >= offset},
            tripped=self._deploy if lane.tripped or self._breaker.doubtful else "",
        )
