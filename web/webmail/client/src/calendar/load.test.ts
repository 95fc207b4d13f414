import { expect, it, vi } from "vitest";
import { loadWhere } from "./load";
import { get, set } from "./store";
import type { Calendar } from "./types";

const week = (day: string) => ({ view: "week", date: new Date(`${day}T00:00:00`) }) as const;

/** A server that answers when it is told to; gives the words of the event that each of its answers has. */
function server(): { answer: (title: string) => Promise<void> } {
  const asked: ((title: string) => void)[] = [];
  const answered = (title: string) => [
    ["CalendarEvent/query", { accountId: "A1", ids: ["E1"] }, "qA1"],
    ["CalendarEvent/get", { accountId: "A1", list: [{ id: "E1", title, start: "2026-11-25T09:00:00" }] }, "gA1"],
  ];
  vi.stubGlobal("fetch", () => {
    const said = new Promise<string>((resolve) => asked.push(resolve));
    return said.then((title) => new Response(JSON.stringify({ methodResponses: answered(title) })));
  });
  return {
    answer: async (title) => {
      await vi.waitFor(() => expect(asked.length).toBeGreaterThan(0));
      asked.shift()?.(title);
    },
  };
}

it("does not show the answer about a time that one has left meanwhile", async () => {
  set({ calendars: [{ id: "C1", accountId: "A1" } as Calendar], events: null, range: null });
  const { answer } = server();
  const here = loadWhere(week("2026-11-25"));
  await answer("of November");
  await here;
  const next = loadWhere(week("2026-12-02"));
  await loadWhere(week("2026-11-25")); // it is known, so nobody is asked
  await answer("of December");
  await next;
  expect(get().events?.map((each) => each.title)).toEqual(["of November"]);
  vi.unstubAllGlobals();
  set({ calendars: [], events: null, range: null });
});
