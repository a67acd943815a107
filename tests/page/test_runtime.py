"""The runtime under the page's own headers: threads, WebAssembly, WebGPU, and nothing inline."""

from collections.abc import Callable
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper
from playwright.sync_api import Browser, Page
from tests.page.conftest import Bundled, Serve

RUN = "([model, threads, backend]) => run(model, threads, backend)"


def adding() -> list[int]:
    """A model that adds two pairs of numbers."""
    pair = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in ("a", "b", "sum")
    ]
    graph = helper.make_graph(
        [helper.make_node("Add", ["a", "b"], ["sum"])], "g", pair[:2], pair[2:]
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.checker.check_model(made)
    return list(made.SerializeToString())


def ask(page: Page, threads: int, backend: str) -> dict[str, Any]:
    return page.evaluate(RUN, [adding(), threads, backend])


@pytest.mark.parametrize("threads", [1, 2])
def test_wasm_computes_with_as_many_threads_as_are_asked_for(
    bundled: Bundled, page_gateway: Serve, webgpu_browser: Browser, fresh_page: Callable[..., Page],
    threads: int,
):  # fmt: skip
    with page_gateway(page=bundled("runtime.ts")) as at:
        page = fresh_page(webgpu_browser, at.url)
        assert ask(page, threads, "wasm") == {"sum": [2, 4], "isolated": True}


def test_webgpu_computes_where_there_is_an_adapter(
    bundled: Bundled, page_gateway: Serve, webgpu_browser: Browser, fresh_page: Callable[..., Page]
):
    with page_gateway(page=bundled("runtime.ts")) as at:
        page = fresh_page(webgpu_browser, at.url)
        assert ask(page, 1, "webgpu") == {"sum": [2, 4], "isolated": True}


@pytest.mark.parametrize(
    ("act", "directive"),
    [
        ("() => setTimeout('1')", "script-src"),
        ("() => document.body.setAttribute('onclick', 'x')", "script-src-attr"),
        ("() => document.body.setAttribute('style', 'color: red')", "style-src-attr"),
        ("() => fetch('http://127.0.0.1:9/')", "connect-src"),
        ("() => navigator.sendBeacon('http://127.0.0.1:9/')", "connect-src"),
        ("() => new WebSocket('ws://127.0.0.1:9/')", "connect-src"),
        ("() => { new Image().src = 'http://127.0.0.1:9/' }", "img-src"),
        ("() => { new Worker(URL.createObjectURL(new Blob(['']))) }", "worker-src"),
    ],
)
def test_what_is_not_ours_does_not_run_and_nobody_else_is_asked(
    bundled: Bundled, page_gateway: Serve, webgpu_browser: Browser, act: str, directive: str
):
    with page_gateway(page=bundled("runtime.ts")) as at:
        page = webgpu_browser.new_page()
        page.goto(at.url)
        page.evaluate("""() => {
          window.refused = new Promise((done) => addEventListener("securitypolicyviolation",
            (event) => done(event.effectiveDirective), {once: true}));
          setTimeout(() => dispatchEvent(new Event("securitypolicyviolation")), 3000);
        }""")
        page.evaluate(f"() => {{ try {{ Promise.resolve(({act})()).catch(() => 0) }} catch {{}} }}")
        assert page.evaluate("refused") == directive
        page.context.close()
