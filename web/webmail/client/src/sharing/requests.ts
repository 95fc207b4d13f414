/** Requests for access: asked of others, and answered. The server's AccessRequest. */
import { t } from "i18next";
import { create } from "zustand";
import { change, request } from "../jmap/client";
import { visitPlace, whenChanged } from "../mail/load";
import { NOWHERE } from "../place";
import { get, toast } from "../store";
import type { Access, Level } from "./access";

export interface AccessRequest {
  id: string;
  /** Whether one has asked oneself. */
  isMine: boolean;
  principalId: string;
  email: string;
  name: string;
  /** "": everything. */
  path: string;
  /** For who is asked; null: there is none of that name. */
  folderId: string | null;
  level: Level | "custom";
  text: string;
  status: "waiting" | "granted" | "refused";
  created: string;
}

/** Who is to be asked, where that is known, and for which folder. */
export interface Asked {
  email: string;
  accountId: string;
  folder: Access | null;
}

export const useRequests = create<{ all: AccessRequest[] }>(() => ({ all: [] }));

function own(): string | undefined {
  return get().accounts.find((each) => each.own)?.id;
}

export async function loadRequests(): Promise<AccessRequest[]> {
  const [answer] = await request([["AccessRequest/get", { accountId: own() }]]);
  useRequests.setState({ all: answer.list });
  return answer.list;
}

export async function askAccess(given: Record<string, unknown>): Promise<void> {
  await change([["AccessRequest/set", { accountId: own(), create: { made: given } }]]);
  await loadRequests();
}

export async function answerRequest(
  one: AccessRequest,
  status: "granted" | "refused",
  folderId?: string,
): Promise<void> {
  const patch = { status, ...(folderId ? { folderId } : {}) };
  await change([["AccessRequest/set", { accountId: own(), update: { [one.id]: patch } }]]);
  await loadRequests();
}

export async function withdrawRequest(one: AccessRequest): Promise<void> {
  await change([["AccessRequest/set", { accountId: own(), destroy: [one.id] }]]);
  await loadRequests();
}

function say(one: AccessRequest): void {
  const act = () => void visitPlace({ ...NOWHERE, room: "settings", path: ["sharing"] }, false);
  const what = one.path || t("sharing.whole");
  toast(t("sharing.askedYou", { name: one.name, what }), { seconds: 60, action: { label: t("sharing.look"), act } });
}

let begun = false;

/** From now on says which requests come; and at first which wait. */
export function followRequests(): void {
  if (begun) return;
  begun = true;
  let known = new Set<string>();
  const load = async () => {
    if (!get().me || get().signedOut) return;
    const waiting = (await loadRequests()).filter((each) => !each.isMine);
    for (const each of waiting) if (!known.has(each.id)) say(each);
    known = new Set(waiting.map((each) => each.id));
  };
  const soon = () => void load().catch(() => undefined);
  whenChanged((told) => {
    if (Object.values(told).some((each) => each.AccessRequest)) soon();
  });
  soon();
}
