/**
 * What a person can mend: a taken port, a missing permission, a broken folder. Its message is one whole sentence that
 * says what to do, and is all that is printed. Any other error is a bug and keeps its stack.
 */
export class Refusal extends Error {
  override name = 'Refusal'
}
