#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several sessions and native changes at once, at random; every answer is checked against a model.

By hand: test-random.py --steps 10000 --seed 7 [--sessions 5] [--backend cyrus] [--trace FILE].
FERRY_TEST_TARGET=cyrus plays it against Cyrus itself. The seed is printed; it makes the choices,
but what overlaps also hangs on the clock: a trace says what came first.
"""

import argparse
import contextlib
import random
import time

from lib import target
from lib.rand_backend import CyrusBackend, NoBackend, SampleBackend
from lib.rand_world import World
from lib.tap import note, run

# rows: backend, steps, steps between the moments when all has to agree
PLANS = [('sample', 500, 60), ('cyrus', 150, 50)]


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument('--steps', type=int)
    parser.add_argument('--seed', type=int, default=random.SystemRandom().randrange(1, 1000000))
    parser.add_argument('--sessions', type=int, default=5)
    parser.add_argument('--every', type=int)
    parser.add_argument('--backend', choices=('sample', 'cyrus'))
    parser.add_argument('--trace')
    return parser.parse_args()


OPTIONS = arguments()


@contextlib.contextmanager
def started(backend):
    if target.NATIVE:
        with target.on_cyrus() as server:
            yield server, NoBackend(server)
    elif backend == 'sample':
        with target.on_sample() as server:
            yield server, SampleBackend(server)
    else:
        with target.on_cyrus() as server:
            yield server, CyrusBackend(server)


def play(backend, steps, every):
    note('--backend %s --seed %d --steps %d' % (backend, OPTIONS.seed, steps))
    with contextlib.ExitStack() as stack:
        trace = stack.enter_context(open(OPTIONS.trace, 'w')) if OPTIONS.trace else None
        server, behind = stack.enter_context(started(backend))
        begun = time.monotonic()
        world = World(server, behind, OPTIONS.seed, OPTIONS.sessions, not target.NATIVE, trace)
        world.run(steps, every)
        note('%d steps in %.1f s: %s' % (steps, time.monotonic() - begun, ', '.join(
            '%s %d' % pair for pair in sorted(world.counts.items()))))


def cases():
    for backend, steps, every in PLANS:
        if OPTIONS.backend in (None, backend) and not (target.NATIVE and backend == 'sample'):
            steps, every = OPTIONS.steps or steps, OPTIONS.every or every
            yield 'random on ' + backend, lambda b=backend, n=steps, e=every: play(b, n, e)


run(list(cases()), timeout=300 if OPTIONS.steps is None else 60 + OPTIONS.steps)
