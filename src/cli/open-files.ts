// Whether this process may have as many open files as a swarm needs: each end of a link is one. Found out before anything is
// started, because a system that has no more gives errors that say nothing of it.

/** Of one node: where it listens, its link to the bootstrap at both ends, up to eight links to others, one that is refused. */
const FILES_A_NODE = 12
/** Of the process: its code, its terminal, its event loop. */
const FILES_OF_THE_REST = 100

/** What is wrong with so many nodes in one process, and what to do, in a sentence or two; `undefined`: nothing. */
export function openFilesProblem(nodes: number, filesMax: number | undefined): string | undefined {
  const needed = nodes * FILES_A_NODE + FILES_OF_THE_REST
  if (filesMax === undefined || needed <= filesMax) return undefined
  const possible = Math.max(0, Math.floor((filesMax - FILES_OF_THE_REST) / FILES_A_NODE))
  const fewer = possible === 0 ? '' : `, or give --nodes ${possible}`
  return (
    `--nodes ${nodes} needs about ${needed} open files, and this process may have ${filesMax}. ` +
    `Raise the limit with "ulimit -n ${needed}" in the same shell${fewer}.`
  )
}

/** How many open files this process may have, as far as the system tells it. Node.js raises its limit as far as it may. */
export function openFilesMax(): number | undefined {
  // Names of network interfaces are looked up for a report, which takes seconds where there is no name server.
  Object.assign(process.report, { excludeNetwork: true })
  const { userLimits } = process.report.getReport() as {
    readonly userLimits?: { readonly open_files?: { readonly soft: number | 'unlimited' } }
  }
  const soft = userLimits?.open_files?.soft
  return typeof soft === 'number' ? soft : undefined
}
