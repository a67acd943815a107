/** What the page is made of, for "About". */

import { version as runtime } from "../node_modules/onnxruntime-web/package.json";
import { version as preact } from "../node_modules/preact/package.json";
import { version as uplot } from "../node_modules/uplot/package.json";

export const VERSIONS: readonly (readonly [string, string])[] = [
  ["ONNX Runtime", runtime],
  ["Preact", preact],
  ["uPlot", uplot],
];
