#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rights that are given through Ferry are those that the native server has, and the other way round;
nobody gets more than was asked for.

FERRY_ACL_SEED and FERRY_ACL_ROUNDS repeat or lengthen the random test.
"""

import contextlib
import os
import random
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), *['..'] * 3,
                             'tests', 'integration')]

from lib import corpus, proxy, target                           # noqa: E402
from lib.imap import quote                                      # noqa: E402
from lib.tap import check, note, run, same, wait_for            # noqa: E402

SEED = int(os.environ.get('FERRY_ACL_SEED', '4314'))
ROUNDS = int(os.environ.get('FERRY_ACL_ROUNDS', '60'))
PREFIX = 'Shared Folders/bob/'
ALL = 'lrswipkxtecda'


def begin(cyrus):
    with cyrus.imap('bob') as bob:
        bob.ok('CREATE First')
        bob.ok('SETACL First alice lrs')


@contextlib.contextmanager
def fixture():
    target.ferry_only('compares with the native server')
    with target.on_cyrus(before=begin, settings={'backend main': {'poll': '2'}}) as server:
        yield server


def fresh(server, name):
    with server.native('bob') as bob:
        bob.cmd('DELETE ' + name)
        bob.ok('CREATE ' + name)
        same(acl(bob, name), {'bob': 'lrswipkxtecdan'}, 'nobody shares it')
    return name


def acl(client, name):
    """{identifier: rights} of GETACL."""
    words = [bytes(w).decode() for w in client.ok('GETACL ' + quote(name)).first(b'ACL').tokens[1:]]
    words = words if len(words) % 2 == 0 else words[1:]
    return dict(zip(words[::2], words[1::2]))


def my_rights(client, name):
    return bytes(client.ok('MYRIGHTS ' + quote(name)).first(b'MYRIGHTS').tokens[-1]).decode()


def known(client, name):
    """Waits until the mailbox is there."""
    wait_for(lambda: client.cmd('MYRIGHTS ' + quote(name)).ok, 10, name, 0.2)


def test_capability(server):
    with server.imap() as client:
        check({b'ACL', b'RIGHTS=KXTEN', b'LIST-MYRIGHTS'} <= client.capabilities(), 'offered')


def test_given_through_ferry(server):
    """The second user has it natively, and through Ferry."""
    fresh(server, 'Common')
    with server.imap('bob') as bob, server.native('bob') as native, server.native() as alice, \
            server.imap() as ferry:
        known(bob, 'Common')
        bob.append('Common', corpus.one('common'))
        check(not alice.cmd('SELECT "Other Users/bob/Common"').ok, 'not yet hers')
        bob.ok('SETACL Common alice lrs')
        same(acl(native, 'Common')['alice'], 'lrs', 'natively')
        same(my_rights(alice, 'Other Users/bob/Common'), 'lrs', 'natively, of hers')
        same(alice.select('Other Users/bob/Common').first(b'EXISTS').number, 1, 'to be read')
        known(ferry, PREFIX + 'Common')
        same(my_rights(ferry, PREFIX + 'Common'), 'lrs', 'through Ferry')
        same(ferry.cmd('APPEND "%sCommon" {3+}\r\nabc' % PREFIX).code, b'NOPERM', 'no more')

        bob.ok('SETACL Common alice lrswiten')
        same(acl(native, 'Common')['alice'], 'lrswitedn', 'natively')
        wait_for(lambda: my_rights(ferry, PREFIX + 'Common') == 'lrswited', 10, 'more rights', 0.2)
        ferry.append(PREFIX + 'Common', corpus.one('hers'))
        same(native.status('Common')[b'MESSAGES'], 2, 'her message')

        bob.ok('DELETEACL Common alice')
        same(acl(native, 'Common'), {'bob': 'lrswipkxtecdan'}, 'taken away')
        wait_for(lambda: ferry.cmd('MYRIGHTS "%sCommon"' % PREFIX).code == b'NONEXISTENT', 10,
                 'it is gone', 0.2)


def test_given_natively(server):
    """MYRIGHTS is the native one, but for what JMAP does not tell; never more."""
    name = fresh(server, 'Native')
    # JMAP has n nowhere, p of others as it is, no half of te; others may delete, but not rename
    for given in ('lr', 'lrs', 'lrw', 'lri', 'lrp', 'lrk', 'lrte', 'lra', 'lrswipkte', 'lrswipktea'):
        with server.native('bob') as bob:
            bob.ok('SETACL %s alice %s' % (name, given))
        with server.native() as alice, server.imap() as ferry:
            want = my_rights(alice, 'Other Users/bob/' + name)
            wait_for(lambda: ferry.cmd('MYRIGHTS ' + quote(PREFIX + name)).ok
                     and my_rights(ferry, PREFIX + name) == want, 12, given, 0.2)
    for given, want in (('lrt', 'lr'), ('lre', 'lr'), ('lrx', 'lr'), ('lrkx', 'lrkc'), ('lrn', 'lr')):
        with server.native('bob') as bob:
            bob.ok('SETACL %s alice %s' % (name, given))
        with server.imap() as ferry:
            wait_for(lambda: my_rights(ferry, PREFIX + name) == want, 12, given, 0.2)


def test_list_myrights(server):
    with server.imap('bob') as ferry, server.native('bob') as native:
        def told(client):
            reply = client.ok('LIST "" (Archive Sent Trash) RETURN (MYRIGHTS)')
            return {bytes(r.tokens[0]): bytes(r.tokens[1]).decode().replace('n', '')
                    for r in reply.all(b'MYRIGHTS')}
        same(told(ferry), told(native), 'as the native one')
        same(len(told(ferry)), 3, 'mailboxes')


def test_getacl_tells_no_more(server):
    """What Cyrus tells by JMAP is less than there is; the tagged line says so."""
    name = fresh(server, 'Told')
    with server.native('bob') as native, server.imap('bob') as bob:
        known(bob, name)
        reply = bob.ok('GETACL ' + name)
        check(b'more rights' not in reply.line, 'alone')
        for given in ('lr', 'lrs', 'lrswi', 'lrswiten', 'a', 'lrkxa', 'p', 'lrswipkxtean'):
            native.ok('SETACL %s alice %s' % (name, given))
            want, got = acl(native, name), acl(bob, name)
            same(set(got), set(want), given)
            check(set(got['alice']) <= set(want['alice']), '%s: %s' % (given, got))
            check(b'more rights' in bob.ok('GETACL ' + name).line, 'the caveat')


def test_random_rights(server):
    """SETACL either gives just that, or changes nothing."""
    name = fresh(server, 'Random')
    rng, done = random.Random(SEED), 0
    note('FERRY_ACL_SEED=%d' % SEED)
    with server.native('bob') as native, server.imap('bob') as bob:
        known(bob, name)
        for turn in range(ROUNDS):
            wish = rng.choice(['lrs', 'lrswiten', 'switen', 'kxa', 'lrskxa', 'lrswitenkxac', 'lrswitedn',
                               ''.join(rng.sample('lrswipkxtean', rng.randrange(13)))])
            wish = rng.choice(['', '', '', '+', '-']) + wish
            before = acl(native, name)
            reply = bob.cmd('SETACL %s alice "%s"' % (name, wish))
            after = acl(native, name)
            if not reply.ok:
                same((after, reply.code), (before, b'CANNOT'), wish)
                continue
            had, named = set(before.get('alice', '')), set(wish.lstrip('+-'))
            want = had | named if wish[:1] == '+' else had - named if wish[:1] == '-' else named
            same(set(after.get('alice', '')) - set('cd'), want - set('cd'), wish)
            same(after['bob'], before['bob'], 'the owner after ' + wish)
            done += 1
            if rng.random() < 0.3:
                bob.ok('DELETEACL %s alice' % name)
                check('alice' not in acl(native, name), 'DELETEACL')
    check(ROUNDS / 6 < done < ROUNDS, '%d of %d were done' % (done, ROUNDS))


def test_others_keep_theirs(server):
    """Cyrus would round what others have: refused, and nothing changes."""
    name = fresh(server, 'Others')
    with server.native('bob') as native, server.imap('bob') as bob:
        known(bob, name)
        for given in ('dave lrp', 'dave lr', '-dave w'):
            native.ok('SETACL %s %s' % (name, given))
            before = acl(native, name)
            for command in ('SETACL %s alice lrs', 'SETACL %s alice lrswiten', 'DELETEACL %s carol',
                            'SETACL %s alice +lrs'):
                reply = bob.cmd(command % name)
                same(acl(native, name), before, command + ' beside ' + given)
                check(reply.code == b'CANNOT' or 'carol' in command, command)
            native.ok('DELETEACL %s %s' % (name, given.split()[0]))
        native.ok('SETACL %s anyone lr' % name)
        bob.ok('SETACL %s alice lrs' % name)
        same({k: v for k, v in acl(native, name).items() if k != 'bob'},
             {'anyone': 'lr', 'alice': 'lrs'}, 'what anyone has stays')


def test_raced(server):
    """Somebody changes the ACL between reading and setting."""
    name = fresh(server, 'Raced')

    def race(request):
        with server.native('bob') as native:
            native.ok('SETACL %s dave lrp' % name)

    with server.native('bob') as native, server.imap('bob') as bob:
        known(bob, name)
        server.proxy.rule('"Mailbox/set"', proxy.call(race))
        reply = bob.cmd('SETACL %s alice lrs' % name)
        same((reply.kind, reply.code), (b'NO', b'CANNOT'), 'decided again')
        same(acl(native, name).get('dave'), 'lrp', 'his stay')
        check('alice' not in acl(native, name), 'hers were not given')


def test_names_that_two_have(server):
    """People can call themselves like others: then nobody is meant."""
    users = ('alice', 'bob', 'bob@example.org', 'carol')
    with target.on_sample(users=users) as sample, sample.imap() as client:
        client.ok('SETACL Archive carol lr')
        same(client.cmd('SETACL Archive bob@example.org lr').code, b'CANNOT', 'two have it')
        client.ok('SETACL Archive bob lr')
        same(acl(client, 'Archive'), {'alice': ALL, 'bob': 'lr', 'carol': 'lr'}, 'GETACL')


def test_backend_gives_others(server):
    """What the backend made of it is read back, and taken back."""
    def round_up(document):
        for _, result, _ in document['methodResponses']:
            for mailbox in result.get('list', ()):
                for rights in (mailbox.get('shareWith') or {}).values():
                    rights['maySetKeywords'] = True

    with target.on_sample(users=('alice', 'bob', 'carol')) as sample, sample.imap() as client:
        client.ok('SETACL Archive bob lr')
        for user in ('bob', 'carol'):
            sample.proxy.rule('"Mailbox/set"', proxy.change_json(round_up))
            reply = client.cmd('SETACL Archive %s lrs' % user)
            same((reply.kind, reply.code), (b'NO', b'CANNOT'), 'other rights than asked for')
            same(acl(client, 'Archive'), {'alice': ALL, 'bob': 'lr'}, 'as it was')


if __name__ == '__main__':
    run([test_capability, test_given_through_ferry, test_given_natively, test_list_myrights,
         test_getacl_tells_no_more, test_random_rights, test_others_keep_theirs, test_raced,
         test_names_that_two_have, test_backend_gives_others], fixture, timeout=170)
