import { afterEach, expect, it, vi } from "vitest";
import { change, listen, request } from "./client";
import { Offline } from "./errors";

const answers = (body: BodyInit, status = 200) =>
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(body, { status })));
const set = (answer: object) => answers(JSON.stringify({ methodResponses: [["Email/set", answer, "c0"]] }));
afterEach(() => vi.unstubAllGlobals());

it("takes for done what is to be deleted and has gone already", async () => {
  set({ created: { a: { id: "M2" } }, notDestroyed: { M1: { type: "notFound" } } });
  const [answer] = await change([["Email/set", {}]]);
  expect(answer.created.a.id).toBe("M2");
});

it("throws what was not made, changed or deleted", async () => {
  for (const undone of ["notCreated", "notUpdated", "notDestroyed"]) {
    set({ [undone]: { M1: { type: "forbidden" } } });
    await expect(change([["Email/set", {}]])).rejects.toMatchObject({ kind: "forbidden" });
  }
});

it("takes the page of a proxy for a server that has no time", async () => {
  answers("<html>Bad gateway</html>", 502);
  await expect(request([["Core/echo", {}]])).rejects.toMatchObject({ kind: "serverUnavailable" });
});

it("takes an answer that breaks off for a lost connection", async () => {
  answers(new ReadableStream({ start: (stream) => stream.error(new TypeError("network error")) }));
  await expect(request([["Core/echo", {}]])).rejects.toBeInstanceOf(Offline);
});

it("says that something may have been missed, where the stream of changes was refused for a time", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const sources: (EventTarget & { readyState?: number })[] = [];
  class Stream extends EventTarget {
    static readonly CLOSED = 2;
    constructor() {
      super();
      sources.push(this);
    }
    close() {}
  }
  vi.stubGlobal("EventSource", Stream);
  answers("{}");
  const missed = vi.fn();
  const stop = listen(() => undefined, missed);
  Object.assign(sources[0] as object, { readyState: Stream.CLOSED });
  sources[0]?.dispatchEvent(new Event("error"));
  expect(missed).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(missed).toHaveBeenCalledOnce();
  expect(sources).toHaveLength(2);
  stop();
  vi.useRealTimers();
});
