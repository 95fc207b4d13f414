import { expect, it } from "vitest";
import { cleaned } from "./cleaned";

const none = new Set<string>();

it("keeps what a text is made of", () => {
  const html = '<h1>Sow</h1><p>Read <b>all</b> of <a href="https://x.test/">it</a></p><ul><li>one</li></ul>';
  expect(cleaned(html, none)).toBe(html);
});
it("keeps the rows of a table as lines", () => {
  const table = "<table><tr><th>Seed</th><th>Out</th></tr><tr><td>Peas</td><td>March</td></tr></table>";
  const text = cleaned(table, none).replace(/<\/?div>/g, "|");
  expect(text).toContain("|Seed\u2003Out||Peas\u2003March|");
});
it("leaves out what runs, what is fetched and what is not to be seen", () => {
  const html =
    '<style>p{}</style><script>x</script><p onclick="x" style="color:red">Hi</p><img src="https://x.test/open.gif">' +
    '<div style="display:none">preheader</div><a href="javascript:x">go</a><iframe src="/"></iframe>';
  expect(cleaned(html, none)).toBe("<p>Hi</p><a>go</a>");
});
it("keeps the pictures that the letter has", () => {
  const html = '<img src="cid:a@x" alt="one" onerror="x"><img src="cid:b@x">';
  expect(cleaned(html, new Set(["a@x"]))).toBe('<img src="cid:a@x" alt="one">');
});
