/** Access in plain words. */
import { formatDistanceToNow } from "date-fns";
import { t } from "i18next";
import { folderName } from "../names";
import { get } from "../store";
import { type Access, type Grant, taken } from "./access";

export function levelName(level: string): string {
  return t(`sharing.level.${level}`);
}

/** What somebody has, with what goes beside the level. */
export function grantName({ level, rights, denied }: Pick<Grant, "level" | "rights" | "denied">): string {
  const known = level === "custom" ? taken(rights, denied) : null;
  if (!known) return levelName(level);
  return [levelName(known.level), ...[...known.extras].map((each) => t(`sharing.extra.${each}`))].join(", ");
}

export function folderTitle(each: Pick<Access, "kind" | "name" | "role">): string {
  if (each.kind === "account") return t("sharing.whole");
  return folderName({ name: each.name, role: each.role }); // the parent of those at the top is the account
}

/** The same by its path; none: the whole account. */
export function titleOf(path: string | undefined): string {
  return path ? folderName({ name: path }) : t("sharing.whole");
}

export function ends(each: Grant): string {
  if (!each.expires) return "";
  const when = formatDistanceToNow(new Date(each.expires), { addSuffix: true });
  return t(new Date(each.expires) > new Date() ? "sharing.ends" : "sharing.ended", { when });
}

/** The account of whoever it is, as a heading. */
export function accountName(id: string): string {
  const found = get().accounts.find((each) => each.id === id);
  return found?.name === "Public" ? t("tree.public") : (found?.name ?? "");
}
