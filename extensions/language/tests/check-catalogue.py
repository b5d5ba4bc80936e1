#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every text of a catalogue is still one that the file named there says: check-catalogue.py PO SOURCE

Files of an extension whose folder was taken away are left out.
"""

import importlib.util
import os
import re
import subprocess
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
# of a printf, as the catalogue has them
PLACES = re.compile(r'%" G_[A-Z0-9_]+_FORMAT(\s*")?|%[0-9]*[dusx]')
LITERALS = re.compile(r'"(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*')


def literals(path):
    """The strings of a C file, those that stand side by side as one."""
    with open(path, encoding='utf-8') as file:
        text = PLACES.sub(lambda place: '%s"' if place[0][1] == '"' and not place[1] else '%s',
                          file.read())
    return {re.sub(r'"\s*"', '', found)[1:-1] for found in LITERALS.findall(text)}


def is_said(text, said):
    # what grammars expect is put behind one word, the name of a command before another
    return bool({text, text.removeprefix('Expected '), text.removeprefix('%s')} & said)


def check(catalogue, source, entries):
    """What is wrong, one line for each."""
    for files, text, translation in entries:
        for name in files:
            path = os.path.join(source, name)
            if not os.path.exists(path):
                if not name.startswith('extensions/') or os.path.exists(os.path.dirname(path)):
                    yield '%s is not there' % name
            elif not is_said(text, literals(path)):
                yield '%s does not say: %s' % (name, text)
        if text.count('%s') != translation.count('%s'):
            yield 'not as many %%s: %s' % text
    if shutil.which('msgfmt'):
        run = subprocess.run(['msgfmt', '--check', '-o', '/dev/null', catalogue], text=True,
                             stderr=subprocess.PIPE)
        if run.returncode:
            yield run.stderr


def main():
    catalogue, source = sys.argv[1:]
    spec = importlib.util.spec_from_file_location(
        'catalogue', os.path.join(os.path.dirname(HERE), 'make-catalogue.py'))
    maker = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(maker)
    entries = maker.read(catalogue)
    wrong = list(check(catalogue, source, entries))
    for line in wrong:
        print('# ' + line.replace('\n', ' '))
    print('1..2')
    print('%s 1 - %d texts' % ('ok' if len(entries) >= 50 else 'not ok', len(entries)))
    print('%s 2 - all of them are said' % ('not ok' if wrong else 'ok'))


if __name__ == '__main__':
    main()
