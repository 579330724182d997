// The least that does the same job: an ordered log on a hub, replicas that keep working without it, every
// acknowledged memory on disk on all three sides, found by full-text search. No merging, no accounts, no
// rights, no recovery. What memsync takes beyond this is the price of those.
//
//   node floor.mjs hub FILE PORT          prints a line once it listens
//   node floor.mjs replica FILE           one JSON request per line: {id, method, params} -> {id, result}

import http from 'node:http';
import readline from 'node:readline';
import { DatabaseSync } from 'node:sqlite';

const k_batch = 1000;
const k_indexed_at_once = 100; // more rows than this in one event are indexed after they are readable

const [role, file, port] = process.argv.slice(2);
const database = new DatabaseSync(file);
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');

function in_transaction(work) {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

async function read_body(stream) {
  let text = '';
  for await (const piece of stream.setEncoding('utf8')) text += piece;
  return text;
}

function serve_hub() {
  database.exec('CREATE TABLE log (sequence INTEGER PRIMARY KEY, id TEXT UNIQUE, title TEXT, content TEXT)');
  const append = database.prepare('INSERT OR IGNORE INTO log (id, title, content) VALUES (?, ?, ?)');
  const page = database.prepare('SELECT * FROM log WHERE sequence > ? ORDER BY sequence LIMIT ?');
  const streams = new Map(); // response -> last sequence written

  function pump() {
    for (const [response, position] of streams) {
      for (let after = position, rows; (rows = page.all(after, k_batch)).length > 0; ) {
        after = rows.at(-1).sequence;
        response.write(`data: ${JSON.stringify(rows)}\n\n`);
        streams.set(response, after);
      }
    }
  }

  async function answer(request, response) {
    const url = new URL(request.url, 'http://hub');
    if (url.pathname === '/push') {
      const rows = JSON.parse(await read_body(request));
      in_transaction(() => rows.forEach((row) => append.run(row.id, row.title, row.content)));
      response.end('{}');
      pump();
    } else {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      streams.set(response, Number(url.searchParams.get('after')));
      request.on('close', () => streams.delete(response));
      pump();
    }
  }

  const server = http.createServer(answer);
  server.listen(Number(port), '127.0.0.1', () => console.log('listening'));
}

function serve_replica() {
  database.exec(`
    CREATE TABLE memory (row INTEGER PRIMARY KEY, id TEXT UNIQUE, title TEXT, content TEXT);
    CREATE VIRTUAL TABLE words USING fts5(title, content, tokenize = 'porter unicode61');
    CREATE TABLE outbox (id TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE mark (cursor INTEGER, indexed INTEGER);
    INSERT INTO mark VALUES (0, 0);`);
  const insert = database.prepare('INSERT OR IGNORE INTO memory (id, title, content) VALUES (?, ?, ?)');
  const queue = database.prepare('INSERT INTO outbox VALUES (?)');
  const settle = database.prepare('DELETE FROM outbox WHERE id = ?');
  const unsent = database.prepare('SELECT memory.* FROM outbox JOIN memory USING (id) ORDER BY row LIMIT ?');
  const advance = database.prepare('UPDATE mark SET cursor = ?');
  const mark = database.prepare('SELECT * FROM mark');
  const index = database.prepare(
    `INSERT INTO words (rowid, title, content)
     SELECT row, title, content FROM memory WHERE row > ? AND row <= ?`,
  );
  const note_indexed = database.prepare('UPDATE mark SET indexed = ?');
  const find = database.prepare(`SELECT id, memory.title, bm25(words, 3, 1) AS score
    FROM words JOIN memory ON row = words.rowid WHERE words MATCH ? ORDER BY bm25(words, 3, 1) LIMIT ?`);
  const count = database.prepare('SELECT count(*) AS n FROM memory');
  const pending = database.prepare('SELECT count(*) AS n FROM outbox');
  const agent = new http.Agent({ keepAlive: true });
  let hub = null;
  let is_pushing = false;

  const last_row = () => database.prepare('SELECT coalesce(max(row), 0) AS n FROM memory').get().n;

  /// Indexes the next rows, at most `limit`; true when some are left.
  function index_some(limit) {
    const from = mark.get().indexed;
    const to = Math.min(last_row(), from + limit);
    index.run(from, to);
    note_indexed.run(to);
    return to < last_row();
  }

  function index_rest() {
    if (in_transaction(() => index_some(k_batch))) setImmediate(index_rest);
  }

  function store(rows, is_own) {
    in_transaction(() => {
      for (const row of rows) {
        insert.run(row.id, row.title, row.content);
        if (is_own) queue.run(row.id);
        else settle.run(row.id);
      }
      if (!is_own) advance.run(rows.at(-1).sequence);
      if (rows.length <= k_indexed_at_once) index_some(k_indexed_at_once);
    });
    if (rows.length > k_indexed_at_once) setImmediate(index_rest);
  }

  function push() {
    if (!hub || is_pushing) return;
    const rows = unsent.all(k_batch);
    if (rows.length === 0) return;
    is_pushing = true;
    const request = http.request(`${hub}/push`, { method: 'POST', agent }, async (response) => {
      await read_body(response);
      in_transaction(() => rows.forEach((row) => settle.run(row.id)));
      is_pushing = false;
      push();
    });
    request.end(JSON.stringify(rows));
  }

  function listen() {
    http.get(`${hub}/stream?after=${mark.get().cursor}`, async (response) => {
      let text = '';
      for await (const piece of response.setEncoding('utf8')) {
        const events = (text + piece).split('\n\n');
        text = events.pop();
        for (const event of events) store(JSON.parse(event.slice('data: '.length)), false);
      }
    });
  }

  const methods = {
    connect({ url }) {
      hub = url;
      listen();
      push();
      return {};
    },
    remember(row) {
      store([row], true);
      setImmediate(push);
      return { id: row.id };
    },
    load({ rows }) {
      store(rows, true);
      return {};
    },
    search({ query, limit }) {
      const words = [...new Set(query.match(/[\p{L}\p{N}]+/gu))].map((word) => `"${word}"`);
      return { results: find.all(words.join(' OR '), limit) };
    },
    state: () => ({
      memories: count.get().n,
      pending: pending.get().n,
      not_indexed: last_row() - mark.get().indexed,
    }),
  };
  readline.createInterface({ input: process.stdin }).on('line', (line) => {
    const { id, method, params } = JSON.parse(line);
    process.stdout.write(`${JSON.stringify({ id, result: methods[method](params) })}\n`);
  }).on('close', () => process.exit(0));
}

if (role === 'hub') serve_hub();
else serve_replica();
