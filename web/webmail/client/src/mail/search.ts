/** What is typed into the search field, as a filter of JMAP. */

type Filter = Record<string, unknown>;

export interface Operators {
  filter: Filter;
  /** Names after `in:`, for a folder. */
  folder: string | null;
  /** Names after `-in:`. */
  without: string[];
  /** What no operator could be made of, as a person has typed it. */
  wrong: string[];
}

const PART = /(-?)(?:(\w+):)?(?:"([^"]*)"|(\S+))/g;
const TEXT = new Set(["from", "to", "cc", "bcc", "subject", "body"]);
const KNOWN = new Set([...TEXT, "in", "is", "has", "label", "before", "after", "since", "larger", "smaller"]);
const SIZES: Record<string, number> = { k: 1024, m: 1024 * 1024, "": 1 };

/** Reads `from:anna subject:"the garden" has:attachment before:2026-05-01 in:archive -newsletter`. */
export function operators(typed: string, labelled: (name: string) => string | null = () => null): Operators {
  const conditions: Filter[] = [];
  const found: Operators = { filter: {}, folder: null, without: [], wrong: [] };
  for (const [whole, not, name, quoted, plain] of typed.matchAll(PART)) {
    const key = name && KNOWN.has(name.toLowerCase()) ? name.toLowerCase() : undefined;
    // `https://example.org` and `Re:` are words like others.
    const value = key === undefined && name !== undefined ? whole.slice(not?.length) : (quoted ?? plain ?? "");
    const phrase = quoted !== undefined && (key !== undefined || name === undefined) ? `"${value}"` : value;
    if (key === "in") {
      if (not) found.without.push(value);
      else found.folder = value;
      continue;
    }
    const made = key === undefined ? { text: phrase } : condition(key, value, phrase, labelled);
    if (made === null) found.wrong.push(whole);
    else conditions.push(not ? { operator: "NOT", conditions: [made] } : made);
  }
  found.filter = all(conditions);
  return found;
}

/** What matches all of them. */
export function all(conditions: Filter[]): Filter {
  return conditions.length > 1 ? { operator: "AND", conditions } : (conditions[0] ?? {});
}

function condition(
  key: string,
  value: string,
  phrase: string,
  labelled: (name: string) => string | null,
): Filter | null {
  const word = value.toLowerCase();
  if (TEXT.has(key)) return value ? { [key]: phrase } : null;
  if (key === "has") return word === "attachment" ? { hasAttachment: true } : null;
  if (key === "is") return state(word);
  if (key === "label") {
    const keyword = labelled(value);
    return keyword ? { hasKeyword: keyword } : null;
  }
  if (key === "larger" || key === "smaller") {
    const size = /^(\d+)([km]?)b?$/.exec(word);
    const octets = size ? Number(size[1]) * (SIZES[size[2] ?? ""] ?? 1) : 0;
    return size ? { [key === "larger" ? "minSize" : "maxSize"]: octets } : null;
  }
  const day = moment(word);
  return day ? { [key === "before" ? "before" : "after"]: day } : null;
}

const STATES: Record<string, Filter> = {
  unread: { notKeyword: "$seen" },
  read: { hasKeyword: "$seen" },
  flagged: { hasKeyword: "$flagged" },
  starred: { hasKeyword: "$flagged" },
  answered: { hasKeyword: "$answered" },
  pinned: { hasKeyword: "$pinned" },
};

function state(word: string): Filter | null {
  return STATES[word] ?? null;
}

function moment(word: string): string | null {
  if (!/^\d{4}-\d\d-\d\d$/.test(word)) return null;
  const day = new Date(`${word}T00:00:00`);
  return Number.isNaN(day.getTime()) ? null : `${day.toISOString().slice(0, 19)}Z`;
}
