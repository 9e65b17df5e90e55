import { readEnvironment, serviceConfig, serviceVariables, text, url } from '@portico/chassis'

export type Config = ReturnType<typeof readConfig>

/** The only reader of the environment. A mistake stops the start, and names the variable. */
export function readConfig(env: Readonly<Record<string, string | undefined>>) {
  const read = readEnvironment(env, {
    ...serviceVariables('notification'),
    SMTP_URL: url({ protocols: ['smtp', 'smtps'] }),
    MAIL_FROM: text({ pattern: /@/, means: 'an address: Portico <portico@example.org>' }),
    PUBLIC_URL: url({ protocols: ['http', 'https'], or: 'http://localhost:8080' }),
  })
  return {
    ...serviceConfig(read),
    mail: { smtpUrl: read.SMTP_URL, from: read.MAIL_FROM },
    publicUrl: read.PUBLIC_URL,
  }
}
