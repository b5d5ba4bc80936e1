# SPDX-License-Identifier: LGPL-2.1-or-later
"""doc/writing-an-extension.md, done word by word.

The page is a sequence of steps. Indented lines are a shell: `$ ` begins a command, what follows is
what it prints (`...` on a line of its own is any lines, ` ...` within one any text). A bold line
says where the fenced block behind it goes: a whole file, above a function, instead of one.
"""

import os
import re
import subprocess

from house import tap

PLACE = re.compile(r'\*\*([\w./-]+)\*\*, (the whole file|above `(\w+)`|instead of `(\w+)`):')


class Shell:
    """Runs commands one after the other; `cd` holds."""

    def __init__(self, folder, env):
        self.folder, self.env = folder, env

    def run(self, command):
        words = command.split()
        if words[0] == 'cd':
            self.folder = os.path.join(self.folder, words[1])
            return ''
        done = subprocess.run(['bash', '-c', command], cwd=self.folder, env=self.env, timeout=300,
                              capture_output=True, encoding='utf-8', errors='replace')
        if done.returncode != 0:
            tap.note(done.stdout[-3000:] + done.stderr[-3000:])
            log = os.path.join(self.folder, 'build', 'meson-logs', 'testlog.txt')
            if command.startswith('meson test') and os.path.exists(log):
                with open(log) as file:
                    tap.note(file.read()[-3000:])
            raise tap.Failure('`%s` ended with %d' % (command, done.returncode))
        return done.stdout


def parse(text):
    """Steps of the page: ('run', command, expected lines) and ('put', file, how, function, text)."""
    steps, place, lines = [], None, iter(text.splitlines())
    for line in lines:
        bold = PLACE.fullmatch(line)
        if bold:
            tap.check(place is None, '%s: no block before the next one' % line)
            place = bold
        elif line.startswith('```'):
            block = []
            for inner in lines:
                if inner.startswith('```'):
                    break
                block.append(inner)
            tap.check(place is not None, 'nobody says where %r goes' % block[:2])
            steps.append(('put', place[1], place[2].split()[0], place[3] or place[4],
                          '\n'.join(block) + '\n'))
            place = None
        elif line.startswith('    $ '):
            steps.append(('run', line[6:], []))
        elif line.startswith('    ') and steps and steps[-1][0] == 'run':
            steps[-1][2].append(line[4:])
    return steps


def find_function(text, name):
    """Where a function's definition begins, its comment included, and where it ends."""
    found = re.search(r'(?:^/\*(?:(?!\*/).)*\*/\n)?^[^\n]*\n%s\(.*?^\}\n' % name, text, re.M | re.S)
    tap.check(found, 'no function %s' % name)
    return found.start(), found.end()


def put(folder, name, how, function, block):
    path = os.path.join(folder, name)
    if how == 'the':
        text = block
    else:
        with open(path) as file:
            old = file.read()
        begin, end = find_function(old, function)
        text = old[:begin] + block + ('\n' + old[begin:] if how == 'above' else old[end:])
    with open(path, 'w') as file:
        file.write(text)


def same_output(said, expected):
    """Whether the lines that were printed are those of the page."""
    pattern = ''
    for line in expected:
        if line == '...':
            pattern += r'(?:.*\n)*?'
        else:
            # runs of spaces are the terminal's business
            words = [r'.*'.join(map(re.escape, word.split('...'))) for word in line.split()]
            pattern += r'[ \t]*' + r'[ \t]+'.join(words) + r'[ \t]*\n'
    return re.fullmatch(pattern, said) is not None


def follow(page, folder, env):
    """Do what the page says. Returns how many commands ran and how many blocks were put."""
    with open(page, encoding='utf-8') as file:
        steps = parse(file.read())
    shell, counts = Shell(folder, env), {'run': 0, 'put': 0}
    for number, step in enumerate(steps):
        counts[step[0]] += 1
        if step[0] == 'put':
            put(shell.folder, *step[1:])
            following = steps[number + 1][0] if number + 1 < len(steps) else None
            # after each step it builds and passes, also where the page does not say so
            if step[1].endswith('.transcript') and following == 'put':
                shell.run('meson test -C build')
            continue
        said = shell.run(step[1])
        if step[2] and not same_output(said, step[2]):
            tap.note('the page:\n%s\nprinted:\n%s' % ('\n'.join(step[2]), said))
            raise tap.Failure('`%s` prints something else' % step[1])
    return counts['run'], counts['put']
