/** Letters being written: kept on the server while they are, sent with some seconds to change one's mind. */
import { t } from "i18next";
import { change, request, type Uploaded, upload } from "../jmap/client";
import type { Address, Email, FullEmail, Identity } from "../jmap/types";
import { refreshList } from "../mail/lists";
import { fromTo, takingOut } from "../mail/places";
import { long, size } from "../mail/when";
import { get, set, toast, withRole } from "../store";
import { fromBooks, learn } from "./known";
import { type Picture, picturesIn } from "./pictures";
import { htmlOf, textOf } from "./quote";

export const UNDO_SECONDS = 10;

export interface Attached extends Uploaded {
  name: string;
}

export interface Draft {
  key: number;
  accountId: string;
  identityId: string;
  to: Address[];
  cc: Address[];
  bcc: Address[];
  subject: string;
  rich: boolean;
  /** HTML when rich, else text. */
  body: string;
  attached: Attached[];
  /** Those that the text shows, or has shown. */
  pictures: Picture[];
  /** A receipt is asked for when it is read. RFC 8098. */
  receipt: boolean;
  /** When it is to leave, a UTCDate; null: at once. */
  sendAt: string | null;
  inReplyTo: string[] | null;
  references: string[] | null;
  /** Of the email that is answered or passed on, and what it is marked as then. */
  about: { accountId: string; id: string; keyword: "$answered" | "$forwarded" } | null;
  /** As it is kept on the server. */
  emailId: string | null;
  state: "new" | "changed" | "saving" | "saved" | "failed" | "sending";
  uploading: number;
  small: boolean;
}

let keys = 0;
const savings = new Map<number, Promise<void>>();

function own(): string {
  return get().accounts.find((each) => each.own)?.id ?? "";
}

/** What letters end with. */
function signatureOf(identity: Identity | undefined, rich: boolean): string {
  if (!identity) return "";
  if (rich) return identity.htmlSignature || (identity.textSignature ? htmlOf(identity.textSignature) : "");
  return identity.textSignature || (identity.htmlSignature ? textOf(identity.htmlSignature) : "");
}

/** A letter is begun; gives its key. */
export function begin(more: Partial<Draft> = {}): number {
  const identity = get().identities.find((each) => each.id === more.identityId) ?? get().identities[0];
  const rich = more.rich ?? localStorage.getItem("postroom.plain") !== "1";
  const signature = signatureOf(identity, rich);
  const body = more.body ?? "";
  const signed = rich
    ? `<p></p>${signature ? `<p></p>${signature}` : ""}${body}`
    : `${signature ? `\n\n-- \n${signature}\n` : ""}${body ? `\n\n${body}` : ""}`;
  void learn();
  const draft: Draft = {
    key: ++keys,
    accountId: own(),
    identityId: identity?.id ?? "",
    to: [],
    cc: [],
    bcc: [],
    subject: "",
    attached: [],
    pictures: [],
    receipt: false,
    sendAt: null,
    inReplyTo: null,
    references: null,
    about: null,
    emailId: null,
    state: "new",
    uploading: 0,
    small: false,
    ...more,
    rich,
    body: more.emailId ? body : signed,
  };
  set({ drafts: [...get().drafts.map((each) => ({ ...each, small: true })), draft] });
  return draft.key;
}

/** The first part of an email that is HTML, as it is; null: it has none. */
export async function htmlPartOf(email: FullEmail): Promise<string | null> {
  const { accountId, id } = email;
  const partId = email.htmlBody.find((each) => each.type === "text/html" && each.partId)?.partId;
  if (!partId) return null;
  const given = { accountId, ids: [id], properties: ["bodyValues"], fetchHTMLBodyValues: true };
  const [answer] = await request([["Email/get", given]]);
  return answer.list[0]?.bodyValues[partId]?.value ?? null;
}

/** Goes on with a draft that the server has. */
export async function resume(email: FullEmail): Promise<void> {
  const html = email.htmlBody.find((each) => each.type === "text/html" && each.partId);
  const text = email.textBody.map((each) => email.bodyValues[each.partId ?? ""]?.value ?? "").join("\n");
  const body = (await htmlPartOf(email)) ?? text;
  const from = email.from?.[0]?.email.toLowerCase();
  const files = email.attachments.map((each) => ({ ...each, name: each.name ?? "attachment", cid: each.cid ?? "" }));
  const pictures = picturesIn({ rich: html !== undefined, body, pictures: files.filter((each) => each.cid) });
  begin({
    identityId: get().identities.find((each) => each.email.toLowerCase() === from)?.id ?? get().identities[0]?.id ?? "",
    to: email.to ?? [],
    cc: email.cc ?? [],
    bcc: email.bcc ?? [],
    subject: email.subject ?? "",
    rich: html !== undefined,
    body,
    attached: files.filter((each) => !pictures.includes(each)),
    pictures,
    inReplyTo: email.inReplyTo,
    references: email.references,
    emailId: email.id,
    state: "saved",
  });
}

