// A log of many guessers and some people, the same for the same seed.

/** Lines of sshd: `attackers` addresses guess in turns, people mistype and get in. */
export function loginLog(lines, attackers) {
  let state = 12345;
  const random = (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
  let time = Date.UTC(2026, 10, 23);
  const text = [];
  for (let line = 0; line < lines; line += 1) {
    time += random(400);
    const guesser = random(attackers);
    const address = `203.${guesser >> 8}.113.${guesser & 255}`;
    const [word, user] = random(50) === 0 ? ['Accepted', 'alice'] : ['Failed', `user${random(9)}`];
    text.push(
      `${new Date(time).toISOString()} web sshd[${line}]: ${word} password for ${user} from ${address} port ${random(60000)} ssh2\n`,
    );
  }
  return text.join('');
}
