/** The payload type of every in-toto statement in an envelope. */
export const statementPayloadType = 'application/vnd.in-toto+json';
