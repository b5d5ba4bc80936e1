#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Thunderbird, without its windows (lib/marionette.py); the backend is an argument."""

import contextlib
import os
import sys

from lib import behind, clients, corpus, procs
from lib.marionette import BINARY, Thunderbird
from lib.tap import Skip, check, run, same, wait_for
from lib.wire import Wire

BACKEND = sys.argv[1] if len(sys.argv) > 1 else 'sample'

# What the cases call; every URL of Thunderbird's ends in a listener.
LIBRARY = '''
const server = MailServices.accounts.allServers.find(s => s.type == "imap");
const label = header => header.mime2DecodedSubject.split(" ").pop();
function listen(start) {
  return new Promise((resolve, reject) => start({
    QueryInterface: ChromeUtils.generateQI(["nsIUrlListener", "nsIMsgCopyServiceListener"]),
    OnStartRunningUrl() {}, OnProgress() {}, setMessageKey() {}, getMessageId() {}, onStartCopy() {},
    onProgress() {},
    OnStopCopy(status) { this.onStopCopy(status); },
    onStopCopy(status) { Components.isSuccessCode(status) ? resolve() : reject(new Error("copy " + status)); },
    OnStopRunningUrl(url, status) {
      Components.isSuccessCode(status) ? resolve() : reject(new Error(url?.spec + " " + status));
    },
  }));
}
// Thunderbird forgets the listener of what it joins with something under way.
async function patient(start) {
  for (let turn = 0; turn < 4; turn++) {
    const late = new Promise(resolve => setTimeout(resolve, 8000, "late"));
    if (await Promise.race([start(), late]) != "late") return;
  }
  throw new Error("it never ends");
}
async function until(what, probe) {
  for (let turn = 0; turn < 300; turn++) {
    const found = probe();
    if (found) return found;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  throw new Error("no " + what);
}
const box = name => until("mailbox " + name, () =>
  server.rootFolder.descendants.find(f => f.localizedName == name));
const inbox = () => until("INBOX", () => server.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox));
async function open(name) {
  const folder = await (name == "INBOX" ? inbox() : box(name));
  await patient(() => listen(l =>
    folder.QueryInterface(Ci.nsIMsgImapMailFolder).updateFolderWithListener(null, l)));
  return folder;
}
const message = (folder, name) => until("message " + name, () =>
  [...folder.messages].find(header => label(header) == name));
async function octets(folder, header) {
  const uri = folder.getUriForMsg(header), service = MailServices.messageServiceFromURI(uri);
  let text = "";
  await new Promise((resolve, reject) => service.streamMessage(uri, {
    QueryInterface: ChromeUtils.generateQI(["nsIStreamListener"]),
    onStartRequest() {},
    onDataAvailable(request, stream, offset, count) {
      const octets = Cc["@mozilla.org/binaryinputstream;1"].createInstance(Ci.nsIBinaryInputStream);
      octets.setInputStream(stream);
      text += octets.readBytes(count);
    },
    onStopRequest(request, status) {
      Components.isSuccessCode(status) ? resolve() : reject(new Error("stream " + status));
    },
  }, null, null, false, "", false));
  return text;
}
'''


class Account:
    """One Thunderbird with one account."""

    def __init__(self, server, home, kind='plain', **more):
        self.server = server
        plain = kind == 'plain'
        prefs = {
            'mail.accountmanager.accounts': 'account1', 'mail.accountmanager.defaultaccount': 'account1',
            'mail.account.account1.server': 'server1', 'mail.account.account1.identities': 'id1',
            'mail.identity.id1.useremail': 'alice@example.org', 'mail.identity.id1.valid': True,
        }
        for name, value in {
                'type': 'imap', 'hostname': server.wire.host if plain else 'localhost', 'userName': 'alice',
                'port': server.wire.port if plain else server.front.ports[kind], 'name': 'Ferry',
                'socketType': {'plain': 0, 'starttls': 2, 'implicit': 3}[kind], 'authMethod': 3,
                'login_at_startup': False, 'check_new_mail': False, 'use_idle': True,
                'offline_download': False, 'use_compress_deflate': False, 'delete_model': 2,
                'max_cached_connections': 5, **more}.items():
            prefs['mail.server.server1.' + name] = value
        prefs['mail.server.server1.directory-rel'] = '[ProfD]ImapMail/ferry'
        self.bird = Thunderbird(home, prefs)
        self.certificate = None if plain else clients.ca_file(server)

    def __enter__(self):
        self.bird.__enter__()
        try:
            self.bird.run(LIBRARY + SIGN_IN, self.certificate and open(self.certificate).read())
        except BaseException:
            self.bird.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.bird.__exit__()

    def run(self, script, *arguments):
        return self.bird.run(LIBRARY + script, *arguments)


