#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mailboxes that a Cyrus user shares with another by its own ACLs, seen through Ferry.

Alice signs in to Ferry; what is Bob's he changes through Cyrus's own IMAP.
"""

import contextlib
import time

from lib import corpus, proxy, target
from lib.imap import ImapError, copyuid
from lib.tap import check, run, same, wait_for

PREFIX = 'Shared Folders/bob'
POLL = 2


def begin(cyrus):
    """Bob's account is there from the start: how soon a new one is seen is another matter."""
    with cyrus.imap('bob') as bob:
        bob.ok('CREATE First')
        bob.ok('SETACL First alice lrs')


@contextlib.contextmanager
def fixture():
    settings = {'backend main': {'poll': str(POLL)}}
    with target.on_cyrus(settings=settings, before=begin) as server:
        target.ferry_only('it is about the names and rights that Ferry makes of JMAP')
        yield server


def share(server, name, rights, messages=()):
    """A mailbox of Bob's with these messages; its name to Alice."""
    with server.native('bob') as bob:
        bob.cmd('DELETE ' + name)
        bob.ok('CREATE ' + name)
        for message in messages:
            bob.append(name, message)
        bob.ok('SETACL %s alice %s' % (name, rights))
    return PREFIX + '/' + name


def shared_names(client):
    """Bob's mailboxes as they are told to Alice."""
    reply = client.ok('LIST "" "Shared Folders/*"')
    return {bytes(r.tokens[-1]).decode() for r in reply.all(b'LIST')
            if b'\\NonExistent' not in r.tokens[0]}


def appear(client, name):
    wait_for(lambda: name in shared_names(client), 20, name + ' in LIST', 0.2)


def permanent(reply):
    """The PERMANENTFLAGS of a reply, as a set."""
    return set(reply.codes()[b'PERMANENTFLAGS'].strip(b'()').split())


def refused(client, command, code=b'NOPERM'):
    reply = client.cmd(*([command] if isinstance(command, str) else command))
    same((reply.kind, reply.code), (b'NO', code), str(command))


def noop_until(client, wanted, what):
    """NOOP until one of its untagged responses is wanted; all of them."""
    seen = []

    def probe():
        seen.extend(client.ok('NOOP').untagged)
        return any(wanted(response) for response in seen)
    wait_for(probe, 20, what, 0.2)
    return seen


def test_other_users_namespace(server):
    with server.imap() as client:
        appear(client, PREFIX + '/First')
        same(client.ok('NAMESPACE').first(b'NAMESPACE').tokens[1], [[b'Shared Folders/', b'/']],
             'other users')
        name = share(server, 'Hidden', 'lr')
        appear(client, name)
        with server.native('bob') as bob:
            bob.ok('CREATE Own')
            bob.ok('DELETEACL Hidden alice')
        wait_for(lambda: name not in shared_names(client), 20, 'Hidden is gone again', 0.2)
        same(PREFIX + '/Own' in shared_names(client), False, 'what is not shared')
        same(client.cmd('SELECT "%s/Own"' % PREFIX).code, b'NONEXISTENT', 'SELECT of it')
    with server.imap('bob') as bob:
        same([r for r in bob.ok('LIST "" "Shared*"').all(b'LIST')], [], 'nobody shares with Bob')


def settle(server, client):
    """Until all mailboxes were read once more, as they are after changes, whatever was shown."""
    mark = server.proxy.mark()
    whole = b'["Mailbox/get",{"accountId":"bob","ids":null}'

    def probe():
        shared_names(client)
        return any(whole in request.body for request in server.proxy.since(mark))
    wait_for(probe, 20, 'all mailboxes to be read', 0.2)


def test_told_before_it_is_shown(server):
    """Rights change while they are asked for: Mailbox/changes knows it, Mailbox/get not yet."""
    hidden = []

    def hide(document):
        answers = [answer for name, answer, _ in document['methodResponses']
                   if name.startswith('Mailbox/') and answer.get('accountId') == 'bob']
        if hidden or not answers or 'created' not in answers[0]:
            return
        hidden.extend(answers[0]['created'] + answers[0]['destroyed'])
        answers[0]['updated'] += answers[0]['destroyed']
        answers[0]['destroyed'] = []
        for answer in answers[1:]:
            answer['notFound'] += [box['id'] for box in answer['list']]
            answer['list'] = []

    with server.imap() as client:
        appear(client, PREFIX + '/First')
        server.proxy.rule('Mailbox/changes', proxy.change_json(hide), 1000)
        name = share(server, 'Early', 'lr')
        appear(client, name)
        same(len(hidden), 1, 'mailboxes that were told of and not shown')
        settle(server, client)
        del hidden[:]
        with server.native('bob') as bob:
            bob.ok('DELETEACL Early alice')
        wait_for(lambda: name not in shared_names(client), 20, 'Early is gone again', 0.2)
        same(len(hidden), 1, 'mailboxes that were gone and not said to be')
        del hidden[:]
        share(server, 'Early', 'lr')
        appear(client, name)
    server.proxy.clear()


