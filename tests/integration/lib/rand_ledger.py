# SPDX-License-Identifier: LGPL-2.1-or-later
"""What has to be true of all mailboxes, whoever looks: the ledger of the random tester.

A `Copy` is a message in a mailbox: (UIDVALIDITY, UID) and the label that its header holds. The
ledger knows who made it, who may have removed it and which flags it may have. Commands of several
sessions overlap, so what is known are bounds: an operation lasts from its sending to its answer,
and what overlaps may have happened in either order.
"""

import collections

from .tap import Failure

SYSTEM = ('\\seen', '\\flagged', '\\answered', '\\draft')
KEYWORDS = ('$red', '$blue', 'plain')
FLAGS = SYSTEM + KEYWORDS          # those that belong to the Email
DELETED = '\\deleted'              # this one belongs to the copy


class Violation(Failure):
    """An answer that no order of events explains."""


class Op:
    """A flag was set or cleared, some time between `start` and `end` (None: not over yet)."""

    def __init__(self, start, value, end=None, sure=True):
        self.start, self.value, self.end, self.sure = start, value, end, sure


def candidates(ops, initial=()):
    """The values that may have been written last."""
    last = [op for op in ops
            if op.end is None or not any(p.sure and p.end is not None and p.start > op.end
                                         for p in ops)]
    values = {op.value for op in last}
    if not any(op.sure and op.end is not None for op in ops):
        values |= set(initial)
    return values


class Copy:
    """One message in one mailbox."""

    def __init__(self, box, uid=None, label=None, email=None):
        self.box, self.uid, self.label, self.email = box, uid, label, email
        self.confirmed = False      # a command that made it was acknowledged
        self.twin = None            # the native delivery that it is
        self.origin = None          # what it was copied from
        self.born = 0               # when that was
        self.reasons = set()        # why it may be gone
        self.gone = None            # the acknowledged removal
        self.ops = collections.defaultdict(list)

    def __repr__(self):
        return '%s/%s (%s, %s)' % (self.box.name, self.uid, self.label, self.email)

    def possible(self, flag):
        """The values that a flag may have now."""
        return candidates(self.ops[flag], (False,)) or {False}


class Box:
    """A mailbox from its making to its end; another one may have had its name before."""

    def __init__(self, name, validity, uidnext=1, backend_id=None):
        self.name, self.validity, self.floor = name, validity, uidnext
        self.backend_id = backend_id
        self.copies = {}                        # UID → Copy
        self.used = set()                       # UIDs of messages that are gone
        self.unplaced = []                      # delivered natively, not seen yet
        self.perhaps = collections.Counter()    # label → how many more there may be
        self.doomed = False                     # somebody began to delete it
        self.dead = False
        self.expunges = []                      # [start, end] of commands that remove \Deleted
        self.merges = []                        # [copy that moves here, start, end]
        self.removals = []                      # (when, email) behind the sessions' backs

    def __repr__(self):
        return 'Box(%s, %d)' % (self.name, self.validity)

    def size(self):
        return sum(1 for copy in self.copies.values() if not copy.gone and not copy.reasons)


