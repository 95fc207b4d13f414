/** HTML of somebody else as the editor takes it: what that has no form for goes, and nothing of it is fetched or runs. */
import { NAMED } from "./pictures";

const KEPT = new Set("P BR B STRONG I EM U S A UL OL LI BLOCKQUOTE PRE CODE HR H1 H2 H3 H4 H5 H6".split(" "));
/** What stands on lines of its own, whatever it is called. */
const BOXES = new Set("DIV TABLE TBODY THEAD TR CAPTION CENTER SECTION ARTICLE HEADER FOOTER MAIN FORM".split(" "));
const CELLS = "td, th";
const LEFT_OUT = new Set("STYLE SCRIPT HEAD TITLE TEMPLATE IFRAME OBJECT SVG MATH NOSCRIPT".split(" "));
const LINK = /^(https?|mailto):/i;

/** `known`: the pictures of it that the letter has, by their ids. */
export function cleaned(html: string, known: ReadonlySet<string>): string {
  const from = new DOMParser().parseFromString(html, "text/html");
  const page = document.implementation.createHTMLDocument();

  function copyOf(node: Element): Element | null {
    if (KEPT.has(node.tagName) || BOXES.has(node.tagName)) {
      const made = page.createElement(BOXES.has(node.tagName) ? "div" : node.tagName);
      const href = node.tagName === "A" && node.getAttribute("href");
      if (href && LINK.test(href)) made.setAttribute("href", href);
      return made;
    }
    const src = node.getAttribute("src") ?? "";
    if (node.tagName !== "IMG" || !src.startsWith(NAMED) || !known.has(src.slice(NAMED.length))) return null;
    const made = page.createElement("img");
    for (const name of ["src", "alt", "width"]) {
      const value = node.getAttribute(name);
      if (value !== null) made.setAttribute(name, value);
    }
    return made;
  }

  function put(all: Node, into: Element): void {
    for (const node of all.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) into.append(node.textContent ?? "");
      if (!(node instanceof Element) || LEFT_OUT.has(node.tagName) || isHidden(node)) continue;
      const made = copyOf(node);
      if (made) into.append(made);
      // A row of a table is a line, in which its cells stand apart.
      if (node.matches(CELLS) && node.previousElementSibling) into.append("\u2003");
      put(node, made ?? into);
    }
  }

  put(from.body, page.body);
  return page.body.innerHTML;
}

const isHidden = (node: Element) => /display\s*:\s*none/i.test(node.getAttribute("style") ?? "");
