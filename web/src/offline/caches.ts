/** The names of what is kept of the page itself; models are elsewhere (`kept/`). */

/** One build of the page: all of it or nothing. */
export const PAGE = "sprat-page-";
/** Compiled code, of every build that is in use. */
export const RUNTIME = "sprat-runtime";
/** Manifests and the list of models. */
export const LISTS = "sprat-lists";
