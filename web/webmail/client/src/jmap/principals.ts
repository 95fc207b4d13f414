/** Who there is in one's own domain: people, groups, rooms. RFC 9670, Principal. */
import type { Email } from "../contacts/types";
import { get } from "../store";
import { downloadUrl, request, session } from "./client";
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

const DIRECTORY = "Directory";

/** The pictures of those who are found by a part of the name or the address: where to get them, by address. */
export async function photosLike(text: string, limit: number): Promise<Record<string, string>> {
  if (!(DIRECTORY in (await session()).accounts)) return {};
  const from = { resultOf: "q", name: "ContactCard/query", path: "/ids" };
  const filter = text ? { text } : null;
  const [, answer] = await request([
    ["ContactCard/query", { accountId: DIRECTORY, filter, sort: [{ property: "name/given" }], limit }, "q"],
    ["ContactCard/get", { accountId: DIRECTORY, "#ids": from, properties: ["emails", "media"] }, "g"],
  ]);
  const told = answer.list as { emails?: Record<string, Email>; media?: Record<string, { blobId?: string }> }[];
  return Object.fromEntries(
    told.flatMap(({ emails, media }) => {
      const [address] = Object.values(emails ?? {});
      const [photo] = Object.values(media ?? {});
      return address && photo?.blobId
        ? [[address.address, downloadUrl(DIRECTORY, photo.blobId, "photo", "image/jpeg")]]
        : [];
    }),
  );
}

/** Addresses of the domain whose name or address has the word in it. */
export async function peopleLike(word: string): Promise<Address[]> {
  const found = await principalsLike({ text: word }, FEW);
  return found.flatMap(({ name, email }) => (email ? [{ name, email }] : []));
}
