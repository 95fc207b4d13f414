/** Talking to the server: the session of the browser, batched requests, uploads, downloads. */
import { t } from "i18next";
import { Offline, Refused, refused, SignedOut, type Told } from "./errors";
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
  "devices",
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

export interface Visit {
  name: string | null;
  mayStay: boolean;
}

let proof = "";
/** Whether the page goes away: what is asked for then is to arrive all the same. Known before others act on it. */
let going = false;
const toggle = (event: Event) => {
  going = event.type === "pagehide";
};
addEventListener("pagehide", toggle, { capture: true });
addEventListener("pageshow", toggle);
/** Octets that browsers send of a page that goes away, of all such requests. */
const MOST_KEPT_ALIVE = 60_000;

let onSignedOut: () => void = () => {};

/** What happens when the session has ended. */
export function whenSignedOut(act: () => void): void {
  onSignedOut = act;
}

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (proof) headers.set("X-CSRF-Token", proof);
  const small = !init.body || (typeof init.body === "string" && init.body.length < MOST_KEPT_ALIVE);
  const got = await fetch(path, { ...init, headers, credentials: "same-origin", keepalive: going && small }).catch(
    () => {
      throw new Offline();
    },
  );
  if (got.status === 401 && !path.startsWith("/signin/")) {
    onSignedOut();
    throw new SignedOut();
  }
  return got;
}

/** What is answered as JSON, be it a no; `Offline` when the connection breaks off before its end. */
async function read<T>(got: Response): Promise<T & Told & { error?: string }> {
  const text = await got.text().catch(() => {
    throw new Offline();
  });
  try {
    return JSON.parse(text);
  } catch {
    // A proxy before the server has pages of its own, and some answers are a line of text.
    throw refused({ status: got.status, description: text.startsWith("<") ? undefined : text.trim() });
  }
}

/** The same; `Refused` when it is a no, of the kind `no` when that is about what was given. */
async function answered<T>(got: Response, no?: string): Promise<T> {
  const told = await read<T>(got);
  if (got.ok) return told;
  const type = told.type ?? (UNFIT.has(got.status) ? no : undefined);
  throw refused({ ...told, type, status: got.status, description: told.description ?? told.error });
}

const UNFIT = new Set([422, 502]);

/** Who is signed in. */
export async function visit(): Promise<Visit> {
  const told = await answered<Visit & { csrf: string }>(await ask("/signin/session"));
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
  const attempt = () => ask("/signin/session", { method: "POST", headers, body });
  let got = await attempt();
  if (got.status === 403) {
    await visit(); // the proof may have been of a session whose cookies are gone
    got = await attempt();
  }
  const told = await read<Asked & Visit & { csrf: string }>(got);
  if (got.status === 401 && ("codes" in told || "key" in told)) return told;
  if (!got.ok) {
    const why = closed(got);
    throw why ? new Refused("forbidden", why) : refused({ ...told, status: got.status, description: told.error });
  }
  proof = told.csrf;
  return told;
}

/** Until when nobody is let in, after too many have tried. */
function closed(got: Response): string | null {
  const seconds = Number(got.headers.get("Retry-After"));
  if (got.status !== 429 || !seconds) return null;
  const opens = new Date(Date.now() + seconds * 1000 + 59_999);
  return t("signin.closed", { time: opens.toLocaleTimeString(document.documentElement.lang, CLOCK) });
}

const CLOCK: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };

/** Asks the browser for what a security key says. */
export async function askKey(asked: NonNullable<Asked["key"]>): Promise<Second> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked.options);
  const found = (await navigator.credentials.get({ publicKey }).catch(() => null)) as PublicKeyCredential | null;
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
  return answered(await ask("/signin/sessions"));
}

export async function endSession(id: number): Promise<void> {
  await ask(`/signin/sessions/${id}`, { method: "DELETE" });
}

/** Something that pages of this server tell beside JMAP. */
export async function take<T>(path: string): Promise<T> {
  return answered(await ask(path));
}

/** Something that is done there; `no` is the kind of error that says why what was given does not do. */
export async function post<T>(path: string, body: object, method = "POST", no?: string): Promise<T> {
  const headers = { "Content-Type": "application/json" };
  const got = await ask(path, { method, headers, body: JSON.stringify(body) });
  return got.status === 204 ? (null as T) : answered(got, no);
}

/** Leaves the mailing list of an email with one click. */
export async function unsubscribe(accountId: string, blobId: string): Promise<void> {
  await post(`/mail/unsubscribe/${accountId}/${blobId}`, {}, "POST", "listStays");
}

export async function session(): Promise<Session> {
  return answered(await ask("/jmap/session"));
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
  const { methodResponses: responses } = await answered<{ methodResponses: [string, Answer, string][] }>(got);
  return methodCalls.map(([, , id]) => {
    const [name, answer] = responses.find((one) => one[2] === id) ?? [];
    return name === "error" ? refused(answer) : answer;
  });
}

let changes = 0;
let lastChange = 0;
const SETTLES_AFTER = 300;

/** Whether nothing is being changed here, nor was a moment ago: what comes then is the work of others. */
export function settled(): boolean {
  return changes === 0 && Date.now() - lastChange > SETTLES_AFTER;
}

/** What a `/set` has left undone is thrown; what is to be deleted and is not there has gone already. */
export async function change(calls: Call[]): Promise<Answer[]> {
  changes += 1;
  const answers = await request(calls).finally(() => {
    changes -= 1;
    lastChange = Date.now();
  });
  for (const answer of answers) {
    const kept = Object.values((answer?.notDestroyed ?? {}) as Record<string, Told>);
    const failed: Told[] = [...Object.values<Told>({ ...answer?.notCreated, ...answer?.notUpdated }), ...kept];
    const first = failed.find((each) => !kept.includes(each) || each.type !== "notFound");
    if (first) throw refused(first);
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
  return answered(got);
}

export function downloadUrl(accountId: string, blobId: string, name: string, type: string): string {
  return `/jmap/download/${accountId}/${blobId}/${encodeURIComponent(name)}?accept=${encodeURIComponent(type)}`;
}

export async function octets(accountId: string, blobId: string, name: string, type: string): Promise<Blob> {
  const got = await ask(downloadUrl(accountId, blobId, name, type));
  if (!got.ok) throw refused({ status: got.status });
  return got.blob().catch(() => {
    throw new Offline();
  });
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

/** Calls `act` with the accounts and types that have changed, until it is closed; `missed` when nobody told for a time. */
export function listen(act: (changed: Record<string, Record<string, string>>) => void, missed: () => void): () => void {
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
    session().then(
      () => {
        open();
        missed();
      },
      (error: Error) => {
        if (!(error instanceof SignedOut)) waiting = setTimeout(again, AGAIN_AFTER);
      },
    );
  };
  open();
  return () => {
    clearTimeout(waiting);
    source.close();
  };
}
