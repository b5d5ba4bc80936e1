# SPDX-License-Identifier: LGPL-2.1-or-later
"""The random tester's world: sessions, native changes, and the moments when all has to agree."""

import collections
import random
import re
import select
import sys
import time

from .imap import ImapError
from .rand_actions import Player, sequence
from .rand_ledger import DELETED, FLAGS, Ledger, Violation
from .rand_wire import Command, Session, flag_set
from .tap import note

PERMANENT = ('Alpha', 'Beta', 'Gamma')
VOLATILE = ('Vol1', 'Vol2', 'Vol3')
PATIENCE = 30           # seconds for an answer
CROWD = 60              # messages in a mailbox from which on some are cleared away


class World:
    """`steps` random steps with a seed; the same seed makes the same choices, the clock does not."""

    def __init__(self, server, backend, seed, sessions=5, exact=True, trace=None):
        self.server, self.backend, self.exact = server, backend, exact
        self.seed, self.rng = seed, random.Random(seed)
        self.ledger = Ledger(backend.shared_flags, backend.merges)
        self.lines, self.trace = collections.deque(maxlen=3000), trace
        self.labels, self.laters, self.step_number = 0, [], 0
        self.counts = collections.Counter()
        self.checker = server.imap()
        for name in PERMANENT:
            self.checker.ok('CREATE ' + name)
            self.adopt(name)
        self.sessions = [self.new_session('abcdefghij'[i], exact and i % 2 == 1) for i in range(sessions)]

    def adopt(self, name):
        """A mailbox that was just made."""
        values = self.checker.status(name, 'UIDVALIDITY UIDNEXT')
        return self.ledger.add_box(name, values[b'UIDVALIDITY'], values[b'UIDNEXT'])

    def new_session(self, name, rev2):
        return Session(name, lambda: self.server.imap(timeout=60), self.ledger, rev2, self.log,
                       self.exact)

    def log(self, name, what, octets):
        line = '%6d %.3f %s%s %s' % (self.step_number, time.monotonic() % 1000, name, what,
                                     octets.decode('latin-1')[:600].replace('\r\n', '\\r\\n '))
        self.lines.append(line)
        if self.trace:
            self.trace.write(line + '\n')

    def new_label(self):
        self.labels += 1
        return 'r%d-%d.' % (self.seed, self.labels)

    def later(self, func):
        """To be done when nothing is under way."""
        self.laters.append(func)

    def some_box(self):
        return self.rng.choice([b for b in self.ledger.names.values() if not b.doomed])

    def some_copy(self):
        copies = [copy for copy in self.some_box().copies.values()
                  if copy.label and not copy.reasons and not copy.gone]
        return self.rng.choice(copies) if copies else None

    # steps

    def step(self):
        self.step_number += 1
        chance = self.rng.random()
        for session in self.sessions:
            if session.dead and self.rng.random() < .3:
                session.open()
        if chance < .76:
            self.burst(self.rng.choice(self.sessions))
        elif chance < .90:
            self.counts['native'] += 1
            self.backend.change(self)
        elif chance < .92:
            self.change_mailboxes()
        elif chance < .935:
            self.part(self.rng.choice(self.sessions))
        else:
            self.pump(self.rng.choice((0, .002, .01)))
        self.pump(0)

    def burst(self, session):
        """Some commands in one packet, in any mixture."""
        rng = self.rng
        if session.dead or session.leaving or session.rest is not None or len(session.queue) > 10:
            return
        before, player, commands = b'', Player(session, self.ledger, rng, self), []
        if session.idle:
            session.idle, before = None, b'DONE\r\n'
            if not self.exact:
                session.write(before)
        if not self.exact and any(c.kind == 'IDLE' for c in session.queue):
            return
        player.by_number = player.numbers_hold() and rng.random() < .6
        for _ in range(rng.choice((1, 1, 1, 2, 3, 4, 6))):
            command = self.choose(session, player, commands)
            if command is None:
                continue
            commands.append(command)
            # what follows is made with this one under way
            command.start = self.ledger.clock
            session.queue.append(command)
            if session.rest is not None or session.idle:
                break
        for _ in commands:
            session.queue.pop()
        for command in commands:
            self.counts[command.kind] += 1
        if commands:
            session.send(commands, before)
        elif before:
            session.write(before)

    def choose(self, session, player, commands):
        rng = self.rng
        if session.box is None and not any(c.barrier for c in session.queue) and rng.random() < .7:
            return player.select()
        # Cyrus does not see what came in one packet with IDLE or DONE
        if rng.random() < .07 and (self.exact or not commands and not session.queue):
            return self.idle(session)
        if player.by_number and player.numbers_hold() and session.told:
            return self.choose_by_number(session, player)
        makers = [(player.fetch, 16), (player.search, 10), (player.store, 16), (player.transfer, 8),
                  (player.expunge, 5), (player.append, 9), (player.noop, 12), (player.status, 5),
                  (player.select, 3), (player.leave, 2), (player.list, 1)]
        make = rng.choices([m for m, _ in makers], [w for _, w in makers])[0]
        if make == player.append and commands and rng.random() < .5:
            return None
        if any(not box.doomed and box.size() > CROWD for box in self.ledger.names.values()):
            if make in (player.append, player.transfer) and rng.random() < .7:
                return None
        return make()

    def choose_by_number(self, session, player):
        """A command with message numbers; those that may shift them end the run."""
        unknown = sum(1 for entry in session.told if entry.uid is None)
        if unknown * 2 > len(session.told):
            return player.learn()
        makers = [(player.store, 40), (player.transfer, 30), (player.fetch, 15), (player.search, 10)]
        return self.rng.choices([m for m, _ in makers], [w for _, w in makers])[0]()

    def idle(self, session):
        """IDLE that lasts, or whose DONE and what is behind it come in the same packet."""
        if self.exact and self.rng.random() < .4:
            return Command('IDLE', b'IDLE\r\nDONE')
        session.idle = Command('IDLE', b'IDLE')
        return session.idle

    def part(self, session):
        """LOGOUT, or the connection is cut with whatever is under way."""
        if session.dead or session.rest is not None:
            return
        if self.rng.random() < .5:
            session.drop()
        elif not session.idle:
            session.leaving = True
            session.send([Command('LOGOUT', b'LOGOUT')])

    # mailboxes come and go

    def change_mailboxes(self):
        """CREATE, DELETE or RENAME of a volatile mailbox, by a session or natively."""
        self.counts['mailboxes'] += 1
        there = [name for name in VOLATILE if name in self.ledger.names]
        kind = self.rng.choice(('create', 'delete', 'rename'))
        native = self.rng.random() < .3 and hasattr(self.backend, 'delete_mailbox')
        free = [name for name in VOLATILE if name not in there]
        if kind == 'create' and free:
            self.create(self.rng.choice(free))
        elif kind == 'delete' and there:
            self.delete(self.ledger.names[self.rng.choice(there)], native)
        elif kind == 'rename' and there and free and self.exact:
            self.rename(self.ledger.names[self.rng.choice(there)], self.rng.choice(free),
                        native and hasattr(self.backend, 'rename_mailbox'))

    def create(self, name):
        self.drain()
        self.log('checker', 'C:', b'CREATE ' + name.encode())
        self.checker.ok('CREATE ' + name)
        self.adopt(name)

    def delete(self, box, native):
        self.ledger.doom(box)
        if native:
            self.backend.delete_mailbox(self, box.name)
            self.ledger.bury(box)
            self.settle_natively(box.name)
            return
        session = self.rng.choice(self.sessions)
        if session.dead or session.leaving or session.queue:
            self.log('checker', 'C:', b'DELETE ' + box.name.encode())
            self.checker.ok('DELETE ' + box.name)
            self.ledger.bury(box)
            return
        own = session.box is box
        command = Command('DELETE', b'DELETE ' + box.name.encode())

        def on_done(this, reply):
            self.ledger.bury(box)
            if own and self.exact and session.box is not None:
                raise Violation('%s: deleted its mailbox and heard no CLOSED' % session.name)
        command.on_done = on_done
        session.send([command])
        self.wait(lambda: not session.queue or session.dead, 'DELETE')
        if session.dead:
            self.ledger.bury(box)

    def rename(self, box, name, native):
        self.drain()
        old = box.name
        if native:
            self.backend.rename_mailbox(self, old, name)
            self.ledger.rename(box, name)
            self.settle_natively(old)
            return
        self.log('checker', 'C:', ('RENAME %s %s' % (old, name)).encode())
        self.checker.ok('RENAME %s %s' % (old, name))
        self.ledger.rename(box, name)

    def settle_natively(self, name):
        """A native change of names is awaited: what was there under a name is no error for a while."""
        def gone():
            self.pump(.005)
            return self.checker.cmd('STATUS %s (MESSAGES)' % name).kind == b'NO'
        self.wait(gone, 'the native change of %s' % name)
        self.ledger.changed_names += 1

    # the wire

    def pump(self, seconds):
        live = {s.client.sock: s for s in self.sessions if not s.dead}
        for sock in select.select(list(live), [], [], seconds)[0]:
            live[sock].read()

    def wait(self, probe, what, seconds=PATIENCE):
        end = time.monotonic() + seconds
        while not probe():
            if time.monotonic() > end:
                raise Violation('%s: no end of it' % what)
            self.pump(.02)

    def drain(self):
        """Every command is answered."""
        for session in self.sessions:
            if session.idle and not session.dead:
                session.idle = None
                session.write(b'DONE\r\n')
        self.wait(lambda: all(s.dead or not s.queue for s in self.sessions), 'commands under way: %r'
                  % [s.queue for s in self.sessions if s.queue])

    # all has to agree

    def quiesce(self):
        self.drain()
        end, problem = time.monotonic() + 25, True
        while problem:
            self.all_noop()
            fresh = {name: self.look(name) for name in list(self.ledger.names)}
            problem = self.disagreement(fresh)
            if problem and time.monotonic() > end:
                raise Violation(problem)
        for later in self.laters:
            later()
        self.laters.clear()
        for name, rows in fresh.items():
            self.ledger.settle(self.ledger.names[name], rows, True)
        for name, rows in fresh.items():
            self.ledger.forget(self.ledger.names[name], rows)
        self.ledger.destroyed.clear()
        self.ledger.email_ops.clear()
        self.ledger.boxes = [b for b in self.ledger.boxes if not b.dead or
                             any(s.box is b for s in self.sessions)]
        self.thin_out(fresh)

    def all_noop(self):
        for session in self.sessions:
            if not session.dead:
                session.send([Command('NOOP', b'NOOP')])
        self.drain()

    def look(self, name):
        """(UID, label, Email, flags) of all messages, by a session of its own."""
        rows, items = [], 'UID FLAGS EMAILID BODY.PEEK[HEADER.FIELDS (X-LABEL)]'
        reply = self.checker.examine(name)
        if reply.first(b'EXISTS').number:
            fetched = self.checker.ok('FETCH 1:* (%s)' % items)
            for _, found in sorted(fetched.fetched().items()):
                label = re.search(rb'X-Label: (\S+)', next(
                    v for k, v in found.items() if k.startswith(b'BODY[')))
                rows.append((int(found[b'UID']), label.group(1).decode() if label else '(none)',
                             bytes(found[b'EMAILID'][0]).decode(),
                             flag_set(found[b'FLAGS']) & {*FLAGS, DELETED}))
        self.checker.ok('UNSELECT')
        return rows

    def disagreement(self, fresh):
        """What is not yet as it has to be; None if all agree."""
        for name, rows in fresh.items():
            uids = [row[0] for row in rows]
            if uids != sorted(set(uids)):
                raise Violation('%s: UIDs do not ascend: %r' % (name, uids))
            want = self.backend.contents(name)
            got = collections.Counter((label, flags - {DELETED}) for _, label, _, flags in rows)
            if want is not None and got != want:
                return '%s: only here: %r; only in the backend: %r' % (name, got - want, want - got)
        for session in self.sessions:
            if session.dead or session.box is None:
                continue
            if session.box.dead:
                return '%s: still in %r' % (session.name, session.box)
            problem = self.session_differs(session, fresh[session.box.name])
            if problem:
                return '%s in %s: %s' % (session.name, session.box.name, problem)
        return None

    def session_differs(self, session, rows):
        if len(session.told) != len(rows):
            return 'knows of %d messages, there are %d' % (len(session.told), len(rows))
        for entry, (uid, _, _, flags) in zip(session.told, rows):
            if entry.uid not in (None, uid):
                raise Violation('%s: UID %d where %d is' % (session.name, entry.uid, uid))
            if entry.flags is not None and entry.flags != flags:
                return 'UID %d has the flags %r, was told %r' % (uid, flags, entry.flags)
        return None

    def thin_out(self, fresh):
        """Mailboxes stay small; what is removed here was removed by the checker."""
        for name, rows in fresh.items():
            box, uids = self.ledger.names[name], [row[0] for row in rows]
            if len(uids) <= CROWD:
                continue
            uids = uids[:len(uids) // 2]
            for uid in uids:
                box.copies[uid].reasons.add('thin')
            self.checker.select(name)
            self.checker.ok('UID STORE %s +FLAGS.SILENT (\\Deleted)' % sequence(uids))
            self.checker.ok('UID EXPUNGE ' + sequence(uids))
            self.checker.ok('UNSELECT')

    def run(self, steps, every=60):
        """Raises Violation, with the last lines of the conversation noted."""
        try:
            for number in range(1, steps + 1):
                self.step()
                if number % every == 0 or number == steps:
                    self.quiesce()
        except (Violation, ImapError, OSError) as problem:
            for line in list(self.lines)[-150:]:
                note(line)
            note('seed %d, step %d: %s' % (self.seed, self.step_number, problem))
            sys.stdout.flush()
            raise
        finally:
            for session in self.sessions:
                session.client.close()
