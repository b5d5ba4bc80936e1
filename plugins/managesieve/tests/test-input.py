#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whatever a client sends: the right answer, the next command works, memory stays flat."""

import contextlib
import os
import random
import re
import socket
import struct
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), *['..'] * 3,
                             'tests', 'integration')]

from lib import procs, target                                   # noqa: E402
from lib.sieve import Sieve, SieveError, plain                  # noqa: E402
from lib.tap import Failure, check, note, run, same, wait_for            # noqa: E402

KEEP = b'keep;\r\n'
LIMIT = 1 << 20         # [limits] literal
SIGN_IN = b'AUTHENTICATE "PLAIN" "%s"\r\n' % plain('alice', 'secret').encode()


@contextlib.contextmanager
def fixture():
    with target.on_sample('--limit=maxSizeScript=2000000', listeners=('sieve',)) as server:
        yield server


def connect(server, user='alice', **options):
    return Sieve(server.host, server.ferry.ports['sieve'], user=user, **options)


def memory_grows_less(server, octets, act):
    before = server.ferry.memory()
    act()
    grown = server.ferry.memory() - before
    check(procs.SANITIZED or grown < octets, 'memory grew by %d octets' % grown)


# malformed commands: state (b: before the login, a: after it), what is wanted, octets without the
# last CRLF; \r \n \0 \\ \xHH stand for octets, {{n*x}} for repetition
TABLE = r'''
b NO XYZZY
b NO LISTSCRIPTS
b NO LISTSCRIPTS "x"
b NO PUTSCRIPT "x" {3+}\r\nabc
b NO PUTSCRIPT "x" {16384+}\r\n{{16384*x}}
b NO PUTSCRIPT "x" {16385+}\r\n{{16385*x}}
b NO GETSCRIPT "x"
b NO CHECKSCRIPT "keep;"
b NO SETACTIVE ""
b NO DELETESCRIPT "x"
b NO RENAMESCRIPT "x" "y"
b NO HAVESPACE "x" 1
b NO UNAUTHENTICATE
b NO STARTTLS
b NO STARTTLS "x"
b NO AUTHENTICATE
b NO AUTHENTICATE PLAIN
b NO AUTHENTICATE ""
b NO AUTHENTICATE "\0"
b NO AUTHENTICATE "X-NONE"
b NO AUTHENTICATE "PLAIN\x00"
b NO AUTHENTICATE {7+}\r\nPLAIN\0x
b NO AUTHENTICATE {{1000*"A" }}
b NO AUTHENTICATE "{{5000*A}}"
b NO AUTHENTICATE "PLAIN" ""
b NO AUTHENTICATE "PLAIN" "="
b NO AUTHENTICATE "PLAIN" "!!!!"
b NO AUTHENTICATE "PLAIN" "AAAA"
b NO AUTHENTICATE "PLAIN" "*"
b NO AUTHENTICATE "PLAIN" 5
b NO AUTHENTICATE "PLAIN" {3+}\r\n\0\0\0
b NO AUTHENTICATE "PLAIN" {9000+}\r\n{{9000*A}}
b NO AUTHENTICATE "PLAIN" {17000+}\r\n{{17000*A}}
b NO AUTHENTICATE "PLAIN" "AAAA" "AAAA"
b NO GET / HTTP/1.1
b NO \x16\x03\x01\x02\x00\x01
b NO * OK IMAP4rev1
a NO
a NO \x20
a NO \t
a NO \x20LISTSCRIPTS
a NO LISTSCRIPTS\x20
a NO LISTSCRIPTS\x20\x20
a NO LISTSCRIPTS\tx
a NO LISTSCRIPTS "x"
a NO LISTSCRIPTS 5
a NO LISTSCRIPTS LISTSCRIPTS
a NO "LISTSCRIPTS"
a NO {11+}\r\nLISTSCRIPTS
a NO LISTSCRIPTS()
a NO (LISTSCRIPTS)
a NO LIST\0SCRIPTS
a NO \0
a NO \xff\xfe
a NO \xc3\xa4
a NO LISTSCRIPT\xc3\x9f
a NO 5
a NO 4294967296
a NO ""
a NO "
a NO \\
a NO "\\
a NO {
a NO }
a NO {}
a NO {+}
a NO {5
a NO {5+
a NO {5+}x
a NO {a+}
a NO {-1+}
a NO {5 +}
a NO {5++}
a NO {+5}
a NO {0x5+}
a NO {0+}\r\n
a NO {0+}\r\n{0+}\r\n{0+}\r\n
a NO GETSCRIPT {0+}\r\n
a NO GETSCRIPT {1+}\r\n\0
a NO GETSCRIPT {4+}\r\na\r\nb
a NO GETSCRIPT {3+}\r\nabc"x"
a NO GETSCRIPT {3+}\r\nabc{3+}\r\nabc
a NO GETSCRIPT {3+}\r\nabc abc
a NO GETSCRIPT "a"{3+}\r\nabc
a NO GETSCRIPT"a"
a NO GETSCRIPT  "a"
a NO GETSCRIPT "a" "b"
a NO GETSCRIPT "a""b"
a NO GETSCRIPT a
a NO GETSCRIPT ("a")
a NO GETSCRIPT 5
a NO GETSCRIPT
a NO GETSCRIPT "a
a NO GETSCRIPT a"
a NO GETSCRIPT "a\\"
a NO GETSCRIPT "\\a"
a NO GETSCRIPT "a\0b"
a NO GETSCRIPT "\xff"
a NO GETSCRIPT "{{1025*a}}"
a NO GETSCRIPT "{{60000*a}}"
a NO GETSCRIPT {60000+}\r\n{{60000*a}}
a NO PUTSCRIPT
a NO PUTSCRIPT "a"
a NO PUTSCRIPT "a" keep
a NO PUTSCRIPT "a" 5
a NO PUTSCRIPT "a" ""
a NO PUTSCRIPT "a" {0+}\r\n
a NO PUTSCRIPT "" "keep;"
a NO PUTSCRIPT "a" "keep;" "keep;"
a NO PUTSCRIPT "a" "keep;
a NO PUTSCRIPT "a" keep;"
a NO PUTSCRIPT "a" {12+}\r\nLISTSCRIPTS;
a NO PUTSCRIPT "a" {1+}\r\n"
a NO PUTSCRIPT "a" {5+}\r\n\0\0\0\0\0
a NO PUTSCRIPT "a" {6+}\r\n\xff\xfe\xfd;;;
a NO PUTSCRIPT "{{513*a}}" "keep;"
a NO(QUOTA/MAXSIZE) PUTSCRIPT "a" {1048577+}\r\n{{1048577*#}}
a NO(QUOTA/MAXSIZE) PUTSCRIPT {600000+}\r\n{{600000*#}} {600000+}\r\n{{600000*#}}
a NO(QUOTA/MAXSIZE) CHECKSCRIPT {1048577+}\r\n{{1048577*#}}
a NO CHECKSCRIPT
a NO CHECKSCRIPT keep
a NO CHECKSCRIPT "nonsense;"
a NO CHECKSCRIPT "keep;" "keep;"
a NO CHECKSCRIPT {100+}\r\n{{100*{}}
a NO CHECKSCRIPT {30000+}\r\n{{30000*{}}
a NO CHECKSCRIPT {40003+}\r\nif {{40000*(}}
a NO HAVESPACE
a NO HAVESPACE "a"
a NO HAVESPACE "a" "5"
a NO HAVESPACE "a" five
a NO HAVESPACE "a" -5
a NO HAVESPACE "a" +5
a NO HAVESPACE "a" 05
a NO HAVESPACE "a" 5.0
a NO HAVESPACE "a" 0x5
a NO HAVESPACE "a" 4294967296
a NO HAVESPACE "a" {{5000*9}}
a NO(QUOTA/MAXSIZE) HAVESPACE "a" 4294967295
a NO(QUOTA/MAXSIZE) HAVESPACE "a" 1048577
a NO HAVESPACE "" 5
a NO HAVESPACE "a" 5 5
a NO HAVESPACE 5 "a"
a NO SETACTIVE
a NO SETACTIVE a
a NO SETACTIVE "a" "b"
a NO(NONEXISTENT) SETACTIVE "nonsuch"
a NO SETACTIVE "\xff"
a NO DELETESCRIPT
a NO DELETESCRIPT ""
a NO(NONEXISTENT) DELETESCRIPT "nonsuch"
a NO DELETESCRIPT "a" "b"
a NO RENAMESCRIPT "a"
a NO RENAMESCRIPT "" "a"
a NO RENAMESCRIPT "a" ""
a NO RENAMESCRIPT "a" "b" "c"
a NO(NONEXISTENT) RENAMESCRIPT "nonsuch" "b"
a NO CAPABILITY "x"
a NO NOOP x
a NO NOOP "a" "b"
a NO LOGOUT "x"
a NO UNAUTHENTICATE "x"
a NO STARTTLS
a NO AUTHENTICATE "PLAIN"
a NO AUTHENTICATE "PLAIN" "AAAA"
a NO NOOP {{100*"a" }}
a NO NOOP {{30000*5 }}
a NO {{65530*x}}
a NO {{65537*x}}
a NO {{3000000*x}}
a NO {{200000*"\\"}}
a NO NOOP {10+}\r\n{{10*x}}{{70000*y}}
a NO(QUOTA/MAXSIZE) XYZZY {1048577+}\r\n{{1048577*#}}
a OK NOOP {3}\r\nabc
a OK NOOP {03+}\r\nabc
a OK noop
a OK NOOP {5+}\r\n\0\r\n\0\0
a OK NOOP "\xff"
a OK NOOP "{{1024*a}}"
a OK NOOP {100000+}\r\n{{100000*a}}
a OK CHECKSCRIPT {1048576+}\r\n{{1048576*#}}
a OK CHECKSCRIPT {0+}\r\n
a OK HAVESPACE "a" 0
a OK HAVESPACE {1+}\r\na 1048576
'''
_ESCAPE = re.compile(rb'\\(?:([rnt0\\])|x([0-9a-f]{2}))')
_REPEAT = re.compile(rb'\{\{(\d+)\*(.*?)\}\}')


