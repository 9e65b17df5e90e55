import type { Preferences } from '@portico/contracts/notification'

/** What arrives when somebody has chosen nothing: words from people, not counts of them. */
export const defaults: Preferences = {
  follow: { notice: true, mail: false },
  comment: { notice: true, mail: true },
  reply: { notice: true, mail: true },
}

export const withDefaults = (choices: Partial<Preferences> | undefined): Preferences => ({ ...defaults, ...choices })
