#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Play transcripts: run.py [--native] [--list] FOLDER|FILE…

Each *.transcript of a folder is one TAP case. Files that ask for the same servers share them, one
after the other, each with a user of its own. README.md describes the files.
"""

import glob
import os
import sys
import traceback

sys.dont_write_bytecode = True     # it may be installed where everybody's things are
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), 'integration')]

from lib import tap                                             # noqa: E402
from lib.tap import Failure, Skip, note                         # noqa: E402
from play import Player                                         # noqa: E402
from script import BadScript, Script                            # noqa: E402
from stage import NativeStage, Stage                            # noqa: E402


def collect(arguments):
    paths = []
    for argument in arguments:
        if os.path.isdir(argument):
            paths += sorted(glob.glob(os.path.join(argument, '*.transcript')))
        else:
            paths.append(argument)
    return paths


def load(paths):
    """The scripts, and what is wrong with files that are none: {path: problem}."""
    scripts, broken = [], {}
    only = [word for word in os.environ.get('FERRY_TEST_ONLY', '').split(',') if word]
    for path in paths:
        name = os.path.splitext(os.path.basename(path))[0]
        if only and not any(word in name for word in only):
            continue
        try:
            scripts.append(Script(path, name))
        except (BadScript, OSError, UnicodeDecodeError) as problem:
            broken[path] = str(problem)
    return scripts, broken


def groups(scripts):
    """Scripts that may share servers, in the order of the first of each."""
    found = {}
    for script in scripts:
        found.setdefault(script.group(), []).append(script)
    return found.values()


class Report:
    def __init__(self, count):
        self.number, self.failed = 0, 0
        print('1..%d' % count, flush=True)

    def say(self, script, problem=None, skip=None):
        self.number += 1
        if problem:
            note(problem)
            self.failed += 1
        print('%sok %d - %s%s%s' % (
            'not ' if problem else '', self.number, script.name,
            ': ' + script.title.replace('#', '') if script.title else '',
            ' # SKIP ' + skip if skip else ''), flush=True)


def play(script, stage, user):
    """What went wrong, or None."""
    try:
        stage.begin()
        Player(script, stage, user).play()
        stage.check()
    except Failure as problem:
        return str(problem)
    except Exception:
        return traceback.format_exc()
    return None


def play_group(scripts, report, kind, users):
    with kind(scripts, users) as stage:
        for script in scripts:
            problem = play(script, stage, users[script])
            report.say(script, problem)
            stage.revive(problem is not None and 'no answer in time' in problem)


def missing_extensions(script):
    """Those of the needs that are names of extensions, and whose folders were deleted."""
    folder = os.path.join(os.path.dirname(os.path.dirname(HERE)), 'extensions')
    return [word for word in script.needs if word not in ('sample', 'native')
            and not os.path.isdir(os.path.join(folder, word))]


def reason_to_skip(script, native):
    missing = missing_extensions(script)
    if missing:
        return 'needs ' + ' '.join(missing)
    if not native:
        return 'needs ' + ' '.join(script.needs) if 'native' in script.needs else None
    asked = {step.what for step in script.steps} & {'fault', 'admin', 'restart', 'kill'}
    if asked or script.server or script.config or script.generated or 'sample' in script.needs:
        return 'needs the sample server'
    return None


def main():
    arguments = [word for word in sys.argv[1:] if not word.startswith('--')]
    native = '--native' in sys.argv
    scripts, broken = load(collect(arguments or [os.path.join(HERE, 'base')]))
    tap._watch(900)
    report = Report(len(scripts) + len(broken))
    for path, problem in broken.items():
        report.number += 1
        report.failed += 1
        note(problem)
        print('not ok %d - %s' % (report.number, os.path.basename(path)), flush=True)
    ready = []
    for script in scripts:
        reason = reason_to_skip(script, native)
        if reason:
            report.say(script, skip=reason)
        else:
            ready.append(script)
    users = {script: 'u%03d' % number for number, script in enumerate(ready, 1)}
    for group in groups(ready):
        said = report.number
        try:
            play_group(group, report, NativeStage if native else Stage, users)
        except Skip as reason:
            for script in group[report.number - said:]:
                report.say(script, skip=str(reason))
        except (Exception, tap.OutOfTime) as problem:
            note(traceback.format_exc() if not isinstance(problem, Failure) else str(problem))
            report.failed += 1
            print('Bail out! the servers of %s' % ', '.join(s.name for s in group[:3]), flush=True)
            break
    sys.exit(1 if report.failed else 0)


if __name__ == '__main__':
    main()
