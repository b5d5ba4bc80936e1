#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every command of every transcript, damaged, in the state it belongs to and in others.

Whatever comes, each command has exactly one tagged answer, unless the connection ends with BYE;
ferryd neither dies, hangs nor keeps what is gone.

By hand, best with a build with sanitizers: test-mutants.py --commands 100000 --seed 7 [--trace FILE].
"""

import argparse
import collections
import os
import queue
import random
import threading
import time

from lib import mutants, procs
from lib.ferry import Ferry
from lib.imap import Imap, ImapError, Response
from lib.sample import Sample
from lib.tap import Failure, check, note, run, wait_for
from lib.target import NATIVE, need_ferry

USERS = ['mutant%d' % number for number in range(8)]
# mailboxes that many transcripts speak of
MAILBOXES = ('Other', 'Archive', 'Boats')
# what a round has servers of its own for: what commands leave behind does not pile up
ROUND = 12500
# in every test run; stops after SECONDS where the machine is slow
COMMANDS, SECONDS = 6000, 25


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument('--commands', type=int)
    parser.add_argument('--seed', type=int, default=20)
    parser.add_argument('--trace')
    return parser.parse_args()


OPTIONS = arguments()


class Session:
    """One connection, in the state that a conversation begins with, or in another one."""

    def __init__(self, ferry, rand, begin, user):
        self.client = Imap(ferry.host, ferry.imap_port, timeout=30 * procs.PATIENCE)
        self.marker, self.bye, self.sent = 0, False, b''
        self.sender, self.queue = None, queue.SimpleQueue()
        if rand.random() < 0.15:
            begin = rand.choice((['connected'], ['login'], ['select', 'INBOX'], ['examine', 'INBOX']))
        if begin[0] in ('nothing', 'connected'):
            return
        self.client.login(user)
        if begin[-1] == 'rev2':
            self.say('ENABLE IMAP4rev2')
        if begin[0] in ('select', 'examine'):
            self.say('%s "%s"' % (begin[0].upper(), begin[1]))

    def say(self, line):
        self.client.send('set %s\r\n' % line)
        self.read({b'set': []}, b'set')

    def send(self, data):
        """In its turn, beside the reading: both ways may be full."""
        if self.sender is None:
            self.sender = threading.Thread(target=self.send_all, daemon=True)
            self.sender.start()
        self.queue.put(data)

    def send_all(self):
        try:
            for data in iter(self.queue.get, b''):
                self.client.send(data)
        except ImapError:
            pass    # the server may close before it has read all

    def read(self, waiting, wanted):
        """Read until the tag `wanted` was answered, or (where that is None) all, or an invitation comes.

        Answers go into `waiting`. Whether it was an invitation.
        """
        while not (waiting[wanted] if wanted else all(waiting.values())):
            raw = self.client.raw_response()
            # keywords like "[" are beyond the parser of the tests
            if raw.split(b' ', 1)[0].rstrip() not in waiting and not raw.startswith((b'+', b'* BYE')):
                continue
            response = Response(raw)
            self.bye = self.bye or response.kind == b'BYE'
            if response.tag in waiting:
                waiting[response.tag].append(response)
            elif response.tag == b'+' and not wanted:
                return True
        return False

    def exchange(self, batch):
        """Send commands, and one that is right behind them.

        What each tag was answered, and whether the connection goes on.
        """
        self.marker += 1
        waiting = {b'm%d.%d' % (self.marker, number): [] for number in range(len(batch))}
        self.sent = b''.join(tag + b' ' + wire.pieces[0] for tag, wire in zip(waiting, batch))
        self.send(self.sent)
        try:
            if len(batch) == 1:
                for piece in batch[0].pieces[1:]:
                    if not self.read(waiting, None):
                        break
                    self.sent += piece
                    self.send(piece)
            if batch[-1].announces:
                self.read(waiting, None)
                # what is refused may have left some of it to be taken for commands
                if batch[-1].ends or any(answers[-1].kind != b'OK' for answers in waiting.values() if answers):
                    return waiting, False
            # what waits for the client has an end
            last = b'end%d' % self.marker
            waiting[last] = []
            self.send(b'DONE\r\n*\r\n%s NOOP\r\n' % last)
            self.read(waiting, last)
        except ImapError as problem:
            closed = 'closed' in str(problem) or 'reset' in str(problem)
            check(closed and (self.bye or batch[-1].last), '%s; BYE %s' % (problem, self.bye))
            return waiting, False
        return waiting, True

    def close(self):
        self.queue.put(b'')
        self.client.close()


def judge(waiting, ended):
    """What is wrong with the answers."""
    for tag, answers in waiting.items():
        if len(answers) > 1 or not answers and not ended:
            return '%s has %d tagged answers' % (tag.decode(), len(answers))
        for answer in answers:
            if answer.kind not in (b'OK', b'NO', b'BAD') or not answer.text or answer.code == b'SERVERBUG':
                return 'answered %r' % answer
    return None


class Mutants:
    def __init__(self, ferry, sample, rand, trace):
        self.ferry, self.sample, self.rand, self.trace = ferry, sample, rand, trace
        self.sent, self.counts = 0, collections.Counter()
        self.conversations = mutants.conversations({'user': USERS[0], 'password': 'secret'})
        self.pool = [tokens for one in self.conversations for tokens in one.commands]

    def furnish(self):
        for user in USERS:
            for mailbox in MAILBOXES:
                self.sample.admin('mailbox', {'user': user, 'mailbox': mailbox})

    def batches(self, conversation):
        """The commands in their order, damaged ones before each; few at a time."""
        batch = []
        for tokens in conversation.commands:
            damaged = [mutants.mutate(self.rand, tokens, self.pool) for _ in range(self.rand.randint(0, 5))]
            for wire in map(mutants.Wire, damaged + [tokens]):
                alone = wire.announces
                if batch and alone:
                    yield batch
                    batch = []
                batch.append(wire)
                if alone or wire.last or self.rand.random() < 0.2:
                    yield batch
                    batch = []
                if wire.last:
                    return
        if batch:
            yield batch

    def play(self, conversation, user):
        session = Session(self.ferry, self.rand, conversation.begin, user)
        try:
            for batch in self.batches(conversation):
                waiting, goes_on = session.exchange(batch)
                if self.trace:
                    self.trace.write('%s %r\n' % (conversation.name, session.sent))
                self.sent += len(batch)
                problem = judge(waiting, not goes_on)
                check(not problem, problem)
                for answers in waiting.values():
                    self.counts[answers[0].kind.decode() if answers else 'none'] += 1
                if not goes_on:
                    return
        except Failure as problem:
            raise Failure('%s, as %s: %s\nsent %r' % (conversation.name, user, problem, session.sent[:20000])) from problem
        finally:
            session.close()

    def run(self, commands, until):
        self.furnish()
        while self.sent < commands and time.monotonic() < until:
            self.play(self.rand.choice(self.conversations), self.rand.choice(USERS))
            check(self.ferry.alive(), 'ferryd is gone')


def descriptors(ferry):
    return len(os.listdir('/proc/%d/fd' % ferry.pid))


def play_round(rand, commands, until, trace):
    options = [word for user in USERS for word in ('--generate', user + ':INBOX:12:1')]
    with Sample(*options, users=USERS) as sample, Ferry(sample.url) as ferry:
        mutated = Mutants(ferry, sample, rand, trace)
        with ferry.imap(USERS[0]) as client:
            client.select('INBOX')
        before = descriptors(ferry)
        mutated.run(commands, until)
        # connections are gone; each account may keep one to the backend, and its files
        wait_for(lambda: descriptors(ferry) <= before + 8 * len(USERS), 20 * procs.PATIENCE, 'connections are given back')
        for user in USERS:
            with ferry.imap(user) as client:
                check(client.cmd('NOOP').ok, 'others go on')
        check(procs.SANITIZED or ferry.memory() < 200 << 20, 'memory is %d' % ferry.memory())
        note('%s; %d MiB' % (', '.join('%s %d' % pair for pair in sorted(mutated.counts.items())), ferry.memory() >> 20))
    return mutated.sent


def test_damaged_commands():
    need_ferry()
    commands = OPTIONS.commands or COMMANDS
    rand = random.Random(OPTIONS.seed)
    until = time.monotonic() + (SECONDS * procs.PATIENCE if OPTIONS.commands is None else 1e9)
    trace = open(OPTIONS.trace, 'w') if OPTIONS.trace else None
    sent = 0
    while sent < commands and time.monotonic() < until:
        sent += play_round(rand, min(ROUND, commands - sent), until, trace)
    note('--seed %d: %d commands' % (OPTIONS.seed, sent))
    check(sent >= min(commands, 300), 'only %d commands' % sent)


if NATIVE:
    CASES = []
else:
    CASES = [test_damaged_commands]
run(CASES, timeout=120 if OPTIONS.commands is None else 120 + OPTIONS.commands // 5)
