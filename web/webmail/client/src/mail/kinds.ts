/** What can be looked at of attachments, by type and name. */
import type { Part } from "../jmap/types";

export type Kind = "picture" | "pdf" | "message" | "card" | "calendar" | "winmail" | "text";

const TYPES: [RegExp, Kind][] = [
  [/^image\/(png|jpeg|gif|webp|avif|bmp)$/, "picture"],
  [/^application\/pdf$/, "pdf"],
  [/^message\/(rfc822|global)$/, "message"],
  [/^text\/(x-)?vcard$|^text\/directory$/, "card"],
  [/^text\/calendar$|^application\/ics$/, "calendar"],
  [/^application\/(vnd\.)?ms-tnef$/, "winmail"],
  [/^text\/(plain|csv|markdown|x-log)$|^application\/json$/, "text"],
];
/** Where a program has not said what it is. */
const NAMES: [RegExp, Kind][] = [
  [/^winmail\.dat$/i, "winmail"],
  [/\.pdf$/i, "pdf"],
  [/\.vcf$/i, "card"],
  [/\.ics$/i, "calendar"],
];

export function kindOf(part: Pick<Part, "type" | "name">): Kind | null {
  const type = part.type.toLowerCase();
  const found = TYPES.find(([each]) => each.test(type))?.[1];
  if (found || type !== "application/octet-stream") return found ?? null;
  return NAMES.find(([each]) => each.test(part.name ?? ""))?.[1] ?? null;
}
