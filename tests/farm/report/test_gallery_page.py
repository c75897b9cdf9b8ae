"""The gallery in a real browser, headless Chromium: during a run, by keyboard, from file://, with hostile text."""

from __future__ import annotations

import json
import shutil
import signal
import time
from pathlib import Path

import pytest

from ..command_line import interact_farm, start_farm
from ..test_run import SCENES, chunks, wait_for
from .conftest import HOSTILE

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
from selenium.webdriver.chrome.service import Service  # noqa: E402 - only where there is selenium
from selenium.webdriver.common.keys import Keys  # noqa: E402

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")

pytestmark = pytest.mark.skipif(not (BROWSER and DRIVER), reason="no chromium with its chromedriver on PATH")

#: Every visible text whose contrast against what lies below it is less than WCAG's 4.5:1.
CONTRAST = """
const parse = (c) => (c.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
const light = ([r, g, b]) => [r, g, b].map((v) => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
  .reduce((sum, v, n) => sum + v * [.2126, .7152, .0722][n], 0);
const ground = (e) => {
  for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > .7) return c;
  }
  return parse(getComputedStyle(document.body).backgroundColor);
};
const bad = [];
for (const e of document.querySelectorAll("body *")) {
  if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility()) continue;
  if (["NOSCRIPT", "SCRIPT", "STYLE", "OPTION"].includes(e.tagName) || e.closest("template, .unseen, .skip")) continue;
  const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))];
  const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
  if (ratio < 4.5) bad.push([e.className || e.tagName, e.textContent.trim().slice(0, 30), ratio]);
}
return bad;
"""


class Page:
    """A page in the browser, with what it asked for."""

    def __init__(self, driver) -> None:
        self.driver = driver

    def js(self, script: str, *arguments):
        return self.driver.execute_script(script, *arguments)

    def text(self, identifier: str) -> str:
        return self.js("return document.getElementById(arguments[0]).textContent", identifier)

    def shown(self) -> list[str]:
        """The names of the cards that are not filtered out."""
        return self.js("return [...document.querySelectorAll('.card:not([hidden]) h2')].map((e) => e.textContent)")

    def open(self, address: str, cards: int = 2) -> None:
        self.driver.get(address)
        wait_for(lambda: self.js("return document.querySelectorAll('.card').length") == cards, 30)

    def find(self, words: str) -> None:
        field = self.driver.find_element("id", "find")
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(words or Keys.DELETE)

    def require_quiet(self, *starts: str) -> None:
        """No message on the console, and nothing asked of anybody but these."""
        assert self.driver.get_log("browser") == []
        asked = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        addresses = {
            m["params"]["request"]["url"] for m in asked if m["method"] == "Network.requestWillBeSent"
        }  # fmt: skip
        assert addresses
        assert [a for a in addresses if not a.startswith((*starts, "data:", "about:", "chrome:"))] == []


@pytest.fixture
def browser(tmp_path):
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    arguments = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1200,900",
                 f"--user-data-dir={tmp_path / 'profile'}")  # fmt: skip
    for argument in arguments:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service(DRIVER))
    yield Page(driver)
    driver.quit()


@pytest.fixture
def serve(tmp_path):
    """Serves the gallery of a results' folder and gives its address."""
    servers = []

    def start(out: Path) -> str:
        server = start_farm("runs", "gallery", "--results", out, "--out", tmp_path / "served", "--serve", 0)
        servers.append(server)
        return server.stdout.readline().split()[0]

    yield start
    for server in servers:
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0


