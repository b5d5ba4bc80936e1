#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A .po file as a table in C: make-catalogue.py de.po language-de.c

Plain entries only: `#:` lines, msgid and msgstr in one line each. What is not such an entry is an
error, and so is a text that stands twice or has no translation.
"""

import json
import os
import re
import sys

ENTRY = re.compile(r'((?:#: .*\n)+)msgid ("(?:[^"\\\n]|\\["\\])+")\nmsgstr ("(?:[^"\\\n]|\\["\\])+")')


def read(path):
    """[(files, text, translation)] of a .po file; the header is left out."""
    with open(path, encoding='utf-8') as file:
        _, *blocks = file.read().strip().split('\n\n')
    entries = []
    for block in blocks:
        found = ENTRY.fullmatch(block)
        if not found:
            raise ValueError('%s: not an entry: %s' % (path, block))
        files = [name for line in found[1].splitlines() for name in line[len('#: '):].split()]
        entries.append((files, json.loads(found[2]), json.loads(found[3])))
    texts = [text for _, text, _ in entries]
    for text in set(texts):
        if texts.count(text) > 1:
            raise ValueError('%s: stands twice: %s' % (path, text))
    return entries


def main():
    source, target = sys.argv[1:]
    name = os.path.basename(source)[:-len('.po')]
    rows = ['\t{%s, %s},\n' % (json.dumps(text), json.dumps(translation, ensure_ascii=False))
            for _, text, translation in sorted(read(source), key=lambda row: row[1].encode())]
    with open(target, 'w', encoding='utf-8') as file:
        file.write('/* made of %s.po */\n#include "language.h"\n\nconst LanguageEntry language_%s[] = {\n'
                   '%s};\nconst gsize language_%s_size = G_N_ELEMENTS(language_%s);\n'
                   % (name, name, ''.join(rows), name, name))


if __name__ == '__main__':
    main()
