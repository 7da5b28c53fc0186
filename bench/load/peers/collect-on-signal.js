// Node gives memory back when it likes. What a stream needs is what is left when it has.
process.on('SIGUSR2', () => globalThis.gc?.());