export function draftOf(key: number): Draft | undefined {
  return get().drafts.find((each) => each.key === key);
}

export function edit(key: number, patch: Partial<Draft>): void {
  set({ drafts: get().drafts.map((each) => (each.key === key ? { ...each, ...patch } : each)) });
}

/** What is written while it is on its way changes nothing of that. */
export function write(key: number, patch: Partial<Draft>): void {
  if (draftOf(key)?.state !== "sending") edit(key, { ...patch, state: "changed" });
}

/** Whether a letter may take a file along, too; says what may be when not, before anything is sent. */
export function fits(key: number, file: File): boolean {
  const most = get().mostAttached;
  const draft = draftOf(key);
  const all = draft ? [...draft.attached, ...picturesIn(draft)] : [];
  const there = all.reduce((sum, each) => sum + each.size, 0);
  if (most === null || there + file.size <= most) return true;
  toast(t("compose.tooLarge", { name: file.name, size: size(file.size), most: size(most) }), {
    error: true,
    seconds: 12,
  });
  return false;
}

export async function attach(key: number, files: File[]): Promise<void> {
  for (const file of files) {
    if (!fits(key, file)) continue;
    edit(key, { uploading: (draftOf(key)?.uploading ?? 0) + 1 });
    try {
      const draft = draftOf(key);
      if (!draft) return;
      const made = await upload(draft.accountId, file);
      write(key, { attached: [...(draftOf(key)?.attached ?? []), { ...made, name: file.name }] });
    } catch (error) {
      toast(`${file.name}: ${(error as Error).message}`, { error: true });
    } finally {
      edit(key, { uploading: (draftOf(key)?.uploading ?? 1) - 1 });
    }
  }
}

/** The email that a draft is. */
export function emailOf(draft: Draft, mailboxId: string): Record<string, unknown> {
  const identity = get().identities.find((each) => each.id === draft.identityId);
  const text = draft.rich ? textOf(draft.body) : draft.body;
  const values: Record<string, { value: string }> = { text: { value: text } };
  if (draft.rich) values.html = { value: `<!doctype html><html><body>${draft.body}</body></html>` };
  return {
    mailboxIds: { [mailboxId]: true },
    keywords: { $draft: true, $seen: true },
    from: identity ? [{ name: identity.name || null, email: identity.email }] : [],
    to: draft.to,
    cc: draft.cc.length ? draft.cc : null,
    bcc: draft.bcc.length ? draft.bcc : null,
    subject: draft.subject,
    inReplyTo: draft.inReplyTo,
    references: draft.references,
    ...(draft.receipt && identity
      ? { "header:Disposition-Notification-To:asAddresses": [{ name: identity.name || null, email: identity.email }] }
      : {}),
    textBody: [{ partId: "text", type: "text/plain" }],
    ...(draft.rich ? { htmlBody: [{ partId: "html", type: "text/html" }] } : {}),
    attachments: [
      ...picturesIn(draft).map(({ blobId, type, name, cid }) => ({ blobId, type, name, cid, disposition: "inline" })),
      ...draft.attached.map(({ blobId, type, name }) => ({ blobId, type, name, disposition: "attachment" })),
    ],
    bodyValues: values,
  };
}

async function put(draft: Draft): Promise<string> {
  const drafts = withRole(draft.accountId, "drafts");
  if (!drafts) throw new Error(t("compose.noDrafts"));
  const create = { draft: emailOf(draft, drafts.id) };
  const [answer] = await change([
    ["Email/set", { accountId: draft.accountId, create, ...withoutIt(draft, drafts.id) }],
  ]);
  return answer.created.draft.id;
}

/** Arguments of Email/set that take away what a draft was; where it has been copied to, that stays. */
function withoutIt({ emailId }: Draft, mailboxId: string) {
  if (!emailId) return {};
  const known = get().emails[emailId] ?? get().full[emailId];
  return takingOut([{ id: emailId, mailboxIds: known?.mailboxIds ?? { [mailboxId]: true } }], mailboxId);
}

/** Keeps it on the server; one saving of a draft at a time. */
export async function save(key: number): Promise<void> {
  await savings.get(key);
  const draft = draftOf(key);
  if (draft?.state !== "changed") return;
  const saving = (async () => {
    edit(key, { state: "saving" });
    try {
      const emailId = await put(draft);
      const now = draftOf(key);
      if (now) edit(key, { emailId, state: now.state === "saving" ? "saved" : now.state });
    } catch (error) {
      if (draftOf(key)) edit(key, { state: "failed" });
      toast((error as Error).message, { error: true });
    }
  })();
  savings.set(key, saving);
  await saving;
  savings.delete(key);
}

/** Whether something that was written is not on the server yet. */
export function unsaved(): boolean {
  return get().drafts.some((each) => each.uploading || ["changed", "saving", "failed"].includes(each.state));
}