@pytest.fixture
def folder(finished, tmp_path) -> str:
    """The gallery of a finished run from its folder."""
    done = interact_farm("runs", "gallery", "--results", shutil.copytree(finished, tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_page_that_is_open_during_a_run_follows_it_and_keeps_what_the_user_does(render, browser, serve, tmp_path):
    out = tmp_path / "out"
    # Frames slow enough to be seen in numbers.
    driver = start_farm(*render(out, "--size", "640x360", "--overwrite"))
    wait_for(lambda: len(chunks(out)) >= 1)
    address = serve(out)
    browser.open(address)
    assert browser.text("state") == "running"
    browser.js("document.querySelector('.card').kept = true")
    browser.find("2023")
    seen = []

    def ended() -> bool:
        # Before the frames, which go on meanwhile.
        is_done = browser.text("state") == "done"
        seen.append(int(browser.text("frames").split()[0]))
        assert browser.js("return document.activeElement.id") == "find"
        return is_done

    wait_for(ended, 120)
    assert driver.wait(60) == 0
    assert seen == sorted(seen)
    assert len(set(seen)) >= 3, seen
    assert seen[-1] == 36
    assert browser.text("done") == "2 of 2"
    assert browser.driver.title.startswith("done")
    assert browser.js("return document.getElementById('find').value") == "2023"
    assert browser.js("return document.querySelector('.card').kept === true")
    assert browser.js("return document.querySelectorAll('.card .play:not([hidden])').length") == 2
    wait_for(lambda: browser.js("return [...document.images].every((i) => i.complete && i.naturalWidth > 0)"), 20)
    assert browser.js("return document.getElementById('told').textContent").endswith("2 of 2 scenes done, 0 failed")
    browser.require_quiet(address)


def test_a_video_plays_in_its_place_by_keyboard_while_the_page_goes_on(finished, browser, serve):
    address = serve(finished)
    browser.open(address)
    wait_for(lambda: browser.js("return document.querySelector('.play:not([hidden])') !== null"), 20)
    assert browser.js("return document.querySelectorAll('video').length") == 0
    reached = []
    for _ in range(20):
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        reached.append(browser.js("return document.activeElement.getAttribute('aria-label')"))
        if reached[-1] == f"Play {SCENES[0]}":
            break
    assert reached[-1] == f"Play {SCENES[0]}", reached
    browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
    wait_for(lambda: browser.js("return document.querySelector('video').currentTime") > 0.2, 20)
    facts = browser.js(
        "const v = document.querySelector('video'); return [v.controls, v.preload, v.videoWidth, v.duration, "
        "document.activeElement === v, Boolean(v.poster), v.closest('.card').querySelector('h2').textContent]"
    )
    assert facts[:3] == [True, "none", 64]
    assert facts[3] == pytest.approx(0.6, abs=0.1)
    assert facts[4:] == [True, True, SCENES[0]]
    # It can be sought: the server sends ranges.
    browser.js("const v = document.querySelector('video'); v.pause(); v.currentTime = 0.1")
    wait_for(lambda: abs(browser.js("return document.querySelector('video').currentTime") - 0.1) < 0.02, 20)
    browser.require_quiet(address)


def test_from_a_folder_everything_works_as_well(browser, folder):
    browser.open(folder)
    assert browser.text("state") == "done"
    assert browser.text("frames") == "36 of 36"
    wait_for(lambda: browser.js("return [...document.images].every((i) => i.complete && i.naturalWidth > 0)"), 20)
    browser.driver.find_element("css selector", ".play").click()
    wait_for(lambda: browser.js("return document.querySelector('video').currentTime") > 0.2, 20)
    browser.require_quiet("file:///")


def test_a_folder_is_followed_from_file_while_it_is_watched(render, browser, tmp_path):
    out = tmp_path / "out"
    # Frames slow enough that it runs until the page is open.
    driver = start_farm(*render(out, "--size", "640x360"))
    wait_for(lambda: len(chunks(out)) >= 1)
    watcher = start_farm("runs", "gallery", "--results", out, "--out", tmp_path / "gallery", "--watch")
    browser.open(watcher.stdout.readline().strip())
    assert browser.text("state") == "running"
    assert driver.wait(120) == 0
    wait_for(lambda: browser.text("state") == "done", 60)
    assert watcher.wait(60) == 0
    browser.require_quiet("file:///")


def test_filter_and_search_by_keyboard_and_kept_when_reloaded(browser, hostile):
    done = interact_farm("runs", "gallery", "--results", hostile)
    address = done.stdout.strip()
    browser.open(address, 3)
    assert set(browser.shown()) == {*SCENES, HOSTILE}
    browser.driver.find_element("css selector", "#chip-all input").send_keys(Keys.ARROW_LEFT)  # round to the last
    assert browser.shown() == [HOSTILE]
    assert browser.text("count-failed") == "1"
    browser.driver.refresh()
    wait_for(lambda: browser.shown() == [HOSTILE], 20)
    browser.driver.find_element("css selector", "#chip-failed input").send_keys(Keys.ARROW_RIGHT)
    for words, expected in (
        (SCENES[1], [SCENES[1]]),
        ("happiness 001", [SCENES[0]]),
        ("ANGER", [SCENES[1]]),
        ("img onerror failed", [HOSTILE]),
        ("no such thing", []),
    ):
        browser.find(words)
        assert browser.shown() == expected, words
    assert "No scene" in browser.text("empty")
    browser.find("")
    assert len(browser.shown()) == 3
    browser.require_quiet("file:///")


@pytest.mark.parametrize("how", ["file", "served"])
def test_hostile_text_is_shown_as_it_is_and_runs_nothing(browser, hostile, serve, how):
    if how == "served":
        address = serve(hostile)
    else:
        address = interact_farm("runs", "gallery", "--results", hostile).stdout.strip()
    browser.open(address, 3)
    time.sleep(1)
    assert browser.js("return typeof hacked") == "undefined"
    card = "[...document.querySelectorAll('.card')].find((c) => c.dataset.state === 'failed')"
    assert browser.js(f"return {card}.querySelector('h2').textContent") == HOSTILE
    assert browser.js(f"return {card}.querySelector('.problem').textContent") == HOSTILE
    assert "<script>hacked" in browser.js(f"return {card}.querySelector('pre').textContent")
    browser.js(f"{card}.querySelector('.log').open = true")
    assert browser.driver.find_element("css selector", ".card[data-state=failed] pre").is_displayed()
    assert browser.js("return document.querySelectorAll('.card img[onerror], .card script, [onclick]').length") == 0
    browser.require_quiet("file:///", address)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_it_can_be_read_in_light_and_dark_and_fits_a_phone(browser, hostile, scheme, width):
    page = interact_farm("runs", "gallery", "--results", hostile).stdout.strip()
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.open(page, 3)
    browser.js("for (const d of document.querySelectorAll('details')) d.open = true")
    assert browser.js(CONTRAST) == []
    assert browser.js("return document.documentElement.scrollWidth") <= width
    dark = browser.js("return getComputedStyle(document.body).backgroundColor") == "rgb(13, 16, 21)"
    assert dark == (scheme == "dark")


def test_what_a_screen_reader_is_told(browser, folder):
    browser.open(folder)
    tree = browser.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    found = {(n["role"]["value"], n.get("name", {}).get("value", "")) for n in tree if "role" in n and not n["ignored"]}
    assert ("main", "Scenes") in found
    assert ("search", "Scenes") in found
    assert ("banner", "") in found
    assert ("searchbox", "Search in id, actors, emotion and scenario") in found
    assert ("progressbar", "Frames of the whole run") in found
    for scene in SCENES:
        assert ("article", scene) in found
        assert ("heading", scene) in found
        assert ("button", f"Play {scene}") in found
        assert ("image", f"A frame of {scene}") in found
        assert ("progressbar", f"Frames of {scene}") in found
    nameless = [n for n in tree if n.get("role", {}).get("value") in ("button", "link", "radio", "searchbox", "image")
                and not n["ignored"] and not n.get("name", {}).get("value")]  # fmt: skip
    assert nameless == []


def test_241_scenes_are_quick(browser, folder):
    browser.open(folder)
    spent = browser.js(
        """
        const wait = (f) => {
          const before = performance.now();
          f();
          document.body.offsetHeight; // lays the page out
          return performance.now() - before;
        };
        const told = JSON.parse(arguments[0]);
        const one = told.cards[0];
        const long = one.text.repeat(4);
        told.cards = Array.from({ length: 241 }, (_, n) => ({ ...one, name: `20231119_${n}`, text: long }));
        const times = [wait(() => interactGallery(told))];
        told.cards = told.cards.map((card) => ({ ...card, done: card.done - 1, state: "rendering" }));
        times.push(wait(() => interactGallery(told)));
        const find = document.getElementById("find");
        find.value = "119_24";
        times.push(wait(() => find.dispatchEvent(new Event("input"))));
        return times;
        """,
        json.dumps(_data(folder)),
    )
    assert len(browser.shown()) == 2
    assert max(spent) < 1000, spent


def _data(page: str) -> dict:
    text = Path(page.removeprefix("file://")).with_name("data.js").read_text()
    return json.loads(text.partition("(")[2].rpartition(")")[0])
