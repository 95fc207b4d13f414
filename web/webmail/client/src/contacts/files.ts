/** Contacts as files: what is saved on the device. */
import { request } from "../jmap/client";
import { save } from "../jmap/save";
import { csvOf } from "./csv";
import { wholeCards } from "./load";
import type { Card } from "./types";

const AT_ONCE = 500;

export async function saveVCards(cards: Card[], name: string, version: "3.0" | "4.0" = "4.0"): Promise<void> {
  const pieces: string[] = [];
  for (const [accountId, all] of Map.groupBy(cards, (each) => each.accountId))
    for (let at = 0; at < all.length; at += AT_ONCE) {
      const ids = all.slice(at, at + AT_ONCE).map((each) => each.id);
      const [answer] = await request([["ContactCard/export", { accountId, ids, version }]]);
      pieces.push(answer.vCards);
    }
  save(pieces.join(""), "text/vcard;charset=utf-8", name);
}

export async function saveCsv(cards: Card[], name: string): Promise<void> {
  const whole: Card[] = [];
  for (let at = 0; at < cards.length; at += AT_ONCE) whole.push(...(await wholeCards(cards.slice(at, at + AT_ONCE))));
  save(csvOf(whole.filter((each) => each.kind !== "group")), "text/csv;charset=utf-8", name);
}
