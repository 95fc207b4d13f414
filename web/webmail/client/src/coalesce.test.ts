import { expect, it, vi } from "vitest";
import { coalesced } from "./coalesce";

it("runs at once, and once more for all that is asked for meanwhile", async () => {
  vi.useFakeTimers();
  const ends: (() => void)[] = [];
  const act = vi.fn(() => new Promise<void>((end) => ends.push(end)));
  const ask = coalesced(act);
  ask();
  await vi.advanceTimersByTimeAsync(0);
  expect(act).toHaveBeenCalledTimes(1);
  ask();
  ask();
  await vi.advanceTimersByTimeAsync(1000);
  expect(act).toHaveBeenCalledTimes(1);
  ends[0]?.();
  await vi.advanceTimersByTimeAsync(1000);
  expect(act).toHaveBeenCalledTimes(2);
  vi.useRealTimers();
});

it("runs again although what has changed keeps coming, and after a run that failed", async () => {
  vi.useFakeTimers();
  const act = vi.fn(() => Promise.reject(new Error("no connection")));
  const ask = coalesced(act);
  for (let at = 0; at < 10; at += 1) {
    ask();
    await vi.advanceTimersByTimeAsync(20);
  }
  expect(act.mock.calls.length).toBeGreaterThan(3);
  vi.useRealTimers();
});