/** Keeps now what is written: a phone may end a page that nobody looks at without a word. */
export function saveHidden(): void {
  if (document.hidden) for (const { key, state } of get().drafts) if (state === "changed") void save(key);
}

/** Tries again what could not be kept, as there was no connection or no session. */
export function saveAgain(): void {
  for (const { key, state } of get().drafts) if (state === "failed") edit(key, { state: "changed" });
}

/** Puts it aside; it stays among the drafts. With a file on its way up it is made small, so that nothing is left behind. */
export async function close(key: number): Promise<void> {
  if (draftOf(key)?.uploading) return edit(key, { small: true });
  await save(key);
  if (draftOf(key)?.state === "failed") return;
  set({ drafts: get().drafts.filter((each) => each.key !== key) });
}

export async function discard(key: number): Promise<void> {
  await savings.get(key);
  const draft = draftOf(key);
  if (!draft) return;
  set({ drafts: get().drafts.filter((each) => each.key !== key) });
  const empty = !draft.emailId && draft.state === "new";
  if (!empty)
    toast(t("compose.discarded"), {
      undo: () => set({ drafts: [...get().drafts, { ...draft, emailId: null, state: "changed" }] }),
    });
  const without = withoutIt(draft, withRole(draft.accountId, "drafts")?.id ?? "");
  if (draft.emailId) await change([["Email/set", { accountId: draft.accountId, ...without }]]);
}

/** Hands it in, to leave after some seconds; until then it can be taken back. */
export async function send(key: number): Promise<boolean> {
  await savings.get(key);
  const draft = draftOf(key);
  if (!draft || draft.state === "sending" || draft.uploading) return false;
  const { accountId } = draft;
  const identity = get().identities.find((each) => each.id === draft.identityId);
  const sent = withRole(accountId, "sent");
  const drafts = withRole(accountId, "drafts");
  edit(key, { state: "sending" });
  try {
    if (!sent || !drafts || !identity) throw new Error(t("compose.noDrafts"));
    const emailId = await put(draft);
    edit(key, { emailId });
    const envelope = {
      mailFrom: {
        email: identity.email,
        parameters: draft.sendAt ? { HOLDUNTIL: draft.sendAt } : { HOLDFOR: `${UNDO_SECONDS}` },
      },
      rcptTo: [...draft.to, ...draft.cc, ...draft.bcc].map(({ email }) => ({ email, parameters: null })),
    };
    const done = { ...fromTo(drafts.id, sent.id), "keywords/$draft": null };
    const [answer] = await change([
      [
        "EmailSubmission/set",
        {
          accountId,
          create: { sending: { identityId: identity.id, emailId, envelope } },
          onSuccessUpdateEmail: { "#sending": done },
        },
      ],
    ]);
    set({ drafts: get().drafts.filter((each) => each.key !== key) });
    const back = () => void takeBack({ ...draft, emailId, state: "saved" }, answer.created.sending.id, drafts.id);
    const said = draft.sendAt ? t("compose.later", { when: long(draft.sendAt) }) : t("compose.sent");
    toast(said, { undo: back, seconds: UNDO_SECONDS });
    if (draft.about) void markAbout(draft.about);
    return true;
  } catch (error) {
    edit(key, { state: "changed" });
    toast((error as Error).message, { error: true });
    return false;
  }
}

async function markAbout(about: NonNullable<Draft["about"]>): Promise<void> {
  const update = { [about.id]: { [`keywords/${about.keyword}`]: true } };
  await change([["Email/set", { accountId: about.accountId, update }]]).catch(() => undefined);
  await refreshList();
}

async function takeBack(draft: Draft, submission: string, draftsId: string): Promise<void> {
  const { accountId, emailId } = draft;
  if (!emailId) return;
  try {
    await change([["EmailSubmission/set", { accountId, update: { [submission]: { undoStatus: "canceled" } } }]]);
    const sent = withRole(accountId, "sent");
    const again = { ...fromTo(sent?.id ?? "", draftsId), "keywords/$draft": true };
    await change([["Email/set", { accountId, update: { [emailId]: again } }]]);
    set({ drafts: [...get().drafts, draft] });
    toast(t("compose.takenBack"));
  } catch {
    toast(t("compose.tooLate"), { error: true });
  }
}

/** Whom the address books know, and who letters were exchanged with, as far as the app has seen them. */
export function acquaintances(): Address[] {
  const found = new Map<string, Address>(fromBooks().map((each) => [each.email.toLowerCase(), each]));
  const emails: Email[] = Object.values(get().emails);
  for (const each of emails.sort((one, other) => other.receivedAt.localeCompare(one.receivedAt)))
    for (const one of [...(each.from ?? []), ...(each.to ?? [])]) {
      const key = one.email.toLowerCase();
      if (!found.get(key)?.name) found.set(key, one);
    }
  return [...found.values()];
}
