/** An invariant does not hold. Ends the run; whoever runs it adds the seed and the end of the log. */
export class Violation extends Error {
  override readonly name = "Violation";
  readonly checker: string;

  constructor(checker: string, message: string) {
    super(`${checker}: ${message}`);
    this.checker = checker;
  }
}
