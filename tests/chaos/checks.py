"""What must hold of a run, whatever happened in it. Each check tells what it found, and can fail."""

import bisect
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.fleet import Life, Sample
from tests.chaos.story import Came, Story
from tests.integration.results import Place
from worker.pipeline.ledger import MAX_DEATHS

MIB = 1024 * 1024
WARM_SECONDS = 20.0  # of a worker's life before its memory counts
JUDGED_SECONDS = 40.0  # of a worker's life after that, or its memory is not judged
GROWTH_SHARE, GROWTH_BYTES = 0.10, 24 * MIB  # what the typical memory may grow by
PEAK_BYTES = 128 * MIB  # above what the worker had when it was warm; pages in flight are in it

# A record carries the time at which it was handed to the producer; its commit may come so much later.
COMMIT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    told: str  # figures
    findings: Sequence[str] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def check_once(story: Story) -> Check:
    """Every page came out exactly once, as an article or as a dead letter."""
    counts = Counter(one.place for one in story.came)
    lost = [place for place in story.given if counts[place] == 0]
    doubled = {place: count for place, count in counts.items() if count > 1 and place in story.given}
    strange = [one for one in story.came if one.place not in story.given]
    where: dict[Place, list[Came]] = defaultdict(list)
    for one in story.came:
        if one.place in doubled:
            where[one.place].append(one)
    findings = [f"lost: {_page(story, place)}" for place in lost]
    for place, found in where.items():
        times = ", ".join(f"{one} of {one.timestamp}" for one in found)
        findings.append(f"{len(found)} times: {_page(story, place)}: {times}")
    findings += [f"{one} is of no page" for one in strange]
    letters = len(story.came) - story.articles
    told = (
        f"{len(story.given)} pages: {story.articles} articles, {letters} dead letters; "
        f"{len(lost)} lost, {len(doubled)} doubled"
    )
    return Check("every page once", told, findings)


def check_order(story: Story) -> Check:
    """What came of one partition is in its order, within each partition that it came to.

    All pages of a key are in one partition, and all their articles, so this holds of each key, too.
    """
    last: dict[tuple[str, int, int], Came] = {}
    findings = []
    for one in story.came:
        lane = (one.topic, one.partition, one.place.partition)
        before = last.get(lane)
        if before is not None and one.place.offset <= before.place.offset:
            findings.append(f"{one}: offset {one.place.offset} after {before.place.offset} in {before}")
        last[lane] = one
    return Check("order", f"{len(last)} ways from partition to partition", findings)


def check_schema(story: Story) -> Check:
    """Each record is what its schema says."""
    findings = [f"{one}: {text}" for one in story.came for text in one.invalid]
    return Check("records valid", f"{story.articles} against the JSON Schema", findings)


def check_fate(story: Story, children_killed: int, workers_killed: int = 0) -> Check:
    """Each page became what it must, by the rules that it tells.

    A page may be given up for nothing that it did only where the harness killed the child that had it,
    or three workers, one after the other, that had it in hand.
    """
    findings = [f"{one}: {text}" for one in story.came for text in one.problems]
    hurt = [one for one in story.came if one.hurt]
    if len(hurt) > children_killed + workers_killed // MAX_DEATHS:
        findings += [f"{one}: a good page was given up: {_page(story, one.place)}" for one in hurt]
    killed = f"{children_killed} children and {workers_killed} workers killed"
    told = f"{len(hurt)} good pages given up for {killed}"
    return Check("the right outcome", told, findings)


def check_commits(story: Story) -> Check:
    """Offsets are committed to the end of each partition, and not beyond."""
    ends: defaultdict[int, int] = defaultdict(int)
    for place in story.given:
        ends[place.partition] = max(ends[place.partition], place.offset + 1)
    findings = [
        f"partition {partition}: {story.committed.get(partition, 0)} is committed, and it ends at {end}"
        for partition, end in sorted(ends.items())
        if story.committed.get(partition, 0) != end
    ]
    return Check("offsets committed", f"{len(ends)} partitions", findings)


