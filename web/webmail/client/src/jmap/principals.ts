/** Who there is in one's own domain: people, groups, rooms. RFC 9670, Principal. */
import { get } from "../store";
import { request } from "./client";
import type { Address } from "./types";

export interface Principal {
  id: string;
  type: "individual" | "group" | "resource" | "other";
  name: string;
  email: string | null;
  capabilities?: Record<string, { mayGetAvailability?: boolean } | undefined>;
}

export interface Sought {
  text?: string;
  type?: Principal["type"];
  email?: string;
}

const FEW = 6;
const PROPERTIES = ["id", "type", "name", "email", "capabilities"];

function own(): string | undefined {
  return get().accounts.find((each) => each.own)?.id;
}

/** Those whom all of it is true of, by name; without any condition, whoever comes first. */
export async function principalsLike(sought: Sought, limit: number): Promise<Principal[]> {
  const accountId = own();
  const filter = Object.values(sought).some(Boolean) ? sought : null;
  const from = { resultOf: "q", name: "Principal/query", path: "/ids" };
  const [, answer] = await request([
    ["Principal/query", { accountId, filter, sort: [{ property: "name" }], limit }, "q"],
    ["Principal/get", { accountId, "#ids": from, properties: PROPERTIES }, "g"],
  ]);
  return answer.list;
}

/** Those of these ids that there are, by id. */
export async function principalsOf(ids: string[]): Promise<Record<string, Principal>> {
  if (!ids.length) return {};
  const given = { accountId: own(), ids: [...new Set(ids)], properties: PROPERTIES };
  const [answer] = await request([["Principal/get", given]]);
  return Object.fromEntries((answer.list as Principal[]).map((each) => [each.id, each]));
}

/** Others who are found by a part of the name or the address. */
export async function others(text: string, limit = 8): Promise<Principal[]> {
  const found = await principalsLike(text ? { text } : {}, limit);
  return found.filter((each) => each.email !== get().me);
}

/** Addresses of the domain whose name or address has the word in it. */
export async function peopleLike(word: string): Promise<Address[]> {
  const found = await principalsLike({ text: word }, FEW);
  return found.flatMap(({ name, email }) => (email ? [{ name, email }] : []));
}
