import * as Menu from "@radix-ui/react-dropdown-menu";
import {
  Archive,
  Clock,
  Download,
  FolderInput,
  Mail,
  MailOpen,
  MoreVertical,
  Pin,
  PinOff,
  ShieldAlert,
  ShieldCheck,
  Star,
  Tag,
  Trash2,
} from "lucide-react";
import { useTranslation } from "react-i18next";
import { folderName } from "../names";
import { IconButton } from "../shell/Button";
import { get, set, useApp, withRole } from "../store";
import { accountsOf, archive, junk, notJunk, remove, toggleFlag, toggleSeen } from "./act";
import { exportUrl, fetchFile } from "./export";
import { accountName } from "./FolderTree";
import { move } from "./moving";
import { shownIn } from "./places";
import { askSnooze, togglePin } from "./snooze";
import { lines } from "./tree";

/** What may be done with emails, as buttons. */
export function Actions({ ids }: { ids: string[] }) {
  const { t } = useTranslation();
  const first = useApp((state) => state.emails[ids[0] ?? ""]);
  const unread = useApp((state) => ids.some((id) => !state.emails[id]?.keywords.$seen));
  const flagged = useApp((state) => ids.every((id) => state.emails[id]?.keywords.$flagged));
  if (!first) return null;
  const inJunk = withRole(first.accountId, "junk")?.id === shownIn(first);
  return (
    <>
      <IconButton label={t("act.archive")} keys="e" onClick={() => void archive(ids)}>
        <Archive />
      </IconButton>
      <IconButton label={t("act.delete")} keys="#" onClick={() => void remove(ids)}>
        <Trash2 />
      </IconButton>
      {inJunk ? (
        <IconButton label={t("act.notJunk")} onClick={() => void notJunk(ids)}>
          <ShieldCheck />
        </IconButton>
      ) : (
        <IconButton label={t("act.junk")} keys="!" onClick={() => void junk(ids)}>
          <ShieldAlert />
        </IconButton>
      )}
      {accountsOf(ids).length === 1 && <MoveMenu ids={ids} accountId={first.accountId} />}
      <IconButton label={t("label.action")} keys="l" onClick={() => set({ asking: { what: "labels", ids } })}>
        <Tag />
      </IconButton>
      <IconButton label={t("snooze.action")} keys="b" onClick={() => askSnooze(ids)}>
        <Clock />
      </IconButton>
      <IconButton label={unread ? t("act.read") : t("act.unread")} keys="m" onClick={() => void toggleSeen(ids)}>
        {unread ? <MailOpen /> : <Mail />}
      </IconButton>
      <MoreMenu ids={ids} flagged={flagged} />
    </>
  );
}

/** As files, those of each account together. */
function save(ids: string[]): void {
  for (const accountId of accountsOf(ids)) {
    const some = ids.filter((id) => get().emails[id]?.accountId === accountId);
    fetchFile(exportUrl(accountId, { ids: some.join(",") }));
  }
}

function MoreMenu({ ids, flagged }: { ids: string[]; flagged: boolean }) {
  const { t } = useTranslation();
  const pinned = useApp((state) => ids.every((id) => state.emails[id]?.keywords.$pinned));
  return (
    <Menu.Root>
      <Menu.Trigger asChild>
        <IconButton label={t("act.moreActions")}>
          <MoreVertical />
        </IconButton>
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content className="menu" align="end">
          <Menu.Item onSelect={() => void toggleFlag(ids)}>
            <Star />
            {flagged ? t("act.unflag") : t("act.flag")}
            <kbd>s</kbd>
          </Menu.Item>
          <Menu.Item onSelect={() => void togglePin(ids)}>
            {pinned ? <PinOff /> : <Pin />}
            {pinned ? t("act.unpin") : t("act.pin")}
            <kbd>p</kbd>
          </Menu.Item>
          <Menu.Item onSelect={() => save(ids)}>
            <Download />
            {t("act.save")}
          </Menu.Item>
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}

function MoveMenu({ ids, accountId }: { ids: string[]; accountId: string }) {
  const { t } = useTranslation();
  const accounts = useApp((state) => state.accounts);
  const mailboxes = useApp((state) => state.mailboxes);
  const here = useApp((state) => state.place.mailboxId);
  const inOrder = [...accounts].sort((one, other) => Number(other.id === accountId) - Number(one.id === accountId));
  const groups = inOrder
    .map((account) => ({
      account,
      folders: lines(mailboxes[account.id] ?? []).filter(([each]) => each.myRights.mayAddItems && each.id !== here),
    }))
    .filter(({ folders }) => folders.length);
  return (
    <Menu.Root>
      <Menu.Trigger asChild>
        <IconButton label={t("act.move")}>
          <FolderInput />
        </IconButton>
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content className="menu tall" align="end">
          {groups.map(({ account, folders }) => (
            <Menu.Group key={account.id}>
              {account.id !== accountId && (
                <Menu.Label>{account.own ? t("tree.mine") : accountName(account)}</Menu.Label>
              )}
              {folders.map(([each, depth]) => (
                <Menu.Item key={each.id} style={{ paddingLeft: 12 + depth * 14 }} onSelect={() => void move(ids, each)}>
                  {folderName(each)}
                </Menu.Item>
              ))}
            </Menu.Group>
          ))}
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}
