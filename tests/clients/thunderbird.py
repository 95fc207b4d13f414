"""Thunderbird without a screen, driven from the inside by the protocol that its own tests use (Marionette)."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.clients.account import Account
from tests.support.patience import until_listens
from tests.support.ports import free_port
from tests.support.server import RunningServer

SECONDS = 60
_PREFERENCES = {
    "app.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.rights.version": 1,
    "mail.shell.checkDefaultClient": False,
    "mail.spotlight.firstRunDone": True,
    "mailnews.start_page.enabled": False,
    "network.proxy.type": 0,
    "toolkit.telemetry.enabled": False,
}
_ACCOUNT = """
const [user, password, imap, submission] = args;
const server = MailServices.accounts.createIncomingServer(user, "127.0.0.1", "imap");
server.port = imap;
server.socketType = Ci.nsMsgSocketType.plain;
server.authMethod = Ci.nsMsgAuthMethod.passwordCleartext;
server.password = password;
const identity = MailServices.accounts.createIdentity();
identity.email = user;
const way = MailServices.outgoingServer.createServer("smtp");
way.QueryInterface(Ci.nsISmtpServer);
way.hostname = "127.0.0.1";
way.port = submission;
way.socketType = Ci.nsMsgSocketType.plain;
way.authMethod = Ci.nsMsgAuthMethod.passwordCleartext;
way.username = user;
way.password = password;
join(server, identity, way);
server.performExpand(null);
await until(() => server.rootFolder.subFolders.length > 2);
"""
_BY_EWS = """
const [user, password, url] = args;
const server = MailServices.accounts.createIncomingServer(user, "127.0.0.1", "ews");
server.setStringValue("ews_url", url);
server.authMethod = Ci.nsMsgAuthMethod.passwordCleartext;
server.password = password;
const identity = MailServices.accounts.createIdentity();
identity.email = user;
const way = MailServices.outgoingServer.createServer("ews");
way.QueryInterface(Ci.IExchangeOutgoingServer).initialize(url);
way.authMethod = Ci.nsMsgAuthMethod.passwordCleartext;
way.username = user;
way.password = password;
join(server, identity, way);
server.getNewMessages(server.rootFolder, null, null);
await until(() => folder("INBOX") && folder("Sent"));
"""
_AROUND = """
const args = [...arguments];
const done = args.pop();
const pause = ms => new Promise(go => setTimeout(go, ms));
const until = async test => {
  for (;;) { const found = await test(); if (found) return found; await pause(50); }
};
const told = topic => new Promise(go => {
  const ear = { observe() { Services.obs.removeObserver(ear, topic); go(); } };
  Services.obs.addObserver(ear, topic);
});
const folder = path => {
  const root = MailServices.accounts.accounts[0].incomingServer.rootFolder;
  return path.split("/").reduce((at, name) => at?.subFolders.find(each => each.name == name), root);
};
const update = async path => { folder(path).updateFolder(null); await pause(100); };
const join = (server, identity, way) => {
  identity.smtpServerKey = way.key;
  const account = MailServices.accounts.createAccount();
  account.incomingServer = server;
  account.addIdentity(identity);
};
const letters = path => [...folder(path).messages];
const octetsOf = async head => {
  const uri = head.folder.getUriForMsg(head);
  const service = MailServices.messageServiceFromURI(uri);
  return await new Promise((give, fail) => service.streamMessage(uri, {
    QueryInterface: ChromeUtils.generateQI(["nsIStreamListener"]),
    octets: "",
    onStartRequest() {},
    onDataAvailable(request, input, offset, count) {
      const stream = Cc["@mozilla.org/binaryinputstream;1"].createInstance(Ci.nsIBinaryInputStream);
      stream.setInputStream(input);
      this.octets += stream.readBytes(count);
    },
    onStopRequest(request, status) { status ? fail(Error(status)) : give(btoa(this.octets)); },
  }, null, null, false, "", false));
};
const {cal} = ChromeUtils.importESModule("resource:///modules/calendar/calUtils.sys.mjs");
(async () => { %s })().then(value => done({value: value ?? null}), error => done({error: `${error} ${error.stack}`}));
"""


class Thunderbird:
    """One Thunderbird with a profile of its own."""

    def __init__(self, home: Path, server: RunningServer) -> None:
        self._server, self._profile = server, home / "profile"
        self._profile.mkdir()
        self._port = free_port()
        wanted = _PREFERENCES | {"marionette.port": self._port}
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in wanted.items()]
        (self._profile / "user.js").write_text("\n".join(lines))
        found = shutil.which("thunderbird")
        assert found, "thunderbird is not here: sh tests/support/install.sh $(cat tests/support/packages.txt)"
        command = [found, "--headless", "--marionette", "--remote-allow-system-access", "--no-remote"]
        environment = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        self._process = subprocess.Popen(
            [*command, "--profile", self._profile],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._count = 0

    def __enter__(self) -> Self:
        self._socket = self._connected()
        self._file = self._socket.makefile("rb")
        self._told()
        self._ask("WebDriver:NewSession", capabilities={})
        self._ask("Marionette:SetContext", value="chrome")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._file.close()
        self._socket.close()
        self._process.terminate()
        self._process.wait(SECONDS)

    def run(self, script: str, *arguments: Any) -> Any:
        """What the script returns. AssertionError with what went wrong in it."""
        around = _AROUND % script
        answer = self._ask("WebDriver:ExecuteAsyncScript", script=around, args=arguments, scriptTimeout=SECONDS * 1000)
        found = answer["value"]
        if answer["value"] is None:  # a window has opened that waits for somebody
            raise AssertionError(self._ask("WebDriver:GetAlertText")["value"])
        assert "error" not in found, found["error"]
        return found["value"]

    def sign_in(self, who: Account) -> None:
        """Somebody's account, as the assistant for new accounts would make it."""
        ports = (self._server.port("imap"), self._server.port("submission"))
        self.run(_ACCOUNT, who.address, who.password, *ports)

    def sign_in_by_ews(self, who: Account) -> None:
        """Somebody's account as one of an Exchange server, which Thunderbird finds by Autodiscover."""
        url = f"http://127.0.0.1:{self._server.port('http')}/EWS/Exchange.asmx"
        self.run(_BY_EWS, who.address, who.password, url)

    def remember(self, who: Account) -> str:
        """The password for the web, kept as if somebody had ticked the box; gives the address of the server."""
        there = f"http://127.0.0.1:{self._server.port('http')}"
        self.run(
            """
            const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
            login.init(args[0], null, "Postroom", args[1], args[2], "", "");
            await Services.logins.addLoginAsync(login);
            """,
            there,
            who.address,
            who.password,
        )
        return there

    def _connected(self) -> socket.socket:
        until_listens(self._port, self._process)
        return socket.create_connection(("127.0.0.1", self._port), timeout=SECONDS + 10)

    def _ask(self, name: str, **parameters: Any) -> Any:
        self._count += 1
        octets = json.dumps([0, self._count, name, parameters]).encode()
        self._socket.sendall(b"%d:%b" % (len(octets), octets))
        _, number, error, result = self._told()
        assert number == self._count
        assert error is None, error
        return result

    def _told(self) -> Any:
        length = b""
        while (sign := self._file.read(1)) != b":":
            assert sign, "Thunderbird has gone"
            length += sign
        return json.loads(self._file.read(int(length)))
