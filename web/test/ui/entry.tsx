/** The page over other rooms; `?gap=` is the time between two words, `?case=` what is amiss. */

import "../../src/styles/page.css";
import "uplot/dist/uPlot.min.css";
import { PageError } from "../../src/types.ts";
import { start } from "../../src/ui/start.tsx";
import { fakeParts, HASH, SCRIPT } from "./fake.ts";

const asked = new URLSearchParams(location.search);
const insecure = new PageError("insecure", "http://192.168.1.5 is not a secure address: browsers give such pages no WebGPU and keep no files for them.", "Open it by https, or through a tunnel.");
const HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=1</script> [click](javascript:alert(1)) ![cat](https://elsewhere.example/)';
const root = document.createElement("div");
root.id = "page";
document.body.append(root);
const parts = fakeParts({
  ...SCRIPT,
  gapMs: Number(asked.get("gap") ?? 0),
  obstacle: asked.get("case") === "insecure" ? insecure : null,
  models: asked.get("case") === "none" ? [] : SCRIPT.models,
  says: { fail: "", hostile: HOSTILE, long: "## Steps\n\n1. **Draft** with the model here.\n2. Look at `confidence`:\n   - high: keep it\n   - low: ask\n\n```python\ndef answer(question):\n    return small(question)\n```\n\n> Only where it is needed.\n\nSee [the docs](https://example.org/docs), or https://example.org.", ...{ "": SCRIPT.says[""] ?? "" } },
});
if (asked.get("kept") === "yes") parts.kept.models = [{ name: "smollm2-135m", files: [{ sha256: HASH, keptBytes: 157_000_000, verifiedMs: 1 }], bytes: 157_000_000, keptBytes: 157_000_000, verifiedMs: 1, whole: true }];
parts.kept.elsewhere = asked.get("case") === "elsewhere";
const page = start(root, parts);
Object.assign(globalThis, { page });
