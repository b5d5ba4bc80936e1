#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rules whose breach loses or mixes up mail, each against a private Cyrus.

    test-mail-rules.py delayed|immediate      Cyrus's expunge_mode
"""

import contextlib
import os
import shutil
import sys
import time

from lib import corpus, proxy, target
from lib.imap import ImapError, Lit, appenduid, copyuid
from lib.tap import check, run, same, wait_for

EXPUNGE = sys.argv[1] if len(sys.argv) > 1 else 'delayed'


@contextlib.contextmanager
def fixture():
    with target.on_cyrus(expunge=EXPUNGE) as server:
        yield server


# small helpers

def label_of(octets):
    for line in octets.split(b'\r\n'):
        if line.startswith(b'X-Label: '):
            return line[9:].decode()
    return None


def labels(client, mailbox):
    """UID → label of every message in the mailbox."""
    client.examine(mailbox)
    fetched = client.fetch('1:*', '(UID BODY.PEEK[HEADER.FIELDS (X-Label)])') \
        if client.status(mailbox, 'MESSAGES')[b'MESSAGES'] else {}
    found = {}
    for items in fetched.values():
        octets = next(v for k, v in items.items() if k.startswith(b'BODY['))
        found[int(items[b'UID'])] = label_of(octets)
    return found


def native_labels(server, mailbox):
    with server.native() as client:
        return sorted(labels(client, mailbox).values())


def native_everywhere(server, label):
    """Names of the mailboxes that hold a message with this label, natively."""
    found = []
    with server.native() as client:
        for response in client.ok('LIST "" "*"').all(b'LIST'):
            name = response.tokens[2].decode()
            if label in labels(client, name).values():
                found.append(name)
    return found


def add(client, mailbox, *names, size=0):
    """Append one message per label; their UIDs."""
    return [appenduid(client.append(mailbox, corpus.one(name, size)))[1][0] for name in names]


def settle(client, mailbox):
    """Have the server look at the backend now: a NOOP with the mailbox selected, once what it
    looked at last is older than `freshness=`."""
    time.sleep(1.1)
    client.select(mailbox)
    client.ok('NOOP')


# UIDs

def test_uids_survive_restart_and_kill(server):
    box = server.fresh('Stable')
    with server.imap() as client:
        add(client, box, *['stable-%d' % i for i in range(10)])
        before, validity = labels(client, box), client.status(box)[b'UIDVALIDITY']
    server.front.restart()
    with server.imap() as client:
        same(labels(client, box), before, 'after a restart')
        same(client.status(box)[b'UIDVALIDITY'], validity, 'UIDVALIDITY')
    if not target.NATIVE:
        server.front.kill()
        server.front.start()
        with server.imap() as client:
            same(labels(client, box), before, 'after kill -9')
            same(client.status(box)[b'UIDVALIDITY'], validity, 'UIDVALIDITY')


def test_a_uid_is_never_used_again(server):
    box = server.fresh('NeverAgain')
    with server.imap() as client:
        last = add(client, box, 'again-1', 'again-2')[-1]
        client.select(box)
        client.ok('UID STORE %d +FLAGS.SILENT (\\Deleted)' % last)
        client.ok('EXPUNGE')
        validity = client.status(box)[b'UIDVALIDITY']
    server.front.restart()
    with server.imap() as client:
        check(client.status(box)[b'UIDNEXT'] > last, 'UIDNEXT stays above the UID that is gone')
        new = add(client, box, 'again-3')[0]
        check(new > last, 'UID %d after %d' % (new, last))
        same(client.status(box)[b'UIDVALIDITY'], validity, 'UIDVALIDITY')


def test_restored_older_store_renews_uidvalidity(server):
    target.ferry_only('a store of Ferry')
    box = server.fresh('Restored')
    ferry = server.front
    backup = ferry.state + '.backup'
    with server.imap() as client:
        add(client, box, 'restored-1')
        old = client.status(box)
    ferry.stop()
    shutil.copytree(ferry.state, backup)
    ferry.start()
    with server.imap() as client:
        uid = add(client, box, 'restored-2')[0]
        client.select(box)
        client.ok('UID STORE %d +FLAGS (\\Deleted)' % uid)
        client.ok('EXPUNGE')
    ferry.stop()
    shutil.rmtree(ferry.state)
    shutil.move(backup, ferry.state)
    mark = os.path.getsize(ferry.log)
    ferry.start()
    with server.imap() as client:
        new = client.status(box)
        check(new[b'UIDVALIDITY'] > old[b'UIDVALIDITY'], 'UIDVALIDITY renewed: %r, was %r' % (new, old))
        same(sorted(labels(client, box).values()), ['restored-1'])
    with open(ferry.log, errors='replace') as log:
        log.seek(mark)
        check('UIDVALIDITY' in log.read(), 'the log says so')


def test_uidvalidity_survives_rename_and_changes_on_recreation(server):
    box = server.fresh('Renamed')
    with server.imap() as client:
        client.cmd('DELETE Renamed2')
        add(client, box, 'renamed-1')
        before, first = labels(client, box), client.status(box)[b'UIDVALIDITY']
        client.ok('RENAME Renamed Renamed2')
        if not target.NATIVE:       # RFC 3501 allows a new UIDVALIDITY here; Ferry keeps it
            same(labels(client, 'Renamed2'), before)
            same(client.status('Renamed2')[b'UIDVALIDITY'], first, 'UIDVALIDITY after RENAME')
        client.ok('CREATE Renamed')
        check(client.status('Renamed')[b'UIDVALIDITY'] != first or target.NATIVE,
              'a mailbox of the old name has another UIDVALIDITY')
        client.ok('DELETE Renamed2')


def test_a_mailbox_renamed_natively_and_back_stays(server):
    """Of a name that came back Cyrus's Mailbox/changes says that the mailbox is gone."""
    box, other = server.fresh('There'), 'And Back'
    with server.imap() as client, server.native() as native:
        uids = add(client, box, 'renamed-1', 'renamed-2')
        before = client.status(box, 'UIDVALIDITY')
        for old, new in ((box, other), (other, box), (box, other), (other, box)):
            native.ok('RENAME "%s" "%s"' % (old, new))
            wait_for(lambda n=new: client.cmd('STATUS "%s" (MESSAGES)' % n).ok, 10, new)
            same(client.status(new, 'UIDVALIDITY'), before, 'UIDVALIDITY of %s' % new)
            same(sorted(labels(client, new)), uids, 'UIDs in %s' % new)


