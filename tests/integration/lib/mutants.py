# SPDX-License-Identifier: LGPL-2.1-or-later
"""What clients say in transcripts, and what it becomes when it is damaged.

A command is a list of tokens without its tag: octets, or a Literal. mutate() damages one, a Wire
is what is sent of it, and complete: whatever is announced follows, so that a server which takes
every literal is behind the command at its end.
"""

import glob
import os
import re
import sys

from . import procs

sys.path.insert(0, os.path.join(procs.SOURCE, 'tests', 'transcript'))

from match import literal_text  # noqa: E402
from script import BadScript, Script, unescape  # noqa: E402

TOKEN = re.compile(rb'"(?:[^"\\\r\n]|\\.)*"|[()\[\]]|[^ ()\[\]"]+|"| +')
ANNOUNCED = re.compile(rb'\{(\d+)(\+?)\}\r?$')
# guesses at passwords slow down everybody who comes from the same address
SIGNING_IN = (b'LOGIN', b'AUTHENTICATE')
# behind their OK the wire has something else on it, or waits
LAST = (b'COMPRESS', b'STARTTLS', b'LOGOUT', b'IDLE')
BEFORE = (b' ', b'(', b' ~', b'(~')
# what a literal may announce and the rest of the connection still be understood
SWALLOWED = 2 << 20

NUMBERS = [b'0', b'1', b'2', b'-1', b'4294967295', b'4294967296', b'9223372036854775807',
           b'9223372036854775808', b'18446744073709551615', b'18446744073709551616', b'9' * 300,
           b'00000000000000000001', b'1:*', b'*', b'*:*', b'$', b'1,2,1', b'4:2', b'1:4294967295',
           b','.join([b'1'] * 2000), b'1.5', b'0x10', b'+1']
WORDS = [b'NIL', b'""', b'()', b'(())', b'(', b')', b'"', b'\\', b'\\*', b'%', b'*', b'[', b']', b'{', b'}',
         b'{}', b'{1', b'{+}', b'~', b'<0.1>', b'<1.0>', b'BODY[', b'=', b'/', b'//', b'INBOX', b'inbox/x',
         b'\xc3\xa4', b'"\xc3\xa4"', b'"\xff"', b'&', b'&AOQ-', b'&&', b'\0', b'\x7f', b'\r', b'"\\x"', b'\t',
         b'x' * 1000, b'"' + b'y' * 5000 + b'"', b'(' * 100 + b')' * 100, b'NOT ' * 200 + b'ALL', b'UID', b'RETURN',
         b'CHARSET', b'UTF-8', b'"UTF-7"', b'OR', b'1-Jan-2024', b'"31-Feb-2024"', b'99-Foo-99999']


class Literal:
    def __init__(self, data, sync=True, binary=False, off=0):
        self.data, self.sync, self.binary, self.off = data, sync, binary, off

    def octets(self):
        size = max(0, len(self.data) + self.off)
        return b'%s{%d%s}\r\n%s' % (b'~' if self.binary else b'', size, b'' if self.sync else b'+', self.data)


class Conversation:
    """The commands of one transcript, `begin` the state that they are said in."""

    def __init__(self, name, begin, commands):
        self.name, self.begin, self.commands = name, begin, commands


def plain(text, names):
    """The values of the names that are known; some number for what is known only when it is played."""
    text = re.sub(r'\$\{?([a-z]\w*)(?:\+\d+)?\}?', lambda found: names.get(found.group(1), '17'), text)
    return text.replace('$$', '$')


def command_of(step, names):
    """The tokens of a client's line; None for what goes on with a command."""
    if step.raw:
        octets = unescape(plain(step.text, names)).split(b'\r\n')[0]
        _, _, rest = octets.partition(b' ')
        return TOKEN.findall(rest) or None
    tokens, documents = [], list(step.documents)
    for index, piece in enumerate(re.split(r'\{\{(.*?)\}\}', step.text)):
        if index % 2 == 0:
            text = plain(piece, names).encode()
            if index == 0:
                text = text.partition(b' ')[2]
            binary = text.endswith(b'~')
            tokens += TOKEN.findall(text[:-1] if binary else text)
        else:
            data = literal_text(plain(piece.lstrip('+'), names), documents, {})
            tokens.append(Literal(data, not piece.startswith('+'), binary))
    return tokens or None


def is_signing_in(tokens):
    return any(not isinstance(token, Literal) and token.upper() in SIGNING_IN for token in tokens[:1])


def conversations(names):
    """Those of every transcript of the tree, in an order that does not change."""
    found = []
    top = procs.SOURCE
    for path in sorted(glob.glob(top + '/extensions/*/tests/*.transcript') +
                       glob.glob(top + '/tests/transcript/base/*.transcript')):
        try:
            script = Script(path, os.path.basename(path))
        except BadScript:
            continue
        if script.protocol != 'imap':
            continue
        commands = [command_of(step, names) for step in script.steps if step.what == 'client']
        commands = [tokens for tokens in commands if tokens and not is_signing_in(tokens)]
        if commands:
            found.append(Conversation(os.path.relpath(path, top), script.begin, commands))
    return found


# damage: functions of (random, tokens, all commands); each returns the new tokens

def _place(rand, tokens):
    return rand.randrange(len(tokens))


