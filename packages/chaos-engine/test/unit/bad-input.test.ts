// What is wrong at the border gets one error of the closed union that names it, whoever the caller is.
import { expect, it } from 'vitest';
import {
  checkLinearizable,
  createTcpProxy,
  explore,
  exploreInParallel,
  HostSurface,
  hostSnapshot,
  LeaseKeeper,
  type Model,
  type NodeOptions,
  parseHistoryJson,
  parseJepsenLog,
  parseKeyValueLog,
  registerModel,
  renderExperimentTimeline,
  replay,
  runExperiment,
  simulate,
  startToxiproxyServer,
  verifyDeterminism,
  type World,
} from '../../src/index.js';

const scenario = async () => 1;
const wrong = <T>(value: unknown) => value as T;
const experiment = { title: 't', description: 'd', method: [] };

it.each([
  ['no options', () => simulate(wrong(undefined), scenario), /^options is undefined/],
  ['no scenario', () => simulate({ seed: 1 }, wrong<typeof scenario>(undefined)), /^scenario is undefined/],
  ['a check that is none', () => simulate({ seed: 1, check: wrong(7) }, scenario), /^check is 7/],
  ['a driver that is none', () => simulate({ seed: 1, driver: wrong('fast') }, scenario), /auto, in-place, by-turns/],
  ['nothing to explore', () => explore(wrong(undefined), scenario), /^options is undefined/],
  ['no budget', () => explore({ budgetMs: Number.NaN }, scenario), /^budgetMs is NaN/],
  ['seeds that run out', () => explore({ firstSeed: Number.MAX_SAFE_INTEGER }, scenario), /^firstSeed \+ worlds/],
  ['nothing to explore in threads', () => exploreInParallel(wrong(undefined), wrong({})), /^options is undefined/],
  ['no module to explore', () => exploreInParallel({}, wrong(undefined)), /^module is undefined/],
  ['no proxy', () => createTcpProxy(wrong(undefined)), /^options is undefined/],
  ['no server of proxies', () => startToxiproxyServer(wrong(null)), /^options is null/],
  ['one run to compare', () => verifyDeterminism({ seed: 1 }, scenario, 1), /^runs - 2 is -1/],
  ['a seed of a proxy', () => createTcpProxy({ upstream: '127.0.0.1:1', seed: wrong({}) }), /^seed is/],
  ['no model', () => checkLinearizable(wrong<Model>(null), []), /^model is null; give a model/],
  ['a model that takes no step', () => checkLinearizable(wrong<Model>({}), []), /^model is an object; give a model/],
  ['options of a judgement', () => checkLinearizable(registerModel(), [], wrong(null)), /^options is null/],
  ['no options of leases', () => LeaseKeeper.open(wrong(null)), /^options must be an object with a folder/],
  ['no folder of leases', () => LeaseKeeper.open({ folder: wrong(5n) }), /^folder must be a path, not bigint/],
  ['no leases', () => HostSurface.open({ folder: 'unused', policy: {}, maximumFaults: 0 }), /above 0, not 0/],
  ['no folder', () => HostSurface.open({ folder: '', policy: {} }), /^folder must be a path/],
  ['no process', () => hostSnapshot({ processes: [Number.NaN] }), /NaN is no process/],
  ['a way out of a folder', () => hostSnapshot({ namespaces: ['../../etc'] }), /no name of ip-netns/],
  ['a level of dry runs', () => runExperiment(experiment, { dry: wrong('x') }), /dry: /],
  ['a surface', () => runExperiment(experiment, { surface: wrong(7) }), /must be a surface of faults/],
])('%s', async (_, call, message) => {
  await expect(async () => call()).rejects.toMatchObject({
    code: 'OptionsInvalid',
    message: expect.stringMatching(message),
    details: { issues: [expect.anything()] },
  });
});

it.each<[string, (world: World) => unknown]>([
  ['a link', (world) => world.network.link('a', 'b', { latencyMs: Number.NaN })],
  ['a loss', (world) => world.network.link('a', 'b', { loss: 7 })],
  ['a disk', (world) => world.node('c', () => {}, { disk: { accessMs: -1 } })],
  ['an option', (world) => world.node('c', () => {}, wrong<NodeOptions>({ skew: 1 }))],
  ['a clock', (world) => world.node('c', () => {}, { clockSkewPpm: -1e6 })],
  ['a main', (world) => world.node('c', wrong(undefined))],
])('in a world: %s', async (_, act) => {
  const { failure } = await simulate({ seed: 1 }, (world) => {
    for (const name of ['a', 'b']) world.node(name, () => {});
    act(world);
  });
  expect(failure).toMatchObject({ kind: 'scenario', name: 'OptionsInvalid' });
});

it('changes no link for a fault of which a peer is unknown', async () => {
  const { value } = await simulate({ seed: 1 }, async (world) => {
    const heard: string[] = [];
    world.node('b', ({ onMessage }) => onMessage((message: string) => heard.push(message)));
    const a = world.node('a', ({ send }) => send('b', 'hello'));
    const fault = { kind: 'network.link' as const, peers: ['b', 'nobody'], loss: 1 };
    const plain = { latencyMs: 0, jitterMs: 0, duplicate: 0, reorder: 0 };
    const refused = world.faults.inject({ node: 'a' }, { ...plain, ...fault }, { ttlMs: 10_000 });
    const code = await refused.catch((error) => error.code);
    await a.ready;
    await world.clock.sleep(10);
    return [code, ...heard];
  });
  expect(value).toEqual(['TargetUnknown', 'hello']);
});

it('says so of a trace, a history and a journal that are none', async () => {
  await expect(replay(wrong(7), scenario)).rejects.toMatchObject({ code: 'TraceInvalid' });
  for (const operation of [undefined, null]) {
    const history = [{ process: 1, operation, call: 1, return: 2, outcome: 'ok' as const }];
    expect(() => checkLinearizable(registerModel(), wrong(history))).toThrow(
      expect.objectContaining({ code: 'HistoryMalformed', details: { index: 0 } }),
    );
  }
  for (const journal of [undefined, {}]) {
    expect(() => renderExperimentTimeline(wrong(journal))).toThrow(
      expect.objectContaining({ code: 'ExperimentInvalid' }),
    );
  }
});

it.each([parseHistoryJson, parseJepsenLog, parseKeyValueLog])('reads no history from what is no text: %o', (parse) => {
  for (const value of [undefined, null, 5, {}, ['x']])
    expect(() => parse(wrong(value))).toThrow(expect.objectContaining({ code: 'HistoryMalformed' }));
});
