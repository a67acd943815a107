"""Weights in a real browser: killed, flipped, refused, shared between tabs, and asked for once."""

import random
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from playwright.sync_api import Error as PlaywrightError
from tests.browser import FLAGS, chromium_path
from tests.page.conftest import Bundled, closing
from tests.page.moody import MODEL, Moods, moody

SIZE_BYTES = 4_000_000
HALF_BYTES = 2_000_000
PATIENCE_S = 60.0
OPEN = "([entries, base]) => openAll(entries, base)"
Context = Callable[..., BrowserContext]


def content(seed: int = 1, size: int = SIZE_BYTES) -> bytes:
    return random.Random(seed).randbytes(size)


def visit(context: BrowserContext, moods: Moods) -> Page:
    page = context.new_page()
    page.goto(moods.url)
    page.wait_for_function("() => typeof openAll === 'function'")
    return page


def opened(page: Page, *entries: dict[str, Any]) -> dict[str, Any]:
    return page.evaluate(OPEN, [list(entries), MODEL])


def start(page: Page, *entries: dict[str, Any]) -> None:
    """Open, and do not wait for it: the outcome is `window.outcome`."""
    script = f"(asked) => {{ window.outcome = ({OPEN})(asked) }}"
    page.evaluate(script, [list(entries), MODEL])


def notes(page: Page) -> list[str]:
    return page.evaluate("() => told.flatMap(({note}) => note ?? [])")


def on_disk(entry: dict[str, Any]) -> list[Any]:
    return ["disk", entry["bytes"], entry["sha256"]]


def halfway(page: Page, moods: Moods, *entries: dict[str, Any]) -> int:
    """Start, and wait until the page has half of it; how many bytes it says it has."""
    moods.hold_at = HALF_BYTES
    start(page, *entries)
    assert moods.held.wait(PATIENCE_S)
    enough = f"() => told.at(-1)?.doneBytes >= {HALF_BYTES // 2}"
    page.wait_for_function(enough, timeout=PATIENCE_S * 1000)
    return page.evaluate("() => told.at(-1).doneBytes")


def go_on(moods: Moods) -> None:
    moods.hold_at = None
    moods.go.set()


def test_weights_come_once_and_every_later_start_opens_them_without_a_request(
    context: BrowserContext, moods: Moods
):
    entries = [moods.serve("onnx/model.onnx", content()), moods.serve("config.json", b"{}")]
    for _ in range(2):
        page = visit(context, moods)
        files = opened(page, *entries)["files"]
        assert files == {entry["name"]: on_disk(entry) for entry in entries}
        page.close()
    assert [name for name, _ in moods.asked] == ["onnx/model.onnx", "config.json"]


def test_a_page_that_crashed_in_the_middle_of_a_download_goes_on_from_there(
    context: BrowserContext, moods: Moods
):
    entry = moods.serve("onnx/model.onnx", content())
    page = visit(context, moods)
    had_bytes = halfway(page, moods, entry)
    crash(page)
    go_on(moods)
    assert opened(visit(context, moods), entry)["files"] == {entry["name"]: on_disk(entry)}
    first, again = moods.ranges_asked()
    assert first == 0
    assert had_bytes <= again <= SIZE_BYTES


def crash(page: Page) -> None:
    with page.expect_event("crash", timeout=20_000), pytest.raises(PlaywrightError):
        page.goto("chrome://crash")
    page.close()


def test_a_browser_that_was_killed_goes_on_from_there_at_its_next_start(
    browser: Browser, moods: Moods, tmp_path: Path
):
    entry = moods.serve("onnx/model.onnx", content())
    profile = tmp_path / "profile"
    had_bytes = halfway(visit(launch(browser, profile), moods), moods, entry)
    kill(profile)
    go_on(moods)
    with closing(launch(browser, profile)) as context:
        assert opened(visit(context, moods), entry)["files"] == {entry["name"]: on_disk(entry)}
    assert had_bytes <= moods.ranges_asked()[1] <= SIZE_BYTES


