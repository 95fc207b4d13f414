/** Letters that answer an email, or pass it on. */
import { octets } from "../jmap/client";
import type { Address, FullEmail, Identity } from "../jmap/types";
import { get } from "../store";
import { cleaned } from "./cleaned";
import { type Attached, attach, begin, htmlPartOf } from "./draft";
import { type Picture, picturesIn } from "./pictures";
import { forwarded, htmlOf, plainOf, quoted } from "./quote";

function prefixed(prefix: "Re" | "Fwd", subject: string | null): string {
  const plain = (subject ?? "").replace(/^((re|aw|fwd?|wg)\s*:\s*)+/i, "");
  return `${prefix}: ${plain}`;
}

function identityFor(email: FullEmail): Identity | undefined {
  const named = new Set([...(email.to ?? []), ...(email.cc ?? [])].map((each) => each.email.toLowerCase()));
  return get().identities.find((each) => named.has(each.email.toLowerCase()));
}

interface Said {
  rich: boolean;
  /** HTML when rich, else text. */
  text: string;
  pictures: Picture[];
}

const own = () => get().accounts.find((each) => each.own)?.id ?? "";

/** What an email says, as a letter takes it up: with its own form, where letters are written with one. */
async function saidIn(email: FullEmail): Promise<Said> {
  const text = plainOf(email);
  const rich = localStorage.getItem("postroom.plain") !== "1";
  if (!rich) return { rich, text, pictures: [] };
  const html = await htmlPartOf(email).catch(() => null); // without a connection the text does
  if (!html) return { rich, text: htmlOf(text), pictures: [] };
  const there = email.accountId === own() ? email.attachments.filter((each) => each.cid) : [];
  const all = there.map((each) => ({ ...each, cid: each.cid ?? "", name: each.name ?? each.type }));
  const body = cleaned(html, new Set(all.map((each) => each.cid)));
  return { rich, text: body, pictures: picturesIn({ rich, body, pictures: all }) };
}

export async function reply(email: FullEmail, all: boolean): Promise<void> {
  const mine = new Set(get().identities.map((each) => each.email.toLowerCase()));
  const others = (list: Address[] | null) => (list ?? []).filter((each) => !mine.has(each.email.toLowerCase()));
  const sentByMe = others(email.from).length === 0;
  const to = sentByMe ? (email.to ?? []) : (email.replyTo ?? email.from ?? []);
  const taken = new Set(to.map((each) => each.email.toLowerCase()));
  const unique = (list: Address[]) => list.filter((each) => !taken.has(each.email.toLowerCase()));
  const { rich, text, pictures } = await saidIn(email);
  begin({
    identityId: identityFor(email)?.id ?? get().identities[0]?.id ?? "",
    to,
    cc: all ? unique([...(sentByMe ? [] : others(email.to)), ...others(email.cc)]) : [],
    subject: prefixed("Re", email.subject),
    rich,
    body: quoted(email, text, rich),
    pictures,
    inReplyTo: email.messageId,
    references: [...(email.references ?? email.inReplyTo ?? []), ...(email.messageId ?? [])],
    about: { accountId: email.accountId, id: email.id, keyword: "$answered" },
  });
}

export async function forward(email: FullEmail): Promise<void> {
  const here = email.accountId === own();
  const { rich, text, pictures } = await saidIn(email);
  const shown = new Set(pictures.map((each) => each.blobId));
  const attached = email.attachments
    .filter((each) => !shown.has(each.blobId))
    .map(({ blobId, type, size, name }) => ({ blobId, type, size, name: name ?? "attachment" }));
  const key = begin({
    subject: prefixed("Fwd", email.subject),
    rich,
    body: forwarded(email, text, rich),
    pictures,
    attached: here ? attached : [],
    about: { accountId: email.accountId, id: email.id, keyword: "$forwarded" },
  });
  if (!here && attached.length) await bring(key, email, attached);
}

/** Attachments of an email in somebody else's account come into one's own. */
async function bring(key: number, email: FullEmail, attached: Attached[]): Promise<void> {
  const files = await Promise.all(
    attached.map(
      async (each) =>
        new File([await octets(email.accountId, each.blobId, each.name, each.type)], each.name, { type: each.type }),
    ),
  );
  await attach(key, files);
}
