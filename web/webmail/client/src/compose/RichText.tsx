import Link from "@tiptap/extension-link";
import { type Editor, EditorContent, useEditor, useEditorState } from "@tiptap/react";
import StarterKit from "@tiptap/starter-kit";
import { Bold, Italic, Link2, List, ListOrdered, Quote } from "lucide-react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../shell/Button";

interface Props {
  value: string;
  onChange: (html: string) => void;
  onFiles: (files: File[]) => void;
  focus: boolean;
  label?: string;
}

/** The editor of formatted text; it is fetched when somebody writes. */
export default function RichText({ value, onChange, onFiles, focus, label }: Props) {
  const { t } = useTranslation();
  const editor = useEditor({
    extensions: [
      StarterKit.configure({ link: false }),
      Link.configure({ openOnClick: false, protocols: ["http", "https", "mailto"] }),
    ],
    content: value,
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
        if (files.length) onFiles(files);
        return files.length > 0;
      },
    },
    onUpdate: ({ editor: now }) => onChange(now.getHTML()),
  });
  return (
    <>
      <EditorContent editor={editor} className="rich" />
      {editor && <Tools editor={editor} />}
    </>
  );
}

function Tools({ editor }: { editor: Editor }) {
  const { t } = useTranslation();
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
    </div>
  );
}
