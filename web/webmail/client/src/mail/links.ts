const LINK = /(https?:\/\/[^\s<>"')\]]*[^\s<>"')\].,;:!?]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)/g;

/** The pieces of a line: each second one is an address, of a page or of somebody. The stop after it is not part of it. */
export function piecesOf(line: string): string[] {
  return line.split(LINK);
}
