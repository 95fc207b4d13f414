import Link from "@tiptap/extension-link";
import { type Editor, EditorContent, useEditor, useEditorState } from "@tiptap/react";
import StarterKit from "@tiptap/starter-kit";
import { Bold, ImagePlus, Italic, Link2, List, ListOrdered, Quote } from "lucide-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../shell/Button";
import { htmlIn, PictureNode } from "./PictureNode";
import { textOf } from "./quote";
import type { Shelf } from "./shelf";

interface Props {
  value: string;
  onChange: (html: string) => void;
  onFiles: (files: File[]) => void;
  focus: boolean;
  label?: string;
  /** Where pictures of the text go; without it they are files like others. */
  shelf?: Shelf;
}

type Place = (files: File[], at?: number) => void;

/** The editor of formatted text; it is fetched when somebody writes. */
export default function RichText({ value, onChange, onFiles, focus, label, shelf }: Props) {
  const { t } = useTranslation();
  const place: Place = (files, at) => {
    const [shown, others] = [[] as File[], [] as File[]];
    for (const each of files) (shelf?.takes(each) ? shown : others).push(each);
    if (others.length) onFiles(others);
    void putPictures(shown, at);
  };
  async function putPictures(files: File[], at?: number): Promise<void> {
    for (const [number, each] of files.entries()) {
      const attrs = await shelf?.put(each);
      if (!attrs || editor.isDestroyed) continue;
      const { selection, doc } = editor.state; // the text may be another meanwhile
      const spot = at === undefined ? selection.to : Math.min(at + number, doc.content.size);
      editor.commands.insertContentAt(spot, { type: "picture", attrs });
    }
  }
  const editor = useEditor({
    extensions: [
      StarterKit.configure({ link: false }),
      Link.configure({ openOnClick: false, protocols: ["http", "https", "mailto"] }),
      PictureNode.configure({ shelf }),
    ],
    content: value,
    textDirection: "auto",
    autofocus: focus ? "start" : false,
    editorProps: {
      attributes: {
        class: "text-body",
        "aria-label": label ?? t("compose.body"),
        role: "textbox",
        "aria-multiline": "true",
      },
      // Escape and Ctrl Enter are of the letter, and not for the editor to take.
      handleDOMEvents: {
        keydown: (_, event) => event.key === "Escape" || (event.key === "Enter" && (event.ctrlKey || event.metaKey)),
      },
      handlePaste: (_, event) => {
        const files = [...(event.clipboardData?.files ?? [])];
        // Word processors give a picture of the text beside the text.
        if (!files.length || textOf(event.clipboardData?.getData("text/html") ?? "")) return false;
        place(files);
        return true;
      },
      handleDrop: (view, event, _, moved) => {
        const files = [...(event.dataTransfer?.files ?? [])];
        if (moved || !files.length) return false;
        event.preventDefault();
        place(files, view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos);
        return true;
      },
    },
    onUpdate: ({ editor: now }) => onChange(htmlIn(now)),
  });
  return (
    <>
      <EditorContent editor={editor} className="rich" />
      {editor && <Tools editor={editor} onPictures={shelf && place} />}
    </>
  );
}

function Tools({ editor, onPictures }: { editor: Editor; onPictures?: Place }) {
  const { t } = useTranslation();
  const pictures = useRef<HTMLInputElement>(null);
  const on = useEditorState({
    editor,
    selector: ({ editor: now }) => ({
      bold: now.isActive("bold"),
      italic: now.isActive("italic"),
      list: now.isActive("bulletList"),
      numbers: now.isActive("orderedList"),
      quote: now.isActive("blockquote"),
      link: now.isActive("link"),
    }),
  });

  function link() {
    const before = editor.getAttributes("link").href as string | undefined;
    const href = window.prompt(t("compose.linkAsk"), before ?? "https://");
    if (href === null) return;
    const chain = editor.chain().focus().extendMarkRange("link");
    if (href === "" || href === "https://") chain.unsetLink().run();
    else chain.setLink({ href }).run();
  }

  const chain = () => editor.chain().focus();
  const tools = [
    { name: "bold", Icon: Bold, act: () => chain().toggleBold().run(), keys: "Ctrl B" },
    { name: "italic", Icon: Italic, act: () => chain().toggleItalic().run(), keys: "Ctrl I" },
    { name: "list", Icon: List, act: () => chain().toggleBulletList().run() },
    { name: "numbers", Icon: ListOrdered, act: () => chain().toggleOrderedList().run() },
    { name: "quote", Icon: Quote, act: () => chain().toggleBlockquote().run() },
    { name: "link", Icon: Link2, act: link },
  ] as const;
  return (
    <div className="tools" role="toolbar" aria-label={t("compose.rich")}>
      {tools.map((each) => (
        <IconButton
          key={each.name}
          label={t(`compose.${each.name}`)}
          keys={"keys" in each ? each.keys : undefined}
          aria-pressed={on[each.name]}
          onClick={each.act}
        >
          <each.Icon />
        </IconButton>
      ))}
      {onPictures && (
        <>
          <input
            ref={pictures}
            type="file"
            accept="image/png,image/jpeg,image/gif,image/webp,image/avif,image/bmp"
            multiple
            hidden
            onChange={(event) => {
              onPictures([...(event.target.files ?? [])]);
              event.target.value = "";
            }}
          />
          <IconButton label={t("compose.insertPicture")} onClick={() => pictures.current?.click()}>
            <ImagePlus />
          </IconButton>
        </>
      )}
    </div>
  );
}
