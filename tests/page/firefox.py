"""A Firefox, asked by WebDriver BiDi over one socket: no driver, and nothing downloaded."""

import asyncio
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import aiohttp

NAMES = ("firefox-esr", "firefox")
LISTENS = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
START_S, CALL_S = 60.0, 45.0
QUIET: dict[str, object] = {
    "app.update.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#",
}
"""What it would ask other places by itself."""


class NotHere(Exception):
    """There is no Firefox that can be driven; its words say why."""


class Firefox:
    """One window: what the page complains of and asks for is written down.

    Attributes:
        complaints: Errors of the page and of its console.
        requests: Addresses, in order.
        version: As the browser names itself.
    """

    def __init__(self, address: str) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._number = 0
        self._loop.run_until_complete(self._begin(address))

    async def _begin(self, address: str) -> None:
        self._session = aiohttp.ClientSession()
        self._socket = await self._session.ws_connect(f"{address}/session", max_msg_size=0)
        begun = await self._asked("session.new", capabilities={})
        self.version = begun["capabilities"]["browserVersion"]
        self._window = (await self._asked("browsingContext.getTree"))["contexts"][0]["context"]
        events = ["log.entryAdded", "network.beforeRequestSent"]
        await self._asked("session.subscribe", events=events)

    def goto(self, url: str) -> None:
        """Open a page, and wait until it is loaded."""
        self._ask("browsingContext.navigate", context=self._window, url=url, wait="complete")

    def reload(self) -> None:
        self._ask("browsingContext.reload", context=self._window, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """The value of a script, or of its promise, as JSON has it.

        Raises:
            AssertionError: it threw.
            TimeoutError: it gave nothing for 45 s.
        """
        script = f"(async () => JSON.stringify(await ({expression})) ?? 'null')()"
        target = {"context": self._window}
        done = self._ask("script.evaluate", expression=script, target=target, awaitPromise=True)
        assert done["type"] == "success", done["exceptionDetails"]["text"]
        return json.loads(done["result"]["value"])

    def close(self) -> None:
        self._loop.run_until_complete(self._session.close())
        self._loop.close()

    def _ask(self, method: str, **words: Any) -> Any:
        return self._loop.run_until_complete(self._asked(method, **words))

    async def _asked(self, method: str, **words: Any) -> Any:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": words})
        async with asyncio.timeout(CALL_S):
            while True:
                said = await self._socket.receive_json()
                if said.get("id") == self._number:
                    assert said["type"] == "success", f"{method}: {said}"
                    return said["result"]
                self._note(said)

    def _note(self, said: dict[str, Any]) -> None:
        about = said.get("params", {})
        if said.get("method") == "network.beforeRequestSent":
            self.requests.append(about["request"]["url"])
        elif about.get("level") == "error":
            self.complaints.append(about["text"])


@contextmanager
def firefox(profile: Path) -> Iterator[Firefox]:
    """A headless Firefox that keeps its files in `profile`; ended after the block.

    Raises:
        NotHere: none is installed, or the one that is does not start here.
    """
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        raise NotHere(f"No Firefox on PATH: neither {' nor '.join(NAMES)}.")
    profile.mkdir(exist_ok=True)
    lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in QUIET.items()]
    (profile / "user.js").write_text("\n".join(lines), "utf-8")
    options = ["--headless", "--no-remote", "--profile", str(profile)]
    with subprocess.Popen(
        [path, *options, "--remote-debugging-port", "0"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as started:  # fmt: skip
        try:
            found = Firefox(_address(started))
            try:
                yield found
            finally:
                found.close()
        finally:
            started.terminate()
            try:
                started.wait(20)
            except subprocess.TimeoutExpired:
                started.kill()


def _address(started: "subprocess.Popen[str]") -> str:
    """Where it listens; what it says later is read and dropped, so that it never waits for us."""
    found: Queue[str] = Queue()

    def read() -> None:
        for line in started.stderr or ():
            for address in LISTENS.findall(line):
                found.put(address)

    threading.Thread(target=read, daemon=True).start()
    try:
        return found.get(timeout=START_S)
    except Empty:
        raise NotHere(f"Firefox did not start within {START_S:.0f} s.") from None
