/** Who has asked to be told that a message was read, and what is said to that. RFC 8098, RFC 9007. */
import { t } from "i18next";
import { request } from "../jmap/client";
import { refused } from "../jmap/errors";
import type { Address, FullEmail } from "../jmap/types";
import { receipts } from "../prefs";
import { get, toast } from "../store";
import { mark } from "./act";

const SENT = "$mdnsent";
/** Somebody has said no; a keyword, so that it is not asked again on another device. */
const REFUSED = "$mdnrefused";

/** Whom a receipt would go to; [] where nobody asks, or that has been answered. */
export function askedBy(email: FullEmail): Address[] {
  const asked = email["header:Disposition-Notification-To:asAddresses"] ?? [];
  const mine = new Set(get().identities.map((each) => each.email.toLowerCase()));
  const own = get().accounts.find((each) => each.own)?.id;
  const { $draft, [SENT]: sent, [REFUSED]: refused } = email.keywords;
  const fromMe = email.from?.some((each) => mine.has(each.email.toLowerCase()));
  if ($draft || sent || refused || fromMe || email.accountId !== own) return [];
  return asked.filter((each) => each.email);
}

/** Whether it may go out unasked: to one address, which is also the one that the message came from. RFC 8098 §2.1. */
export function isPlain(email: FullEmail): boolean {
  const [to, ...more] = email["header:Disposition-Notification-To:asAddresses"] ?? [];
  const path = /<([^<>]*)>/.exec(email["header:Return-Path"] ?? "")?.[1];
  return Boolean(to && !more.length && path && path.toLowerCase() === to.email.toLowerCase());
}

/** Tells that it was read; `by` says whether somebody has said so, or the settings. */
export async function sendReceipt(email: FullEmail, by: "manual" | "automatic"): Promise<void> {
  const { accountId, id } = email;
  const named = new Set([...(email.to ?? []), ...(email.cc ?? [])].map((each) => each.email.toLowerCase()));
  const identities = get().identities;
  const identity = identities.find((each) => named.has(each.email.toLowerCase())) ?? identities[0];
  const sendingMode = by === "manual" ? "mdn-sent-manually" : "mdn-sent-automatically";
  const disposition = { actionMode: `${by}-action`, sendingMode, type: "displayed" };
  try {
    const [answer] = await request([
      [
        "MDN/send",
        {
          accountId,
          identityId: identity?.id,
          send: { k: { forEmailId: id, disposition } },
          onSuccessUpdateEmail: { "#k": { [`keywords/${SENT}`]: true } },
        },
      ],
    ]);
    const failed = answer.notSent?.k;
    if (failed) throw refused(failed);
    if (by === "manual") toast(t("receipt.sent"));
  } catch (error) {
    toast((error as Error).message, { error: true });
  }
}

/** It is not told, and not asked again. */
export function refuseReceipt(email: FullEmail): Promise<void> {
  return mark([email.id], REFUSED, true);
}

/** What happens when a message that asks is opened. */
export function onOpen(email: FullEmail): "ask" | "send" | "nothing" {
  if (!askedBy(email).length || receipts() === "never") return "nothing";
  return receipts() === "always" && isPlain(email) ? "send" : "ask";
}
