/** The script of the wizard on the server: read, written, activated beside automatic answers, and tried. */
import { t } from "i18next";
import { change, octets, request, upload } from "../../jmap/client";
import { Refused } from "../../jmap/errors";
import { blockSenders } from "../senders";
import { ownAccount } from "../use";
import { type Filters, filtersOf, NO_FILTERS, sieveOf } from "./model";

export const NAME = "webmail";
const ANSWERS = "vacation-response";

interface Script {
  id: string;
  name: string;
  blobId: string;
  isActive: boolean;
}

export interface Kept {
  filters: Filters;
  /** The script of the wizard as somebody else has changed it; null: nobody has. */
  foreign: string | null;
  /** The name of another script that is active instead. */
  other: string | null;
}

async function scripts(): Promise<Script[]> {
  const [answer] = await request([["SieveScript/get", { accountId: ownAccount() }]]);
  return answer.list;
}

async function textOf(script: Script): Promise<string> {
  return (await octets(ownAccount(), script.blobId, "script", "application/sieve")).text();
}

export async function loadFilters(): Promise<Kept> {
  const there = await scripts();
  const mine = there.find((each) => each.name === NAME);
  const active = there.find((each) => each.isActive && each.name !== NAME && each.name !== ANSWERS);
  const other = active?.name ?? null;
  if (!mine) return { filters: NO_FILTERS, foreign: null, other };
  const text = await textOf(mine);
  let filters = filtersOf(text);
  const runs = there.some((each) => each.isActive && (each.name === NAME || each.name === ANSWERS));
  if (filters?.blocked.length && runs) {
    await blockSenders(filters.blocked);
    filters = { ...filters, blocked: [] };
    await saveFilters(filters);
  }
  return { filters: filters ?? NO_FILTERS, foreign: filters ? null : text, other };
}

async function blobOf(filters: Filters): Promise<string> {
  return (await upload(ownAccount(), new Blob([sieveOf(filters)], { type: "application/sieve" }))).blobId;
}

/** Writes the script and has it run. Automatic answers that are on stay on: they run it in turn. */
export async function saveFilters(filters: Filters): Promise<void> {
  const accountId = ownAccount();
  const [there, blobId] = [await scripts(), await blobOf(filters)];
  const mine = there.find((each) => each.name === NAME);
  const answering = there.some((each) => each.name === ANSWERS && each.isActive);
  const content = mine ? { update: { [mine.id]: { blobId } } } : { create: { made: { name: NAME, blobId } } };
  await change([
    ["SieveScript/set", { accountId, ...content, onSuccessActivateScript: mine?.id ?? "#made" }],
    ...(answering
      ? [
          ["VacationResponse/set", { accountId, update: { singleton: { isEnabled: true } } }] as [
            string,
            Record<string, unknown>,
          ],
        ]
      : []),
  ]);
}

export interface Tried {
  emailId: string;
  from: string;
  subject: string;
  would: string[];
  error: string | null;
}

/** What the rules would do with the newest messages of a folder. */
export async function tryFilters(filters: Filters, mailboxId: string): Promise<Tried[]> {
  const accountId = ownAccount();
  const blobId = await blobOf(filters);
  const [checked] = await request([["SieveScript/validate", { accountId, blobId }]]);
  if (checked.error)
    throw new Refused("invalidSieve", t("settings.filters.invalid", { why: checked.error.description }));
  const [answer] = await request([["SieveScript/try", { accountId, blobId, mailboxId, limit: 50 }]]);
  return answer.list;
}
