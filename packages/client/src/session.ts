/** The tokens of one signed-in device. */
export interface Tokens {
  accessToken: string
  refreshToken?: string
}

export interface Session {
  current(): Tokens | null
  set(tokens: Tokens | null): void
  /** Called once however many requests found the access token ended; answers whether there is a new one. */
  refresh(renew: (refreshToken: string) => Promise<Tokens | null>): Promise<boolean>
}

/**
 * Keeps tokens in memory. `onChange` is where an application stores them.
 * Concurrent refreshes become one: a refresh token used twice would end the whole family.
 */
export function tokenSession(
  initial: Tokens | null = null,
  onChange: (tokens: Tokens | null) => void = () => {},
): Session {
  let tokens = initial
  let renewing: Promise<boolean> | null = null

  const set = (next: Tokens | null) => {
    tokens = next
    onChange(next)
  }
  const renewOnce = async (refreshToken: string, renew: (refreshToken: string) => Promise<Tokens | null>) => {
    const next = await renew(refreshToken)
    set(next)
    return next !== null
  }

  return {
    current: () => tokens,
    set,
    async refresh(renew) {
      const refreshToken = tokens?.refreshToken
      if (!refreshToken) return false
      renewing ??= renewOnce(refreshToken, renew).finally(() => {
        renewing = null
      })
      return renewing
    },
  }
}
