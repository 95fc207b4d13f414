import * as Menu from "@radix-ui/react-dropdown-menu";
import { t } from "i18next";
import {
  Archive,
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
import { changeFolder, deleteFolder, move } from "./act";
import { exportUrl, fetchFile } from "./export";
import { FolderDialog, type FolderTask } from "./FolderDialog";
import { visitPlace } from "./load";

const ShareDialog = lazy(() => import("../sharing/ShareDialog"));
export const DRAGGED = "application/x-postroom-emails";
const DRAGGED_FOLDER = "application/x-postroom-folder";
const DROPPED = new Set([DRAGGED, DRAGGED_FOLDER, "Files"]);
const ROLES = ["inbox", "snoozed", "drafts", "sent", "archive", "junk", "trash"];
const ICONS = {
  inbox: Inbox,
  snoozed: Clock,
  drafts: FilePen,
  sent: Send,
  archive: Archive,
  junk: ShieldAlert,
  trash: Trash2,
};

function order(one: Mailbox, other: Mailbox): number {
  const rank = (each: Mailbox) => (each.role && ROLES.includes(each.role) ? ROLES.indexOf(each.role) : ROLES.length);
  return rank(one) - rank(other) || one.sortOrder - other.sortOrder || one.name.localeCompare(other.name);
}

/** The folders of a tree as lines, each with how deep it is. */
export function lines(all: Mailbox[]): [Mailbox, number][] {
  const there = new Set(all.map((each) => each.id));
  const under = (parent: string | null, depth: number): [Mailbox, number][] =>
    all
      .filter((each) => (parent === null ? !each.parentId || !there.has(each.parentId) : each.parentId === parent))
      .sort(order)
      .flatMap((each) => [[each, depth] as [Mailbox, number], ...under(each.id, depth + 1)]);
  return under(null, 0);
}

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
  const name = accountName(account);
  if (!account.own && !all.length) return null;
  return (
    <section aria-label={account.own ? t("app.folders") : name}>
      {account.own ? null : <h2>{name}</h2>}
      <ul>
        {lines(all).map(([each, depth]) => (
          <Line key={each.id} folder={each} depth={depth} onTask={onTask} />
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

interface LineProps {
  folder: Mailbox;
  depth: number;
  onTask: (task: FolderTask) => void;
}

function Line({ folder, depth, onTask }: LineProps) {
  const { t } = useTranslation();
  const here = useApp((state) => state.place.mailboxId === folder.id);
  const [over, setOver] = useState(false);
  const Icon = ICONS[folder.role as keyof typeof ICONS] ?? Folder;
  const name = folderName(folder);
  const quiet = folder.role === "trash" || folder.role === "sent";
  const shown = folder.role === "drafts" ? folder.totalEmails : quiet ? 0 : folder.unreadEmails;

  function onDrop(event: DragEvent) {
    setOver(false);
    const ids = event.dataTransfer.getData(DRAGGED);
    const moved = event.dataTransfer.getData(DRAGGED_FOLDER);
    event.preventDefault();
    const files = [...event.dataTransfer.files];
    if (files.length) set({ bringing: { folder, files } });
    else if (ids) void move(JSON.parse(ids), folder);
    else if (moved && moved !== folder.id) {
      const one = get().mailboxes[folder.accountId]?.find((each) => each.id === moved);
      if (one)
        changeFolder(one, { parentId: folder.id }).catch((error: Error) => toast(error.message, { error: true }));
    }
  }

  return (
    <li className={over ? "over" : undefined} style={{ paddingLeft: depth * 14 }}>
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
        <span className="name">{name}</span>
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
  const { mayAddItems, mayReadItems } = folder.myRights;
  if (!mayShare && !mayCreateChild && !mayReadItems && (fixed || (!mayRename && !mayDelete))) return null;
  const save = (form: "zip" | "mbox") => fetchFile(exportUrl(folder.accountId, { mailbox: folder.id, form }));

  function drop() {
    if (folder.totalEmails) onTask({ kind: "delete", folder });
    else deleteFolder(folder).catch((error: Error) => toast(error.message, { error: true }));
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
