# SPDX-License-Identifier: LGPL-2.1-or-later
"""The fixed commands of the differential test: INBOX with 30 messages is selected.

What they change they change on both sides alike, and the order matters. A command is a text, or
its parts with literals among them.
"""

from .imap import Lit

SETS = ['1', '30', '*', '1:3', '3:1', '2,4,6', '5:*', '*:28', '1,1,1', '30:*', '1:30', '29,1:2']

ITEMS = ['FLAGS', 'UID', 'INTERNALDATE', 'RFC822.SIZE', 'ENVELOPE', 'BODY', 'BODYSTRUCTURE', 'FAST',
         'ALL', 'FULL', '(FLAGS)', '(FLAGS UID)', '(UID FLAGS UID)', '(flags Uid envelope)',
         'RFC822.HEADER', 'BODY.PEEK[]', 'BODY.PEEK[HEADER]', 'BODY.PEEK[TEXT]', 'BODY.PEEK[1]',
         'BODY.PEEK[1.MIME]', 'BODY.PEEK[2]', 'BODY.PEEK[9]', 'BODY.PEEK[HEADER.FIELDS (SUBJECT)]',
         'BODY.PEEK[HEADER.FIELDS (subject "From")]', 'BODY.PEEK[HEADER.FIELDS (X-None)]',
         'BODY.PEEK[HEADER.FIELDS.NOT (Received Date)]', 'BODY.PEEK[]<0.10>', 'BODY.PEEK[]<5.1>',
         'BODY.PEEK[]<1000000.10>', 'BODY.PEEK[TEXT]<0.99999>', 'BODY.PEEK[HEADER]<3.7>',
         'BODY.PEEK[1]<2.2>', 'BINARY.PEEK[1]', 'BINARY.PEEK[1]<0.5>', 'BINARY.SIZE[1]',
         'body.peek[header.fields (DATE)]<0.4>']

BAD_FETCH = ['FETCH', 'FETCH 1', 'FETCH 1 ()', 'FETCH 1 BOGUS', 'FETCH 1 (FLAGS', 'FETCH 1 FLAGS)',
             'FETCH x FLAGS', 'FETCH 1: FLAGS', 'FETCH 1,, FLAGS', 'FETCH 1 BODY[', 'FETCH 1 BODY[]<1>',
             'FETCH 1 BODY[HEADER.FIELDS]', 'FETCH 1 BODY[HEADER.FIELDS ()]', 'FETCH 1 BODY[BOGUS]',
             'FETCH 1 BODY[]<0.0>', 'FETCH 1 BODY.PEEK', 'FETCH 1 (ALL)', 'FETCH 1 FLAGS UID',
             'UID FETCH', 'UID BOGUS 1', 'FETCH 1  FLAGS', 'FETCH 1 FLAGS ']

KEYS = ['ALL', 'ANSWERED', 'UNANSWERED', 'SEEN', 'UNSEEN', 'FLAGGED', 'UNFLAGGED', 'DELETED',
        'UNDELETED', 'DRAFT', 'UNDRAFT', 'KEYWORD project-x', 'KEYWORD PROJECT-X',
        'UNKEYWORD project-x', 'KEYWORD nobody-has', 'UNKEYWORD nobody-has', '1', '1:5', '*', '5:*',
        '1,3,5', '30:*', 'UID <u3>', 'UID <u1>:<u4>', 'UID <u*>', 'UID <u*>:*', 'UID 1:*',
        'SUBJECT message', 'SUBJECT "Message 3"', 'SUBJECT zzzz', 'SUBJECT ""', 'FROM person',
        'FROM "p5@example.org"', 'FROM Person', 'TO alice', 'TO "alice@example.net"', 'CC x',
        'BCC x', 'HEADER Message-ID "m5.5@example.org"', 'HEADER X-None ""', 'HEADER Subject ""',
        'HEADER subject about', 'BODY zzzzzz', 'BODY content-type', 'TEXT zzzzzz', 'TEXT "Message 12"', 'TEXT example.org',
        'BODY "example.org"', 'LARGER 1000', 'SMALLER 1000', 'LARGER 0', 'SMALLER 0',
        'LARGER 2000000000', 'BEFORE 5-Jan-2024', 'ON 5-Jan-2024', 'SINCE 5-Jan-2024',
        'BEFORE "05-Jan-2024"', 'ON 05-Jan-2024', 'SINCE 1-Feb-2024', 'SENTBEFORE 5-Jan-2023',
        'SENTON 5-Jan-2023', 'SENTSINCE 5-Jan-2023', 'SENTON 1-Jan-1990', 'NOT SEEN', 'NOT NOT SEEN',
        'NOT (SEEN FLAGGED)', 'OR SEEN FLAGGED', 'OR OR SEEN FLAGGED ANSWERED', 'OR (SEEN 1:9) NOT 3:*',
        '(SEEN)', '((SEEN) (FLAGGED))', 'SEEN FLAGGED', 'SEEN UNSEEN', '1:10 NOT 2:5 SUBJECT message',
        'UNSEEN SUBJECT 1', 'OR SUBJECT "Message 1" SUBJECT "Message 2"', 'YOUNGER 100',
        'OLDER 100', 'CHARSET UTF-8 SUBJECT message', 'CHARSET US-ASCII SUBJECT message',
        'charset iso-8859-1 subject Message', 'CHARSET X-NO-SUCH SUBJECT message', 'SUBJECT message 1:3']