class Ledger:
    """All mailboxes; `merges` says whether the backend keeps one Email per content."""

    def __init__(self, shared_flags, merges=False):
        self.shared_flags, self.merges = shared_flags, merges
        self.clock = 0
        self.names = {}                 # name → Box
        self.boxes = []
        self.destroyed = []             # (when, email)
        self.email_ops = collections.defaultdict(list)      # (email, flag) → native changes
        self.changed_names = 0

    def tick(self):
        self.clock += 1
        return self.clock

    def add_box(self, name, validity, uidnext, backend_id=None):
        if any(box.validity == validity and not box.dead for box in self.boxes
               if box.name == name):
            raise Violation('UIDVALIDITY %d of %s was there before' % (validity, name))
        box = Box(name, validity, uidnext, backend_id)
        if any(old.name == name and old.validity >= validity for old in self.boxes):
            raise Violation('a new mailbox %s has UIDVALIDITY %d' % (name, validity))
        self.names[name] = box
        self.boxes.append(box)
        self.changed_names += 1
        return box

    def doom(self, box):
        """Somebody is about to delete the mailbox."""
        box.doomed = True
        for copy in box.copies.values():
            copy.reasons.add('mailbox')

    def bury(self, box):
        box.doomed = box.dead = True
        self.names.pop(box.name, None)
        self.changed_names += 1

    def rename(self, box, name):
        self.names.pop(box.name, None)
        box.name = name
        self.names[name] = box
        self.changed_names += 1

    # messages

    def see(self, box, uid):
        """Somebody was shown this UID."""
        copy = box.copies.get(uid)
        if copy is None:
            if uid in box.used:
                raise Violation('%r: UID %d is used again' % (box, uid))
            copy = box.copies[uid] = Copy(box, uid)
            if box.doomed:
                copy.reasons.add('mailbox')
        box.floor = max(box.floor, uid + 1)
        return copy

    def learn(self, copy, label=None, email=None):
        """What is in a message; it never changes."""
        for name, value in (('label', label), ('email', email)):
            known = getattr(copy, name)
            if value is None or known == value:
                continue
            if known is not None:
                raise Violation('UID %r: %s is now %s' % (copy, name, value))
            setattr(copy, name, value)
        if email is not None:
            self._removed_before(copy)
        if copy.label:
            self._delivered(copy.box, copy)

    def _removed_before(self, copy):
        """Native removals that could not be put down to it while its Email was not known."""
        if any(email == copy.email for _, email in copy.box.removals + self.destroyed):
            copy.reasons.add('native')

    @staticmethod
    def _delivered(box, copy):
        """Whether it is one that was delivered natively; then it has its UID now."""
        for other in box.unplaced if not copy.confirmed else ():
            if all(one is None or two is None or one == two for one, two in
                   ((copy.label, other.label), (copy.email, other.email))):
                box.unplaced.remove(other)
                copy.confirmed, copy.twin = True, other
                copy.reasons |= other.reasons
                return

    def made(self, box, uid, label, start, floor, origin=None, deleted=(False,), own=()):
        """APPENDUID or COPYUID: a new message. `floor`: the UIDNEXT known when it was asked for; `own`:
        what the command itself may replace."""
        if uid < floor:
            raise Violation('%s: new UID %d is below UIDNEXT %d' % (box, uid, floor))
        copy = self.see(box, uid)
        if copy.twin:               # taken for one that was delivered
            box.unplaced.append(copy.twin)
            copy.confirmed, copy.twin = False, None
        if copy.confirmed:
            raise Violation('UID %r was given twice' % copy)
        for other in box.unplaced:      # put there natively, before Ferry knew: one and the same
            if origin is not None and self.one_email(origin, other):
                other.reasons.add('merged')
        copy.confirmed, copy.origin = True, origin
        if label is not None:
            self.learn(copy, label)
        end = copy.born = self.tick()
        for value in deleted:
            copy.ops[DELETED].insert(0, Op(start, value, end, len(deleted) == 1))
        self._removed_meanwhile(copy, start, deleted)
        if any(span[2] is None or span[2] >= start for span in box.merges
               if span not in own and self.one_email(span[0], copy)):
            copy.reasons.add('merged')
        if copy.reasons == {'unexplained'}:
            raise Violation('nobody removed %r, but it is gone' % copy)
        return copy

    @staticmethod
    def one_email(one, other):
        """Whether two copies may be the same Email."""
        if one.email and other.email:
            return one.email == other.email
        return not one.label or not other.label or one.label == other.label

    def begin_merge(self, box, copies):
        """An Email can be in a mailbox once: one that moves to where it is takes its own place there
        with a new UID. So does every copy, where the backend keeps one Email per content."""
        spans = [[copy, self.tick(), None] for copy in copies]
        box.merges += spans
        for other in box.copies.values():
            # where every copy merges, a copy to itself does so too
            if any((other is not copy or self.merges) and self.one_email(copy, other)
                   for copy in copies):
                other.reasons.add('merged')
        for other in box.unplaced:
            if any(self.one_email(copy, other) for copy in copies):
                other.reasons.add('merged')
        return spans

    def _removed_meanwhile(self, copy, start, deleted):
        email = copy.origin.email if copy.origin else copy.email
        for when, removed in copy.box.removals + self.destroyed:
            if when >= start and removed in (email, None) or when >= start and email is None:
                copy.reasons.add('native')
        if True in deleted or True in copy.possible(DELETED):
            self.touch_deleted(copy, start)

    def touch_deleted(self, copy, start):
        """\\Deleted was set since `start`: commands that expunge meanwhile may take it."""
        if any(end is None or end >= start for _, end in copy.box.expunges):
            copy.reasons.add('expunge')

    def begin_expunge(self, box, uids=None):
        """EXPUNGE or CLOSE begins; what is surely removed once it is acknowledged."""
        span = [self.tick(), None]
        box.expunges.append(span)
        sure = []
        for copy in box.copies.values():
            if uids is not None and copy.uid not in uids:
                continue
            values = copy.possible(DELETED)
            if True in values:
                copy.reasons.add('expunge')
            if values == {True}:
                sure.append(copy)
        return span, sure

    def native_remove(self, box, email, label):
        """An Email leaves a mailbox (None: all), done by somebody who is no session."""
        when = self.tick()
        if box is None:
            self.destroyed.append((when, email))
        else:
            box.removals.append((when, email))
        for where in [box] if box else self.boxes:
            for copy in where.copies.values():
                if copy.email == email or copy.email is None and copy.label in (None, label):
                    copy.reasons.add('native')
            for copy in where.unplaced:
                if copy.email == email:
                    copy.reasons.add('native')

    def native_add(self, box, email, label):
        """An Email comes into a mailbox natively; if it is there already nothing happens."""
        self.tick()
        there = [copy for copy in list(box.copies.values()) + box.unplaced
                 if not copy.gone and (copy.email == email or
                                       copy.email is None and copy.label in (None, label))]
        if there or box.doomed:
            box.perhaps[label] += 1
            return None
        copy = Copy(box, None, label, email)
        copy.confirmed = True
        if any(end is None and self.one_email(moved, copy) for moved, _, end in box.merges):
            copy.reasons.add('merged')
        box.unplaced.append(copy)
        return copy

    # when nothing is under way

    def settle(self, box, fresh, exact_flags):
        """`fresh`: (UID, label, Email, flags) of all messages, now that all is done and told."""
        present = set()
        for uid, label, email, flags in fresh:
            copy = self.see(box, uid)
            self.learn(copy, label, email)
            present.add(uid)
            if copy.gone:
                raise Violation('%r was removed by %r and is there' % (copy, copy.gone))
            self._confirm(box, copy)
        for copy in box.copies.values():
            if copy.uid in present:
                continue
            # one that nobody looked into while it was there may be one that was delivered
            self._delivered(box, copy)
            if not copy.reasons:
                raise Violation('lost: %r' % copy)
        for copy in box.unplaced:
            if not copy.reasons:
                raise Violation('lost: %r, delivered natively' % copy)
        for uid, _, _, flags in fresh if exact_flags else ():
            self._check_flags(box.copies[uid], flags)

    def _confirm(self, box, copy):
        """Somebody must have made it."""
        if copy.confirmed:
            return
        for label in (copy.label, None):
            if box.perhaps[label] > 0:
                box.perhaps[label] -= 1
                copy.confirmed = True
                # a command without an answer made it: maybe with \Deleted
                copy.ops[DELETED].insert(0, Op(0, True, 0, False))
                return
        raise Violation('nobody made %r' % copy)

    def _check_flags(self, copy, flags):
        for flag in FLAGS:
            values = self.email_values(copy, flag)
            if None not in values and (flag in flags) not in values:
                raise Violation('%r: %s is %s, must be in %r' % (copy, flag, flag in flags, values))
        values = copy.possible(DELETED)
        if (DELETED in flags) not in values:
            raise Violation('%r: \\Deleted is %s, must be in %r' % (copy, DELETED in flags, values))

    def forget(self, box, fresh):
        """From here on everything is known."""
        present = {uid: flags for uid, _, _, flags in fresh}
        for uid in [uid for uid in box.copies if uid not in present]:
            box.used.add(uid)
            del box.copies[uid]
        now = self.tick()
        for uid, flags in present.items():
            copy = box.copies[uid]
            copy.origin = copy.twin = None
            copy.reasons.clear()
            copy.ops.clear()
            for flag in FLAGS + (DELETED,):
                copy.ops[flag].append(Op(now, flag in flags, now))
        box.perhaps.clear()
        box.unplaced, box.expunges, box.removals, box.merges = [], [], [], []

    # flags

    def email_values(self, copy, flag):
        """Every value that a flag of the copy's Email may have; None among them: unknown."""
        if not self.shared_flags:
            ops = list(copy.ops[flag])
            return candidates(ops, (None,))
        ops = list(self.email_ops[copy.email, flag])
        for box in self.boxes:
            for other in box.copies.values():
                if other.email == copy.email:
                    ops += other.ops[flag]
                elif other.email is None and other.label in (None, copy.label):
                    ops += [Op(op.start, op.value, op.end, False) for op in other.ops[flag]]
        values = candidates(ops)
        if not any(op.sure and op.end is not None for op in ops):
            values.add(None)
        return values
