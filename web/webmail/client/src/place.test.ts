import { expect, it } from "vitest";
import { NOWHERE, pathOf, placeOf } from "./place";

it.each([
  ["/mail/A1/F7", { accountId: "A1", mailboxId: "F7" }],
  ["/mail/A1/F7/M12", { accountId: "A1", mailboxId: "F7", emailId: "M12" }],
  ["/mail/A1/search/two%20words/M12", { accountId: "A1", search: "two words", emailId: "M12" }],
  ["/mail/calendar/week/2026-11-27", { room: "calendar", path: ["week", "2026-11-27"] }],
  ["/mail/calendar", { room: "calendar" }],
])("reads %s and writes it again", (path, more) => {
  expect(placeOf(path)).toEqual({ ...NOWHERE, ...more });
  expect(pathOf(placeOf(path))).toBe(path);
});

it.each(["/mail/", "/mail", "/mail/A1", "/mail/%zz/F7"])("takes %s for nowhere", (path) => {
  expect(placeOf(path)).toEqual(NOWHERE);
});
