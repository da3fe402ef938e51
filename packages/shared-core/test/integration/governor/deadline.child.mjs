// Work that nothing but its deadline can end: prints the code of the error that the caller gets, if any.
import { ResourceGovernor } from '@tenstrip/shared-core';

const spec = { name: 'waits', deadlineMs: 20 };
const governor = new ResourceGovernor();
const ways = {
  paused: () => {
    governor.pause();
    return governor.run(spec, () => undefined);
  },
  listening: () =>
    governor.run(
      spec,
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    ),
  // A context has no caller that waits: it may not hold the process up.
  background: () => {
    governor.context({ deadlineMs: 60_000 }).signal;
    return Promise.reject(Object.assign(new Error(), { code: 'ended' }));
  },
};
await ways[process.argv[2]]().catch(({ code }) => console.log(JSON.stringify(code)));
