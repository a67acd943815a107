/** What the gateway offers, looked up once and whenever the key changes. */

import type { Page } from "../page.ts";
import { chosen } from "../state.ts";
import { troubleOf } from "../trouble.ts";

const PLACES = ["/status", "/docs", "/runs"];

/** What cannot be had is told, and the page goes on without. */
export async function lookAround(page: Page): Promise<void> {
  const { gateway } = page.parts;
  const store = page.store;
  const tell = (error: unknown) => store.set({ gatewayTrouble: troubleOf(error) });
  store.set({ gatewayTrouble: null });
  page.fetchPolicy();
  await Promise.all([
    gateway.webModels().then((webModels) => store.set({ webModels }), (error) => {
      store.set((state) => ({ webModels: state.webModels ?? [] }));
      tell(error);
    }),
    gateway.models().then((gatewayModels) => store.set({ gatewayModels }), tell),
    gateway.policies().then((policies) => store.set({ policies }), () => store.set({ policies: [] })),
  ]);
  await Promise.all([page.own.look(), readManifest(page)]);
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
