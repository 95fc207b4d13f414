import { describe, expect, it } from "vitest";
import { NotTnef, opened } from "./tnef";

const bytes = (...parts: (number[] | Uint8Array)[]) => new Uint8Array(parts.flatMap((each) => [...each]));
const u16 = (value: number) => [value & 255, value >> 8];
const u32 = (value: number) => [...u16(value & 0xffff), ...u16(value >>> 16)];
const ascii = (text: string) => [...new TextEncoder().encode(text)];
const wide = (text: string) => [...text, "\0"].flatMap((each) => u16(each.charCodeAt(0)));
const attribute = (id: number, data: number[]) => [1, ...u32(id), ...u32(data.length), ...data, 0, 0];
const text = (id: number, value: string) => {
  const data = wide(value);
  return [
    ...u16(0x1f),
    ...u16(id),
    ...u32(1),
    ...u32(data.length),
    ...data,
    ...new Array((4 - (data.length % 4)) % 4).fill(0),
  ];
};
const list = (...each: number[][]) => [...u32(each.length), ...each.flat()];
const HEAD = [...u32(0x223e9f78), 1, 0];

describe("winmail.dat", () => {
  const named = [...u16(3), ...u16(0x8001), ...new Array(16).fill(7), ...u32(0), ...u32(5), ...u32(9)];
  const file = bytes(
    HEAD,
    attribute(0x00069007, [...u32(1252), ...u32(0)]),
    attribute(0x00018004, ascii("Plans\0")),
    attribute(0x00069003, list(named, text(0x1000, "Grüße"))),
    attribute(0x00069002, new Array(14).fill(0)),
    attribute(0x00018010, [...ascii("PLAN~1.TXT"), 0]),
    attribute(0x0006800f, ascii("beds")),
    attribute(0x00069005, list(text(0x3707, "..\\plän.txt"), text(0x370e, "text/plain"))),
  );
  it("has a subject, a text and files, each with its long name and no way into other folders", () => {
    const found = opened(file);
    expect([found.subject, found.text]).toEqual(["Plans", "Grüße"]);
    expect(found.files.map((each) => [each.name, each.type, new TextDecoder().decode(each.octets)])).toEqual([
      ["plän.txt", "text/plain", "beds"],
    ]);
  });
  it("has what is in a message within it", () => {
    const object = [...new Array(16).fill(1), ...file];
    const value = [...u16(0x0d), ...u16(0x3701), ...u32(1), ...u32(object.length), ...object];
    const outer = bytes(HEAD, attribute(0x00069002, new Array(14).fill(0)), attribute(0x00069005, list(value)));
    expect(opened(outer).files.map((each) => each.name)).toEqual(["Plans.txt", "plän.txt"]);
  });
  it("gives what there is of one that is cut off anywhere, and says so of what is none", () => {
    for (let end = 6; end < file.length; end += 1) expect(opened(file.slice(0, end)).files.length).toBeLessThan(2);
    expect(() => opened(bytes(ascii("%PDF-1.4 x")))).toThrow(NotTnef);
    const wild = bytes(
      HEAD,
      attribute(0x00069003, [...u32(0xffffffff), ...u16(0x1102), ...u16(1), ...u32(0xffffffff)]),
    );
    expect(opened(wild).text).toBe("");
  });
});
