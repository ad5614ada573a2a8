/** What client and server told each other that they can do, and what follows for the layout of messages. */

/** 19c: one UB4 per column and bind more than 12.1, and nothing of the versions behind it. */
export const DEFAULT_FIELD_VERSION = 13;

/** Field versions from which a message has more fields. */
export const FIELD_VERSION = {
  v12_2: 8,
  v18: 11,
  v20: 14,
  v23: 17,
  token: 18,
  annotations: 20,
  vector: 24,
} as const;

/** Index of a compile capability, and the bits that this simulator asks for. */
export const COMPILE = {
  fieldVersion: 7,
  wideTypes: 27,
  timeZoneVersion: { at: 37, bit: 0x02 },
  endOfResponse: { at: 40, bit: 0x20 },
} as const;
export const RUNTIME = { timeZone: { at: 1, bit: 0x01 } } as const;

/** What the client said of itself; fixed once data types are negotiated. */
export type ClientCapabilities = {
  /** The lower one of server's and client's. */
  readonly fieldVersion: number;
  /** Text fields carry their length in front; without it they are the bytes that a pointer field counted. */
  readonly prefixedText: boolean;
  /** `scale` of NUMBER, TIMESTAMP* and INTERVAL DAY TO SECOND is a signed integer behind its length, not one byte. */
  readonly scaleAsInteger: boolean;
  /** Each reply ends with a message of its own (29). */
  readonly wantsEndOfResponse: boolean;
  /** The data types reply names the database's time zone. */
  readonly timeZoneWanted: boolean;
  /** … and the version of its time zone file. */
  readonly timeZoneVersionWanted: boolean;
  /** Types of two bytes in the table of data types. */
  readonly wideTypes: boolean;
};

/** Before the client said anything: enough to answer a client that breaks off. */
export function unknownClient(fieldVersion: number): ClientCapabilities {
  return {
    fieldVersion,
    prefixedText: true,
    scaleAsInteger: false,
    wantsEndOfResponse: false,
    timeZoneWanted: false,
    timeZoneVersionWanted: false,
    wideTypes: true,
  };
}

/**
 * The server's compile capabilities: true of what this simulator sends and reads, since clients lay out their
 * messages by them (reply formats of errors, chunk lengths, logon with PBKDF2, LOB prefetch).
 */
export function serverCompileCapabilities(options: {
  readonly fieldVersion: number;
  readonly endOfResponse: 'offered' | 'never';
}): Buffer {
  const bytes = Buffer.alloc(55);
  bytes.set([6, 1, 1, 1, 0x6f, 1, 1, options.fieldVersion, 1, 1, 1, 1, 1, 1, 0, 0x29, 0x91, 3, 7, 3, 0, 1]);
  bytes.set([0xcf, 1, 0x37, 4, 1], 23);
  bytes[34] = 12;
  bytes[37] = 0xa8;
  if (options.endOfResponse === 'offered') bytes[COMPILE.endOfResponse.at] = COMPILE.endOfResponse.bit;
  return bytes;
}

/** The server's runtime capabilities: time zones, strings of 32,767 bytes. */
export function serverRuntimeCapabilities(): Buffer {
  const bytes = Buffer.alloc(13);
  bytes[0] = 2;
  bytes[1] = 1;
  bytes[6] = 4;
  return bytes;
}
