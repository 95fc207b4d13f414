/** What is done whenever something has changed, at once and yet not for each change of many. */
import { settled } from "./jmap/client";

/** Milliseconds between two runs, and those that are waited where one is at work oneself: more is to come then. */
const APART = 40;
const AT_WORK = 150;

/** Asks for a run of `act`: it begins at once, and what is asked for until it has ended is one more run. */
export function coalesced(act: () => Promise<unknown>): () => void {
  let waiting = false;
  let running = false;
  let again = false;
  let ended = 0;
  const run = async () => {
    waiting = false;
    running = true;
    await act().catch(() => undefined);
    running = false;
    ended = Date.now();
    if (again) plan();
  };
  const plan = () => {
    again = false;
    if (waiting) return;
    waiting = true;
    setTimeout(run, settled() ? Math.max(0, ended + APART - Date.now()) : AT_WORK);
  };
  return () => {
    if (running) again = true;
    else plan();
  };
}
