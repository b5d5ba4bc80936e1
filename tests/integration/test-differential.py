#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same commands against Ferry and against native Cyrus IMAP, each on an account of its own.

A fixed list, then random ones from a printed seed; the mail of both accounts is equal at all
times. Each difference is a failure unless ALLOWED has it with the sentence that makes ours right.

    test-differential.py [--steps N] [--seed S] [--keep-going]
"""

import argparse
import contextlib
import random
import re
import sys
import time

from lib import corpus, target
from lib.differential import Side
from lib.differential_random import Generator
from lib.imap import Lit, appenduid, copyuid, quote
from lib.tap import Failure, check, note, run, same, short

OPTIONS = argparse.ArgumentParser()
OPTIONS.add_argument('--steps', type=int, default=300)
OPTIONS.add_argument('--seed', type=int, default=None)
OPTIONS.add_argument('--keep-going', action='store_true')
OPTIONS = OPTIONS.parse_args()

SYSTEM = (b'\\answered', b'\\deleted', b'\\draft', b'\\flagged', b'\\seen')

# name → (what may differ: a function of command, what, Ferry's value, Cyrus's; why ours is right)
ALLOWED = {}


def allow(name, reason):
    def add(function):
        ALLOWED[name] = (function, reason)
        return function
    return add


@allow('response codes', 'RFC 9051 §7.1: status responses MAY include a response code; RFC 5530')
def _(command, what, ours, theirs):
    return what == 'tagged' and ours[0] == theirs[0] and ours[0] in ('NO', 'BAD')


@allow('tagged codes of success', 'RFC 4315 §3: no COPYUID where nothing was copied; others are '
       'informational')
def _(command, what, ours, theirs):
    return what == 'tagged' and ours[0] == theirs[0] == 'OK' and {ours[1], theirs[1]} <= {
        None, 'COMPLETED', 'CLOSED', 'MAILBOXID', 'HIGHESTMODSEQ'}


@allow('keywords of FLAGS', 'RFC 9051 §7.3.5: flags other than the system flags can also exist, '
       'depending on server implementation')
def _(command, what, ours, theirs):
    if what != 'FLAGS':
        return False
    system = [[f for f in side or SYSTEM if f[:1] == b'\\'] for side in (ours, theirs)]
    return system[0] == system[1]


@allow('untagged codes', 'RFC 9051 §7.1: no need for a new PERMANENTFLAGS where \\* was told; '
       'clients MUST ignore response codes that they do not recognize')
def _(command, what, ours, theirs):
    free = {'HIGHESTMODSEQ', 'NOMODSEQ', 'MAILBOXID', 'URLMECH', 'ANNOTATIONS', 'CLOSED'}
    if not command.startswith(('SELECT', 'EXAMINE')):
        free.add('PERMANENTFLAGS')
    return what == 'codes' and {code for _, code in set(ours or ()) ^ set(theirs or ())} <= free


@allow('unknown charset', 'RFC 9051 §6.4.4: it MUST return a tagged NO response (not a BAD)')
def _(command, what, ours, theirs):
    return what == 'tagged' and 'X-NO-SUCH' in command and ours[0] == 'NO'


@allow('impossible dates and intervals', 'RFC 9051 §9: date-day is a day of month; RFC 5032 §3: '
       'an interval is an nz-number')
def _(command, what, ours, theirs):
    return ('32-Jan' in command or 'YOUNGER 0' in command) and (
        (ours, theirs) == (('BAD', None), ('OK', None)) or what == 'SEARCH' and ours is None)


@allow('message 0', 'RFC 9051 §9: seq-number is an nz-number')
def _(command, what, ours, theirs):
    return what == 'tagged' and 'FETCH 0' in command and ours[0] == 'BAD'


@allow('no flags to store', 'RFC 9051 §6.3.3: no changes to the permanent state are permitted')
def _(command, what, ours, theirs):
    return what == 'tagged' and re.search(r'STORE .*[+-]?FLAGS\S* \(\)$', command) and (
        ours == ('NO', 'NOPERM') and theirs[0] == 'OK')


@allow('MIME headers are no body', 'RFC 9051 §6.4.4: unlike TEXT, BODY doesn\'t match any header '
       'fields')
def _(command, what, ours, theirs):
    return what == 'SEARCH' and 'BODY content-type' in command


@allow('the last UID', 'RFC 9051 §9, seq-number: `*` is the UID of the last message in the mailbox; '
       'Cyrus takes the last UID that it gave')
def _(command, what, ours, theirs):
    return what in ('SEARCH', 'ESEARCH') and re.search(r'UID [^ ()]*\*', command)


@allow('flags that stay as they were', 'RFC 9051 §6.4.6: the new value of the flags is returned as '
       'if a FETCH of those flags was done')
def _(command, what, ours, theirs):
    return (what == 'FETCH' and 'STORE' in command and '.SILENT' not in command and ours
            and all(ours.get(n) == items for n, items in (theirs or {}).items()))


@allow('silence', 'RFC 9051 §6.4.6: a suffix of ".SILENT" prevents the untagged FETCH')
def _(command, what, ours, theirs):
    return what == 'FETCH' and 'FLAGS.SILENT' in command and ours is None


@allow('inbox in small letters', 'RFC 9051 §5.1: the case-insensitive mailbox name INBOX')
def _(command, what, ours, theirs):
    return what in ('LIST INBOX', 'LSUB INBOX') and command.endswith('inbox') and theirs is None


@allow('attributes of LSUB', 'RFC 3501 §6.3.9: the returned untagged LSUB response MAY contain '
       'different mailbox flags from a LIST untagged response')
def _(command, what, ours, theirs):
    return (what.startswith('LSUB ') and ours and theirs and ours[1:] == theirs[1:]
            and set(ours[0]) <= set(theirs[0]))


@allow('namespaces', 'RFC 9051 §6.3.10: NIL for any namespace class that is not available')
def _(command, what, ours, theirs):
    return what == 'NAMESPACE' and ours == [[[b'', b'/']], None, None] and ours[0] == theirs[0]


@allow('list attributes', 'RFC 9051 §6.3.9.5: \\HasChildren and \\HasNoChildren MAY be returned to '
       'any LIST; RFC 6154 §2: so may special uses; \\Marked is for who can tell')
def _(command, what, ours, theirs):
    if not what.startswith('LIST ') or not ours or not theirs:
        return False
    extra = {'\\haschildren', '\\hasnochildren', '\\marked', '\\unmarked', '\\noinferiors',
             '\\archive', '\\drafts', '\\junk', '\\sent', '\\trash', '\\flagged', '\\important'}
    return set(ours[0]) - extra == set(theirs[0]) - extra and ours[1:] == theirs[1:]


class Pair:
    """Ferry and Cyrus with equal mail."""

    def __init__(self, front, native):
        self.sides = [Side(front), Side(native)]
        self.model = {}          # mailbox → [(label, {flags})]
        self.used = {}           # ALLOWED name → times
        self.differences = []
        self.steps = 0
        self.said = None         # the last SEARCH that saved

    # one command

    def step(self, *parts):
        """Send one command to both; their answers are compared."""
        text = ''.join(p if isinstance(p, str) else repr(p) for p in parts)
        answers, replies = [], []
        for side in self.sides:
            side.by_uid = text.upper().startswith('UID ')
            reply, before = side.run(parts)
            replies.append(reply)
            answers.append(side.answer(reply, before))
        self.steps += 1
        self.compare(text, *answers)
        return replies

    def compare(self, text, ours, theirs):
        wrong = []
        for what in sorted(set(ours) | set(theirs)):
            a, b = ours.get(what), theirs.get(what)
            if a == b:
                continue
            name = next((n for n, (test, _) in ALLOWED.items() if test(text, what, a, b)), None)
            if name is None:
                wrong.append('%s\n      ferry  %s\n      native %s' % (what, short(a, 700),
                                                                      short(b, 700)))
            else:
                self.used[name] = self.used.get(name, 0) + 1
        if wrong:
            self.differ(text, '\n   '.join(wrong))

    def differ(self, text, what):
        message = 'step %d: %s\n   %s' % (self.steps, text[:400], what)
        if '$' in text:
            message += '\n   $ is from %s' % self.said
        if not OPTIONS.keep_going:
            raise Failure(message)
        self.differences.append(message)

    def save(self, command, options, keys):
        """SEARCH RETURN (SAVE …); Cyrus has no SEARCHRES and is asked for what `$` stands for."""
        check('SAVE' in options, 'SAVE')
        native = self.sides[1]
        ours = self.sides[0].client.cmd(self.sides[0].render('%s RETURN (%s) %s' % (
            command, ' '.join(options), keys)))
        theirs = native.client.cmd(native.render('UID SEARCH ' + keys))
        same(ours.kind, theirs.kind, '%s RETURN (%s) %s' % (command, ' '.join(options), keys))
        uids = sorted(int(t) for t in theirs.first(b'SEARCH').tokens)
        only = [uids[at] for name, at in (('MIN', 0), ('MAX', -1)) if uids and name in options]
        if only and not {'ALL', 'COUNT'} & set(options):
            uids = sorted(set(only))
        order = [uid for uid, _ in native.boxes[native.selected]]
        self.said = '%s RETURN (%s) %s' % (command, ' '.join(options), keys)
        native.saved = ([order.index(uid) + 1 for uid in uids], uids)
        self.steps += 1

    # the state that commands are chosen by

    def select(self, box, how='SELECT'):
        self.step('%s %s' % (how, quote(box)))
        for side in self.sides:
            side.selected = box

    def unselect(self, how='UNSELECT'):
        self.step(how)
        for side in self.sides:
            side.selected = None

    def append(self, box, label, data, flags=(), date=None):
        head = 'APPEND %s (%s) ' % (quote(box), ' '.join(flags))
        replies = self.step(head + ('"%s" ' % date if date else ''), Lit(data))
        for side, reply in zip(self.sides, replies):
            check(reply.ok, 'APPEND: %r' % reply)
            side.note(box, appenduid(reply)[1], [label])
        self.model.setdefault(box, []).append((label, set(flags)))

    def copied(self, replies, source, box, labels):
        """What COPY or MOVE brought into `box`."""
        for side, reply in zip(self.sides, replies):
            if not reply.ok or not labels:
                continue
            pairs = copyuid(reply)
            check(pairs, 'no COPYUID: %r' % reply)
            names = dict(side.boxes[source])
            same([names.get(uid) for uid in pairs[1]], labels, 'COPYUID of %r' % reply)
            side.note(box, pairs[2], labels)
        if replies[0].ok:
            flags = dict(self.model[source])
            self.model.setdefault(box, []).extend((n, set(flags[n])) for n in labels)

    def gone(self, box, labels):
        for side in self.sides:
            side.forget(box, labels)
        self.model[box] = [entry for entry in self.model[box] if entry[0] not in labels]


@contextlib.contextmanager
def fixture():
    messages = corpus.small(40, seed=5)

    def fill(cyrus):
        for user in ('alice', 'bob'):
            with cyrus.imap(user, timeout=120) as client:
                client.ok('CREATE Work')
                for index, data in enumerate(messages):
                    client.append('INBOX' if index < 30 else 'Work', data, FLAGS[index % len(FLAGS)],
                                  DATE % (index % 28 + 1, 'Jan Feb'.split()[index // 28]))

    with target.on_cyrus(before=fill, settings={'backend main': {'text-search': 'exact'}}) as server:
        with server.imap(timeout=60) as front, server.native('bob', timeout=60) as native:
            pair = Pair(front, native)
            for index in range(len(messages)):
                box = 'INBOX' if index < 30 else 'Work'
                pair.model.setdefault(box, []).append(('m%d' % index, set(FLAGS[index % len(FLAGS)])))
            for box, items in pair.model.items():
                for side in pair.sides:
                    side.client.examine(box)
                    side.note(box, side.client.uids(), [label for label, _ in items])
                    side.client.ok('UNSELECT')
            yield pair


FLAGS = [(), ('\\Seen',), ('\\Flagged', '\\Seen'), ('\\Answered',), ('project-x',), ()]
DATE = '%2d-%s-2024 12:00:00 +0000'


def finish(pair):
    if pair.differences:
        raise Failure('%d differences:\n%s' % (len(pair.differences), '\n'.join(pair.differences)))


def test_fixed(pair):
    from lib.differential_fixed import COMMANDS
    pair.select('INBOX')
    for command in COMMANDS:
        if isinstance(command, str):
            command = (command,)
        pair.step(*command)
    pair.unselect()
    finish(pair)


def test_random(pair):
    seed = OPTIONS.seed if OPTIONS.seed is not None else random.randrange(1 << 32)
    note('seed %d, %d steps' % (seed, OPTIONS.steps))
    begun, first = time.monotonic(), pair.steps
    generator = Generator(pair, random.Random(seed))
    while pair.steps - first < OPTIONS.steps:
        generator.step()
    for box in sorted(pair.model):
        pair.select(box, 'EXAMINE')
        pair.step('UID FETCH 1:* (FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[])')
    note('%d commands in %.1f s; allowed differences: %s' % (
        pair.steps - first, time.monotonic() - begun,
        ', '.join('%s %d' % entry for entry in sorted(pair.used.items())) or 'none'))
    finish(pair)


def test_no_reason_is_idle(pair):
    """Each allowed difference occurs, or it has no place in the table."""
    idle = [name for name in ALLOWED if name not in pair.used]
    if idle:
        note('not met this time: %s' % ', '.join(idle))
    check(len(idle) < len(ALLOWED), 'no difference was met at all')


run([('the fixed list', test_fixed), ('random commands', test_random),
     ('allowed differences occur', test_no_reason_is_idle)], fixture,
    timeout=max(280, OPTIONS.steps // 5))
