"""A child has done before its first page what is done once: its deadline is for the page alone."""

import subprocess
import sys
import textwrap

PROGRAM = """
    import time
    from worker.core.options import CleanOptions
    from worker.core.records import Page
    from worker.demo_pages import sample_cases
    from worker.pipeline.child import build_cleaner
    from worker.rulefiles import read_rules

    clean = build_cleaner(read_rules(), CleanOptions())
    case = next(case for case in sample_cases() if case.name == "ar-drupal-text")
    page = Page(case.body, case.url, "text/html; charset=utf-8")
    for _ in range(2):
        started = time.process_time()
        clean(page)
        print(time.process_time() - started)
"""


def test_the_first_page_costs_about_what_the_second_does() -> None:
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100).stdout
    first, second = map(float, told.split())
    assert first < second + 0.1, "half a second of processor time without the warm-up"
