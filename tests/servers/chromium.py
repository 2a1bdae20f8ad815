"""A headless Chromium that tells what it asked the network for and what it complained of."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from tests.servers.processes import MissingServerError

_SECONDS = 60.0  # for a page to load or a script to end, on a busy machine


class Chromium:
    """Debian's `chromium`, driven by its `chromium-driver`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._driver: Chrome | None = None

    @property
    def driver(self) -> Chrome:
        """The WebDriver session."""
        if self._driver is None:
            raise RuntimeError("the browser is not open")
        return self._driver

    def open(self) -> None:
        """Start it, with a profile of its own.

        Raises:
            MissingServerError: there is no Chromium, or no driver that fits it.
        """
        browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
        if browser is None or driver is None:
            raise MissingServerError("no Chromium with its driver: apt-get install chromium chromium-driver")
        options = ChromeOptions()
        options.binary_location = browser
        for switch in (
            "headless=new",
            f"user-data-dir={self._folder / 'profile'}",
            "no-first-run",
            "disable-background-networking",
            "disable-component-update",
            "disable-dev-shm-usage",
            "disable-gpu",
            "no-sandbox",  # it works neither for root nor in most containers, and the pages are our own
        ):
            options.add_argument(f"--{switch}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        try:
            self._driver = Chrome(options, Service(driver, log_output=str(self._folder / "driver.log")))
        except WebDriverException as error:
            raise MissingServerError(f"Chromium does not start: {error.msg}") from error
        self._driver.set_page_load_timeout(_SECONDS)
        self._driver.set_script_timeout(_SECONDS)

    def close(self) -> None:
        """End it and its driver."""
        self.driver.quit()

    def show(self, page: Path) -> None:
        """Load a file, and forget what was logged before."""
        for kind in ("browser", "performance"):
            self.driver.get_log(kind)  # type: ignore[no-untyped-call]
        self.driver.get(page.as_uri())

    def dark(self, *, dark: bool) -> None:
        """Prefer dark or light colours."""
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    def run(self, script: str, *values: object) -> Any:
        """What a script in the page returns."""
        return self.driver.execute_script(script, *values)

    def requests(self) -> Sequence[str]:
        """The addresses that were asked for since the page was shown, the page's own first."""
        entries = self.driver.get_log("performance")  # type: ignore[no-untyped-call]
        messages = [orjson.loads(entry["message"])["message"] for entry in entries]
        return [
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        ]

    def complaints(self) -> Sequence[str]:
        """What the console says since the page was shown."""
        return [entry["message"] for entry in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]