def test_native_expunge_keeps_the_other_uids(server):
    """With expunge_mode immediate the backend cannot calculate changes: listed again and diffed."""
    box = server.fresh('Diffed')
    with server.imap() as client, server.native() as native:
        add(client, box, *['diffed-%d' % i for i in range(8)])
        before = labels(client, box)
        validity = client.status(box)[b'UIDVALIDITY']
        settle(client, box)
        gone = [uid for uid, label in before.items() if label in ('diffed-2', 'diffed-5')]
        native.select(box)
        for uid, label in labels(native, box).items():
            if label in ('diffed-2', 'diffed-5'):
                native.select(box)
                native.ok('UID STORE %d +FLAGS (\\Deleted)' % uid)
        native.ok('EXPUNGE')

        def told():
            client.ok('NOOP')
            return client.status(box, 'MESSAGES')[b'MESSAGES'] == 6
        wait_for(told, 20, 'six messages')
        after = labels(client, box)
        same(after, {u: l for u, l in before.items() if u not in gone})
        same(client.status(box)[b'UIDVALIDITY'], validity, 'UIDVALIDITY')


# \Deleted and EXPUNGE

def test_deleted_does_not_leak(server):
    """\\Deleted is the mailbox's and Ferry's: no keyword for others, no loss in other mailboxes."""
    target.ferry_only()
    box, other = server.fresh('Leak'), server.fresh('LeakOther')
    with server.imap() as client, server.native() as native:
        uid = add(client, box, 'leak-1')[0]
        client.select(box)
        client.ok('UID COPY %d %s' % (uid, other))
        client.ok('UID STORE %d +FLAGS (\\Deleted)' % uid)
        for name in (box, other):
            native.examine(name)
            flags = [bytes(f).lower() for f in native.fetch('1', 'FLAGS')[1][b'FLAGS']]
            same([f for f in flags if b'deleted' in f], [], 'native flags in ' + name)
        client.examine(other)
        check(b'\\Deleted' not in client.fetch('1', 'FLAGS')[1][b'FLAGS'], 'not deleted in the copy')


