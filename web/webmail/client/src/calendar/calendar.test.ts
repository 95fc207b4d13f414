import { expect, it } from "vitest";
import { inOwnWords, webPlace } from "./events";
import { inColumns, inLines, nextFree } from "./layout";
import { inWords } from "./meetings";
import { cutAt, movedKeys, movedRules, nextAfter, ONCE, repeatOf, rulesOf } from "./recur";
import { asOwn, dueAt, dueOf, seenPatch, snoozePatch, taskThing, thingOf } from "./reminders";
import {
  between,
  daysTouched,
  durationOf,
  localOf,
  localText,
  minutesOf,
  momentIn,
  offsetBefore,
  shownIn,
} from "./time";
import type { Calendar, CalendarEvent } from "./types";

it("shows a moment as clocks do, on both sides of a change of the clocks", () => {
  for (const [moment, zone, shown] of [
    ["2026-07-01T12:00:00Z", "Europe/Berlin", "2026-07-01T14:00:00"],
    ["2026-12-01T12:00:00Z", "Europe/Berlin", "2026-12-01T13:00:00"],
    ["2026-12-01T20:30:00Z", "Asia/Kolkata", "2026-12-02T02:00:00"],
  ] as const) {
    expect(localText(shownIn(zone, new Date(moment)))).toBe(shown);
    expect(momentIn(zone, localOf(shown)).toISOString()).toBe(new Date(moment).toISOString());
  }
  expect(localText(between("America/New_York", "Europe/Berlin", localOf("2026-11-27T09:00:00")))).toBe(
    "2026-11-27T15:00:00",
  );
});

it.each([
  ["PT1H30M", 90],
  ["P1D", 1440],
  ["P1W", 10_080],
  ["-PT15M", -15],
  ["nonsense", 0],
])("reads %s", (text, minutes) => expect(minutesOf(text)).toBe(minutes));

it("writes durations and offsets", () => {
  expect([durationOf(90), durationOf(60), durationOf(0), durationOf(2880, true)]).toEqual([
    "PT1H30M",
    "PT1H",
    "PT0S",
    "P2D",
  ]);
  expect([offsetBefore(15), offsetBefore(1440), offsetBefore(0)]).toEqual(["-PT15M", "-P1D", "PT0S"]);
});

it("does not count the day at whose midnight something ends", () => {
  expect(daysTouched(localOf("2026-11-27T22:00:00"), localOf("2026-11-28T00:00:00"))).toBe(1);
  expect(daysTouched(localOf("2026-11-27T22:00:00"), localOf("2026-11-28T00:30:00"))).toBe(2);
});

it("puts what overlaps beside each other, and no more than that", () => {
  const found = inColumns([
    { from: 0, to: 60 },
    { from: 30, to: 90 },
    { from: 60, to: 120 },
    { from: 200, to: 260 },
  ]);
  expect(found.map(({ column, columns }) => [column, columns])).toEqual([
    [0, 2],
    [1, 2],
    [0, 2],
    [0, 1],
  ]);
  expect(
    inLines([
      { from: 0, to: 3 },
      { from: 1, to: 2 },
      { from: 3, to: 4 },
    ]).map((each) => each.line),
  ).toEqual([0, 1, 0]);
});

it("finds the next time when nobody is busy, within the hours of work", () => {
  const hours = { from: 540, to: 1020, days: [1, 2, 3, 4, 5] };
  const at = (text: string) => localOf(text).getTime();
  const taken = [{ from: at("2026-11-27T08:00:00"), to: at("2026-11-27T16:30:00") }];
  expect(localText(nextFree(taken, localOf("2026-11-27T10:00:00"), 30, hours) as Date)).toBe("2026-11-27T16:30:00");
  // A Friday's evening and the weekend are not offered.
  expect(localText(nextFree(taken, localOf("2026-11-27T10:00:00"), 60, hours) as Date)).toBe("2026-11-30T09:00:00");
  expect(nextFree([{ from: 0, to: at("2030-01-01T00:00:00") }], localOf("2026-11-27T10:00:00"), 30, hours)).toBeNull();
});

it("says the rules of the dialog, and shows them again", () => {
  const start = localOf("2026-11-27T09:00:00");
  for (const repeat of [
    { ...ONCE, frequency: "daily" as const, interval: 2 },
    { ...ONCE, frequency: "weekly" as const, days: ["mo", "fr"] },
    { ...ONCE, frequency: "monthly" as const, monthly: "weekday" as const, ends: "count" as const, count: 5 },
    { ...ONCE, frequency: "yearly" as const, ends: "until" as const, until: "2030-11-27" },
  ])
    expect(repeatOf(rulesOf(repeat, start, false) ?? [], start)).toEqual(repeat);
  const odd = [{ frequency: "monthly" as const, bySetPosition: [-1], byDay: [{ day: "fr" }] }];
  expect(rulesOf(repeatOf(odd, start), start, false)).toEqual(odd);
});

