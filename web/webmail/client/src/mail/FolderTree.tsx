import * as Menu from "@radix-ui/react-dropdown-menu";
import { t } from "i18next";
import {
  Archive,
  ChevronRight,
  Clock,
  FilePen,
  Folder,
  FolderPlus,
  Inbox,
  MoreHorizontal,
  Send,
  ShieldAlert,
  Trash2,
} from "lucide-react";
import { type DragEvent, lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Mailbox } from "../jmap/types";
import { folderName } from "../names";
import { NOWHERE } from "../place";
import { IconButton } from "../shell/Button";
import { type Account, get, set, toast, useApp } from "../store";
import { exportUrl, fetchFile } from "./export";
import { FolderDialog, type FolderTask } from "./FolderDialog";
import { changeFolder, deleteFolder, readFolder } from "./folders";
import { visitPlace } from "./load";
import { move } from "./moving";
import { fold, quiet, type Line as Shown, visible } from "./tree";

const ShareDialog = lazy(() => import("../sharing/ShareDialog"));
export const DRAGGED = "application/x-postroom-emails";
const DRAGGED_FOLDER = "application/x-postroom-folder";
const DROPPED = new Set([DRAGGED, DRAGGED_FOLDER, "Files"]);
/** Deeper ones are not moved in further. */
const MOST_DEPTH = 5;
const ICONS = {
  inbox: Inbox,
  snoozed: Clock,
  drafts: FilePen,
  sent: Send,
  archive: Archive,
  junk: ShieldAlert,
  trash: Trash2,
};

export function FolderTree() {
  const accounts = useApp((state) => state.accounts);
  const ready = useApp((state) => state.ready);
  const [task, setTask] = useState<FolderTask | null>(null);
  if (!ready) return <Bones />;
  return (
    <div className="tree">
      {accounts.map((each) => (
        <Tree key={each.id} account={each} onTask={setTask} />
      ))}
      {task && <FolderDialog task={task} onClose={() => setTask(null)} />}
    </div>
  );
}