def expunge_after_native_filing(server, box, command, raced):
    """Another client files the Email in Archive between Ferry's last sync and the removal."""
    name = '%s-%s' % (box.lower(), 'raced' if raced else 'plain')
    with server.imap() as client:
        uid = add(client, box, name)[0]
        client.select(box)
        client.ok('UID STORE %d +FLAGS (\\Deleted)' % uid)

        def file_elsewhere(_=None):
            with server.native() as native:
                native.select(box)
                number = [u for u, l in labels(native, box).items() if l == name][0]
                native.ok('UID COPY %d Archive' % number)
        if raced and not target.NATIVE:
            server.proxy.rule('Email/set', proxy.call(file_elsewhere))
        else:
            file_elsewhere()
        client.cmd(command)
        if not target.NATIVE:
            server.proxy.clear()
    check('Archive' in native_everywhere(server, name), 'the message is in Archive')


def test_expunge_spares_email_filed_elsewhere(server):
    expunge_after_native_filing(server, server.fresh('FiledA'), 'EXPUNGE', False)


def test_expunge_spares_email_filed_elsewhere_at_that_moment(server):
    expunge_after_native_filing(server, server.fresh('FiledB'), 'EXPUNGE', True)


def test_close_spares_email_filed_elsewhere(server):
    expunge_after_native_filing(server, server.fresh('FiledC'), 'CLOSE', False)
    expunge_after_native_filing(server, server.fresh('FiledD'), 'CLOSE', True)


def test_move_spares_email_filed_elsewhere(server):
    target.ferry_only()
    box, to = server.fresh('FiledE'), server.fresh('FiledTo')
    with server.imap() as client:
        uid = add(client, box, 'filed-move')[0]
        client.select(box)

        def file_elsewhere(_):
            with server.native() as native:
                native.select(box)
                native.ok('COPY 1 Archive')
        server.proxy.rule('Email/set', proxy.call(file_elsewhere))
        client.cmd('UID MOVE %d %s' % (uid, to))
        server.proxy.clear()
    where = native_everywhere(server, 'filed-move')
    check('Archive' in where and to in where and box not in where, 'it is in %r' % where)


def test_expunge_removes_only_what_is_deleted(server):
    box = server.fresh('Only')
    with server.imap() as client:
        uids = add(client, box, 'only-1', 'only-2', 'only-3')
        client.select(box)
        client.ok('UID STORE %d,%d +FLAGS (\\Deleted)' % (uids[0], uids[2]))
        client.ok('UID EXPUNGE %d' % uids[0])
        same(sorted(labels(client, box).values()), ['only-2', 'only-3'])
        client.select(box)
        client.ok('EXPUNGE')
    same(native_labels(server, box), ['only-2'])


def test_native_deleted_and_back(server):
    """A copy marked \\Deleted natively leaves JMAP; unmarked it is back, and its UID not another's."""
    target.ferry_only()
    box = server.fresh('Back')
    with server.imap() as client, server.native() as native:
        uids = add(client, box, 'back-1', 'back-2')
        settle(client, box)
        native.select(box)
        native.ok('STORE 1 +FLAGS (\\Deleted)')
        wait_for(lambda: len(labels(client, box)) == 1, 20, 'one message')
        native.ok('STORE 1 -FLAGS (\\Deleted)')
        wait_for(lambda: len(labels(client, box)) == 2, 20, 'two messages')
        found = labels(client, box)
        same(found[uids[1]], 'back-2')
        same(sorted(found.values()), ['back-1', 'back-2'])
        check(found.get(uids[0], 'back-1') == 'back-1', 'the first UID names no other message')


# COPY, MOVE

def test_copy_into_selected_then_expunge_the_source(server):
    """Cyrus holds one Email per content: the message must still be there, under the new UID."""
    box = server.fresh('Self')
    with server.imap() as client:
        uid = add(client, box, 'self-1')[0]
        client.select(box)
        reply = client.ok('UID COPY %d %s' % (uid, box))
        _, source, new = copyuid(reply)
        same(source, [uid], 'COPYUID source')
        check(new[0] > uid, 'a new UID: %r' % new)
        client.cmd('UID STORE %d +FLAGS (\\Deleted)' % uid)
        client.ok('UID EXPUNGE %d' % uid)
        client.ok('EXPUNGE')
        found = labels(client, box)
        same(found, {new[0]: 'self-1'})
        client.select(box)
        flags = client.fetch(new[0], 'FLAGS', uid=True)
        check(b'\\Deleted' not in next(iter(flags.values()))[b'FLAGS'], 'the new one is not deleted')
    same(native_labels(server, box), ['self-1'])


