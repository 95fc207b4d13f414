// What ews-javascript-api does with a server: node ews.cjs WHAT URL ADDRESS PASSWORD; it prints what it found, as JSON.
const ews = require("ews-javascript-api");
ews.ConfigurationApi.ConfigureXHR(undefined);

const [what, url, address, password] = process.argv.slice(2);
const service = new ews.ExchangeService(ews.ExchangeVersion.Exchange2013_SP1);
service.Credentials = new ews.WebCredentials(address, password);
service.Url = new ews.Uri(url);
const INBOX = new ews.FolderId(ews.WellKnownFolderName.Inbox);

async function subjects(folder) {
  const found = await service.FindItems(folder, new ews.ItemView(50));
  return found.Items.map((item) => item.Subject);
}

async function made(subject) {
  const message = new ews.EmailMessage(service);
  message.Subject = subject;
  message.Body = new ews.MessageBody(ews.BodyType.Text, "Words");
  message.ToRecipients.Add(address);
  await message.Save(INBOX);
  return message;
}

const DOES = {
  async mail() {
    const message = await made("Draft");
    message.Subject = "Letter";
    message.IsRead = true;
    await message.Update(ews.ConflictResolutionMode.AlwaysOverwrite);
    const again = await ews.EmailMessage.Bind(service, message.Id);
    await again.Load();
    const there = { subject: again.Subject, read: again.IsRead, body: again.Body.Text.trim() };
    await again.Delete(ews.DeleteMode.HardDelete);
    return { ...there, left: await subjects(INBOX) };
  },
  async conflict() {
    const message = await made("Draft");
    const other = await ews.EmailMessage.Bind(service, message.Id);
    other.Subject = "First";
    await other.Update(ews.ConflictResolutionMode.NeverOverwrite);
    message.Subject = "Second";
    const codes = ews.ServiceError;
    return message.Update(ews.ConflictResolutionMode.NeverOverwrite).then(
      () => "none",
      (error) => codes[error.ErrorCode ?? error.errorCode],
    );
  },
  async events() {
    const event = new ews.Appointment(service);
    event.Subject = "Daily";
    event.Start = ews.DateTime.Parse("2027-03-01T09:00:00Z");
    event.End = ews.DateTime.Parse("2027-03-01T10:00:00Z");
    event.Recurrence = new ews.Recurrence.DailyPattern(event.Start, 1);
    event.Recurrence.NumberOfOccurrences = 4;
    await event.Save(ews.SendInvitationsMode.SendToNone);
    const view = new ews.CalendarView(ews.DateTime.Parse("2027-02-28T00:00:00Z"), ews.DateTime.Parse("2027-03-04T00:00:00Z"));
    const found = await service.FindAppointments(ews.WellKnownFolderName.Calendar, view);
    return found.Items.map((item) => item.Start.ToISOString());
  },
  async changes() {
    const first = await service.SyncFolderItems(INBOX, ews.PropertySet.IdOnly, null, 50, ews.SyncFolderItemsScope.NormalItems, null);
    const types = [new ews.FolderId(ews.WellKnownFolderName.Inbox)];
    const pulled = await service.SubscribeToPullNotifications(types, 5, null, ews.EventType.Created);
    await made("New");
    const then = await service.SyncFolderItems(INBOX, ews.PropertySet.FirstClassProperties, null, 50, ews.SyncFolderItemsScope.NormalItems, first.SyncState);
    const events = await pulled.GetEvents();
    return { came: then.Count, events: events.AllEvents.length };
  },
  async people() {
    const contact = new ews.Contact(service);
    contact.GivenName = "Ann";
    contact.Surname = "Berg";
    contact.EmailAddresses._setItem(ews.EmailAddressKey.EmailAddress1, new ews.EmailAddress("ann@far.test"));
    await contact.Save(new ews.FolderId(ews.WellKnownFolderName.Contacts));
    const found = await service.ResolveName("berg", ews.ResolveNameSearchLocation.ContactsOnly, true);
    return found.items.map((each) => each.Mailbox.Address);
  },
};

DOES[what]().then(
  (found) => process.stdout.write(`${JSON.stringify(found)}\n`),
  (error) => {
    process.stderr.write(`${error.stack || error}\n`);
    process.exitCode = 1;
  },
);
