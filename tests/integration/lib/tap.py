# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small TAP producer: plain functions are the cases, exceptions are failures."""

import faulthandler
import os
import signal
import sys
import time
import traceback


class Skip(Exception):
    """Raised by a case (or by a fixture) that cannot run here; the text says why."""


class Failure(Exception):
    """A check that did not hold."""


def skip_all(reason):
    print('1..0 # SKIP ' + ' '.join(str(reason).split()), flush=True)
    sys.exit(0)


def note(text):
    """A diagnostic line; TAP readers ignore it."""
    for line in str(text).splitlines():
        print('# ' + line, flush=True)


def same(got, want, what=''):
    if got != want:
        raise Failure('%s: got %s, want %s' % (what or 'values differ', short(got), short(want)))


def check(condition, what):
    if not condition:
        raise Failure(what)


def short(value, limit=600):
    text = repr(value)
    return text if len(text) <= limit else text[:limit] + '… (%d characters)' % len(text)


def wait_for(probe, seconds, what, pause=0.05):
    """Ask `probe` until it answers something true; its last answer is returned."""
    end = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() >= end:
            raise Failure('%s: not within %g s' % (what, seconds))
        time.sleep(pause)


def _wanted(name):
    only = os.environ.get('FERRY_TEST_ONLY')
    return not only or any(word in name for word in only.split(','))


def run(cases, fixture=None, timeout=600):
    """Run `cases`, a list of functions or (name, function) pairs, and exit.

    `fixture` is a context manager function; what it yields is the argument of every case. A
    fixture that raises Skip skips the whole program.
    """
    _watch(timeout)
    named = [case if isinstance(case, tuple) else (_title(case), case) for case in cases]
    named = [(name, case) for name, case in named if _wanted(name)]
    try:
        if fixture is None:
            failed = _run_all(named, ())
        else:
            with fixture() as thing:
                failed = _run_all(named, (thing,))
    except Skip as reason:
        skip_all(reason)
    except (Exception, OutOfTime):
        note(traceback.format_exc())
        print('Bail out! the fixture failed, or the time is over', flush=True)
        failed = 1
    signal.alarm(0)
    faulthandler.cancel_dump_traceback_later()
    sys.exit(1 if failed else 0)


class OutOfTime(BaseException):
    """The program's own bound or meson's; no case may swallow it."""


def _watch(timeout):
    """End in time, with everything that was started taken down again."""
    def late(number, _):
        raise OutOfTime('signal %d' % number)
    signal.signal(signal.SIGALRM, late)
    signal.signal(signal.SIGTERM, late)
    scale = 4 if os.environ.get('FERRY_SANITIZED') == '1' else 1
    signal.alarm(timeout * scale)
    faulthandler.dump_traceback_later(timeout * scale + 30, exit=True)


def _title(function):
    return function.__name__.removeprefix('test_').replace('_', ' ')


def _run_all(named, arguments):
    failed = 0
    print('1..%d' % len(named), flush=True)
    for number, (name, case) in enumerate(named, 1):
        started = time.monotonic()
        try:
            case(*arguments)
        except Skip as reason:
            print('ok %d - %s # SKIP %s' % (number, name, reason), flush=True)
            continue
        except Exception as problem:
            failed += 1
            if not isinstance(problem, Failure):
                note(traceback.format_exc())
            else:
                frame = traceback.extract_tb(problem.__traceback__)[0]
                for entry in traceback.extract_tb(problem.__traceback__):
                    if not entry.filename.endswith('tap.py'):
                        frame = entry
                note('%s (%s:%s)' % (problem, os.path.basename(frame.filename), frame.lineno))
            print('not ok %d - %s' % (number, name), flush=True)
            continue
        print('ok %d - %s' % (number, name), flush=True)
        if time.monotonic() - started > 5:
            note('%.1f s' % (time.monotonic() - started))
    return failed
