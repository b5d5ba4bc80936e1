# SPDX-License-Identifier: LGPL-2.1-or-later
"""JMAP calls of our own, past Ferry, to whatever server there is."""

import base64
import json
import urllib.request


def headers(user='alice'):
    token = base64.b64encode(('%s:secret' % user).encode()).decode()
    return {'Authorization': 'Basic ' + token, 'Content-Type': 'application/json'}


def session(url, user='alice'):
    """The session object at `url`, or where its well-known place leads."""
    if not url.rstrip('/').partition('://')[2].count('/'):
        url += '/.well-known/jmap'
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers(user)), timeout=30) as answer:
        return json.loads(answer.read())


def jmap(url, *calls, user='alice', using=()):
    """Method calls of the user's mail account; the responses. `url` is the server's."""
    found = session(url, user)
    account = found['primaryAccounts']['urn:ietf:params:jmap:mail']
    body = {'using': ['urn:ietf:params:jmap:core', 'urn:ietf:params:jmap:mail', *using],
            'methodCalls': [[name, dict(args, accountId=account), str(i)]
                            for i, (name, args) in enumerate(calls)]}
    api = found['apiUrl'] if '://' in found['apiUrl'] else url + found['apiUrl']
    with urllib.request.urlopen(urllib.request.Request(
            api, json.dumps(body).encode(), headers(user)), timeout=60) as answer:
        return [response[1] for response in json.loads(answer.read())['methodResponses']]
