/** A rule in words. */
import { t } from "i18next";
import type { Action, Rule, Test } from "./model";

function conditionInWords(each: Test): string {
  const { field: looked, not } = each;
  if (looked === "all") return t("settings.filters.field.all");
  if (looked === "spam") return t(`settings.filters.field.spam`) + (not ? `: ${t("settings.filters.notOp.so")}` : "");
  const field = each.field === "header" ? each.header : t(`settings.filters.field.${each.field}`);
  const value = each.field === "size" ? `${each.value} KB` : `“${each.value}”`;
  return `${field} ${t(`settings.filters.${not ? "notOp" : "op"}.${each.op}`)} ${value}`;
}

export function actionInWords({ kind, value, name }: Action): string {
  const said = t(`settings.filters.action.${kind}`);
  const more = kind === "move" || kind === "copy" ? name : value;
  return more ? `${said} ${more}` : said;
}

export function inWords(rule: Rule): string {
  const tests = rule.tests.map(conditionInWords);
  const glue = ` ${t(rule.any ? "settings.filters.or" : "settings.filters.and")} `;
  return `${tests.join(glue)} → ${rule.actions.map(actionInWords).join(", ")}`;
}
