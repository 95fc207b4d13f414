/** Rules as the wizard has them, the Sieve (RFC 5228) that they come to, and back.
 *
 * The first line of a script keeps the rules themselves; a script that is not what its rules come to was changed by
 * somebody else, and is not taken for one of ours.
 */

export const FIELDS = ["from", "to", "subject", "header", "body", "size", "list", "spam", "all"] as const;
export type Field = (typeof FIELDS)[number];
export const OPS = ["contains", "is", "starts", "ends"] as const;
export type Op = (typeof OPS)[number] | "over" | "under";
export const ACTIONS = ["move", "copy", "flag", "read", "label", "forward", "reject", "discard", "stop"] as const;
export type ActionKind = (typeof ACTIONS)[number];

export interface Test {
  field: Field;
  op: Op;
  not: boolean;
  value: string;
  /** The name, where the field is any header. */
  header: string;
}

export interface Action {
  kind: ActionKind;
  /** A folder (its id), an address, a text, a keyword. */
  value: string;
  /** What the folder is called. */
  name: string;
}

export interface Rule {
  name: string;
  on: boolean;
  /** One condition is enough. */
  any: boolean;
  tests: Test[];
  actions: Action[];
}

export interface Filters {
  rules: Rule[];
  forward: { on: boolean; to: string[]; keep: boolean };
  /** Of scripts of former times; they are carried over to the senders of the account. */
  blocked: string[];
}

export const NO_FILTERS: Filters = { rules: [], forward: { on: false, to: [], keep: true }, blocked: [] };
export const NEW_TEST: Test = { field: "from", op: "contains", not: false, value: "", header: "" };
const MARK = "# postroom rules 1 ";

/** A string of Sieve. */
function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}

/** A text within a pattern of `:matches`. */
function literal(text: string): string {
  return text.replace(/[\\*?]/g, "\\$&");
}

function matching({ op, value }: Test): string {
  if (op === "is") return `:is KEY ${quoted(value)}`;
  if (op === "starts") return `:matches KEY ${quoted(`${literal(value)}*`)}`;
  if (op === "ends") return `:matches KEY ${quoted(`*${literal(value)}`)}`;
  return `:contains KEY ${quoted(value)}`;
}

function conditionOf(test: Test, needs: Set<string>): string {
  const match = matching(test);
  const on = (name: string, key: string) => `${name} ${match.replace("KEY", key)}`;
  let found: string;
  switch (test.field) {
    case "from":
      found = on("address", '"from"');
      break;
    case "to":
      found = on("address", '["to", "cc", "bcc"]');
      break;
    case "subject":
      found = on("header", '"subject"');
      break;
    case "header":
      found = on("header", quoted(test.header));
      break;
    case "list":
      found = on("header", '"list-id"');
      break;
    case "body":
      needs.add("body");
      found = `body :text ${match.replace("KEY ", "")}`;
      break;
    case "size":
      found = `size :${test.op === "under" ? "under" : "over"} ${Math.max(0, Math.round(Number(test.value) || 0))}K`;
      break;
    case "spam":
      found = 'header :contains "x-spam-flag" "YES"';
      break;
    default:
      found = "true";
  }
  return test.not ? `not ${found}` : found;
}

function commandOf({ kind, value, name }: Action, needs: Set<string>): string {
  const need = (...all: string[]) => {
    for (const each of all) needs.add(each);
  };
  switch (kind) {
    case "move":
      need("fileinto", "mailboxid");
      return `fileinto :mailboxid ${quoted(value)} ${quoted(name)};`;
    case "copy":
      need("fileinto", "mailboxid", "copy");
      return `fileinto :copy :mailboxid ${quoted(value)} ${quoted(name)};`;
    case "flag":
      need("imap4flags");
      return 'addflag "\\\\Flagged";';
    case "read":
      need("imap4flags");
      return 'addflag "\\\\Seen";';
    case "label":
      need("imap4flags");
      return `addflag ${quoted(value)};`;
    case "forward":
      need("copy");
      return `redirect :copy ${quoted(value)};`;
    case "reject":
      need("reject");
      return `reject ${quoted(value)};`;
    case "discard":
      return "discard;";
    default:
      return "stop;";
  }
}

