/** Calls `done` once it has been called `times` itself. */
export function afterAll(times: number, done: () => void): () => void {
  let missing = times;
  return () => {
    missing--;
    if (missing === 0) done();
  };
}
