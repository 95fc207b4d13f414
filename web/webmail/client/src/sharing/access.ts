/** Who may do what in folders: levels, grants, reasons. The server's FolderAccess, of every kind of folder. */
import { t } from "i18next";
import { change, request } from "../jmap/client";
import type { Principal } from "../jmap/principals";

export type Level = "none" | "freebusy" | "titles" | "viewer" | "contributor" | "author" | "editor" | "master";

export interface Grant {
  principalId: string;
  grantee: string;
  level: Level | "custom";
  /** Letters, as RFC 4314 has them. */
  rights: string;
  denied: string;
  expires: string | null;
  state: string | null;
  /** The folder above that it is inherited from. */
  from?: string;
  fromName?: string;
}

export interface Access {
  id: string;
  name: string;
  kind: string;
  parentId: string | null;
  role: string | null;
  myLevel: Level | "custom";
  myRights: string;
  access: Record<string, Grant> | null;
  inherited: Grant[] | null;
}

export interface Reason {
  path: string;
  grantee: string;
  rights: string;
  denied: string;
}

export interface Explained {
  level: Level | "custom";
  rights: string;
  reasons: Reason[];
}

/** What is granted: a level by name, or letters. */
export interface Entry {
  level?: Level;
  rights?: string;
  denied?: string;
  expires: string | null;
}

const COMMON: Level[] = ["viewer", "contributor", "author", "editor", "master", "none"];

/** The levels that make sense for a kind of folder, the least first. */
export function levelsFor(kind: string): Level[] {
  return kind === "calendar" || kind === "account" ? ["freebusy", "titles", ...COMMON] : COMMON;
}

/** Letters of the levels; what is private comes with `master` alone. */
const LETTERS: Partial<Record<Level, string>> = {
  freebusy: "9",
  titles: "l98",
  viewer: "lrs",
  contributor: "lrsip",
  author: "lrsip64",
  editor: "lrswipte",
};

/** What goes beside a level: private entries; of a whole account to send as, on behalf, and to answer invitations. */
export function extrasFor(kind: string): string[] {
  if (kind === "account") return ["5", "3", "2", "1"];
  return kind === "calendar" || kind === "tasks" ? ["5"] : [];
}

const same = (one: string, other: string) => [...one].sort().join("") === [...other].sort().join("");

/** Letters as a level and what goes beside it; null: they are none. */
export function taken(rights: string, denied: string): { level: Level; extras: string } | null {
  if (denied) return null;
  const extras = [..."5321"].filter((each) => rights.includes(each)).join("");
  const rest = [...rights].filter((each) => !extras.includes(each)).join("");
  const level = (Object.keys(LETTERS) as Level[]).find((each) => same(LETTERS[each] as string, rest));
  return level && extras ? { level, extras } : null;
}

/** A level with what goes beside it, as letters. */
export function together(level: Level, extras: string): string | null {
  const letters = LETTERS[level];
  return letters && extras ? letters + extras : null;
}

/** The rights of a kind of folder that people may put together themselves. */
export function lettersFor(kind: string): string[] {
  const all = [..."lrswiptekxa"];
  if (kind === "calendar" || kind === "account") all.push("9", "8");
  if (kind === "account") all.push("3", "2", "1");
  return all;
}

export async function accessOf(accountId: string, ids: string[] | null): Promise<Access[]> {
  const [answer] = await request([["FolderAccess/get", { accountId, ids }]]);
  return answer.list;
}

export async function grant(accountId: string, id: string, principalId: string, entry: Entry | null): Promise<void> {
  await change([["FolderAccess/set", { accountId, update: { [id]: { [`access/${principalId}`]: entry } } }]]);
}

export async function explain(accountId: string, id: string, principalId: string): Promise<Explained> {
  const [answer] = await request([["FolderAccess/explain", { accountId, id, principalId }]]);
  return answer;
}

/** What people call whoever a grant names. */
export function granteeName(grantee: string, known: Record<string, Principal>, principalId: string): string {
  const found = known[principalId];
  if (found?.email) return found.name;
  if (grantee === "everyone") return t("sharing.everyone");
  if (grantee === "anyone") return t("sharing.anyone");
  if (grantee.startsWith("domain:")) return t("sharing.domain", { name: grantee.slice(7) });
  return grantee.replace(/^group:/, "");
}
