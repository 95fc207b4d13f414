/** What is done after some seconds in which it can be taken back, and at once when the page goes away. */

const waiting = new Set<() => unknown>();

/** Does it later; gives back the way to take it back. */
export function later(seconds: number, act: () => unknown): () => void {
  const forget = () => {
    clearTimeout(timer);
    waiting.delete(now);
  };
  const now = () => {
    forget();
    return act();
  };
  const timer = setTimeout(now, seconds * 1000);
  waiting.add(now);
  return forget;
}

/** Does now what waits, and ends when it is done. */
export async function hasten(): Promise<void> {
  await Promise.allSettled([...waiting].map((each) => each()));
}

addEventListener("pagehide", () => void hasten());
