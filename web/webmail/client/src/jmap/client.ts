/** Talking to the server: the session of the browser, batched requests, uploads, downloads. */
import { t } from "i18next";
import type { Session } from "./types";

const OURS = [
  "access",
  "notes",
  "sieve-lab",
  "cards",
  "labels",
  "meetings",
  "snooze",
  "calendar-files",
  "calendar-sources",
  "remote-mail",
  "removed",
  "senders",
  "temporary-addresses",
].map((each) => `urn:postroom:jmap:${each}`);
const STANDARD = [
  "core",
  "mail",
  "mail:share",
  "submission",
  "mdn",
  "vacationresponse",
  "quota",
  "blob",
  "sieve",
  "contacts",
  "calendars",
  "calendars:parse",
  "tasks",
  "principals",
  "principals:owner",
  "principals:availability",
].map((each) => `urn:ietf:params:jmap:${each}`);
const USING = [...STANDARD, ...OURS];
export const MAIL = "urn:ietf:params:jmap:mail";

export type Call = [name: string, given: Record<string, unknown>, id?: string];
// biome-ignore lint/suspicious/noExplicitAny: each method has its own form of answer
export type Answer = any;

/** Nobody is signed in any more. */
export class SignedOut extends Error {}

/** There is no connection to the server. */
export class Offline extends Error {}

/** The server has said no; the message is for people. */
export class Refused extends Error {
  constructor(
    readonly kind: string,
    message: string,
  ) {
    super(message);
  }
}

export interface Visit {
  name: string | null;
  mayStay: boolean;
}

let proof = "";
let onSignedOut: () => void = () => {};

/** What happens when the session has ended. */
export function whenSignedOut(act: () => void): void {
  onSignedOut = act;
}

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (proof) headers.set("X-CSRF-Token", proof);
  const got = await fetch(path, { ...init, headers, credentials: "same-origin" }).catch(() => {
    throw new Offline(t("app.noConnection"));
  });
  if (got.status === 401 && !path.startsWith("/signin/")) {
    onSignedOut();
    throw new SignedOut();
  }
  return got;
}

/** Who is signed in. */
export async function visit(): Promise<Visit> {
  const got = await ask("/signin/session");
  if (!got.ok) throw new Refused("serverUnavailable", (await got.json()).error);
  const told = await got.json();
  proof = told.csrf;
  return told;
}

/** What is asked for beside the password: a code, or a security key. */
export interface Asked {
  codes: boolean;
  key: { options: PublicKeyCredentialRequestOptionsJSON; state: string } | null;
}

export type Second = { code: string } | { key: { state: string; response: unknown } };

/** Signs in, or says what that takes beside the password; `Refused` says why not. */
export async function signIn(name: string, password: string, stay: boolean, second?: Second): Promise<Visit | Asked> {
  if (!proof) await visit();
  const body = JSON.stringify({ name, password, stay, ...second });
  const headers = { "Content-Type": "application/json" };
  const got = await ask("/signin/session", { method: "POST", headers, body });
  const told = await got.json();
  if (got.status === 401 && ("codes" in told || "key" in told)) return told;
  if (!got.ok) {
    if (got.status === 403) await visit();
    throw new Refused("forbidden", refusal(got) ?? told.error);
  }
  proof = told.csrf;
  return told;
}

/** Why nobody is signed in, in the language of the page; null: the server's words have to do. */
function refusal(got: Response): string | null {
  if (got.status === 401) return t("signin.wrong");
  const seconds = Number(got.headers.get("Retry-After"));
  if (got.status !== 429 || !seconds) return null;
  const opens = new Date(Date.now() + seconds * 1000 + 59_999);
  return t("signin.closed", { time: opens.toLocaleTimeString(document.documentElement.lang, CLOCK) });
}

const CLOCK: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };

/** Asks the browser for what a security key says. */
export async function askKey(asked: NonNullable<Asked["key"]>): Promise<Second> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked.options);
  const found = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential | null;
  if (!found) throw new Refused("forbidden", t("signin.noKey"));
  return { key: { state: asked.state, response: found.toJSON() } };
}

export async function signOut(): Promise<void> {
  await ask("/signin/session", { method: "DELETE" });
  proof = "";
}

export interface BrowserSession {
  id: number;
  here: boolean;
  peer: string;
  agent: string;
  made: string;
  used: string;
}

export async function browserSessions(): Promise<BrowserSession[]> {
  const got = await ask("/signin/sessions");
  if (!got.ok) throw new Refused("serverFail", (await got.json()).error);
  return got.json();
}

export async function endSession(id: number): Promise<void> {
  await ask(`/signin/sessions/${id}`, { method: "DELETE" });
}

/** Something that pages of this server tell beside JMAP. */
export async function take<T>(path: string): Promise<T> {
  const got = await ask(path);
  if (!got.ok) throw new Refused("serverFail", await why(got));
  return got.json();
}

/** Something that is done there; what is refused is told in words. */
export async function post<T>(path: string, body: object, method = "POST"): Promise<T> {
  const headers = { "Content-Type": "application/json" };
  const got = await ask(path, { method, headers, body: JSON.stringify(body) });
  if (!got.ok) throw new Refused("forbidden", await why(got));
  return got.status === 204 ? (null as T) : got.json();
}

