// Scenarios that threads load by name.
import { setTimeout as sleep } from 'node:timers/promises';

/** A store that forgets what it acknowledged when it is killed at the wrong moment: some seeds fail. */
export async function forgetful(world) {
  let kept = 0;
  world.node('store', (env) => {
    let held = 0;
    env.onMessage((message, from) => {
      held++;
      env.send(from, message);
      setTimeout(() => {
        kept += held;
        held = 0;
      }, 5);
    });
  });
  let acknowledged = 0;
  world.node('client', (env) => {
    env.onMessage(() => {
      acknowledged++;
    });
    setInterval(() => env.send('store', 'keep'), 100);
  });
  await sleep(2000);
  await sleep(50);
  if (kept < acknowledged) throw new Error(`${acknowledged} acknowledged, ${kept} kept`);
}

/** Records what chance gives; `isSmall` finds the seeds in which that is large. */
export async function dice(world) {
  await world.record('player', 'throw', () => world.random.integer(1, 400));
}

export function isSmall(history) {
  return history[0].result > 395 ? `threw ${history[0].result}` : undefined;
}

export async function never() {
  for (;;) await sleep(1);
}
