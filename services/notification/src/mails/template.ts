/** Every mail there is. A language has a text for each, or it does not compile. */
export type TemplateName = keyof MailData

/** What each needs to know. */
export interface MailData {
  verification: { name: string; code: string; token: string }
  sign_up_repeated: { name: string }
  password_reset: { name: string; token: string }
  password_changed: { name: string; changedAt: string }
  comment: { actor: string; title: string; path: string; excerpt: string }
  reply: { actor: string; title: string; path: string; excerpt: string }
  follow: { actor: string; path: string }
}

/** A mail in words, before it takes a form. */
export interface MailText {
  subject: string
  heading: string
  paragraphs: string[]
  /** Shown large, to be typed in elsewhere. */
  code?: string
  /** `path` is below the site's address. */
  button?: { label: string; path: string }
  closing: string
}

export type MailTexts = { [Name in TemplateName]: (data: MailData[Name]) => MailText }

/** One sentence for a notice. */
export interface NoticeTexts {
  follow: (actor: string) => string
  comment: (actor: string, title: string) => string
  reply: (actor: string, title: string) => string
  somebody: string
}

export interface Language {
  mails: MailTexts
  notices: NoticeTexts
}
