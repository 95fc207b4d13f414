import * as Menu from "@radix-ui/react-dropdown-menu";
import { MoreHorizontal } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "./Button";

const ShareDialog = lazy(() => import("../sharing/ShareDialog"));
const NameDialog = lazy(() => import("./NameDialog"));

interface Props {
  accountId: string;
  id: string;
  name: string;
  /** What people call it here, where that is not its name. */
  shownAs?: string;
  mayShare: boolean;
  mayRename: boolean;
  mayDelete: boolean;
  /** What is asked before it is deleted. */
  ask: string;
  rename: (name: string) => Promise<void>;
  /** Deletes it; what goes wrong is told by the dialog. */
  remove: () => Promise<void>;
}

/** What is done with a folder of things: an address book, a notebook, a list of tasks. */
export function HolderActions({ accountId, id, name, shownAs = name, ...may }: Props) {
  const { t } = useTranslation();
  const [shown, show] = useState<"share" | "rename" | "delete" | null>(null);
  const close = () => show(null);
  if (!may.mayShare && !may.mayRename && !may.mayDelete) return null;
  return (
    <>
      <Menu.Root>
        <Menu.Trigger asChild>
          <IconButton label={t("tree.actions", { name: shownAs })} className="dots">
            <MoreHorizontal />
          </IconButton>
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Content className="menu" align="start">
            {may.mayShare && <Menu.Item onSelect={() => show("share")}>{t("sharing.action")}</Menu.Item>}
            {may.mayRename && <Menu.Item onSelect={() => show("rename")}>{t("tree.rename")}</Menu.Item>}
            {may.mayDelete && (
              <Menu.Item className="danger" onSelect={() => show("delete")}>
                {t("tree.delete")}
              </Menu.Item>
            )}
          </Menu.Content>
        </Menu.Portal>
      </Menu.Root>
      <Suspense>
        {shown === "share" && <ShareDialog accountId={accountId} folderId={id} onClose={close} />}
        {shown === "rename" && <NameDialog title={t("tree.rename")} name={name} onClose={close} onName={may.rename} />}
        {shown === "delete" && (
          <NameDialog title={t("tree.delete")} name={null} ask={may.ask} onClose={close} onName={may.remove} />
        )}
      </Suspense>
    </>
  );
}