BAD_SEARCH = ['SEARCH', 'SEARCH BOGUS', 'SEARCH NOT', 'SEARCH OR SEEN', 'SEARCH (', 'SEARCH ()',
              'SEARCH (SEEN', 'SEARCH SEEN)', 'SEARCH SUBJECT', 'SEARCH BEFORE', 'SEARCH BEFORE x',
              'SEARCH BEFORE 32-Jan-2024', 'SEARCH LARGER x', 'SEARCH UID', 'SEARCH KEYWORD',
              'SEARCH HEADER Subject', 'SEARCH RETURN (BOGUS) ALL', 'SEARCH RETURN ALL', 'SEARCH SEEN ',
              'SEARCH CHARSET', 'SEARCH CHARSET UTF-8', 'SEARCH ON 5-Foo-2024', 'SEARCH YOUNGER 0']

RETURNS = ['()', '(ALL)', '(MIN)', '(MAX)', '(COUNT)', '(MIN MAX)', '(ALL COUNT)', '(COUNT MIN ALL MAX)',
           '(min Max)', '(ALL ALL)']

LISTS = ['"" "*"', '"" "%"', '"" ""', '"" INBOX', '"" inbox', '"" Wo%', '"" "W*k"', '"" nothing',
         '"" "Work%"', '"" "Work/%"', '"Work/" "%"', '"" "*o*"', '"" "%/%"', '"" "*%"', '"" "%*"',
         '"" ("INBOX" "Sent")', '"" (Work "Work*" "%")', '"Work" "*"', '"W" "ork"', '"" "%%%"']

EXTENDED = ['(SUBSCRIBED) "" "*"', '(SUBSCRIBED) "" "%"', '() "" "*"', '(REMOTE) "" "*"',
            '(SUBSCRIBED REMOTE) "" "*"', '(SUBSCRIBED RECURSIVEMATCH) "" "%"',
            '(RECURSIVEMATCH) "" "*"', '(SPECIAL-USE) "" "*"', '(BOGUS) "" "*"',
            '"" "*" RETURN (SUBSCRIBED)', '"" "*" RETURN (CHILDREN)', '"" "%" RETURN ()',
            '"" "*" RETURN (SPECIAL-USE)', '"" "*" RETURN (SUBSCRIBED CHILDREN)',
            '"" "*" RETURN (STATUS (MESSAGES UNSEEN))', '"" "*" RETURN (BOGUS)',
            '(SUBSCRIBED) "" "*" RETURN (STATUS (MESSAGES))', '"" Work RETURN (STATUS (SIZE))',
            '(SUBSCRIBED) "" ("W*" Sent)', '"" "" RETURN (CHILDREN)']

STATUSES = ['(MESSAGES)', '(UNSEEN)', '(UIDNEXT)', '(UIDVALIDITY)', '(RECENT)', '(SIZE)',
            '(MESSAGES UNSEEN UIDNEXT UIDVALIDITY)', '(messages)', '(MESSAGES MESSAGES)', '()',
            '(BOGUS)', 'MESSAGES']

STORES = ['1 +FLAGS (\\Seen)', '1 -FLAGS (\\Seen)', '1 FLAGS (\\Seen)', '1 FLAGS ()',
          '1:3 +FLAGS (\\Flagged)', '1:3 +FLAGS.SILENT (\\Flagged)', '2 +FLAGS \\Answered',
          '2 +FLAGS \\Answered \\Draft', '2 -FLAGS (\\Answered \\Draft)', '3 +FLAGS (one two)',
          '3 +FLAGS (ONE)', '3 -FLAGS (one)', '3 -FLAGS (nobody-has)', '3 FLAGS.SILENT (two)',
          '4 +flags (\\deleted)', '4 -FLAGS (\\Deleted)', '4 FLAGS (\\SEEN \\seen)', '1:* -FLAGS (x)',
          '* +FLAGS ($Forwarded)', '5 +FLAGS ($MDNSent $Junk)', '5 -FLAGS ($Junk)', '6 +FLAGS ()',
          '6 BOGUS (\\Seen)', '6 +FLAGS', '6 +FLAGS (', '6 +FLAGS (\\Recent)', '6 +FLAGS (\\*)',
          'x +FLAGS (\\Seen)', '6 FLAGS (\\Bogus)']

