/** Text and HTML made of each other, and what a letter quotes of the one it answers. */
import { format } from "date-fns";
import { t } from "i18next";
import type { Address, FullEmail } from "../jmap/types";

const BLOCKS = new Set(["P", "DIV", "LI", "TR", "H1", "H2", "H3", "H4", "BLOCKQUOTE", "UL", "OL", "PRE", "TABLE"]);
const CELLS = new Set(["TD", "TH"]);
const HIDDEN = new Set(["STYLE", "SCRIPT", "HEAD", "TITLE", "TEMPLATE"]);

export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign] ?? sign);
}

export function htmlOf(text: string): string {
  return text
    .split("\n")
    .map((line) => `<p>${escaped(line)}</p>`)
    .join("");
}

/** What is to be read in HTML; nothing of it runs. */
export function textOf(html: string): string {
  const page = new DOMParser().parseFromString(html, "text/html");
  const lines: string[] = [];
  let fresh = true;
  const begin = (prefix: string) => {
    if (fresh) lines.push(prefix);
    fresh = false;
  };
  const say = (text: string, prefix: string) => {
    if (fresh && !text.trim()) return;
    begin(prefix);
    lines[lines.length - 1] += text.replace(/[\s\u00a0]+/g, " ");
  };
  const walk = (node: Node, prefix: string): void => {
    if (node.nodeType === Node.TEXT_NODE) say(node.textContent ?? "", prefix);
    if (!(node instanceof Element) || HIDDEN.has(node.tagName)) return;
    if (node.matches('img[src^="cid:"][alt]:not([alt=""])')) say(`[${node.getAttribute("alt")}]`, prefix);
    const block = BLOCKS.has(node.tagName);
    const inner = node.tagName === "BLOCKQUOTE" ? `${prefix}> ` : prefix;
    const before = lines.length;
    if (block) fresh = true;
    if (CELLS.has(node.tagName) && !fresh) lines[lines.length - 1] += "  ";
    if (node.tagName === "LI") begin(`${prefix}- `);
    if (node.tagName === "BR") {
      begin(prefix);
      fresh = true;
    }
    for (const child of node.childNodes) walk(child, inner);
    if (node.tagName === "P" && lines.length === before) lines.push(inner);
    if (block) fresh = true;
  };
  walk(page.body, "");
  const text = lines.map((line) => line.trimEnd()).join("\n");
  return text.replace(/\n{3,}/g, "\n\n").trim();
}

/** The text of an email, whatever form it has. */
export function plainOf(email: FullEmail): string {
  return email.textBody
    .map((part) => {
      const value = email.bodyValues[part.partId ?? ""]?.value ?? "";
      return part.type === "text/html" ? textOf(value) : value;
    })
    .join("\n")
    .trim();
}

export function shown(each: Address): string {
  return each.name ? `${each.name} <${each.email}>` : each.email;
}

const all = (list: Address[] | null) => (list ?? []).map(shown).join(", ");

/** `said`: what it says, as HTML when rich. */
export function quoted(email: FullEmail, said: string, rich: boolean): string {
  const who = email.from?.[0];
  const intro = t("compose.wrote", {
    date: format(new Date(email.sentAt ?? email.receivedAt), "PPp"),
    name: who?.name || who?.email || "?",
  });
  if (rich) return `<p></p><p>${escaped(intro)}</p><blockquote>${said}</blockquote>`;
  const lines = said.split("\n").map((line) => (line.startsWith(">") ? `>${line}` : `> ${line}`));
  return `${intro}\n${lines.join("\n")}`;
}

export function forwarded(email: FullEmail, said: string, rich: boolean): string {
  const head = [
    `---------- ${t("compose.forwarded")} ----------`,
    `${t("header.from")}: ${all(email.from)}`,
    `${t("header.date")}: ${format(new Date(email.sentAt ?? email.receivedAt), "PPp")}`,
    `${t("header.subject")}: ${email.subject ?? ""}`,
    `${t("header.to")}: ${all(email.to)}`,
    "",
  ].join("\n");
  return rich ? htmlOf(head) + said : `${head}\n${said}`;
}
