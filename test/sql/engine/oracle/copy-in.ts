import type pg from 'pg';

/** The part of pg's connection that COPY … FROM STDIN needs. */
type CopyConnection = {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
};

/** Runs one COPY … FROM STDIN: pg knows the protocol, but has no call for it. */
export async function copyIn(client: pg.Client, text: string, data: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let failure: Error | undefined;
    const query = {
      submit: (connection: unknown) => {
        (connection as CopyConnection).query(text);
      },
      handleCopyInResponse: (connection: CopyConnection) => {
        connection.sendCopyFromChunk(Buffer.from(data, 'utf8'));
        connection.endCopyFrom();
      },
      handleCommandComplete: () => undefined,
      handleError: (error: Error) => {
        failure = error;
        reject(error);
      },
      handleReadyForQuery: () => {
        if (failure === undefined) resolve();
      },
    };
    client.query(query);
  });
}
