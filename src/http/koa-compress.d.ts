/** koa-compress names a type of newer releases of Node than the oldest that we run on. */
declare module 'node:zlib' {
  type ZstdOptions = {
    readonly chunkSize?: number;
  };
}

export {};
