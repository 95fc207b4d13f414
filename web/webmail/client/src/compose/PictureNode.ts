/** A picture in the editor: the text names it by its id, the browser gets it from the server.
 *
 * In the page of the editor its name stands in `data-src`: of a `src` the browser would try to fetch it. */
import { type Editor, Node } from "@tiptap/react";
import type { Shelf } from "./shelf";

const named = (img: HTMLElement) => img.dataset.src ?? img.getAttribute("src") ?? "";

/** The text as HTML, in which pictures are named as letters do. */
export function htmlIn(editor: Editor): string {
  const page = new DOMParser().parseFromString(editor.getHTML(), "text/html");
  for (const img of page.querySelectorAll<HTMLElement>("img[data-src]")) {
    img.setAttribute("src", named(img));
    delete img.dataset.src;
  }
  return page.body.innerHTML;
}

export const PictureNode = Node.create<{ shelf: Shelf | undefined }>({
  name: "picture",
  group: "inline",
  inline: true,
  draggable: true,
  addOptions: () => ({ shelf: undefined }),
  addAttributes: () => ({
    src: { default: "", parseHTML: named, renderHTML: ({ src }) => ({ "data-src": src }) },
    alt: { default: "" },
    width: { default: null },
  }),
  parseHTML() {
    const known = (img: HTMLElement) => (this.options.shelf?.addressOf(named(img)) ? null : false);
    return [{ tag: 'img[src^="cid:"], img[data-src^="cid:"]', getAttrs: known }];
  },
  renderHTML({ HTMLAttributes }) {
    return ["img", { ...HTMLAttributes, style: "max-width:100%;height:auto" }];
  },
  addNodeView() {
    return ({ node }) => {
      const dom = document.createElement("img");
      dom.src = this.options.shelf?.addressOf(node.attrs.src) ?? "";
      dom.alt = node.attrs.alt;
      if (node.attrs.width) dom.width = node.attrs.width;
      return { dom };
    };
  },
});