def test_copy_of_deleted_then_close(server):
    """\\Deleted first, then COPY into the same mailbox, then CLOSE."""
    box = server.fresh('SelfClose')
    with server.imap() as client:
        uid = add(client, box, 'selfclose')[0]
        client.select(box)
        client.ok('UID STORE %d +FLAGS (\\Deleted)' % uid)
        client.ok('UID COPY %d %s' % (uid, box))
        if target.NATIVE:        # RFC 3501: a copy keeps its flags
            return
        client.ok('CLOSE')
        same(sorted(labels(client, box).values()), ['selfclose'])
    same(native_labels(server, box), ['selfclose'])


def test_move_to_where_it_was(server):
    """Another client takes the message from the target at that moment: it is not lost."""
    target.ferry_only()
    box, to = server.fresh('WasFrom'), server.fresh('WasTo')
    with server.imap() as client:
        uid = add(client, box, 'was-there')[0]
        client.select(box)
        client.ok('UID COPY %d %s' % (uid, to))

        def take(_):
            with server.native() as native:
                native.select(to)
                native.ok('STORE 1 +FLAGS (\\Deleted)')
                native.ok('EXPUNGE')
        server.proxy.rule('Email/set', proxy.call(take))
        reply = client.ok('UID MOVE %d %s' % (uid, to))
        server.proxy.clear()
        same(labels(client, to), {copyuid(reply)[2][0]: 'was-there'}, 'where COPYUID says')
    same(native_everywhere(server, 'was-there'), [to])


def test_move_onto_itself(server):
    box = server.fresh('MoveSelf')
    with server.imap() as client:
        uid = add(client, box, 'moveself')[0]
        client.select(box)
        reply = client.cmd('UID MOVE %d %s' % (uid, box))
        found = labels(client, box)
        same(sorted(found.values()), ['moveself'])
        if reply.ok and copyuid(reply):
            check(copyuid(reply)[2][0] in found, 'COPYUID names what is there')
    same(native_labels(server, box), ['moveself'])


def test_move_keeps_one_of_each(server):
    box, to = server.fresh('MoveFrom'), server.fresh('MoveTo')
    with server.imap() as client:
        uids = add(client, box, *['move-%d' % i for i in range(20)])
        client.select(box)
        reply = client.ok('UID MOVE %d:%d %s' % (uids[3], uids[12], to))
        _, source, new = copyuid(reply)
        same(source, uids[3:13], 'COPYUID source')
        moved = labels(client, to)
        same([moved[uid] for uid in new], ['move-%d' % i for i in range(3, 13)], 'in the order of the source')
        same(sorted(labels(client, box)), sorted(uids[:3] + uids[13:]))
    same(len(native_labels(server, box)), 10, 'natively left')
    same(len(native_labels(server, to)), 10, 'natively moved')


def test_copy_to_missing_mailbox_changes_nothing(server):
    box = server.fresh('CopyMissing')
    with server.imap() as client:
        uid = add(client, box, 'copymissing')[0]
        client.select(box)
        for command in ('COPY', 'MOVE'):
            reply = client.cmd('UID %s %d NoSuchMailbox' % (command, uid))
            same((reply.kind, reply.code), (b'NO', b'TRYCREATE'), command)
        same(labels(client, box), {uid: 'copymissing'})


def test_copy_is_all_or_nothing(server):
    """The backend refuses one of three (an Email in twenty mailboxes already): none is copied."""
    target.ferry_only('the native server has no such limit')
    box, to = server.fresh('Twenty'), server.fresh('TwentyTo')
    with server.native() as native, server.imap() as client:
        uids = add(client, box, 'twenty-1', 'twenty-2', 'twenty-3')
        native.select(box)
        for number in range(19):
            native.cmd('CREATE Twenty%d' % number)
            native.ok('COPY 2 Twenty%d' % number)
        settle(client, box)
        reply = client.cmd('UID COPY %d:%d %s' % (uids[0], uids[-1], to))
        if reply.ok:
            same(sorted(labels(client, to).values()), ['twenty-1', 'twenty-2', 'twenty-3'])
        else:
            same(labels(client, to), {}, 'after ' + repr(reply))
        same(sorted(labels(client, box).values()), ['twenty-1', 'twenty-2', 'twenty-3'])
        for number in range(19):
            native.cmd('DELETE Twenty%d' % number)
    same(len(native_labels(server, to)), 3 if reply.ok else 0, 'natively')