def octets_of(text):
    data = _ESCAPE.sub(lambda m: bytes([int(m[2], 16)]) if m[2] else
                       {b'r': b'\r', b'n': b'\n', b't': b'\t', b'0': b'\0', b'\\': b'\\'}[m[1]],
                       text.encode())
    return _REPEAT.sub(lambda m: m[2] * int(m[1]), data)


def read_table():
    for line in TABLE.strip().split('\n'):
        state, want, *octets = line.split(' ', 2)
        yield state, want, octets_of(octets[0] if octets else '')


def play_table(server):
    wrong = []
    for state in 'ba':
        with connect(server, 'alice' if state == 'a' else None) as client:
            for where, want, octets in read_table():
                if where == state:
                    client.send(octets + b'\r\nNOOP "next"\r\n')
                    try:
                        answer, then = client.answer(), client.answer()
                    except SieveError as problem:
                        raise Failure('%r: %s' % (octets[:60], problem)) from problem
                    got = answer.kind + ('(%s)' % answer.code if answer.code and answer.code != 'TAG' else '')
                    if (got, then.kind, then.value) != (want, 'OK', b'next') or not answer.text:
                        wrong.append('%s %r: wanted %s, got %r, %r' % (state, octets[:60], want, answer, then))
    return wrong


def test_malformed_commands(server):
    """The same answers each time, and the next command works; nothing is stored by any of them."""
    wrong = play_table(server)
    check(not wrong, '%d commands:\n%s' % (len(wrong), '\n'.join(wrong)))
    note('%d commands' % len(list(read_table())))
    memory_grows_less(server, 1 << 20, lambda: [play_table(server) for _ in range(3)])
    with connect(server) as client:
        same(client.list(), {})


