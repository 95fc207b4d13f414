/** Whose mail is welcome, as the account has it: the one place where blocked senders stand. */
import { change, request } from "../jmap/client";
import { ownAccount } from "./use";

export interface SenderSettings {
  allowed: string[];
  blocked: string[];
  blockedAction: string;
  strangers: string;
  contactsAllowed: boolean;
}

export async function loadSenders(): Promise<SenderSettings> {
  const [answer] = await request([["SenderSettings/get", { accountId: ownAccount() }]]);
  return answer.list[0];
}

export async function saveSenders(given: Partial<SenderSettings>): Promise<void> {
  await change([["SenderSettings/set", { accountId: ownAccount(), update: { singleton: given } }]]);
}

/** They are on the list of who is not welcome, and on that of who is no longer. */
export async function blockSenders(addresses: string[]): Promise<void> {
  const { allowed, blocked } = await loadSenders();
  const welcome = allowed.filter((each) => !addresses.includes(each));
  await saveSenders({
    blocked: [...new Set([...blocked, ...addresses])],
    ...(welcome.length < allowed.length ? { allowed: welcome } : {}),
  });
}