/** Leaves the mailing list of an email with one click. */
export async function unsubscribe(accountId: string, blobId: string): Promise<void> {
  await post(`/mail/unsubscribe/${accountId}/${blobId}`, {});
}

async function why(got: Response): Promise<string> {
  const text = await got.text();
  try {
    return JSON.parse(text).error ?? text;
  } catch {
    return text || got.statusText;
  }
}

export async function session(): Promise<Session> {
  const got = await ask("/jmap/session");
  if (!got.ok) throw new Refused("serverUnavailable", got.statusText);
  return got.json();
}

/** The answers to several calls, in their order; an error of any of them is thrown. */
export async function request(calls: Call[]): Promise<Answer[]> {
  const answers = await each(calls);
  for (const answer of answers) if (answer instanceof Refused) throw answer;
  return answers;
}

/** The same, with what was refused among them. */
export async function each(calls: Call[]): Promise<Answer[]> {
  const methodCalls = calls.map(([name, given, id], number) => [name, given, id ?? `c${number}`]);
  const headers = { "Content-Type": "application/json" };
  const got = await ask("/jmap/api", { method: "POST", headers, body: JSON.stringify({ using: USING, methodCalls }) });
  const told = await got.json();
  if (!got.ok) throw new Refused(told.type ?? "serverFail", told.detail ?? got.statusText);
  const responses = told.methodResponses as [string, Answer, string][];
  return methodCalls.map(([, , id]) => {
    const [name, answer] = responses.find((one) => one[2] === id) ?? [];
    return name === "error" ? new Refused(answer.type, answer.description ?? answer.type) : answer;
  });
}

let changes = 0;
let lastChange = 0;
const SETTLES_AFTER = 1000;

/** Whether nothing is being changed here, nor was a moment ago: what comes then is the work of others. */
export function settled(): boolean {
  return changes === 0 && Date.now() - lastChange > SETTLES_AFTER;
}

/** What a `/set` has left undone is thrown. */
export async function change(calls: Call[]): Promise<Answer[]> {
  changes += 1;
  const answers = await request(calls).finally(() => {
    changes -= 1;
    lastChange = Date.now();
  });
  for (const answer of answers) {
    const failed = { ...answer?.notCreated, ...answer?.notUpdated, ...answer?.notDestroyed };
    const first = Object.values(failed)[0] as { type: string; description?: string } | undefined;
    if (first) throw new Refused(first.type, first.description ?? first.type);
  }
  return answers;
}

export interface Uploaded {
  blobId: string;
  type: string;
  size: number;
}

export async function upload(accountId: string, file: Blob): Promise<Uploaded> {
  const headers = { "Content-Type": file.type || "application/octet-stream" };
  const got = await ask(`/jmap/upload/${accountId}`, { method: "POST", headers, body: file });
  const told = await got.json();
  if (!got.ok) throw new Refused(told.type, told.detail ?? got.statusText);
  return told;
}

export function downloadUrl(accountId: string, blobId: string, name: string, type: string): string {
  return `/jmap/download/${accountId}/${blobId}/${encodeURIComponent(name)}?accept=${encodeURIComponent(type)}`;
}

export async function octets(accountId: string, blobId: string, name: string, type: string): Promise<Blob> {
  const got = await ask(downloadUrl(accountId, blobId, name, type));
  if (!got.ok) throw new Refused("notFound", got.statusText);
  return got.blob();
}

export function bodyUrl(accountId: string, blobId: string, images: boolean): string {
  return `/mail/body/${accountId}/${blobId}${images ? "?images=1" : ""}`;
}

/** The same with what stands above it on paper. */
export function printUrl(accountId: string, blobId: string): string {
  return `/mail/body/${accountId}/${blobId}?print=1`;
}

/** How many pictures the body has that are elsewhere. */
export async function blockedIn(accountId: string, blobId: string): Promise<number> {
  const got = await ask(`/mail/body/${accountId}/${blobId}?about=1`);
  return got.ok ? (await got.json()).blocked : 0;
}

const AGAIN_AFTER = 10_000;

/** Calls `act` with the accounts and types that have changed, until it is closed. */
export function listen(act: (changed: Record<string, Record<string, string>>) => void): () => void {
  let source: EventSource;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    source = new EventSource("/jmap/eventsource?types=*&closeafter=no&ping=60");
    source.addEventListener("state", (event) => act(JSON.parse((event as MessageEvent).data).changed));
    source.addEventListener("error", () => {
      // What was refused is not tried again by itself: either the session has ended, which the next request is told,
      // or there was no room.
      if (source.readyState === EventSource.CLOSED) waiting = setTimeout(again, AGAIN_AFTER);
    });
  };
  const again = () => {
    session().then(open, (error: Error) => {
      if (!(error instanceof SignedOut)) waiting = setTimeout(again, AGAIN_AFTER);
    });
  };
  open();
  return () => {
    clearTimeout(waiting);
    source.close();
  };
}
