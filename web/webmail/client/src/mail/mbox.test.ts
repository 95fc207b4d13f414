import { describe, expect, it } from "vitest";
import { type Found, messageOf, messagesIn, TooLong } from "./mbox";

const octets = (text: string) => new TextEncoder().encode(text);
const text = (found: Found | TooLong) =>
  found instanceof TooLong ? "too long" : new TextDecoder().decode(found.octets);

/** As a file comes, in pieces of so many octets. */
async function messages(file: string, piece: number, most = 1_000_000): Promise<(Found | TooLong)[]> {
  const all = octets(file);
  const stream = new ReadableStream<Uint8Array>({
    start(control) {
      for (let at = 0; at < all.length; at += piece) control.enqueue(all.slice(at, at + piece));
      control.close();
    },
  });
  const found: (Found | TooLong)[] = [];
  for await (const each of messagesIn(stream, most)) found.push(each);
  return found;
}

const MBOX = [
  "From anna@far.test Thu Nov 26 10:00:00 2026",
  "Subject: One",
  "Status: RO",
  "X-Status: F",
  "X-Keywords: garden",
  "Date: Thu, 26 Nov 2026 11:00:00 +0100",
  "",
  ">From here on",
  "From then on it rained.",
  "",
  "From here it is no separator",
  "",
  "From bob@far.test Fri Nov 27 10:00:00 2026",
  "Subject: Two",
  "",
  "Bye",
  "",
].join("\n");

describe("files of mail", () => {
  it.each([1, 3, 50, 10_000])("are taken apart, in pieces of %i octets", async (piece) => {
    const [one, two, ...more] = await messages(MBOX, piece);
    expect(more).toEqual([]);
    expect(text(one as Found)).toBe(
      `${MBOX.split("\n").slice(1, 7).join("\n")}\nFrom here on\nFrom then on it rained.\n\nFrom here it is no separator\n`,
    );
    expect((one as Found).keywords).toEqual({ $seen: true, $flagged: true, garden: true });
    expect((one as Found).receivedAt).toBe("2026-11-26T10:00:00Z");
    expect(text(two as Found)).toBe("Subject: Two\n\nBye\n");
  });
  it("leave out what is too long, and go on behind it", async () => {
    const long = MBOX.replace("From then on", `${"x".repeat(70)}\n`.repeat(40));
    const [one, two] = await messages(long, 100, 1000);
    expect([text(one as Found), text(two as Found)]).toEqual(["too long", "Subject: Two\n\nBye\n"]);
  });
  it("have nothing in them when they are something else", async () => {
    expect(await messages("%PDF-1.4\nFrom x\n", 5)).toEqual([]);
  });
  it("are one message, when they are .eml", () => {
    const found = messageOf(
      octets("Received: by x; Fri, 27 Nov 2026 10:00:00 +0000 (UTC)\r\nSubject: x\r\n\r\nDate: no\r\n"),
    );
    expect(found.receivedAt).toBe("2026-11-27T10:00:00Z");
  });
});
