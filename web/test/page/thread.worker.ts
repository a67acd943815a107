/** Asks for something, and says when it is done. */

void fetch("/from-a-thread").then(() => self.postMessage({ done: {} }));

export {};
