/** What goes wrong, in words of the page's language. RFC 8620 §3.6, §5.3; RFC 8621; RFC 7807. */
import i18next, { t } from "i18next";

/** Nobody is signed in any more; the page to sign in says so, nothing else has to. */
export class SignedOut extends Error {}

/** There is no connection to the server. */
export class Offline extends Error {
  constructor() {
    super(t("app.noConnection"));
  }
}

/** The server has said no; the message is for people. */
export class Refused extends Error {
  constructor(
    readonly kind: string,
    message: string,
  ) {
    super(message);
  }
}

/** A SetError, an error of a method, or a problem of a whole request. */
export interface Told {
  type?: string;
  status?: number;
  description?: string;
  detail?: string;
  /** What of an object is not right, by the names of JMAP. */
  properties?: string[];
  /** What exactly is wrong, as a word of this server (`code` beside JMAP), and the numbers that belong to it. */
  reason?: string;
  code?: string;
  facts?: Record<string, unknown>;
  /** Whom it cannot go to. RFC 8621 §7.5. */
  invalidRecipients?: string[];
}

const OF_STATUS: Record<number, string> = {
  401: "credentials",
  403: "forbidden",
  404: "notFound",
  409: "alreadyExists",
  413: "tooLarge",
  429: "rateLimit",
  502: "serverUnavailable",
  503: "serverUnavailable",
  504: "serverUnavailable",
  507: "overQuota",
};
const PREFIX = "urn:ietf:params:jmap:error:";
/** The codes before what a mail server says. RFC 5321 §4.2, RFC 3463. */
const REPLY = /^\d{3} (\d\.\d{1,3}\.\d{1,3} )?/;
/** Says no more than the status. */
const BLANK = "about:blank";

function kindOf({ type, status = 0 }: Told): string {
  const said = type?.startsWith(PREFIX) ? type.slice(PREFIX.length) : type;
  if (said && said !== BLANK && said !== "limit") return said;
  return OF_STATUS[status] ?? (status >= 500 ? "serverFail" : status ? "invalidArguments" : "serverFail");
}

/** The error for what the server has told. Its own words are English: who reads another language reads what its reason
 * or its type says, and those words where neither is known here. */
export function refused(told: Told): Refused {
  const kind = kindOf(told);
  const said = (told.description ?? told.detail)?.replace(REPLY, "");
  const known = i18next.exists(`wrong.${kind}`);
  if (!known || (said && i18next.language === "en")) return new Refused(kind, said || kind);
  const reason = told.reason ?? told.code;
  if (reason && i18next.exists(`wrong.reason.${reason}`))
    return new Refused(kind, t(`wrong.reason.${reason}`, { ...told.facts }));
  const [only, ...more] = told.properties ?? [];
  if (only && !more.length && i18next.exists(`wrong.invalid.${only}`))
    return new Refused(kind, t(`wrong.invalid.${only}`));
  const properties = (told.properties ?? []).map((each) => t(`wrong.of.${each}`, { defaultValue: each }));
  const names = told.invalidRecipients ?? properties;
  return new Refused(kind, names.length ? `${t(`wrong.${kind}`)} (${names.join(", ")})` : t(`wrong.${kind}`));
}

/** How it went the last time that something was fetched from elsewhere. */
export interface Fetched {
  error: string | null;
  errorReason: string | null;
}

/** What was wrong then, in the server's words where no reason is told; "": nothing. */
export function troubleOf({ error, errorReason }: Fetched): string {
  if (!error || !errorReason) return error ?? "";
  return refused({ type: "serverUnavailable", description: error, reason: errorReason }).message;
}
