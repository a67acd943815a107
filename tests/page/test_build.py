"""The built page: the same bytes from the same sources, small enough, and in the wheel."""

import gzip
import hashlib
import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from tests.page.node import ROOT, node

PAGE = ROOT / "src" / "sprat" / "page"
MOST_PAGE_BYTES = 1_000_000
MOST_VISIT_BYTES = 8_000_000
RUNTIMES = {
    "ort-wasm-simd-threaded": "plain",
    "ort-wasm-simd-threaded.jspi": "WebGPU, where WebAssembly can wait",
    "ort-wasm-simd-threaded.asyncify": "WebGPU, elsewhere",
}


def contents(folder: Path) -> dict[str, str]:
    """Name → hash of every file; of a packed one, of what is in it: zlib's bytes are its own."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            data = gzip.decompress(data) if path.suffix == ".gz" else data
            found[path.relative_to(folder).as_posix()] = hashlib.sha256(data).hexdigest()
    return found


def test_the_committed_page_is_what_its_sources_build(tmp_path: Path) -> None:
    node("build.mjs", "--out", str(tmp_path))
    assert contents(tmp_path) == contents(PAGE), "Run `make page`, and commit what it built."


def test_each_packed_runtime_is_what_its_name_says() -> None:
    packed = sorted((PAGE / "assets").glob("*.gz"))
    assert {path.name.rsplit("-", 1)[0] for path in packed} == set(RUNTIMES)
    for path in packed:
        digest = hashlib.sha256(gzip.decompress(path.read_bytes())).hexdigest()
        assert f"-{digest[:10]}.wasm.gz" in path.name


def test_a_visit_before_the_model_is_small() -> None:
    """Everything but the runtime as it lies; with any one runtime, packed as it is sent."""
    sizes = {path: path.stat().st_size for path in PAGE.rglob("*") if path.is_file()}
    own = sum(size for path, size in sizes.items() if path.suffix != ".gz")
    largest = max(size for path, size in sizes.items() if path.suffix == ".gz")
    assert own <= MOST_PAGE_BYTES
    assert own + largest <= MOST_VISIT_BYTES


def test_nothing_in_it_comes_from_or_asks_another_place() -> None:
    html = (PAGE / "index.html").read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|<style", html)
    for target in re.findall(r'\b(?:src|href)="([^"]+)"', html):
        assert target in {"/docs", "/status"} or (PAGE / target).is_file(), target
    for path in PAGE.rglob("*.css"):
        assert not re.search(r"@import|url\((?!['\"]?data:)", path.read_text("utf-8")), path.name


def test_every_package_in_it_is_named_with_its_licence() -> None:
    (words,) = (PAGE / "assets").glob("THIRD_PARTY-*.txt")
    text = words.read_text("utf-8")
    flags = re.MULTILINE
    for name in ("onnxruntime-web", "preact", "uplot", "@huggingface/jinja"):
        head = rf"^{re.escape(name)} \d[\w.]* \((MIT|Apache-2\.0|ISC)\)"
        assert re.search(head, text, flags), name
    assert "Permission is hereby granted" in text
    assert f'<link rel="license" href="assets/{words.name}">' in (PAGE / "index.html").read_text()


@pytest.mark.timeout(600)
def test_the_wheel_brings_the_page(tmp_path: Path) -> None:
    uv = Path(sys.executable).parent / "uv"
    subprocess.run(
        [str(uv), "build", "--wheel", "--quiet", "--out-dir", str(tmp_path), str(ROOT)],
        check=True, timeout=500,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    with ZipFile(wheel) as packed:
        brought = {
            name.removeprefix("sprat/page/"): hashlib.sha256(packed.read(name)).hexdigest()
            for name in packed.namelist()
            if name.startswith("sprat/page/")
        }
    lying = {
        path.relative_to(PAGE).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in PAGE.rglob("*")
        if path.is_file()
    }
    assert brought == lying