# APPEND

def test_append_identical_then_delete_the_first(server):
    box = server.fresh('Twice')
    octets = corpus.one('twice')
    with server.imap() as client:
        first = appenduid(client.append(box, octets))[1][0]
        second = appenduid(client.append(box, octets))[1][0]
        check(second > first, 'APPENDUID %d after %d' % (second, first))
        client.select(box)
        client.cmd('UID STORE %d +FLAGS (\\Deleted)' % first)
        client.ok('UID EXPUNGE %d' % first)
        client.ok('EXPUNGE')
        same(labels(client, box), {second: 'twice'})
        client.select(box)
        body = client.fetch(second, 'BODY.PEEK[]', uid=True)
        same(next(iter(body.values()))[b'BODY[]'], octets, 'octets')
    same(native_labels(server, box), ['twice'])


def test_append_of_known_content_adds_keywords_only(server):
    """The Email exists in another mailbox with keywords: they stay, and the new ones come."""
    target.ferry_only()
    box, other = server.fresh('KwA'), server.fresh('KwB')
    octets = corpus.one('kw')
    with server.imap() as client:
        client.append(box, octets, ['\\Flagged', 'first'])
        client.append(other, octets, ['\\Seen', 'second'])
        for name in (box, other):
            client.examine(name)
            flags = {bytes(f).lower() for f in client.fetch('1', 'FLAGS')[1][b'FLAGS']}
            check({b'\\flagged', b'first', b'\\seen', b'second'} <= flags, '%s: %r' % (name, flags))


def test_multiappend_refused_in_the_middle(server):
    """Bare line feeds in the third message: the backend refuses it and nothing is left."""
    box = server.fresh('Multi')
    with server.imap() as client:
        if b'MULTIAPPEND' not in client.capabilities():
            reply = client.cmd('APPEND %s ' % box, Lit(corpus.one('multi-1')), ' ',
                               Lit(corpus.one('multi-2')))
            same(reply.kind, b'BAD', 'without MULTIAPPEND')
            return
        reply = client.cmd('APPEND %s ' % box, Lit(corpus.one('multi-1')), ' ',
                           Lit(corpus.one('multi-2')), ' ', Lit(b'Subject: bad\n\nbare\n'), ' ',
                           Lit(corpus.one('multi-4')))
        same(reply.kind, b'NO', repr(reply))
        same(labels(client, box), {}, 'left behind')
    for name in ('multi-1', 'multi-2', 'multi-4'):
        same(native_everywhere(server, name), [], name)


def test_multiappend_gives_uids_in_order(server):
    box = server.fresh('MultiOrder')
    with server.imap() as client:
        if b'MULTIAPPEND' not in client.capabilities():
            return
        parts = ['APPEND ' + box]
        for number in range(5):
            parts += [' "%02d-Jan-2020 00:00:00 +0000" ' % (9 - number),
                      Lit(corpus.one('order-%d' % number))]
        _, uids = appenduid(client.ok(*parts))
        found = labels(client, box)
        same([found[uid] for uid in uids], ['order-%d' % n for n in range(5)])


def test_multiappend_larger_than_a_request(server):
    """A blob made in a request is gone with it on Cyrus; refusals keep their reason."""
    box = server.fresh('Many')
    with server.imap() as client:
        parts = ['APPEND ' + box]
        for number in range(500):
            parts += [' ', Lit(corpus.one('many-%d' % number, 3000))]
        parts += [' ', Lit(corpus.one('many-500', 400_000))]
        _, uids = appenduid(client.ok(*parts, timeout=90))
        same(len(uids), 501)
        same([label for _, label in sorted(labels(client, box).items())],
             ['many-%d' % number for number in range(501)])
        target.ferry_only('the words of the backend')
        reply = client.cmd('APPEND %s ' % box, Lit(b'Subject: x\n\nbare\n'))
        check(reply.code == b'CANNOT' and 'bare newlines' in repr(reply), repr(reply))


