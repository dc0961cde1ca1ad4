// Names of messages, unique in the overlay: node, run, number. The part before the number is put together once for a run: an
// incarnation takes longer to write than the rest of a message.

/** Ids of the messages of one node at a time. */
export class MessageIds {
  #name = ''
  #incarnation = -1
  #prefix = ''

  /** The id of a message that this run of the node has numbered. */
  of(name: string, incarnation: number, number: number): string {
    if (name !== this.#name || incarnation !== this.#incarnation) {
      this.#name = name
      this.#incarnation = incarnation
      this.#prefix = `${name}/${incarnation}/`
    }
    return this.#prefix + number
  }
}
