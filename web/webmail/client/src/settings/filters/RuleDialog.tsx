import { Plus, X } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { lines } from "../../mail/tree";
import { folderName } from "../../names";
import { IconButton } from "../../shell/Button";
import { Dialog } from "../../shell/Dialog";
import { useApp } from "../../store";
import { ownAccount } from "../use";
import { ACTIONS, type Action, FIELDS, faultOf, NEW_TEST, OPS, type Op, type Rule, type Test } from "./model";
import { inWords } from "./words";

interface Props {
  rule: Rule;
  onClose: () => void;
  onSave: (rule: Rule) => void;
}

/** One rule: when, and what then. */
export default function RuleDialog({ rule: given, onClose, onSave }: Props) {
  const { t } = useTranslation();
  const [rule, setRule] = useState(given);
  const [wrong, setWrong] = useState("");
  const tests = (next: Test[]) => setRule({ ...rule, tests: next });
  const actions = (next: Action[]) => setRule({ ...rule, actions: next });

  function save() {
    const fault = faultOf(rule);
    if (fault) setWrong(t(`settings.filters.fault.${fault}`));
    else onSave({ ...rule, name: rule.name.trim() || inWords(rule).slice(0, 80) });
  }

  return (
    <Dialog title={t(given.name ? "settings.filters.change" : "settings.filters.add")} size="middle" onClose={onClose}>
      <form
        className="form rule"
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <label>
          {t("settings.filters.name")}
          <input value={rule.name} onChange={(event) => setRule({ ...rule, name: event.target.value })} />
        </label>
        <fieldset>
          <legend>
            {t("settings.filters.when")}{" "}
            {rule.tests.length > 1 && (
              <select
                aria-label={t("settings.filters.how")}
                value={rule.any ? "any" : "every"}
                onChange={(event) => setRule({ ...rule, any: event.target.value === "any" })}
              >
                <option value="every">{t("settings.filters.every")}</option>
                <option value="any">{t("settings.filters.any")}</option>
              </select>
            )}
          </legend>
          {rule.tests.map((each, at) => (
            <TestLine
              // biome-ignore lint/suspicious/noArrayIndexKey: conditions are what they are by their place
              key={at}
              test={each}
              onChange={(next) => tests(rule.tests.map((one, n) => (n === at ? next : one)))}
              onDrop={rule.tests.length > 1 ? () => tests(rule.tests.filter((_, n) => n !== at)) : null}
            />
          ))}
          <button type="button" className="text" onClick={() => tests([...rule.tests, NEW_TEST])}>
            <Plus />
            {t("settings.filters.addTest")}
          </button>
        </fieldset>
        <fieldset>
          <legend>{t("settings.filters.then")}</legend>
          {rule.actions.map((each, at) => (
            <ActionLine
              // biome-ignore lint/suspicious/noArrayIndexKey: actions are what they are by their place
              key={at}
              action={each}
              onChange={(next) => actions(rule.actions.map((one, n) => (n === at ? next : one)))}
              onDrop={() => actions(rule.actions.filter((_, n) => n !== at))}
            />
          ))}
          <select
            className="adder"
            aria-label={t("settings.filters.addAction")}
            value=""
            onChange={(event) =>
              actions([...rule.actions, { kind: event.target.value as Action["kind"], value: "", name: "" }])
            }
          >
            <option value="">{t("settings.filters.addAction")}</option>
            {ACTIONS.map((each) => (
              <option key={each} value={each}>
                {t(`settings.filters.action.${each}`)}
              </option>
            ))}
          </select>
        </fieldset>
        <p role="alert" className="wrong">
          {wrong}
        </p>
        <footer>
          <button type="button" onClick={onClose}>
            {t("app.cancel")}
          </button>
          <button type="submit" className="main">
            {t("app.save")}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

interface TestProps {
  test: Test;
  onChange: (test: Test) => void;
  onDrop: (() => void) | null;
}

function TestLine({ test, onChange, onDrop }: TestProps) {
  const { t } = useTranslation();
  const sized = test.field === "size";
  const bare = test.field === "all" || test.field === "spam";
  const ops: (Op | "so")[] = sized ? ["over", "under"] : bare ? ["so"] : [...OPS];
  return (
    <div className="line">
      <select
        aria-label={t("settings.filters.which")}
        value={test.field}
        onChange={(event) => {
          const field = event.target.value as Test["field"];
          onChange({ ...test, field, not: false, op: field === "size" ? "over" : sized ? "contains" : test.op });
        }}
      >
        {FIELDS.map((each) => (
          <option key={each} value={each}>
            {t(`settings.filters.field.${each}`)}
          </option>
        ))}
      </select>
      {test.field === "header" && (
        <input
          aria-label={t("settings.filters.header")}
          placeholder="X-…"
          value={test.header}
          onChange={(event) => onChange({ ...test, header: event.target.value.trim() })}
        />
      )}
      {test.field !== "all" && (
        <select
          aria-label={t("settings.filters.compare")}
          value={`${test.not ? "!" : ""}${bare ? "so" : test.op}`}
          onChange={(event) => {
            const not = event.target.value.startsWith("!");
            const op = event.target.value.replace("!", "") as Op | "so";
            onChange({ ...test, not, op: op === "so" ? test.op : op });
          }}
        >
          {ops.flatMap((each) => [
            <option key={each} value={each}>
              {t(`settings.filters.op.${each}`)}
            </option>,
            ...(sized
              ? []
              : [
                  <option key={`!${each}`} value={`!${each}`}>
                    {t(`settings.filters.notOp.${each}`)}
                  </option>,
                ]),
          ])}
        </select>
      )}
      {!bare && (
        <input
          className="grow"
          aria-label={t(sized ? "settings.filters.size" : "settings.filters.value")}
          placeholder={sized ? "KB" : undefined}
          inputMode={sized ? "numeric" : undefined}
          value={test.value}
          onChange={(event) => onChange({ ...test, value: event.target.value })}
        />
      )}
      {onDrop && (
        <IconButton label={t("settings.filters.dropTest")} onClick={onDrop}>
          <X />
        </IconButton>
      )}
    </div>
  );
}

interface ActionProps {
  action: Action;
  onChange: (action: Action) => void;
  onDrop: () => void;
}

function ActionLine({ action, onChange, onDrop }: ActionProps) {
  const { t } = useTranslation();
  const folders = useApp((state) => state.mailboxes[ownAccount()]) ?? [];
  const { kind, value } = action;
  const name = t(`settings.filters.action.${kind}`);
  const bare = !["move", "copy", "forward", "label", "reject"].includes(kind);
  return (
    <div className="line">
      <span className="what">{name}</span>
      {(kind === "move" || kind === "copy") && (
        <select
          className="grow"
          aria-label={t("settings.filters.folder")}
          value={value}
          onChange={(event) => {
            const found = folders.find((each) => each.id === event.target.value);
            onChange({ ...action, value: event.target.value, name: found?.name ?? "" });
          }}
        >
          <option value="" />
          {lines(folders).map(([each, depth]) => (
            <option key={each.id} value={each.id}>
              {"\u2003".repeat(depth) + folderName(each)}
            </option>
          ))}
        </select>
      )}
      {(kind === "forward" || kind === "label" || kind === "reject") && (
        <input
          className="grow"
          aria-label={name}
          placeholder={t(`settings.filters.needs.${kind}`)}
          value={value}
          onChange={(event) => onChange({ ...action, value: event.target.value })}
        />
      )}
      {bare && <span className="grow" />}
      <IconButton label={t("settings.filters.dropAction", { name })} onClick={onDrop}>
        <X />
      </IconButton>
    </div>
  );
}
