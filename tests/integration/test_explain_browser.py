"""The HTML of `pagesieve explain` in a real browser."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.explaining import HOSTILE_PAGE, OUTSIDE_HOST, explained, explained_html
from tests.servers.chromium import Chromium
from worker.explaining.html import html_page
from worker.explaining.rows import Explanation, Verdict

pytestmark = pytest.mark.browser

# the left and right edges of a block's text, and of its first letter
_EDGES = """
const text = arguments[0], box = text.getBoundingClientRect(), range = document.createRange();
const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT), node = walker.nextNode();
range.setStart(node, 0); range.setEnd(node, 1);
const letter = range.getBoundingClientRect();
return [box.left, box.right, letter.left, letter.right, getComputedStyle(text).direction];
"""
# relative luminance and contrast as WCAG 2 defines them
_CONTRAST = """
const shades = (color) => color.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
  .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
const light = (color) => { const [r, g, b] = shades(color); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const ground = (node) => {
  for (; node; node = node.parentElement) {
    const color = getComputedStyle(node).backgroundColor;
    if (!color.endsWith(", 0)") && color !== "transparent") return color;
  }
  return "rgb(255, 255, 255)";
};
return [...document.querySelectorAll("body *")]
  .filter((node) => node.checkVisibility())
  .filter((node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()))
  .map((node) => {
    const [a, b] = [light(getComputedStyle(node).color), light(ground(node))];
    return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), node.className, node.textContent.slice(0, 40)];
  });
