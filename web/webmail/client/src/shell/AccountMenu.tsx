import * as Menu from "@radix-ui/react-dropdown-menu";
import { Check } from "lucide-react";
import { useTranslation } from "react-i18next";
import { choose, LANGUAGES } from "../i18n";
import { signOut } from "../jmap/client";
import { hasten } from "../later";
import { openList } from "../mail/lists";
import { visitRoom } from "../mail/load";
import { forget } from "../offline";
import { ROOMS } from "../rooms";
import { get, keep, set, type Theme, toast, useApp } from "../store";
import { chooseTheme } from "./theme";

function leave(): void {
  void hasten()
    .then(signOut)
    .then(forget)
    .then(
      () => location.assign("/mail/"),
      (error: Error) => toast(error.message, { error: true }),
    );
}

function toggleConversations(on: boolean): void {
  keep("conversations", on);
  set({ conversations: on });
  const { list } = get();
  if (list) openList(list.place, list.only);
}

/** Everything about oneself. */
export function AccountMenu() {
  const { t, i18n } = useTranslation();
  const me = useApp((state) => state.me) ?? "";
  const theme = useApp((state) => state.theme);
  const conversations = useApp((state) => state.conversations);
  return (
    <Menu.Root>
      <Menu.Trigger className="avatar" aria-label={`${t("menu.account")}: ${me}`}>
        {me.slice(0, 1).toUpperCase()}
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content className="menu" align="end" sideOffset={6}>
          <Menu.Label className="who">{me}</Menu.Label>
          <Menu.Separator />
          <Menu.Label>{t("menu.theme")}</Menu.Label>
          <Menu.RadioGroup value={theme} onValueChange={(value) => chooseTheme(value as Theme)}>
            {["system", "light", "dark"].map((each) => (
              <Menu.RadioItem key={each} value={each}>
                <Menu.ItemIndicator>
                  <Check />
                </Menu.ItemIndicator>
                {t(`menu.${each}`)}
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
          <Menu.Separator />
          <Menu.Label>{t("menu.language")}</Menu.Label>
          <Menu.RadioGroup value={i18n.language} onValueChange={(value) => void choose(value)}>
            {Object.entries(LANGUAGES).map(([code, name]) => (
              <Menu.RadioItem key={code} value={code}>
                <Menu.ItemIndicator>
                  <Check />
                </Menu.ItemIndicator>
                {name}
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
          <Menu.Separator />
          <Menu.CheckboxItem checked={conversations} onCheckedChange={toggleConversations}>
            <Menu.ItemIndicator>
              <Check />
            </Menu.ItemIndicator>
            {t("menu.conversations")}
          </Menu.CheckboxItem>
          {ROOMS.filter((each) => each.inMenu).map((each) => (
            <Menu.Item key={each.key} onSelect={() => visitRoom(each.key)}>
              {t(`${each.key}.title`)}
            </Menu.Item>
          ))}
          <Menu.Item onSelect={() => set({ helpShown: true })}>{t("menu.keys")}</Menu.Item>
          <Menu.Separator />
          <Menu.Item onSelect={leave}>{t("menu.signOut")}</Menu.Item>
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}
