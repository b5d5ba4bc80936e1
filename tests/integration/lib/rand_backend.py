# SPDX-License-Identifier: LGPL-2.1-or-later
"""What happens behind the sessions' backs, and what the backend itself says is there."""

import collections
import re

from . import corpus
from .rand_ledger import FLAGS, Op
from .tap import Failure


def to_keyword(flag):
    return flag.replace('\\', '$')


class SampleBackend:
    """The sample server: changes come by its /admin/ and by JMAP, and are pushed."""

    shared_flags, merges = True, False

    def __init__(self, server):
        self.sample = server.sample

    def change(self, world):
        """One native change of any kind."""
        kind = world.rng.choice(('deliver', 'deliver', 'keywords', 'keywords', 'keywords', 'move',
                                 'add', 'remove', 'destroy', 'push'))
        if kind == 'deliver':
            self.deliver(world, world.some_box())
        elif kind == 'push':
            if world.rng.random() < .2:
                world.log('native', '!!', b'drop-push')
                self.sample.admin('drop-push', {})
        else:
            copy = world.some_copy()
            if copy and copy.email:
                getattr(self, kind)(world, copy)

    def deliver(self, world, box):
        label = world.new_label()
        email = self.sample.deliver(corpus.one(label), box.name)
        world.log('native', '!!', ('deliver %s to %r as %s' % (label, box, email)).encode())
        world.ledger.native_add(box, email, label)
        now = world.ledger.tick()
        for flag in FLAGS:
            world.ledger.email_ops[email, flag].append(Op(now, False, now))

    def _admin(self, world, action, copy, **more):
        """Whether it was done: the Email may be gone."""
        value = dict(more, user='alice', ids=[copy.email])
        world.log('native', '!!', ('%s %r %r' % (action, copy, more)).encode())
        try:
            self.sample.admin(action, value)
        except Failure as problem:
            world.log('native', '!!', str(problem).encode())
            return False
        return True

    def keywords(self, world, copy):
        flags = world.rng.sample(FLAGS, world.rng.randint(1, 2))
        value = world.rng.random() < .6
        start = world.ledger.tick()
        if self._admin(world, 'keywords', copy,
                       **{'add' if value else 'remove': [to_keyword(f) for f in flags]}):
            for flag in flags:
                world.ledger.email_ops[copy.email, flag].append(Op(start, value, world.ledger.tick()))

    def move(self, world, copy):
        target = world.some_box()
        if target is copy.box:
            return
        world.ledger.native_remove(copy.box, copy.email, copy.label)
        if self._admin(world, 'move', copy, **{'from': copy.box.name, 'to': target.name}):
            self._added(world, target, copy)

    def add(self, world, copy):
        target = world.some_box()
        if self._admin(world, 'move', copy, to=target.name):
            self._added(world, target, copy)

    def _added(self, world, target, copy):
        fresh = world.ledger.native_add(target, copy.email, copy.label)
        if fresh and self._may_vanish(world, copy):
            fresh.reasons.add('native')

    def _may_vanish(self, world, copy):
        """Whether the Email is about to be destroyed or moved on by a command under way."""
        return any(other.email == copy.email and other.reasons and not other.gone
                   for box in world.ledger.boxes for other in box.copies.values())

    def remove(self, world, copy):
        world.ledger.native_remove(copy.box, copy.email, copy.label)
        self._admin(world, 'move', copy, **{'from': copy.box.name})

    def destroy(self, world, copy):
        world.ledger.native_remove(None, copy.email, copy.label)
        self._admin(world, 'expunge', copy)

    # mailboxes

    def _find(self, name):
        listed = self.sample.jmap(('Mailbox/get', {'ids': None}))[0]['list']
        return next((m['id'] for m in listed if m['name'].lower() == name.lower()), None)

    def delete_mailbox(self, world, name):
        world.log('native', '!!', b'delete ' + name.encode())
        self.sample.jmap(('Mailbox/set', {'destroy': [self._find(name)],
                                          'onDestroyRemoveEmails': True}))

    def rename_mailbox(self, world, name, new):
        world.log('native', '!!', ('rename %s to %s' % (name, new)).encode())
        self.sample.jmap(('Mailbox/set', {'update': {self._find(name): {'name': new}}}))

    def contents(self, name):
        """(label, flags) of each message, as the backend has them."""
        query = self.sample.jmap(('Email/query', {'filter': {'inMailbox': self._find(name)}}))[0]
        found = collections.Counter()
        ids = query['ids']
        for start in range(0, len(ids), 200):
            for email in self.sample.jmap(('Email/get', {
                    'ids': ids[start:start + 200],
                    'properties': ['keywords', 'header:X-Label:asText']}))[0]['list']:
                keywords = {k.lower() for k in email['keywords']}
                found[(email['header:X-Label:asText'] or '(none)').strip(),
                      frozenset(f for f in FLAGS if to_keyword(f) in keywords)] += 1
        return found


class CyrusBackend:
    """Cyrus, whose own IMAP makes the native changes; before it ferryd, which polls."""

    shared_flags, merges = True, True

    def __init__(self, server):
        self.server = server
        self.client = server.native()

    def change(self, world):
        if world.rng.random() < .5:
            self.deliver(world, world.some_box())
            return
        copy = world.some_copy()
        if copy and copy.label:
            self.remove(world, copy)

    def deliver(self, world, box):
        label = world.new_label()
        world.log('native', '!!', ('deliver %s to %r' % (label, box)).encode())
        self.client.append(box.name, corpus.one(label))
        world.ledger.native_add(box, None, label)

    def remove(self, world, copy):
        world.log('native', '!!', ('remove %r' % copy).encode())
        world.ledger.native_remove(copy.box, copy.email, copy.label)
        self.client.select(copy.box.name)
        found = self.client.ok('UID SEARCH HEADER X-Label %s' % copy.label).first(b'SEARCH')
        uids = ','.join('%d' % int(t) for t in found.tokens)
        if uids:
            self.client.ok('UID STORE %s +FLAGS.SILENT (\\Deleted)' % uids)
            self.client.ok('UID EXPUNGE ' + uids)
        self.client.ok('UNSELECT')

    def delete_mailbox(self, world, name):
        world.log('native', '!!', b'delete ' + name.encode())
        self.client.ok('DELETE ' + name)

    def rename_mailbox(self, world, name, new):
        world.log('native', '!!', ('rename %s to %s' % (name, new)).encode())
        self.client.ok('RENAME %s %s' % (name, new))

    def contents(self, name):
        found = collections.Counter()
        if self.client.examine(name).first(b'EXISTS').number:
            reply = self.client.fetch('1:*', '(FLAGS BODY.PEEK[HEADER.FIELDS (X-LABEL)])')
            for items in reply.values():
                header = next(v for k, v in items.items() if k.startswith(b'BODY['))
                label = re.search(rb'X-Label: (\S+)', header)
                flags = {bytes(f).decode().lower() for f in items[b'FLAGS']}
                found[label.group(1).decode() if label else '(none)',
                      frozenset(flags & set(FLAGS))] += 1
        self.client.ok('UNSELECT')
        return found


class NoBackend:
    """The native server by itself: the sessions are all there is."""

    shared_flags, merges = False, False

    def __init__(self, server):
        pass

    def change(self, world):
        pass

    def contents(self, name):
        return None
