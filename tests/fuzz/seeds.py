#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Seeds of fuzz-imap-parser or fuzz-managesieve from what clients say in transcripts: one file for
each transcript.

    seeds.py imap|managesieve OUTPUT FOLDER…
"""

import base64
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / 'transcript'))

from match import literal_text  # noqa: E402
from script import Script, unescape  # noqa: E402


def plain(text):
    """Some number stands for what a transcript knows only when it is played."""
    text = re.sub(r'\$\(([^()]*)\)',
                  lambda found: base64.b64encode(unescape(plain(found.group(1)))).decode(), text)
    return re.sub(r'\$\{?[a-z]\w*(\+\d+)?\}?', '17', text).replace('$$', '$')


def octets(step):
    """A line of the client with its literals, as they go over the wire."""
    if step.raw:
        return unescape(plain(step.text))
    out, documents = b'', list(step.documents)
    for index, piece in enumerate(re.split(r'\{\{(.*?)\}\}', step.text)):
        if index % 2 == 0:
            out += plain(piece).encode()
            continue
        data = literal_text(plain(piece.lstrip('+')), documents, {})
        out += b'{%d%s}\r\n%s' % (len(data), b'+' if piece.startswith('+') else b'', data)
    return out + b'\r\n'


def main(protocol, output, folders):
    output = pathlib.Path(output)
    output.mkdir(parents=True, exist_ok=True)
    for folder in map(pathlib.Path, folders):
        for number, path in enumerate(sorted(folder.glob('*.transcript'))):
            script = Script(str(path), path.stem)
            said = b''.join(octets(step) for step in script.steps if step.what == 'client')
            # the first octet: sizes of pieces, names in UTF-8, mending
            first = bytes([number * 37 % 256]) if protocol == 'imap' else b''
            if said and script.protocol == protocol:
                (output / path.stem).write_bytes(first + said)


main(sys.argv[1], sys.argv[2], sys.argv[3:])