/** Flags first: they go with what is filed behind them. What ends the script is last. */
const ORDER: ActionKind[] = ["flag", "read", "label", "copy", "forward", "move", "reject", "discard", "stop"];

function ruleOf(rule: Rule, needs: Set<string>): string[] {
  const tests = rule.tests.length ? rule.tests : [{ ...NEW_TEST, field: "all" as const }];
  const conditions = tests.map((each) => conditionOf(each, needs));
  const test = conditions.length === 1 ? conditions[0] : `${rule.any ? "anyof" : "allof"} (${conditions.join(", ")})`;
  const actions = [...rule.actions].sort((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind));
  const comment = `# ${rule.name.replace(/[\r\n]+/g, " ")}`;
  return [comment, `if ${test} {`, ...actions.map((each) => `    ${commandOf(each, needs)}`), "}"];
}

function encoded(filters: Filters): string {
  const octets = new TextEncoder().encode(JSON.stringify(filters));
  return btoa(Array.from(octets, (each) => String.fromCharCode(each)).join(""));
}

function decoded(text: string): Filters {
  const octets = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  return { ...NO_FILTERS, ...(JSON.parse(new TextDecoder().decode(octets)) as Partial<Filters>) };
}

export function sieveOf(filters: Filters): string {
  const needs = new Set<string>();
  const lines: string[] = [];
  if (filters.blocked.length) {
    needs.add("fileinto").add("special-use");
    const senders = filters.blocked.map((each) => quoted(each)).join(", ");
    lines.push(
      "# blocked",
      `if address :is "from" [${senders}] {`,
      '    fileinto :specialuse "\\\\Junk" "Junk";',
      "    stop;",
      "}",
    );
  }
  const { forward } = filters;
  if (forward.on && forward.to.length) {
    needs.add("copy");
    lines.push("# forwarding", ...forward.to.map((each) => `redirect :copy ${quoted(each)};`));
  }
  for (const rule of filters.rules) if (rule.on && rule.actions.length) lines.push(...ruleOf(rule, needs));
  if (forward.on && forward.to.length && !forward.keep) lines.push("# forwarded, and not kept here", "discard;");
  const require = needs.size ? [`require [${[...needs].sort().map(quoted).join(", ")}];`] : [];
  return `${[MARK + encoded(filters), ...require, ...lines].join("\r\n")}\r\n`;
}

/** The rules of a script that the wizard wrote; null: it is of somebody else, or was changed since. */
export function filtersOf(script: string): Filters | null {
  const first = script.split(/\r?\n/, 1)[0] ?? "";
  if (!first.startsWith(MARK)) return null;
  try {
    const found = decoded(first.slice(MARK.length));
    return sieveOf(found) === script ? found : null;
  } catch {
    return null;
  }
}

/** What speaks against a rule, as the name of words; null: nothing. */
export function faultOf(rule: Rule): string | null {
  if (!rule.actions.length) return "noAction";
  for (const each of rule.tests) {
    if (each.field !== "all" && each.field !== "spam" && !each.value.trim()) return "noValue";
    if (each.field === "header" && !/^[!-9;-~]+$/.test(each.header)) return "noHeader";
    if (each.field === "size" && !(Number(each.value) > 0)) return "noSize";
  }
  for (const each of rule.actions) {
    if ((each.kind === "move" || each.kind === "copy") && !each.value) return "noFolder";
    if (each.kind === "forward" && !/^[^\s@<>,;"]+@[^\s@<>,;"]+$/.test(each.value)) return "noAddress";
    if (each.kind === "label" && !/^[A-Za-z0-9_.-]{1,64}$/.test(each.value)) return "noLabel";
    if (each.kind === "reject" && !each.value.trim()) return "noText";
  }
  return null;
}
