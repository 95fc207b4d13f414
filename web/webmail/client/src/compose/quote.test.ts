import { describe, expect, it } from "vitest";
import { htmlOf, textOf } from "./quote";

describe("text out of HTML", () => {
  it("keeps paragraphs, lists and quotes apart", () => {
    expect(textOf("<p>One</p><p>Two</p><ul><li>a</li><li>b</li></ul><blockquote><p>said</p></blockquote>")).toBe(
      "One\nTwo\n- a\n- b\n> said",
    );
  });
  it("keeps the cells of a table apart", () => {
    expect(textOf("<table><tr><th>Seed</th><th>Out</th></tr><tr><td>Peas</td><td>March</td></tr></table>")).toBe(
      "Seed  Out\nPeas  March",
    );
  });
  it("leaves out what is not to be read", () => {
    expect(textOf("<style>p{}</style><script>alert(1)</script><p>Hi&nbsp;there</p>")).toBe("Hi there");
  });
  it("runs nothing", () => {
    expect(textOf('<img src=x onerror="globalThis.hit=1"><p>x</p>')).toBe("x");
    expect((globalThis as { hit?: number }).hit).toBeUndefined();
  });
});

describe("HTML out of text", () => {
  it("escapes what would be markup", () => {
    expect(htmlOf("a < b\n<script>")).toBe("<p>a &lt; b</p><p>&lt;script&gt;</p>");
  });
  it("gives the text back", () => {
    expect(textOf(htmlOf("one\ntwo & three"))).toBe("one\ntwo & three");
  });
});
