"""The fuzzer: `python -m tests.fuzz --seconds 120`. What fails is written to `tests/fuzz/found`."""

import argparse
import hashlib
import sys
from pathlib import Path

import atheris

from tests.fuzz.inputs import FOUND, seeds

with atheris.instrument_imports(include=["worker.core", "worker.pipeline.outcomes"]):
    from tests.fuzz.invariants import check
    from worker.core.rules import parse_rules
from worker.rulefiles import read_rules

_LONGEST = 20_000  # bytes of an input
_SLOWEST = 60  # seconds of the clock: an input that takes longer is a finding


def main() -> None:
    """Fuzz until the time is over, or something is found: then the exit code is not 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=120, help="for so long (120)")
    parser.add_argument("--corpus", type=Path, default=Path(".cache/fuzz"), help="inputs that proved new")
    parser.add_argument("--seed", type=int, default=0, help="of the fuzzer's chance; 0 takes a new one")
    args = parser.parse_args()
    args.corpus.mkdir(parents=True, exist_ok=True)
    for seed in seeds():
        (args.corpus / hashlib.sha1(seed).hexdigest()).write_bytes(seed)
    rules = parse_rules(read_rules())
    for seed in seeds():  # what loads when it is first needed loads here: it is no input's fault
        check(seed, rules)
    libfuzzer = [
        sys.argv[0],
        f"-max_total_time={args.seconds}",
        f"-max_len={_LONGEST}",
        f"-timeout={_SLOWEST}",
        "-rss_limit_mb=4096",
        f"-seed={args.seed}",
        f"-artifact_prefix={FOUND}/",
        "-print_final_stats=1",
        str(args.corpus),
    ]
    atheris.Setup(libfuzzer, lambda data: check(data, rules))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
