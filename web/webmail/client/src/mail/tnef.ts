/** winmail.dat, as Outlook sends it: a message's text and files in one. MS-OXTNEF, MS-OXCDATA. */

export interface Inner {
  name: string;
  type: string;
  octets: Uint8Array<ArrayBuffer>;
}

export interface Opened {
  subject: string;
  text: string;
  html: string;
  files: Inner[];
}

export class NotTnef extends Error {}

const SIGNATURE = 0x223e9f78;
const DEEPEST = 4;
const MOST_FILES = 500;
/** Attributes: the kind and the number of each. MS-OXTNEF §2.1.3.2. */
const SUBJECT = 0x00018004;
const BODY = 0x0002800c;
const MESSAGE_PROPERTIES = 0x00069003;
const ATTACH_BEGINS = 0x00069002;
const ATTACH_TITLE = 0x00018010;
const ATTACH_DATA = 0x0006800f;
const ATTACH_PROPERTIES = 0x00069005;
const CODE_PAGE = 0x00069007;
/** Properties. MS-OXPROPS. */
const P_SUBJECT = 0x0037;
const P_BODY = 0x1000;
const P_HTML = 0x1013;
const P_DATA = 0x3701;
const P_SHORT_NAME = 0x3704;
const P_LONG_NAME = 0x3707;
const P_TYPE = 0x370e;
/** Octets of a value of each kind; of the others the length stands before it. MS-OXCDATA §2.11.1. */
const FIXED: Record<number, number> = { 1: 0, 2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 4, 20: 8, 64: 8, 72: 16 };
const TEXT = 0x1e;
const UNICODE = 0x1f;
const OBJECT = 0x0d;
const BINARY = 0x102;
/** Of an object that is a message: IID_IMessage. */
const GUID = 16;

type Value = string | Uint8Array<ArrayBuffer>;

/** Reads on, and no further than there is. */
class Cursor {
  at = 0;
  private readonly view: DataView;
  constructor(readonly octets: Uint8Array<ArrayBuffer>) {
    this.view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  }
  get left(): number {
    return this.octets.length - this.at;
  }
  take(count: number): Uint8Array<ArrayBuffer> {
    if (count > this.left) throw new NotTnef("cut off");
    this.at += count;
    return this.octets.subarray(this.at - count, this.at);
  }
  u8(): number {
    return this.take(1)[0] as number;
  }
  u16(): number {
    this.take(2);
    return this.view.getUint16(this.at - 2, true);
  }
  u32(): number {
    this.take(4);
    return this.view.getUint32(this.at - 4, true);
  }
}

const ansi = (octets: Uint8Array, page: string) => new TextDecoder(page).decode(octets).replace(/\0+$/, "");
const wide = (octets: Uint8Array) => new TextDecoder("utf-16le").decode(octets).replace(/\0+$/, "");

/** What is in it. `NotTnef` when it is something else, or broken from the start. */
export function opened(octets: Uint8Array<ArrayBuffer>, depth = 0): Opened {
  const cursor = new Cursor(octets);
  if (cursor.left < 6 || cursor.u32() !== SIGNATURE) throw new NotTnef("no TNEF");
  cursor.u16(); // the key
  const found: Opened = { subject: "", text: "", html: "", files: [] };
  let page = "windows-1252";
  let file: Inner | null = null;
  while (cursor.left > 9) {
    cursor.u8(); // the level
    const id = cursor.u32();
    const length = cursor.u32();
    // What is cut off in the middle is no reason to have nothing of what stands before.
    if (length + 2 > cursor.left) break;
    const data = cursor.take(length);
    cursor.u16(); // the sum
    if (id === CODE_PAGE && length >= 4) page = encodingOf(new Cursor(data).u32());
    else if (id === SUBJECT) found.subject ||= ansi(data, page);
    else if (id === BODY) found.text ||= ansi(data, page);
    else if (id === MESSAGE_PROPERTIES) takeMessage(found, properties(data, page), page);
    else if (id === ATTACH_BEGINS) {
      if (found.files.length >= MOST_FILES) break;
      file = { name: "", type: "application/octet-stream", octets: new Uint8Array(0) };
      found.files.push(file);
    } else if (file && id === ATTACH_TITLE) file.name ||= ansi(data, page);
    else if (file && id === ATTACH_DATA) file.octets = data;
    else if (file && id === ATTACH_PROPERTIES) takeFile(found, file, properties(data, page), depth);
  }
  found.files = found.files.filter((each) => each.octets.length);
  for (const [at, each] of found.files.entries()) each.name = plain(each.name) || `file-${at + 1}`;
  return found;
}

