import * as Menu from "@radix-ui/react-dropdown-menu";
import { addDays, addHours, format, nextMonday, set } from "date-fns";
import { Clock } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { long } from "../mail/when";
import { IconButton } from "../shell/Button";
import { Dialog } from "../shell/Dialog";

const MORNING = { hours: 8, minutes: 0, seconds: 0, milliseconds: 0 };
const utc = (moment: Date) => moment.toISOString().replace(/\.\d+Z$/, "Z");

/** Sends at a time that is chosen. */
export function Later({ disabled, onChoose }: { disabled: boolean; onChoose: (moment: string) => void }) {
  const { t } = useTranslation();
  const [asking, ask] = useState(false);
  const now = new Date();
  const offers = [addHours(now, 1), set(addDays(now, 1), MORNING), set(nextMonday(now), MORNING)];
  function go(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    event.stopPropagation();
    const chosen = new Date(String(new FormData(event.currentTarget).get("when")));
    ask(false);
    onChoose(utc(chosen));
  }
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
        <Dialog title={t("compose.sendLater")} onClose={() => ask(false)}>
          <form className="form" onSubmit={go}>
            <label>
              {t("compose.when")}
              <input
                type="datetime-local"
                name="when"
                required
                min={format(now, "yyyy-MM-dd'T'HH:mm")}
                defaultValue={format(offers[1] as Date, "yyyy-MM-dd'T'HH:mm")}
              />
            </label>
            <footer>
              <button type="button" onClick={() => ask(false)}>
                {t("app.cancel")}
              </button>
              <button type="submit" className="main">
                {t("compose.sendLater")}
              </button>
            </footer>
          </form>
        </Dialog>
      )}
    </>
  );
}