def test_literals_without_bounds(server):
    """Nobody can know where the next command begins: BYE."""
    for size in (b'134217729', b'999999999', b'4294967295', b'4294967296', b'99999999999999999999'):
        for command in (b'PUTSCRIPT "a" {%s+}\r\n', b'XYZZY {%s}\r\n'):
            client = connect(server)
            client.send(command % size + b'LOGOUT\r\n')
            same(client.answer().kind, 'BYE', repr(size))
            check(client.ended(), 'closed')
            client.close()


def test_a_line_without_end(server):
    def act():
        with connect(server) as client:
            for _ in range(400):
                client.send(b'x' * 65536)
            client.send(b'\r\n')
            same(client.answer().kind, 'NO')
            check(client.cmd('NOOP').ok, 'the next command')
    act()
    memory_grows_less(server, 1 << 20, act)


def test_a_literal_too_big_is_not_kept(server):
    def act():
        with connect(server) as client:
            client.send(b'PUTSCRIPT "a" {%d+}\r\n' % (100 << 20))
            for _ in range(1600):
                client.send(b'x' * 65536)
            client.send(b'\r\n')
            same(client.answer().outcome, ('NO', 'QUOTA/MAXSIZE'))
            same(client.list(), {})
    memory_grows_less(server, 4 << 20, act)