def lost_answer(server, word, action, times=1, size=0):
    target.ferry_only('faults of the backend')
    box = server.fresh('Lost')
    name = 'lost-%s-%s-%d' % (word.strip('/').replace('/', ''), action.__name__, times)
    with server.imap() as client:
        settle(client, box)
        rule = server.proxy.rule(word, action, times)
        reply = client.cmd('APPEND %s ' % box, Lit(corpus.one(name, size)), timeout=90)
        server.proxy.clear()
        check(rule['done'] > 0, 'the fault happened')
        check(reply.ok, 'APPEND: %r' % reply)
        client.ok('NOOP')
        found = [l for l in labels(client, box).values() if l == name]
        same(found, [name], 'through Ferry')
        same(labels(client, box)[appenduid(reply)[1][0]], name, 'APPENDUID')
    same(native_labels(server, box), [name], 'natively')
    same(native_everywhere(server, name), [box])


def test_lost_answer_to_an_import(server):
    lost_answer(server, 'Email/import', proxy.drop_answer)


def test_lost_request_of_an_import(server):
    lost_answer(server, 'Email/import', proxy.drop_request)


def test_two_lost_answers_to_an_import(server):
    lost_answer(server, 'Email/import', proxy.drop_answer, 2)


def test_lost_answer_to_an_upload(server):
    # a small one goes along with its import
    lost_answer(server, '/jmap/upload', proxy.drop_answer, size=300_000)


def test_lost_answer_to_a_move(server):
    target.ferry_only('faults of the backend')
    box, to = server.fresh('LostMove'), server.fresh('LostMoveTo')
    with server.imap() as client:
        uids = add(client, box, 'lostmove-1', 'lostmove-2')
        client.select(box)
        server.proxy.rule('Email/set', proxy.drop_answer)
        reply = client.cmd('UID MOVE %d:%d %s' % (uids[0], uids[1], to), timeout=90)
        server.proxy.clear()
        check(reply.ok, repr(reply))
    same(native_labels(server, box), [], 'source')
    same(native_labels(server, to), ['lostmove-1', 'lostmove-2'], 'target')


def test_import_refused_for_good(server):
    """503 to every import: a tagged NO, and no message."""
    target.ferry_only('faults of the backend')
    box = server.fresh('Never')
    with server.imap() as client:
        settle(client, box)
        server.proxy.rule('Email/import', proxy.status(503), 1000)
        reply = client.cmd('APPEND %s ' % box, Lit(corpus.one('never')), timeout=75)
        server.proxy.clear()
        same((reply.kind, reply.code), (b'NO', b'UNAVAILABLE'), repr(reply))
        same(labels(client, box), {})
    same(native_everywhere(server, 'never'), [])


def test_kill_between_import_and_answer(server):
    """A command that was never answered may be there or not; it is never there twice."""
    target.ferry_only('faults of the backend')
    box = server.fresh('KillImport')
    with server.imap() as client:
        settle(client, box)
        server.proxy.rule('Email/import', proxy.after(lambda _: server.front.kill()))
        try:
            client.cmd('APPEND %s ' % box, Lit(corpus.one('killimport')))
        except ImapError:
            pass
        server.proxy.clear()
    server.front.start()
    with server.imap() as client:
        found = list(labels(client, box).values())
        check(found in ([], ['killimport']), 'found %r' % found)
        again = add(client, box, 'killimport')[0]
        check(again in labels(client, box), 'APPENDUID names what is there')


# SEARCH

def test_search_under_not_is_exact(server):
    """Scripts delete by NOT: a message that the index does not know must not be told as lacking."""
    box = server.fresh('Exact')
    with server.imap() as client:
        uids = add(client, box, 'exact-one', 'exact-two', 'exact-three')
        client.select(box)
        for key, want in (('NOT BODY "exact-t"', uids[:1]), ('NOT TEXT "xact-o"', uids[1:]),
                          ('NOT NOT BODY "exact-two"', uids[1:2]),
                          ('OR NOT BODY "exact" BODY "exact-one"', uids[:1])):
            found = [int(t) for t in client.ok('UID SEARCH ' + key).first(b'SEARCH').tokens]
            same(found, want, key)


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=560)
