"""`pagesieve load`: pages into the raw topic."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from worker.adapters.kafka.writer import TopicWriter
from worker.commands.demo_load import demo_pages
from worker.commands.failures import CommandError
from worker.commands.inputs import InputError, RawPage
from worker.pipeline.ports import Outgoing, Unpublishable
from worker.settings import Settings

_NAMED = 5  # pages that an error names


def sample_pages(copies: int, settings: Settings) -> Iterator[RawPage]:
    """The sample pages under `copies` URLs each, and among them the pages that must become dead letters."""
    for page in demo_pages(copies, settings.max_page_bytes):
        yield RawPage(page.key.decode(), page.key, page.value, page.headers)


def load_pages(pages: Iterable[RawPage], settings: Settings, console: Console) -> int:
    """Publish every page to the raw topic, and return how many that were.

    Raises:
        InputError: an input cannot be read; the pages before it are loaded.
        CommandError: pages are larger than a message may be; all others are loaded.
        StreamUnavailable: Kafka is out of reach.
    """
    loaded = 0
    left_out: list[str] = []
    with _bar(console) as progress, _writer(settings) as writer:
        task = progress.add_task(f"loading into {settings.raw_topic}", total=None)
        for page in pages:
            message = Outgoing(settings.raw_topic, page.key, page.value, page.headers)
            if writer.fits(message):
                writer.send(message)
                loaded += 1
                progress.update(task, completed=loaded)
            else:
                left_out.append(page.name)
        progress.update(task, total=loaded)
    console.print(f"{loaded} pages loaded into {settings.raw_topic}", highlight=False)
    if left_out:
        raise CommandError(65, f"{len(left_out)} pages larger than kafka_max_request_size: {_list(left_out)}")
    return loaded


@contextmanager
def _writer(settings: Settings) -> Iterator[TopicWriter]:
    """A writer that sends what it has also when the input ends with an error."""
    try:
        with TopicWriter(settings) as writer:
            try:
                yield writer
            except InputError:
                writer.flush()
                raise
    except Unpublishable as error:
        raise CommandError(65, f"Kafka refuses pages for {settings.raw_topic}: {error}") from error


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed} pages"),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
