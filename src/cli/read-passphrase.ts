import { MandateError } from '../core/errors.ts';

export interface PassphraseOption {
  readonly passphraseStdin?: true;
}

/** Longer than any passphrase that Mandate accepts. */
const PASSPHRASE_BYTES_MAX = 8 * 1024;

/**
 * Asks on the terminal, without showing what is typed; with `--passphrase-stdin` it is the first line of stdin. It is
 * never an argument, which every process of the machine could read.
 * @throws input.invalid
 */
export async function readPassphrase(question: string, options: PassphraseOption): Promise<string> {
  const passphrase = options.passphraseStdin === true ? await firstLine() : await typed(question);
  if (passphrase !== '') return passphrase;
  throw new MandateError('input.invalid', 'The passphrase is empty.');
}

async function firstLine(): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of process.stdin) {
    const bytes = Buffer.from(part as Buffer); // a stream without an encoding gives buffers
    size += bytes.length;
    if (size > PASSPHRASE_BYTES_MAX)
      throw new MandateError('input.invalid', 'What is on stdin is too long for a passphrase.');
    parts.push(bytes);
  }
  return (Buffer.concat(parts).toString('utf8').split('\n')[0] ?? '').replace(/\r$/, '');
}

function typed(question: string): Promise<string> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) {
    throw new MandateError(
      'input.invalid',
      'There is no terminal to ask the passphrase on; pipe it with --passphrase-stdin.',
    );
  }
  return new Promise((resolve, reject) => {
    let passphrase = '';
    const finish = (settle: () => void): void => {
      stdin.off('data', onData);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write('\n');
      settle();
    };
    const onData = (text: string): void => {
      for (const char of text) {
        if (char === '\r' || char === '\n') return finish(() => resolve(passphrase));
        if (char === CTRL_C || char === CTRL_D)
          return finish(() => reject(new MandateError('input.invalid', 'No passphrase was given.')));
        if (char === BACKSPACE || char === DELETE) passphrase = [...passphrase].slice(0, -1).join('');
        else if (passphrase.length < PASSPHRASE_BYTES_MAX) passphrase += char;
      }
    };
    stderr.write(`${question}: `);
    stdin.setRawMode(true);
    stdin.setEncoding('utf8');
    stdin.on('data', onData);
    stdin.resume();
  });
}

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const BACKSPACE = '\b';
const DELETE = '\u007f';
