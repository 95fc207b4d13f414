import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Mailbox } from "../jmap/types";
import { folderName } from "../names";
import { NOWHERE } from "../place";
import { Dialog } from "../shell/Dialog";
import { get, withRole } from "../store";
import { changeFolder, createFolder, deleteFolder, emptyFolder } from "./folders";
import { visitPlace } from "./load";
import { lines } from "./tree";

export type FolderTask =
  | { kind: "create"; accountId: string; parent: Mailbox | null }
  | { kind: "rename" | "move" | "delete" | "empty"; folder: Mailbox };

/** Whether a folder lies in another, or is it. */
function within(folder: Mailbox, root: string): boolean {
  if (folder.id === root) return true;
  const parent = get().mailboxes[folder.accountId]?.find((each) => each.id === folder.parentId);
  return parent !== undefined && within(parent, root);
}

async function carryOut(task: FolderTask, given: FormData): Promise<void> {
  const name = String(given.get("name") ?? "").trim();
  if (task.kind === "create") return createFolder(task.accountId, name, task.parent?.id ?? null);
  const { folder } = task;
  if (task.kind === "rename") return changeFolder(folder, { name });
  if (task.kind === "move") return changeFolder(folder, { parentId: String(given.get("parent")) || null });
  if (task.kind === "empty") return emptyFolder(folder);
  await deleteFolder(folder);
  const inbox = withRole(folder.accountId, "inbox");
  if (get().place.mailboxId === folder.id && inbox)
    await visitPlace({ ...NOWHERE, accountId: folder.accountId, mailboxId: inbox.id });
}

export function FolderDialog({ task, onClose }: { task: FolderTask; onClose: () => void }) {
  const { t } = useTranslation();
  const [wrong, setWrong] = useState("");
  const folder = "folder" in task ? task.folder : null;
  const parent = task.kind === "create" ? task.parent : null;
  const titles = {
    create: parent ? t("tree.createIn", { name: folderName(parent) }) : t("tree.create"),
    rename: t("tree.rename"),
    move: t("tree.moveTo"),
    delete: t("tree.delete"),
    empty: t("tree.empty"),
  };

  async function go(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    try {
      await carryOut(task, new FormData(event.currentTarget));
      onClose();
    } catch (error) {
      setWrong((error as Error).message);
    }
  }

  return (
    <Dialog title={titles[task.kind]} onClose={onClose}>
      <form className="form" onSubmit={go}>
        {(task.kind === "create" || task.kind === "rename") && (
          <label>
            {t("tree.name")}
            <input name="name" required maxLength={200} defaultValue={task.kind === "rename" ? folder?.name : ""} />
          </label>
        )}
        {task.kind === "move" && folder && (
          <label>
            {t("tree.moveTo")}
            <select name="parent" defaultValue={folder.parentId ?? ""}>
              <option value="">{t("tree.top")}</option>
              {lines(get().mailboxes[folder.accountId] ?? [])
                .filter(([each]) => each.myRights.mayCreateChild && !within(each, folder.id))
                .map(([each, depth]) => (
                  <option key={each.id} value={each.id}>
                    {" ".repeat(depth * 3) + folderName(each)}
                  </option>
                ))}
            </select>
          </label>
        )}
        {task.kind === "delete" && folder && (
          <p>{t("tree.deleteAsk", { name: folderName(folder), count: folder.totalEmails })}</p>
        )}
        {task.kind === "empty" && (
          <p>{t("tree.emptyAsk", { name: folderName(task.folder), count: task.folder.totalEmails })}</p>
        )}
        <p role="alert" className="wrong">
          {wrong}
        </p>
        <footer>
          <button type="button" onClick={onClose}>
            {t("app.cancel")}
          </button>
          <button type="submit" className="main">
            {task.kind === "delete" || task.kind === "empty" ? titles[task.kind] : t("app.save")}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
