import { expect, test } from "vitest";
import { taken, together } from "./access";
import { chosenOf, entryOf } from "./LevelFields";

test("letters are told as a level with what goes beside it, and come back as they were", () => {
  expect(taken("lrs5", "")).toEqual({ level: "viewer", extras: "5" });
  expect(taken("lrswipte321", "")).toEqual({ level: "editor", extras: "321" });
  expect(taken("lrsw5", "")).toBeNull();
  expect(taken("lrs5", "e")).toBeNull();
  expect(together("viewer", "52")).toBe("lrs52");
  expect(together("none", "5")).toBeNull();
  const grant = { principalId: "P", grantee: "a@b", level: "custom", denied: "", expires: null, state: null } as const;
  expect(entryOf(chosenOf({ ...grant, rights: "lrs2" }))).toEqual({ rights: "lrs2", expires: null });
  expect(entryOf({ ...chosenOf({ ...grant, rights: "lrs2" }), extras: "" })).toEqual({
    level: "viewer",
    expires: null,
  });
});