def launch(browser: Browser, profile: Path) -> BrowserContext:
    """A browser of its own, with a profile that stays."""
    return browser.browser_type.launch_persistent_context(
        str(profile), executable_path=str(chromium_path()), args=[*FLAGS, "--no-sandbox"]
    )


def kill(profile: Path) -> None:
    """Every process of the browser that has this profile, at once and without a word."""
    named = [p for p in psutil.Process().children(recursive=True) if str(profile) in command(p)]
    assert named
    for process in [*named, *(child for p in named for child in p.children(recursive=True))]:
        if process.is_running():
            process.kill()
    psutil.wait_procs(named, timeout=10)
    (profile / "SingletonLock").unlink(missing_ok=True)


def command(process: psutil.Process) -> str:
    """What it was started with; nothing of one that has ended since."""
    try:
        return str(process.cmdline())
    except psutil.Error:
        return ""


@pytest.mark.parametrize(("ranges", "etag"), [(False, '"first"'), (True, '"second"')])
def test_a_server_without_ranges_or_with_another_file_begins_again(
    context: BrowserContext, moods: Moods, ranges: bool, etag: str
):
    entry = moods.serve("onnx/model.onnx", content())
    page = visit(context, moods)
    halfway(page, moods, entry)
    page.close()
    moods.ranges, moods.etag = ranges, etag
    go_on(moods)
    assert opened(visit(context, moods), entry)["files"] == {entry["name"]: on_disk(entry)}


def test_a_download_that_is_stopped_keeps_what_came_and_says_so_in_the_list(
    context: BrowserContext, moods: Moods
):
    entry = moods.serve("onnx/model.onnx", content())
    page = visit(context, moods)
    had_bytes = halfway(page, moods, entry)
    page.evaluate("() => stop()")
    assert "AbortError" in page.evaluate("() => outcome")["error"]
    [model] = page.evaluate("() => models()")
    assert (model["name"], model["whole"], model["bytes"]) == ("tiny", False, SIZE_BYTES)
    assert had_bytes <= model["keptBytes"] < SIZE_BYTES
    page.evaluate("() => removeModel('tiny')")
    assert page.evaluate("() => models()") == []
    assert page.evaluate("() => room()")["keptBytes"] == 0


def test_a_connection_that_breaks_is_taken_up_where_it_broke(context: BrowserContext, moods: Moods):
    entry = moods.serve("onnx/model.onnx", content())
    moods.cut_at = HALF_BYTES
    assert opened(visit(context, moods), entry)["files"] == {entry["name"]: on_disk(entry)}
    first, again = moods.ranges_asked()
    assert first == 0
    assert 0 < again <= HALF_BYTES + 65_536


def test_a_flipped_byte_is_caught_fetched_again_and_then_named_with_both_hashes(
    context: BrowserContext, moods: Moods
):
    entry = moods.serve("onnx/model.onnx", content())
    flipped = bytearray(content())
    flipped[HALF_BYTES] ^= 1
    wrong = moods.serve("onnx/model.onnx", bytes(flipped))
    page = visit(context, moods)
    found = opened(page, entry)
    assert found["code"] == "hash"
    assert all(part in found["error"] for part in (entry["sha256"], wrong["sha256"], entry["name"]))
    assert len(moods.asked) == 2
    moods.serve("onnx/model.onnx", content())
    assert opened(page, entry)["files"] == {entry["name"]: on_disk(entry)}


