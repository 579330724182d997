// The official programs and libraries of the Model Context Protocol, as tests/tools pins them.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

const tools_dir = path.resolve(import.meta.dirname, '../tools');
const k_time_limit_ms = 120_000; // of one program; a hang must not become the test's own time limit

if (!existsSync(path.join(tools_dir, 'node_modules/@modelcontextprotocol/conformance'))) {
  console.error(`${tools_dir}/node_modules is missing or incomplete: run ./setup deps`);
  process.exit(1);
}

/** Loads a library of tests/tools: load_tool('@modelcontextprotocol/client'). */
export const load_tool = createRequire(path.join(tools_dir, 'package.json'));

const programs = {
  conformance: 'conformance/dist/index.js',
  'mcp-inspector': 'inspector/clients/launcher/build/index.js',
  mcpdo: 'inspector/clients/mcpdo/build/mcp-bin.js',
};

/** The arguments of node that start an official program. */
export function program(name) {
  return [path.join(tools_dir, 'node_modules/@modelcontextprotocol', programs[name])];
}

/** A folder that is gone when the test ends. */
export function make_temporary_folder() {
  const folder = mkdtempSync(path.join(tmpdir(), 'memsync-mcp-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Only what a host passes on, and nothing of the caller's own memsync. */
export function make_environment(more = {}) {
  const { HOME, PATH, SHELL, TERM, USER } = process.env;
  return { HOME, PATH, SHELL, TERM, USER, ...more };
}

/** Runs node with `args` to its end: {status, stdout, stderr}; status null when it had to be killed. */
export function run_node(args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: k_time_limit_ms,
      killSignal: 'SIGKILL',
      ...options,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}
