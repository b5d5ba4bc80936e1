#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A backend that is down, slow or lying; a client that leaves; SIGTERM; limits.

What needs the backend is NO (TRYLATER) in time, no OK is false, a script is replaced as a whole or
not at all, and the session goes on.
"""

import contextlib
import os
import signal
import sys
import threading
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), *['..'] * 3,
                             'tests', 'integration')]

from lib import procs, proxy, target                            # noqa: E402
from lib.ferry import Ferry                                     # noqa: E402
from lib.imap import Imap                                       # noqa: E402
from lib.sieve import Sieve, SieveError, plain                  # noqa: E402
from lib.tap import Failure, check, note, run, same, wait_for   # noqa: E402

TIMEOUT = 4 * procs.PATIENCE            # [backend main] request-timeout
IN_TIME = 2 * TIMEOUT + 2
KEEP, STOP = b'keep;\r\n', b'stop;\r\n'
LARGE = b'#' * 999000 + b'\r\n'
OK, TRYLATER = ('OK', None), ('NO', 'TRYLATER')
VACATION = 'urn:ietf:params:jmap:vacationresponse'
COMMANDS = (('LISTSCRIPTS',), ('GETSCRIPT "a"',), ('PUTSCRIPT "a"', STOP), ('PUTSCRIPT "new"', STOP),
            ('CHECKSCRIPT', KEEP), ('SETACTIVE "a"',), ('SETACTIVE ""',), ('DELETESCRIPT "a"',),
            ('RENAMESCRIPT "a" "b"',), ('HAVESPACE "a" 5',))


@contextlib.contextmanager
def fixture():
    with target.on_sample('--limit=maxSizeScript=1000000', listeners=('plain', 'sieve'),
                          settings={'backend main': {'request-timeout': TIMEOUT}}) as server:
        yield server


def connect(server, user='alice', **options):
    return Sieve(server.host, server.ferry.ports['sieve'], user=user, **options)


@contextlib.contextmanager
def prepared(server):
    """A session with the script "a", which is what it was afterwards."""
    with connect(server) as client:
        client.clear()
        same(client.put('a', KEEP).outcome, OK)
        try:
            yield client
        finally:
            server.proxy.clear()
            server.proxy.up()
            server.sample.faults()
        same((client.list(), client.get('a')), ({'a': False}, KEEP), 'what is left')


def in_time(client, *command):
    started = time.monotonic()
    answer = client.cmd(*command)
    took = time.monotonic() - started
    check(took < IN_TIME, '%s took %.0f s' % (command[0], took))
    return answer


def all_are(client, outcome):
    for command in COMMANDS:
        answer = in_time(client, *command)
        same(answer.outcome, outcome, command[0])
        check(answer.text, command[0] + ': a reason')


# the backend

def test_backend_down(server):
    with prepared(server) as client:
        server.proxy.down()
        started = time.monotonic()
        all_are(client, TRYLATER)
        note('%d commands: %.1f s' % (len(COMMANDS), time.monotonic() - started))
        check(client.cmd('NOOP').ok and client.cmd('CAPABILITY').ok, 'what needs no backend')
        with connect(server, None) as other:
            same(other.cmd('AUTHENTICATE "PLAIN" "%s"' % plain('bob', 'secret')).outcome, TRYLATER)
        server.proxy.up()
        wait_for(lambda: client.cmd('LISTSCRIPTS').ok, 15, 'it goes on')


def test_backend_hangs(server):
    with prepared(server) as client:
        server.proxy.rule('', proxy.hang, 10000)
        for command in COMMANDS[:2]:
            same(in_time(client, *command).outcome, TRYLATER, command[0])


def test_a_backend_that_answers_nonsense(server):
    html = b'<!DOCTYPE html><title>503</title>'
    for name, action in (('500', proxy.status(500)), ('503', proxy.status(503, html, (('Retry-After', '1'),))),
                         ('html', proxy.replace(html, 'text/html')), ('nothing', proxy.replace(b'')),
                         ('half', proxy.cut_answer(40)), ('wrong', proxy.replace(b'{"methodResponses":[]}')),
                         ('null', proxy.replace(b'null')), ('deep', proxy.replace(b'[' * 50000)),
                         ('long', proxy.replace(b' ' * 100000))):
        with prepared(server) as client:
            for command in (COMMANDS[0], COMMANDS[1], COMMANDS[2], COMMANDS[5]):
                server.proxy.rule('', action, 10000)
                answer = in_time(client, *command)
                server.proxy.clear()
                same(answer.outcome, TRYLATER, name + ': ' + command[0])


def test_method_errors(server):
    for kind, want in (('serverUnavailable', 'TRYLATER'), ('serverFail', 'TRYLATER'),
                       ('serverPartialFail', 'TRYLATER'), ('unknownMethod', None),
                       ('invalidArguments', None), ('forbidden', None),
                       ('accountReadOnly', None), ('accountNotFound', None)):
        with prepared(server) as client:
            server.sample.faults({'on': 'method', 'method': 'SieveScript/*', 'do': 'method-error',
                                  'type': kind, 'times': 0})
            for command in COMMANDS:
                answer = in_time(client, *command)
                same(answer.kind, 'NO', kind + ': ' + command[0])
                check(answer.code in (want, 'TRYLATER'), '%s: %s: %r' % (kind, command[0], answer))
                check('\n' not in answer.text and answer.text, 'a reason')


def test_set_errors(server):
    for kind, want in (('overQuota', 'QUOTA'), ('tooLarge', 'QUOTA/MAXSIZE'), ('alreadyExists', 'ALREADYEXISTS'),
                       ('rateLimit', 'TRYLATER'), ('notFound', 'NONEXISTENT'), ('forbidden', None),
                       ('invalidSieve', None), ('sieveIsActive', 'ACTIVE')):
        with prepared(server) as client:
            server.sample.faults({'on': 'method', 'method': 'SieveScript/set', 'do': 'set-error',
                                  'type': kind, 'times': 0})
            for command in (COMMANDS[2], COMMANDS[3], COMMANDS[7], COMMANDS[8]):
                same(in_time(client, *command).outcome, ('NO', want), kind + ': ' + command[0])


def test_uploads_that_fail(server):
    for name, action in (('413', proxy.status(413)), ('500', proxy.status(500)), ('lost', proxy.drop_request),
                         ('nonsense', proxy.replace(b'{}')), ('hang', proxy.hang)):
        with prepared(server) as client:
            for command in (COMMANDS[2], COMMANDS[3], COMMANDS[4]):
                server.proxy.rule('upload', action, 10000)
                answer = in_time(client, *command)
                server.proxy.clear()
                same(answer.kind, 'NO', name + ': ' + command[0])
                check(answer.code in ('TRYLATER', 'QUOTA/MAXSIZE'), '%s: %r' % (name, answer))


def test_downloads_that_fail(server):
    """Where a literal was announced the end of it cannot be anything but the end of the connection."""
    with prepared(server):
        for name, action in (('404', proxy.status(404)), ('500', proxy.status(500)), ('lost', proxy.drop_answer)):
            with connect(server) as client:
                server.proxy.rule('download', action, 10000)
                same(in_time(client, 'GETSCRIPT "a"').kind, 'NO', name)
                server.proxy.clear()
                same(client.get('a'), KEEP, name + ': once more')
        with connect(server) as client:
            client.put('large', LARGE)
            server.proxy.rule('download', proxy.cut_answer(500000), 10000)
            try:
                raise Failure('an answer: %r' % client.cmd('GETSCRIPT "large"'))
            except SieveError as end:
                check(str(end).startswith('closed') and 'BYE' not in str(end) and 'NO' not in str(end), str(end))
            client.close()
            server.proxy.clear()
        with connect(server) as client:
            check(client.get('large') == LARGE, 'large')
            client.delete('large')


def unknown_length(exchange):
    """As HTTP/1.0 did it: the end of the connection is the end of the body."""
    body = exchange.forward()
    exchange.client.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/sieve\r\nConnection: close\r\n\r\n' + body)
    exchange.close()


def chunked(exchange):
    body = exchange.forward()
    exchange.client.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/sieve\r\n'
                            b'Transfer-Encoding: chunked\r\n\r\n')
    for at in range(0, len(body), 4000):
        piece = body[at:at + 4000]
        exchange.client.sendall(b'%x\r\n%s\r\n' % (len(piece), piece))
    exchange.client.sendall(b'0\r\n\r\n')
    exchange.answered = True


def test_downloads_of_unknown_length(server):
    with prepared(server) as client:
        client.put('large', LARGE)
        for action in (unknown_length, chunked):
            server.proxy.rule('download', action)
            check(client.get('large') == LARGE, action.__name__)
            server.proxy.clear()
        client.delete('large')


def test_the_password_is_changed(server):
    with connect(server, 'bob') as client:
        client.put('a', KEEP)
        server.sample.admin('secret', {'user': 'bob', 'secret': 'other'})
        try:
            answer = client.cmd('LISTSCRIPTS')
            check(answer.kind in ('NO', 'BYE'), repr(answer))
            if answer.kind == 'NO':
                answer = client.answer()
            same(answer.kind, 'BYE', 'the session ends')
        finally:
            server.sample.admin('secret', {'user': 'bob', 'secret': 'secret'})
    with connect(server, 'bob') as client:
        same(client.list(), {'a': False})


def only_vacation(document):
    """A session object without Sieve."""
    for thing in [document['capabilities'], document['primaryAccounts'],
                  *[account['accountCapabilities'] for account in document['accounts'].values()]]:
        gone = thing.pop('urn:ietf:params:jmap:sieve', None)
        if gone is not None:
            thing[VACATION] = gone if isinstance(gone, str) else {}


def test_an_account_with_vacation_response_only(server):
    with Ferry(server.proxy.url, listeners=('plain', 'sieve')) as front:
        server.proxy.rule('/jmap/session', proxy.change_json(only_vacation), 10000)
        client = Sieve(front.host, front.ports['sieve'])
        for _ in range(2):
            answer = client.cmd('AUTHENTICATE "PLAIN" "%s"' % plain('alice', 'secret'))
            same(answer.outcome, ('NO', None))
            check('Sieve' in answer.text, answer.text)
            same(client.cmd('LISTSCRIPTS').kind, 'NO', 'nothing is pretended')
            check('OWNER' not in client.capability().lines, 'not signed in')
        with Imap(front.host, front.ports['plain'], user='alice') as mail:
            check(mail.select().ok, 'mail is there')
        client.close()
        server.proxy.clear()


# clients that leave, and servers that stop

def test_who_leaves_is_not_waited_for(server):
    """Commands of clients that are gone are cancelled; a change is made as a whole, or not."""
    with prepared(server) as client:
        server.proxy.rule('SieveScript', proxy.delay(1.5), 10000)
        for command in COMMANDS[:5]:
            gone = connect(server)
            gone.start(*command)
            time.sleep(0.05)
            gone.close()
        server.proxy.clear()
        check(client.cmd('NOOP').ok, 'NOOP')
        wait_for(lambda: server.ferry.status().stdout.count('managesieve') <= 2, 20, 'the sessions end')
        for name, active in client.list().items():
            check(not active and client.get(name) in (KEEP, STOP), name)
        time.sleep(2)       # what was on its way when its client left
        client.clear()
        client.put('a', KEEP)


def stopped(server, front, act, seconds=25):
    """What `act(client)` says of a session of `front`, which is told to stop; it ends in time."""
    client = Sieve(front.host, front.ports['sieve'], user='alice', timeout=40)
    wait = act(client)
    time.sleep(0.3)
    started = time.monotonic()
    front.process.send_signal(signal.SIGTERM)
    answers = []
    with contextlib.suppress(SieveError):
        while True:
            answers.append(client.answer())
    client.close()
    same(front.process.wait(seconds * procs.PATIENCE), 0, 'ferryd')
    if wait:
        check(time.monotonic() - started < wait * procs.PATIENCE, 'took %.1f s' % (time.monotonic() - started))
    front.start()
    return [answer.outcome for answer in answers]


def test_sigterm(server):
    bye = ('BYE', 'TRYLATER')
    with prepared(server) as before, Ferry(server.proxy.url, listeners=('sieve',)) as front:
        before.put('large', LARGE)
        same(stopped(server, front, lambda client: 5), [bye], 'idle')

        def half_a_script(client):
            client.send(b'PUTSCRIPT "a" {100+}\r\ndiscard;')
            return 5
        same(stopped(server, front, half_a_script), [bye], 'in a literal')

        def half_a_sign_in(client):
            client.good('UNAUTHENTICATE')
            client.send('AUTHENTICATE "PLAIN"\r\n')
            client.line()
            return 5
        same(stopped(server, front, half_a_sign_in), [bye], 'signing in')

        def slow_put(client):
            server.proxy.rule('SieveScript/set', proxy.delay(1.5))
            client.start('PUTSCRIPT "b"', STOP)
            client.start('LISTSCRIPTS')
        same(stopped(server, front, slow_put), [OK, bye], 'what runs is finished, what waits is not begun')
        server.proxy.clear()
        same(before.get('b'), STOP, 'the change is made')

        def lazy_get(client):
            client.sock.setsockopt(6, 10, 4096)     # TCP_WINDOW_CLAMP
            client.send(b'GETSCRIPT "large"\r\n' * 3)
        same(stopped(server, front, lazy_get)[-1:], [bye], 'a script goes out to its end')
        before.delete('b')
        before.delete('large')


def test_sigterm_while_the_backend_hangs(server):
    # before the 20 seconds are over in which sessions have to end
    with prepared(server), Ferry(server.proxy.url, listeners=('sieve',),
                                 settings={'backend main': {'request-timeout': 4}}) as front:
        def hanging(client):
            server.proxy.rule('SieveScript', proxy.hang, 10000)
            client.start('LISTSCRIPTS')
        answers = stopped(server, front, hanging)
        server.proxy.clear()
        same(answers, [TRYLATER, ('BYE', 'TRYLATER')])


# limits of ferryd

def test_limits_are_shared_with_imap(server):
    with Ferry(server.proxy.url, listeners=('plain', 'sieve'),
               settings={'limits': {'connections-per-user': 2}}) as front:
        with Sieve(front.host, front.ports['sieve'], user='alice'):
            with Imap(front.host, front.ports['plain'], user='alice'):
                third = Sieve(front.host, front.ports['sieve'])
                same(third.cmd('AUTHENTICATE "PLAIN" "%s"' % plain('alice', 'secret')).outcome, TRYLATER)
                third.close()
            client = Sieve(front.host, front.ports['sieve'])
            wait_for(lambda: client.cmd('AUTHENTICATE "PLAIN" "%s"' % plain('alice', 'secret')).ok, 10, 'room')
            client.good('UNAUTHENTICATE')
            client.login('alice')
            client.close()


def test_time_limits(server):
    with Ferry(server.proxy.url, listeners=('sieve',),
               settings={'limits': {'login-timeout': 2, 'idle-timeout': 3}}) as front:
        silent = Sieve(front.host, front.ports['sieve'])
        started = time.monotonic()
        same(silent.answer().outcome, ('BYE', None), 'not signed in')
        check(1 < time.monotonic() - started < 10 and silent.ended(), 'BYE, and the end')
        idle = Sieve(front.host, front.ports['sieve'], user='alice')
        server.proxy.rule('SieveScript/get', proxy.delay(5))
        same(idle.cmd('LISTSCRIPTS').outcome, OK, 'who waits for the backend is not idle')
        server.proxy.clear()
        same(idle.answer().outcome, ('BYE', None), 'idle')
        check(idle.ended(), 'the end')
        back = Sieve(front.host, front.ports['sieve'], user='alice')
        back.good('UNAUTHENTICATE')
        same(back.answer().outcome, ('BYE', None), 'signed out')
        for client in (silent, idle, back):
            client.close()


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=280)
