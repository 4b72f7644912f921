"""The statements that make the tables and indexes of the SQLite store, one tuple for each version of the schema.

Instants are whole milliseconds since 1970. `content`, `failure`, `options` and `attributes` are JSON bytes, and other texts
from outside are bytes too (`store.codecs`). The contents of snapshots and bodies are in frames (`store.frames`). The ids of
jobs are short (`job_columns.short`).
"""

from __future__ import annotations

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE records (
            id TEXT PRIMARY KEY NOT NULL,
            source TEXT NOT NULL,
            key TEXT NOT NULL,
            host TEXT NOT NULL,
            state TEXT NOT NULL,
            accepted_at INTEGER NOT NULL,
            requested_at INTEGER NOT NULL,
            due_at INTEGER,
            attempt INTEGER NOT NULL,
            fence INTEGER NOT NULL,
            lease TEXT,
            first_collected_at INTEGER,
            collected_at INTEGER,
            snapshots INTEGER NOT NULL,
            snapshot_id TEXT,
            failure BLOB,
            revalidate INTEGER NOT NULL DEFAULT 0
        )""",
        """CREATE TABLE snapshots (
            id TEXT PRIMARY KEY NOT NULL,
            record_id TEXT NOT NULL,
            collected_at INTEGER NOT NULL,
            body_sha256 TEXT,
            content BLOB NOT NULL
        )""",
        "CREATE TABLE bodies (sha256 TEXT PRIMARY KEY NOT NULL, bytes BLOB NOT NULL)",
        # The ledger asks only for records with a collection due, and its index has only these.
        "CREATE INDEX records_owed ON records (state, due_at) WHERE due_at IS NOT NULL",
        # One index for each filter of a listing, in its order. A status follows from two conditions; few failures among
        # a million records are found without reading the million, in all sources and in one.
        "CREATE INDEX records_listed ON records (accepted_at, id)",
        "CREATE INDEX records_of_source ON records (source, accepted_at, id)",
        "CREATE INDEX records_of_host ON records (host, accepted_at, id)",
        "CREATE INDEX records_stored ON records (accepted_at, id) WHERE snapshot_id IS NOT NULL",
        "CREATE INDEX records_unstored ON records ((state = 'failed'), accepted_at, id) WHERE snapshot_id IS NULL",
        "CREATE INDEX records_stored_of_source ON records (source, accepted_at, id) WHERE snapshot_id IS NOT NULL",
        """CREATE INDEX records_unstored_of_source ON records (source, (state = 'failed'), accepted_at, id)
            WHERE snapshot_id IS NULL""",
        # Retention asks who has many snapshots, every few seconds; most have one.
        "CREATE INDEX records_with_many ON records (snapshots) WHERE snapshots > 1",
        "CREATE INDEX snapshots_of_record ON snapshots (record_id, collected_at, id)",
        "CREATE INDEX snapshots_of_body ON snapshots (body_sha256) WHERE body_sha256 IS NOT NULL",
    ),
    # Retention asks who has many; most have one, and these are not in its index.
    ("CREATE INDEX records_of_many ON records (snapshots) WHERE snapshots > 1",),
    (
        "DROP INDEX IF EXISTS records_with_many",  # the same as `records_of_many`
        # What only jobs wait for comes after what lookups wait for.
        "ALTER TABLE records ADD COLUMN bulk INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX records_pending ON records (bulk, due_at) WHERE state = 'pending'",
        "CREATE INDEX records_running ON records (due_at) WHERE state = 'running'",
        "DROP INDEX records_owed",
        """CREATE TABLE jobs (
            id BLOB PRIMARY KEY NOT NULL,
            kind TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            file_name BLOB,
            file_size INTEGER,
            sha256 TEXT,
            options BLOB NOT NULL,
            idempotency_key BLOB,
            likeness BLOB,
            status TEXT NOT NULL,
            started_at INTEGER,
            finished_at INTEGER,
            total INTEGER,
            succeeded INTEGER NOT NULL DEFAULT 0,
            failed INTEGER NOT NULL DEFAULT 0,
            rejected INTEGER NOT NULL DEFAULT 0,
            bytes_read INTEGER NOT NULL DEFAULT 0,
            error BLOB
        )""",
        "CREATE UNIQUE INDEX jobs_of_key ON jobs (idempotency_key) WHERE idempotency_key IS NOT NULL",
        "CREATE UNIQUE INDEX jobs_alike ON jobs (likeness) WHERE likeness IS NOT NULL",  # only of unfinished ones
        "CREATE INDEX jobs_listed ON jobs (created_at, id)",
        "CREATE INDEX jobs_of_status ON jobs (status, created_at, id)",
        "CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL",
        """CREATE TABLE batches (
            job_id BLOB NOT NULL,
            number INTEGER NOT NULL,
            first_row INTEGER NOT NULL,
            last_row INTEGER NOT NULL,
            rows INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            due_at INTEGER,
            queued INTEGER NOT NULL,
            lease TEXT,
            fence INTEGER NOT NULL DEFAULT 0,
            attempt INTEGER NOT NULL DEFAULT 0,
            unlisted INTEGER NOT NULL DEFAULT 0,
            checkpoint BLOB,
            PRIMARY KEY (job_id, number)
        ) WITHOUT ROWID""",
        # `batches` of the package explains the queue.
        "CREATE INDEX batches_queued ON batches (number, due_at) WHERE queued = 1",
        "CREATE INDEX batches_waiting ON batches (due_at) WHERE queued = 0 AND due_at IS NOT NULL",
        "CREATE INDEX batches_owed ON batches (job_id, due_at) WHERE due_at IS NOT NULL",
        """CREATE TABLE outcomes (
            job_id BLOB NOT NULL,
            number INTEGER NOT NULL,
            outcome TEXT NOT NULL,
            finished_at INTEGER NOT NULL,
            record_id BLOB,
            content BLOB NOT NULL,
            PRIMARY KEY (job_id, number)
        ) WITHOUT ROWID""",
        "CREATE INDEX outcomes_of_kind ON outcomes (job_id, outcome, number)",
        """CREATE TABLE events (
            job_id BLOB NOT NULL,
            line INTEGER NOT NULL,
            timestamp INTEGER NOT NULL,
            level BLOB NOT NULL,
            service BLOB NOT NULL,
            message BLOB NOT NULL,
            attributes BLOB NOT NULL,
            trace_id BLOB,
            PRIMARY KEY (job_id, line)
        ) WITHOUT ROWID""",
        # One for each filter of a listing, in its order; each has all that a filter or a statistic asks of an event.
        "CREATE INDEX events_listed ON events (timestamp, job_id, line, level, service)",
        "CREATE INDEX events_of_job ON events (job_id, timestamp, line, level, service)",
        "CREATE INDEX events_of_level ON events (level, timestamp, job_id, line, service)",
        "CREATE INDEX events_of_service ON events (service, timestamp, job_id, line, level)",
    ),
    (
        """CREATE TABLE history (
            id TEXT PRIMARY KEY NOT NULL,
            source TEXT NOT NULL,
            key BLOB NOT NULL,
            outcome TEXT NOT NULL,
            at INTEGER NOT NULL
        )""",
        "CREATE INDEX history_listed ON history (at, id)",
        "CREATE INDEX history_of_source ON history (source, at, id)",
    ),
    (
        "CREATE INDEX jobs_of_kind ON jobs (kind, created_at, id)",
        """CREATE TABLE products (
            record_id TEXT PRIMARY KEY NOT NULL,
            feed TEXT NOT NULL,
            category TEXT,
            currency TEXT,
            price REAL NOT NULL,
            added_at INTEGER NOT NULL,
            seen_at INTEGER NOT NULL,
            changed_at INTEGER,
            content BLOB NOT NULL
        )""",
        # One for each filter of a listing, in its order; each has the price, so that a range of prices reads no product.
        "CREATE INDEX products_listed ON products (added_at, record_id, price)",
        "CREATE INDEX products_of_feed ON products (feed, added_at, record_id, price)",
        "CREATE INDEX products_of_category ON products (category, added_at, record_id, price)",
        "CREATE INDEX products_of_both ON products (feed, category, added_at, record_id, price)",
        "CREATE INDEX products_shelved ON products (category, currency, price)",
        "CREATE INDEX products_changed ON products (changed_at, record_id) WHERE changed_at IS NOT NULL",
    ),
    (
        # Traces are looked for minute by minute: an index in their order alone would be written to all over at each import.
        """CREATE INDEX events_of_trace ON events (timestamp / 60000, trace_id, timestamp, job_id, line)
            WHERE trace_id IS NOT NULL""",
        # When the events of a job were first seen: they are kept for a while from then on.
        "CREATE TABLE event_imports (job_id BLOB PRIMARY KEY NOT NULL, noted_at INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE INDEX event_imports_noted ON event_imports (noted_at)",
    ),
    (
        # Observations. `observations` and `conditions` of the package explain the tables.
        "ALTER TABLE records ADD COLUMN target_no INTEGER",
        "ALTER TABLE records ADD COLUMN indexed INTEGER",
        "ALTER TABLE records ADD COLUMN body_size INTEGER",
        "ALTER TABLE records ADD COLUMN elapsed_ms REAL",
        "CREATE INDEX records_unindexed ON records (id) WHERE indexed IS NULL",
        # With the columns of the expression, too: SQLite would look these up otherwise.
        """CREATE INDEX records_observed ON records
            (coalesce(collected_at, accepted_at), id, target_no, body_size, elapsed_ms, collected_at, accepted_at)
            WHERE target_no IS NOT NULL""",
        """CREATE TABLE observed_targets (
            no INTEGER PRIMARY KEY,
            record_id TEXT NOT NULL,
            since INTEGER NOT NULL,
            pairs BLOB NOT NULL
        )""",
        "CREATE INDEX observed_targets_since ON observed_targets (since)",
        "CREATE TABLE fields (no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, folded TEXT NOT NULL)",
        "CREATE INDEX fields_folded ON fields (folded)",
        # `value` is NULL where it is the same as `folded`.
        """CREATE TABLE field_values (
            no INTEGER PRIMARY KEY,
            field_no INTEGER NOT NULL,
            folded TEXT NOT NULL,
            value TEXT,
            number REAL,
            volatile INTEGER NOT NULL
        )""",
        "CREATE INDEX field_values_folded ON field_values (field_no, folded)",
        "CREATE INDEX field_values_number ON field_values (field_no, number) WHERE number IS NOT NULL",
        # The current ones: for each value the targets that show it, in blocks (`bitmaps` of the package).
        """CREATE TABLE postings (
            field_no INTEGER NOT NULL,
            value_no INTEGER NOT NULL,
            block INTEGER NOT NULL,
            targets BLOB NOT NULL,
            PRIMARY KEY (field_no, value_no, block)
        ) WITHOUT ROWID""",
        # Since when those hold that came after their target was known. Of most there is nothing to say.
        """CREATE TABLE observations (
            field_no INTEGER NOT NULL,
            value_no INTEGER NOT NULL,
            target_no INTEGER NOT NULL,
            since INTEGER NOT NULL,
            PRIMARY KEY (field_no, value_no, target_no)
        ) WITHOUT ROWID""",
        "CREATE INDEX observations_since ON observations (since)",
        """CREATE TABLE past_observations (
            field_no INTEGER NOT NULL,
            value_no INTEGER NOT NULL,
            target_no INTEGER NOT NULL,
            first INTEGER NOT NULL,
            last INTEGER NOT NULL,
            gone INTEGER NOT NULL,
            PRIMARY KEY (field_no, value_no, target_no, first)
        ) WITHOUT ROWID""",
        "CREATE INDEX past_observations_of_target ON past_observations (target_no, gone)",
        "CREATE INDEX past_observations_gone ON past_observations (gone)",
        "CREATE INDEX past_observations_first ON past_observations (first)",
        # Numbers of values that a process remembers hold as long as this is the same.
        "CREATE TABLE pruned_values (times INTEGER PRIMARY KEY)",
    ),
    (
        # Records that cannot be indexed: `indexed` is NULL for those that are to be, and 0 for these.
        "CREATE TABLE set_aside (record_id TEXT PRIMARY KEY NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID",
        # One row at most.
        "CREATE TABLE reindexing (begun_at INTEGER NOT NULL, marked INTEGER NOT NULL, marked_up_to TEXT)",
    ),
    # Contents and bodies are compressed from now on (`store.frames`); older ones stay as they are.
    ("ALTER TABLE bodies ADD COLUMN form INTEGER",),
    # `events.job_id` is a job's number here, from now on: it stands in six entries of each event.
    ("CREATE TABLE event_jobs (number INTEGER PRIMARY KEY, job_id BLOB NOT NULL UNIQUE)",),
    (
        # Watches. Outcomes that they are to look at: `unseen` of the package explains these columns.
        "ALTER TABLE records ADD COLUMN collections BLOB",
        "ALTER TABLE records ADD COLUMN mark INTEGER",
        "ALTER TABLE records ADD COLUMN unseen INTEGER",
        "ALTER TABLE records ADD COLUMN tagged INTEGER",
        "ALTER TABLE records ADD COLUMN unseen_since INTEGER",
        "ALTER TABLE records ADD COLUMN watched INTEGER",
        """CREATE INDEX records_unseen ON records (watched, unseen_since)
            WHERE unseen_since IS NOT NULL AND indexed = 1""",
        # Since when there has been a watch that is not paused: one row, or none while there is none.
        "CREATE TABLE watching (since INTEGER NOT NULL)",
        """CREATE TABLE watches (
            id TEXT PRIMARY KEY NOT NULL,
            name_key BLOB NOT NULL UNIQUE,
            created_at INTEGER NOT NULL,
            changed_at INTEGER NOT NULL,
            paused INTEGER NOT NULL,
            version INTEGER NOT NULL,
            content BLOB NOT NULL,
            enrolled INTEGER NOT NULL,
            enrolled_at INTEGER,
            enrolled_id TEXT,
            messages INTEGER NOT NULL DEFAULT 0,
            last_message_at INTEGER,
            due_at INTEGER,
            lease TEXT,
            fence INTEGER NOT NULL DEFAULT 0
        )""",
        "CREATE INDEX watches_listed ON watches (created_at, id)",
        "CREATE INDEX watches_due ON watches (due_at) WHERE due_at IS NOT NULL",
        """CREATE TABLE schedules (
            watch_id BLOB NOT NULL,
            record_id BLOB NOT NULL,
            due_at INTEGER NOT NULL,
            version INTEGER NOT NULL,
            PRIMARY KEY (watch_id, record_id)
        ) WITHOUT ROWID""",
        "CREATE INDEX schedules_due ON schedules (due_at)",
        # `fence` is that of the claim whose message tells it.
        """CREATE TABLE findings (
            id BLOB PRIMARY KEY NOT NULL,
            watch_id BLOB NOT NULL,
            record_id BLOB NOT NULL,
            kind TEXT NOT NULL,
            at INTEGER NOT NULL,
            fence INTEGER,
            content BLOB NOT NULL
        )""",
        "CREATE INDEX findings_of_watch ON findings (watch_id, fence, at, id)",
        """CREATE TABLE messages (
            id TEXT PRIMARY KEY NOT NULL,
            watch_id TEXT NOT NULL,
            number INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            fence INTEGER,
            findings INTEGER NOT NULL,
            targets INTEGER NOT NULL,
            groups BLOB NOT NULL,
            payload BLOB NOT NULL
        )""",
        "CREATE INDEX messages_of_watch ON messages (watch_id, created_at, id)",
        "CREATE INDEX messages_created ON messages (created_at)",
        """CREATE TABLE webhooks (
            id TEXT PRIMARY KEY NOT NULL,
            url_key BLOB NOT NULL UNIQUE,
            url BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            secrets BLOB NOT NULL,
            disabled_because BLOB,
            not_before INTEGER,
            failing_since INTEGER,
            version INTEGER NOT NULL
        )""",
        "CREATE INDEX webhooks_listed ON webhooks (created_at, id)",
        "CREATE INDEX webhooks_resting ON webhooks (not_before) WHERE not_before IS NOT NULL",
        """CREATE TABLE deliveries (
            id TEXT PRIMARY KEY NOT NULL,
            message_id TEXT NOT NULL,
            watch_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            address BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            due_at INTEGER,
            state TEXT NOT NULL,
            attempt INTEGER NOT NULL,
            lease TEXT,
            fence INTEGER NOT NULL,
            ended_at INTEGER,
            attempts BLOB NOT NULL
        )""",
        "CREATE INDEX deliveries_due ON deliveries (due_at) WHERE due_at IS NOT NULL",
        "CREATE INDEX deliveries_owed ON deliveries (address, due_at) WHERE due_at IS NOT NULL",
        # One for each filter of a listing, in its order.
        "CREATE INDEX deliveries_listed ON deliveries (created_at, id)",
        "CREATE INDEX deliveries_of_address ON deliveries (address, created_at, id)",
        "CREATE INDEX deliveries_of_message ON deliveries (message_id, created_at, id)",
        "CREATE INDEX deliveries_of_state ON deliveries (state, created_at, id)",
    ),
    # Keys. A name is taken while its key is not revoked.
    (
        """CREATE TABLE keys (
            id TEXT PRIMARY KEY NOT NULL,
            digest BLOB NOT NULL UNIQUE,
            name BLOB NOT NULL,
            name_key BLOB NOT NULL,
            content BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER,
            revoked_at INTEGER,
            last_used_at INTEGER,
            last_used_address BLOB
        )""",
        "CREATE UNIQUE INDEX keys_named ON keys (name_key) WHERE revoked_at IS NULL",
        "CREATE INDEX keys_listed ON keys (created_at, id)",
        "CREATE INDEX keys_usable ON keys (expires_at) WHERE revoked_at IS NULL",
        "CREATE TABLE secrets (name TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL)",
    ),
    (
        # Whose work it is: "" without a key. Owners take turns, so the indexes of what can be claimed begin with them.
        "ALTER TABLE records ADD COLUMN owner TEXT NOT NULL DEFAULT ''",
        "DROP INDEX records_pending",
        "CREATE INDEX records_pending ON records (owner, bulk, due_at) WHERE state = 'pending'",
        "DROP INDEX records_running",
        "CREATE INDEX records_running ON records (owner, due_at) WHERE state = 'running'",
        "ALTER TABLE jobs ADD COLUMN owner TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE batches ADD COLUMN owner TEXT NOT NULL DEFAULT ''",
        "DROP INDEX batches_queued",
        "CREATE INDEX batches_queued ON batches (owner, number, due_at) WHERE queued = 1",
    ),
    # When one that had ended was sent again.
    ("ALTER TABLE deliveries ADD COLUMN again_at INTEGER",),
    # The audit. `noun` is what an action begins with; there is one index for each filter, in the order of a listing.
    (
        """CREATE TABLE audit (
            id TEXT PRIMARY KEY NOT NULL,
            at INTEGER NOT NULL,
            action TEXT NOT NULL,
            noun TEXT NOT NULL,
            target BLOB NOT NULL,
            outcome TEXT NOT NULL,
            request_id TEXT NOT NULL,
            address TEXT NOT NULL,
            key_id TEXT,
            key_name BLOB,
            user BLOB
        )""",
        "CREATE INDEX audit_listed ON audit (at, id)",
        "CREATE INDEX audit_of_key ON audit (key_id, at, id) WHERE key_id IS NOT NULL",
        "CREATE INDEX audit_of_address ON audit (address, at, id)",
        "CREATE INDEX audit_of_noun ON audit (noun, at, id)",
        "CREATE INDEX audit_of_action ON audit (action, at, id)",
    ),
    # What waits longest, whosever it is: so nobody looks at each owner whose work pauses.
    ("CREATE INDEX records_due ON records (bulk, due_at) WHERE state = 'pending'",),
    # How many collections ended in each hour. `code` is that of their failure, '' if they were stored.
    (
        """CREATE TABLE activity (
            at INTEGER NOT NULL,
            source TEXT NOT NULL,
            code TEXT NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (at, source, code)
        ) WITHOUT ROWID""",
    ),
    # Policies. `document` is JSON.
    (
        """CREATE TABLE policies (
            id TEXT PRIMARY KEY NOT NULL,
            created_at INTEGER NOT NULL,
            changed_at INTEGER NOT NULL,
            document BLOB NOT NULL
        )""",
        "CREATE INDEX policies_listed ON policies (created_at, id)",
    ),
    # The index of captures. `urlkey` is '' where a record is of no webpage, and NULL where an older version wrote it.
    (
        "ALTER TABLE records ADD COLUMN urlkey TEXT",
        "CREATE INDEX records_of_urlkey ON records (urlkey, id) WHERE urlkey > ''",
        "CREATE INDEX records_nameless ON records (id) WHERE urlkey IS NULL",
    ),
    # What snapshots name besides their bodies. It is kept among the bodies; `sha256` is the 32 bytes.
    (
        """CREATE TABLE attachments (
            sha256 BLOB NOT NULL,
            snapshot_id TEXT NOT NULL,
            PRIMARY KEY (sha256, snapshot_id)
        ) WITHOUT ROWID""",
        "CREATE INDEX attachments_of_snapshot ON attachments (snapshot_id)",
    ),
    # What policies say is indexed from now on: all records are to be indexed again.
    (
        "DELETE FROM reindexing",
        """INSERT INTO reindexing (begun_at, marked, marked_up_to)
            SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), 0, '' WHERE EXISTS (SELECT 1 FROM records)""",
    ),
    # The texts of values, put together (`value_texts` of the package), of the chunks of numbers below one.
    (
        """CREATE TABLE value_texts (
            chunk INTEGER NOT NULL,
            field_no INTEGER NOT NULL,
            numbers TEXT NOT NULL,
            texts BLOB NOT NULL,
            PRIMARY KEY (field_no, chunk)
        )""",
        "CREATE INDEX value_texts_of_chunk ON value_texts (chunk)",
        "CREATE TABLE gathered_values (below INTEGER NOT NULL)",
        "INSERT INTO gathered_values (below) VALUES (0)",
        # A range of prices that few products have.
        "CREATE INDEX products_priced ON products (price, added_at, record_id, feed, category)",
    ),
)