def test_reading_only(server):
    name = share(server, 'ReadOnly', 'lr', [corpus.one('ro-1'), corpus.one('ro-2')])
    with server.imap() as client:
        appear(client, name)
        reply = client.select(name)
        same(reply.code, b'READ-ONLY', 'SELECT')
        same(permanent(reply), set(), 'PERMANENTFLAGS')
        same({m[b'BODY[]'] for m in client.fetch('1:2', 'BODY[]').values()},
             {corpus.one('ro-1'), corpus.one('ro-2')}, 'their octets')
        check(not client.cmd('STORE 1 +FLAGS (\\Flagged)').ok, 'STORE')
        check(not client.cmd('MOVE 1 INBOX').ok, 'MOVE')
        same(client.cmd('EXPUNGE').kind, b'NO', 'EXPUNGE')
        same(client.cmd('APPEND "%s" {3+}\r\nabc' % name).code, b'NOPERM', 'APPEND')
        client.ok('COPY 2 Archive')
        client.select('INBOX')
        client.append('INBOX', corpus.one('ro-in'))
        client.ok('NOOP')
        refused(client, 'COPY * "%s"' % name)
        refused(client, 'DELETE "%s"' % name)
        refused(client, 'CREATE "%s/Below"' % name)
    with server.native('bob') as bob:
        same(bob.status('ReadOnly')[b'MESSAGES'], 2, 'nothing happened to it')


def test_flags_follow_rights(server):
    name = share(server, 'Flags', 'lrs', [corpus.one('fl-1')])
    with server.imap() as client:
        appear(client, name)
        reply = client.select(name)
        same(reply.code, b'READ-WRITE', 'SELECT')
        same(permanent(reply), {b'\\Seen'}, 'PERMANENTFLAGS')
        client.ok('STORE 1 +FLAGS (\\Seen)')
        refused(client, 'STORE 1 +FLAGS (\\Flagged)')
        refused(client, 'STORE 1 +FLAGS (\\Deleted)')
        # RFC 4314 §4: at least one of the flags may be set
        client.ok('STORE 1 FLAGS (\\Seen \\Flagged)')
        same(set(client.fetch('1', 'FLAGS')[1][b'FLAGS']) - {b'\\Recent'}, {b'\\Seen'}, 'FLAGS')
    with server.native('bob') as bob:
        bob.select('Flags')
        check(b'\\Seen' not in bob.fetch('1', 'FLAGS')[1][b'FLAGS'], '\\Seen is each one\'s own')


def test_rights_move_while_selected(server):
    name = share(server, 'Moving', 'lrswite', [corpus.one('mv-1'), corpus.one('mv-2')])
    with server.imap() as client, server.native('bob') as bob:
        appear(client, name)
        reply = client.select(name)
        check({b'\\Deleted', b'\\Seen', b'\\Flagged', b'\\*'} <= permanent(reply), 'all flags')
        bob.ok('SETACL Moving alice lr')
        seen = noop_until(client, lambda r: r.code == b'READ-ONLY', '[READ-ONLY]')
        check(any(r.code == b'PERMANENTFLAGS' and not r.code_value.strip(b'()') for r in seen),
              'PERMANENTFLAGS ()')
        refused(client, 'STORE 1 +FLAGS (\\Seen)')
        bob.ok('SETACL Moving alice lrswite')
        noop_until(client, lambda r: r.code == b'READ-WRITE', '[READ-WRITE]')
        client.ok('STORE 1 +FLAGS (\\Deleted)')
        client.ok('EXPUNGE')
        same(bob.status('Moving')[b'MESSAGES'], 1, 'Bob sees it')
        bob.ok('DELETEACL Moving alice')

        def ended():
            try:
                return not client.cmd('NOOP').ok
            except (ImapError, OSError):
                return True
        wait_for(ended, 20, 'the mailbox is gone under the session', 0.2)
    with server.imap() as client:
        same(client.cmd('SELECT "%s"' % name).code, b'NONEXISTENT', 'SELECT')


