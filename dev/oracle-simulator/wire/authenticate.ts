/** The logon as a dialogue: challenge, proof, session. */

import { OraError } from '../ora-error.ts';
import type { Engine, EngineSession } from '../types.ts';
import { clientValues, type LogonMessage, refuseUnknownLogon, sessionTimeZone } from './logon.ts';
import { createVerifier, type Parameter, type Verifier } from './verifier.ts';

export type LoggedOn = {
  readonly session: EngineSession;
  /** The server's proof that it knows the password too. */
  readonly proof: string;
  /** program, machine, terminal, process, osUser, driver: as far as the client told. */
  readonly client: Readonly<Record<string, string>>;
};

export type Logon = {
  /** The first phase. */
  challenge(message: LogonMessage): Promise<readonly Parameter[]>;
  /** The second one. `strike`: the fault of 'logon'. @throws OraError 1017, or what the engine refuses with */
  prove(message: LogonMessage, strike: (user: string) => Promise<void>): Promise<LoggedOn>;
};

export function createLogon(engine: Engine): Logon {
  let pending: { readonly user: string; readonly verifier: Verifier } | null = null;
  /** Clients tell of themselves in the first phase, in the second, or in both. */
  const told = new Map<string, string>();
  const note = ({ pairs }: LogonMessage): void => {
    for (const [key, value] of pairs) told.set(key, value);
  };
  return {
    async challenge(message) {
      note(message);
      pending = null;
      const verifier = await createVerifier(message.user === '' ? null : engine.passwordOf(message.user));
      pending = { user: message.user, verifier };
      return verifier.challenge;
    },
    async prove(message, strike) {
      note(message);
      refuseUnknownLogon(message);
      const challenged = pending;
      pending = null;
      if (challenged === null) throw wrongPassword();
      await strike(challenged.user);
      const proof = await challenged.verifier.verify(message.pairs);
      if (proof === null) throw wrongPassword();
      const zone = sessionTimeZone(message.pairs.get('AUTH_ALTER_SESSION'), new Date());
      const session = await engine.open(challenged.user);
      try {
        if (zone !== null) await session.setTimeZone(zone);
      } catch (error) {
        await session.close();
        throw error;
      }
      const client = clientValues(told);
      session.describeClient(client);
      return { session, proof, client };
    },
  };
}

function wrongPassword(): OraError {
  return new OraError(1017, 'invalid username/password; logon denied');
}
