/** Addresses as people type and paste them. */
import type { Address } from "../jmap/types";

const ADDRESS = /^[^\s@<>,;"]+@[^\s@<>,;"]+$/;

/** Reads `Anna <anna@x>; bob@x`; what is no address is given back as it was typed. */
export function addressesOf(typed: string): { found: Address[]; wrong: string[] } {
  const found: Address[] = [];
  const wrong: string[] = [];
  for (const piece of pieces(typed)) {
    const named = /^(.*?)<([^<>]*)>$/.exec(piece);
    const email = (named?.[2] ?? piece).trim();
    const name = (named?.[1] ?? "").trim().replace(/^"(.*)"$/, "$1") || null;
    if (ADDRESS.test(email)) found.push({ name, email });
    else wrong.push(piece);
  }
  return { found, wrong };
}

/** Parted at commas and the like, but not within quotes. */
function pieces(typed: string): string[] {
  const parted = typed.match(/(?:"[^"]*"|[^,;\n"])+/g) ?? [];
  return parted.map((each) => each.trim()).filter(Boolean);
}
