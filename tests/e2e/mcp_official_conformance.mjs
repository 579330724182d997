// node mcp_official_conformance.mjs SERVER_NAME REVISION COMMAND [ARGUMENT...]
//
// Runs the official conformance suite's requirement set of REVISION against a stdio server, through the
// bridge. What may fail is listed with its reason in mcp_official_exceptions.json under SERVER_NAME;
// the list is held to both ways, so that it never names what passes.

import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';

import { load_tool, make_environment, make_temporary_folder, program, run_node } from './mcp_official.mjs';

const exceptions_file = path.join(import.meta.dirname, 'mcp_official_exceptions.json');
const [server_name, revision, ...command] = process.argv.slice(2);
if (command.length === 0) {
  console.error('usage: node mcp_official_conformance.mjs SERVER_NAME REVISION COMMAND [ARGUMENT...]');
  process.exit(2);
}

/** Starts the bridge to the server: {url, stop}. */
async function start_bridge() {
  const bridge = spawn(process.execPath, [path.join(import.meta.dirname, 'bridge.mjs'), '0', ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: make_environment({ MEMSYNC_HOME: make_temporary_folder() }),
  });
  const lines = readline.createInterface({ input: bridge.stdout });
  const [url] = await new Promise((resolve, reject) => {
    lines.once('line', (line) => resolve([line]));
    bridge.once('exit', (code) => reject(new Error(`the bridge ended with ${code}`)));
  });
  return { url, stop: () => bridge.kill() };
}

/** scenario -> its checks, as the suite wrote them below `folder`. */
function read_results(folder) {
  const results = new Map();
  for (const name of readdirSync(folder)) {
    const scenario = name.match(/^server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/)?.[1];
    if (scenario === undefined) continue;
    results.set(scenario, JSON.parse(readFileSync(path.join(folder, name, 'checks.json'), 'utf8')));
  }
  return results;
}

/** The scenarios that count for the revision. */
function read_required() {
  const folder = path.join(path.dirname(program('conformance')[0]), '../requirements');
  return load_tool('yaml').parse(readFileSync(path.join(folder, `${revision}.yaml`), 'utf8')).server;
}

/** "scenario" or "scenario:check" -> reason. */
function read_exceptions() {
  const groups = JSON.parse(readFileSync(exceptions_file, 'utf8'))[server_name]?.[revision] ?? [];
  return new Map(groups.flatMap(({ reason, scenarios }) => scenarios.map((name) => [name, reason])));
}

/** What went wrong in a scenario: its failed checks by id; a scenario that checked nothing did not pass. */
function find_failures(checks) {
  const bad = checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING');
  const failures = new Map(bad.map((check) => [check.id, check.errorMessage ?? check.description]));
  const has_passed = checks.some(({ status }) => status === 'SUCCESS');
  if (failures.size === 0 && !has_passed) failures.set('nothing', 'the scenario checked nothing');
  return failures;
}

/** Compares the results with the exceptions; one line for each disagreement. */
function judge(results, exceptions) {
  const problems = [];
  const unused = new Set(exceptions.keys());
  for (const [scenario, checks] of results) {
    const failures = find_failures(checks);
    if (failures.size > 0) unused.delete(scenario);
    for (const [id, message] of failures) {
      unused.delete(`${scenario}:${id}`);
      if (exceptions.has(scenario) || exceptions.has(`${scenario}:${id}`)) continue;
      problems.push(`${scenario}:${id} failed: ${message}`);
    }
  }
  for (const name of unused) {
    problems.push(`${name} passes (or was not run): remove it from ${path.basename(exceptions_file)}`);
  }
  return problems;
}

const output = make_temporary_folder();
const bridge = await start_bridge();
const suite = await run_node(
  [...program('conformance'), 'server', '--url', bridge.url, '--requirements', revision, '-o', output],
  { timeout: 300_000 },
);
bridge.stop();
const results = read_results(output);
const exceptions = read_exceptions();
const problems = judge(results, exceptions);
const required = read_required();
for (const scenario of required) {
  if (!results.has(scenario)) problems.push(`${scenario} is required and was not run`);
}
const is_green = (scenario) => find_failures(results.get(scenario) ?? []).size === 0;
const green = required.filter(is_green);
console.log(`${server_name}, ${revision}: ${green.length} of ${required.length} required scenarios green`);
for (const problem of problems) console.error(`FAILED ${problem}`);
if (problems.length > 0) {
  console.error(suite.stdout.slice(suite.stdout.indexOf('=== SUMMARY ===')), suite.stderr.slice(-4000));
}
process.exit(problems.length === 0 ? 0 : 1);