SIGN_IN = '''
if (args[0]) {
  const db = Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB);
  const cert = db.constructX509FromBase64(args[0].replace(/-----[^-]*-----|[^A-Za-z0-9+/=]/g, ""));
  Cc["@mozilla.org/security/certoverride;1"].getService(Ci.nsICertOverrideService)
    .rememberValidityOverride("localhost", server.port, {}, cert, true);
}
server.password = "secret";
server.performExpand(null);
await inbox();
'''


def need_thunderbird():
    if not os.access(BINARY, os.X_OK):
        raise Skip('no Thunderbird here (package thunderbird; --all-clients installs it)')


@contextlib.contextmanager
def fixture():
    need_thunderbird()
    with behind.server(BACKEND, listeners=('plain', 'starttls', 'implicit')) as server:
        server.home = procs.temp_dir('bird')
        try:
            with Wire(server.host, server.front.ports['plain']) as server.wire:
                server.behind.fill('Bird', 'bird-1', 'bird-2', 'bird-3', size=9000)
                server.behind.make('BirdTo')
                with Account(server, server.home + '/main') as server.bird:
                    yield server
        finally:
            procs.remove_dir(server.home)


def checked(server):
    wait_for(lambda: not server.wire.unanswered(), 10 * procs.PATIENCE, 'an answer to every command')
    same(server.wire.refused(), [], 'refused')
    same(server.wire.odd, [], 'not understood')
    server.wire.forget()


def test_lists_mailboxes(server):
    found = server.bird.run('''
        await box("Bird"); await box("BirdTo");
        return server.rootFolder.descendants.map(f => f.localizedName);
    ''')
    check({'Bird', 'BirdTo'} <= set(found), repr(found))
    checked(server)


def test_reads(server):
    got = server.bird.run('''
        const folder = await open("Bird"), header = await message(folder, "bird-2");
        const list = [...folder.messages].map(h => [label(h), h.isRead, h.isFlagged, h.messageSize]).sort();
        return [list, await octets(folder, header)];
    ''')
    mine = corpus.one('bird-2', 9000)
    same([entry[:3] for entry in got[0]], [['bird-%d' % n, False, False] for n in (1, 2, 3)])
    same(got[0][1][3], len(mine), 'size')
    same(clients.unix(got[1].encode('latin-1')), clients.unix(mine))
    checked(server)


def test_downloads_once(server):
    server.bird.run('''
        const folder = await open("Bird");
        await octets(folder, await message(folder, "bird-2"));
    ''')
    same(server.wire.commands(r'UID FETCH .*(BODY(\.PEEK)?\[\]|RFC822)'), [], 'downloads')
    checked(server)


def test_flags(server):
    server.bird.run('''
        const folder = await open("Bird"), one = await message(folder, "bird-1");
        const two = await message(folder, "bird-2"), three = await message(folder, "bird-3");
        folder.markMessagesRead([one], true);
        folder.markMessagesFlagged([two], true);
        folder.addKeywordsToMessages([two, three], "work");
        folder.removeKeywordsFromMessages([three], "work");
    ''')
    server.behind.wait('Bird', {'bird-1': {'\\Seen'}, 'bird-2': {'\\Flagged', 'work'},
                                'bird-3': set()}.__eq__)
    server.bird.run('''
        const folder = await open("Bird");
        folder.markMessagesRead([await message(folder, "bird-1")], false);
        folder.markMessagesFlagged([await message(folder, "bird-2")], false);
    ''')
    server.behind.wait('Bird', {'bird-1': set(), 'bird-2': {'work'}, 'bird-3': set()}.__eq__)
    checked(server)


def test_searches_on_the_server(server):
    for attribute, text, want in (('Body', 'This is bird-3', ['bird-3']), ('Subject', 'bird-1', ['bird-1']),
                                  ('Sender', 'alice@', ['bird-1', 'bird-2', 'bird-3'])):
        found = server.bird.run('''
            const folder = await open("Bird"), hits = new Set();
            await patient(() => new Promise(resolve => {
              const session = Cc["@mozilla.org/messenger/searchSession;1"].createInstance(Ci.nsIMsgSearchSession);
              const term = session.createTerm(), value = term.value;
              session.addScopeTerm(Ci.nsMsgSearchScope.onlineMail, folder);
              value.attrib = term.attrib = Ci.nsMsgSearchAttrib[args[0]];
              value.str = args[1];
              term.value = value;
              term.op = Ci.nsMsgSearchOp.Contains;
              session.appendTerm(term);
              session.registerListener({ onNewSearch() {}, onSearchHit: h => hits.add(label(h)),
                                         onSearchDone: resolve });
              session.search(null);
            }));
            return [...hits].sort();
        ''', attribute, text)
        same(found, want, attribute)
    check(server.wire.commands('UID SEARCH'), 'nothing was asked of the server')
    checked(server)


