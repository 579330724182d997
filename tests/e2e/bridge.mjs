#!/usr/bin/env node
// Carries MCP between Streamable HTTP and a stdio server, for test programs that only speak HTTP.
//
//   node bridge.mjs PORT COMMAND [ARGUMENT...]       endpoint: http://127.0.0.1:PORT/mcp
//
// PORT 0 takes a free one; the first line on stdout is the endpoint. The bridge adds only what HTTP
// itself requires (sessions, status codes, checks of headers): every JSON-RPC answer is the server's own.
//
// Revisions up to 2025-11-25 have sessions: each `initialize` starts a process of its own, named by
// Mcp-Session-Id. From 2026-07-28 on requests are independent: they share one process.

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import readline from 'node:readline';

const k_protocol_version = 'io.modelcontextprotocol/protocolVersion';
const k_client_capabilities = 'io.modelcontextprotocol/clientCapabilities';
const k_subscription_id = 'io.modelcontextprotocol/subscriptionId';
const k_first_stateless_revision = '2026-07-28';

const k_parse_error = -32700;
const k_invalid_request = -32600;
const k_method_not_found = -32601;
const k_invalid_params = -32602;
const k_internal_error = -32603;
const k_header_mismatch = -32020;
const k_missing_capability = -32021;
const k_unsupported_version = -32022;

const k_bad_request_errors = [
  k_invalid_request,
  k_invalid_params,
  k_header_mismatch,
  k_missing_capability,
  k_unsupported_version,
];
const k_local_hosts = ['127.0.0.1', 'localhost', '[::1]'];

const [port, command, ...command_arguments] = process.argv.slice(2);
if (command === undefined) {
  console.error('usage: node bridge.mjs PORT COMMAND [ARGUMENT...]');
  process.exit(2);
}

const is_request = (message) => message.method !== undefined && message.id !== undefined;
const is_answer = (message) => message.method === undefined && message.id !== undefined;
const meta_of = (message) => message.params?._meta;

function send_json(response, status, message) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(message));
}

function refuse(response, status, code, message, id = null) {
  send_json(response, status, { jsonrpc: '2.0', id, error: { code, message } });
}

function start_event_stream(response) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
}

function write_event(response, message) {
  response.write(`data: ${JSON.stringify(message)}\n\n`);
}

/** Independent requests report errors by HTTP status too; in a session the status is always 200. */
function status_of(answer, is_stateless) {
  const code = answer.error?.code;
  if (!is_stateless || code === undefined) return 200;
  if (code === k_method_not_found) return 404;
  return k_bad_request_errors.includes(code) ? 400 : 200;
}

/**
 * One request of a client, waiting for its answer. The answer is plain JSON, unless the server sends
 * something before it: then the response is an event stream that ends with the answer.
 */
class PendingRequest {
  constructor(message, response, is_stateless) {
    this.client_id = message.id;
    this.progress_token = meta_of(message)?.progressToken;
    this.is_subscription = message.method === 'subscriptions/listen';
    this.response = response;
    this.is_stateless = is_stateless;
  }

  send(message) {
    if (!this.response.headersSent) start_event_stream(this.response);
    write_event(this.response, message);
  }

  finish(answer) {
    if (!this.response.headersSent) {
      send_json(this.response, status_of(answer, this.is_stateless), answer);
      return;
    }
    write_event(this.response, answer);
    this.response.end();
  }

  /** Ends the response when no answer can come any more. */
  abandon() {
    if (this.response.headersSent) {
      this.response.end();
    } else {
      refuse(this.response, 502, k_internal_error, 'the server process has ended', this.client_id);
    }
  }
}

/**
 * One server process. Several clients may share it and choose the same request ids, so that requests
 * travel under ids of the bridge (`b1`, `b2`, ...) and answers get the client's id back.
 */
class ServerProcess {
  constructor() {
    this.has_ended = false;
    this.pending = new Map(); // id of the bridge -> PendingRequest
    this.next_id = 1;
    this.listener = null; // the response of the session's GET, for messages that belong to no request
    this.process = spawn(command, command_arguments, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.process.on('error', (error) => this.end(error.message));
    this.process.on('exit', () => this.end('exit'));
    this.process.stdin.on('error', () => {}); // it ended: reported by 'exit'
    readline.createInterface({ input: this.process.stdout }).on('line', (line) => this.receive(line));
  }

  end(reason) {
    if (reason !== 'exit') console.error(`bridge: cannot start ${command}: ${reason}`);
    this.has_ended = true;
    for (const request of this.pending.values()) request.abandon();
    this.pending.clear();
  }

  write(message) {
    this.process.stdin.write(`${JSON.stringify(message)}\n`);
  }

  forward(message, response, is_stateless) {
    const request = new PendingRequest(message, response, is_stateless);
    if (this.has_ended) {
      request.abandon();
      return;
    }
    const id = `b${this.next_id++}`;
    this.pending.set(id, request);
    response.on('close', () => {
      if (!this.pending.delete(id)) return; // it was answered
      this.write({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } });
    });
    this.write({ ...message, id });
  }

  receive(line) {
    let message;
    try {
      message = JSON.parse(line);
    } catch {
      console.error('bridge: the server wrote a line that is not JSON:', line.slice(0, 200));
      return;
    }
    if (is_answer(message)) {
      this.deliver_answer(message);
    } else if (message.method === undefined) {
      console.error('bridge: the server answered without an id:', line.slice(0, 200));
    } else {
      this.deliver_message(message);
    }
  }

