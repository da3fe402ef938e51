// Activities that are functions: of Python modules, each call in a python3 of its own, and of JavaScript modules that whoever
// runs the experiment handed in. An experiment names them and brings no code.

import { ActivityFailure, failureText } from './activity-failure.js';
import type { Provider } from './experiment.js';
import { runProgram } from './process-provider.js';
import type { ProviderCall } from './provider-context.js';
import { isGroup, type Secrets, substitute } from './substitution.js';

type PythonProvider = Extract<Provider, { type: 'python' }>;
type JavascriptProvider = Extract<Provider, { type: 'javascript' }>;

/** Reads the call from standard input; the answer is the last line of standard output, since functions print too. */
const bridge = `
import importlib, inspect, json, sys
call = json.load(sys.stdin)
try:
    function = getattr(importlib.import_module(call["module"]), call["func"])
    arguments = call["arguments"]
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:
        parameters = {}
    if "configuration" in parameters:
        arguments["configuration"] = call["configuration"]
    if "secrets" in parameters and call["secrets"] is not None:
        arguments["secrets"] = call["secrets"]
    answer = {"value": function(**arguments)}
except Exception as error:
    answer = {"error": type(error).__name__ + ": " + str(error)}
sys.stdout.write("\\n" + json.dumps(answer, default=str) + "\\n")
`;

/** Calls a function of a Python module. @throws ActivityFailure when it fails, or there is no python3 */
export async function callPython(provider: PythonProvider, call: ProviderCall): Promise<unknown> {
  if (call.allow.python === false) throw new ActivityFailure('python activities are not allowed');
  const { module, func } = provider;
  const input = JSON.stringify({
    module,
    func,
    arguments: argumentsOf(provider, call),
    configuration: call.configuration,
    secrets: provider.secrets === undefined ? null : Object.assign({}, ...Object.values(secretsOf(provider, call))),
  });
  const { status, stdout, stderr } = await runProgram('python3', ['-c', bridge], input, call);
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  if (status !== 0 || last === '') throw new ActivityFailure(`python3 ended with ${status}: ${stderr.slice(-500)}`);
  const answer = JSON.parse(last) as { value?: unknown; error?: string };
  if (answer.error !== undefined) throw new ActivityFailure(answer.error);
  return answer.value ?? null;
}

/** Calls a function that was handed in. @throws ActivityFailure when it fails, or was not handed in */
export async function callJavascript(provider: JavascriptProvider, call: ProviderCall): Promise<unknown> {
  const { module, func } = provider;
  const modules = call.allow.modules ?? {};
  const home = Object.hasOwn(modules, module) ? modules[module] : undefined;
  const called = home !== undefined && Object.hasOwn(home, func) ? home[func] : undefined;
  if (called === undefined) throw new ActivityFailure(`the function ${module}.${func} was not handed in`);
  const { configuration, signal, clock } = call;
  const context = { configuration, secrets: secretsOf(provider, call), signal, clock };
  try {
    return await called(argumentsOf(provider, call), context);
  } catch (error) {
    throw new ActivityFailure(failureText(error));
  }
}

function argumentsOf(provider: PythonProvider | JavascriptProvider, call: ProviderCall): Record<string, unknown> {
  return substitute(provider.arguments ?? {}, call.configuration, call.secrets) as Record<string, unknown>;
}

function secretsOf({ secrets: wanted = [] }: PythonProvider | JavascriptProvider, { secrets }: ProviderCall): Secrets {
  return Object.fromEntries(wanted.flatMap((name) => (isGroup(secrets[name]) ? [[name, secrets[name]]] : [])));
}
