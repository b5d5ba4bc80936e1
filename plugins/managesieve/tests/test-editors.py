#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two editors at once, names, and quotas.

Who comes second is told, and nothing is lost. Scripts that JMAP has without a name, or with the
name of another, can be reached. Every name of RFC 5804 §1.6 can be used.
"""

import contextlib
import os
import sys
import threading
import unicodedata

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), *['..'] * 3,
                             'tests', 'integration')]

from lib import proxy, target                                   # noqa: E402
from lib.cyrus import Cyrus                                     # noqa: E402
from lib.ferry import Ferry                                     # noqa: E402
from lib.proxy import Proxy                                     # noqa: E402
from lib.sieve import Sieve                                     # noqa: E402
from lib.tap import check, note, run, same                      # noqa: E402

SIEVE = 'urn:ietf:params:jmap:sieve'
KEEP, DISCARD, STOP = b'keep;\r\n', b'discard;\r\n', b'stop;\r\n'
TRYLATER = ('NO', 'TRYLATER')


@contextlib.contextmanager
def fixture():
    with target.on_sample('--limit=maxNumberScripts=2000', listeners=('sieve',)) as server:
        yield server


def ferry(server, **options):
    return Sieve(server.host, server.ferry.ports['sieve'], **dict({'user': 'alice'}, **options))


def jmap(server, *calls):
    return server.sample.jmap(*calls, using=(SIEVE,))


def change_behind(server, script, content=None, **update):
    """What another JMAP client does."""
    scripts = jmap(server, ('SieveScript/get', {'ids': None}))[0]['list']
    found = next(s for s in scripts if s['name'] == script)
    if content is not None:
        with Sieve(server.host, server.ferry.ports['sieve'], user='alice') as uploader:
            uploader.put('spare', content)
        update['blobId'] = next(
            s['blobId'] for s in jmap(server, ('SieveScript/get', {'ids': None}))[0]['list']
            if s['name'] == 'spare')
    return ('SieveScript/set', {'update': {found['id']: update}})


def overtaken(server, client, command, other):
    """The outcome of `command` where `other` (JMAP calls) happens between its look and its change."""
    def meanwhile(request):
        if request.calls() == ['SieveScript/set']:
            for answer in jmap(server, *other):
                check('notUpdated' not in answer or not answer['notUpdated'], answer)
    rule = server.proxy.rule('SieveScript/set', proxy.call(meanwhile), 1)
    answer = client.cmd(*command)
    server.proxy.clear()
    same(rule['done'], 1, 'the other editor came between')
    return answer


def prepared(client):
    client.clear()
    for name, script in (('a', KEEP), ('b', DISCARD)):
        same(client.put(name, script).outcome, ('OK', None))


def test_the_loser_of_a_race_is_told(server):
    with ferry(server) as client:
        for command in (('PUTSCRIPT "a"', DISCARD), ('DELETESCRIPT "a"',), ('SETACTIVE "a"',),
                        ('RENAMESCRIPT "a" "c"',)):
            prepared(client)
            other = change_behind(server, 'a', STOP)
            answer = overtaken(server, client, command, [other])
            same(answer.outcome, TRYLATER, command[0])
            same(client.get('a'), STOP, command[0] + ': what the other one wrote')
            check(not any(client.list().values()), 'nothing is active')
            same(client.cmd(*command).outcome, ('OK', None), command[0] + ' once more')


def test_another_script_is_no_race(server):
    with ferry(server) as client:
        for command in (('PUTSCRIPT "a"', DISCARD), ('DELETESCRIPT "a"',), ('SETACTIVE "a"',),
                        ('RENAMESCRIPT "a" "c"',), ('SETACTIVE ""',), ('PUTSCRIPT "new"', KEEP)):
            prepared(client)
            other = change_behind(server, 'b', STOP)
            same(overtaken(server, client, command, [other]).outcome, ('OK', None), command[0])
            same(client.get('b'), STOP, command[0] + ': what the other one wrote')


def test_the_same_change_twice_is_done(server):
    """Two who want the same have both got it."""
    with ferry(server) as client:
        prepared(client)
        ids = {s['name']: s['id'] for s in jmap(server, ('SieveScript/get', {'ids': None}))[0]['list']}
        for command, other in (
                (('SETACTIVE "a"',), {'onSuccessActivateScript': ids['a']}),
                (('SETACTIVE ""',), {'onSuccessDeactivateScript': True}),
                (('RENAMESCRIPT "a" "c"',), {'update': {ids['a']: {'name': 'c'}}}),
                (('DELETESCRIPT "c"',), {'destroy': [ids['a']]})):
            answer = overtaken(server, client, command, [('SieveScript/set', other)])
            same(answer.outcome, ('OK', None), command[0])
        same(client.list(), {'b': False})


def test_the_new_name_was_taken_meanwhile(server):
    with ferry(server) as client:
        prepared(client)
        other = change_behind(server, 'b', name='c')
        answer = overtaken(server, client, ('RENAMESCRIPT "a" "c"',), [other])
        same(answer.outcome, ('NO', 'ALREADYEXISTS'))
        same((client.get('a'), client.get('c')), (KEEP, DISCARD))


def race(make, rounds):
    """Two clients write one script at the same moment, `rounds` times."""
    results, lost = [None, None], 0
    with make() as one, make() as two:
        one.clear()
        one.put('race', KEEP)
        gate = threading.Barrier(2)

        def write(index, client):
            for number in range(rounds):
                gate.wait(30)
                script = b'# %d of %d\r\nkeep;\r\n' % (number, index)
                results[index] = (client.put('race', script), script)
                gate.wait(30)
                if index == 0:
                    outcomes = [answer.outcome for answer, _ in results]
                    stored = one.get('race')
                    good = [s for answer, s in results if answer.ok]
                    problems.extend([] if stored in good and set(outcomes) <= {('OK', None), TRYLATER}
                                    else ['%d: %r, stored %r' % (number, results, stored)])
                    losers.extend(o for o in outcomes if o != ('OK', None))
                gate.wait(30)
        problems, losers = [], []
        threads = [threading.Thread(target=write, args=pair) for pair in enumerate((one, two))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        same(problems, [], 'rounds that went wrong')
        lost = len(losers)
        one.clear()
    return lost


def test_a_real_race(server):
    """Whoever got OK last is who is stored; who is not stored and had no OK was told so."""
    note('%d of 100 were told' % race(lambda: ferry(server), 50))


def test_a_real_race_on_cyrus(server):
    with Cyrus() as cyrus, Ferry(cyrus.url, listeners=('sieve',)) as front:
        note('%d of 40 were told' % race(
            lambda: Sieve(front.host, front.ports['sieve'], user='alice'), 20))


def test_overtaken_on_cyrus(server):
    """The other editor uses timsieved."""
    with Cyrus() as cyrus, Proxy(cyrus.host, cyrus.http_port) as between:
        with Ferry(between.url, listeners=('sieve',)) as front:
            def other(act):
                with Sieve(cyrus.host, cyrus.sieve_port, user='alice') as client:
                    return act(client)
            with Sieve(front.host, front.ports['sieve'], user='alice') as client:
                same(client.put('a', KEEP).outcome, ('OK', None))
                between.rule('SieveScript/set',
                             proxy.call(lambda _: other(lambda c: c.put('a', STOP))), 1)
                same(client.put('a', DISCARD).outcome, TRYLATER)
                same((client.get('a'), other(lambda c: c.get('a'))), (STOP, STOP))
                same(client.put('a', DISCARD).outcome, ('OK', None))
                same(other(lambda c: c.get('a')), DISCARD)


# an answer that was lost

def test_lost_answers(server):
    """The backend did it, and its answer got lost: the client hears what is true."""
    with ferry(server) as client:
        for command, after in (
                (('PUTSCRIPT "a"', STOP), {'a': False, 'b': False}),
                (('PUTSCRIPT "c"', STOP), {'a': False, 'b': False, 'c': False}),
                (('SETACTIVE "b"',), {'a': False, 'b': True, 'c': False}),
                (('SETACTIVE ""',), {'a': False, 'b': False, 'c': False}),
                (('RENAMESCRIPT "c" "d"',), {'a': False, 'b': False, 'd': False}),
                (('DELETESCRIPT "d"',), {'a': False, 'b': False})):
            if command == ('PUTSCRIPT "a"', STOP):
                prepared(client)
            rule = server.proxy.rule('SieveScript/set', proxy.drop_answer, 1)
            answer = client.cmd(*command)
            server.proxy.clear()
            same((rule['done'], answer.outcome), (1, ('OK', None)), command[0])
            same(client.list(), after, command[0])


# names

def odd_names(change):
    """A rule that shows other names than the sample server has."""
    def edit(document):
        for name, result, _ in document['methodResponses']:
            if name == 'SieveScript/get':
                change(result['list'])
    return proxy.change_json(edit)


def test_scripts_without_and_with_equal_names(server):
    def spoil(scripts):
        by_name = {script['name']: script for script in scripts}
        for name, new in (('b', None), ('c', 'a'), ('d', ''), ('e', 'x\u0007y'), ('f', 'l\u2028m')):
            if name in by_name:
                by_name[name]['name'] = new
    with ferry(server) as client:
        client.clear()
        contents = {name: b'# %s\r\nkeep;\r\n' % name.encode() for name in 'abcdef'}
        for name, script in contents.items():
            client.put(name, script)
        ids = {s['name']: s['id'] for s in jmap(server, ('SieveScript/get', {'ids': None}))[0]['list']}
        server.proxy.rule('SieveScript/get', odd_names(spoil), 10000)
        shown = client.list()
        same(len(shown), 6, 'all are there, each under its own name: %r' % shown)
        same(set(shown), set(client.list()), 'the same names each time')
        check('a' in shown, 'of equal names the first keeps it: %r' % shown)
        for name in shown:
            check(not any(unicodedata.category(c)[0] == 'C' for c in name), 'printable: %r' % name)
        same(sorted(client.get(name) for name in shown), sorted(contents.values()), 'contents')
        same(client.get('a'), contents['a'], 'the first one')
        # each can be renamed: the right script gets the name
        for name in sorted(set(shown) - {'a'}):
            content = client.get(name)
            same(client.rename(name, 'new ' + name).outcome, ('OK', None), name)
            same(client.get('new ' + name), content, name)
        same(client.delete('a').outcome, ('OK', None))
        server.proxy.clear()
        left = {s['id']: s['name'] for s in jmap(server, ('SieveScript/get', {'ids': None}))[0]['list']}
        check(ids['a'] not in left, 'the right one was deleted')
        same(len(left), 5)
        client.clear()


NAMES = ['a', ' ', 'with space', '"', '\\', '"\\"', '{5}', '{5+}', 'NIL', 'OK', '(', '*', '%', '/', 'a/b',
         '.', '..', '~', '&', "'", 'ä', 'ß', '日本語', '📬', '👩‍👩‍👧', 'עברית', '‏rtl', 'e\u0301', 'ﬁ', '\u00a0',
         '\ufeff', '\U0010ffff', '\ue000', 'x' * 512, 'ä' * 256]
REFUSED = [b'', b'\0', b'a\0b', b'\x01', b'\t', b'\r', b'\n', b'\x1f', b'\x7f', 'a\x80b'.encode(),
           'a\x9fb'.encode(), 'a\u2028b'.encode(), 'a\u2029b'.encode(), b'\xff', b'\xc3', b'\xed\xa0\x80',
           b'\xf4\x90\x80\x80', b'\xc0\x80', b'x' * 513, 'ä'.encode() * 257, b'y' * 60000]


def test_names_of_any_unicode(server):
    with ferry(server) as client:
        client.clear()
        for name in NAMES:
            script = b'# %d\r\nkeep;\r\n' % len(name)
            same(client.put(name, script).outcome, ('OK', None), repr(name))
            same(client.get(name), script, repr(name))
        shown = client.list()
        same(set(shown), {unicodedata.normalize('NFC', name) for name in NAMES})
        check(client.activate(NAMES[-1]).ok and client.list()[NAMES[-1]], 'activated')
        for name in NAMES[:-1]:
            same(client.delete(name).outcome, ('OK', None), repr(name))
        same(set(client.list()), {NAMES[-1]})
        for name in REFUSED:
            for command in (('PUTSCRIPT', name, KEEP), ('GETSCRIPT', name), ('DELETESCRIPT', name),
                            ('RENAMESCRIPT', name, b'x'), ('RENAMESCRIPT', b'x', name)):
                answer = client.cmd(*command)
                same(answer.kind, 'NO', '%s %r: %r' % (command[0], name, answer))
                check(answer.text, 'a reason')
        client.clear()


def test_thousands_of_scripts(server):
    with ferry(server, timeout=120) as client:
        client.clear()
        names = ['%04d' % number for number in range(1000)]
        for name in names:
            client.start('PUTSCRIPT', name.encode(), KEEP)
        same({client.answer().outcome for _ in names}, {('OK', None)})
        same(sorted(client.list()), names)
        for name in names:
            client.start('DELETESCRIPT', name.encode())
        same({client.answer().outcome for _ in names}, {('OK', None)})


# quotas

@contextlib.contextmanager
def limited(*limits):
    with target.on_sample(*['--limit=' + limit for limit in limits], listeners=('sieve',)) as server:
        with ferry(server) as client:
            yield client


def test_quota_in_octets(server):
    ten, eleven = b'keep; # 90', b'keep; # 901'
    with limited('quotaScriptOctets=20') as client:
        same(client.cmd('HAVESPACE "a" 20').outcome, ('OK', None))
        same(client.cmd('HAVESPACE "a" 21').outcome, ('NO', 'QUOTA'))
        same(client.put('a', ten).outcome, ('OK', None))
        same(client.cmd('HAVESPACE "b" 11').outcome, ('NO', 'QUOTA'))
        same(client.put('b', eleven).outcome, ('NO', 'QUOTA'))
        same(client.put('b', ten).outcome, ('OK', None))
        same(client.put('a', eleven).outcome, ('NO', 'QUOTA'), 'replacing')
        same(client.cmd('HAVESPACE "a" 10').outcome, ('OK', None), 'replacing')
        same(client.cmd('HAVESPACE "a" 21').outcome, ('NO', 'QUOTA'), 'replacing')
        same((client.get('a'), client.get('b')), (ten, ten))


def test_quota_of_objects(server):
    with limited('quotaScriptCount=1') as client:
        same(client.put('a', KEEP).outcome, ('OK', None))
        same(client.cmd('HAVESPACE "b" 1').outcome, ('NO', 'QUOTA'))
        same(client.put('b', KEEP).outcome, ('NO', 'QUOTA'))
        same(client.cmd('HAVESPACE "a" 10').outcome, ('OK', None), 'replacing')
        same(client.put('a', STOP).outcome, ('OK', None), 'replacing')


def test_quota_that_is_not_for_scripts(server):
    with limited('quotaOctets=1', 'quotaCount=1') as client:
        same(client.cmd('HAVESPACE "a" 1000').outcome, ('OK', None))
        same(client.put('a', KEEP).outcome, ('OK', None))


def test_limits_of_the_account(server):
    """Told by the backend only: what the account states is not known to have been wrong."""
    with limited('maxSizeScript=100', 'maxNumberScripts=1', 'maxSizeScriptName=4') as client:
        same(client.cmd('HAVESPACE "a" 101').outcome, ('NO', 'QUOTA/MAXSIZE'))
        same(client.put('a', b'#' * 101).outcome, ('NO', 'QUOTA/MAXSIZE'))
        same(client.put('a', KEEP).outcome, ('OK', None))
        same(client.put('b', KEEP).outcome, ('NO', 'QUOTA/MAXSCRIPTS'))
        same(client.cmd('HAVESPACE "b" 1').outcome, ('NO', 'QUOTA/MAXSCRIPTS'))
        same(client.put('abcde', KEEP).kind, 'NO')
        same(client.rename('a', 'abcde').kind, 'NO')
        same(client.list(), {'a': False})


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=280)
