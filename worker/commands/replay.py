"""`pagesieve replay`: dead letters back into the raw topic."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from rich.console import Console
from rich.table import Table

from worker.adapters.kafka.deadletters import DeadLetters, Letter
from worker.commands.failures import CommandError
from worker.core.decode import decode_message
from worker.core.options import CleanOptions
from worker.core.records import Envelope, Reason
from worker.pipeline.ports import Message, Unpublishable
from worker.pipeline.replays import TooScattered
from worker.pipeline.routing import Part, changed_parts, dead_reason, domain_of, replay_count, replayed
from worker.settings import Settings

_BATCH = 100
_AGE = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which dead letters to put back. Ages are in seconds, by the page's own Kafka timestamp."""

    reasons: frozenset[str] = frozenset()
    domains: tuple[str, ...] = ()
    newer_than: float | None = None
    older_than: float | None = None
    limit: int | None = None
    max_replays: int = 3

    def __post_init__(self) -> None:
        unknown = self.reasons - set(Reason)
        if unknown:
            raise CommandError(64, f"--reason: {', '.join(sorted(unknown))}: known are {', '.join(Reason)}")

    def takes(self, letter: Message, now: float) -> bool:
        """True for a letter that is selected; `now` is seconds since the epoch."""
        if self.reasons and dead_reason(letter.headers) not in self.reasons:
            return False
        age = now - (letter.timestamp or 0) / 1000
        if self.newer_than is not None and age > self.newer_than:
            return False
        if self.older_than is not None and age < self.older_than:
            return False
        return not self.domains or _is_of(letter, self.domains)


def age_seconds(text: str | None) -> float | None:
    """`90m`, `12h`, `7d` in seconds.

    Raises:
        CommandError: another form.
    """
    if text is None:
        return None
    match = _AGE.fullmatch(text.strip())
    if match is None:
        raise CommandError(64, f"{text}: an age is a number and s, m, h or d, as in 90m or 7d")
    return float(match[1]) * _SECONDS[match[2]]


def replay_dead_letters(
    settings: Settings, selection: Selection, rate: float | None, dry_run: bool, console: Console
) -> int:
    """Put the selected letters back, or only tell which; returns how many.

    `rate` is pages a second at most. A letter is put back once: a page that fails again makes a new letter,
    with one replay more counted, and `selection.max_replays` ends that.

    Raises:
        StreamUnavailable: Kafka is out of reach.
        CommandError: the selection leaves more gaps than can be remembered, or a page is too large.
    """
    found: Counter[str] = Counter()
    count = 0
    batch_size = _BATCH if rate is None else max(1, min(_BATCH, int(rate)))
    with DeadLetters(settings) as dead:
        chosen = islice(_chosen(dead, settings, selection, found), selection.limit)
        while letters := list(islice(chosen, batch_size)):
            started = time.monotonic()
            if not dry_run:
                _put_back(dead, letters)
            count += len(letters)
            found.update((dead_reason(letter.dead.headers) or "unknown") for letter in letters)
            if rate is not None and not dry_run:
                time.sleep(max(0.0, len(letters) / rate - (time.monotonic() - started)))
    _report(console, settings, found, count, dry_run)
    return count


def _chosen(
    dead: DeadLetters, settings: Settings, selection: Selection, found: Counter[str]
) -> Iterator[Letter]:
    now = time.time()
    for message in dead.read():
        if not selection.takes(message, now):
            continue
        page = replayed(message, settings.raw_topic, selection.max_replays)
        if Part.VALUE in changed_parts(message.headers):
            found["left: without its page, which Kafka had refused"] += 1
        elif page is None:
            found[f"left: put back {replay_count(message.headers)} times already"] += 1
        else:
            yield Letter(message, page)


def _put_back(dead: DeadLetters, letters: list[Letter]) -> None:
    try:
        dead.put_back(letters)
    except TooScattered as error:
        raise CommandError(75, f"{error}: replay the rest with fewer filters, or a --limit") from error
    except Unpublishable as error:
        raise CommandError(
            65, f"{error}: raise PAGESIEVE_KAFKA_MAX_REQUEST_SIZE, or leave them out"
        ) from error


def _is_of(letter: Message, domains: tuple[str, ...]) -> bool:
    decoded = decode_message(letter.value, letter.key, letter.headers, CleanOptions(max_page_bytes=1 << 31))
    url = (
        decoded.page.url if isinstance(decoded, Envelope) else (letter.key or b"").decode("utf-8", "replace")
    )
    host = domain_of(url)
    return host is not None and any(host == name or host.endswith(f".{name}") for name in domains)


def _report(console: Console, settings: Settings, found: Counter[str], count: int, dry_run: bool) -> None:
    if found:
        table = Table("reason", "dead letters")
        for reason, number in found.most_common():
            table.add_row(reason, str(number))
        console.print(table)
    verb = "would be put back" if dry_run else "put back"
    console.print(f"{count} pages {verb} into {settings.raw_topic}")