it("takes the days of a rule along when a series is moved", () => {
  const rules = [{ frequency: "weekly" as const, byDay: [{ day: "fr" }, { day: "sa" }] }];
  expect(movedRules(rules, "2026-11-27T09:00:00", "2026-11-28T09:00:00")?.[0]?.byDay).toEqual([
    { day: "sa" },
    { day: "su" },
  ]);
});

it("takes the times of exceptions along", () => {
  expect(movedKeys({ "2026-11-30T23:00:00": 1 }, "2026-11-02T23:00:00", "2026-11-03T01:00:00")).toEqual({
    "2026-12-01T01:00:00": 1,
  });
});

it("opens a meeting on the web by http alone", () => {
  const at = (uri: string) => webPlace({ start: "", virtualLocations: { a: { uri } } });
  expect([at("https://meet.example/1"), at("javascript:alert(1)"), at("tel:+1")]).toEqual([
    "https://meet.example/1",
    null,
    null,
  ]);
});

it("reminds once, when it is time, and not of what is long over", () => {
  const alerts = { a: { trigger: { offset: "-PT15M" } } };
  const times = { start: "2026-11-27T10:00:00", utcStart: "2026-11-27T10:00:00Z", utcEnd: "2026-11-27T11:00:00Z" };
  const event = { ...times, id: "E1", timeZone: "Etc/UTC", alerts } as unknown as CalendarEvent;
  const due = (time: string, said: string[] = []) =>
    dueOf([thingOf(event)], Date.parse(`2026-11-27T${time}Z`), new Set(said));
  expect(due("09:44:00")).toEqual([]);
  const [found] = due("09:46:00");
  expect(found?.thing.id).toBe("E1");
  expect(due("09:46:00", [found?.key ?? ""])).toEqual([]);
  expect(due("12:30:00")).toEqual([]);
  expect(dueAt({ trigger: { offset: "-PT15M" }, action: "email" }, new Date(), new Date())).toBeNull();
});

it("puts off an alert, and tells it once of a series", () => {
  const at = new Date("2026-11-27T09:46:00Z");
  const until = new Date("2026-11-27T09:51:00Z");
  const alerts = { a: { trigger: { offset: "-PT15M" } } };
  const patch = snoozePatch(alerts, "a", at, until) as Record<string, Record<string, unknown>>;
  expect(patch["alerts/a/acknowledged"]).toBe("2026-11-27T09:46:00Z");
  const made = patch[`alerts/snooze-${until.getTime()}`] as never as { trigger: { when: string }; iCalendar: unknown };
  expect(made.trigger.when).toBe("2026-11-27T09:51:00Z");
  const uid = (patch["alerts/a/iCalendar"] as { properties: string[][] }).properties[0]?.[3];
  expect(JSON.stringify(made.iCalendar)).toContain(
    JSON.stringify(["related-to", { reltype: "SNOOZE" }, "unknown", uid]),
  );
  const one = (day: number) =>
    thingOf({
      id: `E1-${day}`,
      baseEventId: "E1",
      start: `2026-11-${day}T10:00:00`,
      utcStart: `2026-11-${day}T10:00:00Z`,
      utcEnd: `2026-11-${day}T11:00:00Z`,
      alerts: { "snooze-1": made },
    } as unknown as CalendarEvent);
  const due = dueOf([one(28), one(27), one(29)], until.getTime() + 1000, new Set());
  expect(due.map((each) => new Date(each.when).toISOString())).toEqual(["2026-11-27T10:00:00.000Z"]);
  expect(seenPatch("snooze-1", at)).toEqual({ "alerts/snooze-1": null });
  const again = snoozePatch({ "snooze-1": made as never }, "snooze-1", at, until);
  expect(again["alerts/snooze-1"]).toBeNull();
  expect(JSON.stringify(again)).toContain(String(uid));
});

it("reminds of a task at the time that it is due, a day late as well", () => {
  const alerts = { a: { trigger: { offset: "PT9H", relativeTo: "end" as const } } };
  const task = {
    id: "K1",
    accountId: "A1",
    taskListId: "L",
    uid: "u",
    due: "2026-11-27T00:00:00",
    timeZone: "Etc/UTC",
  };
  const thing = taskThing({ ...task, alerts });
  const due = (time: string) => dueOf(thing ? [thing] : [], Date.parse(time), new Set()).length;
  expect([due("2026-11-27T08:59:00Z"), due("2026-11-27T09:01:00Z"), due("2026-11-28T08:59:00Z")]).toEqual([0, 1, 1]);
  expect(due("2026-11-28T09:01:00Z")).toBe(0);
  expect(taskThing(task)).toBeNull();
});

it("says what happened to a meeting in words", () => {
  const said = (what: string, text: string) => inWords({ what, text });
  expect(said("counter", "b@x proposes another time at 20261125T153000Z: later: please").more).toMatch(
    /2026.* · later: please$/,
  );
  expect(said("counter", "b@x proposes another time").more).toBe("");
  expect(said("sent", "REQUEST to a@x, b@x: by mail").more).toBe("by mail");
  expect(said("ignored", "REPLY: there is no such event any more").more).toBe("REPLY: there is no such event any more");
});