/** A name without what leads into another folder. */
function plain(name: string): string {
  return (name.split(/[/\\]/).at(-1) ?? "").replace(/\p{Cc}/gu, "").trim();
}

function encodingOf(page: number): string {
  const name =
    page === 65001
      ? "utf-8"
      : page === 932
        ? "shift_jis"
        : page === 936
          ? "gbk"
          : page === 949
            ? "euc-kr"
            : `windows-${page}`;
  try {
    new TextDecoder(name);
    return name;
  } catch {
    return "windows-1252";
  }
}

function takeMessage(found: Opened, values: Map<number, Value>, page: string): void {
  const subject = values.get(P_SUBJECT);
  const body = values.get(P_BODY);
  const html = values.get(P_HTML);
  if (typeof subject === "string") found.subject = subject || found.subject;
  if (typeof body === "string") found.text = body || found.text;
  if (html !== undefined) found.html = typeof html === "string" ? html : ansi(html, page);
}

function takeFile(found: Opened, file: Inner, values: Map<number, Value>, depth: number): void {
  const text = (id: number) => {
    const value = values.get(id);
    return typeof value === "string" ? value : "";
  };
  file.name = text(P_LONG_NAME) || file.name || text(P_SHORT_NAME);
  file.type = /^[\w.+-]+\/[\w.+-]+$/.test(text(P_TYPE)) ? text(P_TYPE).toLowerCase() : file.type;
  const data = values.get(P_DATA);
  if (!(data instanceof Uint8Array)) return;
  if (depth < DEEPEST && data.length > GUID + 6) {
    try {
      const inner = opened(data.subarray(GUID), depth + 1);
      const body = new TextEncoder().encode(inner.text || inner.html);
      if (body.length)
        found.files.push({
          name: `${inner.subject || "message"}.${inner.text ? "txt" : "html"}`,
          type: "text/plain",
          octets: body,
        });
      found.files.push(...inner.files.slice(0, MOST_FILES));
      return;
    } catch {
      // It is a file as it is.
    }
  }
  if (!file.octets.length) file.octets = data;
}

/** The properties that a list of them has, by number; those with names of their own are passed over. MS-OXTNEF §2.1.3.4. */
function properties(octets: Uint8Array<ArrayBuffer>, page: string): Map<number, Value> {
  const found = new Map<number, Value>();
  const cursor = new Cursor(octets);
  try {
    for (let left = cursor.u32(); left > 0; left -= 1) {
      const kind = cursor.u16();
      const id = cursor.u16();
      if (id >= 0x8000) skipName(cursor);
      const value = valueAt(cursor, kind, page);
      if (value !== null && !found.has(id)) found.set(id, value);
    }
  } catch (error) {
    if (!(error instanceof NotTnef)) throw error; // what stands before what is broken is there
  }
  return found;
}

const padded = (length: number) => (length + 3) & ~3;

function skipName(cursor: Cursor): void {
  cursor.take(GUID);
  if (cursor.u32() === 0) cursor.take(4);
  else cursor.take(padded(cursor.u32()));
}

function valueAt(cursor: Cursor, kind: number, page: string): Value | null {
  const many = (kind & 0x1000) !== 0;
  const one = kind & 0x0fff;
  const fixed = FIXED[one];
  if (fixed !== undefined) {
    cursor.take(many ? cursor.u32() * fixed : fixed);
    return null;
  }
  if (![TEXT, UNICODE, OBJECT, BINARY].includes(one)) throw new NotTnef(`kind ${kind}`);
  let first: Value | null = null;
  for (let left = cursor.u32(); left > 0; left -= 1) {
    const length = cursor.u32();
    const data = cursor.take(length);
    cursor.take(Math.min(padded(length) - length, cursor.left));
    first ??= one === TEXT ? ansi(data, page) : one === UNICODE ? wide(data) : data;
  }
  return first;
}
