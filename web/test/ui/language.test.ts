import assert from "node:assert/strict";
import { test } from "node:test";
import { mendLanguage } from "../../src/language.ts";

const browser = (language: string) => ({ language }) as Navigator;

/** As much of a browser as the package of the charts looks at while it loads. */
function pretend(navigator: Navigator): void {
  const nothing = () => undefined;
  const given = { navigator, window: globalThis, document: {}, devicePixelRatio: 1 };
  const events = { addEventListener: nothing, dispatchEvent: nothing };
  const media = { matchMedia: () => ({ addEventListener: nothing, removeEventListener: nothing }) };
  for (const [name, value] of Object.entries({ ...given, ...events, ...media })) {
    Object.defineProperty(globalThis, name, { value, configurable: true });
  }
}

test("a browser whose language is none loads the charts all the same", async () => {
  const navigator = browser("C");
  pretend(navigator);
  mendLanguage(navigator);
  await import("uplot");
  assert.equal(navigator.language, "en");
});

test("a language stays as it is", () => {
  const navigator = browser("de-CH");
  mendLanguage(navigator);
  assert.equal(navigator.language, "de-CH");
});