def test_copies_and_moves(server):
    server.bird.run('''
        const from = await open("Bird"), to = await box("BirdTo"), header = await message(from, "bird-1");
        await listen(l => MailServices.copy.copyMessages(from, [header], to, false, l, null, false));
    ''')
    server.bird.run('''
        const from = await open("Bird"), to = await box("BirdTo"), header = await message(from, "bird-2");
        await listen(l => MailServices.copy.copyMessages(from, [header], to, true, l, null, false));
    ''')
    server.behind.wait('Bird', {'bird-1': set(), 'bird-3': set()}.__eq__)
    server.behind.wait('BirdTo', {'bird-1': set(), 'bird-2': {'work'}}.__eq__)
    checked(server)


def test_appends(server):
    path = server.home + '/append.eml'
    with open(path, 'wb') as out:
        out.write(corpus.one('bird-4', 20000))
    got = server.bird.run('''
        const file = Cc["@mozilla.org/file/local;1"].createInstance(Ci.nsIFile);
        file.initWithPath(args[0]);
        const to = await open("BirdTo");
        await listen(l => MailServices.copy.copyFileMessage(
          file, to, null, false, Ci.nsMsgMessageFlags.Read, "", l, null));
        const folder = await open("BirdTo");
        return octets(folder, await message(folder, "bird-4"));
    ''', path)
    same(clients.unix(got.encode('latin-1')), clients.unix(corpus.one('bird-4', 20000)))
    same(server.behind.flags('BirdTo')['bird-4'], {'\\Seen'})
    checked(server)


def test_deletes(server):
    server.bird.run('''
        const folder = await open("BirdTo"), header = await message(folder, "bird-1");
        await listen(l => folder.deleteMessages([header], null, true, false, l, false));
        await listen(l => folder.compact(l, null));
    ''')
    server.behind.wait('BirdTo', lambda found: sorted(found) == ['bird-2', 'bird-4'])
    same(sorted(server.behind.flags('Bird')), ['bird-1', 'bird-3'], 'the message that was copied from')
    checked(server)


def test_hears_of_new_mail(server):
    server.bird.run('await open("INBOX");')
    wait_for(server.wire.idling, 20 * procs.PATIENCE, 'IDLE')
    server.behind.put('INBOX', corpus.one('bird-new'), ['\\Flagged'])
    same(server.bird.run('return (await message(await inbox(), "bird-new")).isFlagged;'), True, 'flagged')
    checked(server)


def test_mailboxes(server):
    server.bird.run('''
        server.rootFolder.createSubfolder("Bird Nest Ö", null);
        await box("Bird Nest Ö");
    ''')
    check('Bird Nest Ö' in server.behind.boxes(), 'created')
    checked(server)


def test_resynchronises(server):
    """With CONDSTORE switched on: what changed while it was away it asks for by its mod-sequence."""
    with server.imap() as other:
        if b'CONDSTORE' not in other.capabilities():
            raise Skip('no CONDSTORE here')
        server.behind.fill('Away', 'away-1', 'away-2', 'away-3')
        home = server.home + '/away'
        with Account(server, home, use_condstore=True) as bird:
            bird.run('await message(await open("Away"), "away-3");')
        checked(server)
        other.select('Away')
        other.ok('STORE 2 +FLAGS (\\Flagged)')
    with Account(server, home, use_condstore=True) as bird:
        same(bird.run('return (await message(await open("Away"), "away-2")).isFlagged;'), True, 'flagged')
    check(server.wire.commands(r'UID FETCH .*CHANGEDSINCE'), server.wire.transcript())
    checked(server)


def test_over_tls(server):
    kind = 'implicit' if BACKEND == 'sample' else 'starttls'
    server.behind.put('BirdTo', corpus.one('bird-tls'))
    with Account(server, server.home + '/tls', kind) as bird:
        got = bird.run('''
            const folder = await open("BirdTo"), header = await message(folder, "bird-tls");
            folder.markMessagesFlagged([header], true);
            return octets(folder, header);
        ''')
        same(clients.unix(got.encode('latin-1')), clients.unix(corpus.one('bird-tls')), kind)
        server.behind.wait('BirdTo', lambda found: '\\Flagged' in found['bird-tls'])


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=150)