it("cuts a series in two, with the exceptions of each", () => {
  const event = {
    start: "2026-11-02T09:00:00",
    recurrenceRules: [{ frequency: "weekly" as const, count: 10 }],
    recurrenceOverrides: { "2026-11-09T09:00:00": { title: "a" }, "2026-11-30T09:00:00": { title: "b" } },
  };
  const cut = cutAt(event, "2026-11-23T09:00:00", 3);
  expect(cut.patch.recurrenceRules).toEqual([{ frequency: "weekly", until: "2026-11-23T08:59:59" }]);
  expect(Object.keys(cut.patch.recurrenceOverrides ?? {})).toEqual(["2026-11-09T09:00:00"]);
  expect(cut.rules).toEqual([{ frequency: "weekly", count: 7 }]);
  expect(Object.keys(cut.overrides)).toEqual(["2026-11-30T09:00:00"]);
});

it.each([
  [{ frequency: "daily", interval: 3 }, "2026-11-27T00:00:00", "2026-11-30T00:00:00"],
  [{ frequency: "weekly", byDay: [{ day: "mo" }, { day: "fr" }] }, "2026-11-23T00:00:00", "2026-11-27T00:00:00"],
  [
    { frequency: "weekly", interval: 2, byDay: [{ day: "mo" }, { day: "fr" }] },
    "2026-11-27T00:00:00",
    "2026-12-07T00:00:00",
  ],
  [{ frequency: "monthly" }, "2026-01-31T00:00:00", "2026-02-28T00:00:00"],
  [{ frequency: "monthly", byDay: [{ day: "fr", nthOfPeriod: -1 }] }, "2026-10-30T00:00:00", "2026-11-27T00:00:00"],
  [{ frequency: "yearly" }, "2026-11-27T09:00:00", "2027-11-27T09:00:00"],
  [{ frequency: "daily", until: "2026-11-27T23:59:59" }, "2026-11-27T00:00:00", null],
  [{ frequency: "daily", count: 1 }, "2026-11-27T00:00:00", null],
] as const)("knows when a task is due next: %o", (rule, due, next) => {
  expect(nextAfter([structuredClone(rule) as never], due)).toBe(next);
});

it("calls busy times of others so in one's own language, and leaves what people have written", () => {
  const rights = { mayReadFreeBusy: true, mayReadItems: false };
  const busy = { id: "F1", accountId: "A1", myRights: rights } as Calendar;
  const whole = { id: "F2", accountId: "A1", myRights: { ...rights, mayReadItems: true } } as Calendar;
  const event = (id: string, at: string, title: string) =>
    ({
      id,
      accountId: "A1",
      calendarIds: { [at]: true },
      title,
      start: "2027-03-01T09:00:00",
    }) as unknown as CalendarEvent;
  const said = (each: CalendarEvent) => inOwnWords(each, [busy, whole], (key) => `<${key}>`).title;
  expect(said(event("Exaa", "F1", "Busy"))).toBe("<calendar.busy>");
  expect(said(event("Exab", "F1", "Not available"))).toBe("<calendar.busyAway>");
  expect(said(event("E17", "F1", "Busy"))).toBe("Busy");
  expect(said(event("Exac", "F2", "Busy"))).toBe("Busy");
});

it("reminds by the alerts of the calendar where an event says so, which are its own once one was seen", () => {
  const alert = (offset: string) => ({ a: { "@type": "Alert" as const, trigger: { offset }, action: "display" } });
  const calendar = {
    id: "F1",
    accountId: "A1",
    defaultAlertsWithTime: alert("-PT15M"),
    defaultAlertsWithoutTime: alert("PT9H"),
  } as unknown as Calendar;
  const event = {
    id: "E1",
    accountId: "A1",
    calendarIds: { F1: true },
    start: "2027-03-01T09:00:00",
    utcStart: "2027-03-01T09:00:00Z",
    utcEnd: "2027-03-01T10:00:00Z",
    alerts: alert("-PT1M"),
  } as unknown as CalendarEvent;
  const offset = (given: CalendarEvent) => thingOf(given, [calendar]).alerts.a?.trigger.offset;
  expect(offset(event)).toBe("-PT1M");
  expect(offset({ ...event, useDefaultAlerts: true })).toBe("-PT15M");
  expect(offset({ ...event, useDefaultAlerts: true, showWithoutTime: true, duration: "P1D" })).toBe("PT9H");
  const seen = seenPatch("a", new Date("2027-03-01T08:50:00Z"));
  expect(asOwn(thingOf(event, [calendar]), seen)).toBe(seen);
  expect(asOwn(thingOf({ ...event, useDefaultAlerts: true }, [calendar]), seen)).toEqual({
    useDefaultAlerts: false,
    alerts: { a: { ...alert("-PT15M").a, acknowledged: "2027-03-01T08:50:00Z" } },
  });
});
