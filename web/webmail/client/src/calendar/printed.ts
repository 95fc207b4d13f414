import { useSyncExternalStore } from "react";
import { flushSync } from "react-dom";

const paper = () => matchMedia("print");

function follow(tell: () => void): () => void {
  // Before the page is laid out for paper, not some time after.
  const now = () => flushSync(tell);
  const query = paper();
  query.addEventListener("change", now);
  return () => query.removeEventListener("change", now);
}

/** Whether what is shown is shown on paper, where nothing can be scrolled or opened. */
export function usePrinted(): boolean {
  return useSyncExternalStore(follow, () => paper().matches);
}
