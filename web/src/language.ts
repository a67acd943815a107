/**
 * Import this before the packages: one of them makes a number format for `navigator.language` as it loads,
 * and stops the whole page where that is no language ("C": WebKitGTK on a machine with no language set).
 */

/** Of the page's own words. */
const ENGLISH = "en";

/** Lets the language be English where it is none that numbers can be written in. */
export function mendLanguage(navigator: Navigator): void {
  if (isLanguage(navigator.language)) return;
  Object.defineProperty(navigator, "language", { value: ENGLISH, configurable: true });
}

function isLanguage(name: string): boolean {
  try {
    new Intl.NumberFormat(name);
    return true;
  } catch {
    return false;
  }
}

mendLanguage(navigator);
