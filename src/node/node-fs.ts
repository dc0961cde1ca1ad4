// node:fs, without what comes with importing it (net/node-http says how): streams and promises, which is 1 MB that a node without a
// recording does not use.

export const {
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} = process.getBuiltinModule('node:fs')
