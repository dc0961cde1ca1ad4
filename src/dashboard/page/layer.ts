// A part of the picture that is kept as pixels while nothing in it changes, so that messages can run over thousands of links
// without drawing those in every frame. It must not know what is painted.

import type { Frame } from './frame.ts'

/** A kept part. */
export class Layer {
  readonly #canvas = document.createElement('canvas')
  readonly #context = this.#canvas.getContext('2d')
  #version = -1
  #isKept = false

  /**
   * Paints the part, or copies what was painted before.
   * @param version stays the same as long as the part would look the same
   */
  draw(frame: Frame, version: number, paint: (frame: Frame) => void): void {
    const into = this.#context
    // Only what has stood still for two frames is worth keeping: while the picture moves a copy would be made for nothing.
    if (into === null || version !== this.#version) {
      this.#version = version
      this.#isKept = false
      paint(frame)
      return
    }
    const { context } = frame
    const { canvas } = context
    if (!this.#isKept) {
      if (this.#canvas.width !== canvas.width) this.#canvas.width = canvas.width
      if (this.#canvas.height !== canvas.height) this.#canvas.height = canvas.height
      into.resetTransform()
      into.clearRect(0, 0, canvas.width, canvas.height)
      into.setTransform(context.getTransform())
      frame.context = into
      paint(frame)
      frame.context = context
      this.#isKept = true
    }
    context.save()
    context.resetTransform()
    context.globalAlpha = 1
    context.drawImage(this.#canvas, 0, 0)
    context.restore()
  }
}