def test_uids_are_its_own(server):
    name = share(server, 'Uids', 'lrswite', [corpus.one('ui-%d' % i) for i in range(3)])
    with server.native('bob') as bob:
        bob.select('Uids')
        bob.ok('STORE 1 +FLAGS.SILENT (\\Deleted)')
        bob.ok('EXPUNGE')
    with server.imap() as client:
        appear(client, name)
        validity = client.select(name).codes()[b'UIDVALIDITY']
        same(client.uids(), [1, 2], 'UIDs')
        client.ok('STORE 2 +FLAGS.SILENT (\\Deleted)')
        client.ok('EXPUNGE')
        client.append(name, corpus.one('ui-new'))
        client.ok('NOOP')
        same(client.uids(), [1, 3], 'a UID is never given again')
    server.front.restart()
    with server.imap() as client:
        same(client.select(name).codes()[b'UIDVALIDITY'], validity, 'UIDVALIDITY')
        same(client.uids(), [1, 3], 'UIDs')


def told_in(client, action, wanted, what):
    """Seconds until an IDLE tells what `action` does."""
    started = time.monotonic()
    action()
    client.wait_untagged(wanted, 30)
    passed = time.monotonic() - started
    print('# %s was told after %.2f s' % (what, passed))
    # a poll and what it has to ask, on a machine that is busy; the default would be 10
    check(passed < POLL + 5, '%s: %.2f s with poll=%d' % (what, passed, POLL))


def test_idle_tells_within_the_poll(server):
    name = share(server, 'Idle', 'lrswite', [corpus.one('id-1')])
    with server.imap() as client, server.native('bob') as bob:
        appear(client, name)
        client.select(name)
        bob.select('Idle')
        client.idle()
        # whatever the interval has grown to: from here on it is the one that was set
        bob.append('Idle', corpus.one('id-2'))
        client.wait_untagged(lambda r: r.kind == b'EXISTS' and r.number == 2, 30)
        told_in(client, lambda: bob.append('Idle', corpus.one('id-3')),
                lambda r: r.kind == b'EXISTS' and r.number == 3, 'an arrival')
        told_in(client, lambda: bob.ok('STORE 1 +FLAGS (\\Flagged)'),
                lambda r: r.kind == b'FETCH' and r.number == 1 and
                b'\\Flagged' in r.items()[b'FLAGS'], 'a flag')

        def expunge():
            bob.ok('STORE 1 +FLAGS.SILENT (\\Deleted)')
            bob.ok('EXPUNGE')
        told_in(client, expunge, lambda r: r.kind == b'EXPUNGE' and r.number == 1, 'an expunge')
        client.done()


def messages_of(client, name):
    """Octets → (flags, INTERNALDATE) of all messages."""
    if not client.select(name).first(b'EXISTS').number:
        return {}
    found = client.fetch('1:*', '(FLAGS INTERNALDATE BODY.PEEK[])').values()
    same(len({m[b'BODY[]'] for m in found}), len(found), name + ': each once')
    return {m[b'BODY[]']: (set(m[b'FLAGS']) - {b'\\Recent'}, bytes(m[b'INTERNALDATE']))
            for m in found}


def fill(server, name, label, count):
    server.fresh(name)
    with server.native() as native:
        for i in range(count):
            native.append(name, corpus.one('%s-%d' % (label, i)), ['\\Flagged', 'Boat'] if i % 2 else [],
                          date='%02d-Mar-2020 10:00:00 +0000' % (i % 28 + 1))


def test_copy_without_the_right_n(server):
    """Cyrus refuses Email/copy there; blobs are copied and imported."""
    name = share(server, 'Copies', 'lrswite')
    fill(server, 'CopyFrom', 'cp', 30)
    with server.imap() as client:
        appear(client, name)
        before = messages_of(client, 'CopyFrom')
        same(len(before), 30)
        first = len(server.proxy.requests)
        pairs = copyuid(client.ok('COPY 1:30 "%s"' % name))
        same(pairs[1:], (list(range(1, 31)), list(range(1, 31))), 'COPYUID')
        called = [call for request in server.proxy.requests[first:] for call in request.calls()]
        same([called.count(m) for m in ('Email/copy', 'Blob/copy', 'Email/import')], [1, 1, 1],
             'calls')
        same(messages_of(client, name), before, 'the copies')
        same(messages_of(client, 'CopyFrom'), before, 'the originals')
        # once more: Cyrus has one Email per content
        client.ok('COPY 1:2 "%s"' % name)
        same(messages_of(client, name), before, 'the copies')
        client.select('CopyFrom')
        client.ok('MOVE 3:30 "%s"' % name)
        same(len(messages_of(client, 'CopyFrom')), 2, 'what stayed')
        same(messages_of(client, name), before, 'nothing lost, nothing doubled')
        client.select(name)
        client.ok('MOVE 1:* CopyFrom')
        same(messages_of(client, 'CopyFrom'), before, 'and back')
        same(messages_of(client, name), {})


