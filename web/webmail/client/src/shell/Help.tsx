import { useTranslation } from "react-i18next";
import { set } from "../store";
import { Dialog } from "./Dialog";
import { keysHere } from "./keys";

export function Help() {
  const { t } = useTranslation();
  const rows = [...keysHere(), { keys: "Ctrl Enter", says: "keys.send" }];
  return (
    <Dialog title={t("keys.title")} onClose={() => set({ helpShown: false })}>
      <dl className="keys">
        {rows.map((each) => (
          <div key={each.keys}>
            <dt>
              {each.keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{t(each.says)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
