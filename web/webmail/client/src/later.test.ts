import { expect, it, vi } from "vitest";
import { later } from "./later";

it("is done when its time is over, once, or not when it was taken back", () => {
  vi.useFakeTimers();
  const [kept, done] = [vi.fn(), vi.fn()];
  later(8, kept)();
  later(8, done);
  vi.advanceTimersByTime(8000);
  dispatchEvent(new Event("pagehide"));
  expect(kept).not.toHaveBeenCalled();
  expect(done).toHaveBeenCalledTimes(1);
  vi.useRealTimers();
});

it("is done at once when the page goes away", () => {
  const done = vi.fn();
  later(8, done);
  dispatchEvent(new Event("pagehide"));
  expect(done).toHaveBeenCalledTimes(1);
});