  deliver_answer(answer) {
    const request = this.pending.get(answer.id);
    if (request === undefined) return; // cancelled meanwhile
    this.pending.delete(answer.id);
    answer.id = request.client_id;
    restore_subscription_id(answer.result, request.client_id);
    request.finish(answer);
  }

  /** A request or notification of the server goes out on the response of the request that caused it. */
  deliver_message(message) {
    const request = this.find_cause(message);
    if (request !== undefined) {
      restore_subscription_id(message.params, request.client_id);
      request.send(message);
    } else if (this.listener !== null) {
      write_event(this.listener, message);
    }
  }

  find_cause(message) {
    const subscription = meta_of(message)?.[k_subscription_id];
    if (subscription !== undefined) return this.pending.get(subscription);
    const requests = [...this.pending.values()];
    const token = message.params?.progressToken;
    if (token !== undefined) return requests.find((request) => request.progress_token === token);
    // Nothing names the cause: the latest call that is not a subscription is the likeliest.
    return requests.filter((request) => !request.is_subscription).pop();
  }
}

/** A subscription is named by the id of its request, which the server knows under the bridge's id. */
function restore_subscription_id(container, client_id) {
  const meta = container?._meta;
  if (meta && k_subscription_id in meta) meta[k_subscription_id] = client_id;
}

const sessions = new Map(); // Mcp-Session-Id -> ServerProcess
let stateless_server = null;

/** Guards against DNS rebinding: only local names may be asked for, and only by local pages. */
function is_local(request) {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  if (!k_local_hosts.includes(host)) return false;
  const origin = request.headers.origin;
  if (origin === undefined) return true;
  return URL.canParse(origin) && k_local_hosts.includes(new URL(origin).hostname);
}

function read_body(request) {
  return new Promise((resolve) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
  });
}

function end_session(session_id, response) {
  const server = sessions.get(session_id);
  if (server === undefined) return refuse(response, 404, k_invalid_request, 'no such session');
  server.process.stdin.end();
  sessions.delete(session_id);
  response.writeHead(200);
  return response.end();
}

function listen_to_session(session_id, response) {
  const server = sessions.get(session_id);
  if (server === undefined) {
    return refuse(response, session_id ? 404 : 405, k_invalid_request, 'no such session');
  }
  start_event_stream(response);
  response.write(': open\n\n');
  server.listener = response;
  return response.on('close', () => {
    if (server.listener === response) server.listener = null;
  });
}

/**
 * The stateless revision repeats its version in a header, and a request without its `_meta` is
 * refused at the HTTP layer, which stdio does not have. PASS_META=1 leaves the latter to the server.
 */
function find_header_fault(message, header_version) {
  const meta = meta_of(message);
  const version = meta?.[k_protocol_version];
  if (version !== undefined && header_version !== version) {
    const text = header_version === undefined ? 'MCP-Protocol-Version header missing' : 'Header mismatch';
    return [k_header_mismatch, text];
  }
  const capabilities = meta?.[k_client_capabilities];
  const is_complete =
    typeof version === 'string' && typeof capabilities === 'object' && capabilities !== null;
  if (!is_complete && !process.env.PASS_META) return [k_invalid_params, 'Invalid _meta envelope'];
  return null;
}

function post_stateless(message, header_version, response) {
  const fault = is_request(message) ? find_header_fault(message, header_version) : null;
  if (fault !== null) return refuse(response, 400, ...fault, message.id);
  if (stateless_server === null || stateless_server.has_ended) stateless_server = new ServerProcess();
  if (is_request(message)) return stateless_server.forward(message, response, true);
  stateless_server.write(message);
  response.writeHead(202);
  return response.end();
}

function post_in_session(message, session_id, response) {
  if (message.method === 'initialize') {
    const server = new ServerProcess();
    const new_session_id = randomUUID();
    sessions.set(new_session_id, server);
    response.setHeader('mcp-session-id', new_session_id);
    return server.forward(message, response, false);
  }
  const server = sessions.get(session_id);
  if (server === undefined) {
    const [status, text] = session_id ? [404, 'no such session'] : [400, 'Mcp-Session-Id missing'];
    return refuse(response, status, k_invalid_request, text, message.id ?? null);
  }
  if (is_request(message)) return server.forward(message, response, false);
  server.write(message);
  response.writeHead(202);
  return response.end();
}

async function handle_post(request, response) {
  let message;
  try {
    message = JSON.parse(await read_body(request));
  } catch {
    return refuse(response, 400, k_parse_error, 'Parse error');
  }
  if (typeof message !== 'object' || message === null) {
    return refuse(response, 400, k_invalid_request, 'not a JSON-RPC message');
  }
  const header_version = request.headers['mcp-protocol-version'];
  const is_stateless =
    meta_of(message)?.[k_protocol_version] !== undefined ||
    (header_version !== undefined && header_version >= k_first_stateless_revision);
  return is_stateless
    ? post_stateless(message, header_version, response)
    : post_in_session(message, request.headers['mcp-session-id'], response);
}

function handle(request, response) {
  if (!is_local(request)) return refuse(response, 403, k_invalid_request, 'forbidden host or origin');
  const session_id = request.headers['mcp-session-id'];
  if (request.method === 'POST') return handle_post(request, response);
  if (request.method === 'GET') return listen_to_session(session_id, response);
  if (request.method === 'DELETE') return end_session(session_id, response);
  return refuse(response, 405, k_invalid_request, 'method not allowed');
}

const http_server = http.createServer(handle);
http_server.listen(Number(port), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${http_server.address().port}/mcp`);
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    for (const server of [...sessions.values(), stateless_server]) server?.process.kill();
    process.exit(0);
  });
}
