"""The in-order window: nothing lost, nothing doubled, in order, for any interleaving."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from worker.pipeline.ports import Partition
from worker.pipeline.window import Window

P0, P1 = Partition("pages", 0), Partition("pages", 1)
EVERYTHING = 10**9


def test_results_wait_for_the_page_at_the_head() -> None:
    window: Window[str, str] = Window()
    first, second = window.add(P0, 5, 10, "a"), window.add(P0, 6, 20, "b")
    assert window.finish(second, "B")
    assert window.ready() == {}
    assert window.take(EVERYTHING, EVERYTHING).offsets == {}
    assert window.finish(first, "A")
    assert window.ready() == {P0: 7}
    run = window.take(EVERYTHING, EVERYTHING)
    assert run.results == ("A", "B")
    assert run.offsets == {P0: 7}
    assert (window.pages, window.bytes, window.ready_pages) == (0, 0, 0)


def test_a_slow_page_holds_back_its_own_partition_only() -> None:
    window: Window[str, str] = Window()
    window.add(P0, 0, 1, "slow")
    other = window.add(P1, 0, 1, "quick")
    window.finish(other, "Q")
    assert window.take(EVERYTHING, EVERYTHING).offsets == {P1: 1}
    assert window.pages == 1


def test_offsets_may_have_gaps() -> None:
    window: Window[str, str] = Window()
    for offset in (3, 9, 10, 40):
        window.finish(window.add(P0, offset, 1, ""), str(offset))
    run = window.take(3, EVERYTHING)
    assert run.results == ("3", "9", "10")
    assert run.offsets == {P0: 11}
    assert window.take(3, EVERYTHING).offsets == {P0: 41}


def test_an_offset_that_goes_back_is_a_bug() -> None:
    window: Window[str, str] = Window()
    window.add(P0, 5, 1, "")
    with pytest.raises(ValueError, match="offset 5 after 5"):
        window.add(P0, 5, 1, "")
    window.drop([P0])
    window.add(P0, 2, 1, "")


def test_a_dropped_page_cannot_be_finished_and_a_page_not_twice() -> None:
    window: Window[str, str] = Window()
    dropped, kept = window.add(P0, 0, 10, "a"), window.add(P1, 0, 1, "b")
    assert window.drop([P0, Partition("never", 1)]) == 1
    assert window.item(dropped) is None
    assert not window.finish(dropped, "A")
    assert window.item(kept) == "b"
    assert window.finish(kept, "B")
    assert not window.finish(kept, "again")
    assert window.item(kept) is None
    assert window.take(EVERYTHING, EVERYTHING).results == ("B",)


def test_dropping_counts_ready_and_waiting_pages() -> None:
    window: Window[str, str] = Window()
    ready, _ = window.add(P0, 0, 10, ""), window.add(P0, 1, 5, "")
    window.finish(ready, "", weight=7)
    assert (window.pages, window.bytes, window.ready_pages, window.ready_bytes) == (2, 15, 1, 7)
    assert window.drop([P0]) == 2
    assert (window.pages, window.bytes, window.ready_pages, window.ready_bytes) == (0, 0, 0, 0)
    assert window.partitions() == frozenset()


def test_a_take_is_bounded_by_pages_and_by_weight_but_never_empty() -> None:
    window: Window[str, str] = Window()
    for offset, weight in enumerate((50, 10, 10, 10)):
        window.finish(window.add(P0, offset, 1, ""), str(offset), weight)
    assert window.take(EVERYTHING, 20).results == ("0",)
    assert window.take(EVERYTHING, 20).results == ("1", "2")
    assert window.take(EVERYTHING, 20).results == ("3",)
    assert window.ready_bytes == 0


def test_a_busy_partition_does_not_starve_the_others() -> None:
    window: Window[str, str] = Window()
    for offset in range(10):
        window.finish(window.add(P0, offset, 1, ""), "busy")
    window.finish(window.add(P1, 0, 1, ""), "other")
    assert window.take(10, EVERYTHING).results == ("busy",) * 10
    window.finish(window.add(P0, 10, 1, ""), "busy")
    assert window.take(1, EVERYTHING).results == ("other",)


def test_a_take_of_some_partitions_leaves_the_others() -> None:
    window: Window[str, str] = Window()
    for partition in (P0, P1):
        window.finish(window.add(partition, 0, 1, ""), str(partition.number))
    assert window.take(EVERYTHING, EVERYTHING, [P1, Partition("never", 3)]).offsets == {P1: 1}
    assert window.ready() == {P0: 1}


@given(st.permutations(range(12)), st.integers(1, 5))
def test_any_order_of_results_leaves_in_the_order_of_offsets(order: list[int], most: int) -> None:
    window: Window[int, int] = Window()
    tickets = [window.add(Partition("t", n % 3), n, 1, n) for n in range(12)]
    taken: list[int] = []
    for n in order:
        window.finish(tickets[n], n)
        taken += window.take(most, EVERYTHING).results
    while window.pages:
        taken += window.take(most, EVERYTHING).results
    assert sorted(taken) == list(range(12))
    for lane in range(3):
        own = [n for n in taken if n % 3 == lane]
        assert own == sorted(own)


class AnyInterleaving(RuleBasedStateMachine):
    """A model that knows of each partition only a list: what was added, finished or not."""

    @initialize()
    def begin(self) -> None:
        self.window: Window[int, int] = Window()
        self.model: dict[Partition, list[tuple[int, int]]] = {}  # ticket, offset
        self.offsets: dict[Partition, int] = {}
        self.finished: set[int] = set()
        self.gone: list[int] = []

    @rule(number=st.integers(0, 2), gap=st.integers(1, 3), size=st.integers(0, 9))
    def add(self, number: int, gap: int, size: int) -> None:
        partition = Partition("t", number)
        offset = self.offsets.get(partition, -1) + gap
        self.offsets[partition] = offset
        ticket = self.window.add(partition, offset, size, 0)
        assert ticket not in self.gone
        assert all(ticket != known for lane in self.model.values() for known, _ in lane)
        self.model.setdefault(partition, []).append((ticket, offset))

    @precondition(lambda self: any(self.model.values()))
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        known = [ticket for lane in self.model.values() for ticket, _ in lane]
        ticket = data.draw(st.sampled_from(known))
        assert self.window.finish(ticket, ticket) is (ticket not in self.finished)
        self.finished.add(ticket)

    @precondition(lambda self: self.gone)
    @rule(data=st.data())
    def finish_what_is_gone(self, data: st.DataObject) -> None:
        assert not self.window.finish(data.draw(st.sampled_from(self.gone)), -1)

    @rule(most=st.integers(1, 4), some=st.none() | st.sets(st.integers(0, 2)))
    def take(self, most: int, some: set[int] | None) -> None:
        wanted = None if some is None else [Partition("t", number) for number in some]
        run = self.window.take(most, EVERYTHING, wanted)
        left = list(run.results)
        for partition, offset in run.offsets.items():
            lane = self.model[partition]
            while lane and lane[0][1] < offset:
                ticket, _ = lane.pop(0)
                assert left.pop(0) == ticket
                self.gone.append(ticket)
        assert left == []
        assert len(run.results) <= most
        heads = [p for p, lane in self.model.items() if lane and lane[0][0] in self.finished]
        if wanted is None:
            assert run.results or not heads
        else:
            assert set(run.offsets) <= set(wanted)

    @rule(numbers=st.sets(st.integers(0, 2)))
    def drop(self, numbers: set[int]) -> None:
        partitions = [Partition("t", number) for number in numbers]
        lost = [ticket for p in partitions for ticket, _ in self.model.pop(p, [])]
        assert self.window.drop(partitions) == len(lost)
        self.gone += lost
        for partition in partitions:
            self.offsets.pop(partition, None)

    @invariant()
    def counts_hold(self) -> None:
        if not hasattr(self, "window"):
            return
        assert self.window.pages == sum(len(lane) for lane in self.model.values())
        ready = {}
        for partition, lane in self.model.items():
            for ticket, offset in lane:
                if ticket not in self.finished:
                    break
                ready[partition] = offset + 1
        assert self.window.ready() == ready


TestAnyInterleaving = AnyInterleaving.TestCase
