/** What folders are called: those that the server makes have English names, and are shown in the reader's language. */
import { t } from "i18next";

const GIVEN: Record<string, string> = {
  INBOX: "inbox",
  Inbox: "inbox",
  Drafts: "drafts",
  Sent: "sent",
  Trash: "trash",
  Junk: "junk",
  Archive: "archive",
  Snoozed: "snoozed",
  Calendar: "calendar",
  Birthdays: "birthdays",
  Contacts: "contacts",
  Tasks: "tasks",
  Notes: "notes",
  Journal: "journal",
};

interface Named {
  name: string;
  /** Only its owner is told the role. */
  role?: string | null;
  parentId?: string | null;
}

export function folderName({ name, role, parentId }: Named): string {
  const key = role ?? (parentId ? null : GIVEN[name]);
  return key ? t(`role.${key}`, { defaultValue: name }) : name;
}
