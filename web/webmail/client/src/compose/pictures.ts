/** Pictures within the text of a letter: parts of it with an id, by which the text names them. RFC 2387, RFC 2392. */
import type { Attached, Draft } from "./draft";

export interface Picture extends Attached {
  cid: string;
}

export const NAMED = "cid:";

/** The pictures that the text shows still. */
export function picturesIn({ rich, body, pictures }: Pick<Draft, "rich" | "body" | "pictures">): Picture[] {
  return rich ? pictures.filter((each) => body.includes(`"${NAMED}${each.cid}"`)) : [];
}
