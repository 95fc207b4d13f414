/** Files of mail, taken apart: an .eml file is one message, an mbox many, each behind a line that begins with `From `. */

export interface Found {
  octets: Uint8Array;
  keywords: Record<string, true>;
  /** When it came, a UTCDate; null: nothing says so. */
  receivedAt: string | null;
}

const NEWLINE = 10;
const RETURN = 13;
const QUOTE = 62;
const FROM = [70, 114, 111, 109, 32];
/** A separator has a time; a sentence that begins with From has none. */
const SEPARATOR = /^From .*\d:\d\d/;
const HEADER_MOST = 256 * 1024;
const STATUS: Record<string, string> = { R: "$seen", A: "$answered", F: "$flagged", T: "$draft" };

/** Text of octets, one sign for each. */
function signs(octets: Uint8Array): string {
  let text = "";
  for (let at = 0; at < octets.length; at += 8192) text += String.fromCharCode(...octets.subarray(at, at + 8192));
  return text;
}

/** The message of an .eml file. */
export function messageOf(octets: Uint8Array): Found {
  return { octets, keywords: {}, receivedAt: moment(headerOf(octets)) };
}

function headerOf(octets: Uint8Array): Map<string, string> {
  const text = signs(octets.subarray(0, HEADER_MOST));
  const end = /\r?\n\r?\n/.exec(text)?.index ?? text.length;
  const found = new Map<string, string>();
  for (const line of text
    .slice(0, end)
    .replace(/\r?\n[ \t]+/g, " ")
    .split(/\r?\n/)) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).trim().toLowerCase();
    if (colon > 0 && !found.has(name)) found.set(name, line.slice(colon + 1).trim());
  }
  return found;
}

/** When it came here, as its topmost Received says, else when it says that it was written. */
function moment(header: Map<string, string>): string | null {
  for (const said of [header.get("received")?.split(";").at(-1), header.get("date")]) {
    const at = new Date((said ?? "").replace(/\(.*?\)/g, ""));
    if (said && !Number.isNaN(at.getTime())) return `${at.toISOString().slice(0, 19)}Z`;
  }
  return null;
}

function fromMbox(lines: Uint8Array): Found {
  const octets = unquoted(lines);
  const header = headerOf(octets);
  const letters = `${header.get("status") ?? ""}${header.get("x-status") ?? ""}`;
  const marks = Object.entries(STATUS).filter(([letter]) => letters.includes(letter));
  const words = (header.get("x-keywords") ?? "")
    .split(/[\s,]+/)
    .filter((each) => /^[!#$&'+,\-./0-9:;<=>?@A-Z[^_`a-z|}~]{1,255}$/.test(each));
  const keywords = Object.fromEntries([...marks.map(([, word]) => [word, true]), ...words.map((word) => [word, true])]);
  return { octets, keywords, receivedAt: moment(header) };
}

/** Without the mark before lines that begin with `>From `, and without the empty line at the end. */
function unquoted(lines: Uint8Array): Uint8Array {
  let end = lines.length;
  const last = (at: number) => lines[at - 1] === NEWLINE;
  const before = (at: number) => at - (lines[at - 2] === RETURN ? 2 : 1);
  if (last(end) && (before(end) === 0 || last(before(end)))) end = before(end);
  const kept = new Uint8Array(end);
  let size = 0;
  for (let at = 0; at < end; at += 1) {
    const begins = at === 0 || lines[at - 1] === NEWLINE;
    if (begins && lines[at] === QUOTE) {
      let next = at;
      while (lines[next] === QUOTE) next += 1;
      if (FROM.every((sign, offset) => lines[next + offset] === sign)) continue;
    }
    kept[size] = lines[at] as number;
    size += 1;
  }
  return kept.subarray(0, size);
}

export class TooLong extends Error {}

/** The messages of an mbox file, read as far as they are wanted; one longer than `most` is a `TooLong` in its place. */
export async function* messagesIn(file: ReadableStream<Uint8Array>, most: number): AsyncGenerator<Found | TooLong> {
  const reader = file.getReader();
  let held = new Uint8Array(0);
  /** Where the next message begins, behind its separator; -1: none has begun. */
  let begun = -1;
  let looked = 0;
  let tooLong = false;
  let first = true;
  const give = (upto: number): Found | TooLong => (tooLong ? new TooLong() : fromMbox(held.subarray(begun, upto)));
  for (;;) {
    const { value, done } = await reader.read();
    if (value) held = joined(held, value);
    for (;;) {
      const at = separator(held, looked, first);
      if (at === null) break;
      const end = held.indexOf(NEWLINE, at);
      if (begun >= 0) yield give(at);
      tooLong = false;
      held = held.slice(end + 1);
      begun = 0;
      looked = 0;
      first = false;
    }
    if (done) break;
    if (begun < 0 && held.length > HEADER_MOST) {
      await reader.cancel(); // it is no mbox, whatever it is
      return;
    }
    // What may be the beginning of a separator is looked at again.
    looked = Math.max(0, held.lastIndexOf(NEWLINE) - 1);
    if (begun >= 0 && held.length > most) {
      tooLong = true;
      held = held.slice(looked);
      looked = 0;
    }
  }
  if (begun >= 0) yield give(held.length);
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

/** Where a separator begins that is there as a whole: at the very beginning, or behind an empty line. */
function separator(held: Uint8Array, from: number, first: boolean): number | null {
  for (let at = from; at < held.length; ) {
    const blank = at === 0 ? first : isBlankBefore(held, at);
    if (blank && FROM.every((sign, offset) => held[at + offset] === sign)) {
      const end = held.indexOf(NEWLINE, at);
      if (end < 0) return null;
      if (at === 0 || SEPARATOR.test(signs(held.subarray(at, Math.min(end, at + 500))))) return at;
    }
    const next = held.indexOf(NEWLINE, at);
    if (next < 0 || first) return null; // a file that begins with something else is none
    at = next + 1;
  }
  return null;
}

function isBlankBefore(held: Uint8Array, at: number): boolean {
  if (held[at - 1] !== NEWLINE) return false;
  const end = held[at - 2] === RETURN ? at - 2 : at - 1;
  return end === 0 || held[end - 1] === NEWLINE;
}