# pipelines

def conversation():
    """(octets, outcomes) of commands of all kinds."""
    return (SIGN_IN + b'PUTSCRIPT "p" {7+}\r\nkeep;\r\n\r\nXYZZY {10+}\r\nLOGOUT\r\n\r\n\r\nGETSCRIPT "p"\r\n'
            b'SETACTIVE "p"\r\nGETSCRIPT {1+}\r\np\r\nDELETESCRIPT "p"\r\nLISTSCRIPTS\r\nSETACTIVE ""\r\n'
            b'RENAMESCRIPT "p" "q"\r\nDELETESCRIPT "q"\r\nNOOP "{3+}"\r\nUNAUTHENTICATE\r\nLISTSCRIPTS\r\n'
            b'CAPABILITY\r\nLOGOUT\r\n',
            [('OK', None), ('OK', None), ('NO', None), ('OK', None), ('OK', None), ('OK', None),
             ('NO', 'ACTIVE'), ('OK', None), ('OK', None), ('OK', None), ('OK', None), ('OK', 'TAG'),
             ('OK', None), ('NO', None), ('OK', None), ('OK', None)])


def test_a_pipeline_split_at_every_octet(server):
    octets, outcomes = conversation()
    for cut in range(1, len(octets), 3):
        client = connect(server, None)
        client.send(octets[:cut])
        client.send(octets[cut:])
        same([client.answer().outcome for _ in outcomes], outcomes, 'cut at %d' % cut)
        check(client.ended(), 'LOGOUT')
        client.close()


def test_octet_by_octet(server):
    octets, outcomes = conversation()
    client = connect(server, None)
    for octet in octets:
        client.send(bytes([octet]))
    same([client.answer().outcome for _ in outcomes], outcomes)
    client.close()


def test_a_long_pipeline(server):
    with connect(server, timeout=60) as client:
        for number in range(5000):
            client.start('NOOP "%d"' % number)
        same([client.answer().value for _ in range(5000)], [b'%d' % n for n in range(5000)])


