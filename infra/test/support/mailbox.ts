import { listMails, type MailboxItem } from '@portico/contracts/console'
import { eventually } from '@portico/testkit'
import { type Door, expectBody } from './http.ts'

const mailMs = 20_000

/** Every mail to this address, newest first. */
export async function mailsTo(operator: Door, address: string): Promise<MailboxItem[]> {
  const answer = await operator.get(`/console/api/mailbox?limit=100&to=${encodeURIComponent(address)}`)
  return expectBody(answer, 200, listMails.schema.response[200]).items
}

/** The newest mail to this address that fits, as soon as it is there. */
export function mailTo(
  operator: Door,
  address: string,
  fits: (mail: MailboxItem) => boolean,
  withinMs = mailMs,
): Promise<MailboxItem> {
  return eventually(
    async () => {
      const mails = await mailsTo(operator, address)
      const found = mails.find(fits)
      if (!found) throw new Error(`no such mail to ${address} among ${mails.map(({ subject }) => subject).join(', ')}`)
      return found
    },
    { withinMs, everyMs: 200 },
  )
}

/** The six digits of a mailed code; null when the mail holds none. */
export function codeIn({ text }: MailboxItem): string | null {
  return /^\s*(\d{6})\s*$/m.exec(text)?.[1] ?? null
}
