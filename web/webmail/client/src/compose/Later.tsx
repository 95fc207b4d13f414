import * as Menu from "@radix-ui/react-dropdown-menu";
import { addDays, addHours, nextMonday, set } from "date-fns";
import { Clock } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { long } from "../mail/when";
import { IconButton } from "../shell/Button";
import MomentDialog, { utc } from "../shell/MomentDialog";

const MORNING = { hours: 8, minutes: 0, seconds: 0, milliseconds: 0 };

/** Sends at a time that is chosen. */
export function Later({ disabled, onChoose }: { disabled: boolean; onChoose: (moment: string) => void }) {
  const { t } = useTranslation();
  const [asking, ask] = useState(false);
  const now = new Date();
  const tomorrow = set(addDays(now, 1), MORNING);
  const offers = [addHours(now, 1), tomorrow, set(nextMonday(now), MORNING)];
  return (
    <>
      <Menu.Root>
        <Menu.Trigger asChild>
          <IconButton label={t("compose.sendLater")} disabled={disabled}>
            <Clock />
          </IconButton>
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Content className="menu" align="start">
            {offers.map((each) => (
              <Menu.Item key={each.getTime()} onSelect={() => onChoose(utc(each))}>
                {long(each.toISOString())}
              </Menu.Item>
            ))}
            <Menu.Item onSelect={() => ask(true)}>{t("compose.choose")}</Menu.Item>
          </Menu.Content>
        </Menu.Portal>
      </Menu.Root>
      {asking && (
        <MomentDialog title={t("compose.sendLater")} begin={tomorrow} onChoose={onChoose} onClose={() => ask(false)} />
      )}
    </>
  );
}
