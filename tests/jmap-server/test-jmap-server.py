#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Asks the sample JMAP server for everything it offers, and for its misbehaviour.

Usage: test-jmap-server.py PROGRAM. Prints TAP.
"""
import base64
import contextlib
import http.client
import json
import subprocess
import sys
import time
import traceback

PROGRAM = sys.argv[1]
NS = "urn:ietf:params:jmap:"
ALL = [NS + n for n in ("core", "mail", "mail:share", "submission", "blob", "quota", "sieve",
                        "principals")]
A, B = "A-alice", "A-bob"
INBOX = "B000001"
MESSAGE = b"From: a@example.org\r\nSubject: %s\r\nMessage-ID: <%s@x>\r\n\r\nHello\r\n"


class Server:
    """One running server, and what a client does with it."""

    def __init__(self, *args):
        self.process = subprocess.Popen(
            [PROGRAM, "--user=alice:secret", "--user=bob:secret", "--token=alice:tok",
             "--admin", "--print-ready", *args], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[1]
        self.host = self.url.split("/")[2]

    def stop(self):
        self.process.terminate()
        assert self.process.wait(10) == 0
        self.process.stdout.close()

    def http(self, method, path, body=None, user="alice", headers=None):
        connection = http.client.HTTPConnection(self.host, timeout=10)
        head = {"Content-Type": "application/json"}
        if user:
            head["Authorization"] = "Basic " + base64.b64encode(
                (user + ":secret").encode()).decode()
        head.update(headers or {})
        connection.request(method, path, body, head)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), data

    def request(self, calls, user="alice", using=ALL, **more):
        body = json.dumps({"using": using, "methodCalls": calls, **more})
        status, _, data = self.http("POST", "/jmap/api", body, user)
        return status, json.loads(data)

    def calls(self, *calls, user="alice"):
        status, reply = self.request([[n, a, str(i)] for i, (n, a) in enumerate(calls)], user)
        assert status == 200, (status, reply)
        return reply["methodResponses"]

    def call(self, name, user="alice", account=A, **args):
        reply = self.calls((name, {"accountId": account, **args}), user=user)[0]
        assert reply[0] == name, reply
        return reply[1]

    def error(self, name, user="alice", account=A, **args):
        reply = self.calls((name, {"accountId": account, **args}), user=user)[0]
        assert reply[0] == "error", reply
        return reply[1]["type"]

    def admin(self, what, **args):
        status, _, data = self.http("POST", "/admin/" + what, json.dumps(args))
        assert status == 200, data
        return json.loads(data)

    def faults(self, *faults):
        assert self.http("POST", "/admin/faults", json.dumps(faults))[0] == 200

    def upload(self, data, account=A):
        status, _, reply = self.http("POST", f"/jmap/upload/{account}/", data)
        assert status == 201, reply
        return json.loads(reply)["blobId"]

    def add(self, name="m", mailbox=INBOX, **more):
        blob = self.upload(MESSAGE % (name.encode(), name.encode()))
        reply = self.call("Email/import", emails={
            "k": {"blobId": blob, "mailboxIds": {mailbox: True}, **more}})
        return reply["created"]["k"]["id"]

    def state(self, kind="Email"):
        return self.call(kind + "/get", ids=[])["state"]


@contextlib.contextmanager
def running(*args):
    server = Server(*args)
    try:
        yield server
    finally:
        server.stop()


def test_session():
    with running("--share=bob:INBOX:alice") as s:
        status, headers, _ = s.http("GET", "/.well-known/jmap")
        assert status == 301 and headers["Location"].endswith("/jmap/session")
        assert s.http("GET", "/jmap/session", user=None)[0] == 401
        assert s.http("GET", "/jmap/session", user="eve")[0] == 401
        status, _, data = s.http("GET", "/jmap/session", user=None,
                                 headers={"Authorization": "Bearer tok"})
        session = json.loads(data)
        assert status == 200 and session["username"] == "alice"
        assert set(session["accounts"]) == {A, B}
        assert not session["accounts"][B]["isPersonal"]
        assert session["primaryAccounts"][NS + "mail"] == A
        assert set(ALL) == set(session["capabilities"])
        assert session["apiUrl"] == s.url + "jmap/api"


def test_request_errors():
    with running("--limit=maxCallsInRequest=2", "--limit=maxObjectsInGet=1",
                 "--limit=maxSizeRequest=100000", "--limit=maxSizeUpload=10") as s:
        def kind(body):
            status, _, data = s.http("POST", "/jmap/api", body)
            reply = json.loads(data)
            return status, reply["type"].rsplit(":", 1)[1], reply.get("limit")
        assert kind("{") == (400, "notJSON", None)
        assert kind("[" * 5000 + "]" * 5000) == (400, "notJSON", None)
        assert kind("[]") == (400, "notRequest", None)
        assert kind('{"using":["x"],"methodCalls":[]}') == (400, "unknownCapability", None)
        assert kind(json.dumps({"using": ALL, "methodCalls": [["Core/echo", {}, "0"]] * 3})) == (
            400, "limit", "maxCallsInRequest")
        assert kind(" " * 100001) == (400, "limit", "maxSizeRequest")
        assert s.http("POST", f"/jmap/upload/{A}/", b"x" * 11)[0] == 413
        assert s.error("Mailbox/get", ids=["a", "b"]) == "requestTooLarge"
        assert s.error("Foo/get") == "unknownMethod"
        assert s.error("Mailbox/get", account="A-nobody") == "accountNotFound"
        assert s.error("Mailbox/get", account=B) == "accountNotFound"
        assert s.error("Mailbox/get", ids=17) == "invalidArguments"
        assert s.error("Mailbox/get", wrong=17) == "invalidArguments"
        assert s.error("Email/get", ids=[], properties=["nonsense"]) == "invalidArguments"
        status, reply = s.request([["Email/get", {"accountId": A, "ids": []}, "0"]],
                                  using=[NS + "core"])
        assert reply["methodResponses"][0][1]["type"] == "unknownMethod"


def test_references():
    with running("--sample=alice") as s:
        reply = s.calls(
            ("Email/query", {"accountId": A, "filter": {"inMailbox": INBOX}}),
            ("Email/get", {"accountId": A, "properties": ["threadId"], "#ids": {
                "resultOf": "0", "name": "Email/query", "path": "/ids"}}),
            ("Thread/get", {"accountId": A, "#ids": {
                "resultOf": "1", "name": "Email/get", "path": "/list/*/threadId"}}),
            ("Email/get", {"accountId": A, "properties": ["subject"], "#ids": {
                "resultOf": "2", "name": "Thread/get", "path": "/list/*/emailIds"}}),
            ("Email/get", {"accountId": A, "#ids": {
                "resultOf": "1", "name": "Email/query", "path": "/ids"}}),
            ("Email/get", {"accountId": A, "ids": [], "#ids": {
                "resultOf": "0", "name": "Email/query", "path": "/ids"}}))
        assert len(reply[3][1]["list"]) > len(reply[1][1]["list"]) == 6
        assert reply[4][1]["type"] == "invalidResultReference"
        assert reply[5][1]["type"] == "invalidArguments"
        status, reply = s.request([["Core/echo", {"a": [1, {"b": None}]}, "x"]], createdIds={})
        assert reply["methodResponses"] == [["Core/echo", {"a": [1, {"b": None}]}, "x"]]
        assert reply["createdIds"] == {}


def test_mailboxes():
    with running("--limit=maxMailboxDepth=3") as s:
        before = s.state("Mailbox")
        reply = s.call("Mailbox/set", create={
            "b": {"name": "Below", "parentId": "#a"}, "a": {"name": "Above"},
            "c": {"name": "Inbox"}, "d": {"name": "", "parentId": None},
            "e": {"name": "x", "role": "trash"}, "f": {"name": "y", "parentId": "B0000ff"}})
        assert set(reply["created"]) == {"a", "b"}
        assert all(reply["notCreated"][k]["type"] == "invalidProperties" for k in "cdef")
        above, below = (reply["created"][k]["id"] for k in "ab")
        changes = s.call("Mailbox/changes", sinceState=before)
        assert changes["created"] == [above, below] and changes["updatedProperties"] is None
        reply = s.call("Mailbox/set", update={
            above: {"parentId": below}, below: {"name": "Beneath/x", "isSubscribed": True}})
        assert above in reply["notUpdated"] and below in reply["updated"]
        email = s.add(mailbox=below)
        state = s.state("Mailbox")
        s.call("Email/set", update={email: {"keywords/$seen": True}})
        changes = s.call("Mailbox/changes", sinceState=state)
        assert changes["updated"] == [below] and "unreadEmails" in changes["updatedProperties"]
        box = s.call("Mailbox/get", ids=[below])["list"][0]
        assert (box["totalEmails"], box["unreadEmails"], box["totalThreads"]) == (1, 0, 1)
        assert box["name"] == "Beneath/x" and box["isSubscribed"] and box["parentId"] == above
        reply = s.call("Mailbox/set", destroy=[above])
        assert reply["notDestroyed"][above]["type"] == "mailboxHasChild"
        reply = s.call("Mailbox/set", destroy=[below])
        assert reply["notDestroyed"][below]["type"] == "mailboxHasEmail"
        reply = s.call("Mailbox/set", destroy=[above, below, INBOX], onDestroyRemoveEmails=True)
        assert set(reply["destroyed"]) == {above, below}
        assert reply["notDestroyed"][INBOX]["type"] == "forbidden"
        assert s.call("Email/get", ids=[email])["notFound"] == [email]
        assert s.error("Mailbox/set", ifInState="1-x", create={}) == "stateMismatch"
        reply = s.call("Mailbox/query", filter={"operator": "OR", "conditions": [
            {"role": "trash"}, {"name": "arch"}]}, sort=[{"property": "name"}])
        assert len(reply["ids"]) == 2
        assert s.call("Mailbox/queryChanges", sinceQueryState=before)["removed"] == []


def test_emails():
    with running() as s:
        state = s.state()
        email = s.add("one", keywords={"$Seen": True, "Foo": True},
                      receivedAt="2001-02-03T04:05:06Z")
        got = s.call("Email/get", ids=[email, "M00ffff"])
        one = got["list"][0]
        assert got["notFound"] == ["M00ffff"]
        assert one["keywords"] == {"$seen": True, "foo": True}
        assert one["receivedAt"] == "2001-02-03T04:05:06Z" and one["subject"] == "one"
        assert s.call("Email/changes", sinceState=state)["created"] == [email]
        middle = s.state()
        reply = s.call("Email/set", update={email: {
            "mailboxIds/B000002": True, "keywords/foo": None, "keywords/$flagged": True}})
        assert reply["updated"] == {email: None} and reply["oldState"] == middle
        got = s.call("Email/get", ids=[email], properties=["mailboxIds", "keywords"])["list"][0]
        assert got == {"id": email, "mailboxIds": {INBOX: True, "B000002": True},
                       "keywords": {"$seen": True, "$flagged": True}}
        assert s.error("Email/set", ifInState=middle, update={}) == "stateMismatch"
        bad = s.call("Email/set", update={
            email: {"mailboxIds": {}}, "M0000ff": {}})["notUpdated"]
        assert bad[email]["type"] == "invalidProperties" and bad["M0000ff"]["type"] == "notFound"
        bad = s.call("Email/set", update={email: {"keywords/a b": True}})["notUpdated"]
        assert bad[email]["type"] == "invalidProperties"
        bad = s.call("Email/set", update={email: {"subject": "x"}})["notUpdated"]
        assert bad[email]["properties"] == ["subject"]
        two = s.add("two")
        reply = s.call("Email/set", destroy=[two, "M0000ff"])
        assert reply["destroyed"] == [two]
        assert reply["notDestroyed"]["M0000ff"]["type"] == "notFound"
        changes = s.call("Email/changes", sinceState=middle)
        assert (changes["created"], changes["updated"], changes["destroyed"]) == ([], [email], [])
        assert s.error("Email/changes", sinceState="garbage") == "cannotCalculateChanges"
        reply = s.call("Email/import", emails={
            "a": {"blobId": "G" + "0" * 40, "mailboxIds": {INBOX: True}},
            "b": {"blobId": s.upload(b"no header"), "mailboxIds": {INBOX: True}}})
        assert reply["notCreated"]["a"]["properties"] == ["blobId"]
        assert reply["notCreated"]["b"]["type"] == "invalidEmail"
        reply = s.call("Email/set", create={"d": {
            "mailboxIds": {INBOX: True}, "subject": "Grüße", "from": [{"email": "a@b.example"}],
            "bodyValues": {"1": {"value": "Text"}},
            "textBody": [{"partId": "1", "type": "text/plain"}]}})
        made = s.call("Email/get", ids=[reply["created"]["d"]["id"]])["list"][0]
        assert made["subject"] == "Grüße" and made["preview"] == "Text"


def test_changes_in_windows():
    with running() as s:
        start = state = s.state()
        made = [s.add(f"n{i}") for i in range(7)]
        s.call("Email/set", destroy=[made[1]])
        seen, rounds = set(), 0
        while True:
            reply = s.call("Email/changes", sinceState=state, maxChanges=2)
            assert len(reply["created"] + reply["updated"] + reply["destroyed"]) <= 2
            seen |= set(reply["created"])
            seen -= set(reply["destroyed"])
            state, rounds = reply["newState"], rounds + 1
            if not reply["hasMoreChanges"]:
                break
        assert seen == set(made) - {made[1]} and rounds == 4 and state == s.state()
        assert set(s.call("Email/changes", sinceState=start)["created"]) == seen
        assert s.error("Email/changes", sinceState=start, maxChanges=0) == "invalidArguments"
    with running("--change-log=3") as s:
        start = s.state()
        for i in range(5):
            s.add(f"n{i}")
        assert s.error("Email/changes", sinceState=start) == "cannotCalculateChanges"


def test_query():
    with running("--generate=alice:INBOX:300:7", "--sample=alice") as s:
        def ids(filter=None, **more):
            return s.call("Email/query", filter=filter, **more)["ids"]
        everything = ids(sort=[{"property": "receivedAt"}])
        assert len(everything) == 312
        reply = s.call("Email/query", sort=[{"property": "receivedAt"}], anchor=everything[100],
                       anchorOffset=-1, limit=5, calculateTotal=True)
        assert reply["ids"] == everything[99:104]
        assert (reply["position"], reply["total"]) == (99, 312)
        reply = s.call("Email/query", sort=[{"property": "receivedAt"}], position=-3)
        assert reply["ids"] == everything[-3:]
        assert s.error("Email/query", anchor="M00ffff") == "anchorNotFound"
        assert s.error("Email/query", sort=[{"property": "x"}]) == "unsupportedSort"
        assert s.error("Email/query", filter={"x": 1}) == "unsupportedFilter"
        seen = set(ids({"hasKeyword": "$seen"}))
        assert seen | set(ids({"notKeyword": "$Seen"})) == set(everything)
        assert set(ids({"operator": "NOT", "conditions": [{"hasKeyword": "$seen"}]})) == (
            set(everything) - seen)
        small = ids({"maxSize": 1000})
        assert set(small) | set(ids({"minSize": 1000})) == set(everything)
        assert len(ids({"subject": "PICNIC"})) == 3 == len(ids({"from": "SOLBERG"})) + 2
        assert len(ids({"text": "brûlée"})) == 1 == len(ids({"body": "BRÛLÉE"}))
        assert len(ids({"header": ["List-Id", "harbour"]})) == 1 == len(ids({"header": ["list-id"]}))
        assert len(ids({"after": "2024-05-02T07:15:00Z", "before": "2024-05-02T18:40:00Z"})) == 1
        assert len(ids({"hasAttachment": True, "subject": "picnic"})) == 1
        assert len(ids({"subject": "picnic"}, collapseThreads=True)) == 1
        assert len(ids({"inMailboxOtherThan": [INBOX]})) == 6
        assert len(ids({"someInThreadHaveKeyword": "$flagged", "subject": "picnic"})) == 3
        assert len(ids({"noneInThreadHaveKeyword": "$flagged", "subject": "picnic"})) == 0
        for prop in ("size", "from", "to", "subject", "sentAt"):
            assert ids(sort=[{"property": prop}]) != ids(
                sort=[{"property": prop, "isAscending": False}])
        flagged = {"property": "hasKeyword", "keyword": "$flagged", "isAscending": False}
        assert ids(sort=[flagged])[0] in ids({"hasKeyword": "$flagged"})
        state = s.call("Email/query", filter={"hasKeyword": "$new"})["queryState"]
        s.call("Email/set", update={everything[5]: {"keywords/$new": True}})
        reply = s.call("Email/queryChanges", filter={"hasKeyword": "$new"}, sinceQueryState=state)
        assert reply["added"] == [{"id": everything[5], "index": 0}]
        assert reply["removed"] == [everything[5]]
        snippet = s.call("SearchSnippet/get", filter={"body": "spoons"},
                         emailIds=ids({"body": "i have spoons"}))["list"][0]
        assert "<mark>spoons</mark>" in snippet["preview"]


def test_structure():
    with running("--sample=alice") as s:
        email = s.call("Email/query", filter={"hasAttachment": True, "subject": "picnic"})["ids"]
        one = s.call("Email/get", ids=email, fetchTextBodyValues=True, properties=[
            "bodyStructure", "bodyValues", "textBody", "attachments", "headers",
            "header:from:asAddresses", "header:To:asGroupedAddresses", "header:x-none",
            "header:References:asMessageIds", "header:date:asDate", "header:subject:asText:all",
            "header:Subject"])["list"][0]
        parts = one["bodyStructure"]["subParts"]
        assert [p["type"] for p in parts] == ["text/plain", "image/png"]
        assert one["textBody"][0]["partId"] == "1" and one["bodyValues"]["1"]["value"].startswith("10")
        picture = one["attachments"][0]
        status, _, data = s.http("GET", f"/jmap/download/{A}/{picture['blobId']}/m?type=image/png")
        assert status == 200 and data[:4] == b"\x89PNG" and len(data) == picture["size"]
        assert one["header:from:asAddresses"] == [
            {"name": "Bengt Larsson", "email": "bengt@example.net"}]
        assert one["header:To:asGroupedAddresses"][0]["addresses"][1]["name"] == "Chloé Durand"
        assert one["header:x-none"] is None and len(one["header:References:asMessageIds"]) == 2
        assert one["header:date:asDate"] == "2024-05-03T11:29:58+02:00"
        assert one["header:subject:asText:all"] == ["Re: Picnic on the island?"]
        assert one["header:Subject"] == " Re: Picnic on the island?"
        assert one["headers"][0] == {"name": "From", "value": " Bengt Larsson <bengt@example.net>"}
        parsed = s.call("Email/parse", blobIds=[s.upload(b"Subject: x\r\n\r\ny")])["parsed"]
        assert list(parsed.values())[0]["subject"] == "x"


def test_ugly_mail():
    with running() as s:
        deep = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" * 200
        for raw in (b"A:\r\n", b"Subject: \xff\xfe\r\n\r\n\xff\x80", deep, b"a:b",
                    b"From: (((((\r\nTo: a:;<\r\nDate: 99 Foo 9999 99:99\r\n\r\n",
                    b"Content-Type: multipart/mixed\r\n\r\n--\r\n",
                    b"Content-Type: text/plain; charset=x-none; name*0*=utf-8''%\r\n\r\nx",
                    b"Subject: =?utf-8?B?====?= =?utf-8?Q?=zz?= =?x?\r\n\r\n"):
            made = s.call("Email/import", emails={
                "k": {"blobId": s.upload(raw), "mailboxIds": {INBOX: True}}})["created"]["k"]
            one = s.call("Email/get", ids=[made["id"]], fetchAllBodyValues=True, properties=[
                "headers", "subject", "from", "to", "sentAt", "bodyStructure", "bodyValues",
                "preview", "hasAttachment", "textBody", "size"])["list"][0]
            assert one["size"] == len(raw)
            assert s.http("GET", f"/jmap/download/{A}/{made['blobId']}/x")[2] == raw


def test_blobs():
    with running("--share=alice:INBOX:bob:all") as s:
        blob = s.upload(b"hello world")
        status, headers, data = s.http("GET", f"/jmap/download/{A}/{blob}/x?type=text/plain",
                                       headers={"Range": "bytes=2-4"})
        assert (status, data, headers["Content-Type"]) == (206, b"llo", "text/plain")
        assert s.http("GET", f"/jmap/download/{A}/G{'0' * 40}/x")[0] == 404
        assert s.http("GET", f"/jmap/download/{B}/{blob}/x")[0] == 404
        got = s.call("Blob/get", ids=[blob, "x"], offset=6, length=100, properties=[
            "data:asText", "data:asBase64", "size", "digest:sha"])
        one = got["list"][0]
        assert one["data:asText"] == "world" and one["size"] == 11 and one["isTruncated"]
        assert base64.b64decode(one["data:asBase64"]) == b"world" and got["notFound"] == ["x"]
        made = s.call("Blob/upload", create={"k": {"type": "text/plain", "data": [
            {"data:asText": "a"}, {"data:asBase64": "/w=="},
            {"blobId": blob, "offset": 0, "length": 2}]}})["created"]["k"]
        assert made["size"] == 4
        one = s.call("Blob/get", ids=[made["id"]])["list"][0]
        assert base64.b64decode(one["data:asBase64"]) == b"a\xffhe" and one["isEncodingProblem"]
        email = s.add()
        ref = s.call("Email/get", ids=[email], properties=["blobId"])["list"][0]["blobId"]
        found = s.call("Blob/lookup", typeNames=["Email", "Mailbox"], ids=[ref])["list"][0]
        assert found["matchedIds"] == {"Email": [email], "Mailbox": [INBOX]}
        assert s.error("Blob/lookup", typeNames=["X"], ids=[ref]) == "unknownDataType"
        copied = s.call("Blob/copy", user="bob", account=B, fromAccountId=A, blobIds=[ref, "y"])
        assert copied["copied"] == {ref: ref} and copied["notCopied"]["y"]
        assert s.http("GET", f"/jmap/download/{B}/{ref}/x", user="bob")[0] == 200


def test_copy_and_sharing():
    with running() as s:
        email = s.add("shared", keywords={"$seen": True, "foo": True})
        other = s.add("private", mailbox="B000002")
        assert s.error("Email/get", user="bob", ids=[]) == "accountNotFound"
        reply = s.call("Mailbox/set", update={INBOX: {"shareWith/P-bob": {"mayReadItems": True}}})
        assert INBOX in reply["updated"]
        got = s.call("Email/get", user="bob", ids=None, properties=["keywords"])
        assert [e["id"] for e in got["list"]] == [email]
        assert got["list"][0]["keywords"] == {"foo": True}
        assert s.call("Email/get", user="bob", ids=[other])["notFound"] == [other]
        bad = s.call("Email/set", user="bob", update={email: {"keywords/$flagged": True}})
        assert bad["notUpdated"][email]["type"] == "forbidden"
        made = s.call("Email/copy", user="bob", account=B, fromAccountId=A,
                      create={"k": {"id": email, "mailboxIds": {INBOX: True}}})["created"]["k"]
        got = s.call("Email/get", user="bob", account=B, ids=[made["id"]])["list"][0]
        assert got["subject"] == "shared" and got["keywords"] == {"foo": True}
        state = s.call("Email/get", user="bob", ids=[])["state"]
        s.call("Email/set", update={email: {"mailboxIds": {"B000002": True}},
                                    other: {"mailboxIds/" + INBOX: True}})
        changes = s.call("Email/changes", user="bob", sinceState=state)
        assert (changes["created"], changes["destroyed"]) == ([other], [email])
        s.call("Mailbox/set", update={INBOX: {"shareWith": None}})
        assert s.error("Email/get", user="bob", ids=[]) == "accountNotFound"
        assert len(s.call("Principal/query", filter={"name": "BO"})["ids"]) == 1
        assert s.call("Principal/get", ids=["P-bob"])["list"][0]["email"] == "bob@example.org"
        replies = s.calls(("Email/copy", {
            "accountId": A, "fromAccountId": A, "create": {"k": {"id": email}}}))
        assert replies[0][1]["type"] == "invalidArguments"


def test_quota_and_identity():
    with running("--limit=quotaCount=2") as s:
        state = s.state("Quota")
        s.add("a")
        s.add("b")
        quotas = {q["resourceType"]: q for q in s.call("Quota/get", ids=None)["list"]}
        assert quotas["count"]["used"] == 2 == quotas["count"]["hardLimit"]
        changes = s.call("Quota/changes", sinceState=state)
        assert len(changes["updated"]) == 2 and changes["updatedProperties"] == ["used"]
        assert len(s.call("Quota/query", filter={"resourceType": "octets"})["ids"]) == 1
        reply = s.call("Email/import", emails={"k": {
            "blobId": s.upload(MESSAGE % (b"c", b"c")), "mailboxIds": {INBOX: True}}})
        assert reply["notCreated"]["k"]["type"] == "overQuota"
        assert s.call("Identity/get", ids=None)["list"][0]["email"] == "alice@example.org"


def test_quotas_of_scripts():
    with running("--limit=quotaScriptOctets=20", "--limit=quotaScriptCount=2") as s:
        ten, eleven = s.upload(b"keep; # 90"), s.upload(b"keep; # 901")
        quotas = {q["id"]: q for q in s.call("Quota/get", ids=None)["list"]}
        assert (quotas["Q000003"]["types"], quotas["Q000003"]["used"]) == (["SieveScript"], 0)
        one = s.call("SieveScript/set", create={
            "a": {"name": "one", "blobId": ten}})["created"]["a"]["id"]
        reply = s.call("SieveScript/set", create={"b": {"name": "two", "blobId": eleven}})
        assert reply["notCreated"]["b"]["type"] == "overQuota"
        s.call("SieveScript/set", create={"b": {"name": "two", "blobId": ten}})
        reply = s.call("SieveScript/set", update={one: {"blobId": eleven}})
        assert reply["notUpdated"][one]["type"] == "overQuota"
        assert one in s.call("SieveScript/set", update={one: {"blobId": ten}})["updated"]
        reply = s.call("SieveScript/set", create={"c": {"name": "three", "blobId": ten}})
        assert reply["notCreated"]["c"]["type"] == "overQuota"
        used = [q["used"] for q in s.call("Quota/get", ids=["Q000003", "Q000004"])["list"]]
        assert used == [20, 2]
        query = {"filter": {"type": "SieveScript"}, "sort": [{"property": "name"}]}
        assert s.call("Quota/query", **query)["ids"] == ["Q000003", "Q000004"]
    with running() as s:
        assert len(s.call("Quota/get", ids=None)["list"]) == 2


def test_sieve():
    with running("--limit=maxNumberScripts=2") as s:
        good = s.upload(b'require ["fileinto"];\nif header :contains "a" "b" {\n'
                        b'  fileinto "x"; # y\n} else { keep; }\n')
        assert s.call("SieveScript/validate", blobId=good)["error"] is None
        for bad in (b'keep', b'if true { keep;', b'nonsense;', b'require "x-none";', b'keep "a;',
                    b'}', b'text:', b'\xff;', b'/*', b'keep [;'):
            error = s.call("SieveScript/validate", blobId=s.upload(bad))["error"]
            assert error["type"] == "invalidSieve", bad
        reply = s.call("SieveScript/set", onSuccessActivateScript="#a", create={
            "a": {"name": "one", "blobId": good}})
        one = reply["created"]["a"]["id"]
        assert reply["updated"][one] == {"isActive": True}
        reply = s.call("SieveScript/set", create={"a": {"name": "one", "blobId": good}})
        assert reply["notCreated"]["a"]["type"] == "alreadyExists"
        reply = s.call("SieveScript/set", destroy=[one])
        assert reply["notDestroyed"][one]["type"] == "sieveIsActive"
        s.call("SieveScript/set", create={"b": {"name": "two", "blobId": good}})
        reply = s.call("SieveScript/set", create={"c": {"name": "three", "blobId": good}})
        assert reply["notCreated"]["c"]["type"] == "overQuota"
        assert s.call("SieveScript/query", filter={"isActive": True})["ids"] == [one]
        s.call("SieveScript/set", onSuccessDeactivateScript=True, update={one: {"name": "uno"}})
        assert s.call("SieveScript/get", ids=[one])["list"][0]["isActive"] is False
        assert s.call("SieveScript/set", destroy=[one])["destroyed"] == [one]


def open_stream(s, query, **headers):
    connection = http.client.HTTPConnection(s.host, timeout=10)
    auth = "Basic " + base64.b64encode(b"alice:secret").decode()
    connection.request("GET", "/jmap/eventsource/?" + query,
                       headers={"Authorization": auth, **headers})
    return connection.getresponse()


def read_event(stream):
    event = {}
    while True:
        line = stream.readline()
        if not line or line == b"\n":
            if event or not line:
                return event
        elif not line.startswith(b":"):
            key, value = line.decode().rstrip("\n").split(": ", 1)
            event[key] = value


def test_push():
    with running() as s:
        stream = open_stream(s, "types=*&closeafter=no&ping=1")
        only = open_stream(s, "types=Mailbox&closeafter=state&ping=0")
        start = time.monotonic()
        s.admin("deliver", user="alice", message="Subject: x\r\n\r\ny\r\n")
        event = read_event(stream)
        delay = time.monotonic() - start
        assert event["event"] == "state"
        changed = json.loads(event["data"])["changed"][A]
        assert changed["Email"] == s.state() and "EmailDelivery" in changed
        print(f"# push latency {delay * 1000:.1f} ms")
        assert set(json.loads(read_event(only)["data"])["changed"][A]) == {"Mailbox"}
        assert only.readline() == b""
        assert read_event(stream) == {"event": "ping", "data": '{"interval":1}'}
        s.add("missed")
        again = open_stream(s, "types=Email&closeafter=no&ping=0", **{"Last-Event-ID": event["id"]})
        assert json.loads(read_event(again)["data"])["changed"][A]["Email"] == s.state()
        assert s.admin("drop-push")["dropped"] == 2
        with contextlib.suppress(http.client.HTTPException, OSError):
            while again.readline():
                pass
    with running("--no-push") as s:
        assert open_stream(s, "types=*&closeafter=no&ping=0").status == 204


def test_faults():
    with running() as s:
        echo = [["Core/echo", {}, "0"]]
        s.faults({"on": "api", "do": "status", "status": 503, "retryAfter": 7, "skip": 1})
        assert s.request(echo)[0] == 200
        status, headers, _ = s.http("POST", "/jmap/api",
                                    json.dumps({"using": ALL, "methodCalls": echo}))
        assert status == 503 and headers["Retry-After"] == "7"
        assert s.request(echo)[0] == 200
        s.faults({"on": "api", "do": "status", "status": 401})
        assert s.request(echo)[0] == 401
        s.faults({"on": "method", "method": "Email/im*", "do": "cut-after"})
        blob = s.upload(MESSAGE % (b"lost", b"lost"))
        emails = {"k": {"blobId": blob, "mailboxIds": {INBOX: True}}}
        for kind, done in (("cut-after", 1), ("cut-before", 1), ("cut-middle", 2)):
            s.faults({"on": "method", "method": "Email/im*", "do": kind})
            try:
                s.call("Email/import", emails=emails)
                raise AssertionError("answered")
            except (http.client.HTTPException, OSError):
                pass
            assert len(s.call("Email/query")["ids"]) == done
        for kind in ("wrong-json", "truncated-json"):
            s.faults({"on": "api", "do": kind})
            try:
                s.request(echo)
                raise AssertionError("parsed")
            except json.JSONDecodeError:
                pass
        s.faults({"on": "api", "do": "deep-json"})
        assert b"[" * 100000 in s.http("POST", "/jmap/api",
                                       json.dumps({"using": ALL, "methodCalls": echo}))[2]
        s.faults({"on": "api", "do": "delay", "delay": 200})
        start = time.monotonic()
        s.request(echo)
        assert time.monotonic() - start >= 0.2
        s.faults({"on": "method", "method": "Email/get", "do": "method-error",
                  "type": "serverUnavailable"})
        assert s.error("Email/get", ids=[]) == "serverUnavailable"
        start = s.state()
        s.add("x")
        s.faults({"on": "method", "method": "Email/get", "do": "garbage-state"},
                 {"on": "method", "method": "Email/get", "do": "stale-state"})
        assert s.state() == "garbage"
        assert int(s.state().split("-")[0]) < int(start.split("-")[0])
        s.faults({"on": "method", "method": "Email/import", "do": "set-error", "object": 2,
                  "type": "overQuota"})
        reply = s.call("Email/import", emails={k: emails["k"] for k in "abc"})
        assert set(reply["created"]) == {"a", "c"}
        assert reply["notCreated"]["b"]["type"] == "overQuota"
        s.faults({"on": "upload", "do": "status", "status": 500},
                 {"on": "download", "do": "cut-middle"}, {"on": "session", "do": "wrong-json"})
        assert s.http("POST", f"/jmap/upload/{A}/", b"x")[0] == 500
        try:
            s.http("GET", f"/jmap/download/{A}/{blob}/x")
            raise AssertionError("whole")
        except http.client.IncompleteRead:
            pass
        assert s.http("GET", "/jmap/session")[2][-1:] != b"}"
        assert s.http("POST", "/admin/faults", '[{"on":"x"}]')[0] == 400


def test_admin():
    with running("--one-email-per-content", "--max-mailboxes-per-email=2") as s:
        email = s.add("a")
        s.admin("snapshot")
        old = s.state()
        reply = s.call("Email/import", emails={"k": {
            "blobId": s.upload(MESSAGE % (b"a", b"a")), "mailboxIds": {"B000002": True}}})
        assert reply["notCreated"]["k"] == {"type": "alreadyExists", "existingId": email}
        s.admin("move", user="alice", ids=[email], **{"from": "INBOX", "to": "Archive"})
        s.admin("keywords", user="alice", ids=[email], add=["$flagged"])
        got = s.call("Email/get", ids=[email], properties=["mailboxIds", "keywords"])["list"][0]
        assert got["mailboxIds"] == {"B000002": True} and got["keywords"] == {"$flagged": True}
        bad = s.call("Email/set", update={email: {
            f"mailboxIds/B00000{i}": True for i in (1, 2, 3)}})
        assert bad["notUpdated"][email]["type"] == "tooManyMailboxes"
        s.admin("expunge", user="alice", ids=[email])
        assert s.call("Email/get", ids=[email])["notFound"] == [email]
        new = s.state()
        s.admin("restore", newStates=True)
        assert s.state().split("-")[0] == old.split("-")[0]
        assert s.call("Email/get", ids=[email])["list"][0]["mailboxIds"] == {INBOX: True}
        assert s.error("Email/changes", sinceState=new) == "cannotCalculateChanges"
        stats = json.loads(s.http("GET", "/admin/stats")[2])
        assert stats["requests"] > 5 and stats["methods"]["Email/import"] == 2
        assert stats["uploads"] == 2
        assert stats["users"]["alice"]["uploads"] == 2
        s.admin("reset-stats")
        assert json.loads(s.http("GET", "/admin/stats")[2])["requests"] == 0
        s.call("Core/echo")
        assert "Core/echo" in json.loads(s.http("GET", "/admin/log")[2])[0]


def test_repeatable():
    got = []
    for _ in range(2):
        with running("--generate=alice:INBOX:50:3", "--sample=bob") as s:
            got.append(s.call("Email/get", ids=None))
    assert got[0] == got[1] and len(got[0]["list"]) == 50


def main():
    tests = [(n, f) for n, f in sorted(globals().items()) if n.startswith("test_")]
    print(f"1..{len(tests)}")
    failed = 0
    for number, (name, function) in enumerate(tests, 1):
        try:
            function()
            print(f"ok {number} - {name}", flush=True)
        except Exception:
            failed += 1
            print("# " + traceback.format_exc().replace("\n", "\n# "))
            print(f"not ok {number} - {name}", flush=True)
    return failed > 0


sys.exit(main())
