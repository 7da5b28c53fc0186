/** Where a stream is opened, and how one knows that it is open. */
export type Target = {
  readonly port: number;
  /** The whole request, as it goes over the wire. */
  readonly request: string;
  /** Bytes, in latin1, to be sent once `greeting` has come: a WebSocket's second step. */
  readonly reply?: { readonly greeting: string; readonly bytes: string };
  /** With these bytes a stream is open. */
  readonly ready: string;
};

export type ToClient =
  | { readonly kind: 'open'; readonly target: Target; readonly count: number }
  /** Report when each stream has got these bytes once. */
  | { readonly kind: 'watch'; readonly needle: string }
  | { readonly kind: 'close' };

/** Times are those of the monotonic clock, which all processes of a machine share, in ns. */
export type FromClient =
  | { readonly kind: 'started' }
  | { readonly kind: 'opened' }
  | { readonly kind: 'watching' }
  | { readonly kind: 'received'; readonly first: string; readonly half: string; last: string }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly message: string };
