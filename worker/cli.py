"""The command line: parsing only. Each command's work is in `worker.commands`, or in `worker.app`."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from worker import __version__
from worker.commands.failures import CommandError
from worker.commands.invocation import failures, settings_of

app = typer.Typer(
    name="pagesieve",
    help="Raw web pages from Kafka in, clean article records out.",
    epilog="Every setting is an environment variable that begins with PAGESIEVE_: see the README.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Servers = Annotated[
    str | None,
    typer.Option("--bootstrap-servers", "-b", metavar="HOST:PORT", help="Kafka brokers to start from."),
]
Group = Annotated[str | None, typer.Option("--group-id", "-g", help="Consumer group to join.")]
Redis = Annotated[str | None, typer.Option("--redis-url", help="Cache of results, redis://host:port/db.")]
Children = Annotated[
    int | None,
    typer.Option("--children", "-c", min=0, help="Child processes that clean; 0: one a processor."),
]
More = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="Any other setting, as --set page_deadline=5; repeatable."
    ),
]


# The base of all that can be wrong with a command line, wherever typer keeps its click.
_UsageError: Any = typer.BadParameter.__base__


def main() -> None:
    """Run the command line; the exit code is one of sysexits.h."""
    try:
        code = app(standalone_mode=False)
    except _UsageError as error:
        where = error.ctx.command_path if error.ctx else "pagesieve"
        text = " ".join(error.format_message().split())
        if text:  # none when the help was shown instead
            typer.echo(f"pagesieve: {text} ({where} --help tells more)", err=True)
        code = 64
    sys.exit(code)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        typer.echo(f"pagesieve {__version__}")
        raise typer.Exit


@app.command()
def run(
    bootstrap_servers: Servers = None,
    group_id: Group = None,
    redis_url: Redis = None,
    children: Children = None,
    http_port: Annotated[
        int | None, typer.Option(help="Port of /metrics, /livez, /readyz, /version.")
    ] = None,
    more: More = None,
) -> None:
    """Run a worker: read pages, clean them, publish articles, until told to stop.

    Start as many as you like with the same group: they share the partitions of the raw topic.
    """
    with failures():
        settings = settings_of(
            more,
            kafka_bootstrap_servers=bootstrap_servers,
            kafka_group_id=group_id,
            redis_url=redis_url,
            children=children,
            http_port=http_port,
        )
        from worker.app import run as run_worker

        raise typer.Exit(run_worker(settings))


@app.command()
def clean(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Files or folders: .html, .txt, .jsonl, .warc, each also .gz. Without: JSON lines on stdin."
        ),
    ] = None,
    output: Annotated[
        str, typer.Option("--format", "-f", help="json (one record a line), text, or markdown.")
    ] = "json",
    children: Children = None,
    more: More = None,
) -> None:
    """Clean pages without Kafka: pages in, one article a line out, in the same order.

    A JSON line is {"url": ..., "html": ...}, or "html_b64", or "text". A page without an article gives
    {"url", "error", "detail"}.
    """
    with failures():
        from worker.commands.clean import Format, clean_pages
        from worker.commands.inputs import read_lines, read_paths

        if output not in list(Format):
            raise CommandError(64, f"--format: {output} is not one of {', '.join(Format)}")
        settings = settings_of(more, children=children)
        pages = read_paths(paths) if paths else read_lines(sys.stdin.buffer, "stdin")
        clean_pages(pages, settings, Format(output), sys.stdout.buffer, Console(stderr=True))


@app.command()
def explain(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Files or folders: .html, .txt, .jsonl, .warc, each also .gz. Without: JSON lines on stdin."
        ),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", "-f", help="terminal, json (one page a line), or html (one document).")
    ] = "terminal",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write; else stdout.")] = None,
    whole: Annotated[
        bool, typer.Option("--all", help="In the terminal: every block, with its whole text.")
    ] = False,
    more: More = None,
) -> None:
    """Show what was kept of each page and what was cut, block by block, and why.

    Pages are given as to `clean`. The HTML needs no network, and opens in any browser.
    """
    with failures():
        from worker.commands.explain import Form, explain_pages
        from worker.commands.inputs import read_lines, read_paths

        if form not in list(Form):
            raise CommandError(64, f"--format: {form} is not one of {', '.join(Form)}")
        settings = settings_of(more)
        pages = read_paths(paths) if paths else read_lines(sys.stdin.buffer, "stdin")
        explain_pages(pages, settings, Form(form), output, whole=whole)


@app.command()
def load(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Files or folders: .html, .txt, .jsonl, .warc, each also .gz."),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="COPIES", help="Instead of files: the sample pages, each under so many URLs."
        ),
    ] = None,
    bootstrap_servers: Servers = None,
    topic: Annotated[str | None, typer.Option(help="Topic to load into; pages.raw unless set.")] = None,
    more: More = None,
) -> None:
    """Load pages from files into the raw topic.

    With --samples, load the sample pages that pagesieve brings, and the kinds of page that give no article.
    """
    with failures():
        from worker.commands.inputs import read_paths
        from worker.commands.load import load_pages, sample_pages

        if bool(paths) == bool(samples):
            raise CommandError(64, "load takes either files and folders, or --samples")
        settings = settings_of(more, kafka_bootstrap_servers=bootstrap_servers, raw_topic=topic)
        pages = sample_pages(samples, settings) if samples else read_paths(paths or ())
        load_pages(pages, settings, Console(stderr=True))


@app.command()
def topics(bootstrap_servers: Servers = None, more: More = None) -> None:
    """Create the topics that are missing, with sensible configuration."""
    with failures():
        from worker.commands.topics import create_topics

        create_topics(settings_of(more, kafka_bootstrap_servers=bootstrap_servers), Console())


@app.command()
def check(bootstrap_servers: Servers = None, redis_url: Redis = None, more: More = None) -> None:
    """Look at settings, broker, topics, transactions and Redis, and tell what is wrong and what to do."""
    with failures():
        from worker.commands.check import check_all

        settings = settings_of(more, kafka_bootstrap_servers=bootstrap_servers, redis_url=redis_url)
        raise typer.Exit(check_all(settings, Console()))


@app.command()
def replay(
    bootstrap_servers: Servers = None,
    reason: Annotated[
        list[str] | None, typer.Option(help="Only dead letters of this reason; repeatable.")
    ] = None,
    domain: Annotated[
        list[str] | None, typer.Option(help="Only pages of this domain and those below it; repeatable.")
    ] = None,
    newer_than: Annotated[
        str | None, typer.Option(metavar="AGE", help="Only dead letters younger than this: 90m, 12h, 7d.")
    ] = None,
    older_than: Annotated[
        str | None, typer.Option(metavar="AGE", help="Only dead letters older than this.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many.")] = None,
    rate: Annotated[float | None, typer.Option(min=0.1, help="Pages a second, at most.")] = None,
    max_replays: Annotated[
        int, typer.Option(min=1, help="Leave pages that were put back so often already.")
    ] = 3,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be put back.")] = False,
    more: More = None,
) -> None:
    """Put dead letters back into the raw topic, after the reason for them is mended.

    What was put back once is not put back again by the next replay: the place reached in the dead
    letters is remembered in the consumer group `<group-id>-replay`.
    """
    with failures():
        from worker.commands.replay import Selection, age_seconds, replay_dead_letters

        settings = settings_of(more, kafka_bootstrap_servers=bootstrap_servers)
        selection = Selection(
            reasons=frozenset(reason or ()),
            domains=tuple(name.lower().removeprefix("www.") for name in domain or ()),
            newer_than=age_seconds(newer_than),
            older_than=age_seconds(older_than),
            limit=limit,
            max_replays=max_replays,
        )
        replay_dead_letters(settings, selection, rate, dry_run, Console())


@app.command()
def demo(
    workers: Annotated[int, typer.Option(min=1, max=8, help="Worker processes to run.")] = 2,
) -> None:
    """See it work: an embedded Kafka and Redis, sample pages, and what became of them.

    Needs neither Docker nor Java, only the extra `demo`; takes about a minute and cleans up after itself.
    """
    with failures():
        from worker.commands.demo import demo as run_demo

        raise typer.Exit(run_demo(Console(), workers))
