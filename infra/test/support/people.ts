import { signUp as signUpOperation, verifyAccount } from '@portico/contracts/user'
import { type Door, expectBody } from './http.ts'
import { codeIn, mailTo } from './mailbox.ts'
import type { RunningSystem } from './system.ts'

export const passphrase = 'an umbrella for eleven geese'

export interface Person {
  readonly id: string
  readonly email: string
  readonly handle: string
  readonly door: Door
}

/** Signs somebody up as people do: with the code out of the mail. */
export async function joinAs(system: Pick<RunningSystem, 'door' | 'operator'>, handle: string): Promise<Person> {
  const email = `${handle}@example.org`
  const body = { email, handle, name: handle, password: passphrase }
  expectBody(await system.door.post('/v1/users', body), 202, signUpOperation.schema.response[202])
  const mail = await mailTo(system.operator, email, each => codeIn(each) !== null)
  return verify(system.door, { email, handle, code: codeIn(mail) ?? '' })
}

export async function verify(door: Door, { email, handle, code }: Record<'email' | 'handle' | 'code', string>) {
  const answer = await door.post('/v1/users/verify', { email, code, mode: 'token' })
  const { accessToken = '', user } = expectBody(answer, 200, verifyAccount.schema.response[200])
  return { id: user.id, email, handle, door: door.as(accessToken) }
}
