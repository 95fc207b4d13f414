import { afterEach, expect, it, vi } from "vitest";
import { change, request } from "./client";
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
