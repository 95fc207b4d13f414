/** A rule in words. */
import { t } from "i18next";
import type { Action, Rule, Test } from "./model";

function conditionInWords(each: Test): string {
  if (each.field === "all" || each.field === "spam") return t(`settings.filters.field.${each.field}`);
  const field = each.field === "header" ? each.header : t(`settings.filters.field.${each.field}`);
  const value = each.field === "size" ? `${each.value} KB` : `“${each.value}”`;
  return `${field} ${t(`settings.filters.op.${each.op}`)} ${value}`;
}

export function actionInWords({ kind, value, name }: Action): string {
  const said = t(`settings.filters.action.${kind}`);
  const more = kind === "move" || kind === "copy" ? name : value;
  return more ? `${said} ${more}` : said;
}

export function inWords(rule: Rule): string {
  const tests = rule.tests.map((each) => (each.not ? `${t("settings.filters.not")} ` : "") + conditionInWords(each));
  const glue = ` ${t(rule.any ? "settings.filters.or" : "settings.filters.and")} `;
  return `${tests.join(glue)} → ${rule.actions.map(actionInWords).join(", ")}`;
}