def test_a_bit_that_flips_on_the_disk_is_found_by_verifying_again(
    context: BrowserContext, moods: Moods
):
    entry = moods.serve("onnx/model.onnx", content())
    page = visit(context, moods)
    opened(page, entry)
    assert page.evaluate("() => verify('tiny')") == []
    page.evaluate(
        """async (name) => {
          const root = await navigator.storage.getDirectory();
          const folder = await root.getDirectoryHandle("weights");
          const stream = await (await folder.getFileHandle(name))
            .createWritable({keepExistingData: true});
          await stream.write({type: "write", position: 1_100_000, data: new Uint8Array(3)});
          await stream.close();
        }""",
        entry["sha256"],
    )
    assert page.evaluate("() => verify('tiny')") == ["onnx/model.onnx"]
    assert opened(page, entry)["files"] == {entry["name"]: on_disk(entry)}
    assert len(moods.asked) == 2


def test_two_tabs_that_want_the_same_weights_download_them_once(
    context: BrowserContext, moods: Moods
):
    entry = moods.serve("onnx/model.onnx", content())
    one, two = visit(context, moods), visit(context, moods)
    halfway(one, moods, entry)
    start(two, entry)
    # The second sees the first one's bytes come.
    two.wait_for_function("() => told.at(-1)?.doneBytes > 0", timeout=20_000)
    go_on(moods)
    for page in (one, two):
        assert page.evaluate("() => outcome")["files"] == {entry["name"]: on_disk(entry)}
    assert len(moods.asked) == 1


def test_where_the_browser_gives_no_room_the_weights_stay_in_memory_and_the_sizes_are_told(
    context: BrowserContext, moods: Moods
):
    entry = moods.serve("onnx/model.onnx", content())
    page = visit(context, moods)
    quota = {"origin": moods.url.rstrip("/"), "quotaSize": 1_000_000}
    context.new_cdp_session(page).send("Storage.overrideQuotaForOrigin", quota)
    files = opened(page, entry)["files"]
    assert files == {entry["name"]: ["memory", SIZE_BYTES, entry["sha256"]]}
    [note] = notes(page)
    assert re.search(
        r"needs 4\.0 MB and this browser has room for (\d+ KB|\d+ bytes|1\.0 MB)", note
    )
    assert page.evaluate("() => models()") == []


def test_where_room_ends_in_the_middle_what_came_is_not_asked_for_again(
    context: BrowserContext, moods: Moods
):
    entry = moods.serve("onnx/model.onnx", content())
    page = visit(context, moods)
    had_bytes = halfway(page, moods, entry)
    quota = {"origin": moods.url.rstrip("/"), "quotaSize": had_bytes + 400_000}
    context.new_cdp_session(page).send("Storage.overrideQuotaForOrigin", quota)
    go_on(moods)
    files = page.evaluate("() => outcome")["files"]
    assert files == {entry["name"]: ["memory", SIZE_BYTES, entry["sha256"]]}
    assert had_bytes <= moods.ranges_asked()[1] < SIZE_BYTES
    assert page.evaluate("() => room()")["keptBytes"] == 0


def test_an_address_that_is_not_secure_is_told_so_and_the_weights_come_all_the_same(
    browser: Browser, bundled: Bundled
):
    with moody(bundled("kept.ts"), outside()) as moods, closing(browser.new_context()) as context:
        entry = moods.serve("onnx/model.onnx", content())
        page = visit(context, moods)
        refusal = page.evaluate(
            "() => { const {code, message, fix} = refusal(); return {code, message, fix} }"
        )
        assert refusal["code"] == "insecure"
        assert moods.url.rstrip("/") in refusal["message"]
        assert "ssh -N -L" in refusal["fix"]
        assert opened(page, entry)["files"] == {entry["name"]: ["memory", SIZE_BYTES, ""]}
        [note] = notes(page)
        assert note.startswith("This browser keeps no files here (the address is not secure)")
        assert page.evaluate("() => models()") == []


def outside() -> str:
    """An address of this machine that is not the loopback."""
    for addresses in psutil.net_if_addrs().values():
        for one in addresses:
            if one.family == socket.AF_INET and not one.address.startswith("127."):
                return one.address
    pytest.skip("This machine has no address but the loopback.")
