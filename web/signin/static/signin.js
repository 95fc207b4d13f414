// Signing in from pages without a framework: a password, and what the account asks for beside it.

// `ask(method, path, body)` sends JSON and throws an error whose `told` is the answer. `wantCode` shows where a code is typed.
export async function signIn(ask, body, wantCode) {
  try {
    return await ask("POST", "/signin/session", body);
  } catch (error) {
    const { key, codes } = error.told || {};
    if (key && !body.code) {
      try {
        return await ask("POST", "/signin/session", { ...body, key: await askKey(key) });
      } catch (failed) {
        if (!codes) throw failed;
      }
    }
    if (codes) wantCode();
    throw error;
  }
}

// What a security key or passkey answers to the question that the server has put.
async function askKey(asked) {
  if (!window.PublicKeyCredential) throw new Error("This browser knows no security keys, or the page did not come by TLS.");
  let found;
  try {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked.options);
    found = await navigator.credentials.get({ publicKey });
  } catch {
    throw new Error("The security key has not answered.");
  }
  return { state: asked.state, response: found.toJSON() };
}
