// What a test network complains of. Types only: the errors are made where seed and time are known.

/** What went wrong, to branch on. */
export type TestNetworkErrorCode =
  /** An option or argument that makes no sense. */
  | 'invalid-option'
  /** No node has ever had the name. */
  | 'unknown-node'
  /** A running node has the name. */
  | 'name-taken'
  /** Another node is dialled at the URL. */
  | 'url-taken'
  /** The node was closed or has crashed, and was not restarted. */
  | 'not-running'
  /** The node, which is to be restarted, runs. */
  | 'running'
  /** The nodes, whose link is to break or go silent, have none. */
  | 'no-link'
  /** A promise waited for longer than makes sense, or for something that nothing can bring any more. */
  | 'never-settles'
  /** A run of a node that has crashed is asked for something. */
  | 'crashed'
  /** The network was closed. */
  | 'closed'
  /** A bug of hearsay: the network itself broke. The cause says more. */
  | 'broken'

/** Makes an error of one network, with all that is needed to repeat the run. */
export type Complain = (code: TestNetworkErrorCode, text: string, cause?: unknown) => Error
