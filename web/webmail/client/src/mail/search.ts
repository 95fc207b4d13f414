/** What is typed into the search field, as a filter of JMAP. */

export interface Operators {
  filter: Record<string, unknown>;
  /** Names after `in:`, for a folder. */
  folder: string | null;
  /** What no operator could be made of, as a person has typed it. */
  wrong: string[];
}

const PART = /(-?)(?:(\w+):)?(?:"([^"]*)"|(\S+))/g;
const TEXT = new Set(["from", "to", "cc", "bcc", "subject", "body"]);
const SIZES: Record<string, number> = { k: 1024, m: 1024 * 1024, "": 1 };

/** Reads `from:anna subject:"the garden" has:attachment before:2026-05-01 in:archive -newsletter`. */
export function operators(typed: string): Operators {
  const conditions: Record<string, unknown>[] = [];
  const found: Operators = { filter: {}, folder: null, wrong: [] };
  for (const [whole, not, name, quoted, plain] of typed.matchAll(PART)) {
    const value = quoted ?? plain ?? "";
    const key = name?.toLowerCase();
    if (key === "in" && !not) {
      found.folder = value;
      continue;
    }
    const made = key === undefined ? { text: quoted !== undefined ? `"${value}"` : value } : condition(key, value);
    if (made === null) found.wrong.push(whole);
    else conditions.push(not ? { operator: "NOT", conditions: [made] } : made);
  }
  if (conditions.length === 1) found.filter = conditions[0] ?? {};
  else if (conditions.length) found.filter = { operator: "AND", conditions };
  return found;
}

function condition(key: string, value: string): Record<string, unknown> | null {
  const word = value.toLowerCase();
  if (TEXT.has(key)) return value ? { [key]: value } : null;
  if (key === "has") return word === "attachment" ? { hasAttachment: true } : null;
  if (key === "is") return state(word);
  if (key === "before" || key === "after" || key === "since") {
    const day = moment(word);
    return day ? { [key === "before" ? "before" : "after"]: day } : null;
  }
  if (key === "larger" || key === "smaller") {
    const size = /^(\d+)([km]?)b?$/.exec(word);
    const octets = size ? Number(size[1]) * (SIZES[size[2] ?? ""] ?? 1) : 0;
    return size ? { [key === "larger" ? "minSize" : "maxSize"]: octets } : null;
  }
  return null;
}

function state(word: string): Record<string, unknown> | null {
  if (word === "unread") return { notKeyword: "$seen" };
  if (word === "read") return { hasKeyword: "$seen" };
  if (word === "flagged" || word === "starred") return { hasKeyword: "$flagged" };
  if (word === "answered") return { hasKeyword: "$answered" };
  return null;
}

function moment(word: string): string | null {
  if (!/^\d{4}-\d\d-\d\d$/.test(word)) return null;
  const day = new Date(`${word}T00:00:00`);
  return Number.isNaN(day.getTime()) ? null : `${day.toISOString().slice(0, 19)}Z`;
}