def test_who_does_not_read_is_not_answered(server):
    """Answers of hundreds of megabytes are not made before the client takes them."""
    script = b'#' * (LIMIT - 2) + b'\r\n'
    with connect(server) as client:
        same(client.put('big', script).outcome, ('OK', None))
        client.get('big')
    def act():
        lazy = [connect(server) for _ in range(4)]
        for client in lazy:
            client.send(b'GETSCRIPT "big"\r\n' * 1000)
        with connect(server) as client:
            check(client.get('big') == script, 'others go on')
        for client in lazy:
            check(client.answer().lines[0][0] == script, 'the first answer')
            client.close()
    memory_grows_less(server, 12 << 20, act)
    with connect(server) as client:
        client.clear()


# half-closed connections, and those that are gone

def test_half_closed(server):
    """What came before is answered; what did not come whole is not done."""
    octets, outcomes = conversation()
    for end, count in ((len(octets), 16), (len(octets) - len('LOGOUT\r\n'), 15),
                       (octets.index(b'CAPAB') + 5, 14), (octets.index(b'SETACTIVE "p"'), 4),
                       (len(SIGN_IN) + 20, 1), (len(SIGN_IN) - 1, 0), (0, 0)):
        client = connect(server, None)
        client.send(octets[:end])
        client.sock.shutdown(socket.SHUT_WR)
        same([client.answer().outcome for _ in range(count)], outcomes[:count], 'up to %d' % end)
        check(client.ended(), 'closed after %d' % end)
        client.close()
    with connect(server) as client:
        client.clear()


def test_half_closed_in_the_middle_of_a_sign_in(server):
    for octets in (b'AUTHENTICATE "PLAIN"\r\n', b'AUTHENTICATE "PLAIN"\r\n"AAA'):
        client = connect(server, None)
        client.send(octets)
        client.sock.shutdown(socket.SHUT_WR)
        same(client.line(), [b''], 'the challenge')
        check(client.ended(), 'closed')
        client.close()


def reset(client):
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    client.close()


def open_files(server):
    return len(os.listdir('/proc/%d/fd' % server.ferry.pid))


def test_gone_anywhere(server):
    """A client that vanishes in the middle of anything leaves no trace."""
    octets, _ = conversation()
    def act():
        for end in range(0, len(octets), 5):
            for leave in (reset, Sieve.close):
                client = connect(server, None)
                client.send(octets[:end])
                leave(client)
    act()
    files = open_files(server)
    memory_grows_less(server, 1 << 20, act)
    wait_for(lambda: open_files(server) <= files, 15, 'closed sockets')
    with connect(server) as client:
        client.clear()


def mutate(chooser, octets):
    data = bytearray(octets)
    for _ in range(chooser.randrange(1, 8)):
        at = chooser.randrange(len(data))
        what = chooser.randrange(4)
        if what == 0:
            data[at] = chooser.randrange(256)
        elif what == 1:
            del data[at:at + chooser.randrange(1, 30)]
        elif what == 2:
            data[at:at] = chooser.choice([b'\r\n', b'"', b'{3+}\r\n', b'\0', b' ', b'\\', b'{99+}\r\n', b'('])
        else:
            other = chooser.randrange(len(data))
            data[at:at] = data[other:other + chooser.randrange(1, 60)]
    return bytes(data)


def test_random_mutations(server):
    """Every answer is ManageSieve, and every connection ends when the client has ended its side."""
    octets, _ = conversation()
    def act(seeds):
        for seed in seeds:
            client = connect(server, None, timeout=20)
            try:
                client.send(mutate(random.Random(seed), octets))
                client.sock.shutdown(socket.SHUT_WR)
                while True:
                    client.answer()
            except SieveError as end:
                check(str(end).startswith("closed; so far b''"), 'seed %d: %s' % (seed, end))
            except OSError:
                pass            # closed by the server before all was sent
            client.close()
    act(range(300))
    memory_grows_less(server, 1 << 20, lambda: act(range(300, 600)))


CASES = [value for name, value in list(globals().items()) if name.startswith('test_')]
run(CASES, fixture, timeout=280)
