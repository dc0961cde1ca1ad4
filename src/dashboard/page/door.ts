// Who hands the page out: a node, or a bootstrap, which shows a node that it knows. The lines do not tell, and only whoever
// wants to join has to know.

/** What a bootstrap answers to `GET /` (README). */
const BOOTSTRAP_SAYS = 'Bootstrap node is running!'

/** Asks beside the page. @returns whether it is a bootstrap; `false` also where nobody says */
export async function isAtBootstrap(): Promise<boolean> {
  try {
    const answer: unknown = await (await fetch('./')).json()
    return (answer as { readonly message?: unknown } | null)?.message === BOOTSTRAP_SAYS
  } catch {
    return false
  }
}
