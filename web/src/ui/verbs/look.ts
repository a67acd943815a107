/** What the gateway offers, looked up once and whenever the key changes. */

import { PageError } from "../../types.ts";
import type { Page } from "../page.ts";
import { chosen, chosenThere } from "../state.ts";
import type { State } from "../state.ts";
import { troubleOf } from "../trouble.ts";

const PLACES = ["/status", "/docs", "/runs"];

/** Lists on their way: of models for this page, and of the gateway's own. Neither fails: that is told. */
export interface Lists {
  readonly here: Promise<void>;
  readonly there: Promise<void>;
}

/** What cannot be had is told, and the page goes on without. */
export async function lookAround(page: Page): Promise<void> {
  const { gateway } = page.parts;
  page.fetchPolicy();
  const { here, there } = look(page);
  const policies = gateway.policies().then((policies) => page.store.set({ policies }), () => page.store.set({ policies: [] }));
  await Promise.all([here, there, policies]);
  await Promise.all([page.own.look(), readManifest(page)]);
}

/** The lists that an answer rests on are here; one that could not be had is asked for once more. Throws `PageError`. */
export async function listed(page: Page): Promise<void> {
  await needed(page, page.lists ?? look(page));
  if (isListed(page.state)) return;
  await needed(page, look(page));
  const { gatewayTrouble: why } = page.state;
  if (!isListed(page.state) && why) throw new PageError(why.code, why.message, why.fix);
}

function look(page: Page): Lists {
  const { gateway } = page.parts;
  const store = page.store;
  const tell = (error: unknown) => store.set({ gatewayTrouble: troubleOf(error) });
  store.set({ gatewayTrouble: null });
  const here = gateway.webModels().then((webModels) => store.set({ webModels }), (error) => {
    store.set((state) => ({ webModels: state.webModels ?? [] }));
    tell(error);
  });
  const there = gateway.models().then((gatewayModels) => store.set({ gatewayModels }), tell);
  page.lists = { here, there };
  return page.lists;
}

async function needed(page: Page, { here, there }: Lists): Promise<void> {
  await (page.state.settings.mode === "here" ? here : Promise.all([here, there]));
}

/** Somebody is known who can answer. */
function isListed(state: State): boolean {
  const { mode } = state.settings;
  return (mode === "gateway" || chosen(state) !== null) && (mode === "here" || chosenThere(state) !== null);
}

/** Of the model that is chosen: its licence is shown before it is downloaded. */
export async function readManifest(page: Page): Promise<void> {
  const model = chosen(page.state);
  if (!model || page.state.manifests[model.name]) return;
  try {
    const manifest = await page.parts.gateway.manifest(model);
    page.store.set((state) => ({ manifests: { ...state.manifests, [model.name]: manifest } }));
  } catch (error) {
    page.store.set({ gatewayTrouble: troubleOf(error) });
  }
}

/** Only what is there is linked. */
export async function lookForLinks(page: Page): Promise<void> {
  const paths = await page.parts.gateway.paths();
  page.store.set({ links: PLACES.filter((place) => paths.includes(place)) });
}
