# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random commands that both servers of the differential test can be asked.

What a JMAP backend cannot hold is not asked for: the same message twice in one mailbox; and as
keywords belong to an Email there, flags change only for messages that are in one mailbox.
"""

import re

from . import corpus
from .imap import quote

KEYWORDS = ['one', 'two', 'Three', '$Forwarded', '$Junk', 'project-x']
SYSTEM = ['\\Seen', '\\Flagged', '\\Answered', '\\Draft']
WORDS = ['message', 'about', 'Person', 'example', 'alice', 'the', 'zzz', '1', '', 'p1@', 'Message 1']
PARTS = ['', 'HEADER', 'TEXT', '1', '2', '1.MIME', '3', 'HEADER.FIELDS (Subject From)',
         'HEADER.FIELDS.NOT (Received)', '1.2', '2.MIME']
NAMES = ['Work', 'Archive', 'Sent', 'random', 'random/a', 'random/b', 'other', 'Caf&AOk-', 'with space']
DATES = ['1-Jan-2024', '5-Jan-2024', '20-Jan-2024', '3-Feb-2024', '1-Jan-2023', '10-Feb-2023',
         '1-Jan-2030']


class Generator:
    def __init__(self, pair, rng):
        self.pair, self.rng = pair, rng
        self.counter = 0
        self.read_only = False
        self.box = None
        for box in ('INBOX', 'Work', 'Archive', 'Sent', 'Drafts', 'Junk', 'Trash'):
            pair.model.setdefault(box, [])
        self.actions = [(self.fetch, 22), (self.search, 26), (self.store, 16), (self.copy, 6),
                        (self.move, 5), (self.expunge, 4), (self.delete_some, 4), (self.append, 5),
                        (self.status, 4), (self.list, 5), (self.subscribe, 2), (self.mailboxes, 4),
                        (self.select, 4), (self.leave, 1), (self.idle, 2)]

    def step(self):
        if self.box is None:
            self.select()
            return
        actions, weights = zip(*self.actions)
        self.rng.choices(actions, weights)[0]()

    # what messages there are

    @property
    def messages(self):
        return self.pair.model[self.box]

    def homes(self, label):
        return [box for box, items in self.pair.model.items() if label in dict(items)]

    def pick(self, most=6, test=None):
        """Positions of some messages."""
        fit = [i for i, entry in enumerate(self.messages, 1) if test is None or test(entry)]
        return sorted(self.rng.sample(fit, min(len(fit), self.rng.randint(1, most)))) if fit else []

    def as_set(self, positions, uid):
        words = ['<u%d>' % p if uid else str(p) for p in positions]
        if self.rng.random() < 0.2:
            words.reverse()
        return ','.join(words)

    def any_set(self, uid):
        count = len(self.messages)
        if count == 0:
            return '<u*>' if uid else None
        at = ['<u%d>' if uid else '%d', '%s']
        choice = self.rng.randrange(6)
        a, b = (at[0] % self.rng.randint(1, count) for _ in '12')
        if choice == 0:
            return '*'
        if choice == 1:
            return '%s:*' % a
        if choice == 2:
            return '%s:%s' % (a, b)
        if choice == 3 and uid:
            return '<u*>:*,%s' % a
        if choice == 4:
            return '%s,%s' % (a, b)
        return a

    def uid(self):
        return self.rng.random() < 0.5

    # commands that only read

    def item(self):
        kind = self.rng.randrange(8)
        if kind < 4:
            return self.rng.choice(['FLAGS', 'UID', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE', 'BODY',
                                    'BODYSTRUCTURE', 'RFC822.HEADER'])
        if kind == 4:
            part = self.rng.choice(['1', '2', '1.1'])
            return self.rng.choice(['BINARY.PEEK[%s]' % part, 'BINARY.SIZE[%s]' % part,
                                    'BINARY.PEEK[%s]<%d.%d>' % (part, self.rng.choice([0, 5, 4000]),
                                                                self.rng.randint(1, 300))])
        text = 'BODY.PEEK[%s]' % self.rng.choice(PARTS)
        if self.rng.random() < 0.4:
            text += '<%d.%d>' % (self.rng.choice([0, 1, 17, 400, 100000]), self.rng.randint(1, 900))
        return text

    def fetch(self):
        uid = self.uid()
        chosen = self.any_set(uid)
        if chosen is None:
            return
        items = sorted({self.item() for _ in range(self.rng.randint(1, 5))})
        self.rng.shuffle(items)
        if self.rng.random() < 0.1:
            self.fetch_seen(uid)
            return
        if self.rng.random() < 0.1:
            text = self.rng.choice(['ALL', 'FAST', 'FULL'])
        else:
            text = '(%s)' % ' '.join(items)
        self.pair.step('%sFETCH %s %s' % ('UID ' if uid else '', chosen, text))

    def fetch_seen(self, uid):
        """Reading sets \\Seen."""
        positions = self.pick(3, lambda e: len(self.homes(e[0])) == 1)
        if not positions:
            return
        self.pair.step('%sFETCH %s (%s)' % ('UID ' if uid else '', self.as_set(positions, uid),
                                          self.rng.choice(['BODY[TEXT]', 'RFC822', 'BODY[1]<0.5> FLAGS',
                                                           'BODY[HEADER]', 'RFC822.TEXT', 'BINARY[1]'])))

    def key(self, depth=0):
        rng = self.rng
        kind = rng.randrange(12 if depth < 3 else 8)
        if kind == 0:
            return rng.choice(['ALL', 'SEEN', 'UNSEEN', 'FLAGGED', 'UNFLAGGED', 'ANSWERED', 'DELETED',
                               'UNDELETED', 'UNANSWERED', 'DRAFT', 'UNDRAFT'])
        if kind == 1:
            return '%s %s' % (rng.choice(['KEYWORD', 'UNKEYWORD']), rng.choice(KEYWORDS))
        if kind == 2:
            return '%s %s' % (rng.choice(['LARGER', 'SMALLER']), rng.choice([0, 300, 1500, 1700, 2000]))
        if kind == 3:
            return '%s %s' % (rng.choice(['BEFORE', 'ON', 'SINCE', 'SENTBEFORE', 'SENTON', 'SENTSINCE']),
                              rng.choice(DATES))
        if kind in (4, 5):
            return '%s "%s"' % (rng.choice(['SUBJECT', 'FROM', 'TO', 'CC', 'HEADER Message-ID',
                                            'HEADER X-None', 'HEADER Received']), rng.choice(WORDS))
        if kind == 6:
            return '%s "%s"' % (rng.choice(['BODY', 'TEXT']), rng.choice([w for w in WORDS if w]))
        if kind == 7:
            return 'UID ' + self.any_set(True) if rng.random() < 0.5 else self.any_set(False) or 'ALL'
        if kind == 8:
            return 'NOT ' + self.key(depth + 1)
        if kind == 9:
            return 'OR %s %s' % (self.key(depth + 1), self.key(depth + 1))
        return '(%s)' % ' '.join(self.key(depth + 1) for _ in range(rng.randint(1, 3)))

    def search(self):
        rng = self.rng
        text = 'UID SEARCH' if self.uid() else 'SEARCH'
        keys = ' '.join(self.key() for _ in range(rng.randint(1, 3)))
        options = rng.sample(['MIN', 'MAX', 'ALL', 'COUNT'], rng.randint(0, 3))
        # what `$` is natively must not depend on how Cyrus reads a UID of *
        if self.messages and rng.random() < 0.15 and not re.search(r'UID [^ ()]*\*', keys):
            self.pair.save(text, options + ['SAVE'], keys)
            self.use_saved()
            return
        if rng.random() < 0.5:
            text += ' RETURN (%s)' % ' '.join(options)
        if rng.random() < 0.1:
            text += ' CHARSET %s' % rng.choice(['UTF-8', 'US-ASCII', 'utf-8'])
        self.pair.step('%s %s' % (text, keys))

    def use_saved(self):
        """Commands on `$`; where it is empty there is no other way to write it."""
        if not self.pair.sides[1].saved[0]:
            return
        self.pair.step(self.rng.choice(['FETCH $ (FLAGS UID)', 'UID FETCH $ FLAGS', 'SEARCH $',
                                        'SEARCH NOT $', 'SEARCH RETURN (COUNT) UID $',
                                        'UID FETCH $ RFC822.SIZE']))

    def status(self):
        items = self.rng.sample(['MESSAGES', 'UNSEEN', 'UIDNEXT', 'UIDVALIDITY', 'SIZE'],
                                self.rng.randint(1, 4))
        box = self.rng.choice(sorted(self.pair.model) + ['nothing'])
        self.pair.step('STATUS %s (%s)' % (quote(box), ' '.join(items)))

    def list(self):
        rng = self.rng
        selection = rng.choice(['', '', '() ', '(SUBSCRIBED) ', '(SUBSCRIBED REMOTE) '])
        pattern = rng.choice(['"*"', '"%"', 'INBOX', 'random*', '"random/%"', '"%/%"', 'Sent', 'nothing',
                              '(Sent random "w*")', '"Caf%"'])
        returns = rng.choice(['', '', ' RETURN (CHILDREN)', ' RETURN (SUBSCRIBED)',
                              ' RETURN (STATUS (MESSAGES UNSEEN))', ' RETURN (SUBSCRIBED CHILDREN)'])
        if rng.random() < 0.2:
            self.pair.step('LSUB "" %s' % rng.choice(['"*"', '"%"', 'random*', 'Sent']))
            return
        self.pair.step('LIST %s"" %s%s' % (selection, pattern, returns))

    def idle(self):
        self.pair.step(self.rng.choice(['NOOP', 'CHECK', 'NAMESPACE', 'NOOP x', 'FETCH 0 FLAGS',
                                        'SEARCH BOGUS', 'STORE 1 FLAGS', 'UID FETCH <u*> (FLAGS']))

    # commands that change

    def store(self):
        rng, uid = self.rng, self.uid()
        positions = self.pick(6, lambda e: len(self.homes(e[0])) == 1)
        if not positions:
            return
        flags = rng.sample(SYSTEM + KEYWORDS, rng.randint(0, 3))
        self.pair.step('%sSTORE %s %sFLAGS%s (%s)' % (
            'UID ' if uid else '', self.as_set(positions, uid), rng.choice(['', '+', '-', '+', '-']),
            rng.choice(['', '', '.SILENT']), ' '.join(flags)))
        if not self.read_only:
            # FLAGS takes \Deleted away: the model follows by asking
            self.refresh()

    def refresh(self):
        replies = self.pair.step('FETCH 1:* (FLAGS)')
        for number, items in replies[1].fetched().items():
            self.messages[number - 1][1].clear()
            self.messages[number - 1][1].update(bytes(f).decode().lower() for f in items[b'FLAGS'])

    def delete_some(self):
        positions = self.pick(3)
        if not positions:
            return
        uid = self.uid()
        self.pair.step('%sSTORE %s +FLAGS (\\Deleted)' % ('UID ' if uid else '',
                                                        self.as_set(positions, uid)))
        if not self.read_only:
            self.refresh()

    def deleted(self):
        return [label for label, flags in self.messages if '\\deleted' in flags]

    def expunge(self):
        if self.rng.random() < 0.5:
            self.pair.step('EXPUNGE')
            gone = self.deleted()
        else:
            positions = self.pick(5)
            if not positions:
                return
            chosen = {self.messages[p - 1][0] for p in positions}
            gone = [label for label in self.deleted() if label in chosen]
            self.pair.step('UID EXPUNGE ' + self.as_set(positions, True))
        if not self.read_only:
            self.pair.gone(self.box, gone)

    def somewhere(self):
        """Another mailbox, and messages that it does not have."""
        others = sorted(set(self.pair.model) - {self.box})
        box = self.rng.choice(others)
        there = dict(self.pair.model[box])
        return box, self.pick(4, lambda e: e[0] not in there and '\\deleted' not in e[1])

    def copy(self):
        box, positions = self.somewhere()
        if not positions or sum(map(len, self.pair.model.values())) > 160:
            return
        uid = self.uid()
        replies = self.pair.step('%sCOPY %s %s' % ('UID ' if uid else '',
                                                 self.as_set(positions, uid), quote(box)))
        self.pair.copied(replies, self.box, box, [self.messages[p - 1][0] for p in positions])

    def move(self):
        box, positions = self.somewhere()
        if not positions:
            return
        uid = self.uid()
        labels = [self.messages[p - 1][0] for p in positions]
        replies = self.pair.step('%sMOVE %s %s' % ('UID ' if uid else '',
                                                 self.as_set(positions, uid), quote(box)))
        if replies[0].ok:
            self.pair.copied(replies, self.box, box, labels)
            self.pair.gone(self.box, labels)

    def append(self):
        rng = self.rng
        if sum(map(len, self.pair.model.values())) > 160:
            return
        self.counter += 1
        label = 'new%d' % self.counter
        flags = rng.sample(SYSTEM + KEYWORDS, rng.randint(0, 2))
        self.pair.append(rng.choice(sorted(self.pair.model)), label,
                         corpus.small(1, seed=77, first=1000 + self.counter)[0], flags,
                         '%2d-Mar-2024 %02d:%02d:%02d +0000' % (
                             self.counter // 3600 % 28 + 1, self.counter // 60 % 24,
                             self.counter % 60, rng.randrange(60)))

    def subscribe(self):
        self.pair.step('%s %s' % (self.rng.choice(['SUBSCRIBE', 'UNSUBSCRIBE']),
                                  quote(self.rng.choice(sorted(self.pair.model)))))

    def mailboxes(self):
        rng = self.rng
        name = rng.choice(NAMES)
        there = name in self.pair.model
        if name in ('Work', 'Archive', 'Sent'):
            self.pair.step('CREATE %s' % quote(name))
            return
        if not there:
            if name.startswith('random/') and 'random' not in self.pair.model:
                return
            replies = self.pair.step('CREATE %s' % quote(name))
            if replies[0].ok:
                self.pair.model[name] = []
            return
        if name == self.box or any(n.startswith(name + '/') for n in self.pair.model):
            return
        # a subscription outlives its mailbox natively; taking it away first keeps both alike
        self.pair.step('UNSUBSCRIBE %s' % quote(name))
        if rng.random() < 0.5 and 'renamed' not in self.pair.model:
            self.pair.step('RENAME %s renamed' % quote(name))
            self.pair.step('RENAME renamed %s' % quote(name))
            return
        if self.pair.step('DELETE %s' % quote(name))[0].ok:
            del self.pair.model[name]
            for side in self.pair.sides:
                side.boxes.pop(name, None)

    def select(self):
        box = self.rng.choice(sorted(self.pair.model))
        self.read_only = self.rng.random() < 0.2
        self.pair.select(box, 'EXAMINE' if self.read_only else 'SELECT')
        self.box = box

    def leave(self):
        if self.rng.random() < 0.5:
            self.pair.unselect()
        else:
            gone = [] if self.read_only else self.deleted()
            self.pair.unselect('CLOSE')
            self.pair.gone(self.box, gone)
        self.box = None
