"""Cross-validation by site: no site of a fold's test pages was trained on."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

FOLDS = 5
_SEED = 0


def folds_by_site(sites: Iterable[Sequence[str]]) -> Mapping[str, int]:
    """site -> fold; `sites` gives, corpus by corpus, each page's site. Each corpus is spread evenly."""
    rng = random.Random(_SEED)
    fold: dict[str, int] = {}
    for corpus in sites:
        pages = Counter(corpus)
        load = [0] * FOLDS
        for site, count in pages.items():
            if site in fold:
                load[fold[site]] += count
        fresh = [site for site in pages if site not in fold]
        rng.shuffle(fresh)
        for site in sorted(fresh, key=lambda site: -pages[site]):
            smallest = min(range(FOLDS), key=lambda number: load[number])
            fold[site] = smallest
            load[smallest] += pages[site]
    return fold
