#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""doc/capabilities.md, from the registry of a build.

    doc/capabilities.py BUILD            writes it anew (`ninja capabilities` does the same)
    doc/capabilities.py BUILD --check    ends with 1 where it is not what the registry says

What is not in the build, because somebody deleted a module's folder or lacks a library, is left as
it stands; so is a row that only a merge put in the wrong place.
"""

import glob
import os
import subprocess
import sys
import tempfile

SOURCE = os.environ.get('FERRY_SRCDIR') or os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(SOURCE, 'doc', 'capabilities.md')
HEAD = '''<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->
# Capabilities

Everything that Ferry can advertise to IMAP clients. `ninja -C BUILD capabilities` makes this page from the registry: specification and condition are what key files say, of the whole module
(`Specification=`, `Condition=` in `[Plugin]`) or of one capability (in `[Capability NAME]`).

| capability | specification | module | when | tests |
| --- | --- | --- | --- | --- |
'''


def modules():
    """Name and folder of each module of the source tree."""
    return {os.path.basename(os.path.dirname(path)): os.path.dirname(os.path.relpath(path, SOURCE))
            for top in ('extensions', 'plugins')
            for path in glob.glob(os.path.join(SOURCE, top, '*', '*.plugin'))}


def ask(build, folders):
    """The table of the registry, with every module switched on."""
    with tempfile.NamedTemporaryFile('w', prefix='ferry-', suffix='.conf') as config:
        config.write('[ferry]\nextensions=*;%s\n[listener imap]\n[backend main]\nurl=https://localhost\n'
                     % ';'.join(sorted(folders)))
        config.flush()
        done = subprocess.run(
            [os.path.join(build, 'core', 'cli', 'ferry'), 'plugins', '--markdown',
             '--config', config.name], capture_output=True, text=True, timeout=60,
            env=dict(os.environ, LC_ALL='C.UTF-8'))
    if done.returncode != 0:
        sys.exit('ferry plugins ended with %d: %s' % (done.returncode, done.stderr))
    return [line for line in done.stdout.splitlines() if line.startswith('| ')][2:]


def tests_of(module, folders):
    """Where the tests of a module are: the folder of its transcripts, and its programs by name."""
    folder = folders.get(module)
    if folder is None:
        return '[transcripts](../tests/transcript/base)'
    found = []
    tests = os.path.join(SOURCE, folder, 'tests')
    if glob.glob(tests + '/*.transcript'):
        found.append('[transcripts](../%s/tests)' % folder)
    for kind in ('c', 'py'):
        found += ['[%s](../%s/tests/%s)' % (name, folder, name) for name in sorted(
            os.path.basename(path) for path in glob.glob(tests + '/test-*.' + kind))]
    return ', '.join(found)


def key(row):
    return row.split(' | ')[0][2:]


def module_of(row):
    return row.split(' | ')[2]


def make(build):
    """The rows of the page, and the names of the modules that are in the build."""
    folders = modules()
    rows = ['%s %s |' % (row, tests_of(module_of(row), folders)) for row in ask(build, folders)]
    return sorted(rows, key=key), {module_of(row) for row in rows}


def read():
    if not os.path.exists(PAGE):
        return '', []
    with open(PAGE, encoding='utf-8') as file:
        text = file.read()
    rows = [line for line in text.splitlines() if line.startswith('| ')][2:]
    return text, rows


def differences(rows, built, old):
    """What is wrong with the rows of the page."""
    wrong = ['missing: ' + row for row in rows if row not in old]
    wrong += ['nobody registers: ' + row for row in old
              if row not in rows and (module_of(row) in built or module_of(row) == 'base')]
    return wrong + ['twice: ' + row for row in set(old) if old.count(row) > 1]


def main(arguments):
    if not arguments:
        sys.exit(__doc__)
    rows, built = make(arguments[0])
    text, old = read()
    if '--check' in arguments:
        wrong = differences(rows, built, old)
        if not text.startswith(HEAD):
            wrong.append('what stands above the table was changed')
        for line in wrong:
            print(line)
        if wrong:
            sys.exit('doc/capabilities.md is not what the registry says; renew it with '
                     '`ninja -C BUILD capabilities`, and commit it')
        return
    kept = [row for row in dict.fromkeys(old)
            if module_of(row) not in built and module_of(row) in modules()]
    with open(PAGE, 'w', encoding='utf-8') as file:
        file.write(HEAD + '\n'.join(sorted(rows + kept, key=key)) + '\n')


if __name__ == '__main__':
    main(sys.argv[1:])
