#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same steps with Cyrus's own timsieved and with Ferry before that Cyrus, on the same user.

Each step's outcome (OK, NO, BYE and the response code) and what it listed are compared, first one
server after the other, then with every other step on the other one: what is written here is seen
there. What differs stands in DIFFERENCES with the reason.
"""

import contextlib
import os
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), *['..'] * 3,
                             'tests', 'integration')]

from lib import target                                          # noqa: E402
from lib.sieve import Sieve, SieveError, plain                  # noqa: E402
from lib.tap import check, note, run, same                      # noqa: E402

KEEP, DISCARD = b'keep;\r\n', b'discard;\r\n'
INVALID = b'keep;\r\nnonsense;\r\n'
REDIRECTS = b''.join(b'redirect "a%d@x.example";\r\n' % number for number in range(6))
LARGE = 1 << 20
RULES = 5000        # Cyrus's parser takes no more statements in a row than some 9,900

# label, command; {name}: a script's content
STEPS = [
    ('no scripts', 'LISTSCRIPTS'),
    ('room', 'HAVESPACE "one" 100'),
    ('no room', 'HAVESPACE "one" 4000000000'),
    ('put', 'PUTSCRIPT "one"', KEEP),
    ('get', 'GETSCRIPT "one"'),
    ('list one', 'LISTSCRIPTS'),
    ('put again', 'PUTSCRIPT "one"', DISCARD),
    ('get replaced', 'GETSCRIPT "one"'),
    ('put invalid', 'PUTSCRIPT "one"', INVALID),
    ('get after invalid', 'GETSCRIPT "one"'),
    ('put invalid new', 'PUTSCRIPT "bad"', INVALID),
    ('put empty', 'PUTSCRIPT "empty"', b''),
    ('delete empty', 'DELETESCRIPT "empty"'),
    ('list after invalid', 'LISTSCRIPTS'),
    ('check', 'CHECKSCRIPT', KEEP),
    ('check invalid', 'CHECKSCRIPT', INVALID),
    ('check empty', 'CHECKSCRIPT', b''),
    ('check unknown extension', 'CHECKSCRIPT', b'require "x-no-such";\r\nkeep;\r\n'),
    ('activate', 'SETACTIVE "one"'),
    ('list active', 'LISTSCRIPTS'),
    ('activate again', 'SETACTIVE "one"'),
    ('activate nothing there', 'SETACTIVE "nonsuch"'),
    ('list still active', 'LISTSCRIPTS'),
    ('delete active', 'DELETESCRIPT "one"'),
    ('put active', 'PUTSCRIPT "one"', KEEP),
    ('list active replaced', 'LISTSCRIPTS'),
    ('put second', 'PUTSCRIPT "two"', DISCARD),
    ('activate second', 'SETACTIVE "two"'),
    ('list second', 'LISTSCRIPTS'),
    ('rename', 'RENAMESCRIPT "one" "three"'),
    ('rename active', 'RENAMESCRIPT "two" "four"'),
    ('list renamed', 'LISTSCRIPTS'),
    ('get renamed', 'GETSCRIPT "four"'),
    ('rename onto another', 'RENAMESCRIPT "three" "four"'),
    ('rename nothing there', 'RENAMESCRIPT "nonsuch" "five"'),
    ('rename to nothing', 'RENAMESCRIPT "three" ""'),
    ('rename to itself', 'RENAMESCRIPT "three" "three"'),
    ('get nothing there', 'GETSCRIPT "one"'),
    ('delete nothing there', 'DELETESCRIPT "one"'),
    ('put without name', 'PUTSCRIPT ""', KEEP),
    ('put with tab', 'PUTSCRIPT "a\tb"', KEEP),
    ('delete with tab', 'DELETESCRIPT "a\tb"'),
    ('put with umlaut', 'PUTSCRIPT "März"', KEEP),
    ('get umlaut', 'GETSCRIPT "März"'),
    ('delete umlaut', 'DELETESCRIPT "März"'),
    ('put with space', 'PUTSCRIPT "with space"', KEEP),
    ('put with quote', 'PUTSCRIPT "a\\"b\\\\c"', KEEP),
    ('list with quote', 'LISTSCRIPTS'),
    ('get quote', 'GETSCRIPT "a\\"b\\\\c"'),
    ('delete with quote', 'DELETESCRIPT "a\\"b\\\\c"'),
    ('put with slash', 'PUTSCRIPT "a/b"', KEEP),
    ('put with dot', 'PUTSCRIPT "a.script"', KEEP),
    ('put two dots', 'PUTSCRIPT ".."', KEEP),
    ('list odd names', 'LISTSCRIPTS'),
    ('delete with space', 'DELETESCRIPT "with space"'),
    ('delete with slash', 'DELETESCRIPT "a/b"'),
    ('delete with dot', 'DELETESCRIPT "a.script"'),
    ('delete two dots', 'DELETESCRIPT ".."'),
    ('name of 512', 'PUTSCRIPT "%s"' % ('x' * 512), KEEP),
    ('delete 512', 'DELETESCRIPT "%s"' % ('x' * 512)),
    ('name of 2000', 'PUTSCRIPT "%s"' % ('x' * 2000), KEEP),
    ('delete 2000', 'DELETESCRIPT "%s"' % ('x' * 2000)),
    ('literal name', 'GETSCRIPT {3+}\r\none'),
    ('small letters', 'listscripts'),
    ('deactivate', 'SETACTIVE ""'),
    ('list inactive', 'LISTSCRIPTS'),
    ('deactivate again', 'SETACTIVE ""'),
    ('delete', 'DELETESCRIPT "four"'),
    ('delete last', 'DELETESCRIPT "three"'),
    ('list none', 'LISTSCRIPTS'),
    ('noop', 'NOOP'),
    ('noop with tag', 'NOOP "tag"'),
    ('capability', 'CAPABILITY'),
    ('unknown command', 'XYZZY'),
    ('list with argument', 'LISTSCRIPTS "x"'),
    ('get without argument', 'GETSCRIPT'),
    ('activate atom', 'SETACTIVE one'),
    ('room without number', 'HAVESPACE "one"'),
    ('room with string', 'HAVESPACE "one" "100"'),
    ('rename without new name', 'RENAMESCRIPT "one"'),
    ('noop with two', 'NOOP "a" "b"'),
    ('capability with argument', 'CAPABILITY "x"'),
    ('put with argument more', 'PUTSCRIPT "one" "keep;" "x"'),
    ('check without argument', 'CHECKSCRIPT'),
    ('delete without argument', 'DELETESCRIPT'),
    ('activate without argument', 'SETACTIVE'),
    ('quote without end', 'GETSCRIPT "one'),
    ('two spaces', 'GETSCRIPT  "one"'),
    ('space at the end', 'LISTSCRIPTS '),
    ('number out of range', 'HAVESPACE "one" 4294967296'),
    ('put two warnings', 'PUTSCRIPT "one"', REDIRECTS),
    ('delete with warnings', 'DELETESCRIPT "one"'),
    ('authenticate again', 'AUTHENTICATE "PLAIN"'),
    ('starttls late', 'STARTTLS'),
]
BEFORE = [
    ('capability before', 'CAPABILITY'),
    ('list before', 'LISTSCRIPTS'),
    ('put before', 'PUTSCRIPT "x"', KEEP),
    ('room before', 'HAVESPACE "x" 1'),
    ('get before', 'GETSCRIPT "x"'),
    ('check before', 'CHECKSCRIPT', KEEP),
    ('activate before', 'SETACTIVE "x"'),
    ('delete before', 'DELETESCRIPT "x"'),
    ('rename before', 'RENAMESCRIPT "x" "y"'),
    ('noop before', 'NOOP'),
    ('noop with tag before', 'NOOP "tag"'),
    ('unknown command before', 'XYZZY'),
    ('authenticate nothing', 'AUTHENTICATE'),
    ('authenticate atom', 'AUTHENTICATE PLAIN'),
    ('unauthenticate before', 'UNAUTHENTICATE'),
    ('starttls not offered', 'STARTTLS'),
    ('unknown mechanism', 'AUTHENTICATE "X-NONE"'),
    ('wrong password', 'AUTHENTICATE "PLAIN" "%s"' % plain('alice', 'wrong')),
    ('wrong base64', 'AUTHENTICATE "PLAIN" "!!!!"'),
    ('sign in', 'AUTHENTICATE "PLAIN" "%s"' % plain('alice', 'secret')),
    ('unauthenticate', 'UNAUTHENTICATE'),
    ('list after unauthenticate', 'LISTSCRIPTS'),
    ('sign in again', 'AUTHENTICATE "PLAIN" "%s"' % plain('alice', 'secret')),
    ('list at last', 'LISTSCRIPTS'),
    ('logout', 'LOGOUT'),
]

# label: (timsieved, Ferry, why)
NO, OK, NONEXISTENT = ('NO', None), ('OK', None), ('NO', 'NONEXISTENT')
EMPTY = 'RFC 5804 §2.6: "A script of zero length SHOULD be disallowed."'
CONTROL = ('RFC 5804 §1.6: "Script names MUST NOT contain any of the following Unicode characters: '
           '0000-001F [CONTROL CHARACTERS]"')
UTF8 = 'RFC 5804 §1.2: "quoted strings … can contain any UTF-8 characters"; timsieved answers two NO'
QUOTED = 'RFC 5804 §4: quotes and backslashes stand behind a backslash; timsieved writes them bare'
GONE = 'RFC 5804 §2.10: "Such responses SHOULD include the NONEXISTENT response code."'
LONG = ('RFC 5804 §1.6: names of 128 characters MUST be allowed, longer ones MAY be; Cyrus, which takes '
        'fewer octets, only says serverFail')
NUMBER = 'RFC 5804 §4: "A 32-bit unsigned number"; what has more is no number, whatever the quota'
STATE = ('RFC 5804 §2: "Prior to successful authentication, only the AUTHENTICATE, CAPABILITY, STARTTLS, '
         'LOGOUT, and NOOP commands are valid. … Servers MUST reject all other commands with a NO response."')
TWICE = 'RFC 5804 §1.2: one response ends a command; timsieved answers it twice'
DIFFERENCES = {
    'put empty': (OK, NO, EMPTY),
    'delete empty': (OK, NONEXISTENT, EMPTY),
    'put with tab': (OK, NO, CONTROL),
    'delete with tab': (OK, NO, CONTROL),
    'put with umlaut': (NO, OK, UTF8),
    'get umlaut': (NO, OK, UTF8),
    'delete umlaut': (NO, OK, UTF8),
    'list with quote': (('unreadable', None), OK, QUOTED),
    'delete with slash': (NO, NONEXISTENT, GONE),
    'name of 512': (NO, ('NO', 'TRYLATER'), LONG),
    'number out of range': (('NO', 'QUOTA/MAXSIZE'), NO, NUMBER),
    'list with argument': (NO, NO, TWICE),
    'noop with two': (NO, NO, TWICE),
    'capability with argument': (NO, NO, TWICE),
    'put with argument more': (NO, NO, TWICE),
    'two spaces': (NO, NO, TWICE),
    'check before': (OK, NO, STATE),
    'put before': (NO, NO, TWICE),
}


@contextlib.contextmanager
def fixture():
    with target.on_cyrus(listeners=('plain', 'sieve'), more='sieve_maxscriptsize: 2048\nsieve_maxscripts: 50\n',
                         settings={'limits': {'failures-per-address': 1000}}) as server:
        # Cyrus 3.6 looks for uploaded octets first in the older one of two folders, uploads and
        # scripts, and cannot where that is the one it is about to change ("Mailbox is locked")
        with ferry(server) as client:
            client.put('first', KEEP)
            client.clear()
        yield server


def native(server, **options):
    return Sieve(server.cyrus.host, server.cyrus.sieve_port, **dict({'user': 'alice'}, **options))


def ferry(server, **options):
    return Sieve(server.host, server.front.ports['sieve'], **dict({'user': 'alice'}, **options))


def catch_up(client):
    """timsieved answers some malformed commands twice; how many answers were left over."""
    client.start('NOOP "caught up"')
    left = 0
    while client.answer().value != b'caught up':
        left += 1
    return left


def resynchronize(client):
    """Behind an answer that cannot be read."""
    client.start('NOOP "readable again"')
    while b'readable again' not in client.raw_line():
        pass


def outcome(client, command, *content):
    """(OK, NO or BYE; the code; what was listed)"""
    answer = client.cmd(command, *content)
    listed = None
    if command != 'LOGOUT' and catch_up(client):
        listed = 'answered more than once'
    elif command == 'LISTSCRIPTS' and answer.ok:
        listed = sorted(answer.lines, key=str)
    elif command.startswith('GETSCRIPT') and answer.ok:
        listed = answer.lines
    elif command.startswith('NOOP'):
        listed = answer.value
    return answer.kind, answer.code, listed


def play(client, steps):
    """{label: outcome}"""
    found = {}
    for label, *command in steps:
        try:
            found[label] = outcome(client, *command)
        except SieveError as problem:
            if 'not ManageSieve' not in str(problem):
                raise
            found[label] = ('unreadable', None, str(problem))
            resynchronize(client)
    return found


def play_in_turn(makers, steps):
    """Each step in a session of its own, on one server after the other."""
    found = {}
    for number, step in enumerate(steps):
        with makers[number % len(makers)]() as client:
            found.update(play(client, [step]))
    return found


def compare(there, here):
    unexplained = []
    for label, want in there.items():
        got = here[label]
        if label in DIFFERENCES:
            if (want[:2], got[:2]) != DIFFERENCES[label][:2] or want == got:
                unexplained.append('%s: %r, %r: not as the table says' % (label, want, got))
        elif got != want:
            unexplained.append('%s: timsieved %r, Ferry %r' % (label, want, got))
    for line in unexplained:
        note(line)
    same(len(unexplained), 0, 'unexplained differences of %d steps' % len(there))


def test_every_step_is_the_same(server):
    with native(server) as client:
        client.clear()
        there = play(client, STEPS)
    with ferry(server) as client:
        client.clear()
        here = play(client, STEPS)
    note('%d steps, %d differences in the table' % (len(STEPS), len(DIFFERENCES)))
    compare(there, here)


def test_errors_of_scripts_are_told_as_there(server):
    """Every line of them, as the backend words it."""
    several = b'nonsense;\r\nkeep;\r\nfoo "x";\r\nfileinto "a";\r\n'
    for script, lines in ((INVALID, 1), (several, 3), (b'if true {\r\n', 1), (b'require "x-no-such";\r\n', 1)):
        with native(server) as there, ferry(server) as here:
            for command in (('CHECKSCRIPT', script), ('PUTSCRIPT "bad"', script)):
                want, got = there.cmd(*command), here.cmd(*command)
                same((got.outcome, got.text), (want.outcome, want.text.rstrip()), repr(script))
                same(len(got.text.split('\r\n')), lines, got.text)


def test_before_the_login(server):
    with native(server, user=None) as client:
        there = play(client, BEFORE)
    with ferry(server, user=None) as client:
        here = play(client, BEFORE)
        check(client.ended(), 'LOGOUT ends the connection')
    compare(there, here)


def test_every_other_step_on_the_other_server(server):
    """What one does the other one sees at once: the steps have the same outcome."""
    # what the two answer differently would leave them with different scripts
    steps = [step for step in STEPS if step[0] not in DIFFERENCES]
    makers = [lambda: native(server), lambda: ferry(server)]
    with makers[0]() as client:
        client.clear()
        there = play(client, steps)
    for order in (makers, makers[::-1]):
        with makers[0]() as client:
            client.clear()
        compare(there, play_in_turn(order, steps))


def test_scripts_are_the_same_octets(server):
    scripts = {'crlf': b'keep;\r\nstop;\r\n', 'bare': b'keep;\nstop;\n', 'no end': b'keep;',
               'utf8': 'require "fileinto";\r\nfileinto "Märkte/📬";\r\n'.encode(),
               'quotes': b'# "\\ {5}\r\nif header :is "a" "b\\"c\\\\" { keep; }\r\n',
               'literal': b'# {100+}\r\nkeep;\r\n'}
    for writer, reader in ((native, ferry), (ferry, native)):
        with writer(server) as client:
            client.clear()
            for name, script in scripts.items():
                same(client.put(name, script).outcome, ('OK', None), name)
        with reader(server) as client:
            same(client.list(), {name: False for name in scripts})
            for name, script in scripts.items():
                same(client.get(name), script, name)


def what_is_refused(client, extensions):
    return [name for name in extensions
            if not client.cmd('CHECKSCRIPT', b'require "%s";\r\nkeep;\r\n' % name.encode()).ok]


def test_names_that_are_not_ascii(server):
    names = ['März', '日本語', '📬' * 10, 'x' * 30 + 'ä' * 15]
    with ferry(server) as client:
        client.clear()
        for name in names:
            same(client.put(name, b'# %s\r\nkeep;\r\n' % name.encode()).outcome, ('OK', None), name)
            same(client.put(name, b'# %s\r\nstop;\r\n' % name.encode()).outcome, ('OK', None), name)
        same(sorted(client.list()), sorted(names))
        same(client.activate('März').outcome, ('OK', None))
        same(client.rename('März', 'Äpfel').outcome, ('OK', None))
        same(client.get('Äpfel'), '# März\r\nstop;\r\n'.encode())
        client.clear()
        same(client.list(), {})


def test_a_script_with_every_extension(server):
    with ferry(server) as client:
        client.clear()
        extensions = client.capabilities['SIEVE'].split()
        check(len(extensions) > 20, 'extensions: %r' % extensions)
        with native(server) as other:
            other.clear()
            same(sorted(extensions), sorted(other.capabilities['SIEVE'].split()), 'SIEVE')
            refused = what_is_refused(other, extensions)
        same(what_is_refused(client, extensions), refused, 'extensions listed and refused')
        # Cyrus lists extlists and compiles no script that requires it
        check(set(refused) <= {'extlists'}, 'refused: %r' % refused)
        names = [name for name in extensions if name not in refused]
        script = b'require [%s];\r\nkeep;\r\n' % b', '.join(b'"%s"' % n.encode() for n in names)
        same(client.put('all', script).outcome, ('OK', None))
        same(client.activate('all').outcome, ('OK', None))
        with native(server) as other:
            same((other.list(), other.get('all')), ({'all': True}, script), 'seen there')
        note('%d extensions' % len(extensions))
        client.clear()


def test_a_script_of_a_megabyte(server):
    script = b''.join(b'if header :contains "subject" "%08d" { discard; stop; }\r\n' % number
                      for number in range(RULES))
    script += b'# to be so long\r\n' * ((LARGE - len(script)) // 17 - 1)
    script += b'#' * (LARGE - len(script) - 2) + b'\r\n'
    same(len(script), LARGE)
    with ferry(server, timeout=120) as client:
        client.clear()
        same(client.cmd('HAVESPACE "large" %d' % LARGE).outcome, ('OK', None))
        same(client.cmd('CHECKSCRIPT', script).outcome, ('OK', None), 'CHECKSCRIPT')
        same(client.put('large', script).outcome, ('OK', None), 'PUTSCRIPT')
        same(client.get('large') == script, True, 'the octets come back')
        with native(server, timeout=120) as other:
            same(other.get('large') == script, True, 'the octets are there')
        same(client.cmd('HAVESPACE "large" %d' % (LARGE + 1)).outcome, ('NO', 'QUOTA/MAXSIZE'))
        answer = client.put('large', script + b'#')
        same(answer.outcome, ('NO', 'QUOTA/MAXSIZE'), 'an octet more than [limits] literal')
        check(client.cmd('NOOP').ok, 'the session goes on')
        client.clear()


def test_an_editor_costs_no_mail_sync(server):
    """A session that only edits scripts asks for nothing of the mail."""
    with ferry(server) as client:
        client.clear()
    server.front.restart()          # nothing is known of anybody
    mark = server.proxy.mark()
    with ferry(server) as client:
        client.put('one', KEEP)
        client.activate('one')
        client.list()
        client.get('one')
        client.clear()
    asked = {name for request in server.proxy.since(mark) for name in request.calls()}
    same(asked, {'SieveScript/get', 'SieveScript/set'}, 'methods')
    same([r for r in server.proxy.since(mark) if 'event' in r.path.lower()], [], 'event sources')
    with server.imap() as mail:     # and mail still works beside it
        check(mail.select().ok, 'SELECT')


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=280)
