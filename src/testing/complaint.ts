// What a test network complains of. The errors are made where seed and time are known.

/** What went wrong, by code, and what to do about it. docs/ERRORS.md lists it for people. */
export const TEST_NETWORK_ERRORS = {
  'invalid-option': {
    text: 'an option or argument makes no sense',
    advice: 'Correct what the message names; it says what it may be',
  },
  'unknown-node': {
    text: 'no node has ever had the name',
    advice: 'Start the node first, or take one of the names in the message',
  },
  'name-taken': {
    text: 'a running node has the name',
    advice: 'Close or crash that one first, and wait for its close(), or choose another name',
  },
  'url-taken': {
    text: 'another node is dialled at the URL',
    advice: 'Leave the URL out: each node then has one of its own',
  },
  'not-running': {
    text: 'the node was closed or has crashed, and was not restarted',
    advice: 'Call restart() with its name first',
  },
  running: {
    text: 'the node that is to be restarted runs',
    advice: 'Crash or close it first',
  },
  'no-link': {
    text: 'the two nodes whose link is to break or go silent have none',
    advice: 'Wait until they are linked, or take two that are: neighbors() of a node names them',
  },
  'never-settles': {
    text: 'a promise waited for longer than makes sense, or for something that nothing can bring any more',
    advice: 'Look at what the message says of the nodes; for what really takes that long raise patienceMs',
  },
  crashed: {
    text: 'a run of a node that has crashed is asked for something',
    advice: 'Use the node that restart() gives',
  },
  closed: {
    text: 'the network was closed',
    advice: 'Close it at the end of the test only; await using does',
  },
  broken: {
    text: 'a bug of hearsay: the network itself broke',
    advice: 'Report it with the seed and the cause of the error',
  },
} as const satisfies Record<string, { readonly text: string; readonly advice: string }>

/** What went wrong, to branch on. */
export type TestNetworkErrorCode = keyof typeof TEST_NETWORK_ERRORS

/** Makes an error of one network, with all that is needed to repeat the run. */
export type Complain = (code: TestNetworkErrorCode, text: string, cause?: unknown) => Error
