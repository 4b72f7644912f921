"""Pictures of the pages in light and in dark, of a service with made-up content: `make screenshots` takes them."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Page

from tests.browser import find_chromium
from tests.browser.chromium import launched, window
from tests.browser.serving import served
from tests.ui.showcase import showcase

FOLDER = Path(__file__).with_name("screenshots")
SCHEMES = ("light", "dark")
SIZE = {"width": 1280, "height": 900}
COLOURS = 128
"""Of a picture: enough for text and lines, and a third of the size."""
OPENED = ("changes",)
"""Pages whose first group is shown open."""


def main() -> None:
    """Take all pictures."""
    if find_chromium() is None:
        sys.exit("There is no Chromium: on Debian and Ubuntu, apt install chromium.")
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder, showcase(Path(folder)) as shown, served(shown.app) as url, launched() as browser:
        for scheme in SCHEMES:
            with window(browser, url, viewport=SIZE, color_scheme=scheme) as opened:
                for name, path in shown.paths.items():
                    _take(opened.open(path), FOLDER / f"{name}-{scheme}.png", is_open=name in OPENED)
                assert opened.complaints == []


def _take(page: Page, file: Path, *, is_open: bool) -> None:
    page.wait_for_load_state("networkidle")
    if is_open:
        page.get_by_role("main").locator("summary").first.click()
        page.get_by_role("main").get_by_role("row").first.wait_for()
    page.evaluate("document.activeElement.blur()")
    picture = Image.open(BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


if __name__ == "__main__":
    main()