def drop(rand, tokens, _):
    at = _place(rand, tokens)
    return tokens[:at] + tokens[at + rand.randint(1, 3):]


def double(rand, tokens, _):
    at = _place(rand, tokens)
    return tokens[:at] + [tokens[at]] * rand.choice((1, 2, 2, 50)) + tokens[at:]


def swap(rand, tokens, _):
    out = list(tokens)
    one, other = _place(rand, out), _place(rand, out)
    out[one], out[other] = out[other], out[one]
    return out


def borrow(rand, tokens, commands):
    """One token, or the rest, from another command."""
    other, at = rand.choice(commands), _place(rand, tokens)
    start = _place(rand, other)
    if rand.random() < 0.5:
        return tokens[:at] + [other[start]] + tokens[at + 1:]
    return tokens[:at] + other[start:]


def replace(rand, tokens, _):
    at = _place(rand, tokens)
    return tokens[:at] + [rand.choice(WORDS)] + tokens[at + 1:]


def insert(rand, tokens, _):
    at = _place(rand, tokens)
    return tokens[:at] + [b' ', rand.choice(WORDS + NUMBERS), b' '][rand.randrange(3):] + tokens[at:]


def number(rand, tokens, _):
    """Another number in place of one; where there is none, of any token."""
    places = [at for at, token in enumerate(tokens)
              if not isinstance(token, Literal) and re.search(rb'\d', token)] or range(len(tokens))
    at = rand.choice(places)
    return tokens[:at] + [rand.choice(NUMBERS)] + tokens[at + 1:]


def nest(rand, tokens, _):
    start = _place(rand, tokens)
    end = rand.randint(start, len(tokens))
    depth = rand.choice((1, 1, 2, 15, 16, 17, 64, 65, 2000))
    return (tokens[:start] + [b'('] * depth + tokens[start:end] +
            [b')'] * (depth + rand.choice((0, 0, 0, 0, 1, -1))) + tokens[end:])


def retype(rand, tokens, _):
    """An atom becomes a string, a literal an atom, …"""
    at = _place(rand, tokens)
    data = tokens[at].data if isinstance(tokens[at], Literal) else tokens[at].strip(b'"')
    to = rand.choice((data, b'"%s"' % data, Literal(data), Literal(data, False), Literal(data, False, True),
                      Literal(data, True, True)))
    return tokens[:at] + [to] + tokens[at + 1:]


def resize(rand, tokens, _):
    """A literal that announces too much or too little."""
    at = _place(rand, tokens)
    data = tokens[at].data if isinstance(tokens[at], Literal) else tokens[at].strip(b'"')
    off = rand.choice((-1, 1, -len(data), 2, 100, 9000, 20000, 3000000000, 1 << 32, 1 << 63, (1 << 64) - 1))
    literal = Literal(data, rand.random() < 0.5, rand.random() < 0.2, off)
    return tokens[:at] + [literal] + tokens[at + 1:]


def flip(rand, tokens, _):
    at = _place(rand, tokens)
    if isinstance(tokens[at], Literal) or not tokens[at]:
        return tokens
    octets = bytearray(tokens[at])
    octets[rand.randrange(len(octets))] ^= 1 << rand.randrange(8)
    return tokens[:at] + [bytes(octets)] + tokens[at + 1:]


def cut(rand, tokens, _):
    return tokens[:_place(rand, tokens)]


def by_uid(rand, tokens, _):
    return tokens[2:] if tokens[0] == b'UID' else [b'UID', b' '] + tokens


DAMAGES = [drop, double, swap, borrow, borrow, replace, replace, insert, number, number, number, nest, retype, retype,
           resize, flip, flip, cut, by_uid]


def mutate(rand, tokens, commands):
    for _ in range(rand.choice((1, 1, 1, 2, 3, 6))):
        if tokens:
            tokens = rand.choice(DAMAGES)(rand, tokens, commands)
    return tokens


def octets_of(tokens):
    return b''.join(token.octets() if isinstance(token, Literal) else token for token in tokens)


class Wire:
    """A command as it is sent: each of `pieces` but the last ends where the server has to be asked.

    `announces` a literal; `ends`: what is announced would never come, or may be taken for something
    else, so that nothing can follow.
    """

    def __init__(self, tokens):
        self.pieces, self.ends, self.last, self.announces = [], False, is_last(tokens), False
        octets, start, at = octets_of(tokens) + b'\r\n', 0, 0
        while at < len(octets):
            end = octets.index(b'\n', at)
            found = ANNOUNCED.search(octets, at, end)
            at = end + 1
            if not found:
                continue
            size, self.announces = int(found.group(1)[:20]), True
            # behind anything else it may be a literal, or not
            self.ends = self.ends or not octets[:found.start()].endswith(BEFORE)
            if not found.group(2):
                self.pieces.append(octets[start:at])
                start = at
            if size > SWALLOWED:
                self.ends = True
                break
            if len(octets) < at + size:
                octets += b'x' * (at + size - len(octets))
            at += size
            if b'\n' not in octets[at:]:
                octets += b'\r\n'
        if not self.pieces or not self.ends:
            self.pieces.append(octets[start:])


def is_last(tokens):
    head = octets_of(tokens[:3]).upper()
    return head.startswith(LAST)
