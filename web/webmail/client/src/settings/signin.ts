/** What the pages of `/signin` say of one's password, second factors and app passwords. */
import { t } from "i18next";
import { post, take } from "../jmap/client";
import { Refused } from "../jmap/errors";

export interface Factor {
  id: number;
  kind: "totp" | "key" | "app";
  label: string;
  made: string | null;
  used: string | null;
}

export interface Factors {
  factors: Factor[];
  /** Codes on paper that are left. */
  paper: number;
}

export interface Authenticator {
  secret: string;
  uri: string;
  state: string;
}

export interface KeyRequest {
  options: PublicKeyCredentialCreationOptionsJSON;
  state: string;
}

export const factors = () => take<Factors>("/signin/factors");
export const appPasswords = () => take<Factor[]>("/signin/passwords");
export const changePassword = (password: string, fresh: string) =>
  post<null>("/signin/password", { password, new: fresh }, "POST", "unfitPassword");
export const addAppPassword = (password: string, label: string) =>
  post<{ password: string }>("/signin/passwords", { password, label });
export const dropAppPassword = (password: string, id: number) =>
  post<null>(`/signin/passwords/${id}`, { password }, "DELETE");
export const newAuthenticator = (password: string) => post<Authenticator>("/signin/factors/totp", { password });
export const newKey = (password: string) => post<KeyRequest>("/signin/factors/key", { password });
export const newPaper = (password: string) => post<{ paper: string[] }>("/signin/factors/paper", { password });
export const takeCode = (label: string, state: string, code: string) =>
  post<{ paper: string[] }>("/signin/factors", { label, state, code }, "POST", "wrongCode");
export const dropFactor = (password: string, id: number) => post<null>(`/signin/factors/${id}`, { password }, "DELETE");

/** Asks the browser for a new security key or passkey, and takes it into use. */
export async function takeKey(label: string, { options, state }: KeyRequest): Promise<{ paper: string[] }> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const made = (await navigator.credentials.create({ publicKey }).catch(() => null)) as PublicKeyCredential | null;
  if (!made) throw new Refused("forbidden", t("signin.noKey"));
  return post("/signin/factors", { label, state, response: made.toJSON() }, "POST", "wrongCode");
}