def check_quiet_metrics(
    story: Story, first: int, before: Mapping[str, int], after: Mapping[str, int]
) -> Check:
    """After the faults: what the workers counted is exactly what came out of the pages from `first` on."""
    found = Counter(
        "articles" if one.article else "dead_letters"
        for one in story.came
        if one.place in story.given and story.given[one.place].number >= first
    )
    counted = {name: after[name] - before[name] for name in ("articles", "dead_letters")}
    failed = after["failed"] - before["failed"]
    told = f"{counted['articles']} + {counted['dead_letters']} counted in peace, {failed} commits failed"
    findings = []
    for name, count in counted.items():
        missing = found[name] - count
        # A commit that failed may have been made; its pages are then read by all, and counted by nobody.
        if missing < 0 or (missing > 0 and not failed):
            findings.append(f"{count} {name} were counted, and {found[name]} were read")
    return Check("metrics in peace", told, findings)


def check_storm_metrics(story: Story, lives: Sequence[Life]) -> Check:
    """Over the whole run: nothing is counted that was not read, and what is read and not counted was
    published while nobody looked: before the end of a worker, or by a commit that seemed to fail."""
    counted = [sum(life.samples[-1].articles for life in lives if life.samples), 0]
    counted[1] = sum(life.samples[-1].dead_letters for life in lives if life.samples)
    read = [story.articles, len(story.came) - story.articles]
    findings = [
        f"{count} {name} were counted, more than the {there} that were read"
        for name, count, there in zip(("articles", "dead letters"), counted, read, strict=True)
        if count > there
    ]
    stamps = sorted(one.timestamp for one in story.came if one.article)
    unseen = sum(_within(stamps, window) for window in _merged(_unseen(lives)))
    missing = read[0] - counted[0]
    if missing > unseen:
        findings.append(f"{missing} articles were counted by nobody, and {unseen} came while nobody looked")
    told = (
        f"{counted[0]} of {read[0]} articles and {counted[1]} of {read[1]} dead letters seen counted; "
        f"up to {unseen} articles could not be seen"
    )
    return Check("metrics in the storm", told, findings)


def check_memory(lives: Iterable[Life]) -> Check:
    """The memory of each worker that lived long enough is flat: neither grows nor leaps."""
    findings = []
    judged = 0
    largest = 0.0
    for life in lives:
        warm = [s for s in life.samples if s.at - life.started >= WARM_SECONDS]
        if not warm or warm[-1].at - warm[0].at < JUDGED_SECONDS:
            continue
        judged += 1
        third = max(1, len(warm) // 3)
        early, late = _typical(warm[:third]), _typical(warm[-third:])
        peak = max(sample.memory for sample in warm)
        largest = max(largest, peak)
        if late > early * (1 + GROWTH_SHARE) + GROWTH_BYTES:
            findings.append(f"{life.name} grew from {early / MIB:.0f} to {late / MIB:.0f} MiB")
        if peak > early + PEAK_BYTES:
            findings.append(f"{life.name} leapt from {early / MIB:.0f} to {peak / MIB:.0f} MiB")
    return Check("memory flat", f"{judged} workers judged, at most {largest / MIB:.0f} MiB", findings)


def check_found(name: str, told: str, findings: Sequence[str]) -> Check:
    """What others have found already."""
    return Check(name, told, tuple(findings))


def totals(samples: Iterable[Sample]) -> dict[str, int]:
    """What some workers counted, together."""
    each = list(samples)
    return {
        "articles": sum(sample.articles for sample in each),
        "dead_letters": sum(sample.dead_letters for sample in each),
        "failed": sum(sample.failed for sample in each),
    }


def _page(story: Story, place: Place) -> str:
    return f"page {story.given[place].number}, {place.partition}@{place.offset}"


def _typical(samples: Sequence[Sample]) -> float:
    return statistics.median(sample.memory for sample in samples)


def _unseen(lives: Iterable[Life]) -> Iterable[tuple[float, float]]:
    """The times, from and to, of which what a worker published need not be in its last figures."""
    for life in lives:
        times = [life.started, *(sample.at for sample in life.samples)]
        if life.ended is not None:
            yield times[-1] - COMMIT_SECONDS, life.ended
        failed = [0, *(sample.failed for sample in life.samples)]
        for number in range(1, len(failed)):
            if failed[number] > failed[number - 1]:
                yield times[number - 1] - COMMIT_SECONDS, times[number] + 1


def _merged(windows: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for start, end in sorted(windows):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _within(stamps: Sequence[int], window: tuple[float, float]) -> int:
    start, end = (int(seconds * 1000) for seconds in window)
    return bisect.bisect_right(stamps, end) - bisect.bisect_left(stamps, start)