MAILBOXES = ['CREATE', 'CREATE INBOX', 'CREATE inbox', 'CREATE Work', 'CREATE ""', 'CREATE fixed',
             'CREATE fixed', 'CREATE fixed/below', 'LIST "" "fixed*"', 'LIST "" "fixed/%"',
             'STATUS fixed (MESSAGES UNSEEN)', 'RENAME fixed/below fixed/other', 'LIST "" "fixed*"',
             'RENAME fixed/nothing fixed/x', 'RENAME fixed/other Work', 'RENAME fixed moved',
             'LIST "" "fixed*"', 'LIST "" "moved*"', 'RENAME moved', 'RENAME', 'DELETE nothing',
             'DELETE INBOX', 'DELETE moved/other', 'DELETE moved', 'LIST "" "moved*"', 'DELETE',
             'CREATE "with space"', 'LIST "" "with*"', 'DELETE "with space"', 'CREATE "Caf&AOk-"',
             'LIST "" "Caf%"', 'STATUS "Caf&AOk-" (MESSAGES)', 'LIST "" "Caf&AOk-"',
             'DELETE "Caf&AOk-"', 'CREATE "&-x"', 'LIST "" "&-%"', 'DELETE "&-x"', 'CREATE "a/"',
             'LIST "" "a%"', 'DELETE a', 'CREATE "bad&"', 'LIST "" "bad*"',
             'SUBSCRIBE Work', 'LSUB "" "*"', 'LSUB "" "%"', 'LSUB "" "Work"', 'LIST (SUBSCRIBED) "" "W*"',
             'SUBSCRIBE Work', 'UNSUBSCRIBE Work', 'LSUB "" "W*"', 'UNSUBSCRIBE Work', 'SUBSCRIBE',
             'UNSUBSCRIBE', 'LSUB "" ""', 'LSUB', 'STATUS nothing (MESSAGES)', 'STATUS', 'NAMESPACE',
             'NAMESPACE x', 'CREATE tree', 'CREATE tree/a', 'CREATE tree/a/b', 'RENAME tree grove',
             'LIST "" "tree*"', 'LIST "" "grove*"', 'LIST "" "grove/%"', 'DELETE grove/a/b',
             'DELETE grove/a', 'DELETE grove', 'LIST "" "*"']

OTHERS = ['NOOP', 'CHECK', 'NOOP x', 'BOGUS', 'CAPABILITY x', 'EXPUNGE', 'EXPUNGE x', 'UID EXPUNGE',
          'UID EXPUNGE 1:*', 'UID EXPUNGE <u*>', 'COPY', 'COPY 1', 'COPY 1 nowhere', 'COPY x Work',
          'UID COPY <u*> Work', 'UID COPY <u1> nowhere', 'MOVE 1 nowhere', 'MOVE', 'UID MOVE <u*> Work',
          'LOGIN a b', 'STARTTLS', 'AUTHENTICATE PLAIN', 'SELECT', 'EXAMINE', 'ID NIL', 'ID',
          'ID ("name" "x")', 'UID', 'ENABLE', 'LIST', 'LIST ""', 'APPEND', 'APPEND Work', 'CLOSE x',
          'UNSELECT x', 'IDLE x', 'DELETE "', 'STORE', 'STORE 1']

COMMANDS = (
    ['FETCH %s (FLAGS)' % s for s in SETS] + ['UID FETCH <u%d>:<u%d> FLAGS' % p
                                             for p in ((1, 3), (3, 1), (30, 30))]
    + ['UID FETCH %s (FLAGS)' % s for s in ('<u*>', '<u2>,<u*>', '<u*>:*', '1:*', '*')]
    + ['FETCH 1,6,11 ' + item for item in ITEMS] + ['UID FETCH <u6> ' + item for item in ITEMS]
    + BAD_FETCH
    + ['SEARCH ' + key for key in KEYS] + ['UID SEARCH ' + key for key in KEYS]
    + ['SEARCH NOT ' + key for key in KEYS if 'CHARSET' not in key.upper()]
    + [('SEARCH SUBJECT ', Lit(b'message', sync=True)), ('SEARCH CHARSET UTF-8 SUBJECT ', Lit(b'Message 1')),
       ('SEARCH OR FROM ', Lit(b'p1@'), ' TO ', Lit(b'alice'))]
    + BAD_SEARCH
    + ['%s RETURN %s %s' % (c, r, k) for r in RETURNS for c in ('SEARCH', 'UID SEARCH')
       for k in ('SEEN', 'KEYWORD nobody-has')]
    + ['LIST ' + text for text in LISTS] + ['LSUB ' + text for text in LISTS if '(' not in text]
    + ['LIST ' + text for text in EXTENDED]
    + ['STATUS %s %s' % (box, items) for items in STATUSES for box in ('Work', 'INBOX')]
    + ['STORE ' + text for text in STORES] + ['FETCH 1:6 FLAGS']
    + MAILBOXES + OTHERS + ['FETCH 1:* (FLAGS)'])
