/** Waiting that a person can end. */

/** What `begin` gives; throws the signal's reason as soon as somebody stops it, and begins nothing after that. */
export async function unlessStopped<T>(begin: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop = () => {};
  const stopped = new Promise<never>((_, fail) => (stop = () => fail(signal.reason)));
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([begin(), stopped]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
