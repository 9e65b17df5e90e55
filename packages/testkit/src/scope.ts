/** What a test offers to its helpers: tap's `t` and node:test's are such. */
export interface TestScope {
  /** Runs `work` when the test has ended. */
  after(work: () => unknown): void
}