def test_copy_with_the_right_n(server):
    name = share(server, 'Plain', 'lrswiten')
    fill(server, 'PlainFrom', 'pl', 5)
    with server.imap() as client:
        appear(client, name)
        before = messages_of(client, 'PlainFrom')
        client.ok('MOVE 1:5 "%s"' % name)
        same(messages_of(client, name), before, 'moved')
        same(messages_of(client, 'PlainFrom'), {})


def test_without_blob_copy(server):
    """What cannot be copied in any way is read and sent."""
    name = share(server, 'Octets', 'lrswite')
    fill(server, 'OctetsFrom', 'oc', 6)
    with server.native() as native:
        native.append('OctetsFrom', corpus.one('oc-large', 3000000))
    with server.imap() as client:
        appear(client, name)
        before = messages_of(client, 'OctetsFrom')
        server.proxy.rule('Blob/copy', proxy.change_json(unknown_method), 100)
        client.ok('MOVE 1:* "%s"' % name)
        server.proxy.clear()
        same(messages_of(client, name), before, 'moved')
        same(messages_of(client, 'OctetsFrom'), {})


def unknown_method(document):
    """Edits the answer of the backend: Blob/copy is no method of it."""
    for response in document['methodResponses']:
        if response[0] == 'Blob/copy':
            response[:2] = 'error', {'type': 'unknownMethod'}


def test_trouble_loses_and_doubles_nothing(server):
    name = share(server, 'Trouble', 'lrswite')
    fill(server, 'TroubleFrom', 'tr', 4)
    with server.imap(timeout=70) as client:
        appear(client, name)
        before = messages_of(client, 'TroubleFrom')
        for word, action in (('Email/import', proxy.drop_answer), ('Blob/copy', proxy.drop_answer),
                             ('Email/import', proxy.drop_request),
                             ('Email/import', proxy.status(500))):
            client.select('TroubleFrom')
            server.proxy.rule(word, action, 1)
            reply = client.cmd('MOVE 1:4 "%s"' % name)
            server.proxy.clear()
            there, here = messages_of(client, name), messages_of(client, 'TroubleFrom')
            print('# %s: %s' % (word, reply.kind.decode()))
            if reply.ok:
                same((there, here), (before, {}), 'moved')
                client.select(name)
                client.ok('MOVE 1:* TroubleFrom')
            else:
                same((there, here), ({}, before), 'not moved')
            same(messages_of(client, 'TroubleFrom'), before, 'all are back')


def test_killed_in_the_middle(server):
    """What an import made whose answer nobody lived to read goes again."""
    for turn, word in enumerate(('nothing else', 'Blob/copy')):
        box, source = 'Killed%d' % turn, 'KilledFrom%d' % turn
        name = share(server, box, 'lrswite')
        fill(server, source, 'ki-%d' % turn, 3)
        with server.imap() as client:
            appear(client, name)
            before = messages_of(client, source)
            same(len(before), 3)
            server.proxy.rule(word, proxy.change_json(unknown_method), 100)
            server.proxy.rule('Email/import', proxy.after(lambda _: server.front.kill()), 1)
            tag = client.start('MOVE 1:3 "%s"' % name)
            try:
                check(not client.finish(tag, 30).ok, 'no answer')
            except (ImapError, OSError):
                pass
        server.proxy.clear()
        with server.native('bob') as bob:
            same(bob.status(box)[b'MESSAGES'], 3, word + ': it was done')
        server.front.start()
        with server.imap() as client, server.native('bob') as bob:
            appear(client, name)
            wait_for(lambda: bob.status(box)[b'MESSAGES'] == 0, 20, word + ': undone', 0.2)
            same(messages_of(client, source), before, 'the originals')


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=280)