"""


@pytest.fixture
def shown(chromium: Chromium, tmp_path: Path) -> Chromium:
    """The browser, on the explanation of an Arabic and an English page."""
    return show(chromium, tmp_path, *pages())


def pages() -> Sequence[Explanation]:
    return explained("ar-jannah"), explained("en-newspaper-theme")


def show(chromium: Chromium, folder: Path, *pages: Explanation) -> Chromium:
    path = folder / "explained.html"
    path.write_text(html_page(pages), encoding="utf-8")
    chromium.show(path)
    return chromium


def seen(browser: Chromium, selector: str) -> int:
    """How many elements that a selector names are to be seen."""
    script = "return [...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility()).length"
    found: int = browser.run(script, selector)
    return found


def click(browser: Chromium, name: str) -> None:
    browser.driver.find_element(By.ID, name).click()


def count(kind: str) -> int:
    return sum(row.kind == kind for page in pages() for row in page.rows)


def test_the_browser_tells_of_requests_and_complaints(chromium: Chromium, tmp_path: Path) -> None:
    """A page that does what an explanation must not: else the next test would prove nothing."""
    path = tmp_path / "control.html"
    path.write_text(f"<img src='{OUTSIDE_HOST}/a.png'><script>console.error('heard')</script>")
    chromium.show(path)
    assert f"{OUTSIDE_HOST}/a.png" in chromium.requests()
    assert any("heard" in complaint for complaint in chromium.complaints())


@pytest.mark.parametrize("hostile", [False, True], ids=["samples", "hostile"])
def test_it_asks_for_nothing_and_complains_of_nothing(
    chromium: Chromium, tmp_path: Path, hostile: bool
) -> None:
    browser = show(chromium, tmp_path, *([explained_html(HOSTILE_PAGE)] if hostile else pages()))
    asked = browser.requests()
    assert asked[0].endswith("/explained.html")
    assert {address.partition(":")[0] for address in asked} <= {"file", "data"}
    assert len([address for address in asked if address.startswith("file:")]) == 1
    assert browser.complaints() == []
    assert browser.run("return document.querySelectorAll('script, img, svg, iframe, object').length") == 0


def test_the_policy_holds_even_for_what_would_get_in(shown: Chromium) -> None:
    shown.run(
        "document.body.insertAdjacentHTML('beforeend', arguments[0])", f"<img src='{OUTSIDE_HOST}/b.png'>"
    )
    shown.run(
        "const s = document.createElement('script'); s.text = 'window.ran = 1'; document.body.append(s)"
    )
    assert shown.run("return window.ran") is None
    assert any("Content Security Policy" in complaint for complaint in shown.complaints())


def test_blocks_are_laid_out_in_their_own_direction(shown: Chromium) -> None:
    rtl = shown.driver.find_elements(By.CSS_SELECTOR, "#p1 .d-kept > .text")
    ltr = shown.driver.find_elements(By.CSS_SELECTOR, "#p2 .d-kept > .text")
    assert len(rtl) == pages()[0].verdicts[Verdict.KEPT]
    assert len(ltr) == pages()[1].verdicts[Verdict.KEPT]
    for text in rtl:
        _, right, _, letter_right, direction = shown.run(_EDGES, text)
        assert direction == "rtl"
        assert abs(right - letter_right) < 3
    for text in ltr:
        left, _, letter_left, _, direction = shown.run(_EDGES, text)
        assert direction == "ltr"
        assert abs(left - letter_left) < 3


def test_asking_for_a_kind_hides_the_other_cuts(shown: Chromium) -> None:
    everything_kept = sum(page.verdicts[Verdict.KEPT] for page in pages())
    assert seen(shown, ".row.d-kept") == everything_kept
    assert seen(shown, ".row.k-title") == count("title") > 0
    click(shown, "only-share")
    assert seen(shown, ".row.d-cut") == seen(shown, ".row.k-share") == count("share") > 0
    assert seen(shown, ".row.d-kept") == everything_kept
    click(shown, "only-title")
    assert seen(shown, ".row.d-cut") == count("share") + count("title")
    click(shown, "only-share")
    click(shown, "only-title")
    assert seen(shown, ".row.k-title") == count("title")


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_verdict_hides_and_comes_back(shown: Chromium, verdict: Verdict) -> None:
    click(shown, "fold")
    rows = f".row.d-{verdict.value}"
    there = sum(page.verdicts[verdict] for page in pages())
    assert seen(shown, rows) == there > 0
    others = seen(shown, ".row") - there
    click(shown, f"show-{verdict.value}")
    assert (seen(shown, rows), seen(shown, ".row")) == (0, others)
    click(shown, f"show-{verdict.value}")
    assert seen(shown, rows) == there


def test_what_extraction_left_out_unfolds_one_by_one_and_all_at_once(shown: Chromium) -> None:
    total = sum(len(page.rows) for page in pages())
    folded = seen(shown, ".row")
    assert folded < total / 3
    first = shown.driver.find_element(By.CSS_SELECTOR, ".run")
    first.find_element(By.TAG_NAME, "label").click()
    inside = len(first.find_elements(By.CSS_SELECTOR, ".row"))
    assert seen(shown, ".row") == folded + inside
    click(shown, "fold")
    assert seen(shown, ".row") == total
    assert seen(shown, "label.fold") == 0
    shown.driver.find_element(By.CSS_SELECTOR, "button[type=reset]").click()
    assert seen(shown, ".row") == folded + inside  # a run is no filter: it stays as it was left


def test_the_keyboard_does_it_all(shown: Chromium) -> None:
    def press(*keys: str) -> None:
        ActionChains(shown.driver).send_keys(*keys).perform()

    def focused() -> Any:
        return shown.run("return document.activeElement.id")

    reached = []
    for _ in range(60):
        press(Keys.TAB)
        reached.append(focused())
        if reached[-1] == "only-share":
            break
    assert {"show-kept", "show-cut", "show-outside", "fold", "only-share"} <= set(reached)
    assert shown.run("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
    press(Keys.SPACE)
    assert seen(shown, ".row.d-cut") == count("share")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_all_text_stands_out(shown: Chromium, dark: bool) -> None:
    shown.dark(dark=dark)
    click(shown, "fold")
    contrasts = shown.run(_CONTRAST)
    ground = shown.run("return getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(19, 22, 26)") == dark
    assert len(contrasts) > 300
    assert [found for found in contrasts if found[0] < 4.5] == []  # WCAG 2.2, 1.4.3, level AA


def test_nothing_runs_off_a_narrow_screen(shown: Chromium) -> None:
    size = {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    shown.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        click(shown, "fold")
        assert shown.run("return document.documentElement.scrollWidth") <= 360
    finally:
        shown.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
