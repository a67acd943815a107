/** Import this first in a worker: what it asks for is told to its page. */

import type { Seen } from "./entry.ts";
import { observe } from "./observe.ts";
import { receive, relay, scriptName } from "./relay.ts";
import { watch } from "./watch.ts";

const name = scriptName(location.href);
const tell = (seen: Seen) => relay(seen, name);
// Its own workers tell it, and it passes that on.
watch(tell, (made, kind) => {
  if (kind === "Worker") receive(made, relay);
});
observe(tell);
