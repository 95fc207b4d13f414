/** What was removed and is still kept by the server: found, and brought back. */
import { t } from "i18next";
import { request } from "../jmap/client";
import { Offline, refused, type Told } from "../jmap/errors";
import type { Address, Mailbox } from "../jmap/types";
import { folderName } from "../names";
import { mailboxOf, toast } from "../store";
import { refreshList } from "./lists";
import { loadMailboxes } from "./load";

export const KINDS = ["mail", "drafts", "calendar", "contacts", "tasks", "notes", "journal"] as const;
export type RemovedKind = (typeof KINDS)[number];

export interface Removed {
  id: string;
  folderId: string;
  folder: string;
  title: string;
  from: Address[];
  preview: string;
  removedAt: string;
}

/** As many as the server tells at once. */
export const MOST = 500;

/** The last to go, the newest first; drafts leave what they were each time they are saved, so they are a kind here. */
export async function loadRemoved(accountId: string, kind: RemovedKind): Promise<Removed[]> {
  const drafts = kind === "drafts";
  const [answer] = await request([["RemovedItem/get", { accountId, kind: drafts ? "mail" : kind, drafts }]]);
  const all = answer.list as Removed[];
  return drafts ? all.filter((each) => placeOf(accountId, each)?.role === "drafts") : all;
}

const placeOf = (accountId: string, one: Removed): Mailbox | undefined =>
  mailboxOf(accountId, (each) => each.id === one.folderId);

/** What the folder that it was in is called. */
export function whereFrom(accountId: string, one: Removed): string {
  const found = placeOf(accountId, one);
  return found ? folderName(found) : one.folder;
}

/** Brings some back to where they were; gives those that are. */
export async function bringBack(accountId: string, ids: string[]): Promise<string[]> {
  const [answer] = await request([["RemovedItem/restore", { accountId, ids }]]);
  const back = Object.keys(answer.restored ?? {});
  const [wrong] = Object.values(answer.notRestored ?? {}) as Told[];
  if (wrong) toast(refused(wrong).message, { error: true });
  if (back.length) toast(t("removed.back", { count: back.length }));
  await Promise.all([loadMailboxes(accountId), refreshList()]).catch((error: Error) => {
    if (!(error instanceof Offline)) throw error;
  });
  return back;
}