function Bones() {
  return (
    <div className="tree" aria-hidden="true">
      {[60, 45, 52, 38, 48, 56].map((width) => (
        <div className="bone" key={width} style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}

/** Whose folders they are. */
export function accountName(account: Account): string {
  return account.name === "Public" ? t("tree.public") : account.name;
}

function Tree({ account, onTask }: { account: Account; onTask: (task: FolderTask) => void }) {
  const { t } = useTranslation();
  const all = useApp((state) => state.mailboxes[account.id]) ?? [];
  const folded = useApp((state) => state.folded);
  const here = useApp((state) => state.place.mailboxId);
  const name = accountName(account);
  if (!account.own && !all.length) return null;
  return (
    <section
      aria-label={account.own ? t("app.folders") : name}
      onDragOver={(event) => event.dataTransfer.types.includes(DRAGGED_FOLDER) && event.preventDefault()}
      onDrop={(event) => {
        if (!event.defaultPrevented) putInto(account.id, event.dataTransfer.getData(DRAGGED_FOLDER), null);
      }}
    >
      {account.own ? null : <h2>{name}</h2>}
      <ul>
        {visible(all, folded, here).map((each) => (
          <Line key={each.folder.id} {...each} onTask={onTask} />
        ))}
      </ul>
      {account.own && (
        <button
          type="button"
          className="text add"
          onClick={() => onTask({ kind: "create", accountId: account.id, parent: null })}
        >
          <FolderPlus />
          {t("tree.create")}
        </button>
      )}
    </section>
  );
}

const wrong = (error: Error) => toast(error.message, { error: true });

/** Puts a folder that was dragged into another, or on top (null). */
function putInto(accountId: string, moved: string, parentId: string | null): void {
  const one = get().mailboxes[accountId]?.find((each) => each.id === moved);
  if (!one || moved === parentId || one.parentId === parentId) return;
  changeFolder(one, { parentId }).catch(wrong);
}

interface LineProps extends Shown {
  onTask: (task: FolderTask) => void;
}

function Line({ folder, depth, open, unread, onTask }: LineProps) {
  const { t } = useTranslation();
  const here = useApp((state) => state.place.mailboxId === folder.id);
  const [over, setOver] = useState(false);
  const Icon = ICONS[folder.role as keyof typeof ICONS] ?? Folder;
  const name = folderName(folder);
  const shown = folder.role === "drafts" ? folder.totalEmails : quiet(folder) && open !== false ? 0 : unread;

  function onDrop(event: DragEvent) {
    setOver(false);
    const ids = event.dataTransfer.getData(DRAGGED);
    const moved = event.dataTransfer.getData(DRAGGED_FOLDER);
    event.preventDefault();
    const files = [...event.dataTransfer.files];
    if (files.length) set({ bringing: { folder, files } });
    else if (ids) void move(JSON.parse(ids), folder);
    else if (moved) putInto(folder.accountId, moved, folder.id);
  }

  return (
    <li className={over ? "over" : undefined} style={{ paddingLeft: Math.min(depth, MOST_DEPTH) * 14 }}>
      {open !== null && (
        <button
          type="button"
          className="icon fold"
          aria-expanded={open}
          aria-label={t("tree.fold", { name })}
          onClick={() => fold(folder.id, open)}
        >
          <ChevronRight />
        </button>
      )}
      <a
        href={`/mail/${folder.accountId}/${folder.id}`}
        aria-current={here ? "page" : undefined}
        draggable={folder.myRights.mayRename}
        onClick={(event) => {
          event.preventDefault();
          void visitPlace({ ...NOWHERE, accountId: folder.accountId, mailboxId: folder.id }, false);
        }}
        onDragStart={(event) => event.dataTransfer.setData(DRAGGED_FOLDER, folder.id)}
        onDragOver={(event) => {
          if (!event.dataTransfer.types.some((each) => DROPPED.has(each))) return;
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={onDrop}
      >
        <Icon aria-hidden="true" />
        <span className="name" title={name}>
          {name}
        </span>
        {shown > 0 && (
          <span className="count">
            {shown}
            <span className="unseen"> {folder.role === "drafts" ? "" : t("tree.unread", { count: shown })}</span>
          </span>
        )}
      </a>
      <LineMenu folder={folder} name={name} onTask={onTask} />
    </li>
  );
}

function LineMenu({ folder, name, onTask }: { folder: Mailbox; name: string; onTask: LineProps["onTask"] }) {
  const { t } = useTranslation();
  const { mayCreateChild, mayRename, mayDelete, mayShare } = folder.myRights;
  const [sharing, share] = useState(false);
  const fixed = folder.role !== null;
  const empties =
    ["trash", "junk"].includes(folder.role ?? "") && folder.totalEmails > 0 && folder.myRights.mayRemoveItems;
  const { mayAddItems, mayReadItems } = folder.myRights;
  if (!mayShare && !mayCreateChild && !mayReadItems && (fixed || (!mayRename && !mayDelete))) return null;
  const save = (form: "zip" | "mbox") => fetchFile(exportUrl(folder.accountId, { mailbox: folder.id, form }));

  function drop() {
    if (folder.totalEmails) onTask({ kind: "delete", folder });
    else deleteFolder(folder).catch(wrong);
  }

  return (
    <>
      <Menu.Root>
        <Menu.Trigger asChild>
          <IconButton label={t("tree.actions", { name })} className="dots">
            <MoreHorizontal />
          </IconButton>
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Content className="menu" align="start">
            {mayCreateChild && (
              <Menu.Item onSelect={() => onTask({ kind: "create", accountId: folder.accountId, parent: folder })}>
                {t("tree.createIn", { name })}
              </Menu.Item>
            )}
            {folder.unreadEmails > 0 && folder.myRights.maySetSeen && (
              <Menu.Item onSelect={() => void readFolder(folder).catch(wrong)}>{t("tree.readAll")}</Menu.Item>
            )}
            {empties && <Menu.Item onSelect={() => onTask({ kind: "empty", folder })}>{t("tree.empty")}</Menu.Item>}
            {mayAddItems && (
              <Menu.Item onSelect={() => set({ bringing: { folder, files: [] } })}>{t("bring.menu")}</Menu.Item>
            )}
            {mayReadItems && folder.totalEmails > 0 && (
              <>
                <Menu.Item onSelect={() => save("zip")}>{t("bring.zip")}</Menu.Item>
                <Menu.Item onSelect={() => save("mbox")}>{t("bring.mbox")}</Menu.Item>
              </>
            )}
            {mayShare && <Menu.Item onSelect={() => share(true)}>{t("sharing.action")}</Menu.Item>}
            {mayRename && !fixed && (
              <>
                <Menu.Item onSelect={() => onTask({ kind: "rename", folder })}>{t("tree.rename")}</Menu.Item>
                <Menu.Item onSelect={() => onTask({ kind: "move", folder })}>{t("tree.moveTo")}</Menu.Item>
              </>
            )}
            {mayDelete && !fixed && (
              <Menu.Item className="danger" onSelect={drop}>
                {t("tree.delete")}
              </Menu.Item>
            )}
          </Menu.Content>
        </Menu.Portal>
      </Menu.Root>
      <Suspense>
        {sharing && <ShareDialog accountId={folder.accountId} folderId={folder.id} onClose={() => share(false)} />}
      </Suspense>
    </>
  );
}
